/* SPDX-License-Identifier: MIT */
/* The gate before data is lost, on SQLite, and on the scripted database in PostgreSQL's words. */
#include "engine/losses.h"

#include "base/alloc.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define LOOK "WITH RECURSIVE s(n, kind, nsp"
#define COUNT "SELECT pg_catalog.count("

static const char *const found_names[11] = {"n",   "nspname", "relname", "attname", "rows", "type",
                                            "old", "mod",     "new",     "sort",    "back"};
static const char *const counted[] = {"count"};
#define FOUND(...)                                                                                                             \
    {                                                                                                                          \
        .match = LOOK, .columns = 11, .names = found_names, .values = (const char *const[11])                                  \
        {                                                                                                                      \
            __VA_ARGS__                                                                                                        \
        }                                                                                                                      \
    }
#define TABLE_T FOUND("0", "public", "t", NULL, "3")
#define COUNTED(n)                                                                                                             \
    {                                                                                                                          \
        .match = COUNT, .columns = 1, .names = counted, .values = (const char *const[])                                        \
        {                                                                                                                      \
            n                                                                                                                  \
        }                                                                                                                      \
    }

typedef struct gated
{
    plan plan;
    losses losses;
} gated;

static void prepare(harness *h, session *s, arena *a, gated *g)
{
    catalog *c = &h->catalog;
    entry *entries = arena_array(h->arena, c->count + 1, sizeof *entries);
    *g = (gated){.plan = {.steps = arena_array(h->arena, c->count + 1, sizeof *g->plan.steps), .count = c->count},
                 .losses = {.session = s, .catalog = c}};
    for (size_t i = 0; i < c->count; i++)
    {
        entries[i].file = &c->items[i];
        g->plan.steps[i] =
            (step){.action = ACTION_UP, .entry = &entries[i], .version = c->items[i].version, .name = c->items[i].name};
    }
    (void)a;
}

static amend_status check(harness *h, gated *g, bool allowed, bool looking)
{
    h->error = (amend_error){0};
    h->said[0] = '\0';
    harness_ready(h);
    prepare(h, &h->session, h->arena, g);
    g->losses.allowed = allowed;
    g->losses.looking = looking;
    amend_status status = losses_check(&g->losses, h->arena, &g->plan, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

static void some_rows(harness *h)
{
    harness_sqlite(h);
    harness_sql(h, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, 'y');"
                   "CREATE TABLE u (id); CREATE TABLE \"it's\" (id); INSERT INTO \"it's\" VALUES (1);");
}

/* --------------------------------------------------------------------------------------------------------------- SQLite */

static void test_refused(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "SELECT 1;\n  DROP TABLE T;\nDROP TABLE u;");
    harness_file(&h, "002_two.sql", "DELETE FROM \"it's\";");
    assert_int_equal(check(&h, &g, false, false), AMEND_REFUSED);
    assert_int_equal(h.error.code, AMEND_E_DESTRUCTIVE);
    assert_string_equal(h.error.message, "data would be lost: t (3 rows), and 1 more");
    assert_string_equal(h.error.detail, "001_one.sql:2: t (3 rows): the table with its rows\n"
                                        "002_two.sql:1: it's (1 row): all rows");
    assert_string_equal(h.error.version, "001");
    assert_string_equal(h.error.object, "t");
    assert_int_equal(h.error.line, 2);
    assert_int_equal(h.error.statement, 2);
    assert_non_null(strstr(h.error.hint, "--allow-destructive"));
    assert_null(g.plan.steps[0].lost);
    assert_int_equal(h.told[AMEND_EVENT_DATA_LOST], 0);
    assert_int_equal(losses_check(&g.losses, h.arena, &g.plan, NULL), AMEND_REFUSED);
    harness_close(&h);
}

static void test_allowed(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "DROP TABLE t;\nDROP TABLE u;");
    harness_file(&h, "002_two.sql", "-- amend:destructive \"nobody reads it\"\nDELETE FROM \"it's\";");
    assert_int_equal(check(&h, &g, true, false), AMEND_OK);
    assert_string_equal(
        g.plan.steps[0].lost,
        "[{\"object\":\"t\",\"what\":\"the table with its rows\",\"rows\":3,\"allowed\":\"--allow-destructive\"}]");
    assert_int_equal(h.told[AMEND_EVENT_DATA_LOST], 2);
    assert_non_null(strstr(h.said, "001 one takes away t: the table with its rows (3 rows); allowed: --allow-destructive\n"));
    assert_int_equal(g.losses.count, 3); /* an empty table is seen, and doesn't matter */
    harness_close(&h);
}

