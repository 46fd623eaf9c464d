/* SPDX-License-Identifier: MIT */
#include "http/body.h"

#include "http/memory.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static void test_pieces(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
    body b = {0};
    assert_int_equal(body_add(&b, allocator, 5, "", 0), BODY_KEPT);
    assert_int_equal(body_add(&b, allocator, 5, "ab", 2), BODY_KEPT);
    assert_string_equal(b.text, "ab");
    assert_int_equal(body_add(&b, allocator, 5, "cdef", 4), BODY_OVER);
    assert_string_equal(b.text, "ab");
    assert_int_equal(body_add(&b, allocator, 5, "cde", 3), BODY_KEPT);
    assert_string_equal(b.text, "abcde");
    assert_int_equal(b.size, 5);
    assert_int_equal(body_add(&b, allocator, 5, "f", 1), BODY_OVER);
    assert_int_equal(body_add(&b, allocator, 5, "f", SIZE_MAX), BODY_OVER);
    body_clear(&b, allocator);
    assert_null(b.text);
    body_clear(&b, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_growth(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
    enum
    {
        LIMIT = 100000,
    };
    body b = {0};
    char piece[999];
    for (size_t i = 0; i < sizeof piece; i++)
    {
        piece[i] = (char)(1 + i % 100);
    }
    while (b.size + sizeof piece <= LIMIT)
    {
        assert_int_equal(body_add(&b, allocator, LIMIT, piece, sizeof piece), BODY_KEPT);
        assert_int_equal(b.text[b.size], 0);
    }
    assert_int_equal(body_add(&b, allocator, LIMIT, piece, LIMIT - b.size), BODY_KEPT);
    assert_int_equal(b.size, LIMIT);
    assert_true(b.room == LIMIT + 1); /* never more than the limit can need */
    assert_true(f.calls < 12);
    for (size_t i = 0; i < b.size; i++)
    {
        assert_int_equal(b.text[i], 1 + i % sizeof piece % 100);
    }
    body_clear(&b, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_no_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 2, FAULTY_ONCE);
    body b = {0};
    char piece[1500] = "x";
    assert_int_equal(body_add(&b, allocator, 5000, "ab", 2), BODY_KEPT);
    assert_int_equal(body_add(&b, allocator, 5000, piece, sizeof piece), BODY_NO_MEMORY);
    assert_string_equal(b.text, "ab");
    body_clear(&b, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_standard_memory(void **state)
{
    (void)state;
    body b = {0};
    assert_int_equal(body_add(&b, &http_memory_default, 5, "ab", 2), BODY_KEPT);
    assert_string_equal(b.text, "ab");
    body_clear(&b, &http_memory_default);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_growth),
                                       cmocka_unit_test(test_no_memory), cmocka_unit_test(test_standard_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
