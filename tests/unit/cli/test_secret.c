/* SPDX-License-Identifier: MIT */
#include "cli/secret.h"

#include "support/cases.h"
#include "support/testing.h"

#include <string.h>

static void mask(const test_line *l)
{
    pool p = {0};
    const char *expected = l->count > 1 ? l->fields[1] : "";
    assert_string_equal(secret_mask(&p, l->fields[0]), expected);

    /* Wiping takes the same bytes away, and nothing else. */
    char *wiped = pool_text(&p, l->fields[0]);
    secret_wipe(wiped);
    assert_int_equal(strlen(wiped), strlen(l->fields[0]));
    if (strcmp(expected, l->fields[0]) == 0)
    {
        assert_string_equal(wiped, l->fields[0]);
    }
    assert_null(strstr(wiped, "secret"));
    pool_clear(&p);
}

static void test_mask(void **state)
{
    (void)state;
    cases_lines("cli/secrets.txt", mask);
}

static void test_text_without_one_is_not_copied(void **state)
{
    pool p = {0};
    const char *text = "sqlite:app.db";
    (void)state;
    assert_ptr_equal(secret_mask(&p, text), text);
    assert_null(p.blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mask), cmocka_unit_test(test_text_without_one_is_not_copied)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
