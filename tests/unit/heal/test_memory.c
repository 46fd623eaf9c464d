/* SPDX-License-Identifier: MIT */
#include "heal/memory.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

enum
{
    COOLDOWN = 30,
    STAMP = 7,
};

static const memo *find(const memory *m, const char *version, int64_t now)
{
    return memory_find(m, version, now, COOLDOWN, STAMP);
}

static void note(memory *m, const char *version, amend_cure cure, int64_t now)
{
    memory_note(m, &alloc_default, version, cure, NULL, now, STAMP);
}

static void test_nothing_is_known_at_first(void **state)
{
    memory m = {0};
    (void)state;
    assert_null(find(&m, "001", 100));
    assert_null(memory_last(&m, "001"));
    memory_clear(&m, &alloc_default);
}

static void test_failures_hold_for_the_cool_down(void **state)
{
    static const amend_cure cures[] = {AMEND_CURE_FAILED, AMEND_CURE_REFUSED, AMEND_CURE_DRIFT};
    (void)state;
    for (size_t i = 0; i < sizeof cures / sizeof cures[0]; i++)
    {
        memory m = {0};
        note(&m, "001", cures[i], 100);
        assert_int_equal(find(&m, "001", 100)->cure, cures[i]);
        assert_int_equal(find(&m, "001", 100 + COOLDOWN - 1)->cure, cures[i]);
        assert_null(find(&m, "001", 100 + COOLDOWN));
        assert_int_equal(memory_last(&m, "001")->cure, cures[i]);
        assert_null(memory_find(&m, "001", 100, COOLDOWN, STAMP + 1));
        assert_null(find(&m, "01", 100));
        memory_clear(&m, &alloc_default);
    }
}

static void test_done_holds(void **state)
{
    memory m = {0};
    (void)state;
    note(&m, "001", AMEND_CURE_DONE, 100);
    assert_int_equal(memory_find(&m, "001", 1000000, COOLDOWN, STAMP + 1)->cure, AMEND_CURE_DONE);
    note(&m, "001", AMEND_CURE_DRIFT, 200);
    assert_int_equal(find(&m, "001", 200)->cure, AMEND_CURE_DRIFT);
    assert_int_equal(m.count, 1);
    memory_clear(&m, &alloc_default);
}

static void test_the_error_is_kept(void **state)
{
    memory m = {0};
    amend_error error = {.code = AMEND_E_STATEMENT, .message = "near \"x\": syntax error"};
    (void)state;
    memory_note(&m, &alloc_default, "001", AMEND_CURE_FAILED, &error, 100, STAMP);
    assert_string_equal(find(&m, "001", 100)->error.message, error.message);
    note(&m, "001", AMEND_CURE_FAILED, 100);
    assert_int_equal(find(&m, "001", 100)->error.code, 0);
    memory_clear(&m, &alloc_default);
}

static void test_the_oldest_is_forgotten(void **state)
{
    memory m = {0};
    char version[16];
    (void)state;
    for (int i = 0; i < MEMORY_SIZE; i++)
    {
        snprintf(version, sizeof version, "%03d", i);
        note(&m, version, AMEND_CURE_DONE, i == 40 ? 0 : 100 + i);
    }
    note(&m, "065", AMEND_CURE_DONE, 500);
    assert_null(memory_last(&m, "040"));
    note(&m, "066", AMEND_CURE_DONE, 500);
    assert_null(memory_last(&m, "000"));
    assert_non_null(memory_last(&m, "001"));
    assert_non_null(memory_last(&m, "065"));
    assert_non_null(memory_last(&m, "066"));
    assert_int_equal(m.count, MEMORY_SIZE);
    memory_clear(&m, &alloc_default);
}

static void test_long_versions(void **state)
{
    char version[200];
    memory m = {0};
    (void)state;
    memset(version, '1', sizeof version);
    version[71] = '\0'; /* the longest that a catalog takes */
    note(&m, version, AMEND_CURE_DONE, 1);
    assert_non_null(memory_last(&m, version));
    memory_clear(&m, &alloc_default);
}

static void test_short_memory(void **state)
{
    faulty_alloc f;
    memory m = {0};
    const amend_allocator *allocator = faulty_alloc_init(&f, 1, FAULTY_ONCE);
    (void)state;
    memory_note(&m, allocator, "001", AMEND_CURE_FAILED, NULL, 100, STAMP);
    assert_null(memory_last(&m, "001"));
    memory_note(&m, allocator, "001", AMEND_CURE_FAILED, NULL, 100, STAMP);
    assert_non_null(memory_last(&m, "001"));
    memory_clear(&m, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    assert_null(m.memos);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_known_at_first),
        cmocka_unit_test(test_failures_hold_for_the_cool_down),
        cmocka_unit_test(test_done_holds),
        cmocka_unit_test(test_the_error_is_kept),
        cmocka_unit_test(test_the_oldest_is_forgotten),
        cmocka_unit_test(test_long_versions),
        cmocka_unit_test(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
