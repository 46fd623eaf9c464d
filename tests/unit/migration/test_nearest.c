/* SPDX-License-Identifier: MIT */
#include "migration/nearest.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void test_finds_the_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"up", "depends", "transaction", "lock-timeout"};
    static const struct
    {
        const char *word, *expected;
    } cases[] = {
        {"depends", "depends"},
        {"depend", "depends"},
        {"dpeends", "depends"},
        {"DEPENDS", "depends"},
        {"lock_timeout", "lock-timeout"},
        {"locktimeout", "lock-timeout"},
        {"transactions", "transaction"},
        {"tranaction", "transaction"},
        {"ups", "up"},
        {"frobnicate", NULL},
        {"xy", NULL},
        {"", NULL},
        {"a-word-that-is-longer-than-any-that-is-known", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        const char *found = nearest(slice_of(cases[i].word), words, 4);
        if (cases[i].expected == NULL ? found != NULL : found == NULL || strcmp(found, cases[i].expected) != 0)
        {
            fail_msg("\"%s\": \"%s\"", cases[i].word, found == NULL ? "nothing" : found);
        }
    }
}

static void test_long_words_are_near_to_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"a-word-that-is-longer-than-any-that-is-known"};
    assert_null(nearest(SLICE("a-word-that-is-longer-than-any"), words, 1));
    assert_null(nearest(SLICE("x"), words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_nearest),
        cmocka_unit_test(test_long_words_are_near_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
