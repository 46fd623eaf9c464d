/* SPDX-License-Identifier: MIT */
/* Claims against SQLite, and against the scripted database in PostgreSQL's words: there, what the server says is the test's. */
#include "engine/truth.h"

#include "base/alloc.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define LOOK "SELECT c.n, o.oid AS id"
#define BUILD "WITH s AS ("
#define DEPENDENTS "WITH t AS (SELECT t.oid"

static const char *const found_names[] = {"n",     "id",     "schema",       "sort",       "mark",
                                          "owned", "remark", "table_schema", "table_name", "value"};
static const char *const fact_names[] = {"side", "object", "definition"};
static const char *const dependent_names[] = {"kind", "name", "schema", "owner"};
/* The nth claim is there, and what it is. */
#define FOUND(n, sort, value)                                                                                                  \
    {                                                                                                                          \
        .match = LOOK, .columns = 10, .names = found_names, .values = (const char *const[])                                    \
        {                                                                                                                      \
            n, "7", "public", sort, "m", "t", NULL, NULL, NULL, value                                                          \
        }                                                                                                                      \
    }
#define FACT(side, object, definition)                                                                                         \
    {                                                                                                                          \
        .match = BUILD, .columns = 3, .names = fact_names, .values = (const char *const[])                                     \
        {                                                                                                                      \
            side, object, definition                                                                                           \
        }                                                                                                                      \
    }
#define DEPENDS(kind, name, schema, owner)                                                                                     \
    {                                                                                                                          \
        .match = DEPENDENTS, .columns = 4, .names = dependent_names, .values = (const char *const[])                           \
        {                                                                                                                      \
            kind, name, schema, owner                                                                                          \
        }                                                                                                                      \
    }

/* A plan of all files, up or down. */
static plan make_plan(harness *h, action action)
{
    catalog *c = &h->catalog;
    entry *entries = arena_array(h->arena, c->count + 1, sizeof *entries);
    plan p = {.steps = arena_array(h->arena, c->count + 1, sizeof *p.steps), .count = c->count};
    for (size_t i = 0; i < c->count; i++)
    {
        entries[i].file = &c->items[i];
        p.steps[i] = (step){.action = action, .entry = &entries[i], .version = c->items[i].version, .name = c->items[i].name};
    }
    return p;
}

