/* SPDX-License-Identifier: MIT */
#include "engine/harness.h"

#include "engine/snapshot.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define KEPT "SELECT version, facts FROM _migrations_schema"
#define RECORDED "SELECT version FROM _migration_events WHERE type = 'schema.recorded' ORDER BY id"

static void two_tables(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_a.sql", "CREATE TABLE a (x);");
    harness_file(h, "001_a.down.sql", "DROP TABLE a;");
    harness_file(h, "002_b.sql", "CREATE TABLE b (x);");
    harness_file(h, "002_b.down.sql", "DROP TABLE b;");
}

static void test_newest_version(void **state)
{
    (void)state;
    harness h;
    two_tables(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_expect(&h, KEPT, "002|column a.x\t\ncolumn b.x\t\ntable a\t\ntable b\t\n\n");
    assert_int_equal(harness_down(&h), AMEND_OK);
    harness_expect(&h, KEPT, "001|column a.x\t\ntable a\t\n\n");
    assert_int_equal(harness_run(&h, plan_reset, 0), AMEND_OK);
    harness_expect(&h, "SELECT version IS NULL, facts FROM _migrations_schema", "1|\n");
    assert_int_equal(harness_run(&h, plan_redo, 0), AMEND_OK); /* nothing to do */
    harness_expect(&h, RECORDED, "002\n001\n\n");
    harness_close(&h);
}

static void test_the_fingerprint_is_the_events(void **state)
{
    (void)state;
    harness h;
    two_tables(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    snapshot now;
    assert_int_equal(session_connect(&h.session, true, 1000, &h.error), AMEND_OK);
    assert_int_equal(snapshot_read(&h.session, h.arena, false, &now, &h.error), AMEND_OK);
    char wanted[80];
    snprintf(wanted, sizeof wanted, "%s\n", now.fingerprint);
    harness_expect(&h, "SELECT fingerprint FROM _migrations_schema", wanted);
    harness_expect(&h, "SELECT json_extract(detail, '$.fingerprint') FROM _migration_events WHERE type = 'schema.recorded'",
                   wanted);
    harness_close(&h);
}

/* A cure is waited for by somebody's query. */
static void test_cures_do_not_keep(void **state)
{
    (void)state;
    harness h;
    two_tables(&h);
    h.session.healing = "no such table: a";
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema WHERE name = '_migrations_schema'", "0\n");
    harness_expect(&h, RECORDED, "");
    harness_close(&h);
}

/* The database gives up the whole transaction because of it: the migrations are run again without. */
static void test_the_transaction_is_lost(void **state)
{
    (void)state;
    harness h;
    two_tables(&h);
    harness_sql(&h, "CREATE TABLE _migrations_schema (id INTEGER PRIMARY KEY, version, fingerprint, taken_at, facts);"
                    "CREATE TRIGGER no BEFORE INSERT ON _migrations_schema BEGIN SELECT RAISE(ROLLBACK, 'no room'); END");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_non_null(strstr(h.said, "the schema could not be written down: no room"));
    harness_expect(&h, "SELECT version FROM _migrations ORDER BY id", "001\n002\n");
    harness_expect(&h, "SELECT holder IS NULL FROM _migrations_lock", "1\n");
    harness_expect(&h, RECORDED, "");
    harness_close(&h);
}

/* A server that refuses it has committed the migrations before; the lock is given back by itself. */
static void test_a_server_refuses(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = "INTO \"public\".\"_migrations_schema\"",
                  .fault = AMEND_FAULT_STATEMENT,
                  .sqlstate = "57014",
                  .message = "too slow"},
                 {.match = HARNESS_RELEASE});
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x int);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_non_null(strstr(h.said, "the schema could not be written down: too slow"));
    assert_string_equal(h.steps, "+001 ");
    assert_false(h.script.in_tx);
    harness_close(&h);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        harness h;
        two_tables(&h);
        const amend_allocator *before = h.session.allocator;
        h.session.allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        amend_status status = harness_up(&h);
        bool whole = faulty.failures == 0;
        if (status == AMEND_OK) /* or it failed, and then nothing is half done */
        {
            harness_expect(&h, "SELECT count(*) FROM _migrations", "2\n");
        }
        session_close(&h.session);
        h.session.allocator = before;
        harness_close(&h);
        assert_true(!whole || status == AMEND_OK);
        if (whole)
        {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_version),    cmocka_unit_test(test_the_fingerprint_is_the_events),
        cmocka_unit_test(test_cures_do_not_keep), cmocka_unit_test(test_the_transaction_is_lost),
        cmocka_unit_test(test_a_server_refuses),  cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
