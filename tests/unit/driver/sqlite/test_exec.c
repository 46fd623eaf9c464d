/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/clock.h"
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"
#include "driver/sqlite/harness.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the hooks told, as text. */
typedef struct told
{
    char text[4096];
    size_t len;
    unsigned idles;
    amend_status row_says, idle_says;
} told;

static amend_status tell_row(void *arg, size_t piece, const amend_row *row)
{
    told *t = arg;
    t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "%zu:", piece);
    for (unsigned i = 0; i < row->columns; i++)
    {
        t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, " %s=%s", row->names[i],
                                   row->values[i] == NULL ? "NULL" : row->values[i]);
    }
    t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "\n");
    return t->row_says;
}

static void tell_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    told *t = arg;
    t->len += (size_t)snprintf(t->text + t->len, sizeof t->text - t->len, "%zu.%u %d\n", piece, statement, (int)rows);
}

static amend_status tell_idle(void *arg)
{
    told *t = arg;
    t->idles++;
    return t->idle_says;
}

static amend_hooks hooks_of(told *t)
{
    memset(t, 0, sizeof *t);
    return (amend_hooks){.arg = t, .row = tell_row, .done = tell_done, .idle = tell_idle};
}

static amend_piece piece_of(const char *text)
{
    return (amend_piece){.text = text, .length = strlen(text)};
}

static void hooks_tell_what_happens(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    told t;
    amend_hooks hooks = hooks_of(&t);
    const amend_piece pieces[] = {
        piece_of("CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 'x'), (2.5, NULL);; -- nothing"),
        piece_of(" -- only this\n"),
        piece_of(""),
        piece_of("SELECT * FROM t; UPDATE t SET a = 3; UPDATE t SET a = 4 WHERE 0; EXPLAIN SELECT 1 WHERE 0; DELETE FROM t"),
        piece_of("SELECT x'4142' AS blob, '' AS empty, '' AS \"ä\""),
    };
    amend_fault fault;
    amend_error error;
    assert_int_equal(driver_sqlite.exec(conn, pieces, 5, &hooks, &fault, &error), AMEND_OK);
    char *explained = strstr(t.text, "3: addr=");
    assert_non_null(explained);
    char *rest = strstr(explained, "3.4");
    assert_non_null(rest);
    *explained = '\0';
    assert_string_equal(t.text, "0.1 0\n0.2 2\n3: a=1 b=x\n3: a=2.5 b=NULL\n3.1 2\n3.2 2\n3.3 0\n");
    assert_string_equal(strchr(rest, '\n'), "\n3.5 2\n4: blob=AB empty= ä=\n4.1 1\n");
    harness_close(conn);
}

static void no_hooks_are_needed(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    amend_piece piece = piece_of("SELECT 1; SELECT 2; CREATE TABLE t(x)");
    amend_fault fault;
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, NULL, &fault, NULL), AMEND_OK);
    amend_hooks none = {0};
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, &none, &fault, NULL), AMEND_FAILED); /* t exists */
    assert_int_equal(fault.statement, 3);
    assert_int_equal(driver_sqlite.exec(conn, NULL, 0, NULL, &fault, NULL), AMEND_OK);
    harness_close(conn);
}

/* A piece is cut out of a larger text: what stands behind it is not looked at. */
static void a_piece_need_not_end_in_nul(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    amend_piece piece = {.text = "SELECT 1; SELECT 2garbage'", .length = 18};
    amend_fault fault;
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, NULL, &fault, NULL), AMEND_OK);
    harness_close(conn);
}

