/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include "support/testing.h"

#include <string.h>

static void test_formats_utc(void **state)
{
    (void)state;
    char text[28];
    clock_format(0, 3, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_format(1793707200123456, 3, text);
    assert_string_equal(text, "2026-11-03T12:00:00.123Z");
    clock_format(1793707200123456, 6, text);
    assert_string_equal(text, "2026-11-03T12:00:00.123456Z");
    clock_format(951782400000000, 3, text);
    assert_string_equal(text, "2000-02-29T00:00:00.000Z");
}

static void test_formats_times_before_1970(void **state)
{
    (void)state;
    char text[28];
    clock_format(-1, 6, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    clock_format(-1000000, 3, text);
    assert_string_equal(text, "1969-12-31T23:59:59.000Z");
}

static void test_now_is_this_century(void **state)
{
    (void)state;
    int64_t now = clock_now_us();
    assert_true(now > 1577836800000000);
    assert_true(clock_now_us() >= now);
}

static void test_sleeps_as_long_as_it_is_told(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_ms();
    clock_sleep_ms(20);
    assert_true(clock_monotonic_ms() - before >= 19);
}

static void test_random_stays_below_its_bound(void **state)
{
    (void)state;
    bool seen[4] = {false};
    assert_int_equal(clock_random(0), 0);
    assert_int_equal(clock_random(1), 0);
    for (int i = 0; i < 1000; i++)
    {
        uint32_t n = clock_random(4);
        assert_true(n < 4);
        seen[n] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
}

static void assert_uuid7(const char *text)
{
    assert_int_equal(strlen(text), 36);
    for (int i = 0; i < 36; i++)
    {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        assert_true(dash ? text[i] == '-' : strchr("0123456789abcdef", text[i]) != NULL);
    }
    assert_int_equal(text[14], '7');
    assert_non_null(strchr("89ab", text[19]));
}

static void test_uuids_go_up(void **state)
{
    (void)state;
    char last[37], next[37];
    uuid_next(NULL, last);
    for (int i = 0; i < 10000; i++)
    {
        uuid_next(last, next);
        assert_uuid7(next);
        assert_true(strcmp(next, last) > 0);
        memcpy(last, next, sizeof last);
    }
}

static void test_uuid_counts_on_when_the_clock_went_back(void **state)
{
    (void)state;
    static const struct
    {
        const char *after, *next;
    } cases[] = {
        {"ffffffff-ffff-7000-8000-000000000000", "ffffffff-ffff-7000-8000-000000000001"},
        {"ffffffff-ffff-7000-8000-0000000000ff", "ffffffff-ffff-7000-8000-000000000100"},
        {"ffffffff-ffff-7000-80ff-ffffffffffff", "ffffffff-ffff-7000-8100-000000000000"},
        {"ffffffff-ffff-7000-bfff-ffffffffffff", "ffffffff-ffff-7001-8000-000000000000"},
        {"ffffffff-ffff-70ff-bfff-ffffffffffff", "ffffffff-ffff-7100-8000-000000000000"},
        {"fffffff0-0fff-7fff-bfff-ffffffffffff", "fffffff0-1000-7000-8000-000000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        char next[37];
        uuid_next(cases[i].after, next);
        assert_string_equal(next, cases[i].next);
    }
}

static void test_uuid_ignores_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "x",
                                        "ffffffff-ffff-7000-8000-00000000000",
                                        "ffffffff-ffff-7000-8000-00000000000g",
                                        "ffffffff-ffff-7000-8000-0000000000000",
                                        "FFFFFFFF-ffff-7000-8000-000000000000"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    {
        char next[37];
        uuid_next(texts[i], next);
        assert_uuid7(next);
        assert_true(strncmp(next, "ffff", 4) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_utc),
        cmocka_unit_test(test_formats_times_before_1970),
        cmocka_unit_test(test_now_is_this_century),
        cmocka_unit_test(test_sleeps_as_long_as_it_is_told),
        cmocka_unit_test(test_random_stays_below_its_bound),
        cmocka_unit_test(test_uuids_go_up),
        cmocka_unit_test(test_uuid_counts_on_when_the_clock_went_back),
        cmocka_unit_test(test_uuid_ignores_what_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
