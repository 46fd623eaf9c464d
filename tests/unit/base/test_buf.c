/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/alloc.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

static void test_lower(void **state)
{
    buf b;
    (void)state;
    buf_init(&b, &alloc_default);
    buf_text(&b, "A");
    buf_lower(&b, SLICE("A@Z[\xc3\x84z"));
    assert_string_equal(b.data, "Aa@z[\xc3\x84z");
    buf_clear(&b);
}

static void test_appends_in_all_ways(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    assert_string_equal(buf_slice(&b).data, "");
    buf_add(&b, (slice){"abc", 2});
    buf_text(&b, "-");
    buf_char(&b, '+');
    buf_format(&b, "%03d|%s", 7, "x");
    buf_add(&b, (slice){NULL, 0});
    assert_string_equal(b.data, "ab-+007|x");
    assert_int_equal(b.len, 9);
    assert_true(slice_equal(buf_slice(&b), SLICE("ab-+007|x")));
    buf_clear(&b);
    assert_null(b.data);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_grows(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    for (int i = 0; i < 100000; i++)
    {
        buf_char(&b, (char)('a' + i % 26));
    }
    assert_false(b.failed);
    assert_int_equal(b.len, 100000);
    assert_int_equal(b.data[99999], 'a' + 99999 % 26);
    assert_int_equal(b.data[100000], '\0');
    assert_true(f.calls < 30);
    buf_clear(&b);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_reserve_is_written_by_the_caller(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    char *room = buf_reserve(&b, 1000);
    assert_non_null(room);
    memset(room, 'x', 1000);
    b.len += 1000;
    assert_ptr_equal(buf_reserve(&b, 0), b.data + 1000);
    buf_clear(&b);
}

static void test_reset_keeps_the_room(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    buf_reset(&b);
    buf_text(&b, "something");
    buf_reset(&b);
    assert_string_equal(b.data, "");
    buf_text(&b, "else");
    assert_string_equal(b.data, "else");
    assert_int_equal(f.calls, 1);
    buf_clear(&b);
}

static void test_remembers_that_memory_was_short(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 1, FAULTY_ONCE));
    buf_text(&b, "lost");
    assert_true(b.failed);
    assert_string_equal(buf_slice(&b).data, "");
    buf_char(&b, 'x');
    buf_format(&b, "%d", 1);
    buf_json(&b, "x");
    assert_int_equal(b.len, 0);
    buf_reset(&b);
    buf_text(&b, "kept");
    assert_false(b.failed);
    assert_string_equal(b.data, "kept");
    buf_clear(&b);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_failure_keeps_what_was_there(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 2, FAULTY_ONCE));
    buf_text(&b, "kept");
    assert_null(buf_reserve(&b, 1000));
    assert_string_equal(b.data, "kept");
    assert_null(buf_reserve(&b, 1));
    buf_clear(&b);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_refuses_sizes_that_can_not_be(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    buf_text(&b, "x");
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    buf_reset(&b);
    assert_null(buf_reserve(&b, SIZE_MAX / 2));
    buf_clear(&b);
}

static void test_json(void **state)
{
    (void)state;
    faulty_alloc f;
    buf b;
    buf_init(&b, faulty_alloc_init(&f, 0, FAULTY_ONCE));
    buf_json(&b, NULL);
    buf_json(&b, "");
    buf_json(&b, "a \"b\" \\ \n\t\x01\x7f größe");
    assert_string_equal(b.data, "null\"\"\"a \\\"b\\\" \\\\ \\u000a\\u0009\\u0001\\u007f größe\"");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower),
        cmocka_unit_test(test_appends_in_all_ways),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_reserve_is_written_by_the_caller),
        cmocka_unit_test(test_reset_keeps_the_room),
        cmocka_unit_test(test_remembers_that_memory_was_short),
        cmocka_unit_test(test_failure_keeps_what_was_there),
        cmocka_unit_test(test_refuses_sizes_that_can_not_be),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