static void failures_say_where(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    const amend_piece pieces[] = {piece_of("SELECT 1;"), piece_of("CREATE TABLE t(x NOT NULL);\n-- é\nSELECT nothere FROM t;")};
    amend_fault fault;
    amend_error error;
    assert_int_equal(driver_sqlite.exec(conn, pieces, 2, NULL, &fault, &error), AMEND_FAILED);
    assert_int_equal(fault.kind, AMEND_FAULT_STATEMENT);
    assert_int_equal(fault.piece, 1);
    assert_int_equal(fault.statement, 2);
    assert_true(fault.positioned);
    assert_memory_equal(pieces[1].text + fault.offset, "nothere", 7);
    assert_int_equal(error.code, AMEND_E_STATEMENT);
    assert_string_equal(error.message, "no such column: nothere");
    outcome o;
    harness_run(conn, "SELECT 1; INSERT INTO t VALUES(NULL)", NULL, &o);
    assert_false(o.fault.positioned);
    assert_int_equal(o.fault.statement, 2);
    assert_int_equal(o.error.native, SQLITE_CONSTRAINT_NOTNULL);
    assert_string_equal(o.error.message, "NOT NULL constraint failed: t.x");
    harness_run(conn, "SELECT 1; SELEC 2", NULL, &o);
    assert_true(o.fault.positioned);
    assert_int_equal(o.fault.offset, 10);
    harness_do(conn, "SELECT 1"); /* the connection goes on */
    harness_close(conn);
}

static void a_nul_byte_is_refused(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    amend_piece piece = {.text = "CREATE TABLE t(x);\0CREATE TABLE u(x);", .length = 37};
    amend_fault fault;
    amend_error error;
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, NULL, &fault, &error), AMEND_FAILED);
    assert_int_equal(fault.kind, AMEND_FAULT_UNRUN);
    assert_true(fault.positioned);
    assert_int_equal(fault.offset, 18);
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM sqlite_master"), "0\n");
    harness_close(conn);
}

static void a_row_hook_stops(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    told t;
    amend_hooks hooks = hooks_of(&t);
    t.row_says = AMEND_REFUSED;
    outcome o;
    assert_int_equal(harness_run(conn, "VALUES(1),(2); SELECT 3", &hooks, &o), AMEND_REFUSED);
    assert_int_equal(o.fault.kind, AMEND_FAULT_CANCELLED);
    assert_int_equal(o.error.code, AMEND_E_CANCELLED);
    assert_string_equal(t.text, "0: column1=1\n");
    harness_do(conn, "SELECT 1");
    harness_close(conn);
}

#define LONG_QUERY "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c WHERE x < 0"

static void idle_is_asked_and_cancels(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    told t;
    amend_hooks hooks = hooks_of(&t);
    t.idle_says = AMEND_LOCKED;
    int64_t begun = clock_monotonic_ms();
    outcome o;
    assert_int_equal(harness_run(conn, LONG_QUERY, &hooks, &o), AMEND_LOCKED);
    int64_t took = clock_monotonic_ms() - begun;
    assert_true(took >= 200 && took < 5000);
    assert_int_equal(t.idles, 1);
    assert_int_equal(o.fault.kind, AMEND_FAULT_CANCELLED);
    amend_fault fault;
    amend_piece piece = piece_of(LONG_QUERY);
    t.idles = 0;
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, &hooks, &fault, NULL), AMEND_LOCKED);
    harness_do(conn, "SELECT 1");
    harness_close(conn);
}