/* The script's own directive is for that script. */
static void test_meant(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "-- amend:destructive \"old\"\nDROP TABLE t;");
    assert_int_equal(check(&h, &g, false, false), AMEND_OK);
    assert_non_null(strstr(g.plan.steps[0].lost, "\"allowed\":\"old\"}]"));
    harness_file(&h, "002_two.sql", "DELETE FROM \"it's\";");
    assert_int_equal(check(&h, &g, false, false), AMEND_REFUSED);
    assert_string_equal(h.error.message, "data would be lost: it's (1 row)");
    assert_string_equal(h.error.version, "002");
    harness_close(&h);
}

static void test_looking(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "DROP TABLE t;");
    assert_int_equal(check(&h, &g, false, true), AMEND_OK);
    assert_int_equal(g.losses.count, 1);
    assert_null(g.losses.entries[0].permission);
    assert_int_equal(h.told[AMEND_EVENT_DATA_LOST], 0);
    g.plan.conflicts = 1; /* nothing will run */
    assert_int_equal(losses_check(&g.losses, h.arena, &g.plan, NULL), AMEND_OK);
    assert_int_equal(g.losses.count, 0);
    harness_close(&h);
}

/* One that can't be counted doesn't keep the others from it; and is no reason to let it through. */
static void test_not_to_be_counted(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_sql(
        &h,
        "PRAGMA writable_schema = on; INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING "
        "nowhere(x)')");
    harness_file(&h, "001_one.sql", "DROP TABLE t;\nDROP TABLE v;");
    assert_int_equal(check(&h, &g, false, false), AMEND_REFUSED);
    assert_string_equal(h.error.detail,
                        "001_one.sql:1: t (3 rows): the table with its rows\n"
                        "001_one.sql:2: v (can't be counted): the table with its rows: no such module: nowhere");
    assert_int_equal(check(&h, &g, true, false), AMEND_OK);
    assert_non_null(strstr(g.plan.steps[0].lost, "{\"object\":\"v\",\"what\":\"the table with its rows\",\"allowed\""));
    harness_close(&h);
}

static void test_nothing_to_lose(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "CREATE TABLE x (a);");
    harness_file(&h, "002_two.sql", "DROP TABLE absent;");
    harness_file(&h, "003_three.sql", "CREATE TABLE y (a); DROP TABLE y;");
    assert_int_equal(check(&h, &g, false, false), AMEND_OK);
    assert_int_equal(g.losses.count, 0);
    g.plan.steps[0].action = ACTION_BASELINE; /* which runs no script */
    assert_int_equal(losses_check(&g.losses, h.arena, &g.plan, &h.error), AMEND_OK);
    harness_close(&h);
}

static void test_unreadable(void **state)
{
    (void)state;
    harness h;
    gated g;
    some_rows(&h);
    harness_file(&h, "001_one.sql", "DROP TABLE t;\nSELECT 'x");
    amend_status status = check(&h, &g, false, false);
    if (status != AMEND_OK && status != AMEND_REFUSED)
    {
        assert_string_equal(h.error.file, "001_one.sql");
        assert_string_equal(h.error.version, "001");
    }
    harness_file(&h, "001_one.sql", "DROP TABLE t;");
    assert_int_equal(check(&h, &g, true, false), AMEND_OK);
    g.plan.steps[0].action = ACTION_DOWN;
    static const char down[] = "nowhere.sql";
    migration m = *g.plan.steps[0].entry->file;
    m.down_file = down;
    g.plan.steps[0].entry->file = &m;
    assert_int_not_equal(losses_check(&g.losses, h.arena, &g.plan, &h.error), AMEND_OK);
    assert_string_equal(h.error.file, down);
    assert_string_equal(h.error.version, "001");
    harness_close(&h);
}

