/* SPDX-License-Identifier: MIT */
#include "cli/inifile.h"

#include "fold.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void parse(const test_case *c)
{
    pool p = {0};
    inifile file;
    amend_error error = {0};
    const char *out = "", *wrong = cases_part(c, "error");
    amend_status status = inifile_parse(&p, "x.ini", unfold_control(&p, cases_part(c, "file")), &file, &error);
    if (wrong != NULL)
    {
        assert_int_equal(status, AMEND_USAGE);
        assert_int_equal(error.code, AMEND_E_SETTINGS);
        assert_string_equal(error.file, "x.ini");
        cases_expect(c, pool_format(&p, "%u: %s\n", error.line, error.message), wrong);
        pool_clear(&p);
        return;
    }
    assert_int_equal(status, AMEND_OK);
    for (size_t i = 0; i < file.count; i++)
    {
        const inifile_entry *e = &file.entries[i];
        out = pool_format(&p, "%s[%s] %s:%u=%s\n", out, e->section, e->key, e->line, e->value);
    }
    cases_expect(c, out, cases_part(c, "entries"));
    pool_clear(&p);
}

static void test_parse(void **state)
{
    (void)state;
    cases_run("cli/inifile.txt", parse);
}

static void test_find(void **state)
{
    pool p = {0};
    inifile file;
    amend_error error;
    (void)state;
    assert_int_equal(inifile_parse(&p, "x.ini", "a = 1\n[s]\na = 2\n[empty]\n", &file, &error), AMEND_OK);
    assert_string_equal(inifile_find(&file, "", "a")->value, "1");
    assert_string_equal(inifile_find(&file, "s", "a")->value, "2");
    assert_null(inifile_find(&file, "s", "b"));
    assert_int_equal(file.section_count, 2);
    assert_string_equal(file.sections[1], "empty");
    pool_clear(&p);
}

/* inih's own lines are short: a long value must come through whole, with what stands behind it in its own line. */
static void test_long_values(void **state)
{
    (void)state;
    for (size_t length = 150; length < 900; length += 7)
    {
        pool p = {0};
        inifile file;
        amend_error error = {0};
        char *value = pool_alloc(&p, length + 1);
        for (size_t i = 0; i < length; i++)
        {
            value[i] = "ab ;c#d [e"[i % 10];
        }
        value[0] = value[length - 1] = 'x';
        const char *text = pool_format(&p, "url = \"%s\" # and a comment %s\n# %s\n[s]\ndir = y\n", value, value, value);
        assert_int_equal(inifile_parse(&p, "x.ini", text, &file, &error), AMEND_OK);
        assert_int_equal(file.count, 2);
        assert_string_equal(file.entries[0].value, value);
        assert_int_equal(file.entries[0].line, 1);
        assert_string_equal(file.entries[1].value, "y");
        assert_int_equal(file.entries[1].line, 4);

        const char *broken = pool_format(&p, "url = %s\nnothing\n", value);
        assert_int_equal(inifile_parse(&p, "x.ini", broken, &file, &error), AMEND_USAGE);
        assert_int_equal(error.line, 2);
        pool_clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_find),
                                       cmocka_unit_test(test_long_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
