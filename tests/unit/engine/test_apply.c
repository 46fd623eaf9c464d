/* SPDX-License-Identifier: MIT */
/* Reading, planning and waiting around a run. What a run itself does is in test_batch.c, test_nested.c and test_apart.c. */
#include "engine/harness.h"

#include "base/error.h"
#include "engine/audit.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static void two(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_a.sql", "CREATE TABLE a (x);");
    harness_file(h, "001_a.down.sql", "DROP TABLE a;");
    harness_file(h, "002_b.sql", "CREATE TABLE b (x);");
    harness_file(h, "002_b.down.sql", "DROP TABLE b;");
}

static void expect_whole_trail(harness *h, size_t count)
{
    history now;
    audit a;
    char number[16];
    snprintf(number, sizeof number, "%zu\n", count);
    assert_int_equal(history_read(&h->session, h->arena, &now, &h->error), AMEND_OK);
    assert_int_equal(audit_check(&h->session, &now.ledger, &a, &h->error), AMEND_OK);
    assert_string_equal(a.broken, "");
    harness_expect(h, "SELECT count(*) FROM _migration_events WHERE type <> 'schema.recorded'", number);
}

static void test_up_and_down(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 ");
    assert_int_equal(h.told[AMEND_EVENT_RUN_STARTED], 1);
    assert_int_equal(h.told[AMEND_EVENT_RUN_FINISHED], 1);
    assert_int_equal(h.outcome.done, 2);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_int_equal(h.told[AMEND_EVENT_RUN_STARTED], 0); /* nothing to do is no run */
    assert_int_equal(harness_down(&h), AMEND_OK);
    assert_string_equal(h.steps, "-002 ");
    assert_int_equal(harness_run(&h, plan_redo, 0), AMEND_OK);
    assert_string_equal(h.steps, "-001 +001 ");
    assert_int_equal(harness_run(&h, plan_reset, 0), AMEND_OK);
    assert_string_equal(h.steps, "-001 ");
    harness_expect(&h, "SELECT count(*) FROM _migrations", "0\n");
    expect_whole_trail(&h, 6);
    harness_close(&h);
}

static void test_conflict(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x, y);");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CHECKSUM);
    assert_string_equal(h.steps, "");
    assert_int_equal(harness_run(&h, plan_repair, 0), AMEND_OK);
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_REPAIRED], 1);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+003 ");
    expect_whole_trail(&h, 4);
    harness_close(&h);
}

/* Somebody dropped one of our tables. Those left must not keep everybody waiting for a lock that nobody holds. */
static void test_events_are_gone(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "DROP TABLE _migration_events");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    if (harness_up(&h) != AMEND_OK)
    {
        fail_msg("%s", h.error.message);
    }
    assert_string_equal(h.steps, "+003 ");
    assert_int_equal(h.told[AMEND_EVENT_LOCK_WAITING], 0);
    expect_whole_trail(&h, 1);
    harness_close(&h);
}

static void test_lock_is_gone(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "DROP TABLE _migrations_lock");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+003 ");
    expect_whole_trail(&h, 3); /* it goes on where it was */
    harness_close(&h);
}

static void test_history_is_gone(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "DROP TABLE _migrations; DROP TABLE a; DROP TABLE b");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 ");
    expect_whole_trail(&h, 4);
    harness_close(&h);
}

static void test_tables_can_not_be_made(void **state)
{
    static const char *const half[] = {"public", "1", "0", "1", "version:0,checksum:0"};
    (void)state;
    HARNESS_FAKE(h, {.match = "to_regclass", .columns = 5, .names = harness_meta, .values = half},
                 {.match = "CREATE TABLE IF NOT EXISTS", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42501", .message = "no"});
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x int);");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "amend's own tables could not be written: no");
    assert_false(h.script.in_tx);
    harness_close(&h);
}

/* A table stays missing although it was made: that is tried once. */
static void test_tables_do_not_come(void **state)
{
    static const char *const half[] = {"public", "1", "0", "1", "version:0,checksum:0"};
    (void)state;
    HARNESS_FAKE(h, {.match = "to_regclass", .columns = 5, .names = harness_meta, .values = half},
                 {.match = "CREATE TABLE IF NOT EXISTS"});
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x int);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_int_equal(h.script.rules[1].seen, 3); /* once with the lock, as always, and once that of the schema */
    harness_close(&h);
}

/* Nothing is written to find out what would be. */
static void test_dry_run_writes_nothing(void **state)
{
    (void)state;
    harness h;
    two(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "DROP TABLE _migration_events");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    assert_int_equal(harness_run(&h, plan_up, AMEND_DRY_RUN), AMEND_OK);
    assert_non_null(strstr(h.outcome.sql, "CREATE TABLE c (x);"));
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema WHERE name = '_migration_events'", "0\n");
    harness_close(&h);
}

