/* SPDX-License-Identifier: MIT */
#include "engine/message.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void make_outline(arena *a, const char *dialect, const char *text, outline *o)
{
    directives head = {0};
    amend_error error = {0};
    const struct dialect *d = dialect_find(dialect);
    assert_non_null(d);
    assert_int_equal(outline_make(a, d, "f.sql", slice_of(text), &head, o, &error), AMEND_OK);
}

static void expect_piece(const message *m, size_t i, part_kind kind, size_t step, unsigned statements, const char *text)
{
    assert_true(i < m->count);
    assert_int_equal(m->parts[i].kind, kind);
    assert_int_equal(m->parts[i].step, step);
    assert_int_equal(m->pieces[i].statements, statements);
    assert_int_equal(m->pieces[i].length, strlen(text));
    assert_memory_equal(m->pieces[i].text, text, strlen(text));
}

static void test_parts(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    outline o;
    message m;
    make_outline(a, "sqlite", "BEGIN;\nSELECT 1;\nSELECT 2;\nCOMMIT;\n", &o);
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, "BEGIN;");
    message_words(&m, PART_FRAME, SIZE_MAX, NULL);
    message_words(&m, PART_FRAME, SIZE_MAX, "");
    buf_text(&m.text, "INSERT a;\nINSERT b;\n");
    message_own(&m, PART_GUARD, 7, 2);
    message_own(&m, PART_CHECK, 7, 0); /* a writer that writes nothing */
    message_script(&m, 7, &o, o.segments[0].first, o.segments[0].last);
    message_words(&m, PART_STEP_END, 7, "RELEASE a;\nCOMMIT;\n");
    assert_true(message_ready(&m));
    assert_int_equal(m.count, 4);
    expect_piece(&m, 0, PART_FRAME, SIZE_MAX, 1, "BEGIN;\n");
    expect_piece(&m, 1, PART_GUARD, 7, 2, "INSERT a;\nINSERT b;\n");
    expect_piece(&m, 2, PART_SCRIPT, 7, 2, "SELECT 1;\nSELECT 2;");
    assert_int_equal(m.parts[2].first, 1);
    expect_piece(&m, 3, PART_STEP_END, 7, 2, "RELEASE a;\nCOMMIT;\n");
    buf out;
    buf_init(&out, &alloc_default);
    message_print(&m, &out);
    assert_string_equal(out.data, "BEGIN;\nINSERT a;\nINSERT b;\nSELECT 1;\nSELECT 2;\nRELEASE a;\nCOMMIT;\n");
    buf_clear(&out);
    message_clear(&m);
    assert_int_equal(m.count, 0);
    arena_free(a);
}

static void test_statements(void **state)
{
    (void)state;
    assert_int_equal(message_statements(""), 0);
    assert_int_equal(message_statements("BEGIN;\n"), 1);
    assert_int_equal(message_statements("BEGIN;\nSET LOCAL lock_timeout = 2000;\n"), 2);
}

static void expect_printed(const char *dialect, const char *script, const char *printed)
{
    arena *a = arena_new(&alloc_default);
    outline o;
    message m;
    buf out;
    make_outline(a, dialect, script, &o);
    message_init(&m, a);
    for (size_t i = 0; i < o.count; i++)
    {
        message_script(&m, 0, &o, o.segments[i].first, o.segments[i].last);
    }
    assert_true(message_ready(&m));
    buf_init(&out, &alloc_default);
    message_print(&m, &out);
    assert_string_equal(buf_slice(&out).data, printed);
    buf_clear(&out);
    message_clear(&m);
    arena_free(a);
}

/* What a dry run prints must run when it is given to the database's own shell. */
static void test_print(void **state)
{
    (void)state;
    expect_printed("sqlite", "", "");
    expect_printed("sqlite", "SELECT 1", "SELECT 1\n;\n"); /* the last one without its semicolon */
    expect_printed("sqlite", "SELECT 1; SELECT 2 -- the end", "SELECT 1; SELECT 2\n;\n");
    expect_printed("sqlite", "VACUUM;\nSELECT 1;\n", "VACUUM;\nSELECT 1;\n");
}

static void test_print_copy(void **state)
{
    (void)state;
    if (dialect_find("postgres") == NULL)
    {
        skip();
    }
    expect_printed("postgres", "COPY a FROM stdin;\n1\n2\n\\.\nSELECT 1;\n", "COPY a FROM stdin;\n1\n2\n\\.\nSELECT 1;\n");
    expect_printed("postgres", "COPY a FROM stdin;\n\\.\n", "COPY a FROM stdin;\n\\.\n");
}

/* Short memory is noticed at the end, wherever it came. */
static void test_memory(void **state)
{
    (void)state;
    arena *of_outline = arena_new(&alloc_default);
    outline o;
    make_outline(of_outline, "sqlite", "SELECT 1; VACUUM; SELECT 2;", &o);
    for (size_t n = 2;; n++)
    {
        faulty_alloc faulty;
        message m;
        arena *a = arena_new(faulty_alloc_init(&faulty, n, FAULTY_ONCE));
        assert_non_null(a);
        message_init(&m, a);
        for (size_t i = 0; i < 200; i++)
        {
            message_words(&m, PART_FRAME, i, "BEGIN;\n");
            message_script(&m, i, &o, 0, 3);
        }
        bool ready = message_ready(&m);
        assert_true(ready == (faulty.failures == 0));
        assert_true(m.failed == !ready);
        message_clear(&m);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (ready)
        {
            break;
        }
    }
    arena_free(of_outline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_statements),
                                       cmocka_unit_test(test_print), cmocka_unit_test(test_print_copy),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
