/* SPDX-License-Identifier: MIT */
/* Dry runs: what is printed, run by hand, leaves what a run would have left. */
#include "engine/harness.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define SCHEMA "SELECT coalesce(sql, name) FROM sqlite_schema WHERE name <> '_migrations_schema' ORDER BY name"
#define HISTORY "SELECT version, name, checksum, git_commit FROM _migrations ORDER BY id"
#define EVENTS                                                                                                                 \
    "SELECT type, version, checksum, actor, host, application FROM _migration_events WHERE type LIKE 'migration.%' ORDER BY "  \
    "id"

static void fill(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); -- it's \"the\" first");
    harness_file(h, "001_users.down.sql", "DROP TABLE users;");
    harness_file(h, "002_mixed.sql", "CREATE TABLE a (x);\nVACUUM;\nCREATE TABLE b (y)");
    harness_file(h, "002_mixed.down.sql", "DROP TABLE a; DROP TABLE b;");
    harness_file(h, "003_rebuild.sql",
                 "INSERT INTO users VALUES (1, 'a;b');\nCREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
                 "INSERT INTO n SELECT * FROM users;\nDROP TABLE users;\nALTER TABLE n RENAME TO users;");
    harness_file(h, "003_rebuild.down.sql", "SELECT 1;");
    harness_file(h, "004_own.sql", "BEGIN;\nCREATE TRIGGER t AFTER INSERT ON users BEGIN SELECT 1; END;\nCOMMIT;");
    harness_file(h, "004_own.down.sql", "DROP TRIGGER t;");
}

/* The text, run by sqlite3 as its shell would, in a database of its own. */
static void by_hand(harness *h, const harness *dry)
{
    harness_sql(h, dry->outcome.sql);
}

static void expect_same(const harness *a, const harness *b)
{
    static const char *const queries[] = {SCHEMA, HISTORY, EVENTS, "SELECT id, fence, holder FROM _migrations_lock"};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
    {
        char wanted[8192];
        snprintf(wanted, sizeof wanted, "%s", harness_query(a, queries[i]));
        harness_expect(b, queries[i], wanted);
    }
}

static void test_by_hand(void **state)
{
    static planner *const planners[] = {plan_up, plan_redo, plan_down, plan_reset};
    (void)state;
    harness run, hand;
    fill(&run);
    fill(&hand);
    for (size_t i = 0; i < sizeof planners / sizeof planners[0]; i++)
    {
        if (harness_run(&hand, planners[i], AMEND_DRY_RUN) != AMEND_OK || harness_run(&run, planners[i], 0) != AMEND_OK)
        {
            fail_msg("%s%s", hand.error.message, run.error.message);
        }
        assert_string_equal(hand.steps, "");
        by_hand(&hand, &hand);
        expect_same(&run, &hand);
        assert_int_equal(harness_run(&hand, plan_up, AMEND_DRY_RUN), AMEND_OK);
        session_close(&hand.session);
    }
    /* and then it goes on */
    assert_int_equal(harness_up(&run), AMEND_OK);
    assert_int_equal(harness_up(&hand), AMEND_OK);
    expect_same(&run, &hand);
    harness_close(&run);
    harness_close(&hand);
}

static void test_repair_and_baseline_by_hand(void **state)
{
    (void)state;
    harness run, hand;
    amend_run to = AMEND_RUN_INIT;
    fill(&run);
    fill(&hand);
    to.to = "003";
    to.flags = AMEND_DRY_RUN;
    harness_ready(&hand);
    assert_int_equal(apply(&hand.session, hand.arena, &hand.catalog, plan_baseline, NULL, &to, &hand.outcome, &hand.error),
                     AMEND_OK);
    by_hand(&hand, &hand);
    to.flags = 0;
    harness_ready(&run);
    assert_int_equal(apply(&run.session, run.arena, &run.catalog, plan_baseline, NULL, &to, &run.outcome, &run.error),
                     AMEND_OK);
    expect_same(&run, &hand);
    harness_file(&run, "001_users.sql", "SELECT 1;");
    harness_file(&hand, "001_users.sql", "SELECT 1;");
    assert_int_equal(harness_run(&hand, plan_repair, AMEND_DRY_RUN), AMEND_OK);
    assert_int_equal(harness_run(&run, plan_repair, 0), AMEND_OK);
    by_hand(&hand, &hand);
    expect_same(&run, &hand);
    harness_close(&run);
    harness_close(&hand);
}