static amend_status check(harness *h, plan *p)
{
    h->error = (amend_error){0};
    h->said[0] = '\0';
    harness_ready(h);
    *p = make_plan(h, ACTION_UP);
    amend_status status = truth_check(&h->session, h->arena, &h->catalog, p, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

static void expect_checks(const plan *p, size_t step, size_t count, bool skip)
{
    assert_int_equal(p->steps[step].check_count, count);
    for (size_t i = 0; i < count; i++)
    {
        const plan_check *c = &p->steps[step].checks[i];
        assert_int_equal(c->skip, skip);
        assert_true(c->hold.len > 0 && c->statements > 0 && c->what[0] != '\0');
    }
}

/* --------------------------------------------------------------------------------------------------------------- SQLite */

static void test_sqlite(void **state)
{
    (void)state;
    harness h;
    plan p;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE T (a INT, b TEXT); CREATE TABLE q AS SELECT 1 AS a; CREATE TRIGGER g AFTER INSERT ON t BEGIN "
                    "SELECT 1; END;");
    harness_file(&h, "001_one.sql",
                 "CREATE TABLE IF NOT EXISTS t (a INT, b TEXT);\nCREATE TABLE IF NOT EXISTS fresh (a);\n"
                 "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN SELECT 1; END;");
    harness_file(&h, "002_two.sql", "CREATE TABLE IF NOT EXISTS q AS SELECT 1 AS a;");
    assert_int_equal(check(&h, &p), AMEND_OK);
    assert_non_null(strstr(h.said, "table \"t\" is there already, and the same\n"));
    assert_non_null(strstr(h.said, "trigger \"g\" is there already, and the same\n"));
    assert_null(strstr(h.said, "fresh"));
    assert_int_equal(h.told[AMEND_EVENT_GUARD_SAME], 2);
    expect_checks(&p, 0, 3, false);
    assert_int_equal(p.problem_count, 1);
    assert_string_equal(p.problems[0].message,
                        "table \"q\" could not be compared with what exists: its columns come from a query");
    assert_int_equal(p.problems[0].severity, AMEND_WARNING);
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema", "3\n");
    harness_close(&h);
}

/* The first is the error, with its place; the others are told. */
static void test_differences(void **state)
{
    (void)state;
    harness h;
    plan p;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE t (a INT); CREATE TABLE u (a INT); CREATE INDEX i ON u (a);");
    harness_file(&h, "001_one.sql", "SELECT 1;\nCREATE TABLE IF NOT EXISTS t (a TEXT);");
    harness_file(&h, "002_two.sql", "CREATE INDEX IF NOT EXISTS i ON t (a);");
    assert_int_equal(check(&h, &p), AMEND_REFUSED);
    assert_int_equal(h.error.code, AMEND_E_EXISTS_OTHER);
    assert_string_equal(h.error.message, "table \"t\" exists with another definition");
    assert_string_equal(h.error.version, "001");
    assert_string_equal(h.error.object, "t");
    assert_int_equal(h.error.line, 2);
    assert_int_equal(h.error.statement, 2);
    assert_int_equal(p.problem_count, 1);
    assert_non_null(strstr(p.problems[0].message, "also: index \"i\" exists with another definition (expected"));
    assert_null(strchr(p.problems[0].message, '\n'));
    harness_close(&h);
}

/* What runs before changes it: nothing can be said. */
static void test_touched_before(void **state)
{
    (void)state;
    harness h;
    plan p;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE t (a INT); CREATE TABLE u (a INT); CREATE INDEX i ON u (a);");
    harness_file(&h, "001_one.sql", "ALTER TABLE T ADD COLUMN b;\nDROP TABLE u;");
    harness_file(&h, "002_two.sql", "CREATE TABLE IF NOT EXISTS t (x);\nCREATE INDEX IF NOT EXISTS i ON u (b);");
    assert_int_equal(check(&h, &p), AMEND_OK);
    expect_checks(&p, 1, 0, false);
    assert_int_equal(h.told[AMEND_EVENT_GUARD_SAME], 0);
    harness_close(&h);
}

/* Scripts that can't be read or split are passed over: their own run will tell. So are steps without a script. */
static void test_passed_over(void **state)
{
    (void)state;
    harness h;
    plan p;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE t (a INT);");
    harness_file(&h, "001_one.sql", "CREATE TABLE IF NOT EXISTS t (b);");
    harness_file(&h, "002_two.sql", "CREATE TABLE IF NOT EXISTS t (b);\nSELECT 'x");
    harness_ready(&h);
    p = make_plan(&h, ACTION_DOWN);
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, &h.error), AMEND_OK); /* no down scripts */
    p = make_plan(&h, ACTION_REPLAY);
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, &h.error), AMEND_OK);
    p = make_plan(&h, ACTION_UP);
    p.steps[0].entry->file = NULL;
    (void)!truth_check(&h.session, h.arena, &h.catalog, &p, &h.error);
    assert_int_equal(p.steps[0].check_count, 0);
    p.count = 0;
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, NULL), AMEND_OK);
    harness_close(&h);
}

static void test_down_scripts(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    harness_sql(&h, "CREATE TABLE t (a INT);");
    harness_file(&h, "001_one.sql", "SELECT 1;");
    harness_file(&h, "001_one.down.sql", "CREATE TABLE IF NOT EXISTS t (b);");
    harness_ready(&h);
    plan p = make_plan(&h, ACTION_DOWN);
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, NULL), AMEND_REFUSED);
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, &h.error), AMEND_REFUSED);
    assert_non_null(strstr(h.error.file, "001_one.down.sql"));
    harness_close(&h);
}

/* ----------------------------------------------------------------------------------------------------------- PostgreSQL */

static void test_enum(void **state)
{
    (void)state;
    HARNESS_FAKE(h, FOUND("0", "e", "a"));
    plan p;
    harness_file(&h, "001_one.sql", "CREATE TYPE e AS ENUM ('a');");
    assert_int_equal(check(&h, &p), AMEND_OK);
    expect_checks(&p, 0, 1, true); /* it would only fail */
    harness_file(&h, "001_one.sql", "-- amend:enum-order strict\nCREATE TYPE e AS ENUM ('a', 'b');");
    assert_int_equal(check(&h, &p), AMEND_REFUSED);
    assert_string_equal(h.error.message, "enum \"e\" exists with other values");
    assert_int_equal(h.error.line, 2);
    h.session.read_only = true; /* enums are compared by who only looks, too */
    assert_int_equal(check(&h, &p), AMEND_REFUSED);
    harness_close(&h);
}

