/* SPDX-License-Identifier: MIT */
/* Errors to objects: messages as they are in the tables, and those that the linked SQLite really says. */
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const dialect *const d = &dialect_sqlite;

/* "\n" is a line's end, "{x*5}" five x, "-" nothing at all. The caller frees. */
static char *unfold(const char *text)
{
    char *out = calloc(1, strlen(text) + 200000);
    assert_non_null(out);
    size_t len = 0;
    for (const char *at = strcmp(text, "-") == 0 ? "" : text; *at != '\0'; at++)
    {
        const char *star = at[0] == '{' ? strchr(at, '*') : NULL;
        if (star != NULL)
        {
            char *end;
            unsigned long times = strtoul(star + 1, &end, 10);
            assert_true(*end == '}' && times * (size_t)(star - at - 1) < 200000 - AMEND_NAME_SIZE);
            for (; times > 0; times--)
            {
                memcpy(out + len, at + 1, (size_t)(star - at - 1));
                len += (size_t)(star - at - 1);
            }
            at = end;
        }
        else
        {
            bool newline = at[0] == '\\' && at[1] == 'n';
            at += newline;
            out[len++] = (char)(newline ? '\n' : *at);
        }
    }
    return out;
}

static const char *shown(const amend_db_error *error)
{
    static char text[4 * AMEND_NAME_SIZE];
    amend_object o;
    memset(&o, '?', sizeof o); /* what detect leaves out would be seen */
    if (!d->detect(error, &o))
    {
        return "none";
    }
    static const char *const names[AMEND_OBJECT_KINDS] = {
#define AMEND_OBJECT(name, text) text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    assert_string_equal(o.schema, "");
    int len = snprintf(text, sizeof text, "%s %s%s%s", names[o.kind], o.table,
                       o.table[0] != '\0' && o.name[0] != '\0' ? "/" : "", o.name);
    if (o.name[0] == '\0')
    {
        snprintf(text + len, sizeof text - (size_t)len, "#%u", o.count);
    }
    else
    {
        assert_int_equal(o.count, 0);
    }
    return text;
}

static void check(const test_line *l, const amend_db_error *error, const char *expected)
{
    const char *found = shown(error);
    if (strcmp(found, expected) != 0)
    {
        fail_msg("%s:%u: \"%.200s\" is \"%s\", not \"%s\"", l->file, l->line, error->message, found, expected);
    }
}

static void check_case(const test_line *l)
{
    assert_int_equal(l->count, 5);
    char *expected = unfold(l->fields[0]), *message = unfold(l->fields[3]), *query = unfold(l->fields[4]);
    amend_db_error error = AMEND_DB_ERROR_INIT;
    error.native = (int)strtol(l->fields[1], NULL, 10);
    error.position = strtoul(l->fields[2], NULL, 10);
    error.message = message;
    error.query = query[0] == '\0' ? NULL : query;
    check(l, &error, expected);
    free(expected);
    free(message);
    free(query);
}

static void the_table_holds(void **state)
{
    (void)state;
    cases_lines("sqlite/detect.txt", check_case);
    amend_db_error nothing = AMEND_DB_ERROR_INIT;
    nothing.native = SQLITE_ERROR;
    assert_string_equal(shown(&nothing), "none");
}

static void check_provoked(const test_line *l)
{
    assert_int_equal(l->count, 3);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, l->fields[1], NULL, NULL, NULL), SQLITE_OK);
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, l->fields[2], -1, &statement, NULL);
    amend_db_error error = AMEND_DB_ERROR_INIT;
#if SQLITE_VERSION_NUMBER >= 3038000
    error.position = (size_t)(sqlite3_error_offset(db) + 1);
#endif
    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    assert_true(code != SQLITE_ROW && code != SQLITE_DONE);
    error.native = sqlite3_extended_errcode(db);
    error.message = sqlite3_errmsg(db);
    error.query = l->fields[2];
    check(l, &error, l->fields[0]);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void sqlite_says_what_we_know(void **state)
{
    (void)state;
    cases_lines("sqlite/provoke.txt", check_provoked);
}

/* Opening a blob has words of its own, and no query. */
static void a_blob_s_table_and_column(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"x", "a", "table x"}, {"t", "b.c", "column b.c"}, {"t", "b\"c", "column b\"c"}};
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t(a)", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        sqlite3_blob *blob = NULL;
        assert_int_equal(sqlite3_blob_open(db, "main", cases[i][0], cases[i][1], 1, 0, &blob), SQLITE_ERROR);
        amend_db_error error = AMEND_DB_ERROR_INIT;
        error.native = sqlite3_extended_errcode(db);
        error.message = sqlite3_errmsg(db);
        assert_string_equal(shown(&error), cases[i][2]);
    }
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds),
        cmocka_unit_test(sqlite_says_what_we_know),
        cmocka_unit_test(a_blob_s_table_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
