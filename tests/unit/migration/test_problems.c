/* SPDX-License-Identifier: MIT */
#include "migration/problems.h"

#include "base/diagnostic.h"
#include "base/error.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void test_keeps_what_is_added(void **state)
{
    (void)state;
    faulty_alloc f;
    problems list = {.arena = arena_new(faulty_alloc_init(&f, 0, FAULTY_ONCE))};
    problems_add(&list, AMEND_NOTE, AMEND_E_VERSION_GAP, "004", NULL, 0, "%s is missing", "003");
    problems_add(&list, AMEND_WARNING, AMEND_E_FILE_SKIPPED, NULL, "x.sql", 7, "skipped");
    assert_int_equal(list.count, 2);
    assert_false(list.failed);
    assert_int_equal(list.items[0].severity, AMEND_NOTE);
    assert_string_equal(list.items[0].version, "004");
    assert_string_equal(list.items[0].message, "003 is missing");
    assert_string_equal(list.items[0].hint, diagnostic_find(AMEND_E_VERSION_GAP)->remedy);
    assert_int_equal(list.items[1].code, AMEND_E_FILE_SKIPPED);
    assert_string_equal(list.items[1].file, "x.sql");
    assert_int_equal(list.items[1].line, 7);
    arena_free(list.arena);
}

static void test_long_messages_stay_utf8(void **state)
{
    (void)state;
    char text[1501];
    for (size_t i = 0; i < 1500; i += 3)
    {
        memcpy(text + i, "€", 4);
    }
    faulty_alloc f;
    problems list = {.arena = arena_new(faulty_alloc_init(&f, 0, FAULTY_ONCE))};
    size_t bad;
    for (int shift = 0; shift < 3; shift++)
    {
        problems_add(&list, AMEND_NOTE, AMEND_E_VERSION_GAP, NULL, NULL, 0, "%.*s%s", shift, "xxx", text);
        assert_true(text_is_utf8(slice_of(list.items[shift].message), &bad));
    }
    arena_free(list.arena);
}

static void test_without_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    problems list = {.arena = arena_new(faulty_alloc_init(&f, 2, FAULTY_ONCE))};
    problems_add(&list, AMEND_NOTE, AMEND_E_VERSION_GAP, NULL, NULL, 0, "lost");
    assert_true(list.failed);
    assert_int_equal(list.count, 0);
    problems_add(&list, AMEND_NOTE, AMEND_E_VERSION_GAP, NULL, NULL, 0, "kept");
    assert_int_equal(list.count, 1);
    arena_free(list.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_what_is_added),
        cmocka_unit_test(test_long_messages_stay_utf8),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
