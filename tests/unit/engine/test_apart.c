/* SPDX-License-Identifier: MIT */
/*
 * Steps with statements outside a transaction: interrupted and resumed on real SQLite; the heartbeat, invalid indexes and lost
 * locks on the scripted database.
 */
#include "engine/harness.h"

#include "base/alloc.h"
#include "engine/journal.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define TABLES "SELECT name FROM sqlite_schema WHERE name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name"
#define EVENTS "SELECT type FROM _migration_events WHERE type <> 'schema.recorded' ORDER BY id"

static void expect_ok(harness *h, amend_status status)
{
    if (status != AMEND_OK)
    {
        fail_msg("AM%04d %s (%s)", (int)h->error.code, h->error.message, h->error.detail);
    }
}

/* ------------------------------------------------------------------------------------------------------------- resuming */

static void test_goes_on_after_a_failure(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;\nno sql;\nCREATE TABLE b (x);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.line, 3);
    assert_int_equal(h.error.statement, 3);
    assert_string_equal(h.error.hint, "This migration can't run in one transaction: its first 2 statements are done and "
                                      "journalled. Correct the file from statement 3 on and run the command again.");
    harness_expect(&h, TABLES, "a\n");
    harness_expect(&h, "SELECT count(*) FROM _migrations", "0\n");
    harness_expect(&h, "SELECT holder FROM _migrations_lock", "\n");
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;\nCREATE TABLE b (x);");
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    harness_expect(&h, TABLES, "a\nb\n");
    harness_expect(&h, EVENTS,
                   "statement.done\nstatement.started\nstatement.done\nmigration.failed\nstatement.done\n"
                   "migration.applied\n");
    harness_close(&h);
}

/* A transaction that fails leaves nothing, and nothing is said to be done. */
static void test_first_transaction_fails(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nno sql;\nVACUUM;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.statement, 2);
    assert_null(strstr(h.error.hint, "done and journalled"));
    harness_expect(&h, TABLES, "");
    harness_close(&h);
}

static void test_hint_of_one(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "VACUUM;\nCREATE TABLE a (x);\nno sql;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.statement, 3);
    assert_string_equal(h.error.hint, "This migration can't run in one transaction: its first statement is done and "
                                      "journalled. Correct the file from statement 2 on and run the command again.");
    harness_expect(&h, TABLES, "");
    harness_close(&h);
}

/* What was done is not done again when the file has more in the same transaction now. */
static void test_longer_segment(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "000_log.sql", "CREATE TABLE log (x);");
    harness_file(&h, "001_a.sql", "INSERT INTO log VALUES (1);\nVACUUM INTO '/no/such/directory/x';");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_file(&h, "001_a.sql", "INSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);\nVACUUM;");
    expect_ok(&h, harness_up(&h));
    harness_expect(&h, "SELECT x FROM log", "1\n2\n");
    harness_close(&h);
}

/* What was outside a transaction is corrected away: what was done before it is still not done again. */
static void test_now_in_one_transaction(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "000_log.sql", "CREATE TABLE log (x);");
    harness_file(&h, "001_a.sql",
                 "INSERT INTO log VALUES (1);\nVACUUM INTO '/no/such/directory/x';\nINSERT INTO log VALUES (3);");
    harness_file(&h, "002_b.sql", "INSERT INTO log VALUES (4);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+000 ");
    harness_file(&h, "001_a.sql", "INSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);\nINSERT INTO nowhere VALUES (3);");
    assert_int_equal(harness_up(&h), AMEND_FAILED); /* that part is undone */
    assert_int_equal(h.error.statement, 3);
    harness_expect(&h, "SELECT x FROM log", "1\n");
    harness_file(&h, "001_a.sql", "BEGIN;\nINSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);\nCOMMIT;");
    assert_int_equal(harness_up(&h), AMEND_FAILED); /* its first statement is another one now */
    assert_int_equal(h.error.code, AMEND_E_PARTIAL_CHANGED);
    harness_file(&h, "001_a.sql", "INSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);");
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 +002 ");
    harness_expect(&h, "SELECT x FROM log", "1\n2\n4\n");
    harness_close(&h);
}

/* All of it was done but for the history's row. */
static void test_nothing_left(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM INTO '/no/such/directory/x';");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);");
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    harness_close(&h);
}

