/* SPDX-License-Identifier: MIT */
/* What amend/driver.h promises, held against every driver: the scripted fake, SQLite and, when a server can be had, PostgreSQL.
 */
#include "amend/driver.h"

#include "base/alloc.h"
#include "base/slice.h"
#include "conformance/fake.h"
#include "driver/drivers.h"
#include "support/pg_server.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one driver calls the things that the suite needs. */
typedef struct subject
{
    const char *name;
    const amend_driver *driver;
    const char *url;
    const char *fine;  /* a statement that succeeds */
    const char *row;   /* one that gives one row: a = '1', b = NULL */
    const char *wrong; /* one that fails when it runs */
    const char *slow;  /* one that takes long */
    const char *secret_url;
} subject;

typedef struct seen
{
    size_t rows, dones, idles;
    size_t piece[16];
    unsigned statement[16];
    char a[16];
    bool b_is_null, refuse_row, refuse_idle;
} seen;

static amend_status on_row(void *arg, size_t piece, const amend_row *row)
{
    seen *s = arg;
    (void)piece;
    s->rows++;
    if (row->columns == 2 && strcmp(row->names[0], "a") == 0 && row->values[0] != NULL)
    {
        snprintf(s->a, sizeof s->a, "%s", row->values[0]);
        s->b_is_null = row->values[1] == NULL;
    }
    return s->refuse_row ? AMEND_REFUSED : AMEND_OK;
}

static void on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    seen *s = arg;
    (void)rows;
    if (s->dones < 16)
    {
        s->piece[s->dones] = piece;
        s->statement[s->dones] = statement;
    }
    s->dones++;
}

static amend_status on_idle(void *arg)
{
    seen *s = arg;
    s->idles++;
    return s->refuse_idle ? AMEND_REFUSED : AMEND_OK;
}

static amend_hooks hooks_of(seen *s)
{
    memset(s, 0, sizeof *s);
    return (amend_hooks){.arg = s, .row = on_row, .done = on_done, .idle = on_idle};
}

static amend_conn *open_conn(const subject *s)
{
    amend_conn *conn = NULL;
    amend_fault fault = {0};
    amend_error error = {0};
    amend_connect how = {
        .url = s->url, .application = "conformance", .allocator = &alloc_default, .timeout_ms = 5000, .busy_ms = 100};
    if (s->driver->open(&how, &conn, &fault, &error) != AMEND_OK)
    {
        fail_msg("%s: %s", s->name, error.message);
    }
    assert_ptr_equal(conn->driver, s->driver);
    return conn;
}

static amend_status exec_text(amend_conn *conn, const char *text, unsigned statements, const amend_hooks *hooks,
                              amend_fault *fault, amend_error *error)
{
    amend_piece piece = {.text = text, .length = strlen(text), .statements = statements};
    return conn->driver->exec(conn, &piece, 1, hooks, fault, error);
}

static void check_pieces(const subject *s)
{
    char two[256];
    seen seen;
    amend_fault fault = {0};
    amend_error error = {0};
    amend_conn *conn = open_conn(s);
    amend_hooks hooks = hooks_of(&seen);
    snprintf(two, sizeof two, "%s; %s", s->row, s->fine); /* the last without its semicolon */
    amend_piece pieces[] = {{.text = two, .length = strlen(two), .statements = 2},
                            {.text = "", .length = 0, .statements = 0},
                            {.text = s->row, .length = strlen(s->row), .statements = 1}};
    assert_int_equal(s->driver->exec(conn, pieces, 3, &hooks, &fault, &error), AMEND_OK);
    assert_int_equal(seen.rows, 2);
    assert_int_equal(seen.dones, 3);
    assert_int_equal(seen.piece[0], 0);
    assert_int_equal(seen.statement[1], 2);
    assert_int_equal(seen.piece[2], 2);
    assert_int_equal(seen.statement[2], 1);
    assert_string_equal(seen.a, "1");
    assert_true(seen.b_is_null);
    assert_int_equal(s->driver->exec(conn, pieces, 0, &hooks, &fault, &error), AMEND_OK);
    assert_int_equal(s->driver->exec(conn, pieces, 3, NULL, &fault, NULL), AMEND_OK);
    s->driver->close(conn);
}

static void check_failure(const subject *s)
{
    char second[256];
    seen seen;
    amend_fault fault = {0};
    amend_error error = {0};
    amend_conn *conn = open_conn(s);
    amend_hooks hooks = hooks_of(&seen);
    snprintf(second, sizeof second, "%s; %s; %s;", s->fine, s->wrong, s->row);
    amend_piece pieces[] = {{.text = s->row, .length = strlen(s->row), .statements = 1},
                            {.text = second, .length = strlen(second), .statements = 3}};
    assert_int_equal(s->driver->exec(conn, pieces, 2, &hooks, &fault, &error), AMEND_FAILED);
    assert_int_equal(fault.kind, AMEND_FAULT_STATEMENT);
    assert_int_equal(fault.piece, 1);
    assert_int_equal(fault.statement, 2);
    assert_int_equal(seen.rows, 1);
    assert_int_equal(error.code, AMEND_E_STATEMENT);
    assert_true(error.message[0] != '\0');
    assert_int_equal(exec_text(conn, s->row, 1, &hooks, &fault, &error), AMEND_OK); /* it goes on */
    s->driver->close(conn);
}