static void a_lock_is_waited_for(void **state)
{
    (void)state;
    tempdir dir;
    tempdir_make(&dir);
    const char *path = tempdir_path(&dir, "app.db");
    amend_conn *first = harness_connect(path), *second = harness_connect(path);
    harness_do(first, "CREATE TABLE t(x); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
    outcome o;
    int64_t begun = clock_monotonic_ms();
    assert_int_equal(harness_run(second, "SELECT 1; BEGIN IMMEDIATE", NULL, &o), AMEND_FAILED);
    int64_t took = clock_monotonic_ms() - begun;
    assert_true(took >= 50 && took < 2000);
    assert_int_equal(o.fault.kind, AMEND_FAULT_BUSY);
    assert_int_equal(o.fault.statement, 2);
    assert_int_equal(o.error.code, AMEND_E_BUSY);
    assert_string_equal(o.error.message, "database is locked");
    /* the hook is asked while waiting, and may end it */
    told t;
    amend_hooks hooks = hooks_of(&t);
    t.idle_says = AMEND_FAILED;
    ((sqlite_conn *)second)->busy_ms = 60000;
    begun = clock_monotonic_ms();
    assert_int_equal(harness_run(second, "BEGIN IMMEDIATE", &hooks, &o), AMEND_FAILED);
    took = clock_monotonic_ms() - begun;
    assert_true(took >= 200 && took < 5000);
    assert_int_equal(o.error.code, AMEND_E_CANCELLED);
    harness_do(first, "COMMIT");
    harness_do(second, "BEGIN IMMEDIATE; COMMIT");
    harness_close(first);
    harness_close(second);
    tempdir_remove(&dir);
}

/* A table in use inside one connection: SQLITE_LOCKED. */
static void a_locked_table_is_busy(void **state)
{
    (void)state;
    const char *url = "file:shared_cache_test?mode=memory&cache=shared";
    amend_conn *first = harness_connect(url), *second = harness_connect(url);
    harness_do(first, "CREATE TABLE t(x); BEGIN IMMEDIATE; INSERT INTO t VALUES(1)");
    outcome o;
    assert_int_equal(harness_run(second, "SELECT * FROM t", NULL, &o), AMEND_FAILED);
    assert_int_equal(o.fault.kind, AMEND_FAULT_BUSY);
    harness_close(first);
    harness_close(second);
}

static void idle_tells_of_transactions(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    assert_true(driver_sqlite.idle(conn));
    harness_do(conn, "CREATE TABLE t(x UNIQUE); BEGIN");
    assert_false(driver_sqlite.idle(conn));
    outcome o;
    harness_run(conn, "INSERT OR ROLLBACK INTO t VALUES(1), (1)", NULL, &o); /* ends it behind our back */
    assert_int_equal(o.status, AMEND_FAILED);
    assert_true(driver_sqlite.idle(conn));
    harness_close(conn);
}

/* ----------------------------------------------------------------------------------------------------------- foreign keys */

static void expect_keys(amend_conn *conn, const char *expected)
{
    assert_string_equal(harness_query(conn, "PRAGMA foreign_keys"), expected);
}

static void foreign_keys_last_as_long_as_the_transaction(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++)
    {
        amend_conn *conn = harness_connect(on ? "sqlite::memory:?foreign_keys=on" : "sqlite::memory:?foreign_keys=off");
        const char *opened = on ? "1\n" : "0\n", *other = on ? "0\n" : "1\n";
        const char *begin = on ? "PRAGMA foreign_keys=OFF; BEGIN IMMEDIATE;" : "PRAGMA foreign_keys=ON; BEGIN;";
        expect_keys(conn, opened);
        harness_do(conn, begin);
        expect_keys(conn, other);
        harness_do(conn, "SAVEPOINT s; ROLLBACK TO s; RELEASE s");
        expect_keys(conn, other);
        harness_do(conn, "COMMIT");
        expect_keys(conn, opened);
        harness_do(conn, begin);
        harness_do(conn, "ROLLBACK");
        expect_keys(conn, opened);
        /* ended by a failure */
        harness_do(conn, begin);
        outcome o;
        harness_run(conn, "CREATE TABLE t(x UNIQUE); INSERT OR ROLLBACK INTO t VALUES(1), (1)", NULL, &o);
        assert_int_equal(o.status, AMEND_FAILED);
        expect_keys(conn, opened);
        /* all of it in one piece */
        char all[128];
        snprintf(all, sizeof all, "%s SELECT 1; COMMIT; SELECT 2", begin);
        harness_do(conn, all);
        expect_keys(conn, opened);
        harness_close(conn);
    }
}

/* Statements that are run one by one, as of a script without a transaction, mean what they say. */
static void foreign_keys_set_alone_stay(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("sqlite::memory:?foreign_keys=on");
    harness_do(conn, "PRAGMA foreign_keys=OFF");
    harness_do(conn, "BEGIN");
    harness_do(conn, "PRAGMA foreign_keys=ON; COMMIT"); /* does nothing in there */
    expect_keys(conn, "0\n");
    harness_do(conn, "BEGIN; COMMIT; PRAGMA foreign_keys=ON");
    expect_keys(conn, "1\n");
    harness_close(conn);
}

