/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "support/testing.h"

#include <stdio.h>

static amend_error error;

static void test_set_fills_status_code_and_hint(void **state)
{
    (void)state;
    memset(&error, 0xff, sizeof error);
    assert_int_equal(error_set(&error, AMEND_E_DIR_MISSING, "no such directory \"%s\"", "db"), AMEND_USAGE);
    assert_int_equal(error.status, AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_DIR_MISSING);
    assert_string_equal(error.message, "no such directory \"db\"");
    assert_true(error.hint[0] != '\0');
    assert_string_equal(error.file, "");
    assert_int_equal(error.line, 0);
}

static void test_set_with_an_unknown_code(void **state)
{
    (void)state;
    assert_int_equal(error_set(&error, (amend_code)99, "x"), AMEND_FAILED);
    assert_string_equal(error.hint, "");
}

static void test_all_take_null(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, AMEND_E_LOCKED, "x"), AMEND_LOCKED);
    assert_int_equal(error_memory(NULL), AMEND_FAILED);
    error_hint(NULL, "x");
    error_detail(NULL, "x");
    error_at(NULL, "f", SLICE("x"), 0);
}

static void test_memory_hint_and_detail(void **state)
{
    (void)state;
    assert_int_equal(error_memory(&error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    error_hint(&error, "Try %d.", 2);
    error_detail(&error, "a %s", "b");
    assert_string_equal(error.hint, "Try 2.");
    assert_string_equal(error.detail, "a b");
}

static void test_copy_cuts_at_a_character(void **state)
{
    (void)state;
    char field[6];
    error_copy(field, sizeof field, SLICE("abcde"));
    assert_string_equal(field, "abcde");
    error_copy(field, sizeof field, SLICE("abcdef"));
    assert_string_equal(field, "abcde");
    error_copy(field, sizeof field, SLICE("abcdä"));
    assert_string_equal(field, "abcd");
    error_copy(field, sizeof field, SLICE("abc€"));
    assert_string_equal(field, "abc");
    error_copy(field, sizeof field, SLICE("ab€"));
    assert_string_equal(field, "ab€");
    error_copy(field, sizeof field, SLICE("\xf0\x9f\x98\x80\xf0\x9f\x98\x80"));
    assert_string_equal(field, "\xf0\x9f\x98\x80");
    error_copy(field, sizeof field, SLICE("\x80\x80\x80\x80\x80\x80\x80"));
    assert_string_equal(field, "");
    error_copy(field, sizeof field, (slice){NULL, 0});
    assert_string_equal(field, "");
}

/* Characters of 2, 3 and 4 bytes at each distance from the message's end. */
static void test_message_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"ä", "€", "\xf0\x9f\x98\x80"};
    for (size_t c = 0; c < 3; c++)
    {
        for (size_t shift = 0; shift < 5; shift++)
        {
            char text[3000];
            size_t len = 0, bad;
            memset(text, 'x', shift);
            for (len = shift; len + 5 < 2000; len += strlen(characters[c]))
            {
                memcpy(text + len, characters[c], strlen(characters[c]));
            }
            text[len] = '\0';
            assert_int_equal(error_set(&error, AMEND_E_STATEMENT, "%s", text), AMEND_FAILED);
            assert_true(text_is_utf8(slice_of(error.message), &bad));
            assert_true(strlen(error.message) >= sizeof error.message - 4);
            assert_memory_equal(error.message, text, strlen(error.message));
        }
    }
}

