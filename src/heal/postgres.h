/* SPDX-License-Identifier: MIT */
/* What postgres.c (calls by themselves) and postgres_transaction.c (calls inside a function that can be run again) share. */
#ifndef AMEND_HEAL_POSTGRES_H
#define AMEND_HEAL_POSTGRES_H

#include "amend/postgres.h"
#include "heal/heal.h"

enum
{
    PQ_ROUNDS = 16, /* so many missing things are cured one after the other */
};

typedef enum pq_kind
{
    PQ_MISSING, /* perhaps: the dialect tells */
    PQ_UNTOLD,  /* the same, but only the text of the prepared statement can tell what */
    PQ_STALE,   /* a prepared statement's columns are others now */
    PQ_TWICE,   /* a statement of that name is prepared already */
} pq_kind;

/* What an error's result says. Borrowed from the result, or from a copy of it. */
typedef struct pq_failure
{
    pq_kind kind;
    amend_db_error error;
    bool nested;      /* it happened inside of what the statement called */
    const char *name; /* of the prepared statement; NULL: none was concerned */
} pq_failure;

/* What was tried for one call or transaction already: each thing once. */
typedef struct pq_tried
{
    char what[PQ_ROUNDS][72];
    size_t count;
} pq_tried;

/* False when it was tried before, or there is no room for more. */
bool pq_try(pq_tried *tried, const char *what);

/* A call of amend_pq_transaction that runs. On its thread's stack; in the healer's list, which the mutex guards. */
typedef struct pq_transaction
{
    const PGconn *conn;
    bool noted;
    pq_failure failure; /* the last one that could be cured; its strings in: */
    char *text;         /* from the healer's allocator, NULL when nothing is noted */
    size_t size;
    struct pq_transaction *next;
} pq_transaction;

/* The healer of a handle when it may cure PostgreSQL's errors, else NULL. */
healer *pq_healer(amend *handle);

/* Read an error; false when the result is none of the server's. `query` is NULL when it isn't known, `name` when the statement
   has none. */
bool pq_read(const amend_libpq *pq, const PGresult *result, const char *query, const char *name, pq_failure *out);

/* Does it look as if it could be cured? */
bool pq_is_curable(const healer *h, const pq_failure *f);

/* Note the failure when the connection is inside of amend_pq_transaction; false when it isn't. */
bool pq_transaction_note(healer *h, const PGconn *conn, const pq_failure *f);

/* Cure on a connection of amend's own: heal(), each version once. */
amend_cure pq_cure(healer *h, const pq_failure *f, pq_tried *tried, amend_error *error);

/*
 * What can be done about prepared statements. Outside of transactions only; the connection's PQerrorMessage is another one
 * after each. False when the server does not know the statement, or it can't be done.
 */
/* Forget it and prepare it again. */
bool pq_prepare_anew(const amend_libpq *pq, PGconn *conn, const char *name);
/* Forget it, if its text is this one. */
bool pq_prepare_undo(const amend_libpq *pq, PGconn *conn, const char *name, const char *query);
/* Its text becomes f->error.query, and lives until the result is cleared. NULL when it can't be had. */
PGresult *pq_read_text(const amend_libpq *pq, PGconn *conn, pq_failure *f);

/* Keep for amend_pq_outcome. */
void pq_outcome_set(healer *h, const PGconn *conn, amend_cure cure);

#endif