/* ---------------------------------------------------------------------------------------------------------------- scale */

static void bytes_are_parsed_once(void **state)
{
    (void)state;
    enum
    {
        STATEMENTS = 100000,
    };
    static const char statement[] =
        "INSERT INTO t VALUES(1, 'about a hundred bytes of text, so that it is ten megabytes in all.......');\n";
    size_t length = strlen(statement);
    char *text = malloc(length * STATEMENTS);
    assert_non_null(text);
    for (size_t i = 0; i < STATEMENTS; i++)
    {
        memcpy(text + i * length, statement, length);
    }
    amend_conn *conn = harness_connect(":memory:");
    harness_do(conn, "CREATE TABLE t(a, b); BEGIN");
    sqlite3_int64 before = 0, peak = 0;
    sqlite3_status64(SQLITE_STATUS_MALLOC_SIZE, &before, &peak, 1);
    amend_piece piece = {.text = text, .length = length * STATEMENTS, .statements = STATEMENTS};
    amend_fault fault;
    assert_int_equal(driver_sqlite.exec(conn, &piece, 1, NULL, &fault, NULL), AMEND_OK);
    /* had SQLite copied what is left of the text for each statement, its largest block would be all of it */
    sqlite3_status64(SQLITE_STATUS_MALLOC_SIZE, &before, &peak, 0);
    assert_true(peak < 1000 * 1000);
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM t"), "100000\n");
    harness_close(conn);
    free(text);
}

static void a_statement_too_long_is_told(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    sqlite3_limit(((sqlite_conn *)conn)->db, SQLITE_LIMIT_SQL_LENGTH, 100);
    char text[400];
    snprintf(text, sizeof text, "SELECT '%0100d'; SELECT '%0200d'", 1, 2);
    outcome o;
    harness_run(conn, "SELECT 1; SELECT 2;         SELECT 3;                        SELECT 4;                   SELECT 5;",
                NULL, &o);
    assert_int_equal(o.status, AMEND_OK);
    harness_run(conn, text, NULL, &o);
    assert_int_equal(o.error.code, AMEND_E_STATEMENT);
    assert_non_null(strstr(o.error.detail, "up to 100 bytes"));
    harness_close(conn);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    for (size_t n = 1, failures = 1; failures > 0; n++)
    {
        faulty_alloc f;
        amend_connect how = {.url = ":memory:", .allocator = faulty_alloc_init(&f, n, FAULTY_ONCE)};
        amend_conn *conn = NULL;
        amend_fault fault;
        amend_error error = {0};
        amend_status status = driver_sqlite.open(&how, &conn, &fault, &error);
        told t;
        amend_hooks hooks = hooks_of(&t);
        amend_piece pieces[] = {piece_of("SELECT 1"), piece_of("SELECT 1, 2, 3, 4")};
        status = status != AMEND_OK ? status : driver_sqlite.exec(conn, pieces, 2, &hooks, &fault, &error);
        assert_true(f.failures == 0 ? status == AMEND_OK : error.code == AMEND_E_OUT_OF_MEMORY);
        if (conn != NULL)
        {
            driver_sqlite.close(conn);
        }
        failures = f.failures;
        assert_int_equal(faulty_alloc_clear(&f), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hooks_tell_what_happens),
        cmocka_unit_test(no_hooks_are_needed),
        cmocka_unit_test(a_piece_need_not_end_in_nul),
        cmocka_unit_test(failures_say_where),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(a_row_hook_stops),
        cmocka_unit_test(idle_is_asked_and_cancels),
        cmocka_unit_test(a_lock_is_waited_for),
        cmocka_unit_test(a_locked_table_is_busy),
        cmocka_unit_test(idle_tells_of_transactions),
        cmocka_unit_test(foreign_keys_last_as_long_as_the_transaction),
        cmocka_unit_test(foreign_keys_set_alone_stay),
        cmocka_unit_test(bytes_are_parsed_once),
        cmocka_unit_test(a_statement_too_long_is_told),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
