/* SPDX-License-Identifier: MIT */
/* The history as it is read from real SQLite files: our own tables, other tools' tables, and what is no history at all. */
#include "engine/harness.h"

#include "base/error.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static amend_status read_it(harness *h, history *out)
{
    harness_ready(h);
    return history_read(&h->session, h->arena, out, &h->error);
}

static void test_no_tables(void **state)
{
    (void)state;
    harness h;
    history out;
    harness_sqlite(&h);
    assert_int_equal(read_it(&h, &out), AMEND_OK);
    assert_false(out.ledger.has_history || out.ledger.has_events || out.ledger.has_lock);
    assert_int_equal(out.ledger.columns, HISTORY_ALL);
    assert_int_equal(out.count, 0);
    assert_null(out.holder);
    assert_null(out.last_id);
    harness_close(&h);
}

static void test_own_tables(void **state)
{
    (void)state;
    harness h;
    history out;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);");
    harness_file(&h, "002_b.sql", "CREATE TABLE b (x);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "UPDATE _migrations_lock SET holder = 'x/1', host = 'web-2', pid = 42, since = 'then', "
                    "heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 seconds')");
    assert_int_equal(read_it(&h, &out), AMEND_OK);
    assert_true(out.ledger.has_history && out.ledger.has_events && out.ledger.has_lock);
    assert_int_equal(out.ledger.columns, HISTORY_ALL);
    assert_int_equal(out.count, 2);
    assert_string_equal(out.rows[1].version, "002");
    assert_string_equal(out.rows[1].name, "b");
    assert_int_equal(strlen(out.rows[1].checksum), 32);
    assert_int_equal(strlen(out.rows[1].applied_at), 24);
    assert_true(out.rows[1].execution_time_ms >= 0);
    assert_int_equal(out.fence, 1);
    assert_string_equal(out.holder, "x/1");
    assert_string_equal(out.holder_host, "web-2");
    assert_int_equal(out.holder_pid, 42);
    assert_string_equal(out.holder_since, "then");
    assert_in_range(out.holder_age_ms, 9900, 60000);
    trail t;
    history_trail(&out, &h.session, &t);
    assert_string_equal(t.last_id, out.last_id);
    assert_string_equal(t.last_hash, out.last_hash);
    assert_string_equal(t.actor, "ann");
    assert_false(t.server_hash);
    harness_close(&h);
}

/* Another tool's table: fewer columns, short checksums in capitals, times of another form. It is used as it is. */
static void test_other_tools_table(void **state)
{
    (void)state;
    harness h;
    history out;
    harness_sqlite(&h);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);");
    harness_file(&h, "002_b.sql", "CREATE TABLE b (x);");
    harness_file(&h, "003_c.sql", "CREATE TABLE c (x);");
    harness_ready(&h);
    char sql[512];
    snprintf(sql, sizeof sql,
             "CREATE TABLE _migrations (version VARCHAR(10), checksum VARCHAR(16), applied_at);"
             "INSERT INTO _migrations VALUES ('001', upper('%.16s'), 1793707200), ('002', '', '2026-11-03 12:00:00'),"
             "(NULL, 'x', NULL);",
             h.catalog.items[0].checksum);
    harness_sql(&h, sql);
    assert_int_equal(read_it(&h, &out), AMEND_OK);
    assert_int_equal(out.ledger.columns, HISTORY_VERSION | HISTORY_CHECKSUM | HISTORY_APPLIED_AT);
    assert_int_equal(out.count, 2); /* a row without a version is none */
    assert_string_equal(out.rows[0].applied_at, "2026-11-03T12:00:00.000Z");
    assert_string_equal(out.rows[1].applied_at, "2026-11-03T12:00:00.000Z");
    assert_null(out.rows[0].name);
    assert_int_equal(out.rows[0].execution_time_ms, -1);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+003 ");
    harness_expect(&h, "SELECT version, length(checksum) FROM _migrations WHERE version = '003'", "003|32\n");
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "");
    harness_close(&h);
}

static void expect_form(const char *create, const char *lacking)
{
    harness h;
    history out;
    char message[128];
    harness_sqlite(&h);
    harness_sql(&h, create);
    harness_file(&h, "001_a.sql", "CREATE TABLE a (x);");
    assert_int_equal(read_it(&h, &out), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_HISTORY_FORM);
    snprintf(message, sizeof message, "the table \"_migrations\" has no column \"%s\"", lacking);
    assert_string_equal(h.error.message, message);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    harness_expect(&h, "SELECT name FROM sqlite_schema", "_migrations\n");
    harness_close(&h);
}

static void test_no_history_at_all(void **state)
{
    (void)state;
    expect_form("CREATE TABLE _migrations (id INTEGER PRIMARY KEY, migration TEXT, batch INTEGER)", "version");
    expect_form("CREATE TABLE _migrations (version TEXT)", "checksum");
}

static void test_error(void **state)
{
    (void)state;
    harness h;
    history out;
    harness_sqlite(&h);
    tempdir_write(&h.dir, "test.db", "this is not a database, but a text that is long enough to be taken for one at first");
    h.error = (amend_error){0};
    amend_status status = session_connect(&h.session, false, 500, &h.error);
    status = status == AMEND_OK ? history_read(&h.session, h.arena, &out, &h.error) : status;
    assert_int_equal(status, AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_FILE_NOT_DATABASE);
    harness_close(&h);
}

/* An error is nobody's to want; and a server tells the widths. */
static void test_widths(void **state)
{
    static const char *const narrow[] = {"public", "t", "f", "f", "version:10,name:32,checksum:16,other:3,applied_at"};
    (void)state;
    HARNESS_FAKE(h, {.match = "to_regclass", .columns = 5, .names = harness_meta, .values = narrow},
                 {.match = "applied_at_iso", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42501", .times = 1},
                 {.match = "_migration_events", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42P01"});
    history out;
    harness_ready(&h);
    assert_int_equal(history_read(&h.session, h.arena, &out, NULL), AMEND_FAILED);
    assert_int_equal(history_read(&h.session, h.arena, &out, &h.error), AMEND_OK);
    assert_string_equal(out.ledger.schema, "public");
    assert_true(out.ledger.has_history);
    assert_false(out.ledger.has_events);
    assert_int_equal(out.ledger.columns, HISTORY_VERSION | HISTORY_NAME | HISTORY_CHECKSUM | HISTORY_APPLIED_AT);
    assert_int_equal(out.ledger.version_width, 10);
    assert_int_equal(out.ledger.name_width, 32);
    assert_int_equal(out.ledger.checksum_width, 16);
    harness_close(&h);
}

static void test_memory(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE _migrations (version, checksum);"
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
                    "INSERT INTO _migrations SELECT printf('%05d', i), hex(randomblob(16)) FROM n");
    harness_ready(&h);
    for (size_t n = 2;; n++)
    {
        faulty_alloc faulty;
        history out;
        const amend_allocator *allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        arena *a = arena_new(allocator);
        assert_non_null(a);
        h.session.allocator = allocator;
        amend_status status = history_read(&h.session, a, &out, &h.error);
        assert_true((status == AMEND_OK) == (faulty.failures == 0));
        assert_true(status == AMEND_OK || h.error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            assert_int_equal(out.count, 300);
            break;
        }
    }
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_tables),
        cmocka_unit_test(test_own_tables),
        cmocka_unit_test(test_other_tools_table),
        cmocka_unit_test(test_no_history_at_all),
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
