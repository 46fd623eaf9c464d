/* SPDX-License-Identifier: MIT */
/* The words of a check that failed; what the checks find is tested where they can run, in driver/sqlite/test_rebuild.c. */
#include "dialect/sqlite/check.h"

#include "base/alloc.h"
#include "support/testing.h"

static void expect_words(const char *message, const char *words)
{
    slice found = sqlite_check_words(message);
    assert_true(slice_equal(found, slice_of(words)));
}

/* SQLite changed the words around ours in 3.42 and 3.45. */
static void words_are_taken_out(void **state)
{
    (void)state;
    expect_words("JSON path error near 'amend: 1 row of \"a\" without a \"b\"'", "1 row of \"a\" without a \"b\"");
    expect_words("bad JSON path: 'amend: it''s'", "it''s");
    expect_words("JSON path error near 'amend: cut", "cut");
    expect_words("JSON path error near 'amend: ", "");
    expect_words("JSON path error near '$.a'", "");
    expect_words("no such table: 'amend: x'", "");
    expect_words("", "");
}

static void statements_are_counted(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    assert_int_equal(sqlite_check_begin(&out), 2);
    assert_true(slice_ends(buf_slice(&out), SLICE(";\n")));
    buf_reset(&out);
    assert_int_equal(sqlite_check_end(&out), 2);
    assert_true(slice_ends(buf_slice(&out), SLICE(";\n")));
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_taken_out),
        cmocka_unit_test(statements_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
