/* SPDX-License-Identifier: MIT */
#include "guard/truth.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

enum
{
    MOST = 8,
};

/* "a|b" → slices; returns how many. */
static size_t split(const char *text, slice out[MOST])
{
    slice rest = slice_of(text);
    size_t count = 0;
    while (rest.len > 0)
    {
        assert_true(count < MOST);
        out[count++] = slice_token(&rest, '|');
    }
    return count;
}

/* ----------------------------------------------------------------------------------------------------------------- what */

static void test_what(void **state)
{
    static const struct
    {
        amend_object_kind object;
        const char *schema, *expected;
    } cases[] = {
        {AMEND_OBJECT_TABLE, "app", "table \"app.x\""}, {AMEND_OBJECT_INDEX, "", "index \"x\""},
        {AMEND_OBJECT_VIEW, NULL, "view \"x\""},        {AMEND_OBJECT_SEQUENCE, NULL, "sequence \"x\""},
        {AMEND_OBJECT_SCHEMA, NULL, "schema \"x\""},    {AMEND_OBJECT_TRIGGER, NULL, "trigger \"x\""},
        {AMEND_OBJECT_TYPE, NULL, "type \"x\""},
    };
    (void)state;
    arena *a = arena_new(&alloc_default);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        claim c = {.object = cases[i].object, .name = SLICE("x")};
        c.schema = cases[i].schema == NULL ? (slice){0} : slice_of(cases[i].schema);
        assert_string_equal(truth_what(a, &c), cases[i].expected);
    }
    claim c = {.object = AMEND_OBJECT_TYPE, .name = SLICE("x"), .enumeration = true};
    assert_string_equal(truth_what(a, &c), "enum \"x\"");
    arena_free(a);
}

/* ---------------------------------------------------------------------------------------------------------------- enums */

static amend_status judge_enum(arena *a, const char *wanted, const char *there, const char *sort, bool strict,
                               amend_error *error)
{
    slice values[MOST], existing[MOST];
    claim c = {.object = AMEND_OBJECT_TYPE, .name = SLICE("e"), .enumeration = true, .values = values};
    claim_found f = {.there = true, .sort = sort, .values = existing};
    c.value_count = split(wanted, values);
    f.value_count = split(there, existing);
    return truth_judge_enum(a, &c, &f, strict, error);
}

static void expect_enum(const char *wanted, const char *there, bool strict, const char *message, const char *detail)
{
    arena *a = arena_new(&alloc_default);
    amend_error error = {0};
    amend_status status = judge_enum(a, wanted, there, "e", strict, &error);
    assert_int_equal(status, message == NULL ? AMEND_OK : AMEND_REFUSED);
    assert_string_equal(error.message, message == NULL ? "" : message);
    assert_string_equal(error.detail, detail);
    if (message != NULL)
    {
        assert_int_equal(error.code, AMEND_E_EXISTS_OTHER);
        assert_true(strlen(error.hint) > 20);
        assert_int_equal(judge_enum(a, wanted, there, "e", strict, NULL), AMEND_REFUSED);
    }
    arena_free(a);
}

static void test_enum(void **state)
{
    (void)state;
    static const char *const other = "enum \"e\" exists with other values";
    expect_enum("a|b", "a|b", true, NULL, "");
    expect_enum("a|b", "b|a", false, NULL, "");
    expect_enum("", "", true, NULL, "");
    expect_enum("a|b", "b|a", true, "enum \"e\" exists with its values in another order", "expected  a, b\nexisting  b, a");
    expect_enum("a|b", "a", false, other, "expected  a, b\nexisting  a\nmissing   b");
    expect_enum("a", "a|b", false, other, "expected  a\nexisting  a, b\nextra     b");
    expect_enum("a|c", "a|b", false, other, "expected  a, c\nexisting  a, b\nmissing   c\nextra     b");
    expect_enum("a", "", false, other, "expected  a\nmissing   a");
    expect_enum("", "a", false, other, "existing  a\nextra     a");
    /* Values that could be taken for more than one, or for none. */
    expect_enum("a b|c,d|it's|x\ny|", "a", false, other,
                "expected  'a b', 'c,d', 'it''s', 'x\\ny'\nexisting  a\nmissing   'a b', 'c,d', 'it''s', 'x\\ny'\nextra     a");
}

static void test_enum_of_nothing(void **state)
{
    (void)state;
    slice empty = {"", 0};
    claim c = {.object = AMEND_OBJECT_TYPE, .name = SLICE("e"), .enumeration = true, .values = &empty, .value_count = 1};
    claim_found f = {.there = true, .sort = "e"};
    amend_error error = {0};
    arena *a = arena_new(&alloc_default);
    assert_int_equal(truth_judge_enum(a, &c, &f, false, &error), AMEND_REFUSED);
    assert_string_equal(error.detail, "expected  ''\nmissing   ''");
    arena_free(a);
}