static void check_refusal_by_hook(const subject *s)
{
    seen seen;
    amend_fault fault = {0};
    amend_error error = {0};
    amend_conn *conn = open_conn(s);
    amend_hooks hooks = hooks_of(&seen);
    seen.refuse_row = true;
    assert_int_equal(exec_text(conn, s->row, 1, &hooks, &fault, &error), AMEND_REFUSED);
    assert_int_equal(fault.kind, AMEND_FAULT_CANCELLED);
    hooks = hooks_of(&seen);
    assert_int_equal(exec_text(conn, s->row, 1, &hooks, &fault, &error), AMEND_OK);
    s->driver->close(conn);
}

static void check_cancel(const subject *s)
{
    seen seen;
    amend_fault fault = {0};
    amend_error error = {0};
    amend_conn *conn = open_conn(s);
    amend_hooks hooks = hooks_of(&seen);
    seen.refuse_idle = true;
    assert_int_equal(exec_text(conn, s->slow, 1, &hooks, &fault, &error), AMEND_REFUSED);
    assert_int_equal(fault.kind, AMEND_FAULT_CANCELLED);
    assert_int_equal(seen.idles, 1);
    hooks = hooks_of(&seen);
    assert_int_equal(exec_text(conn, s->row, 1, &hooks, &fault, &error), AMEND_OK);
    s->driver->close(conn);
}

static void check_transactions(const subject *s)
{
    amend_fault fault = {0};
    amend_error error = {0};
    amend_conn *conn = open_conn(s);
    assert_true(s->driver->idle(conn));
    assert_int_equal(exec_text(conn, "BEGIN;", 1, NULL, &fault, &error), AMEND_OK);
    assert_false(s->driver->idle(conn));
    assert_int_equal(exec_text(conn, "ROLLBACK;", 1, NULL, &fault, &error), AMEND_OK);
    assert_true(s->driver->idle(conn));
    assert_int_equal(exec_text(conn, "BEGIN;", 1, NULL, &fault, &error), AMEND_OK);
    s->driver->close(conn); /* open transaction and all */
}

static void check_describe(const subject *s)
{
    char shown[256], name[64], tiny[4], none[1];
    s->driver->describe(s->secret_url, shown, sizeof shown, name, sizeof name);
    assert_null(strstr(shown, "hunter2"));
    assert_true(name[0] != '\0');
    s->driver->describe(s->secret_url, tiny, sizeof tiny, none, sizeof none);
    assert_int_equal(tiny[3], '\0');
    assert_int_equal(none[0], '\0');
    assert_true(s->driver->accepts(s->url));
}

static void check(const subject *s)
{
    check_pieces(s);
    check_failure(s);
    check_refusal_by_hook(s);
    check_cancel(s);
    check_transactions(s);
    check_describe(s);
}

static void test_fake(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const char *const values[] = {"1", NULL};
    char url[40];
    fake_rule rules[] = {{.match = "ROW", .columns = 2, .names = names, .values = values},
                         {.match = "WRONG", .fault = AMEND_FAULT_STATEMENT},
                         {.match = "SLOW", .idle = 1000}};
    fake_script script = {.rules = rules, .count = 3};
    (void)state;
    check(&(subject){.name = "fake",
                     .driver = &fake_driver,
                     .url = fake_url(&script, url),
                     .fine = "FINE",
                     .row = "ROW",
                     .wrong = "WRONG",
                     .slow = "SLOW",
                     .secret_url = "fake:hunter2"});
    assert_int_equal(script.opened, script.closed);
}

static void test_sqlite(void **state)
{
    (void)state;
    check(&(subject){.name = "sqlite",
                     .driver = &driver_sqlite,
                     .url = ":memory:",
                     .fine = "CREATE TEMP TABLE IF NOT EXISTS t (x)",
                     .row = "SELECT 1 AS a, NULL AS b",
                     .wrong = "INSERT INTO nowhere VALUES (1)",
                     .slow = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
                     .secret_url = "sqlite:app.db"});
}

#ifdef AMEND_WITH_POSTGRES
static void test_postgres(void **state)
{
    pg_server server = {0};
    (void)state;
    pg_server_make(&server);
    pg_server_start(&server);
    check(&(subject){.name = "postgres",
                     .driver = &driver_postgres,
                     .url = pg_server_url(&server, "postgres"),
                     .fine = "CREATE TEMP TABLE IF NOT EXISTS t (x int)",
                     .row = "SELECT 1 AS a, NULL AS b",
                     .wrong = "INSERT INTO nowhere VALUES (1)",
                     .slow = "SELECT pg_sleep(100)",
                     .secret_url = "postgres://me:hunter2@localhost/app"});
    pg_server_remove(&server);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fake), cmocka_unit_test(test_sqlite),
#ifdef AMEND_WITH_POSTGRES
                                       cmocka_unit_test(test_postgres)
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