static void test_position(void **state)
{
    (void)state;
    static const struct
    {
        size_t offset;
        unsigned line, column;
    } cases[] = {{0, 1, 1}, {1, 1, 2}, {2, 1, 3}, {3, 2, 1}, {4, 2, 2}, {6, 2, 3}, {7, 2, 4}, {8, 3, 1}, {100, 3, 1}};
    slice text = SLICE("ab\nxäy\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        unsigned line, column;
        text_position(text, cases[i].offset, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
}

static void test_at_shows_the_line(void **state)
{
    (void)state;
    slice text = SLICE("one\nzwölf drei\r\nfour");
    assert_int_equal(error_set(&error, AMEND_E_STATEMENT, "x"), AMEND_FAILED);
    error_at(&error, "f.sql", text, 11);
    assert_string_equal(error.file, "f.sql");
    assert_int_equal(error.offset, 11);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 7);
    assert_int_equal(error.caret, 7);
    assert_string_equal(error.excerpt, "zwölf drei");
    error_at(&error, NULL, text, 1000);
    assert_string_equal(error.file, "f.sql");
    assert_int_equal(error.offset, text.len);
    assert_string_equal(error.excerpt, "four");
    assert_int_equal(error.caret, 5);
    error_at(&error, NULL, SLICE(""), 0);
    assert_string_equal(error.excerpt, "");
    assert_int_equal(error.line, 1);
}

/* Of a line longer than the excerpt, a window around the place; the caret counts in the window. */
static void test_at_in_a_long_line(void **state)
{
    (void)state;
    static char line[20000];
    for (size_t i = 0; i + 2 <= sizeof line; i += 2)
    {
        memcpy(line + i, "ä", 2);
    }
    slice text = {line, sizeof line};
    memcpy(line + 10000, "xy", 2);
    assert_int_equal(error_set(&error, AMEND_E_STATEMENT, "x"), AMEND_FAILED);
    error_at(&error, "f", text, 10000);
    size_t bad, at = 0;
    assert_true(text_is_utf8(slice_of(error.excerpt), &bad));
    assert_int_equal(error.column, 5001);
    for (unsigned i = 1; i < error.caret; i++)
    {
        at += 2;
    }
    assert_int_equal(error.excerpt[at], 'x');
    assert_int_equal(error.excerpt[at + 1], 'y');
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct
    {
        const char *text;
        size_t len, bad; /* SIZE_MAX: good */
    } cases[] = {
        {"", 0, SIZE_MAX},
        {"plain text that is longer than eight bytes", 42, SIZE_MAX},
        {"\x7f", 1, SIZE_MAX},
        {"\xc2\x80\xdf\xbf", 4, SIZE_MAX},
        {"\xe0\xa0\x80\xef\xbf\xbf", 6, SIZE_MAX},
        {"\xed\x9f\xbf\xee\x80\x80", 6, SIZE_MAX},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, SIZE_MAX},
        {"12345678\xe4", 9, 8}, /* Latin-1 at the end */
        {"abc\x80", 4, 3},      /* a continuation alone */
        {"\xc0\x80", 2, 0},     /* too long a form of NUL */
        {"\xc1\xbf", 2, 0},
        {"\xe0\x9f\xbf", 3, 0},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"a\xed\xa0\x80", 4, 1},    /* a surrogate */
        {"\xf4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xe2\x82", 2, 0}, /* cut short */
        {"\xe2\x82x", 3, 0},
        {"\xf0\x9f\x98z", 4, 0},
        {"x\xc3", 2, 1},
        {"\xff\xfe\x41\x00", 4, 0}, /* UTF-16 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        size_t bad = SIZE_MAX;
        bool good = text_is_utf8((slice){cases[i].text, cases[i].len}, &bad);
        assert_int_equal(good, cases[i].bad == SIZE_MAX);
        assert_int_equal(bad, cases[i].bad);
    }
}

static void test_mend(void **state)
{
    (void)state;
    static const struct
    {
        const char *before, *after;
    } cases[] = {{"", ""},
                 {"größe", "größe"},
                 {"gr\xf6\xdf"
                  "e",
                  "gr??e"},
                 {"\xe2\x82", "??"},
                 {"ä\xff"
                  "ä",
                  "ä?ä"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[i].before);
        text_mend(text);
        assert_string_equal(text, cases[i].after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_fills_status_code_and_hint),
        cmocka_unit_test(test_set_with_an_unknown_code),
        cmocka_unit_test(test_all_take_null),
        cmocka_unit_test(test_memory_hint_and_detail),
        cmocka_unit_test(test_copy_cuts_at_a_character),
        cmocka_unit_test(test_message_is_cut_at_a_character),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_at_shows_the_line),
        cmocka_unit_test(test_at_in_a_long_line),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_mend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
