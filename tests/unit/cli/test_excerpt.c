/* SPDX-License-Identifier: MIT */
#include "cli/excerpt.h"

#include "fold.h"
#include "support/testing.h"

#include <stdlib.h>

static void make(const test_line *l)
{
    pool p = {0};
    const char *line = unfold_control(&p, l->fields[0]);
    excerpt x = excerpt_make(&p, line, (unsigned)strtoul(l->fields[1], NULL, 10), strtoul(l->fields[2], NULL, 10));
    assert_string_equal(x.text, unfold_control(&p, l->fields[3]));
    assert_int_equal(x.has_caret, *l->fields[4] != '-');
    if (x.has_caret)
    {
        assert_int_equal(x.caret, strtoul(l->fields[4], NULL, 10));
    }
    pool_clear(&p);
}

static void test_make(void **state)
{
    (void)state;
    cases_lines("cli/excerpts.txt", make);
}

static void test_control_characters(void **state)
{
    pool p = {0};
    (void)state;
    excerpt x = excerpt_make(&p, "'\x1b[2J', nope", 8, 0);
    assert_string_equal(x.text, "'?[2J', nope");
    assert_int_equal(x.caret, 7);
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_make), cmocka_unit_test(test_control_characters)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
