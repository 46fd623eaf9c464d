/* SPDX-License-Identifier: MIT */
#include "cli/pasted.h"

#include "support/cases.h"
#include "support/testing.h"

#include <string.h>

static const char *lines_of(pool *p, const char *label, const char *text)
{
    const char *out = "";
    for (const char *at = text; at != NULL; at = strchr(at, '\n') == NULL ? NULL : strchr(at, '\n') + 1)
    {
        out = pool_format(p, "%s%s: %.*s\n", out, label, (int)strcspn(at, "\n"), at);
    }
    return out;
}

static const char *number_of(pool *p, const char *label, size_t number)
{
    return number == 0 ? "" : pool_format(p, "%s: %zu\n", label, number);
}

static void take_apart(const test_case *c)
{
    pool p = {0};
    pasted got = pasted_read(&p, cases_part(c, "text"));
    const char *text = pool_format(&p, "%s%s%s%s%s", lines_of(&p, "message", got.message),
                                   lines_of(&p, "sqlstate", got.sqlstate), lines_of(&p, "query", got.query),
                                   number_of(&p, "position", got.position), number_of(&p, "offset", got.offset));
    cases_expect(c, text, cases_part(c, "expected"));
    pool_clear(&p);
}

static void test_read(void **state)
{
    (void)state;
    cases_run("cli/pasted.txt", take_apart);
}

static void guess(const test_line *l)
{
    const char *state = pasted_sqlstate(l->fields[0]);
    if (l->count < 2 || *l->fields[1] == '\0')
    {
        assert_null(state);
        return;
    }
    assert_non_null(state);
    assert_string_equal(state, l->fields[1]);
}

static void test_sqlstate(void **state)
{
    (void)state;
    cases_lines("cli/sqlstates.txt", guess);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_sqlstate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
