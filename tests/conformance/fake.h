/* SPDX-License-Identifier: MIT */
/*
 * A scripted database: it does what its rules say, so that failures which a real server gives only once in a blue moon come
 * exactly where a test wants them. It takes part in the conformance suite like the real drivers.
 *
 * Each statement is looked up in the rules by what its text contains; the first rule that matches and is not used up acts. A
 * statement that no rule matches succeeds. Statements are split at semicolons.
 */
#ifndef AMEND_TEST_FAKE_H
#define AMEND_TEST_FAKE_H

#include "amend/driver.h"

typedef struct fake_rule
{
    const char *match; /* what the statement contains */
    unsigned skip;     /* let so many matches pass first */
    unsigned times;    /* act so often; 0: always */
    amend_fault_kind fault;
    const char *sqlstate; /* of the error */
    const char *message;
    unsigned columns; /* with names: one row */
    const char *const *names;
    const char *const *values;
    const char *copied; /* what a COPY TO gives, in one piece */
    const char *notice; /* what the database says beside it */
    unsigned idle;      /* so many idle calls before it ends */
    unsigned conn;      /* only on the connection that was opened as the nth; 0: on any */
    bool unplaced;      /* UNRUN: the database does not say where */
    unsigned seen;      /* counted by the fake */
} fake_rule;

typedef struct fake_script
{
    fake_rule *rules;
    size_t count;
    amend_fault_kind open_fault; /* NONE: connecting works */
    unsigned open_skip;          /* let so many connections work first */
    unsigned open_fails;         /* so often */
    /* what happened */
    unsigned opened, refused, closed, execs, statements;
    bool in_tx;
    char log[32768]; /* the first words of each statement that ran, one a line */
} fake_script;

extern const amend_driver fake_driver;

/* The URL that leads to the script; lives in `out`. */
const char *fake_url(fake_script *script, char out[40]);

#endif
