/* SPDX-License-Identifier: MIT */
/* tests/cases/repeat.txt */
#include "guard/repeat.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static amend_status ask(const dialect *d, arena *a, const char *text, bool *out, amend_error *error)
{
    script s;
    amend_status status = d->split(a, slice_of(text), &s, error);
    return status == AMEND_OK ? repeat_claimed(a, d, &s, out, error) : status;
}

/* Each allocation fails in turn: OUT_OF_MEMORY or the right answer, and nothing is left over. */
static void ask_without_memory(const dialect *d, const char *text, bool wanted)
{
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        amend_error error = {0};
        bool says = !wanted;
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        amend_status status = a == NULL ? AMEND_FAILED : ask(d, a, text, &says, &error);
        assert_true(a == NULL || (status == AMEND_OK ? says == wanted : error.code == AMEND_E_OUT_OF_MEMORY));
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

static void run_line(const test_line *l)
{
    const dialect *d = dialect_find(l->fields[0]);
    const char *text = l->count > 2 ? l->fields[2] : "";
    bool wanted = strcmp(l->fields[1], "yes") == 0, says = !wanted;
    amend_error error = {0};
    if (d == NULL)
    {
        return; /* a build without PostgreSQL */
    }
    arena *a = arena_new(&alloc_default);
    assert_int_equal(ask(d, a, text, &says, &error), AMEND_OK);
    if (says != wanted)
    {
        fail_msg("%s:%u: %s", l->file, l->line, text);
    }
    arena_free(a);
    ask_without_memory(d, text, wanted);
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("repeat.txt", run_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