/* The crash came between a statement and its event: the database says that it is there already. */
static void test_statement_was_done(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "-- amend:transaction off\nCREATE TABLE a (x);\nCREATE TABLE b (x);");
    expect_ok(&h, harness_up(&h));
    harness_sql(&h, "DELETE FROM _migrations; DROP TABLE b;"
                    "DELETE FROM _migration_events WHERE id > (SELECT min(id) FROM _migration_events)");
    harness_expect(&h, EVENTS, "statement.started\n");
    expect_ok(&h, harness_up(&h));
    harness_expect(&h, TABLES, "a\nb\n");
    harness_close(&h);
}

/* Without the journal's word for it, a table that is there is an error. */
static void test_statement_was_not_begun(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE b (y)");
    harness_file(&h, "001_a.sql", "-- amend:transaction off\nCREATE TABLE a (x);\nCREATE TABLE b (x);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.statement, 2);
    assert_int_equal(harness_up(&h), AMEND_FAILED); /* nor when it is tried again: it was refused, not interrupted */
    assert_int_equal(h.error.statement, 2);
    harness_close(&h);
}

/* The statement is done, its event can't be written; later it can. */
static void test_event_can_not_be_written(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "000_first.sql", "SELECT 1;");
    harness_file(&h, "001_a.sql", "-- amend:transaction off\nCREATE TABLE a (x);\nCREATE TABLE b (x);");
    harness_ready(&h);
    harness_sql(&h, "CREATE TABLE _migration_events (id TEXT NOT NULL PRIMARY KEY, at, type, version, checksum, actor, host, "
                    "application, detail, prev_hash, hash) WITHOUT ROWID; CREATE TRIGGER no BEFORE INSERT ON _migration_events "
                    "WHEN new.type = 'statement.done' BEGIN SELECT RAISE(ABORT, 'not now'); END");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "amend's own tables could not be written: not now");
    assert_string_equal(h.error.version, "001");
    harness_expect(&h, TABLES, "a\nno\n");
    harness_sql(&h, "DROP TRIGGER no");
    expect_ok(&h, harness_up(&h));
    harness_expect(&h, TABLES, "a\nb\n");
    harness_close(&h);
}

static void test_record_can_not_be_written(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;");
    harness_sql(&h, "CREATE TABLE _migrations (version, checksum); CREATE TRIGGER no BEFORE INSERT ON _migrations "
                    "BEGIN SELECT RAISE(ABORT, 'not now'); END");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_sql(&h, "DROP TRIGGER no");
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    harness_expect(&h, "SELECT count(*) FROM _migration_events WHERE type = 'statement.started'", "1\n"); /* VACUUM, once */
    harness_close(&h);
}

