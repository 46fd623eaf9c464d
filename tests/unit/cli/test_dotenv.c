/* SPDX-License-Identifier: MIT */
#include "cli/dotenv.h"

#include "fold.h"
#include "support/testing.h"

static void parse(const test_case *c)
{
    pool p = {0};
    dotenv d;
    const char *out = "";
    dotenv_parse(&p, cases_part(c, "file"), &d);
    for (size_t i = 0; i < d.count; i++)
    {
        const dotenv_entry *e = &d.entries[i];
        out = pool_format(&p, "%s%s%s:%u=%s\n", out, e->literal ? "!" : "", e->key, e->line, fold_control(&p, e->value));
    }
    cases_expect(c, out, cases_part(c, "entries"));
    pool_clear(&p);
}

static void test_parse(void **state)
{
    (void)state;
    cases_run("cli/dotenv.txt", parse);
}

static void test_find(void **state)
{
    pool p = {0};
    dotenv d;
    (void)state;
    dotenv_parse(&p,
                 "\xef\xbb\xbf"
                 "A=1\nB=2\nA=3",
                 &d);
    assert_string_equal(dotenv_find(&d, "A")->value, "3");
    assert_string_equal(dotenv_find(&d, "B")->value, "2");
    assert_null(dotenv_find(&d, "C"));
    dotenv_parse(&p, "", &d);
    assert_null(dotenv_find(&d, "A"));
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse), cmocka_unit_test(test_find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
