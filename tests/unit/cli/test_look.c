/* SPDX-License-Identifier: MIT */
#include "cli/look.h"

#include "support/testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void test_rule(void **state)
{
    (void)state;
    assert_true(look_wants_color(NULL, true, NULL, "xterm"));
    assert_true(look_wants_color("auto", true, "", "xterm"));
    assert_false(look_wants_color("auto", false, NULL, "xterm"));
    assert_false(look_wants_color("auto", true, "1", "xterm"));
    assert_false(look_wants_color("auto", true, NULL, "dumb"));
    assert_false(look_wants_color("auto", true, NULL, NULL));
    assert_true(look_wants_color("always", false, "1", "dumb"));
    assert_false(look_wants_color("never", true, NULL, "xterm"));
}

static void test_styles(void **state)
{
    look on = {.color = true}, off = {0};
    (void)state;
    assert_string_equal(look_on(&on, STYLE_RED), "\x1b[31m");
    assert_string_equal(look_off(&on, STYLE_RED), "\x1b[0m");
    assert_string_equal(look_off(&on, STYLE_PLAIN), "");
    assert_string_equal(look_on(&off, STYLE_RED), "");
    assert_string_equal(look_off(&off, STYLE_RED), "");
}

static void test_no_terminal(void **state)
{
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    setenv("COLUMNS", "33", 1);
    look l = look_at(file, NULL);
    assert_false(l.terminal || l.color);
    assert_int_equal(l.width, 0);
    fclose(file);
}

static void test_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    (void)state;
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
    {
        skip();
    }
    /* Not our controlling terminal: its end would be a SIGHUP. */
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    FILE *stream = fdopen(slave, "r+");
    assert_non_null(stream);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    unsetenv("COLUMNS");
    look l = look_at(stream, NULL);
    assert_true(l.terminal && l.color);
    assert_int_equal(l.width, 80); /* a terminal that does not know its size */
    struct winsize size = {.ws_col = 120, .ws_row = 24};
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    assert_int_equal(look_at(stream, NULL).width, 120);
    setenv("COLUMNS", "44", 1);
    assert_int_equal(look_at(stream, NULL).width, 44);
    setenv("COLUMNS", "3", 1);
    assert_int_equal(look_at(stream, NULL).width, 20);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(look_at(stream, "never").width, 120);
    assert_false(look_at(stream, "never").color);
    fclose(stream);
    close(master);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule), cmocka_unit_test(test_styles),
                                       cmocka_unit_test(test_no_terminal), cmocka_unit_test(test_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
