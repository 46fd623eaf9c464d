/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/query.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>

static void names_are_found_in_any_quotes(void **state)
{
    (void)state;
    static const struct
    {
        const char *query, *name;
        bool found;
    } cases[] = {
        {"SELECT * FROM cards", "cards", true},
        {"SELECT * FROM CARDS", "cards", true},
        {"SELECT * FROM \"Cards\"", "cards", true},
        {"SELECT * FROM `cards`", "cards", true},
        {"SELECT * FROM [cards]", "Cards", true},
        {"SELECT * FROM 'cards'", "cards", true},
        {"SELECT * FROM main.'cards'", "cards", true},
        {"INSERT INTO 'cards' VALUES(1)", "cards", true},
        {"SELECT \"a\"\"b\"", "a\"b", true},
        {"SELECT \"a\"\"b\"", "a\"\"b", false},
        {"SELECT \"a\"\"bc\"", "a\"b", false},
        {"SELECT \"a\"\"b\"", "a\"c", false},
        {"SELECT \"a\"\"b\"", "a\"bc", false},
        {"SELECT größe", "größe", true},
        {"SELECT \xc3\x84", "\xc3\xa4", false}, /* Ä is not ä: only ASCII folds */
        {"SELECT 'cards'", "cards", false},
        {"SELECT 1 -- cards", "cards", false},
        {"SELECT /* cards */ 1", "cards", false},
        {"SELECT :cards", "cards", false},
        {"SELECT * FROM cards2", "cards", false},
        {"SELECT * FROM \"cards", "cards", true},
        {"", "cards", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        if (sqlite_mentions(slice_of(cases[i].query), cases[i].name) != cases[i].found)
        {
            fail_msg("%s in: %s", cases[i].name, cases[i].query);
        }
    }
    assert_false(sqlite_mentions((slice){NULL, 0}, "cards"));
}

static void one_statement_is_repeatable(void **state)
{
    (void)state;
    static const struct
    {
        const char *query;
        bool repeatable;
    } cases[] = {
        {"", true},
        {" ; ;", true},
        {"SELECT 1", true},
        {"SELECT 1; -- done\n ;", true},
        {";; SELECT 1;", true},
        {"SELECT ';';", true},
        {"INSERT INTO a VALUES(1); INSERT INTO b VALUES(1)", false},
        {"BEGIN; INSERT INTO a VALUES(1); COMMIT", false},
        {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END;", true},
        {"CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END; ;", true},
        {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END; SELECT 1", false},
        {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1", true},
        {"SELEC", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        if (sqlite_repeatable(slice_of(cases[i].query)) != cases[i].repeatable)
        {
            fail_msg("%s", cases[i].query);
        }
    }
}

static void check_name(const test_line *l)
{
    assert_int_equal(l->count, 2);
    const char *text = l->fields[1];
    char made[1024], shown[3 * AMEND_NAME_SIZE] = "none";
    const char *star = text[0] == '{' ? strchr(text, '*') : NULL;
    if (star != NULL) /* {x*192} is as many x */
    {
        char *end;
        size_t times = strtoul(star + 1, &end, 10);
        assert_true(times < 512);
        memset(made, text[1], times);
        snprintf(made + times, sizeof made - times, "%s", end + 1);
        text = made;
    }
    amend_object o = {.kind = AMEND_OBJECT_TABLE, .count = 7};
    if (sqlite_parse_name(slice_of(text), &o))
    {
        assert_true(o.kind == AMEND_OBJECT_NONE && o.count == 0);
        snprintf(shown, sizeof shown, "%s/%s/%s", o.schema, o.table, o.name);
    }
    else
    {
        assert_true(o.kind == AMEND_OBJECT_TABLE && o.count == 7);
    }
    if (strcmp(shown, l->fields[0]) != 0)
    {
        fail_msg("%s:%u: %s", l->file, l->line, shown);
    }
}

static void names_are_read_as_people_write_them(void **state)
{
    (void)state;
    cases_lines("sqlite/names.txt", check_name);
    amend_object o;
    assert_false(sqlite_parse_name(SLICE(""), &o));
}

static void a_chain_must_be_the_one_that_is_meant(void **state)
{
    (void)state;
    static const struct
    {
        const char *query;
        size_t at;
        const char *whole;
        size_t parts;
    } cases[] = {
        {"a.b.c", 0, "a.b.c", 3}, {"a.\"b.c\"", 0, "a.b.c", 2},
        {"a.b.c", 2, "b.c", 2},   {"a.b.c.d", 0, "a.b.c.d", 0},
        {" a.b", 0, "a.b", 0},    {"a.b", 0, "a.c", 0},
        {"a.b", 0, "a", 1},       {"a b", 0, "a.b", 0},
        {"a.", 0, "a.b", 0},      {"", 0, "a", 0},
        {"a.+", 0, "a.b", 0},     {"abc.d", 0, "ab", 0},
        {"\"\"", 0, "a", 0},      {"a.b", 0, "a+b", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        size_t lengths[SQLITE_CHAIN];
        if (sqlite_chain_at(slice_of(cases[i].query), cases[i].at, slice_of(cases[i].whole), lengths) != cases[i].parts)
        {
            fail_msg("%s at %zu of %s", cases[i].whole, cases[i].at, cases[i].query);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_any_quotes),
        cmocka_unit_test(one_statement_is_repeatable),
        cmocka_unit_test(names_are_read_as_people_write_them),
        cmocka_unit_test(a_chain_must_be_the_one_that_is_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
