/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/lexeme.h"

#include "dialect/essence.h"

/* All lexemes with "|" behind each. */
static void expect_lexemes(const char *text, const char *expected)
{
    buf out;
    buf_init(&out, &alloc_default);
    slice all = slice_of(text);
    for (sqlite_token t = sqlite_lexeme_next(all, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_lexeme_next(all, t.end))
    {
        buf_add(&out, slice_sub(all, t.start, t.end));
        buf_char(&out, '|');
    }
    assert_string_equal(out.len == 0 ? "" : out.data, expected);
    buf_clear(&out);
}

static void tokens_are_whole(void **state)
{
    (void)state;
    expect_lexemes("", "");
    expect_lexemes("1.5 1. .5 1e5 1e-5 1.5E+3", "1.5|1.|.5|1e5|1e-5|1.5E+3|");
    expect_lexemes("0x1e-5 1e- 1e 1_000.5", "0x1e|-|5|1e|-|1e|1_000.5|");
    expect_lexemes("a.b t.5 a.", "a|.|b|t|.5|a|.|");
    expect_lexemes("a->b->>c - >d", "a|->|b|->>|c|-|>|d|");
    expect_lexemes("a<=b<>c!=d==e<<f>>g||h|i", "a|<=|b|<>|c|!=|d|==|e|<<|f|>>|g||||h|||i|");
    expect_lexemes("a=b ?12 ? 3 :a", "a|=|b|?12|?|3|:a|");
    expect_lexemes("x'00' X'1' x '0' xx'0'", "x'00'|X'1'|x|'0'|xx|'0'|");
    expect_lexemes("x'00", "x'00|");
}

static void check_line(const test_line *l)
{
    essence_check(&dialect_sqlite, l);
}

static void what_counts_is_kept(void **state)
{
    (void)state;
    cases_lines("sqlite/essence.txt", check_line);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text);
    memcpy(text, "SELECT 1; ", 10);
    text[sizeof text - 1] = '\0';
    essence_check_memory(&dialect_sqlite, text);
    essence_check_memory(&dialect_sqlite, "SELECT 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_whole),
        cmocka_unit_test(what_counts_is_kept),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
