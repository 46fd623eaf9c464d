/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/token.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

/* The kinds of all tokens as letters. */
static void expect_kinds(const char *text, const char *expected)
{
    static const char letters[] = "EWQSN;().=O";
    char kinds[64];
    size_t count = 0, at = 0;
    for (;;)
    {
        sqlite_token token = sqlite_token_next(slice_of(text), at);
        if (token.kind == SQLITE_TOKEN_END)
        {
            assert_int_equal(token.start, strlen(text));
            break;
        }
        assert_true(token.start >= at && token.end > token.start && token.end <= strlen(text));
        assert_true(count + 1 < sizeof kinds);
        kinds[count++] = letters[token.kind];
        at = token.end;
    }
    kinds[count] = '\0';
    assert_string_equal(kinds, expected);
}

static void tokens_are_told_apart(void **state)
{
    (void)state;
    expect_kinds("", "");
    expect_kinds(" \t\r\n\f\v", "");
    expect_kinds("a b_1 $x c$d \xc3\xa9", "WWOWW");
    expect_kinds("1 2.5 0x1F", "NN.NN");
    expect_kinds("'a''b' \"a\"\"b\" `a``b` [a]", "SQQQ");
    expect_kinds("'a", "S");
    expect_kinds("[a]]", "QO");
    expect_kinds("x'00'", "WS");
    expect_kinds("(a.b)=;", "(W.W)=;");
    expect_kinds(":a @b #c $d::e(f g ?1 :: :", "OOOOWONOOO");
    expect_kinds("$d(;)", "O");
    expect_kinds("$d(;", "O");
    expect_kinds("a--b\nc--", "WW");
    expect_kinds("a/*b*/c/*", "WWOO");
    expect_kinds("a/**/b/* c", "WW");
    expect_kinds("- -> / *", "OOOOO");
    expect_kinds("\xef\xbb\xbf"
                 "a\xef\xbb\xbf",
                 "W");
    expect_kinds("\xef\xbb", "W");
}

static void words_have_no_case(void **state)
{
    (void)state;
    slice text = SLICE("Select \"select\" selects");
    sqlite_token token = sqlite_token_next(text, 0);
    assert_true(sqlite_token_is(text, token, SLICE("SELECT")));
    assert_true(sqlite_token_is_name(token));
    token = sqlite_token_next(text, token.end);
    assert_false(sqlite_token_is(text, token, SLICE("SELECT")));
    assert_true(sqlite_token_is_name(token));
    token = sqlite_token_next(text, token.end);
    assert_false(sqlite_token_is(text, token, SLICE("SELECT")));
    assert_false(sqlite_token_is_name(sqlite_token_next(SLICE("1"), 0)));
}

static void names_lose_their_quotes(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain", "plain"}, {"\"a b\"", "a b"}, {"[a\"b]", "a\"b"}, {"`a``b`", "a`b"}, {"'a''b'", "a'b"},    {"\"\"\"\"", "\""},
        {"\"\"", ""},       {"\"a", "a"},       {"\"", ""},         {"[a", "a"},       {"\"a\"\"b", "a\"b"},
    };
    arena *a = arena_new(&alloc_default);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        slice text = slice_of(cases[i][0]);
        slice name = sqlite_token_name(a, text, sqlite_token_next(text, 0));
        assert_true(slice_equal(name, slice_of(cases[i][1])));
    }
    arena_free(a);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, 2, FAULTY_FOR_GOOD));
    assert_non_null(a);
    slice text = SLICE("\"a\"\"b\"");
    assert_null(sqlite_token_name(a, text, sqlite_token_next(text, 0)).data);
    arena_free(a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_told_apart),
        cmocka_unit_test(words_have_no_case),
        cmocka_unit_test(names_lose_their_quotes),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
