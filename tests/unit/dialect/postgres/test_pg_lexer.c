/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_lexer.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

typedef struct expected
{
    pg_kind kind;
    const char *body;
} expected;

static void expect(const char *text, const expected *tokens, size_t count)
{
    pg_lexer lexer = {.text = slice_of(text)};
    size_t before = 0;
    for (size_t i = 0; i < count; i++)
    {
        pg_token t;
        pg_lexer_next(&lexer, &t);
        assert_int_equal(t.kind, tokens[i].kind);
        assert_true(slice_equal(t.body, slice_of(tokens[i].body)));
        assert_true(t.start >= before && t.end > t.start && lexer.at == t.end);
        before = t.end;
    }
    for (int i = 0; i < 2; i++)
    {
        pg_token t;
        pg_lexer_next(&lexer, &t);
        assert_int_equal(t.kind, PG_END);
    }
}

#define EXPECT(text, ...)                                                                                                      \
    expect(text, (const expected[]){__VA_ARGS__}, sizeof((const expected[]){__VA_ARGS__}) / sizeof(expected))

static void test_tokens(void **state)
{
    (void)state;
    EXPECT("a_1$ É", {PG_WORD, "a_1$"}, {PG_WORD, "É"});
    EXPECT("'it''s' ''", {PG_STRING, "it''s"}, {PG_STRING, ""});
    EXPECT("\"a\"\"b\"", {PG_NAME, "a\"\"b"});
    EXPECT("U&\"x\"u&'y'", {PG_NAME, "x"}, {PG_STRING, "y"});
    EXPECT("e'\\''b'0'X'f'n'z'", {PG_STRING, "\\'"}, {PG_STRING, "0"}, {PG_STRING, "f"}, {PG_STRING, "z"});
    EXPECT("E 'a'", {PG_WORD, "E"}, {PG_STRING, "a"});
    EXPECT("$$a$b$$ $x$ $$ $x$", {PG_DOLLAR, "a$b"}, {PG_DOLLAR, " $$ "});
    EXPECT("$1 $ 2.5", {PG_NUMBER, "$1"}, {PG_SYMBOL, "$"}, {PG_NUMBER, "2"}, {PG_SYMBOL, "."}, {PG_NUMBER, "5"});
    EXPECT("a-- b\n/* c /* d */ */::", {PG_WORD, "a"}, {PG_SYMBOL, ":"}, {PG_SYMBOL, ":"});
    EXPECT("\\d", {PG_BACKSLASH, "\\"}, {PG_WORD, "d"});
    EXPECT("a 'b", {PG_WORD, "a"}, {PG_UNENDED, "'"});
    EXPECT("/* a", {PG_UNENDED, "/*"});
    EXPECT("'a'\n'b' 'c'", {PG_STRING, "a'\n'b"}, {PG_STRING, "c"});
}

static void test_words(void **state)
{
    pg_lexer lexer = {.text = SLICE("Select \"Select\" ;")};
    pg_token t;
    (void)state;
    pg_lexer_next(&lexer, &t);
    assert_true(pg_lexer_is(&t, "SELECT"));
    assert_false(pg_lexer_is(&t, "SELECTS"));
    assert_false(pg_lexer_is_symbol(&t, 'S'));
    pg_lexer_next(&lexer, &t);
    assert_false(pg_lexer_is(&t, "SELECT"));
    pg_lexer_next(&lexer, &t);
    assert_true(pg_lexer_is_symbol(&t, ';'));
}

static void test_names(void **state)
{
    static const char *const texts[][2] = {
        {"MixedCase", "mixedcase"}, {"\"MixedCase\"", "MixedCase"}, {"\"a\"\"b\"", "a\"b"}, {"Ünï", "Ünï"}};
    (void)state;
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, 0, FAULTY_ONCE));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    {
        pg_lexer lexer = {.text = slice_of(texts[i][0])};
        pg_token t;
        pg_lexer_next(&lexer, &t);
        assert_true(slice_equal(pg_lexer_name(a, &t), slice_of(texts[i][1])));
    }
    arena_free(a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens), cmocka_unit_test(test_words),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
