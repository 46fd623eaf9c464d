/* SPDX-License-Identifier: MIT */
#include "cli/embed.h"

#include "captured.h"

static void test_path(void **state)
{
    (void)state;
    assert_string_equal(embed_path("m", "m/versions/1_a.sql"), "versions/1_a.sql");
    assert_string_equal(embed_path("m/", "m/1_a.sql"), "1_a.sql");
    assert_string_equal(embed_path("m", "m//1_a.sql"), "1_a.sql");
    assert_string_equal(embed_path("x", "m/1_a.sql"), "m/1_a.sql");
}

static void test_symbol(void **state)
{
    (void)state;
    assert_true(embed_is_symbol("migrations"));
    assert_true(embed_is_symbol("_x9"));
    assert_false(embed_is_symbol("9x"));
    assert_false(embed_is_symbol(""));
    assert_false(embed_is_symbol("a-b"));
    assert_false(embed_is_symbol("größe"));
}

static void test_file(void **state)
{
    captured c;
    (void)state;
    embed_file(captured_begin(&c), "1_a \"b\".sql",
               "a\n\t\"\\?\x01"
               "1\xc3\xa4\n\nz",
               13);
    captured_expect(&c, "    {\n"
                        "        .path = \"1_a \\\"b\\\".sql\",\n"
                        "        .length = 13,\n"
                        "        .text = \"a\\n\"\n"
                        "                \"\\t\\\"\\\\\\?\\0011\\303\\244\\n\"\n"
                        "                \"\\n\"\n"
                        "                \"z\",\n"
                        "    },\n");
    embed_file(c.stream, "x", "", 0);
    captured_expect(&c, "    {\n        .path = \"x\",\n        .length = 0,\n        .text = \"\",\n    },\n");
    captured_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_path), cmocka_unit_test(test_symbol), cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