static void test_done_part_has_changed(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;\nno sql;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_file(&h, "001_a.sql", "CREATE TABLE other (x);\nVACUUM;\nSELECT 1;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_PARTIAL_CHANGED);
    assert_string_equal(h.error.message, "the first 2 statements of 001 were run from another text");
    assert_string_equal(h.error.file, "001_a.sql");
    assert_string_equal(h.error.version, "001");
    harness_expect(&h, TABLES, "a\n");
    harness_close(&h);
}

/* Half-way up, and somebody writes the history by hand: down does not begin. */
static void test_other_direction(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;\nno sql;");
    harness_file(&h, "001_a.down.sql", "DROP TABLE a;\nVACUUM;\nno sql;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_sql(&h, "INSERT INTO _migrations (version, name, checksum, execution_time_ms) VALUES ('001', 'a', '', 0)");
    assert_int_equal(harness_down(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_RUN_INCOMPLETE);
    assert_string_equal(h.error.message, "001 was left in the middle of a run");
    assert_string_equal(h.error.hint, "Finish it first with \"amend up\".");
    harness_close(&h);
}

static void test_half_way_down(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;");
    harness_file(&h, "001_a.down.sql", "DROP TABLE a;\nVACUUM;\nno sql;");
    expect_ok(&h, harness_up(&h));
    assert_int_equal(harness_down(&h), AMEND_FAILED);
    assert_string_equal(h.error.file, "001_a.down.sql");
    harness_expect(&h, TABLES, "");
    char row[256];
    snprintf(row, sizeof row, "%s", harness_query(&h, "SELECT quote(version) || ',' || quote(checksum) FROM _migrations"));
    harness_sql(&h, "DELETE FROM _migrations");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_RUN_INCOMPLETE);
    assert_string_equal(h.error.message, "001 was left in the middle of a rollback");
    char sql[512];
    snprintf(sql, sizeof sql, "INSERT INTO _migrations (version, checksum, name, execution_time_ms) VALUES (%.*s, 'a', 0)",
             (int)strcspn(row, "\n"), row);
    harness_sql(&h, sql);
    harness_file(&h, "001_a.down.sql", "DROP TABLE a;\nVACUUM;\nSELECT 1;");
    expect_ok(&h, harness_down(&h));
    assert_string_equal(h.steps, "-001 ");
    expect_ok(&h, harness_up(&h)); /* its journal is closed: all begins anew */
    harness_expect(&h, TABLES, "a\n");
    harness_close(&h);
}

/* A rebuild with a statement outside a transaction in its midst: foreign keys are off for its transactions only. */
static void test_rebuild(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql",
                 "CREATE TABLE a (x INTEGER PRIMARY KEY);\nCREATE TABLE b (x REFERENCES a ON DELETE CASCADE);\n"
                 "INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (1);");
    harness_file(&h, "002_b.sql",
                 "CREATE TABLE n (x INTEGER PRIMARY KEY, y);\nINSERT INTO n (x) SELECT x FROM a;\nDROP TABLE a;\n"
                 "ALTER TABLE n RENAME TO a;\nVACUUM;\nINSERT INTO a VALUES (2, 2);");
    harness_ready(&h);
    assert_int_equal(session_run(&h.session, SLICE("PRAGMA foreign_keys = ON;"), 1, NULL, NULL, &h.error), AMEND_OK);
    expect_ok(&h, harness_up(&h));
    harness_expect(&h, "SELECT count(*) FROM b", "1\n");
    assert_int_equal(session_run(&h.session, SLICE("INSERT INTO b VALUES (99);"), 1, NULL, NULL, &h.error), AMEND_FAILED);
    harness_file(&h, "003_c.sql",
                 "CREATE TABLE n (x INTEGER PRIMARY KEY, y);\nDROP TABLE a;\nALTER TABLE n RENAME TO a;\nVACUUM;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_FOREIGN_KEYS);
    harness_expect(&h, "SELECT count(*) FROM a", "2\n");
    harness_close(&h);
}

/* The lock's message of its own is refused. */
static void test_lock_can_not_be_had(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);\nVACUUM;");
    harness_sql(&h,
                "CREATE TABLE _migration_events (id, hash, type);"
                "CREATE TABLE _migrations_lock (id INTEGER PRIMARY KEY, fence NOT NULL, holder, host, pid, since, heartbeat);"
                "INSERT INTO _migrations_lock (id, fence) VALUES (1, 1);"
                "CREATE TRIGGER no BEFORE UPDATE ON _migrations_lock BEGIN SELECT RAISE(ABORT, 'not here'); END");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "amend's own tables could not be written: not here");
    assert_true(h.session.driver->idle(h.session.conn));
    harness_close(&h);
}

/* ------------------------------------------------------------------------------------------------------------ heartbeat */

#define INDEX "CREATE INDEX CONCURRENTLY i ON t (x);"

static void test_heartbeat(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .idle = 3, .notice = "look here"},
                 {.match = HARNESS_GUARD, .conn = 2, .skip = 100});
    harness_file(&h, "001_a.sql", INDEX);
    h.session.lease_ms = 0; /* so that each silence is a third of it */
    expect_ok(&h, harness_up(&h));
    assert_int_equal(h.script.opened, 2);
    assert_int_equal(h.script.rules[3].seen, 3);
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_PROGRESS], 3);
    assert_string_equal(h.said, "NOTICE: look here\n");
    harness_close(&h);
}

static void test_no_heartbeat_before_its_time(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .idle = 3});
    harness_file(&h, "001_a.sql", INDEX);
    h.session.lease_ms = 60000;
    expect_ok(&h, harness_up(&h));
    assert_int_equal(h.script.opened, 1);
    harness_close(&h);
}