static void test_absent(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = LOOK,
                     .columns = 10,
                     .names = found_names,
                     .values = (const char *const[]){"0", NULL, "public", NULL, NULL, NULL, NULL, NULL, NULL, NULL}});
    plan p;
    harness_file(&h, "001_one.sql", "CREATE TABLE IF NOT EXISTS t (a int);\nCREATE SCHEMA IF NOT EXISTS s;");
    assert_int_equal(check(&h, &p), AMEND_OK);
    expect_checks(&p, 0, 2, false);
    harness_close(&h);
}

/* Rows that are not about a claim: of a setting, or of a claim that isn't there. */
static void test_other_rows(void **state)
{
    static const char *const n[] = {NULL, "1", "99", "x"};
    (void)state;
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
    {
        HARNESS_FAKE(h, FOUND(n[i], "e", "a"));
        plan p;
        harness_file(&h, "001_one.sql", "CREATE TYPE e AS ENUM ('b');");
        assert_int_equal(check(&h, &p), i == 3 ? AMEND_REFUSED : AMEND_OK);
        harness_close(&h);
    }
    HARNESS_FAKE(h, {.match = LOOK, .columns = 3, .names = found_names, .values = (const char *const[]){"0", "7", "x"}});
    plan p;
    harness_file(&h, "001_one.sql", "CREATE TYPE e AS ENUM ('b');");
    assert_int_equal(check(&h, &p), AMEND_OK);
    harness_close(&h);
}

static void test_built(void **state)
{
    const struct
    {
        fake_rule rule;
        amend_status status;
        const char *warning; /* of the plan; NULL: none */
        size_t checks;
    } cases[] = {
        {FACT("expected", "column a", "int"), AMEND_REFUSED, NULL, 0},
        {FACT("existing", "column a", "int"), AMEND_REFUSED, NULL, 0},
        {FACT("expected", NULL, "int"), AMEND_OK, NULL, 1},
        {FACT(NULL, "column a", "int"), AMEND_OK, NULL, 1},
        {FACT("expected", "column a", NULL), AMEND_OK, NULL, 1},
        {{.match = "nothing"}, AMEND_OK, NULL, 1},
        {{.match = "CREATE SCHEMA amend_beside", .fault = AMEND_FAULT_STATEMENT, .message = "not yours", .times = 1},
         AMEND_OK,
         NULL,
         1},
        {{.match = "CREATE SCHEMA amend_beside", .fault = AMEND_FAULT_STATEMENT, .message = "not yours"},
         AMEND_OK,
         "table \"t\" could not be compared with what exists: not yours",
         0},
        {{.match = "CREATE SCHEMA amend_beside", .fault = AMEND_FAULT_UNRUN, .message = "not yours"},
         AMEND_OK,
         "table \"t\" could not be compared with what exists: not yours",
         0},
        {{.match = "CREATE SCHEMA amend_beside", .fault = AMEND_FAULT_LOST}, AMEND_UNREACHABLE, NULL, 0},
        {{.match = "CREATE SCHEMA amend_beside", .fault = AMEND_FAULT_BUSY}, AMEND_FAILED, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, FOUND("0", "r", NULL), cases[i].rule);
        plan p;
        harness_file(&h, "001_one.sql", "CREATE TABLE IF NOT EXISTS t (a int);");
        amend_status status = check(&h, &p);
        if (status != cases[i].status && !(cases[i].status == AMEND_FAILED && status != AMEND_OK))
        {
            fail_msg("%zu: %d %s", i, (int)status, h.error.message);
        }
        assert_int_equal(p.steps[0].check_count, cases[i].checks);
        assert_int_equal(p.problem_count, cases[i].warning == NULL ? 0 : 1);
        if (cases[i].warning != NULL)
        {
            assert_string_equal(p.problems[0].message, cases[i].warning);
        }
        assert_false(h.script.in_tx && cases[i].rule.fault != AMEND_FAULT_LOST); /* undone, whatever came of it */
        harness_close(&h);
    }
}

static void test_looking_builds_nothing(void **state)
{
    (void)state;
    HARNESS_FAKE(h, FOUND("0", "r", NULL), FACT("expected", "column a", "int"));
    harness_file(&h, "001_one.sql", "CREATE TABLE IF NOT EXISTS t (a int);");
    harness_ready(&h);
    plan p = make_plan(&h, ACTION_UP);
    session_close(&h.session);
    assert_int_equal(session_connect(&h.session, true, 100, &h.error), AMEND_OK);
    assert_int_equal(truth_check(&h.session, h.arena, &h.catalog, &p, &h.error), AMEND_OK);
    assert_null(strstr(h.script.log, "CREATE SCHEMA"));
    assert_int_equal(p.steps[0].check_count, 0);
    harness_close(&h);
}

