/* SPDX-License-Identifier: MIT */
#include "cli/width.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdlib.h>

static void cut(const test_line *l)
{
    pool p = {0};
    assert_int_equal(width_text(l->fields[0]), strtoul(l->fields[1], NULL, 10));
    assert_string_equal(width_cut(&p, l->fields[0], 5), l->fields[2]);
    pool_clear(&p);
}

static void test_cut(void **state)
{
    pool p = {0};
    (void)state;
    cases_lines("cli/widths.txt", cut);
    assert_string_equal(width_cut(&p, "abc", 0), "");
    assert_string_equal(width_cut(&p, "abc", 1), "…");
    pool_clear(&p);
}

static void test_next(void **state)
{
    static const struct
    {
        const char *bytes;
        uint32_t character;
        int size;
    } rows[] = {
        {"a", 'a', 1},
        {"\xc3\xa4", 0xe4, 2},
        {"\xe2\x82\xac", 0x20ac, 3},
        {"\xf0\x9f\x91\x8d", 0x1f44d, 4},
        {"\x80", 0xfffd, 1},             /* a continuation alone */
        {"\xc3", 0xfffd, 1},             /* cut short */
        {"\xc0\xaf", 0xfffd, 1},         /* too long a form */
        {"\xe0\x80\x80", 0xfffd, 1},     /* likewise */
        {"\xed\xa0\x80", 0xfffd, 1},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0xfffd, 1}, /* beyond Unicode */
        {"\xff", 0xfffd, 1},
        {"\xef\xbf\xbd", 0xfffd, 3}, /* U+FFFD itself */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        const char *at = rows[i].bytes;
        assert_int_equal(width_next(&at), rows[i].character);
        assert_int_equal(at - rows[i].bytes, rows[i].size);
    }
}

static void test_clean(void **state)
{
    pool p = {0};
    const char *fine = "größe 日本";
    (void)state;
    assert_ptr_equal(width_clean(&p, fine), fine);
    assert_string_equal(width_clean(&p, "a\tb\nc\rd"), "a b c d");
    assert_string_equal(width_clean_lines(&p, "a\nb\tc"), "a\nb c");
    assert_string_equal(width_clean(&p, "\x1b]0;owned\x07"), "?]0;owned?");
    assert_string_equal(width_clean(&p, "a\x7f"
                                        "b\xc2\x9b"
                                        "c"),
                        "a?b?c");
    assert_string_equal(width_clean(&p, "a\xffz"), "a\xef\xbf\xbdz");
    assert_string_equal(width_clean(&p, "a\xe2\x80\xae"
                                        "b\xe2\x81\xa6"
                                        "c"),
                        "a?b?c");
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut), cmocka_unit_test(test_next), cmocka_unit_test(test_clean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