/* A list that is longer than its room ends with a whole line. */
static void test_long_list(void **state)
{
    (void)state;
    harness h;
    gated g;
    buf drops, tables;
    harness_sqlite(&h);
    buf_init(&drops, &alloc_default);
    buf_init(&tables, &alloc_default);
    for (unsigned i = 0; i < 150; i++)
    {
        buf_format(&tables,
                   "CREATE TABLE a_table_with_a_name_that_is_long_%03u (a); INSERT INTO a_table_with_a_name_that_is_long_%03u "
                   "VALUES (1);",
                   i, i);
        buf_format(&drops, "DROP TABLE a_table_with_a_name_that_is_long_%03u;\n", i);
    }
    harness_sql(&h, tables.data);
    harness_file(&h, "001_one.sql", drops.data);
    assert_int_equal(check(&h, &g, false, false), AMEND_REFUSED);
    size_t len = strlen(h.error.detail);
    assert_true(len > 500 && len < sizeof h.error.detail);
    assert_string_equal(h.error.detail + len - 8, "its rows");
    buf_clear(&drops);
    buf_clear(&tables);
    harness_close(&h);
}

/* ----------------------------------------------------------------------------------------------------------- PostgreSQL */

static void test_postgres(void **state)
{
    const struct
    {
        const char *script;
        fake_rule found;
        const char *message; /* NULL: nothing is lost */
    } cases[] = {
        {"DROP TABLE t;", TABLE_T, "data would be lost: public.t (7 rows)"},
        {"DROP TABLE t;", FOUND("0", "public", "t", NULL, "2.5e7"), "data would be lost: public.t (about 25000000 rows)"},
        {"TRUNCATE t;", TABLE_T, "data would be lost: public.t (7 rows)"},
        {"ALTER TABLE t DROP COLUMN a;", FOUND("0", "public", "t", "a", "3", "integer"),
         "data would be lost: public.t.a (7 values)"},
        {"UPDATE t SET a = 1;", FOUND("0", "public", "t", "a", "3", "integer"), "data would be lost: public.t.a (7 values)"},
        {"ALTER TABLE t ALTER a TYPE int2;", FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", "int2", "b", "1"),
         "data would be lost: public.t.a (7 values)"},
        {"ALTER TABLE t ALTER a TYPE int8;", FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", "int8", "b", "1"),
         NULL},
        {"ALTER TABLE t ALTER a TYPE text;", FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", "text", "b", "1"),
         NULL},
        {"ALTER TABLE t ALTER a TYPE varchar(3);",
         FOUND("0", "public", "t", "a", "3", "character varying(5)", "varchar", "9", "varchar", "b", "1"),
         "data would be lost: public.t.a (7 values)"},
        {"ALTER TABLE t ALTER a TYPE numeric(10, 2);",
         FOUND("0", "public", "t", "a", "3", "numeric(8,2)", "numeric", "524294", "numeric", "b", "1"), NULL},
        {"ALTER TABLE t ALTER a TYPE numeric(10, 1);",
         FOUND("0", "public", "t", "a", "3", "numeric(8,2)", "numeric", "524294", "numeric", "b", "1"),
         "data would be lost: public.t.a (7 values)"},
        {"ALTER TABLE t ALTER a TYPE json;", FOUND("0", "public", "t", "a", "3", "point", "point", "-1", "json", "b", "0"),
         "data would be lost: public.t.a (7 values)"},
        {"ALTER TABLE t ALTER a TYPE mine USING f(a);",
         FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", NULL, NULL, "0"),
         "data would be lost: public.t.a (at most 7 values)"},
        {"ALTER TABLE t ALTER a TYPE mine USING a::text::mine;",
         FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", NULL, NULL, "0"), NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, cases[i].found, COUNTED("7"));
        gated g;
        harness_file(&h, "001_one.sql", cases[i].script);
        amend_status status = check(&h, &g, false, false);
        if (status != (cases[i].message == NULL ? AMEND_OK : AMEND_REFUSED) ||
            (cases[i].message != NULL && strcmp(h.error.message, cases[i].message) != 0))
        {
            fail_msg("%s: %d %s", cases[i].script, (int)status, h.error.message);
        }
        harness_close(&h);
    }
}

static void test_failures(void **state)
{
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_code code;
        const char *message;
    } cases[] = {
        {LOOK, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "not yours"},
        {LOOK, AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST, "not yours"},
        {COUNT, AMEND_FAULT_STATEMENT, AMEND_E_DESTRUCTIVE, "data would be lost: public.t (can't be counted)"},
        {COUNT, AMEND_FAULT_BUSY, AMEND_E_DESTRUCTIVE, "data would be lost: public.t (can't be counted)"},
        {COUNT, AMEND_FAULT_UNRUN, AMEND_E_DESTRUCTIVE, "data would be lost: public.t (can't be counted)"},
        {COUNT, AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST, "not yours"},
        {COUNT, AMEND_FAULT_CANCELLED, AMEND_E_CANCELLED, "not yours"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, {.match = cases[i].match, .fault = cases[i].fault, .message = "not yours"}, TABLE_T);
        gated g;
        harness_file(&h, "001_one.sql", "DROP TABLE t;");
        assert_int_not_equal(check(&h, &g, false, false), AMEND_OK);
        assert_int_equal(h.error.code, cases[i].code);
        assert_string_equal(h.error.message, cases[i].message);
        assert_false(h.script.in_tx && cases[i].fault != AMEND_FAULT_LOST);
        harness_close(&h);
    }
    /* refused at first, and lost at the second try */
    HARNESS_FAKE(h, {.match = COUNT, .fault = AMEND_FAULT_STATEMENT, .times = 1}, {.match = COUNT, .fault = AMEND_FAULT_LOST},
                 TABLE_T);
    gated g;
    harness_file(&h, "001_one.sql", "DROP TABLE t;");
    assert_int_equal(check(&h, &g, false, false), AMEND_UNREACHABLE);
    harness_close(&h);
}

