/* SPDX-License-Identifier: MIT */
/* What SQLite's errors mean: each is caused for real, by running one statement twice or in vain. */
#include "base/alloc.h"
#include "base/error.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/testing.h"

#include <sqlite3.h>

static const dialect *const d = &dialect_sqlite;

/* Run the statement on the schema before it, and take the error as the driver does. */
static bool fails(const char *schema, const char *sql, amend_error *error)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
    bool failed = sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK;
    error_set(error, AMEND_E_STATEMENT, "%s", sqlite3_errmsg(db));
    error->native = sqlite3_extended_errcode(db);
    sqlite3_close(db);
    return failed;
}

static void check_done(const test_line *l)
{
    amend_error error;
    if (!fails(l->fields[1], l->fields[2], &error))
    {
        fail_msg("%s:%u: it does not fail", l->file, l->line);
    }
    arena *a = arena_new(&alloc_default);
    script s;
    assert_int_equal(d->split(a, slice_of(l->fields[2]), &s, NULL), AMEND_OK);
    assert_int_equal(s.count, 1);
    const char *found = d->already_done(&s.stmts[0], &error) ? "done" : "failed";
    arena_free(a);
    if (strcmp(found, l->fields[0]) != 0)
    {
        fail_msg("%s:%u: \"%s\" says \"%s\"", l->file, l->line, error.message, found);
    }
}

static void what_is_done_is_told_from_what_failed(void **state)
{
    (void)state;
    cases_lines("sqlite/already_done.txt", check_done);
}

static void missing_tables_are_told(void **state)
{
    (void)state;
    amend_error error;
    assert_true(fails("", "SELECT * FROM _migrations", &error));
    assert_true(d->missing_table(&error));
    assert_true(fails("CREATE TABLE t(x)", "SELECT y FROM t", &error));
    assert_false(d->missing_table(&error));
}

static void not_null_is_told(void **state)
{
    (void)state;
    amend_error error;
    assert_true(fails("CREATE TABLE t(x NOT NULL)", "INSERT INTO t VALUES(NULL)", &error));
    assert_true(d->not_null(&error));
    assert_true(fails("CREATE TABLE t(x CHECK (x > 1))", "INSERT INTO t VALUES(1)", &error));
    assert_false(d->not_null(&error));
}

static void the_dialect_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(dialect_find("sqlite"), d);
    assert_null(dialect_find("nosuch"));
    assert_null(d->invalid_index);
    assert_true((d->traits & DIALECT_OUTER_TX) != 0 && (d->traits & DIALECT_SERVER_HASH) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_done_is_told_from_what_failed),
        cmocka_unit_test(missing_tables_are_told),
        cmocka_unit_test(not_null_is_told),
        cmocka_unit_test(the_dialect_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
