/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static void test_default_gives_resizes_and_frees(void **state)
{
    (void)state;
    char *p = alloc_resize(&alloc_default, NULL, 0, 4);
    assert_non_null(p);
    memcpy(p, "abc", 4);
    p = alloc_resize(&alloc_default, p, 4, 4000);
    assert_non_null(p);
    assert_string_equal(p, "abc");
    assert_null(alloc_resize(&alloc_default, p, 4000, 0));
}

static void test_zeroed_clears(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
    unsigned char *p = alloc_zeroed(allocator, 10, 10);
    assert_non_null(p);
    for (int i = 0; i < 100; i++)
    {
        assert_int_equal(p[i], 0);
    }
    alloc_free(allocator, p, 100);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_zeroed_refuses_what_overflows(void **state)
{
    (void)state;
    assert_null(alloc_zeroed(&alloc_default, SIZE_MAX / 2, 3));
    assert_null(alloc_zeroed(&alloc_default, 0, 8));
}

static void test_free_takes_null(void **state)
{
    (void)state;
    alloc_free(&alloc_default, NULL, 0);
}

static void test_faulty_fails_once(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 2, FAULTY_ONCE);
    void *first = alloc_resize(allocator, NULL, 0, 1), *second = alloc_zeroed(allocator, 1, 1);
    void *third = alloc_resize(allocator, NULL, 0, 1);
    assert_non_null(first);
    assert_null(second);
    assert_non_null(third);
    assert_int_equal(f.calls, 3);
    assert_int_equal(f.failures, 1);
    assert_int_equal(faulty_alloc_clear(&f), 2);
    alloc_free(allocator, first, 1);
    alloc_free(allocator, third, 1);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_faulty_fails_for_good_and_keeps_the_old_block(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 2, FAULTY_FOR_GOOD);
    char *p = alloc_resize(allocator, NULL, 0, 4);
    memcpy(p, "abc", 4);
    assert_null(alloc_resize(allocator, p, 4, 8));
    assert_null(alloc_resize(allocator, p, 4, 2));
    assert_string_equal(p, "abc");
    assert_int_equal(f.bytes, 4);
    assert_int_equal(f.peak, 4);
    alloc_free(allocator, p, 4);
    assert_int_equal(f.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_gives_resizes_and_frees),
        cmocka_unit_test(test_zeroed_clears),
        cmocka_unit_test(test_zeroed_refuses_what_overflows),
        cmocka_unit_test(test_free_takes_null),
        cmocka_unit_test(test_faulty_fails_once),
        cmocka_unit_test(test_faulty_fails_for_good_and_keeps_the_old_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
