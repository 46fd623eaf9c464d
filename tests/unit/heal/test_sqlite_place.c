/* SPDX-License-Identifier: MIT */
/* Which statement of a text failed, when SQLite doesn't say. Each case is run, and then looked for. */
#include "base/alloc.h"
#include "heal/sqlite.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <string.h>

static const char schema[] = "CREATE TABLE t(a); CREATE TABLE u(a); CREATE TABLE gone(a)";

static void fails_somewhere(void *arg, const char *text, char message[200])
{
    char *words = NULL;
    assert_int_equal(sqlite3_exec(arg, text, NULL, NULL, &words), SQLITE_ERROR);
    assert_true(strlen(words) < 200);
    strcpy(message, words);
    sqlite3_free(words);
}

static const amend_object missing = {.kind = AMEND_OBJECT_TABLE, .name = "x"};

static const struct
{
    const char *text;
    const char *found; /* the statement; NULL: it can't be told */
    size_t position;   /* in it */
    bool rows_before;
} cases[] = {
    {"SELECT * FROM x", "SELECT * FROM x", 0, false},
    {"SELECT b FROM t", "SELECT b FROM t", 8, false},
    {"INSERT INTO t VALUES(1); SELECT b FROM t; SELECT * FROM u", " SELECT b FROM t;", 9, false},
    {"SELECT * FROM t; INSERT INTO x VALUES(1)", " INSERT INTO x VALUES(1)", 0, true},
    {"CREATE TABLE v(a); INSERT INTO v VALUES(1); INSERT INTO x VALUES(1);", " INSERT INTO x VALUES(1);", 0, false},
    {"PRAGMA user_version; INSERT INTO x VALUES(1);", " INSERT INTO x VALUES(1);", 0, true},
    {"-- one\n/* two */ INSERT INTO x VALUES(';')", "-- one\n/* two */ INSERT INTO x VALUES(';')", 0, false},
    /* the first of those that fail alike, when what is between them takes nothing away */
    {"INSERT INTO x VALUES(1); INSERT INTO x VALUES(2)", "INSERT INTO x VALUES(1);", 0, false},
    {"INSERT INTO t VALUES(1); INSERT INTO x VALUES(1); WITH w AS (SELECT 1) DELETE FROM t; UPDATE t SET a = 2; REPLACE INTO t "
     "VALUES(1); VALUES(1); SELECT * FROM x",
     " INSERT INTO x VALUES(1);", 0, false},
    {"INSERT INTO gone VALUES(1); DROP TABLE gone; INSERT INTO gone VALUES(1)", NULL, 0, false},
    {"DROP TABLE gone; DROP TABLE gone", NULL, 0, false},
    {"DROP TABLE gone; INSERT INTO gone VALUES(1)", NULL, 0, false},
    {"BEGIN; CREATE TABLE y(a); INSERT INTO y VALUES(1); ROLLBACK; INSERT INTO y VALUES(1)", NULL, 0, false},
    {"ALTER TABLE gone RENAME TO left; INSERT INTO gone VALUES(1)", NULL, 0, false},
    {"INSERT INTO x VALUES(1); SELECTED nonsense; INSERT INTO x VALUES(1)", NULL, 0, false},
    /* PRAGMAs are not tried */
    {"SELECT 1; PRAGMA foreign_key_check(x)", NULL, 0, false},
};

static void each_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        sqlite3 *db = NULL;
        arena *a = arena_new(&alloc_default);
        sqlite_place p = {0};
        char message[200];
        sqlite3_open(":memory:", &db);
        assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
        fails_somewhere(db, cases[i].text, message);
        bool found = sqlite_place_find(db, a, cases[i].text, message, &missing, &p) == SQLITE_PLACE_FOUND;
        if (found != (cases[i].found != NULL))
        {
            fail_msg("%s: %s", cases[i].text, found ? "found" : "not found");
        }
        if (found)
        {
            assert_int_equal(p.end - p.start, strlen(cases[i].found));
            assert_memory_equal(cases[i].text + p.start, cases[i].found, p.end - p.start);
#if SQLITE_VERSION_NUMBER >= 3038000
            assert_int_equal(p.position, cases[i].position);
#endif
            if (p.rows_before != cases[i].rows_before)
            {
                fail_msg("%s: rows before it: %d", cases[i].text, p.rows_before);
            }
        }
        assert_string_equal(sqlite3_errmsg(db), message);
        assert_int_equal(sqlite3_errcode(db), SQLITE_ERROR);
        arena_free(a);
        sqlite3_close(db);
    }
}

static void refuse(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    sqlite3_result_error(context, (const char *)sqlite3_value_text(values[0]), -1);
}

/* An error of running, not of preparing: nothing is found, and the words come back. */
static void words_from_running(void **state)
{
    (void)state;
    static const char *const messages[] = {"no such table: some \"odd\" name", "no such column: a.b", "no such column: t"};
    sqlite3 *db = NULL;
    sqlite3_open(":memory:", &db);
    sqlite3_create_function(db, "refuse", 1, SQLITE_UTF8, NULL, refuse, NULL, NULL);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
    {
        arena *a = arena_new(&alloc_default);
        sqlite_place p;
        char message[200], *text = sqlite3_mprintf("SELECT 1; SELECT refuse(%Q)", messages[i]);
        fails_somewhere(db, text, message);
        assert_string_equal(message, messages[i]);
        assert_int_equal(sqlite_place_find(db, a, text, message, &missing, &p), SQLITE_PLACE_UNKNOWN);
        assert_string_equal(sqlite3_errmsg(db), message);
        sqlite3_free(text);
        arena_free(a);
    }
    sqlite3_close(db);
}

/* Somebody makes it between the failure and the search. */
static void made_meanwhile(void **state)
{
    (void)state;
    static const struct
    {
        const char *text, *found;
    } rows[] = {{"INSERT INTO x VALUES(1)", "INSERT INTO x VALUES(1)"},
                {"SELECT 1; INSERT INTO x VALUES(1); SELECT 2", " INSERT INTO x VALUES(1);"},
                {"INSERT INTO x VALUES(1); INSERT INTO x VALUES(2)", NULL}};
    for (size_t i = 0; i < 3; i++)
    {
        tempdir dir;
        tempdir_make(&dir);
        sqlite3 *db = NULL, *other = NULL;
        arena *a = arena_new(&alloc_default);
        sqlite_place p = {0};
        char message[200];
        sqlite3_open(tempdir_path(&dir, "a.db"), &db);
        sqlite3_open(tempdir_path(&dir, "a.db"), &other);
        assert_int_equal(sqlite3_exec(db, schema, NULL, NULL, NULL), SQLITE_OK);
        fails_somewhere(db, rows[i].text, message);
        assert_int_equal(sqlite3_exec(other, "CREATE TABLE x(a)", NULL, NULL, NULL), SQLITE_OK);
        sqlite_verdict verdict = sqlite_place_find(db, a, rows[i].text, message, &missing, &p);
        assert_int_equal(verdict, rows[i].found == NULL ? SQLITE_PLACE_UNKNOWN : SQLITE_PLACE_CHANGED);
        if (rows[i].found != NULL)
        {
            assert_int_equal(p.end - p.start, strlen(rows[i].found));
            assert_memory_equal(rows[i].text + p.start, rows[i].found, p.end - p.start);
        }
        arena_free(a);
        sqlite3_close(db);
        sqlite3_close(other);
        tempdir_remove(&dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(words_from_running),
        cmocka_unit_test(made_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
