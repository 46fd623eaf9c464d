/* SPDX-License-Identifier: MIT */
#include "driver/postgres/harness.h"

#include "base/alloc.h"
#include "driver/drivers.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

pg_server harness_server;

int harness_start(void **state)
{
    (void)state;
    pg_server_make(&harness_server);
    pg_server_start(&harness_server);
    return 0;
}

int harness_end(void **state)
{
    (void)state;
    pg_server_remove(&harness_server);
    return 0;
}

amend_conn *harness_open(const char *url, outcome *o)
{
    amend_connect how = {.url = url, .application = "amend test", .allocator = &alloc_default, .timeout_ms = 10000};
    amend_conn *conn = NULL;
    *o = (outcome){0};
    o->status = driver_postgres.open(&how, &conn, &o->fault, &o->error);
    assert_true((o->status == AMEND_OK) == (conn != NULL));
    assert_true((o->status == AMEND_OK) == (o->fault.kind == AMEND_FAULT_NONE));
    assert_int_equal(o->status, o->error.status);
    return conn;
}

amend_conn *harness_connect(const char *database)
{
    outcome o;
    amend_conn *conn = harness_open(pg_server_url(&harness_server, database), &o);
    if (conn == NULL)
    {
        fail_msg("%s: %s", database, o.error.message);
    }
    return conn;
}

void harness_close(amend_conn *conn)
{
    driver_postgres.close(conn);
}

amend_status harness_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks, outcome *o)
{
    *o = (outcome){0};
    o->status = driver_postgres.exec(conn, pieces, count, hooks, &o->fault, &o->error);
    assert_true((o->status == AMEND_OK) == (o->fault.kind == AMEND_FAULT_NONE));
    assert_true(o->status == AMEND_OK || o->error.message[0] != '\0');
    return o->status;
}

amend_status harness_run(amend_conn *conn, const char *sql, unsigned statements, const amend_hooks *hooks, outcome *o)
{
    amend_piece piece = {.text = sql, .length = strlen(sql), .statements = statements};
    return harness_exec(conn, &piece, 1, hooks, o);
}

static void expect_good(const outcome *o, const char *sql)
{
    if (o->status != AMEND_OK)
    {
        fail_msg("%.200s: %s %s (%s)", sql, o->error.sqlstate, o->error.message, o->error.detail);
    }
}

void harness_do(amend_conn *conn, const char *sql)
{
    outcome o;
    harness_run(conn, sql, 1000, NULL, &o);
    expect_good(&o, sql);
}

static amend_status add_row(void *arg, size_t piece, const amend_row *row)
{
    char *text = arg;
    (void)piece;
    size_t len = strlen(text);
    for (unsigned i = 0; i < row->columns; i++)
    {
        const char *value = row->values[i] == NULL ? "-" : row->values[i];
        len += (size_t)snprintf(text + len, 8192 - len, "%s%s", i > 0 ? "|" : "", value);
        assert_true(len < 8190);
    }
    strcat(text, "\n");
    return AMEND_OK;
}

const char *harness_rows(amend_conn *conn, const char *sql)
{
    static char text[8192];
    amend_hooks hooks = {.arg = text, .row = add_row};
    outcome o;
    text[0] = '\0';
    harness_run(conn, sql, 1000, &hooks, &o);
    expect_good(&o, sql);
    return text;
}
