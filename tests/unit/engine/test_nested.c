/* SPDX-License-Identifier: MIT */
/* Steps as savepoints of one transaction, on real SQLite: what stays and what goes when one of them fails, and in whatever way.
 */
#include "engine/harness.h"

#include "base/clock.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define APPLIED "SELECT version FROM _migrations ORDER BY version"
#define HOLDER "SELECT holder FROM _migrations_lock"
#define EVENTS "SELECT type, version FROM _migration_events WHERE type <> 'schema.recorded' ORDER BY id"

static void four(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY);");
    harness_file(h, "002_b.sql", "CREATE TABLE b (x INTEGER PRIMARY KEY);");
    harness_file(h, "003_c.sql", "CREATE TABLE c (x INTEGER PRIMARY KEY);");
    harness_file(h, "004_d.sql", "CREATE TABLE d (x INTEGER PRIMARY KEY);");
}

/* After a failure at `version`: those before it are applied, the trail is whole, the lock free; put right, the rest follows. */
static void expect_failure(harness *h, const char *version, amend_code code)
{
    char wanted[64] = "";
    assert_int_equal(h->error.code, code);
    assert_string_equal(h->error.version, version);
    for (int i = 1; i < version[2] - '0'; i++)
    {
        snprintf(wanted + strlen(wanted), sizeof wanted - strlen(wanted), "00%d\n", i);
    }
    if (wanted[0] == '\0')
    {
        assert_true(harness_query(h, "SELECT name FROM sqlite_schema WHERE name = 'a'")[0] == '\0');
        return;
    }
    harness_expect(h, APPLIED, wanted);
    harness_expect(h, HOLDER, "\n");
    assert_int_equal(h->told[AMEND_EVENT_MIGRATION_FAILED], 1);
}

static void expect_end(harness *h)
{
    harness_file(h, "001_a.sql", "CREATE TABLE a (x INTEGER PRIMARY KEY);");
    harness_file(h, "002_b.sql", "CREATE TABLE b (x INTEGER PRIMARY KEY);");
    harness_file(h, "003_c.sql", "CREATE TABLE c (x INTEGER PRIMARY KEY);");
    if (harness_up(h) != AMEND_OK)
    {
        fail_msg("%s", h->error.message);
    }
    harness_expect(h, APPLIED, "001\n002\n003\n004\n");
    harness_expect(h, "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('a', 'b', 'c', 'd')", "a,b,c,d\n");
    harness_expect(h, HOLDER, "\n");
    harness_close(h);
}

static void test_all_in_one_transaction(void **state)
{
    (void)state;
    harness h;
    four(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 +004 ");
    assert_int_equal(h.outcome.done, 4);
    assert_true(h.session.driver->idle(h.session.conn));
    expect_end(&h);
}

/* The step alone is undone; the others are committed with the failure's event. */
static void test_statement_fails(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_failure(&h, "003", AMEND_E_STATEMENT);
    assert_string_equal(h.error.file, "003_c.sql");
    assert_int_equal(h.error.line, 2);
    assert_int_equal(h.error.statement, 2);
    assert_string_equal(h.error.excerpt, "INSERT INTO nowhere VALUES (1);");
    harness_expect(&h, EVENTS, "migration.applied|001\nmigration.applied|002\nmigration.failed|003\n");
    expect_end(&h);
}

/* The statement undoes the whole transaction: those before it are run again, each in one of its own. */
static void test_transaction_is_given_up(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "003_c.sql", "INSERT INTO a VALUES (1);\nINSERT OR ROLLBACK INTO a VALUES (1);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_failure(&h, "003", AMEND_E_STATEMENT);
    assert_int_equal(h.error.line, 2);
    assert_int_equal(h.outcome.done, 2);
    expect_end(&h);
}

static void test_transaction_is_given_up_by_the_first(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "001_a.sql",
                 "CREATE TABLE a (x INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\n"
                 "INSERT OR ROLLBACK INTO a VALUES (1);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "");
    expect_failure(&h, "001", AMEND_E_STATEMENT);
    assert_int_equal(h.error.line, 3);
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema", "0\n");
    expect_end(&h);
}

static void test_disk_full(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "003_c.sql",
                 "PRAGMA max_page_count = 40;\nCREATE TABLE c (x INTEGER PRIMARY KEY);\n"
                 "CREATE TABLE big (x);\nINSERT INTO big VALUES (zeroblob(1000000));");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_failure(&h, "003", AMEND_E_DISK_FULL);
    assert_int_equal(h.error.line, 4);
    session_close(&h.session); /* the limit goes with the connection */
    expect_end(&h);
}

