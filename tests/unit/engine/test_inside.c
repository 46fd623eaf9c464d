/* SPDX-License-Identifier: MIT */
/* A caller's connection: used, never closed; in a caller's transaction all work is done within it, all or nothing. */
#include "base/alloc.h"
#include "driver/sqlite/borrow.h"
#include "engine/harness.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

typedef struct caller
{
    harness h;
    sqlite3 *db;
    sqlite3_stmt *reader; /* of another connection */
    unsigned asked;       /* the busy handler */
} caller;

static void caller_do(const caller *c, const char *sql)
{
    if (sqlite3_exec(c->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, sqlite3_errmsg(c->db));
    }
}

/* A file with a table of the caller's; the session has its connection. */
static void caller_open(caller *c)
{
    memset(c, 0, sizeof *c);
    harness_sqlite(&c->h);
    assert_int_equal(sqlite3_open(c->h.url, &c->db), SQLITE_OK);
    caller_do(c, "CREATE TABLE own(x)");
    harness_file(&c->h, "001_a.sql", "CREATE TABLE a(x);");
    harness_file(&c->h, "002_b.sql", "CREATE TABLE b(x); INSERT INTO a VALUES('from b');");
}

static void caller_lend(caller *c, bool inside)
{
    session *s = &c->h.session;
    s->conn = sqlite_borrow(&alloc_default, c->db, inside);
    s->borrowed = true;
    s->inside = inside;
}

static void caller_take_back(caller *c)
{
    session_close(&c->h.session);
    assert_non_null(c->h.session.conn);
    c->h.session.conn->driver->close(c->h.session.conn);
    c->h.session.conn = NULL;
}

static void caller_close(caller *c)
{
    assert_int_equal(sqlite3_close(c->db), SQLITE_OK);
    harness_close(&c->h);
}

static const char versions[] = "SELECT group_concat(version, ' ') FROM _migrations";
static const char tables[] = "SELECT count(*) FROM sqlite_master WHERE name IN ('a', 'b', '_migrations', '_migration_events')";

static void on_a_borrowed_connection(void **state)
{
    (void)state;
    caller c;
    caller_open(&c);
    caller_lend(&c, false);
    assert_int_equal(harness_up(&c.h), AMEND_OK);
    assert_string_equal(c.h.steps, "+001 +002 ");
    caller_take_back(&c);
    harness_expect(&c.h, versions, "001 002\n");
    caller_close(&c);
}

static void inside_and_committed(void **state)
{
    (void)state;
    caller c;
    caller_open(&c);
    caller_do(&c, "BEGIN; INSERT INTO own VALUES('before')");
    caller_lend(&c, true);
    assert_int_equal(harness_up(&c.h), AMEND_OK);
    caller_take_back(&c);
    harness_expect(&c.h, tables, "0\n"); /* nobody else sees it yet */
    assert_int_equal(sqlite3_get_autocommit(c.db), 0);
    caller_do(&c, "INSERT INTO b VALUES(1); COMMIT");
    harness_expect(&c.h, versions, "001 002\n");
    harness_expect(&c.h, "SELECT type, version FROM _migration_events WHERE type <> 'schema.recorded'",
                   "migration.applied|001\nmigration.applied|002\n");
    harness_expect(&c.h, "SELECT holder IS NULL FROM _migrations_lock", "1\n");
    harness_expect(&c.h, "SELECT * FROM own", "before\n");
    caller_close(&c);
}

static void inside_and_rolled_back(void **state)
{
    (void)state;
    caller c;
    caller_open(&c);
    for (int turn = 0; turn < 2; turn++) /* and once more, from the start */
    {
        caller_do(&c, "BEGIN; INSERT INTO own VALUES('before'); SAVEPOINT mine");
        caller_lend(&c, true);
        assert_int_equal(harness_up(&c.h), AMEND_OK);
        assert_string_equal(c.h.steps, "+001 +002 ");
        caller_take_back(&c);
        caller_do(&c, turn == 0 ? "ROLLBACK" : "ROLLBACK TO mine; RELEASE mine; COMMIT");
        harness_expect(&c.h, tables, "0\n");
        harness_expect(&c.h, "SELECT count(*) FROM own", turn == 0 ? "0\n" : "1\n");
    }
    caller_close(&c);
}

/* A failure leaves the caller's transaction as if nothing had been tried; not even the step before it stays. */
static void inside_and_failed(void **state)
{
    (void)state;
    caller c;
    caller_open(&c);
    harness_file(&c.h, "002_b.sql", "CREATE TABLE b(x); INSERT INTO nowhere VALUES(1);");
    caller_do(&c, "BEGIN; INSERT INTO own VALUES('before')");
    caller_lend(&c, true);
    assert_int_equal(harness_up(&c.h), AMEND_FAILED);
    assert_string_equal(c.h.error.version, "002");
    assert_non_null(strstr(c.h.error.message, "no such table: nowhere"));
    assert_int_equal(c.h.told[AMEND_EVENT_MIGRATION_FAILED], 1);
    caller_take_back(&c);
    assert_int_equal(sqlite3_get_autocommit(c.db), 0);
    caller_do(&c, "INSERT INTO own VALUES('after'); COMMIT");
    harness_expect(&c.h, tables, "0\n");
    harness_expect(&c.h, "SELECT * FROM own", "before\nafter\n");
    caller_close(&c);
}

static int let_go(void *arg, int tries)
{
    caller *c = arg;
    (void)tries;
    if (++c->asked == 7)
    {
        sqlite3_finalize(c->reader);
        c->reader = NULL;
    }
    return 0;
}

/* A reader keeps the COMMIT from its end, and the caller's own busy handler doesn't wait: then the engine does. */
static void commit_waits_for_readers(void **state)
{
    (void)state;
    for (int patient = 0; patient < 2; patient++)
    {
        caller c;
        sqlite3 *other = NULL;
        caller_open(&c);
        caller_do(&c, "INSERT INTO own VALUES(1), (2)");
        assert_int_equal(sqlite3_open(c.h.url, &other), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(other, "SELECT * FROM own", -1, &c.reader, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(c.reader), SQLITE_ROW);
        sqlite3_busy_handler(c.db, let_go, &c);
        c.h.session.lock_timeout_ms = patient ? 60000 : 1;
        caller_lend(&c, false);
        assert_int_equal(harness_up(&c.h), patient ? AMEND_OK : AMEND_FAILED);
        assert_true(patient || c.h.error.code == AMEND_E_BUSY);
        caller_take_back(&c);
        assert_int_equal(sqlite3_get_autocommit(c.db), 1);
        sqlite3_finalize(c.reader);
        sqlite3_close(other);
        harness_expect(&c.h, tables, patient ? "4\n" : "0\n");
        caller_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_borrowed_connection), cmocka_unit_test(inside_and_committed),
        cmocka_unit_test(inside_and_rolled_back),   cmocka_unit_test(inside_and_failed),
        cmocka_unit_test(commit_waits_for_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
