/* SPDX-License-Identifier: MIT */
/* Cases: tests/cases/migration/versions.txt */
#include "migration/version.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void expect_order(const test_line *l)
{
    const char *a = l->fields[0], *b = l->fields[2];
    int expected = l->fields[1][0] == '<' ? -1 : 0;
    uint64_t x = version_number(slice_of(a)), y = version_number(slice_of(b));
    if (version_compare(a, b) != expected || version_compare(b, a) != -expected || x > y || (expected == 0 && x != y))
    {
        fail_msg("%s:%u", l->file, l->line);
    }
}

static void expect_line(const test_line *l)
{
    if (l->count == 3)
    {
        expect_order(l);
        return;
    }
    bool valid = strcmp(l->fields[0], "valid") == 0;
    if (version_is_valid(l->fields[1]) != valid)
    {
        fail_msg("%s:%u", l->file, l->line);
    }
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("migration/versions.txt", expect_line);
}

static void test_empty_is_no_version(void **state)
{
    (void)state;
    assert_false(version_is_valid(""));
}

/* A history that another tool wrote may have anything; the order must still be one. */
static void test_other_texts_have_a_place(void **state)
{
    (void)state;
    assert_true(version_compare("", "1") < 0);
    assert_true(version_compare("abc", "abd") < 0);
    assert_true(version_compare("1.0", "1") > 0);
    assert_int_equal(version_compare("x", "x"), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(version_number(SLICE("000")), 0);
    assert_int_equal(version_number(SLICE("00123")), 123);
    assert_true(version_number(SLICE("9999999999999999999")) == 9999999999999999999ULL);
    assert_true(version_number(SLICE("10000000000000000000")) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_empty_is_no_version),
        cmocka_unit_test(test_other_texts_have_a_place),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