/* Counting may take long: it can be stopped. */
static void test_stopped(void **state)
{
    static const char *const where[] = {LOOK, COUNT};
    (void)state;
    for (size_t i = 0; i < 2; i++)
    {
        HARNESS_FAKE(h, {.match = where[i], .idle = 3}, TABLE_T);
        gated g;
        harness_file(&h, "001_one.sql", "DROP TABLE t;");
        atomic_store(&h.session.cancelled, true);
        assert_int_equal(check(&h, &g, false, false), AMEND_FAILED);
        harness_close(&h);
    }
}

/* --------------------------------------------------------------------------------------------------------------- memory */

/* Each allocation fails in turn: never another answer, and nothing is left over. */
static bool run_short(harness *h, size_t n)
{
    faulty_alloc f;
    gated g;
    amend_error error = {0};
    harness_ready(h);
    session s = h->session;
    s.allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
    arena *a = arena_new(s.allocator);
    if (a != NULL)
    {
        prepare(h, &s, a, &g);
        amend_status status = losses_check(&g.losses, a, &g.plan, &error);
        if (f.failures == 0 || error.code != AMEND_E_OUT_OF_MEMORY)
        {
            if (status != AMEND_REFUSED || strstr(error.detail, "memory") != NULL)
            {
                fail_msg("call %zu: AM%04d %s\n%s", n, (int)error.code, error.message, error.detail);
            }
        }
        arena_free(a);
    }
    assert_int_equal(faulty_alloc_clear(&f), 0);
    return f.failures > 0;
}

static void test_short_of_memory(void **state)
{
    (void)state;
    bool more = true;
    for (size_t n = 1; more; n++)
    {
        harness h;
        some_rows(&h);
        harness_sql(
            &h, "PRAGMA writable_schema = on; INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v "
                "USING nowhere(x)')");
        harness_file(&h, "001_one.sql", "-- amend:destructive \"old\"\nDROP TABLE t;");
        harness_file(&h, "002_two.sql", "DELETE FROM \"it's\";\nDROP TABLE v;");
        more = run_short(&h, n);
        harness_close(&h);
    }
    more = true;
    for (size_t n = 1; more; n++)
    {
        HARNESS_FAKE(h, {.match = COUNT, .fault = AMEND_FAULT_STATEMENT, .times = 1},
                     FOUND("0", "public", "t", "a", "3", "integer", "int4", "-1", "int2", "b", "1"), COUNTED("7"));
        harness_file(&h, "001_one.sql", "ALTER TABLE t ALTER \"a\" TYPE int2 USING \"a\"::int2 + 1;");
        more = run_short(&h, n);
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_allowed),           cmocka_unit_test(test_meant),
        cmocka_unit_test(test_looking),    cmocka_unit_test(test_not_to_be_counted), cmocka_unit_test(test_nothing_to_lose),
        cmocka_unit_test(test_unreadable), cmocka_unit_test(test_long_list),         cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_stopped),           cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
