/* SPDX-License-Identifier: MIT */
/* Cases: tests/cases/migration/directives.txt */
#include "migration/directives.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void write_directives(buf *out, const directives *d)
{
    if (d->has_depends)
    {
        buf_text(out, "depends");
        for (size_t i = 0; i < d->depends_count; i++)
        {
            buf_format(out, " %s", d->depends[i]);
        }
        buf_char(out, '\n');
    }
    buf_text(out, d->transaction_off ? "transaction off\n" : "");
    for (size_t i = 0; i < d->provides_count; i++)
    {
        buf_format(out, "provides %s\n", d->provides[i]);
    }
    if (d->destructive != NULL)
    {
        buf_format(out, "destructive %s\n", d->destructive);
    }
    if (d->lock_timeout_ms != 0)
    {
        buf_format(out, "lock-timeout %u\n", d->lock_timeout_ms);
    }
    if (d->enum_order_strict)
    {
        buf_text(out, "enum-order strict\n");
    }
    if (d->stray_line != 0)
    {
        buf_format(out, "stray %u\n", d->stray_line);
    }
}

/* "error 2:10 part of the message", and "hint: part of the hint". */
static bool error_fits(const amend_error *error, const char *expected)
{
    unsigned line, column;
    int at = 0;
    char message[1024] = "", hint[1024] = "";
    sscanf(expected, "error %u:%u %n%1023[^\n]\nhint: %1023[^\n]", &line, &column, &at, message, hint);
    return at > 0 && error->line == line && error->column == column && strstr(error->message, message) != NULL &&
           strstr(error->hint, hint) != NULL && error->code == AMEND_E_DIRECTIVE && strcmp(error->file, "f.sql") == 0 &&
           error->caret > 0;
}

static void expect_case(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    buf actual;
    buf_init(&actual, &alloc_default);
    directives d;
    amend_error error = {0};
    const char *text = cases_part(c, "text"), *expected = cases_part(c, "expect");
    if (directives_parse(a, "f.sql", slice_of(text), &d, &error) == AMEND_OK)
    {
        buf_text(&actual, "");
        write_directives(&actual, &d);
    }
    else if (error_fits(&error, expected))
    {
        buf_text(&actual, expected);
    }
    else
    {
        buf_format(&actual, "error %u:%u %s\nhint: %s\n", error.line, error.column, error.message, error.hint);
    }
    cases_expect(c, actual.data, expected);
    for (size_t i = 0; error.code == 0 && i < d.depends_count; i++)
    {
        assert_memory_equal(text + d.depends_at[i], d.depends[i], strlen(d.depends[i]));
    }
    buf_clear(&actual);
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("migration/directives.txt", expect_case);
}

static void test_long_values_are_cut_at_a_character(void **state)
{
    (void)state;
    static char text[4000] = "-- amend:transaction x";
    for (size_t i = strlen(text); i < sizeof text - 3; i += 2)
    {
        memcpy(text + i, "ä", 3);
    }
    arena *a = arena_new(&alloc_default);
    directives d;
    amend_error error;
    assert_int_equal(directives_parse(a, "f.sql", slice_of(text), &d, &error), AMEND_FAILED);
    assert_true(strlen(error.message) < 300);
    assert_string_equal(error.message + strlen(error.message) - 3, "ä\"");
    memcpy(text, "-- amend:provides table ", 24);
    assert_int_equal(directives_parse(a, "f.sql", slice_of(text), &d, &error), AMEND_FAILED);
    arena_free(a);
}

static void test_error_may_be_null(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    directives d;
    assert_int_equal(directives_parse(a, "f.sql", SLICE("-- amend:transactio off"), &d, NULL), AMEND_FAILED);
    assert_int_equal(directives_parse(a, "f.sql", SLICE("-- amend:transaction on"), &d, NULL), AMEND_FAILED);
    arena_free(a);
}

/* Directives that don't fit into the arena's first block, so that each allocation is one of the allocator's too. */
static void test_without_memory(void **state)
{
    (void)state;
    static char text[100000];
    size_t len = 0;
    for (int i = 0; i < 500; i++)
    {
        len += (size_t)sprintf(text + len, "-- amend:depends %d\n-- amend:provides table t%d%0100d\n", i, i, i);
    }
    len += (size_t)sprintf(text + len, "-- amend:destructive \"%06000d\"\n", 1);
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_FOR_GOOD));
        directives d;
        amend_error error;
        amend_status status = a == NULL ? AMEND_FAILED : directives_parse(a, "f", (slice){text, len}, &d, &error);
        assert_int_equal(status, f.failures == 0 ? AMEND_OK : AMEND_FAILED);
        assert_true(a == NULL || f.failures == 0 || error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(d.depends_count, 500);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_long_values_are_cut_at_a_character),
        cmocka_unit_test(test_error_may_be_null),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