static void test_no_enum(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    amend_error error = {0};
    assert_int_equal(judge_enum(a, "a", "", "d", false, &error), AMEND_REFUSED);
    assert_int_equal(error.code, AMEND_E_EXISTS_OTHER);
    assert_string_equal(error.message, "enum \"e\" exists, but is no enum");
    arena_free(a);
}

/* The hint is the way out: another one when a value is missing, too much, or in another place. */
static void test_enum_hints(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    amend_error error = {0};
    (void)!judge_enum(a, "a|b", "a", "e", false, &error);
    assert_non_null(strstr(error.hint, "ALTER TYPE … ADD VALUE"));
    (void)!judge_enum(a, "a", "a|b", "e", false, &error);
    assert_non_null(strstr(error.hint, "add them to the migration"));
    (void)!judge_enum(a, "a|b", "b|a", "e", true, &error);
    assert_non_null(strstr(error.hint, "-- amend:enum-order strict"));
    arena_free(a);
}

/* ---------------------------------------------------------------------------------------------------------------- facts */

/* "object=definition|…" */
static fact_list facts(const char *text, fact out[MOST])
{
    slice lines[MOST];
    fact_list list = {.items = out, .count = split(text, lines)};
    for (size_t i = 0; i < list.count; i++)
    {
        slice rest = lines[i];
        out[i].object = slice_token(&rest, '=');
        out[i].definition = rest;
    }
    return list;
}

static amend_status judge_facts(arena *a, amend_object_kind object, const char *wanted, const char *there, amend_error *error)
{
    fact one[MOST], other[MOST];
    fact_list expected = facts(wanted, one), existing = facts(there, other);
    claim c = {.object = object, .name = SLICE("t")};
    return truth_judge_facts(a, &c, &expected, &existing, error);
}

static void expect_facts(amend_object_kind object, const char *wanted, const char *there, const char *detail, const char *hint)
{
    arena *a = arena_new(&alloc_default);
    amend_error error = {0};
    assert_int_equal(judge_facts(a, object, wanted, there, &error), detail == NULL ? AMEND_OK : AMEND_REFUSED);
    assert_string_equal(error.detail, detail == NULL ? "" : detail);
    if (detail != NULL)
    {
        assert_int_equal(error.code, AMEND_E_EXISTS_OTHER);
        assert_non_null(strstr(error.message, "\"t\" exists with another definition"));
        assert_non_null(strstr(error.hint, hint));
    }
    arena_free(a);
}

static void test_facts(void **state)
{
    (void)state;
    expect_facts(AMEND_OBJECT_TABLE, "", "", NULL, NULL);
    expect_facts(AMEND_OBJECT_TABLE, "column a=int|column b=text", "column b=text|column a=int", NULL, NULL);
    expect_facts(AMEND_OBJECT_TABLE, "column a=int", "column a=text", "expected  column a int\nexisting  column a text",
                 "ALTER TABLE");
    expect_facts(AMEND_OBJECT_TABLE, "column a=int|column b=int", "column a=int", "missing   column b int", "with ALTER TABLE");
    expect_facts(AMEND_OBJECT_TABLE, "column a=int", "column a=int|column b=int", "extra     column b int",
                 "If what is extra is meant");
    expect_facts(AMEND_OBJECT_INDEX, "definition=ON t (a)", "definition=ON t (b)", "expected  ON t (a)\nexisting  ON t (b)",
                 "Give the new one another name");
    expect_facts(AMEND_OBJECT_TABLE, "kind=table", "kind=view", "expected  table\nexisting  view", "ALTER TABLE");
    /* a check without a name is called by its condition */
    expect_facts(AMEND_OBJECT_TABLE, "check CHECK (a > 0)=CHECK (a > 0)", "", "missing   check CHECK (a > 0)", "ALTER TABLE");
    /* on one line */
    expect_facts(AMEND_OBJECT_VIEW, "definition= SELECT 1\n\n\t FROM t", "", "missing   SELECT 1 FROM t", "another name");
}

/* Cut where a character begins. */
static void test_long_definition(void **state)
{
    (void)state;
    char text[1600] = "definition=";
    for (size_t i = 0; i < 300; i++)
    {
        strcat(text, "äö");
    }
    arena *a = arena_new(&alloc_default);
    amend_error error = {0};
    assert_int_equal(judge_facts(a, AMEND_OBJECT_VIEW, text, "", &error), AMEND_REFUSED);
    size_t len = strlen(error.detail);
    assert_true(len > 400 && len < 430);
    assert_string_equal(error.detail + len - 6, "ä …");
    arena_free(a);
}

