/* SPDX-License-Identifier: MIT */
/* Schemas made by SQLite itself, in memory: the same ones have the same snapshot, others differ in what was changed. */
#include "dialect/sqlite/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dialect/dialects.h"
#include "guard/snapshot.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const dialect *const d = &dialect_sqlite;

static void must_run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
    {
        fail_msg("%s: %s", message, sql);
    }
}

static int compare_own(void *arg, int a, const void *x, int b, const void *y)
{
    (void)arg;
    int order = memcmp(x, y, (size_t)(a < b ? a : b));
    return order != 0 ? order : a - b;
}

/* Names in double quotes must be allowed to be strings: SQLite can be built or configured otherwise. */
static sqlite3 *must_open(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_create_collation(db, "own", SQLITE_UTF8, NULL, compare_own);
    must_run(db, sql);
    return db;
}

/* The rows of the dialect's query; the first status that is not AMEND_OK. */
static amend_status read_rows(sqlite3 *db, arena *a, fact_list *found, amend_error *error)
{
    buf text;
    buf_init(&text, &alloc_default);
    assert_int_equal(d->snapshot(&text, false), 1);
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(db, text.data, -1, &rows, NULL) != SQLITE_OK)
    {
        fail_msg("%s", sqlite3_errmsg(db));
    }
    buf_clear(&text);
    amend_status status = AMEND_OK;
    while (status == AMEND_OK && sqlite3_step(rows) == SQLITE_ROW)
    {
        const char *values[8] = {0};
        unsigned columns = (unsigned)sqlite3_column_count(rows);
        for (unsigned i = 0; i < columns; i++)
        {
            values[i] = (const char *)sqlite3_column_text(rows, (int)i);
        }
        status = d->snapshot_row(a, &(amend_row){.columns = columns, .values = values}, found, error);
    }
    sqlite3_finalize(rows);
    return status;
}

static snapshot read_db(arena *a, sqlite3 *db)
{
    fact_list found = {0};
    snapshot s;
    assert_int_equal(read_rows(db, a, &found, NULL), AMEND_OK);
    assert_int_equal(snapshot_make(a, found, &s, NULL), AMEND_OK);
    for (size_t i = 0; i < s.count; i++)
    {
        size_t bad;
        assert_true(text_is_utf8(s.facts[i].object, &bad) && text_is_utf8(s.facts[i].definition, &bad));
    }
    return s;
}

static snapshot read_sql(arena *a, const char *sql)
{
    sqlite3 *db = must_open(sql);
    snapshot s = read_db(a, db);
    sqlite3_close(db);
    return s;
}

static void show_differences(arena *a, const snapshot *one, const snapshot *other, buf *out)
{
    static const char *const kinds[] = {"-", "+", "~"};
    differences found;
    assert_int_equal(snapshot_diff(a, one, other, &found, NULL), AMEND_OK);
    assert_int_equal(found.count == 0, strcmp(one->fingerprint, other->fingerprint) == 0);
    for (size_t i = 0; i < found.count; i++)
    {
        const difference *c = &found.items[i];
        buf_format(out, "%s%s ", i == 0 ? "" : "; ", kinds[c->kind]);
        buf_add(out, (c->before != NULL ? c->before : c->after)->object);
    }
}

static void check_facts(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    snapshot s = read_sql(a, cases_part(c, "script"));
    buf out;
    buf_init(&out, &alloc_default);
    for (size_t i = 0; i < s.count; i++)
    {
        buf_add(&out, s.facts[i].object);
        buf_text(&out, s.facts[i].definition.len > 0 ? " = " : "");
        buf_add(&out, s.facts[i].definition);
        buf_char(&out, '\n');
    }
    cases_expect(c, out.len == 0 ? "" : out.data, cases_part(c, "expected"));
    buf_clear(&out);
    arena_free(a);
}

static void test_facts(void **state)
{
    (void)state;
    cases_run("sqlite/snapshot.txt", check_facts);
}

static void check_pair(const test_line *l, const char *expected)
{
    arena *a = arena_new(&alloc_default);
    snapshot one = read_sql(a, l->fields[0]), other = read_sql(a, l->fields[1]);
    buf out;
    buf_init(&out, &alloc_default);
    show_differences(a, &one, &other, &out);
    if (strcmp(out.len == 0 ? "" : out.data, expected) != 0)
    {
        buf texts;
        buf_init(&texts, &alloc_default);
        snapshot_print(&one, &texts);
        buf_text(&texts, "--\n");
        snapshot_print(&other, &texts);
        fail_msg("%s:%u: \"%s\" and not \"%s\"\n%s", l->file, l->line, out.len == 0 ? "" : out.data, expected, texts.data);
    }
    buf_clear(&out);
    arena_free(a);
}

static void check_same(const test_line *l)
{
    assert_int_equal(l->count, 2);
    check_pair(l, "");
}

static void check_changed(const test_line *l)
{
    assert_int_equal(l->count, 3);
    check_pair(l, l->fields[2]);
}

static void test_same(void **state)
{
    (void)state;
    cases_lines("sqlite/snapshot_same.txt", check_same);
}

static void test_changed(void **state)
{
    (void)state;
    cases_lines("sqlite/snapshot_changed.txt", check_changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