/* Somebody took over while the statement ran: it is cancelled, and nothing more is written. */
static void test_lease_lost(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .idle = 3},
                 {.match = HARNESS_GUARD, .conn = 2, .skip = 1, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502"});
    harness_file(&h, "001_a.sql", INDEX "\nCREATE TABLE two (x int);");
    h.session.lease_ms = 0;
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    assert_string_equal(h.error.message, "the lock was lost to another runner while a statement ran");
    assert_null(strstr(h.script.log, "CREATE TABLE two"));
    assert_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

/* The heartbeat's own connection fails: that alone stops nothing, and the next time there is a new one. */
static void test_pulse_fails(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .idle = 4},
                 {.match = HARNESS_GUARD, .conn = 2, .fault = AMEND_FAULT_BUSY, .sqlstate = "55P03"});
    harness_file(&h, "001_a.sql", INDEX);
    h.session.lease_ms = 0;
    h.script.open_fault = AMEND_FAULT_LOST;
    h.script.open_skip = 2;
    h.script.open_fails = 1;
    expect_ok(&h, harness_up(&h));
    assert_int_equal(h.script.opened, 4); /* ours, one that was busy, one that was refused, one that worked */
    harness_close(&h);
}

static void cancel(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_MIGRATION_PROGRESS)
    {
        atomic_store(&h->session.cancelled, true);
    }
}

/* Stopped while a statement runs: the journal says that it was refused, the lock is given back. */
static void test_cancelled(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .idle = 3});
    harness_file(&h, "001_a.sql", INDEX);
    h.hook = cancel;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

static void cancel_at_start(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_MIGRATION_STARTED)
    {
        atomic_store(&h->session.cancelled, true);
    }
}

static void test_cancelled_before(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    harness_file(&h, "001_a.sql", INDEX);
    h.hook = cancel_at_start;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_null(strstr(h.script.log, "statement.started"));
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    harness_close(&h);
}

/* Between two statements. */
static void test_cancelled_between(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "COMMIT", .skip = 1, .idle = 1});
    harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);\n" INDEX);
    h.hook = cancel;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    harness_close(&h);
}

/* ------------------------------------------------------------------------------------------------------ invalid indexes */

static const char *const index_names[] = {"schema", "name"};
static const char *const index_values[] = {"public", "i"};

#define INVALID                                                                                                                \
    {                                                                                                                          \
        .match = "indisvalid", .columns = 2, .names = index_names, .values = index_values                                      \
    }

static void test_invalid_index(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, INVALID);
    harness_file(&h, "001_a.sql", INDEX);
    expect_ok(&h, harness_up(&h));
    const char *drop = strstr(h.script.log, "DROP INDEX CONCURRENTLY IF EXISTS");
    assert_non_null(drop);
    assert_non_null(strstr(drop, "CREATE INDEX CONCURRENTLY i"));
    assert_int_equal(h.told[AMEND_EVENT_INDEX_REBUILT], 1);
    assert_string_equal(h.said, "the index \"i\" was left invalid by an interrupted run: dropped, to be built again\n");
    harness_close(&h);
}

static void test_invalid_index_can_not_be_found(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "indisvalid", .fault = AMEND_FAULT_STATEMENT, .message = "no"});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "no");
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    harness_close(&h);
}

static void test_invalid_index_can_not_be_dropped(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, INVALID, {.match = "DROP INDEX", .fault = AMEND_FAULT_STATEMENT, .message = "no"});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "no");
    assert_int_equal(h.told[AMEND_EVENT_INDEX_REBUILT], 0);
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    harness_close(&h);
}

/* ---------------------------------------------------------------------------------------------------- faults of a server */

/* The detail of an event about statement 1 of INDEX. */
static const char *first_detail(void)
{
    static char text[256];
    amend_error error = {0};
    directives head = {0};
    outline o;
    buf out;
    arena *a = arena_new(&alloc_default);
    buf_init(&out, &alloc_default);
    assert_int_equal(outline_make(a, dialect_find("postgres"), "f", SLICE(INDEX), &head, &o, &error), AMEND_OK);
    journal_detail(&o, false, 0, 1, &out);
    snprintf(text, sizeof text, "%s", out.data);
    buf_clear(&out);
    arena_free(a);
    return text;
}

static const char *const event_names[] = {"id", "type", "detail"};