/* A writer that keeps even readers out is waited for from the first query on. */
static void test_locked_for_readers(void **state)
{
    (void)state;
    harness h;
    two(&h);
    harness_ready(&h);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(h.url, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    h.session.lock_timeout_ms = 20;
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_non_null(strstr(h.error.message, "another session that writes"));
    sqlite3_close(db);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_close(&h);
}

/* A runner that died: its lock is taken over at once, and that is told in the trail. */
static void test_takeover(void **state)
{
    (void)state;
    harness h;
    two(&h);
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "UPDATE _migrations_lock SET holder = 'elsewhere/1/1/1', host = 'web \"2\"', pid = 42, "
                    "heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-5 seconds')");
    harness_file(&h, "004_d.sql", "CREATE TABLE d (x);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+004 ");
    harness_expect(&h,
                   "SELECT json_extract(detail, '$.from_host'), json_extract(detail, '$.from_pid'), "
                   "json_extract(detail, '$.silent_ms') BETWEEN 4900 AND 60000, json_extract(detail, '$.fence') "
                   "FROM _migration_events WHERE type = 'lock.taken_over'",
                   "web \"2\"|42|1|2\n");
    expect_whole_trail(&h, 5);
    harness_close(&h);
}

/* A gate that says what it is told to, and counts. */
typedef struct porter
{
    unsigned asked;
    amend_status status;
    bool refuses;
} porter;

static amend_status porter_check(void *arg, arena *a, plan *p, amend_error *error)
{
    porter *who = arg;
    who->asked++;
    if (who->status != AMEND_OK)
    {
        return error_set(error, AMEND_E_OUT_OF_MEMORY, "no");
    }
    return who->refuses ? plan_problem(a, p, AMEND_ERROR, AMEND_E_HEAL_REFUSED, "002", "002_b.sql", error, "not %s", "this")
                        : AMEND_OK;
}

static amend_status up_through(harness *h, porter *who)
{
    gate guard = {.check = porter_check, .arg = who};
    amend_run run = AMEND_RUN_INIT;
    harness_ready(h);
    h->error = (amend_error){0};
    return apply(&h->session, h->arena, &h->catalog, plan_up, &guard, &run, &h->outcome, &h->error);
}

/* What the gate finds is a conflict like others: nothing of the plan runs. */
static void test_gate(void **state)
{
    (void)state;
    harness h;
    two(&h);
    porter who = {.refuses = true};
    assert_int_equal(up_through(&h, &who), AMEND_REFUSED);
    assert_int_equal(h.error.code, AMEND_E_HEAL_REFUSED);
    assert_string_equal(h.error.message, "not this");
    assert_string_equal(h.error.version, "002");
    assert_int_equal(who.asked, 1);
    assert_int_equal(h.outcome.done, 0);
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema", "0\n");
    who = (porter){.status = AMEND_FAILED};
    assert_int_equal(up_through(&h, &who), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_OUT_OF_MEMORY);
    who = (porter){0};
    assert_int_equal(up_through(&h, &who), AMEND_OK);
    assert_int_equal(h.outcome.done, 2);
    assert_int_equal(up_through(&h, &who), AMEND_OK);
    assert_int_equal(who.asked, 2); /* also about a plan with nothing in it */
    harness_close(&h);
}

/* It is asked anew about the plan that is made after the tables were mended. */
static void test_gate_is_asked_about_each_plan(void **state)
{
    (void)state;
    harness h;
    two(&h);
    porter who = {0};
    assert_int_equal(up_through(&h, &who), AMEND_OK);
    assert_int_equal(harness_down(&h), AMEND_OK);
    harness_sql(&h, "DROP TABLE _migrations_lock");
    who.asked = 0;
    assert_int_equal(up_through(&h, &who), AMEND_OK);
    assert_int_equal(who.asked, 2);
    assert_int_equal(h.outcome.done, 1);
    harness_close(&h);
}

/* A run that cures says so in its events. */
static void test_healing_is_in_the_trail(void **state)
{
    (void)state;
    harness h;
    two(&h);
    h.session.healing = "no such table: \"a\"";
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_expect(&h, "SELECT DISTINCT json_extract(detail, '$.healed') FROM _migration_events", "no such table: \"a\"\n");
    expect_whole_trail(&h, 2);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_and_down),
        cmocka_unit_test(test_conflict),
        cmocka_unit_test(test_events_are_gone),
        cmocka_unit_test(test_lock_is_gone),
        cmocka_unit_test(test_history_is_gone),
        cmocka_unit_test(test_tables_can_not_be_made),
        cmocka_unit_test(test_tables_do_not_come),
        cmocka_unit_test(test_dry_run_writes_nothing),
        cmocka_unit_test(test_locked_for_readers),
        cmocka_unit_test(test_takeover),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_gate_is_asked_about_each_plan),
        cmocka_unit_test(test_healing_is_in_the_trail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
