/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include "captured.h"

#include <string.h>

static void test_wrap(void **state)
{
    captured c;
    (void)state;
    help_wrap(captured_begin(&c), "one two three four", 4, 12);
    captured_expect(&c, "one two\n    three\n    four\n");
    help_wrap(c.stream, "averyverylongword x", 4, 12);
    captured_expect(&c, "averyverylongword\n    x\n");
    help_wrap(c.stream, "", 0, 12);
    captured_expect(&c, "\n");
    captured_end(&c);
}

/* All help fits into 80 columns, but for an example that is longer by itself. */
static void test_width(void **state)
{
    look l = {0};
    (void)state;
    for (size_t i = 0; i <= COMMANDS + 1; i++)
    {
        captured c;
        captured_begin(&c);
        i < COMMANDS ? help_command(c.stream, &l, &commands_table[i]) : (i == COMMANDS ? help_short : help_all)(c.stream, &l);
        fflush(c.stream);
        for (const char *line = c.text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        {
            assert_true(strcspn(line, "\n") <= 80 || strncmp(line, "  amend", 7) == 0);
        }
        captured_end(&c);
    }
}

static void test_short_names_five(void **state)
{
    size_t top = 0;
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++)
    {
        top += (commands_table[i].traits & COMMAND_TOP) != 0;
    }
    assert_int_equal(top, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wrap), cmocka_unit_test(test_width),
                                       cmocka_unit_test(test_short_names_five)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