static void test_resumed_on_a_server(void **state)
{
    (void)state;
    if (dialect_find("postgres") == NULL)
    {
        skip();
    }
    const char *const started[] = {"x", "statement.started", first_detail()};
    HARNESS_FAKE(h, HARNESS_THERE, {.match = "AS newest", .columns = 3, .names = event_names, .values = started},
                 {.match = "CREATE INDEX", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42P07"});
    harness_file(&h, "001_a.sql", INDEX);
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    harness_close(&h);
}

static void test_done_on_a_server(void **state)
{
    (void)state;
    if (dialect_find("postgres") == NULL)
    {
        skip();
    }
    const char *const done[] = {"x", "statement.done", first_detail()};
    HARNESS_FAKE(h, HARNESS_THERE, {.match = "AS newest", .columns = 3, .names = event_names, .values = done});
    harness_file(&h, "001_a.sql", INDEX);
    expect_ok(&h, harness_up(&h));
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    harness_close(&h);
}

static void test_journal_can_not_be_read(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_THERE, {.match = "AS newest", .fault = AMEND_FAULT_STATEMENT, .message = "no"});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "no");
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

static void test_statement_refused(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42P07"});
    harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);\n" INDEX);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.statement, 2);
    assert_int_equal(h.error.line, 2);
    assert_non_null(strstr(h.error.hint, "its first statement is done and journalled"));
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

static void test_connection_lost(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE INDEX", .fault = AMEND_FAULT_LOST});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_UNREACHABLE);
    assert_int_equal(h.error.code, AMEND_E_CONNECTION_LOST);
    assert_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

static void test_lock_lost_before_a_statement(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_GUARD, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502"});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    assert_null(strstr(h.script.log, "CREATE INDEX"));
    assert_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

/* The lock's message of its own, when the first step is such a one. */
static void test_other_was_quicker(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_ACQUIRE, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502", .times = 1});
    harness_file(&h, "001_a.sql", INDEX);
    expect_ok(&h, harness_up(&h));
    assert_int_equal(h.told[AMEND_EVENT_RUN_STARTED], 2);
    harness_close(&h);
}

static void test_lock_refused(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = HARNESS_ACQUIRE, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42501", .message = "no"});
    harness_file(&h, "001_a.sql", INDEX);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "amend's own tables could not be written: no");
    harness_close(&h);
}

/* A lock timeout of a statement is a matter of trying again, here as elsewhere. */
static void test_busy(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = "CREATE TABLE one", .fault = AMEND_FAULT_BUSY, .sqlstate = "55P03", .message = "later", .times = 1},
                 {.match = "CREATE INDEX", .fault = AMEND_FAULT_BUSY, .sqlstate = "40P01", .message = "deadlock", .times = 1});
    harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);\n" INDEX);
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    assert_int_equal(h.told[AMEND_EVENT_LOCK_RETRY], 2);
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_FAILED], 0);
    harness_close(&h);
}

/* All is applied but the lock can't be given back: as for steps that go together. */
static void test_release_fails(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_RELEASE, .fault = AMEND_FAULT_BUSY, .message = "not now", .times = 1});
    harness_file(&h, "001_a.sql", INDEX);
    expect_ok(&h, harness_up(&h));
    assert_string_equal(h.steps, "+001 ");
    assert_int_equal(h.told[AMEND_EVENT_WARNING], 1);
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_FAILED], 0);
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE)); /* the second try */
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_after_a_failure),
        cmocka_unit_test(test_first_transaction_fails),
        cmocka_unit_test(test_hint_of_one),
        cmocka_unit_test(test_longer_segment),
        cmocka_unit_test(test_now_in_one_transaction),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_statement_was_done),
        cmocka_unit_test(test_statement_was_not_begun),
        cmocka_unit_test(test_event_can_not_be_written),
        cmocka_unit_test(test_record_can_not_be_written),
        cmocka_unit_test(test_done_part_has_changed),
        cmocka_unit_test(test_other_direction),
        cmocka_unit_test(test_half_way_down),
        cmocka_unit_test(test_rebuild),
        cmocka_unit_test(test_lock_can_not_be_had),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_no_heartbeat_before_its_time),
        cmocka_unit_test(test_lease_lost),
        cmocka_unit_test(test_pulse_fails),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_cancelled_before),
        cmocka_unit_test(test_cancelled_between),
        cmocka_unit_test(test_invalid_index),
        cmocka_unit_test(test_invalid_index_can_not_be_found),
        cmocka_unit_test(test_invalid_index_can_not_be_dropped),
        cmocka_unit_test(test_resumed_on_a_server),
        cmocka_unit_test(test_done_on_a_server),
        cmocka_unit_test(test_journal_can_not_be_read),
        cmocka_unit_test(test_statement_refused),
        cmocka_unit_test(test_connection_lost),
        cmocka_unit_test(test_lock_lost_before_a_statement),
        cmocka_unit_test(test_other_was_quicker),
        cmocka_unit_test(test_lock_refused),
        cmocka_unit_test(test_busy),
        cmocka_unit_test(test_release_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
