/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/survey.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>

static const dialect *const d = &dialect_sqlite;

static void show_name(buf *out, slice table, slice name)
{
    buf_add(out, table);
    buf_text(out, table.len > 0 ? "/" : "");
    buf_add(out, name);
}

static const char *kind_name(amend_object_kind kind)
{
    static const char *const names[AMEND_OBJECT_KINDS] = {
#define AMEND_OBJECT(name, text) text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    return names[kind];
}

static void show(buf *out, int migration, const findings *f)
{
    for (size_t i = 0; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        assert_true(c->schema.len == 0 && c->to_schema.len == 0);
        buf_format(out, "%d.%zu %s%s ", migration, c->statement,
                   c->kind == CHANGE_ADD ? "+ " : (c->kind == CHANGE_DROP ? "- " : ""), kind_name(c->object));
        show_name(out, c->table, c->name);
        if (c->kind == CHANGE_RENAME)
        {
            buf_text(out, " > ");
            buf_add(out, c->to);
        }
        buf_text(out, "\n");
    }
    for (size_t i = 0; i < f->objection_count; i++)
    {
        const objection *o = &f->objections[i];
        buf_format(out, "%d.%zu ! %s%s", migration, o->statement, objection_rule(o->kind), o->table.len > 0 ? " " : "");
        buf_add(out, o->schema);
        buf_text(out, o->schema.len > 0 ? "." : "");
        buf_add(out, o->table);
        buf_text(out, "\n");
    }
}

static void check(const test_case *c)
{
    survey *s = NULL;
    assert_int_equal(d->survey_open(&alloc_default, &s, NULL), AMEND_OK);
    buf out;
    buf_init(&out, &alloc_default);
    for (int i = 1; i < 10; i++)
    {
        char title[2] = {(char)('0' + i), '\0'};
        const char *text = cases_part(c, title);
        if (text == NULL)
        {
            break;
        }
        arena *a = arena_new(&alloc_default); /* each its own: nothing of a migration is needed later */
        script script;
        findings found;
        assert_int_equal(d->split(a, slice_of(text), &script, NULL), AMEND_OK);
        assert_int_equal(d->survey_read(s, a, &script, &found, NULL), AMEND_OK);
        show(&out, i, &found);
        arena_free(a);
    }
    cases_expect(c, out.data == NULL ? "" : out.data, cases_part(c, "expected"));
    buf_clear(&out);
    d->survey_close(s);
}

static void migrations_are_read_by_running_them(void **state)
{
    (void)state;
    cases_run("sqlite/survey.txt", check);
}

/* Many more than one database of the survey holds; how long it takes is not tested. */
static void a_thousand_migrations_are_read(void **state)
{
    (void)state;
    survey *s = NULL;
    assert_int_equal(d->survey_open(&alloc_default, &s, NULL), AMEND_OK);
    size_t changes = 0;
    for (int i = 0; i < 1000; i++)
    {
        char text[512];
        snprintf(text, sizeof text,
                 "CREATE TABLE t%d (id INTEGER PRIMARY KEY, a, b);\nCREATE UNIQUE INDEX i%d ON t%d (a);\n"
                 "INSERT INTO t%d VALUES (1, 2, 3);\nALTER TABLE t%d ADD COLUMN c TEXT;\n",
                 i, i, i, i, i / 2);
        arena *a = arena_new(&alloc_default);
        script script;
        findings found;
        assert_int_equal(d->split(a, slice_of(text), &script, NULL), AMEND_OK);
        assert_int_equal(d->survey_read(s, a, &script, &found, NULL), AMEND_OK);
        changes += found.change_count;
        assert_int_equal(found.objection_count, 0);
        arena_free(a);
    }
    /* a table, three columns, two unique, an index; and half of the columns that are added are there already */
    assert_int_equal(changes, 1000 * 7 + 500);
    d->survey_close(s);
}

static size_t read_text(survey *s, const char *text, buf *out)
{
    arena *a = arena_new(&alloc_default);
    script script;
    findings found;
    assert_int_equal(d->split(a, slice_of(text), &script, NULL), AMEND_OK);
    assert_int_equal(d->survey_read(s, a, &script, &found, NULL), AMEND_OK);
    if (out != NULL)
    {
        show(out, 0, &found);
    }
    size_t count = found.change_count;
    arena_free(a);
    return count;
}

/* What was made long before is put aside meanwhile. */
static void what_was_put_aside_comes_back(void **state)
{
    (void)state;
    static const struct
    {
        const char *before, *after, *expected;
    } cases[] = {
        {"CREATE TABLE T (a, b)", "ALTER TABLE t ADD COLUMN c", "0.0 + column T/c\n"},
        {"CREATE TABLE t (a, b)", "CREATE TABLE \"T\" (c)", ""},
        {"CREATE TABLE t (a); CREATE INDEX \"my i\" ON t (a)", "DROP INDEX [my I]", "0.0 - index t/my i\n0.0 ! drops t\n"},
        {"CREATE TABLE t (a); CREATE INDEX i ON t (a); CREATE TABLE u (a)", "CREATE INDEX i ON u (a)", ""},
        {"CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO u VALUES (1); END; CREATE TABLE u (a)",
         "ALTER TABLE t RENAME COLUMN a TO b; DROP TRIGGER g",
         "0.0 column t/a > b\n0.1 - trigger t/g\n0.0 ! renames t\n0.1 ! drops t\n"},
        {"CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w AS SELECT a AS b FROM v",
         "CREATE VIEW x AS SELECT b FROM w", "0.0 + view x\n0.0 + column x/b\n"},
        {"CREATE TABLE t (a UNIQUE)", "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO b",
         "0.0 table t > u\n0.1 column u/a > b\n0.1 - unique u/a\n0.1 + unique u/b\n0.0 ! renames t\n0.1 ! renames u\n"},
        {"CREATE VIRTUAL TABLE f USING fts5(a)", "ALTER TABLE f RENAME TO g; DROP TABLE g",
         "0.0 table f > g\n0.1 - table g\n0.0 ! renames f\n0.1 ! drops g\n"},
        {"CREATE VIRTUAL TABLE f USING nosuch(a)", "DROP TABLE f", "0.0 - table f\n0.0 ! drops f\n"},
        {"CREATE TABLE t (a CHECK (own(a)) COLLATE own)", "ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD b",
         "0.1 + column t/b\n0.0 ! drops t\n"},
        {"CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "CREATE UNIQUE INDEX i ON t (ID)", "0.0 + index t/i\n"},
        {"CREATE TEMP TABLE t (a)", "CREATE TABLE t (b)", "0.0 + table t\n0.0 + column t/b\n"},
        {"CREATE TABLE x (a); CREATE TABLE u (a); CREATE TABLE t (a); CREATE TRIGGER T AFTER INSERT ON t BEGIN INSERT INTO u "
         "VALUES (1); END; CREATE INDEX i ON u (a); CREATE TRIGGER i AFTER INSERT ON u BEGIN DELETE FROM x; END",
         "DELETE FROM T; DELETE FROM i; CREATE INDEX j ON t (a); DELETE FROM t; DROP TABLE t; DELETE FROM t",
         "0.2 + index t/j\n0.4 - table t\n0.0 ! changes-data T\n0.0 ! changes-data x\n0.1 ! changes-data i\n"
         "0.3 ! changes-data t\n0.3 ! changes-data x\n0.4 ! drops t\n0.5 ! changes-data t\n"},
        {"CREATE TABLE x (a); CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM x; END",
         "ALTER TABLE t RENAME TO u; INSERT INTO u VALUES (1)",
         "0.0 table t > u\n0.0 ! renames t\n0.1 ! changes-data u\n0.1 ! changes-data x\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        survey *s = NULL;
        assert_int_equal(d->survey_open(&alloc_default, &s, NULL), AMEND_OK);
        read_text(s, cases[i].before, NULL);
        for (int k = 0; k < 60; k++)
        {
            char text[64];
            snprintf(text, sizeof text, "CREATE TABLE other%d (id)", k);
            assert_int_equal(read_text(s, text, NULL), 2);
        }
        buf out;
        buf_init(&out, &alloc_default);
        read_text(s, cases[i].after, &out);
        assert_string_equal(out.data == NULL ? "" : out.data, cases[i].expected);
        buf_clear(&out);
        d->survey_close(s);
    }
}

static const char *const everything =
    "CREATE TABLE t (a INTEGER PRIMARY KEY, \"b\"\"c\" UNIQUE, d CHECK (nosuch(d)));\nCREATE UNIQUE INDEX i ON t (d, "
    "\"b\"\"c\");\n"
    "ALTER TABLE t ADD COLUMN e;\nALTER TABLE t RENAME COLUMN d TO z;\nCREATE VIEW v AS SELECT * FROM t;\n"
    "CREATE VIRTUAL TABLE odd USING nosuchmodule(a);\nALTER TABLE t RENAME TO \"u\"\"u\";\nDROP INDEX i;\nUPDATE x SET y = 1;\n"
    "CREATE VIEW w AS SELECT * FROM nosuch;\nALTER TABLE \"u\"\"u\" RENAME COLUMN e TO f;\n"
    "CREATE TABLE t1 (a);\nCREATE TABLE t2 (a);\nCREATE TABLE t3 (a);\nCREATE TABLE t4 (a);\nCREATE TABLE t5 (a);\n"
    "CREATE TABLE t6 (a);\nCREATE TABLE t7 (a);\nCREATE TABLE t8 (a);\nCREATE TABLE t9 (a);\nCREATE TABLE t10 (a);\n"
    "CREATE TABLE t11 (a);\nCREATE TABLE t12 (a);\nCREATE TABLE t13 (a);\nCREATE TABLE t14 (a);\nCREATE TABLE t15 (a);\n"
    "CREATE TABLE q (a);\nCREATE TRIGGER g AFTER INSERT ON q BEGIN UPDATE \"x\"\"y\" SET a = 1; INSERT INTO t1 VALUES (1); "
    "END;\n"
    "INSERT INTO q VALUES (1);\n"
    "CREATE TEMP TABLE s (a);\nINSERT INTO \"x\"\"y\" VALUES (1);\nUPDATE main.\"x\"\"y\" SET a = 1;\nDROP TABLE \"u\"\"u\";\n";

/* False once nothing fails any more. */
static bool read_with_failure(size_t nth, faulty_mode mode)
{
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, nth, mode);
    arena *reading = arena_new(&alloc_default);
    script script;
    findings found;
    survey *s = NULL;
    assert_int_equal(d->split(reading, slice_of(everything), &script, NULL), AMEND_OK);
    amend_error error = {0};
    amend_status status = d->survey_open(allocator, &s, &error);
    arena *a = status == AMEND_OK ? arena_new(allocator) : NULL;
    if (a != NULL)
    {
        status = d->survey_read(s, a, &script, &found, &error);
        assert_int_equal(status != AMEND_OK, f.failures > 0);
    }
    assert_true(f.failures == 0 || a == NULL || error.code == AMEND_E_OUT_OF_MEMORY);
    arena_free(a);
    d->survey_close(s);
    arena_free(reading);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    return f.failures > 0;
}

static void memory_may_be_short(void **state)
{
    (void)state;
    for (size_t n = 1; read_with_failure(n, FAULTY_ONCE) | read_with_failure(n, FAULTY_FOR_GOOD); n++)
    {
        assert_true(n < 10000);
    }
    d->survey_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_are_read_by_running_them),
        cmocka_unit_test(a_thousand_migrations_are_read),
        cmocka_unit_test(what_was_put_aside_comes_back),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
