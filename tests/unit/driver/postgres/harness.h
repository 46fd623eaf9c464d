/* SPDX-License-Identifier: MIT */
/* What the tests of PostgreSQL's driver share: one server per program, and short ways to open, run and read. */
#ifndef AMEND_TEST_POSTGRES_HARNESS_H
#define AMEND_TEST_POSTGRES_HARNESS_H

#include "amend/driver.h"
#include "support/pg_server.h"

typedef struct outcome
{
    amend_status status;
    amend_fault fault;
    amend_error error;
} outcome;

/* The program's server: group setup and teardown. */
extern pg_server harness_server;
int harness_start(void **state);
int harness_end(void **state);

/* NULL when refused. The outcome's parts are checked to agree. */
amend_conn *harness_open(const char *url, outcome *o);
/* To this database of the server; fails the test when refused. */
amend_conn *harness_connect(const char *database);
void harness_close(amend_conn *conn);

amend_status harness_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks, outcome *o);
/* One piece of so many statements. */
amend_status harness_run(amend_conn *conn, const char *sql, unsigned statements, const amend_hooks *hooks, outcome *o);
/* The same; fails the test when it fails. */
void harness_do(amend_conn *conn, const char *sql);
/* The rows as lines "a|b|-" (- for NULL); static storage until the next call. */
const char *harness_rows(amend_conn *conn, const char *sql);

#endif
