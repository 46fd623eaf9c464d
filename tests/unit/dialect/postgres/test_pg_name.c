/* SPDX-License-Identifier: MIT */
/* Names in a query's text: positions in characters, names as a person writes them, identifiers of a query. */
#include "dialect/postgres/pg_name.h"

#include "support/testing.h"

#include <stdint.h>

static size_t offset(const char *text, size_t position)
{
    return pg_name_offset(slice_of(text), position);
}

/* Against a walk byte by byte. */
static size_t slow_offset(const char *text, size_t position)
{
    for (size_t at = 0, number = 0; text[at] != '\0'; at++)
    {
        number += ((unsigned char)text[at] & 0xC0) != 0x80;
        if (number == position)
        {
            return at;
        }
    }
    return SIZE_MAX;
}

static void test_offset(void **state)
{
    (void)state;
    assert_int_equal(offset("abc", 1), 0);
    assert_int_equal(offset("abc", 3), 2);
    assert_int_equal(offset("äbc", 2), 2);
    assert_int_equal(offset("äbc", 3), 3);
    assert_int_equal(offset("a\r\nb", 4), 3);
    assert_true(offset("abc", 4) == SIZE_MAX && offset("abc", 0) == SIZE_MAX && offset("", 1) == SIZE_MAX);
    assert_true(offset("äöü", 4) == SIZE_MAX && offset("abc", SIZE_MAX) == SIZE_MAX);
    static const char text[] =
        "SELECT 'größe', '日本語日本語日本語', '😀😀😀' /* ¿x? */ FROM \"Tabellenname mit Ä\" WHERE 日本 = 1";
    for (size_t position = 1; position < sizeof text + 3; position++)
    {
        assert_true(offset(text, position) == slow_offset(text, position));
    }
}

static void expect_parsed(const char *text, const char *schema, const char *table, const char *name)
{
    amend_object o;
    memset(&o, 'x', sizeof o);
    assert_true(pg_name_parse(slice_of(text), &o));
    assert_string_equal(o.schema, schema);
    assert_string_equal(o.table, table);
    assert_string_equal(o.name, name);
    assert_int_equal(o.kind, AMEND_OBJECT_NONE);
}

static void test_parse(void **state)
{
    (void)state;
    expect_parsed("cards", "", "", "cards");
    expect_parsed(" Cards.TITLE ", "", "cards", "title");
    expect_parsed("app.cards.title", "app", "cards", "title");
    expect_parsed("\"My Table\"", "", "", "My Table");
    expect_parsed("\"a\"\"b\" . \"C.d\"", "", "a\"b", "C.d");
    expect_parsed("GRÖSSE", "", "", "grÖsse");
    /* 63 bytes are kept, and no half of a character. */
    expect_parsed("a23456789012345678901234567890123456789012345678901234567890123456", "", "",
                  "a23456789012345678901234567890123456789012345678901234567890123");
    expect_parsed("a2345678901234567890123456789012345678901234567890123456789012ä", "", "",
                  "a2345678901234567890123456789012345678901234567890123456789012");
    static const char *const wrong[] = {"",   " ",  ".",   "a.",   "a..b", "a.b.c.d", "a b",     "a.*",   "'a'",
                                        "a;", "1a", "\"a", "\"\"", "a-b",  "a.'b'",   "U&\"a\"", "a(int)"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    {
        amend_object o;
        assert_false(pg_name_parse(slice_of(wrong[i]), &o));
    }
}

static bool mentioned(const char *query, const char *name)
{
    return pg_name_mentioned(slice_of(query), name);
}

static void test_mentioned(void **state)
{
    (void)state;
    assert_true(mentioned("SELECT * FROM cards", "cards"));
    assert_true(mentioned("SELECT * FROM App.CARDS c", "cards"));
    assert_true(mentioned("SELECT * FROM \"My Table\"", "My Table"));
    assert_true(mentioned("SELECT * FROM \"a\"\"b\"", "a\"b"));
    assert_true(mentioned("SELECT * FROM GRÖSSE", "grÖsse"));
    assert_false(mentioned("SELECT * FROM \"CARDS\"", "cards"));
    assert_false(mentioned("SELECT * FROM cards2, acards", "cards"));
    assert_false(mentioned("SELECT 'cards', $$cards$$, 1 /* cards */ -- cards", "cards"));
    assert_false(mentioned("SELECT U&\"cards\", \"cards", "cards"));
    assert_false(mentioned("SELECT 'cards", "cards"));
    assert_false(mentioned("SELECT \"\"", ""));
    assert_false(mentioned("", "cards"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offset),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_mentioned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