static void enforce_keys(harness *h)
{
    harness_ready(h);
    assert_int_equal(session_run(&h->session, SLICE("PRAGMA foreign_keys = ON;"), 1, NULL, NULL, &h->error), AMEND_OK);
}

/* A deferred constraint speaks up at the COMMIT, which was for all: the one whose it is has to be found. */
static void test_commit_refused(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "002_b.sql", "CREATE TABLE b (x REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (7);");
    enforce_keys(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 ");
    expect_failure(&h, "002", AMEND_E_STATEMENT);
    assert_string_equal(h.error.file, "002_b.sql");
    assert_non_null(strstr(h.error.message, "FOREIGN KEY"));
    assert_non_null(strstr(h.error.detail, "COMMIT"));
    expect_end(&h);
}

/* Here the COMMIT that is refused is the one behind another's failure. */
static void test_commit_refused_behind_a_failure(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "002_b.sql", "CREATE TABLE b (x REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (7);");
    harness_file(&h, "003_c.sql", "no sql;");
    enforce_keys(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 ");
    expect_failure(&h, "002", AMEND_E_STATEMENT);
    expect_end(&h);
}

static void sleep_at_first(harness *h, const amend_event *e)
{
    (void)h;
    if (e->type == AMEND_EVENT_MIGRATION_STARTED && e->step == 1)
    {
        clock_sleep_ms(1050);
    }
    if (e->type == AMEND_EVENT_MIGRATION_STARTED && e->step == 2)
    {
        harness_expect(h, APPLIED, "001\n");
        assert_string_equal(h->steps, "+001 ");
    }
}

/* What took a second is committed: others see it. */
static void test_long_work_is_committed(void **state)
{
    (void)state;
    harness h;
    four(&h);
    h.hook = sleep_at_first;
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 +004 ");
    h.hook = NULL;
    expect_end(&h);
}

static void steal_behind_first(harness *h, const amend_event *e)
{
    sleep_at_first(h, e);
    if (e->type == AMEND_EVENT_MIGRATION_APPLIED && e->step == 1)
    {
        harness_sql(h, "UPDATE _migrations_lock SET fence = fence + 1, holder = 'elsewhere/1/1/1', host = 'web-2', "
                       "heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')");
    }
}

/* Between two transactions somebody took over: nothing more is run, and the lock is left alone. */
static void test_lock_lost(void **state)
{
    (void)state;
    harness h;
    four(&h);
    h.hook = steal_behind_first;
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    h.hook = NULL;
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    assert_string_equal(h.error.version, "002");
    assert_string_equal(h.steps, "+001 ");
    harness_expect(&h, APPLIED, "001\n");
    harness_expect(&h, HOLDER, "elsewhere/1/1/1\n");
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCKED);
    assert_non_null(strstr(h.error.message, "amend on web-2"));
    harness_sql(&h, "UPDATE _migrations_lock SET heartbeat = '2026-01-01T00:00:00.000Z'");
    expect_end(&h);
}

static void steal_once(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_RUN_STARTED && h->told[AMEND_EVENT_RUN_STARTED] == 1)
    {
        harness_sql(h, "UPDATE _migrations_lock SET fence = fence + 1");
    }
}

/* Between reading and taking the lock somebody was there: read again. */
static void test_other_was_quicker(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "004_d.sql", "SELECT 1;");
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_file(&h, "005_e.sql", "CREATE TABLE e (x);");
    h.hook = steal_once;
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+005 ");
    assert_int_equal(h.told[AMEND_EVENT_RUN_STARTED], 2);
    assert_int_equal(h.told[AMEND_EVENT_RUN_FINISHED], 1);
    harness_close(&h);
}

