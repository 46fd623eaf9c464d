/* SPDX-License-Identifier: MIT */
/*
 * A libpq that answers from a script, and a heal() that does: the slow halves of amend/postgres.h without a server. What was
 * asked is kept as text, one call after the other, with "; " between.
 */
#ifndef AMEND_TEST_FAKE_LIBPQ_H
#define AMEND_TEST_FAKE_LIBPQ_H

#include "heal/postgres.h"
#include "support/testing.h"

/* One answer. A status of PGRES_EMPTY_QUERY (0) ends the script. */
typedef struct fake_answer
{
    ExecStatusType status;
    const char *message, *sqlstate; /* an error's */
    const char *internal, *function, *context, *position, *internal_position;
    const char *row[2]; /* one row; both NULL: none */
    const char *tag;
    int then;  /* the transaction's state from here on: a PGTransactionStatusType */
    bool lost; /* the connection is gone from here on */
    bool null; /* there is no result at all */
} fake_answer;

typedef struct fake_cure
{
    amend_cure cure;
    const char *version;
} fake_cure;

typedef struct fake
{
    const fake_answer *answers; /* the next */
    const fake_cure *cures;     /* the next */
    char asked[4000];           /* the calls of libpq */
    char healed[4000];          /* the calls of heal: "message|query|position; " */
    int live;                   /* results not yet cleared */
    PGTransactionStatusType state;
    ConnStatusType status;
    PGpipelineStatus pipeline;
    const char *said;
    healer healer;
} fake;

extern fake fake_now;

/* A fresh one, idle, of PostgreSQL's dialect, policy ADDITIVE. It is an amend handle for the calls under test. */
amend *fake_start(const fake_answer *answers, const fake_cure *cures);
void fake_end(void); /* checks that no result is left over */
const amend_libpq *fake_libpq(void);
PGconn *fake_conn(void);
/* The next answer as a result, as if a call had got it before. */
PGresult *fake_result(void);

#endif
