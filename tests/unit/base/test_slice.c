/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include "support/testing.h"

static void test_of(void **state)
{
    (void)state;
    assert_int_equal(slice_of(NULL).len, 0);
    assert_int_equal(slice_of("abc").len, 3);
    assert_true(slice_equal(slice_sub(SLICE("abcdef"), 2, 4), SLICE("cd")));
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(slice_equal((slice){NULL, 0}, SLICE("")));
    assert_true(slice_equal(SLICE("a"), SLICE("a")));
    assert_false(slice_equal(SLICE("a"), SLICE("b")));
    assert_false(slice_equal(SLICE("a"), SLICE("aa")));
}

static void test_equal_nocase(void **state)
{
    (void)state;
    assert_true(slice_equal_nocase(SLICE("AbZ"), SLICE("aBz")));
    assert_false(slice_equal_nocase(SLICE("ab"), SLICE("abc")));
    assert_false(slice_equal_nocase(SLICE("ab"), SLICE("ac")));
    assert_false(slice_equal_nocase(SLICE("@["), SLICE("`{"))); /* next to the letters */
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts(SLICE("abc"), SLICE("")));
    assert_false(slice_starts(SLICE("a"), SLICE("ab")));
    assert_false(slice_starts(SLICE("xbc"), SLICE("ab")));
    assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
    assert_false(slice_ends(SLICE("c"), SLICE("bc")));
    assert_false(slice_ends(SLICE("abx"), SLICE("bc")));
}

static void test_trim(void **state)
{
    (void)state;
    assert_true(slice_equal(slice_trim(SLICE(" \t\r\n\v\fa b \n")), SLICE("a b")));
    assert_int_equal(slice_trim(SLICE(" \n ")).len, 0);
    assert_int_equal(slice_trim(SLICE("")).len, 0);
}

static void test_token(void **state)
{
    (void)state;
    slice rest = SLICE("a,,b");
    assert_true(slice_equal(slice_token(&rest, ','), SLICE("a")));
    assert_true(slice_equal(slice_token(&rest, ','), SLICE("")));
    assert_true(slice_equal(slice_token(&rest, ','), SLICE("b")));
    assert_int_equal(rest.len, 0);
    assert_int_equal(slice_token(&rest, ',').len, 0);
    rest = SLICE("a,");
    assert_true(slice_equal(slice_token(&rest, ','), SLICE("a")));
    assert_int_equal(rest.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of),           cmocka_unit_test(test_equal),
        cmocka_unit_test(test_equal_nocase), cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_trim),         cmocka_unit_test(test_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
