/* SPDX-License-Identifier: MIT */
/* The words around the query, and its rows. What a server makes of them: test_pg_snapshot_live.c. */
#include "dialect/postgres/pg_snapshot.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

/* The statements of the text: none has a line within that ends in a semicolon. */
static unsigned statements(const char *text)
{
    unsigned count = 0;
    for (; *text != '\0'; text++)
    {
        count += text[0] == ';' && text[1] == '\n';
    }
    return count;
}

static void expect_words(bool inside, const char *begins, const char *ends)
{
    buf out;
    buf_init(&out, &alloc_default);
    unsigned count = pg_snapshot(&out, inside);
    slice text = buf_slice(&out);
    assert_int_equal(count, statements(out.data));
    assert_true(slice_starts(text, slice_of(begins)));
    assert_true(slice_ends(text, slice_of(ends)));
    assert_null(memchr(text.data, '\\', text.len));
    buf_clear(&out);
}

static void test_words(void **state)
{
    (void)state;
    expect_words(false, "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE;\nSET LOCAL lock_timeout = 5000;\n",
                 ";\nCOMMIT;\n");
    expect_words(true, "SAVEPOINT amend_snapshot;\nSET LOCAL search_path",
                 ";\nROLLBACK TO SAVEPOINT amend_snapshot;\nRELEASE SAVEPOINT amend_snapshot;\n");
}

static amend_status read_row(arena *a, const char *object, const char *definition, fact_list *out, amend_error *error)
{
    static const char *const names[] = {"object", "definition"};
    const char *values[] = {object, definition};
    return pg_snapshot_row(a, &(amend_row){.columns = 2, .names = names, .values = values}, out, error);
}

static void test_rows(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    fact_list found = {0};
    assert_int_equal(read_row(a, "table public.cards", "", &found, NULL), AMEND_OK);
    assert_int_equal(read_row(a, "function f()", "AS\r\n\r\r\n$$\n$$\r", &found, NULL), AMEND_OK);
    assert_int_equal(read_row(a, "view gone", NULL, &found, NULL), AMEND_OK);
    assert_int_equal(read_row(a, NULL, "gone", &found, NULL), AMEND_OK);
    assert_int_equal(pg_snapshot_row(a, &(amend_row){.columns = 1}, &found, NULL), AMEND_OK);
    assert_int_equal(found.count, 2);
    assert_true(slice_equal(found.items[0].object, SLICE("table public.cards")));
    assert_int_equal(found.items[0].definition.len, 0);
    assert_true(slice_equal(found.items[1].definition, SLICE("AS\n\r\n$$\n$$\r")));
    arena_free(a);
}

/* Each allocation fails in turn; a long text has one of its own. */
static void test_no_memory(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, 0, FAULTY_FOR_GOOD));
        f.fail_at = f.calls + n;
        fact_list found = {0};
        amend_error error = {0};
        amend_status status = AMEND_OK;
        for (size_t i = 0; i < 20 && status == AMEND_OK; i++)
        {
            status = read_row(a, text, text, &found, &error);
        }
        bool failed = f.failures > 0;
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