/* The script's own settings hold while it is looked up; when they fail, so will the script, and say why. */
static void test_settings(void **state)
{
    (void)state;
    static const char script[] = "BEGIN;\nSET search_path = s;\nCREATE TYPE e AS ENUM ('a');\nCOMMIT;";
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_status status;
    } cases[] = {
        {"nothing", AMEND_FAULT_STATEMENT, AMEND_OK},
        {"SET search_path", AMEND_FAULT_STATEMENT, AMEND_OK},
        {LOOK, AMEND_FAULT_STATEMENT, AMEND_OK},
        {LOOK, AMEND_FAULT_LOST, AMEND_UNREACHABLE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, {.match = cases[i].match, .fault = cases[i].fault}, FOUND("0", "e", "a"));
        plan p;
        harness_file(&h, "001_one.sql", script);
        assert_int_equal(check(&h, &p), cases[i].status);
        expect_checks(&p, 0, i == 0 ? 1 : 0, true);
        assert_false(i < 3 && h.script.in_tx);
        assert_int_equal(strstr(h.script.log, "SET search_path = s\n") != NULL, i != 1);
        harness_close(&h);
    }
    HARNESS_FAKE(h, {.match = LOOK, .fault = AMEND_FAULT_STATEMENT, .message = "not yours"});
    plan p;
    harness_file(&h, "001_one.sql", "CREATE TYPE e AS ENUM ('a');");
    assert_int_equal(check(&h, &p), AMEND_FAILED);
    assert_string_equal(h.error.message, "not yours");
    harness_close(&h);
}

/* So many that one query would be too long. */
static void test_many(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "nothing"});
    plan p;
    buf text;
    buf_init(&text, &alloc_default);
    for (unsigned i = 0; i < 1001; i++)
    {
        buf_format(&text, "CREATE TABLE IF NOT EXISTS t%u (a int);\n", i);
    }
    harness_file(&h, "001_one.sql", text.data);
    assert_int_equal(check(&h, &p), AMEND_OK);
    expect_checks(&p, 0, 1001, false);
    unsigned looks = 0;
    for (const char *at = h.script.log; (at = strstr(at, LOOK)) != NULL; at++)
    {
        looks++;
    }
    assert_int_equal(looks, 3);
    buf_clear(&text);
    harness_close(&h);
}

/* ----------------------------------------------------------------------------------------------------------- dependents */

static void test_drop(void **state)
{
    const struct
    {
        fake_rule rule;
        const char *script;
        amend_status status;
    } cases[] = {
        {DEPENDS("column", "public.t.a", "public", "t"), "DROP TYPE e;", AMEND_REFUSED},
        {DEPENDS("column", "public.t.a", "public", "t"), "DROP TABLE t;\nDROP TYPE e;", AMEND_OK},
        {DEPENDS("column", "public.t.a", "public", "t"), "DROP TABLE other.t;\nDROP TYPE e;", AMEND_REFUSED},
        {DEPENDS("function", "public.f()", NULL, NULL), "DROP TABLE t;\nDROP TYPE public.e;", AMEND_REFUSED},
        {DEPENDS(NULL, "x", NULL, NULL), "DROP TYPE e;", AMEND_OK},
        {DEPENDS("x", NULL, NULL, NULL), "DROP TYPE e;", AMEND_OK},
        {{.match = DEPENDENTS, .columns = 2, .names = dependent_names, .values = (const char *const[]){"a", "b"}},
         "DROP TYPE e;",
         AMEND_OK},
        {{.match = DEPENDENTS, .fault = AMEND_FAULT_STATEMENT}, "DROP TYPE e;", AMEND_FAILED},
        {DEPENDS("column", "public.t.a", "public", "t"), "ALTER TYPE e RENAME TO f;\nDROP TYPE e;", AMEND_OK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, cases[i].rule);
        plan p;
        harness_file(&h, "001_one.sql", cases[i].script);
        amend_status status = check(&h, &p);
        if (status != cases[i].status)
        {
            fail_msg("%zu: %d %s", i, (int)status, h.error.message);
        }
        if (status == AMEND_REFUSED)
        {
            assert_int_equal(h.error.code, AMEND_E_IN_USE);
            assert_string_equal(h.error.message,
                                i == 3 ? "type \"public.e\" is in use by 1 object" : "type \"e\" is in use by 1 object");
        }
        harness_close(&h);
    }
}

/* --------------------------------------------------------------------------------------------------------------- memory */