static sqlite3 *other_connection(const harness *h, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(h->url, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

/* Somebody writes, and does not end: we wait as for another runner. */
static void test_writer_in_the_way(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_ready(&h);
    sqlite3 *db = other_connection(&h, "BEGIN IMMEDIATE; CREATE TABLE other (x)");
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_non_null(strstr(h.error.message, "another session that writes to the database"));
    assert_true(h.told[AMEND_EVENT_LOCK_WAITING] >= 1);
    assert_string_equal(h.steps, "");
    sqlite3_close(db);
    expect_end(&h);
}

static void read_at_last(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_MIGRATION_STARTED && e->step == 4 && h->hook_arg == NULL)
    {
        h->hook_arg = other_connection(h, "BEGIN; SELECT count(*) FROM sqlite_schema");
    }
    if (e->type == AMEND_EVENT_MIGRATION_PROGRESS && h->session.lock_wait_ms == 301)
    {
        sqlite3_exec(h->hook_arg, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* A reader keeps the COMMIT waiting, and goes. */
static void test_reader_at_commit(void **state)
{
    (void)state;
    harness h;
    four(&h);
    h.hook = read_at_last;
    h.session.lock_timeout_ms = 400; /* progress is told after a quarter of a second */
    h.session.lock_wait_ms = 301;    /* the reader goes then */
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 +004 ");
    assert_true(h.told[AMEND_EVENT_MIGRATION_PROGRESS] >= 1);
    h.hook = NULL;
    sqlite3_close(h.hook_arg);
    expect_end(&h);
}

/* A reader that does not go: nothing is applied, and it is not blamed on a constraint. */
static void test_reader_stays(void **state)
{
    (void)state;
    harness h;
    four(&h);
    h.hook = read_at_last;
    h.session.lock_timeout_ms = 20;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    h.hook = NULL;
    assert_int_equal(h.error.code, AMEND_E_BUSY);
    assert_string_equal(h.error.detail, "");
    assert_string_equal(h.steps, "");
    assert_true(h.session.driver->idle(h.session.conn));
    sqlite3_close(h.hook_arg);
    expect_end(&h);
}

/* The row in the history is refused: a table of another tool's with a rule of its own. */
static void test_record_refused(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_sql(&h, "CREATE TABLE _migrations (version TEXT CHECK (version <> '003'), checksum TEXT)");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_string_equal(h.error.version, "003");
    assert_int_equal(strncmp(h.error.message, "amend's own tables could not be written: CHECK", 46), 0);
    assert_non_null(strstr(h.error.hint, "_migrations_lock"));
    harness_expect(&h, "SELECT name FROM sqlite_schema WHERE name = 'c'", "");
    harness_close(&h);
}

/* A column that we don't know, and that may not be NULL: nobody took the lock. */
static void test_record_lacks_a_column(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_sql(&h, "CREATE TABLE _migrations (version TEXT, checksum TEXT, batch INTEGER NOT NULL)");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_non_null(strstr(h.error.message, "_migrations.batch"));
    harness_close(&h);
}

static void test_lock_table_of_another_form(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_ready(&h);
    harness_sql(&h, "CREATE TABLE _migration_events (id, hash, type);"
                    "CREATE TABLE _migrations_lock (id INTEGER PRIMARY KEY, fence, holder, host, pid, since, heartbeat);"
                    "CREATE TRIGGER refuse BEFORE INSERT ON _migrations_lock BEGIN SELECT RAISE(ABORT, 'not here'); END;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_string_equal(h.error.message, "amend's own tables could not be written: not here");
    assert_true(h.session.driver->idle(h.session.conn));
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema WHERE name = '_migrations'", "0\n");
    harness_close(&h);
}

/* A file that can't be loaded comes up in its turn: those before it are applied. */
static void test_load_fails(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);\nROLLBACK;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_failure(&h, "003", AMEND_E_TX_CONTROL);
    assert_int_equal(h.error.line, 2);
    expect_end(&h);
}

/* What a script leaves set is put back before the next. */
static void test_session_settings(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "002_b.sql", "CREATE TABLE b (x INTEGER PRIMARY KEY);\nPRAGMA case_sensitive_like = ON;");
    harness_file(&h, "003_c.sql", "CREATE TABLE c AS SELECT 'A' LIKE 'a' AS x;");
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_expect(&h, "SELECT x FROM c", "1\n");
    harness_close(&h);
}

/* -------------------------------------------------------------------------------------------------------------- rebuilds */

static const char REBUILD[] = "CREATE TABLE new_a (x INTEGER PRIMARY KEY, y);\nINSERT INTO new_a SELECT x, 1 FROM a;\n"
                              "DROP TABLE a;\nALTER TABLE new_a RENAME TO a;";

/* Rebuilds among others: each has its own transaction with foreign keys off, and referring rows stay. */
static void test_rebuilds(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "002_b.sql",
                 "CREATE TABLE b (x REFERENCES a ON DELETE CASCADE);\nINSERT INTO a VALUES (1), (2);\n"
                 "INSERT INTO b VALUES (1), (2), (2);");
    harness_file(&h, "003_c.sql", REBUILD);
    harness_file(&h, "004_d.sql", REBUILD);
    harness_file(&h, "005_e.sql", "CREATE TABLE e (x);");
    enforce_keys(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 +004 +005 ");
    harness_expect(&h, "SELECT count(*) FROM b", "3\n");
    assert_int_equal(session_run(&h.session, SLICE("INSERT INTO b VALUES (99);"), 1, NULL, NULL, &h.error), AMEND_FAILED);
    harness_close(&h);
}

static void test_rebuild_breaks_keys(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "002_b.sql",
                 "CREATE TABLE b (x REFERENCES a);\nINSERT INTO a VALUES (1), (2);\nINSERT INTO b VALUES (1), (2);");
    harness_file(&h, "003_c.sql",
                 "CREATE TABLE new_a (x INTEGER PRIMARY KEY, y);\nINSERT INTO new_a SELECT x, 1 FROM a WHERE x = 1;\n"
                 "DROP TABLE a;\nALTER TABLE new_a RENAME TO a;");
    enforce_keys(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_failure(&h, "003", AMEND_E_FOREIGN_KEYS);
    harness_expect(&h, "SELECT count(*) FROM a", "2\n");
    harness_close(&h);
}

/* --------------------------------------------------------------------------------------------- outside a transaction */

static void test_mixed_among_others(void **state)
{
    (void)state;
    harness h;
    four(&h);
    harness_file(&h, "001_a.sql", "VACUUM;\nCREATE TABLE a (x INTEGER PRIMARY KEY);");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x INTEGER PRIMARY KEY);\nVACUUM;\nINSERT INTO c VALUES (1);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 +004 ");
    harness_expect(&h, "SELECT count(*) FROM c", "1\n");
    harness_expect(&h, "SELECT type FROM _migration_events WHERE version = '003' ORDER BY id",
                   "statement.done\nstatement.started\nstatement.done\nstatement.done\nmigration.applied\n");
    harness_expect(&h, HOLDER, "\n");
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_in_one_transaction),
        cmocka_unit_test(test_statement_fails),
        cmocka_unit_test(test_transaction_is_given_up),
        cmocka_unit_test(test_transaction_is_given_up_by_the_first),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_commit_refused),
        cmocka_unit_test(test_commit_refused_behind_a_failure),
        cmocka_unit_test(test_long_work_is_committed),
        cmocka_unit_test(test_lock_lost),
        cmocka_unit_test(test_other_was_quicker),
        cmocka_unit_test(test_writer_in_the_way),
        cmocka_unit_test(test_reader_at_commit),
        cmocka_unit_test(test_reader_stays),
        cmocka_unit_test(test_record_refused),
        cmocka_unit_test(test_record_lacks_a_column),
        cmocka_unit_test(test_lock_table_of_another_form),
        cmocka_unit_test(test_load_fails),
        cmocka_unit_test(test_session_settings),
        cmocka_unit_test(test_rebuilds),
        cmocka_unit_test(test_rebuild_breaks_keys),
        cmocka_unit_test(test_mixed_among_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
