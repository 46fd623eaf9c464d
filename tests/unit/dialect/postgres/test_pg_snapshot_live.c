/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of a real server, in transactions that are rolled back: equal schemas made by different roads, and single changes.
 * tests/cases/postgres/snapshot_*.txt
 */
#include "base/alloc.h"
#include "driver/drivers.h"
#include "engine/snapshot.h"
#include "support/cases.h"
#include "support/pg_server.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

static pg_server server;
static session live = {.allocator = &alloc_default, .driver = &driver_postgres};
static arena *kept;
static snapshot before; /* of snapshot_schema.txt */

static void open_database(const char *name)
{
    amend_connect how = {
        .url = pg_server_url(&server, name), .application = "amend test", .allocator = &alloc_default, .timeout_ms = 10000};
    amend_fault fault = {0};
    amend_error error = {0};
    if (driver_postgres.open(&how, &live.conn, &fault, &error) != AMEND_OK)
    {
        fail_msg("%s: %s", name, error.message);
    }
}

static void run(const char *sql)
{
    amend_error error = {0};
    if (session_run(&live, slice_of(sql), 1000, NULL, NULL, &error) != AMEND_OK)
    {
        fail_msg("%s\n%s %s", sql, error.sqlstate, error.message);
    }
}

static snapshot take(arena *a, bool inside)
{
    snapshot s = {0};
    amend_error error = {0};
    if (snapshot_read(&live, a, inside, &s, &error) != AMEND_OK)
    {
        fail_msg("%s %s", error.sqlstate, error.message);
    }
    for (size_t i = 1; i < s.count; i++) /* no object is told twice */
    {
        assert_false(slice_equal(s.facts[i - 1].object, s.facts[i].object));
    }
    return s;
}

static snapshot take_of(arena *a, const char *script)
{
    run("BEGIN");
    run(script);
    snapshot s = take(a, true);
    run("ROLLBACK");
    return s;
}

static const char *text_of(arena *a, const snapshot *s)
{
    buf out;
    buf_init(&out, arena_allocator(a));
    snapshot_print(s, &out);
    const char *text = arena_copy(a, buf_slice(&out));
    buf_clear(&out);
    return text;
}

static void run_equal(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    snapshot one = take_of(a, cases_part(c, "one")), other = take_of(a, cases_part(c, "other"));
    assert_true(one.count > 1); /* the schema public is in every database */
    cases_expect(c, text_of(a, &other), text_of(a, &one));
    assert_string_equal(one.fingerprint, other.fingerprint);
    arena_free(a);
}

static void test_equal(void **state)
{
    (void)state;
    open_database("postgres");
    run("CREATE ROLE reader; CREATE ROLE writer;");
    cases_run("postgres/snapshot_equal.txt", run_equal);
    driver_postgres.close(live.conn);
}

static void run_change(const test_line *l)
{
    static const char signs[] = {'-', '+', '~'};
    arena *a = arena_new(&alloc_default);
    snapshot after = take_of(a, l->fields[0]);
    differences found;
    assert_int_equal(snapshot_diff(a, &before, &after, &found, NULL), AMEND_OK);
    buf told, wanted;
    buf_init(&told, &alloc_default);
    buf_init(&wanted, &alloc_default);
    for (size_t i = 0; i < found.count; i++)
    {
        const difference *d = &found.items[i];
        buf_format(&told, " | %c ", signs[d->kind]);
        buf_add(&told, d->before != NULL ? d->before->object : d->after->object);
    }
    for (size_t i = 1; i < l->count; i++)
    {
        buf_format(&wanted, " | %s", l->fields[i]);
    }
    if (!slice_equal(buf_slice(&told), buf_slice(&wanted)))
    {
        fail_msg("%s:%u: %s\n  %.*s", l->file, l->line, l->fields[0], (int)told.len, buf_slice(&told).data);
    }
    buf_clear(&told);
    buf_clear(&wanted);
    arena_free(a);
}

static void make_schema(const test_case *c)
{
    run(cases_part(c, "up"));
}

static amend_status count_row(void *arg, size_t piece, const amend_row *row)
{
    (void)piece;
    assert_int_equal(row->columns, 2);
    assert_non_null(row->values[0]);
    assert_non_null(row->values[1]);
    ++*(size_t *)arg;
    return AMEND_OK;
}

/* No row is passed over: NULL must only mean that an object has gone meanwhile, never a hole in the query. */
static void expect_no_null(size_t wanted)
{
    size_t rows = 0;
    amend_hooks hooks = {.arg = &rows, .row = count_row};
    buf text;
    buf_init(&text, &alloc_default);
    unsigned statements = live.dialect->snapshot(&text, false);
    assert_int_equal(session_run(&live, buf_slice(&text), statements, &hooks, NULL, NULL), AMEND_OK);
    buf_clear(&text);
    assert_int_equal(rows, wanted);
}

static void test_changes(void **state)
{
    (void)state;
    open_database("postgres");
    run("CREATE DATABASE changes TEMPLATE template0");
    driver_postgres.close(live.conn);
    open_database("changes");
    cases_run("postgres/snapshot_schema.txt", make_schema);
    kept = arena_new(&alloc_default);
    before = take(kept, false);
    expect_no_null(before.count);
    assert_true(driver_postgres.idle(live.conn));
    cases_lines("postgres/snapshot_changes.txt", run_change);
    arena_free(kept);
    driver_postgres.close(live.conn);
}

/* The caller's settings, savepoints and work are there again afterwards; nothing is written. */
static void test_inside_leaves_all(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    open_database("postgres");
    run("SET DateStyle = 'German'; BEGIN; SET LOCAL search_path = nowhere; SAVEPOINT amend_snapshot; SET LOCAL jit = on");
    snapshot s = take(a, true);
    assert_int_equal(s.count, 1);
    run("DO $$BEGIN ASSERT pg_catalog.current_setting('search_path') = 'nowhere'"
        " AND pg_catalog.current_setting('DateStyle') LIKE 'German%'"
        " AND pg_catalog.current_setting('jit') = 'on' AND pg_catalog.txid_current_if_assigned() IS NULL; END$$;"
        "ROLLBACK TO SAVEPOINT amend_snapshot; COMMIT;"
        "DO $$BEGIN ASSERT pg_catalog.current_setting('DateStyle') LIKE 'German%'; END$$");
    s = take(a, false);
    run("DO $$BEGIN ASSERT pg_catalog.current_setting('DateStyle') LIKE 'German%'"
        " AND pg_catalog.current_setting('search_path') LIKE '%public%'; END$$");
    driver_postgres.close(live.conn);
    arena_free(a);
}

/* In a transaction that has failed already there is nothing to be read; the error is the database's. */
static void test_errors(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    open_database("postgres");
    snapshot s;
    amend_error error = {0};
    assert_int_equal(snapshot_read(&live, a, true, &s, &error), AMEND_FAILED);
    assert_string_equal(error.sqlstate, "25P01");
    driver_postgres.close(live.conn);
    arena_free(a);
}

static int start(void **state)
{
    (void)state;
    live.dialect = dialect_find("postgres");
    pg_server_make(&server);
    pg_server_start(&server);
    return 0;
}

static int end(void **state)
{
    (void)state;
    pg_server_remove(&server);
    return 0;
}

int main(void)
{
    if (!pg_server_found())
    {
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_inside_leaves_all),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, start, end);
}