/* Each allocation fails in turn, in the arena and beside it: never another answer. */
static void run_short(harness *h, amend_status wanted, size_t *n, bool *over)
{
    faulty_alloc f;
    amend_error error = {0};
    harness_ready(h);
    plan p = make_plan(h, ACTION_UP);
    session s = h->session;
    s.allocator = faulty_alloc_init(&f, *n, FAULTY_ONCE);
    arena *a = arena_new(s.allocator);
    if (a != NULL)
    {
        amend_status status = truth_check(&s, a, &h->catalog, &p, &error);
        if (f.failures == 0)
        {
            assert_int_equal(status, wanted);
        }
        else if (status != wanted && error.code != AMEND_E_OUT_OF_MEMORY)
        {
            fail_msg("call %zu: AM%04d %s", *n, (int)error.code, error.message);
        }
        arena_free(a);
    }
    assert_int_equal(faulty_alloc_clear(&f), 0);
    *over = f.failures == 0;
    ++*n;
}

static void test_short_of_memory(void **state)
{
    (void)state;
    bool over = false;
    for (size_t n = 1; !over;)
    {
        harness h;
        harness_sqlite(&h);
        harness_sql(&h, "CREATE TABLE t (a INT); CREATE TABLE q AS SELECT 1 AS a; CREATE INDEX i ON t (a);");
        harness_file(&h, "001_one.sql",
                     "CREATE TABLE IF NOT EXISTS q AS SELECT 1 AS a;\nCREATE TABLE IF NOT EXISTS t (a INT);\n"
                     "CREATE INDEX IF NOT EXISTS i ON t (a DESC);\nCREATE TABLE IF NOT EXISTS u (a);");
        harness_file(&h, "002_two.sql", "CREATE TABLE IF NOT EXISTS t (b INT);");
        run_short(&h, AMEND_REFUSED, &n, &over);
        harness_close(&h);
    }
    over = false;
    for (size_t n = 1; !over;)
    {
        HARNESS_FAKE(h, FOUND("0", "r", "x"), FACT("existing", "column a", "int"),
                     DEPENDS("column", "public.t.a", "public", "t"));
        harness_file(&h, "001_one.sql",
                     "SET search_path = s;\nCREATE TABLE IF NOT EXISTS t (a int);\nCREATE TYPE e AS ENUM ('a');\n"
                     "DROP TYPE f;");
        run_short(&h, AMEND_REFUSED, &n, &over);
        harness_close(&h);
    }
}

/* An arena asks for memory seldom: each of what is put into it has to be the one that finds it full. */
static void test_arena_full(void **state)
{
    (void)state;
    for (size_t pad = 9000; pad < 16200; pad += 16)
    {
        HARNESS_FAKE(h, FOUND("0", "r", "x"), FACT("existing", "column a", "int"),
                     DEPENDS("column", "public.t.a", "public", "t"));
        harness_file(&h, "001_one.sql",
                     "SET search_path = s;\nCREATE TABLE IF NOT EXISTS t (a int);\nCREATE TYPE e AS ENUM ('a');\n"
                     "DROP TYPE f;");
        faulty_alloc f;
        amend_error error = {0};
        harness_ready(&h);
        plan p = make_plan(&h, ACTION_UP);
        arena *a = arena_new(faulty_alloc_init(&f, 3, FAULTY_ONCE)); /* itself, its first block, the next one */
        assert_non_null(a);
        for (size_t left = pad; left > 0; left -= left < 512 ? left : 512)
        {
            assert_non_null(arena_alloc(a, left < 512 ? left : 512)); /* a large piece would get a block of its own */
        }
        amend_status status = truth_check(&h.session, a, &h.catalog, &p, &error);
        if (status != AMEND_REFUSED && (f.failures == 0 || error.code != AMEND_E_OUT_OF_MEMORY))
        {
            fail_msg("%zu: AM%04d %s", pad, (int)error.code, error.message);
        }
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sqlite),         cmocka_unit_test(test_differences),
        cmocka_unit_test(test_touched_before), cmocka_unit_test(test_passed_over),
        cmocka_unit_test(test_down_scripts),   cmocka_unit_test(test_enum),
        cmocka_unit_test(test_absent),         cmocka_unit_test(test_other_rows),
        cmocka_unit_test(test_built),          cmocka_unit_test(test_looking_builds_nothing),
        cmocka_unit_test(test_settings),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_drop),           cmocka_unit_test(test_short_of_memory),
        cmocka_unit_test(test_arena_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