/* What the script itself adds later may be there: it may have run before. */
static void test_added_later(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    slice values[MOST], existing[MOST];
    fact one[MOST], other[MOST];
    amend_error error = {0};
    claim e = {.object = AMEND_OBJECT_TYPE,
               .name = SLICE("e"),
               .enumeration = true,
               .values = values,
               .value_count = split("a|b", values)};
    claim_found f = {.there = true, .sort = "e", .values = existing, .value_count = split("a|y|b", existing)};
    assert_int_equal(truth_judge_enum(a, &e, &f, false, &error), AMEND_REFUSED);
    e.later = SLICE("ALTER TYPE e ADD VALUE IF NOT EXISTS 'y' BEFORE 'b';");
    assert_int_equal(truth_judge_enum(a, &e, &f, true, &error), AMEND_OK);
    f.value_count = split("b|y|a", existing);
    assert_int_equal(truth_judge_enum(a, &e, &f, false, &error), AMEND_OK);
    assert_int_equal(truth_judge_enum(a, &e, &f, true, &error), AMEND_REFUSED);
    f.value_count = split("a|b|z", existing);
    assert_int_equal(truth_judge_enum(a, &e, &f, false, &error), AMEND_REFUSED);
    f.value_count = split("a|y", existing);
    assert_int_equal(truth_judge_enum(a, &e, &f, false, &error), AMEND_REFUSED);
    claim c = {.object = AMEND_OBJECT_TABLE,
               .name = SLICE("t"),
               .later = SLICE("ALTER TABLE t ADD COLUMN IF NOT EXISTS \"my b\" int;")};
    fact_list expected = facts("column a=int", one), there = facts("column a=int|column \"my_b\"=int", other);
    assert_int_equal(truth_judge_facts(a, &c, &expected, &there, &error), AMEND_REFUSED);
    assert_string_equal(error.detail, "extra     column \"my_b\" int");
    c.later = SLICE("ALTER TABLE t ADD COLUMN IF NOT EXISTS \"my_b\" int;");
    assert_int_equal(truth_judge_facts(a, &c, &expected, &there, &error), AMEND_OK);
    there = facts("column a=text|column t.my_b=int", other); /* another type is another type */
    assert_int_equal(truth_judge_facts(a, &c, &expected, &there, &error), AMEND_REFUSED);
    assert_string_equal(error.detail, "expected  column a int\nexisting  column a text");
    arena_free(a);
}

/* ----------------------------------------------------------------------------------------------------------- dependents */

static void test_drop(void **state)
{
    (void)state;
    static dependent items[40];
    amend_error error = {0};
    dependent_list list = {items, 1};
    items[0] = (dependent){.kind = "column", .name = "public.t.a"};
    assert_int_equal(truth_refuse_drop("e", &list, &error), AMEND_REFUSED);
    assert_int_equal(error.code, AMEND_E_IN_USE);
    assert_string_equal(error.message, "type \"e\" is in use by 1 object");
    assert_string_equal(error.detail, "column    public.t.a");
    list.count = 40;
    for (size_t i = 1; i < 40; i++)
    {
        items[i] = (dependent){.kind = "materialized view", .name = "public.m"};
    }
    assert_int_equal(truth_refuse_drop("app.e", &list, &error), AMEND_REFUSED);
    assert_string_equal(error.message, "type \"app.e\" is in use by 40 objects");
    assert_non_null(strstr(error.detail, "column    public.t.a\nmaterialized view public.m\n"));
    assert_non_null(strstr(error.detail, "\nand 10 more"));
    assert_int_equal(truth_refuse_drop("e", &list, NULL), AMEND_REFUSED);
}

/* Names of any length: cut, but within its room. */
static void test_drop_with_long_names(void **state)
{
    (void)state;
    static char name[300];
    static dependent items[30];
    amend_error error = {0};
    memset(name, 'n', sizeof name - 1);
    for (size_t i = 0; i < 30; i++)
    {
        items[i] = (dependent){.kind = "column", .name = name};
    }
    assert_int_equal(truth_refuse_drop("e", &(dependent_list){items, 30}, &error), AMEND_REFUSED);
    assert_true(strlen(error.detail) < 2048);
}

/* --------------------------------------------------------------------------------------------------------------- memory */

static void test_short_of_memory(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++)
    {
        for (size_t n = 1;; n++)
        {
            faulty_alloc f;
            amend_error error = {0};
            arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
            if (a != NULL)
            {
                amend_status status = which == 0 ? judge_enum(a, "a|b", "a|c", "e", false, &error)
                                                 : judge_facts(a, AMEND_OBJECT_TABLE, "column a=int", "column b=int", &error);
                bool short_of = f.failures > 0 && error.code == AMEND_E_OUT_OF_MEMORY;
                assert_true(short_of ? status == AMEND_FAILED : status == AMEND_REFUSED && f.failures == 0);
                arena_free(a);
            }
            assert_int_equal(faulty_alloc_clear(&f), 0);
            if (f.failures == 0)
            {
                break;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what),
        cmocka_unit_test(test_enum),
        cmocka_unit_test(test_no_enum),
        cmocka_unit_test(test_added_later),
        cmocka_unit_test(test_enum_of_nothing),
        cmocka_unit_test(test_enum_hints),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_long_definition),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_drop_with_long_names),
        cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
