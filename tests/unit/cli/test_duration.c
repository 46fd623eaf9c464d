/* SPDX-License-Identifier: MIT */
#include "cli/duration.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse(const test_line *l)
{
    uint32_t ms = 7;
    const char *wrong = duration_parse(l->fields[0], &ms);
    if (wrong == NULL)
    {
        assert_int_equal(ms, strtoul(l->fields[1], NULL, 10));
    }
    else
    {
        assert_non_null(strstr(wrong, l->fields[1]));
        assert_int_equal(ms, 7);
    }
}

static void test_parse(void **state)
{
    (void)state;
    cases_lines("cli/durations.txt", parse);
}

static void test_print(void **state)
{
    static const struct
    {
        int64_t ms;
        const char *text;
    } rows[] = {{-1, "0 ms"},       {0, "0 ms"},          {999, "999 ms"},          {1000, "1.00 s"},
                {59999, "59.99 s"}, {60000, "1 min 0 s"}, {3599999, "59 min 59 s"}, {7260000, "2 h 1 min"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        char out[DURATION_TEXT];
        duration_print(rows[i].ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_number(void **state)
{
    static const char *const wrong[] = {"", "0", "-1", "+1", "x", "1x", " 1", "4294967296", "99999999999999999999"};
    uint32_t number = 7;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    {
        assert_false(number_parse(wrong[i], &number));
    }
    assert_true(number_parse("4294967295", &number));
    assert_true(number == UINT32_MAX);
    assert_true(number_parse("007", &number));
    assert_int_equal(number, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_print),
                                       cmocka_unit_test(test_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
