/* SPDX-License-Identifier: MIT */
#include "driver/sqlite/harness.h"

#include "base/alloc.h"
#include "driver/drivers.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

amend_conn *harness_open(const char *url, bool read_only, outcome *o)
{
    amend_connect how = {.url = url, .allocator = &alloc_default, .busy_ms = 50, .read_only = read_only};
    amend_conn *conn = NULL;
    *o = (outcome){0};
    o->status = driver_sqlite.open(&how, &conn, &o->fault, &o->error);
    assert_true((o->status == AMEND_OK) == (conn != NULL));
    assert_int_equal(o->status, o->error.status);
    return conn;
}

amend_conn *harness_connect(const char *url)
{
    outcome o;
    amend_conn *conn = harness_open(url, false, &o);
    if (conn == NULL)
    {
        fail_msg("%s: %s", url, o.error.message);
    }
    return conn;
}

void harness_close(amend_conn *conn)
{
    driver_sqlite.close(conn);
}

amend_status harness_run(amend_conn *conn, const char *sql, const amend_hooks *hooks, outcome *o)
{
    amend_piece piece = {.text = sql, .length = strlen(sql)};
    *o = (outcome){0};
    o->status = driver_sqlite.exec(conn, &piece, 1, hooks, &o->fault, &o->error);
    assert_int_equal(o->status, o->error.status);
    return o->status;
}

static void expect_good(const outcome *o, const char *sql)
{
    if (o->status != AMEND_OK)
    {
        fail_msg("%s: %s", sql, o->error.message);
    }
}

void harness_do(amend_conn *conn, const char *sql)
{
    outcome o;
    harness_run(conn, sql, NULL, &o);
    expect_good(&o, sql);
}

typedef struct rows
{
    char text[8192];
    size_t len;
} rows;

static amend_status add_row(void *arg, size_t piece, const amend_row *row)
{
    rows *r = arg;
    (void)piece;
    for (unsigned i = 0; i < row->columns; i++)
    {
        r->len += (size_t)snprintf(r->text + r->len, sizeof r->text - r->len, "%s%s", i > 0 ? "|" : "",
                                   row->values[i] == NULL ? "-" : row->values[i]);
        assert_true(r->len < sizeof r->text);
    }
    r->len += (size_t)snprintf(r->text + r->len, sizeof r->text - r->len, "\n");
    assert_true(r->len < sizeof r->text);
    return AMEND_OK;
}

const char *harness_query(amend_conn *conn, const char *sql)
{
    static rows r;
    outcome o;
    r.len = 0;
    r.text[0] = '\0';
    harness_run(conn, sql, &(amend_hooks){.arg = &r, .row = add_row}, &o);
    expect_good(&o, sql);
    return r.text;
}

void harness_do_in(const char *url, const char *sql)
{
    amend_conn *conn = harness_connect(url);
    harness_do(conn, sql);
    harness_close(conn);
}

const char *harness_query_in(const char *url, const char *sql)
{
    amend_conn *conn = harness_connect(url);
    const char *text = harness_query(conn, sql);
    harness_close(conn);
    return text;
}
