/* SPDX-License-Identifier: MIT */
/* What the tests of SQLite's driver share: opening, running, and collecting what the hooks tell. */
#ifndef AMEND_TEST_DRIVER_SQLITE_HARNESS_H
#define AMEND_TEST_DRIVER_SQLITE_HARNESS_H

#include "amend/driver.h"
#include "base/buf.h"

/* The last failure. */
typedef struct outcome
{
    amend_status status;
    amend_fault fault;
    amend_error error;
} outcome;

/* NULL when it fails; *o says how. busy_ms is 50. */
amend_conn *harness_open(const char *url, bool read_only, outcome *o);
/* The same, which must succeed. */
amend_conn *harness_connect(const char *url);
void harness_close(amend_conn *conn);

/* One piece. */
amend_status harness_run(amend_conn *conn, const char *sql, const amend_hooks *hooks, outcome *o);
/* It must succeed. */
void harness_do(amend_conn *conn, const char *sql);
/* It must succeed; its rows as "a|b\n…", NULL as "-". Static storage until the next call. */
const char *harness_query(amend_conn *conn, const char *sql);
/* On a connection of its own. */
void harness_do_in(const char *url, const char *sql);
const char *harness_query_in(const char *url, const char *sql);

#endif
