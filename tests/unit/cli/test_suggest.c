/* SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include "cli/commands.h"
#include "support/cases.h"
#include "support/testing.h"

static void nearest(const test_line *l)
{
    suggestion s = {.word = l->fields[0]};
    for (size_t i = 0; i < COMMANDS; i++)
    {
        suggest_consider(&s, commands_table[i].name);
    }
    if (l->count < 2 || *l->fields[1] == '\0')
    {
        assert_null(s.best);
        return;
    }
    assert_non_null(s.best);
    assert_string_equal(s.best, l->fields[1]);
}

static void test_nearest(void **state)
{
    (void)state;
    cases_lines("cli/suggestions.txt", nearest);
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("", ""), 0);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("abc", ""), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("ab", "ba"), 1);
    assert_int_equal(suggest_distance("abcd", "acbd"), 1);
    assert_int_equal(suggest_distance("12345678901234567890123456789012345678901", "1"), 41);
    assert_int_equal(suggest_distance("1", "12345678901234567890123456789012345678901"), 41);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest), cmocka_unit_test(test_distance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