static void test_nothing_to_do(void **state)
{
    (void)state;
    harness h;
    fill(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_int_equal(harness_run(&h, plan_up, AMEND_DRY_RUN), AMEND_OK);
    assert_string_equal(h.outcome.sql, "");
    harness_close(&h);
}

/* Each step under a line that names it, in order. */
static void test_headings(void **state)
{
    (void)state;
    harness h;
    fill(&h);
    assert_int_equal(harness_run(&h, plan_up, AMEND_DRY_RUN), AMEND_OK);
    const char *at = h.outcome.sql;
    static const char *const lines[] = {"-- 001 users (up)\n",   "-- 002 mixed (up)\n",          "\nVACUUM;\n",
                                        "-- 003 rebuild (up)\n", "PRAGMA foreign_keys = OFF;\n", "-- 004 own (up)\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    {
        const char *found = strstr(at, lines[i]);
        if (found == NULL)
        {
            fail_msg("no %s behind %s", lines[i], at);
        }
        at = found;
    }
    harness_close(&h);
}

/* For a server: one BEGIN and COMMIT each, COPY data with its end. */
static void test_for_a_server(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n2\n\\.\n");
    harness_file(&h, "002_b.sql", "CREATE INDEX CONCURRENTLY i ON a (x);\nCREATE TABLE b (x int)");
    harness_file(&h, "003_c.sql", "BEGIN ISOLATION LEVEL SERIALIZABLE;\nCREATE TABLE c (x int);\nCOMMIT;");
    assert_int_equal(harness_run(&h, plan_up, AMEND_DRY_RUN), AMEND_OK);
    const char *sql = h.outcome.sql;
    assert_non_null(strstr(sql, "COPY a FROM stdin;\n1\n2\n\\.\n"));
    assert_non_null(strstr(sql, "\nCREATE INDEX CONCURRENTLY i ON a (x);\nBEGIN;\nCREATE TABLE b (x int)\n;\nCOMMIT;\n"));
    assert_non_null(strstr(sql, "\nBEGIN ISOLATION LEVEL SERIALIZABLE;\n"));
    assert_int_equal(h.script.execs, 1); /* it only looked */
    harness_close(&h);
}

static void test_file_that_can_not_be_loaded(void **state)
{
    (void)state;
    harness h;
    fill(&h);
    harness_file(&h, "003_rebuild.sql", "COMMIT;");
    assert_int_equal(harness_run(&h, plan_up, AMEND_DRY_RUN), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_TX_CONTROL);
    assert_string_equal(h.error.version, "003");
    assert_null(h.outcome.sql);
    harness_close(&h);
}

/* The text becomes another one between reading the catalog and running. */
static void change_at_start(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_RUN_STARTED)
    {
        tempdir_write(&h->dir, "m/002_b.sql", "CREATE TABLE other (x);");
    }
}

static void test_file_changes_while_running(void **state)
{
    (void)state;
    harness h;
    amend_run run = AMEND_RUN_INIT;
    harness_sqlite(&h);
    tempdir_write(&h.dir, "m/001_a.sql", "CREATE TABLE a (x);");
    tempdir_write(&h.dir, "m/002_b.sql", "CREATE TABLE b (x);");
    h.hook = change_at_start;
    assert_int_equal(catalog_load(h.arena, tempdir_path(&h.dir, "m"), NULL, 0, &h.catalog, &h.error), AMEND_OK);
    assert_int_equal(apply(&h.session, h.arena, &h.catalog, plan_up, NULL, &run, &h.outcome, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_FILE_CHANGED);
    assert_string_equal(h.error.version, "002");
    assert_non_null(strstr(h.error.file, "m/002_b.sql"));
    assert_string_equal(h.steps, "+001 ");
    harness_close(&h);
}

static void remove_at_start(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_RUN_STARTED)
    {
        assert_int_equal(remove(tempdir_path(&h->dir, "m/001_a.sql")), 0);
    }
}

static void test_file_vanishes_while_running(void **state)
{
    (void)state;
    harness h;
    amend_run run = AMEND_RUN_INIT;
    harness_sqlite(&h);
    tempdir_write(&h.dir, "m/001_a.sql", "CREATE TABLE a (x);");
    h.hook = remove_at_start;
    assert_int_equal(catalog_load(h.arena, tempdir_path(&h.dir, "m"), NULL, 0, &h.catalog, &h.error), AMEND_OK);
    assert_int_equal(apply(&h.session, h.arena, &h.catalog, plan_up, NULL, &run, &h.outcome, NULL), AMEND_FAILED);
    assert_int_equal(h.outcome.results[0].state, AMEND_STATE_FAILED);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_repair_and_baseline_by_hand),
        cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_for_a_server),
        cmocka_unit_test(test_file_that_can_not_be_loaded),
        cmocka_unit_test(test_file_changes_while_running),
        cmocka_unit_test(test_file_vanishes_while_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
