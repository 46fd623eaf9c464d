/* SPDX-License-Identifier: MIT */
/* Outlines from tests/cases/engine/outlines.txt: scripts in each dialect, and how they would be run. */
#include "engine/segment.h"

#include "base/alloc.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

enum
{
    MOST = 32,
};

static void add_shown(buf *out, slice text)
{
    for (size_t i = 0; i < text.len; i++)
    {
        if (text.data[i] == '\n')
        {
            buf_text(out, "\\n");
        }
        else
        {
            buf_char(out, text.data[i]);
        }
    }
}

static void print_pieces(const outline *o, size_t first, size_t last, buf *out)
{
    amend_piece pieces[MOST];
    amend_copy copies[MOST];
    assert_true(last - first <= MOST);
    size_t count = outline_pieces(o, first, last, pieces, copies);
    assert_int_equal(outline_pieces(o, first, last, NULL, NULL), count);
    for (size_t i = 0; i < count; i++)
    {
        size_t at = outline_statement_at(o, (size_t)(pieces[i].text - o->script.text.data));
        buf_format(out, "  %zu+%u: ", at + 1, pieces[i].statements);
        add_shown(out, (slice){pieces[i].text, pieces[i].length});
        assert_true(pieces[i].copy_count <= 1);
        if (pieces[i].copy_count > 0)
        {
            buf_text(out, " <- [");
            add_shown(out, (slice){pieces[i].copies[0].data, pieces[i].copies[0].length});
            buf_char(out, ']');
        }
        buf_char(out, '\n');
    }
}

static void print_outline(const outline *o, buf *out)
{
    buf_format(out, "%s, %zu of %zu\n", o->mode == AMEND_MODE_TRANSACTION ? "transaction" : "statements", o->statements,
               o->script.count);
    for (size_t i = 0; i < o->count; i++)
    {
        const segment *s = &o->segments[i];
        assert_true(!s->bare || s->last == s->first + 1);
        buf_text(out, s->bare ? "bare\n" : "together\n");
        if (s->begin != SIZE_MAX)
        {
            assert_false(s->bare);
            buf_text(out, " begin\n");
            print_pieces(o, s->begin, s->begin + 1, out);
        }
        for (size_t k = s->first; k < s->last; k++)
        {
            if (outline_leads(o, k))
            {
                buf_text(out, " first\n");
                print_pieces(o, k, k + 1, out);
            }
        }
        print_pieces(o, s->first, s->last, out);
    }
}

static void run_case(const test_case *c)
{
    const char *title = c->titles[0];
    bool postgres = strncmp(title, "postgres", 8) == 0;
    const dialect *d = dialect_find(postgres ? "postgres" : "sqlite");
    if (d == NULL)
    {
        return; /* a build without it */
    }
    directives head = {.transaction_off = strstr(title, " off") != NULL};
    arena *a = arena_new(&alloc_default);
    outline o;
    amend_error error = {0};
    buf out;
    buf_init(&out, &alloc_default);
    amend_status status = outline_make(a, d, "f.sql", slice_of(c->texts[0]), &head, &o, &error);
    if (status == AMEND_OK)
    {
        print_outline(&o, &out);
    }
    else
    {
        buf_format(&out, "AM%04d %s:%u:%u statement %u: %s\n", (int)error.code, error.file, error.line, error.column,
                   error.statement, error.message);
    }
    cases_expect(c, out.data, cases_part(c, "expected"));
    buf_clear(&out);
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("engine/outlines.txt", run_case);
}

static void test_statement_at(void **state)
{
    (void)state;
    const char *text = "-- head\nSELECT 1;  SELECT 2; -- tail";
    arena *a = arena_new(&alloc_default);
    outline o;
    directives head = {0};
    amend_error error = {0};
    assert_int_equal(outline_make(a, dialect_find("sqlite"), "f", slice_of(text), &head, &o, &error), AMEND_OK);
    assert_int_equal(outline_statement_at(&o, 0), 0); /* what stands before the first counts as its own */
    assert_int_equal(outline_statement_at(&o, 8), 0);
    assert_int_equal(outline_statement_at(&o, 18), 0);
    assert_int_equal(outline_statement_at(&o, 19), 1);
    assert_int_equal(outline_statement_at(&o, strlen(text)), 1);
    assert_int_equal(outline_make(a, dialect_find("sqlite"), "f", slice_of(""), &head, &o, &error), AMEND_OK);
    assert_int_equal(outline_statement_at(&o, 0), 0);
    assert_int_equal(o.count, 0);
    arena_free(a);
}

/* Nobody has to want the error. */
static void test_no_error(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    outline o;
    directives head = {0};
    assert_int_equal(outline_make(a, dialect_find("sqlite"), "f", SLICE("SELECT 1; ROLLBACK;"), &head, &o, NULL), AMEND_FAILED);
    arena_free(a);
}

static void test_memory(void **state)
{
    (void)state;
    char script[4096] = "BEGIN;\n";
    for (size_t i = 0; i < 60; i++)
    {
        size_t used = strlen(script);
        snprintf(script + used, sizeof script - used, "CREATE TABLE a_table_with_a_long_name_%zu (x);\n", i);
    }
    strcat(script, "COMMIT;\n");
    for (size_t n = 2;; n++)
    {
        faulty_alloc faulty;
        outline o;
        directives head = {0};
        amend_error error = {0};
        arena *a = arena_new(faulty_alloc_init(&faulty, n, FAULTY_ONCE));
        assert_non_null(a);
        amend_status status = outline_make(a, dialect_find("sqlite"), "f", slice_of(script), &head, &o, &error);
        assert_true((status == AMEND_OK) == (faulty.failures == 0));
        assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_statement_at),
                                       cmocka_unit_test(test_no_error), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
