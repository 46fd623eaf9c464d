/* SPDX-License-Identifier: MIT */
/* Literals and names; the statements themselves are run in driver/sqlite/test_bookkeeping.c. */
#include "dialect/sqlite/write.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

static void expect_literal(const char *text, const char *expected)
{
    buf out;
    buf_init(&out, &alloc_default);
    sqlite_write_literal(&out, text);
    assert_string_equal(out.data, expected);
    buf_clear(&out);
}

static void literals_are_quoted(void **state)
{
    (void)state;
    expect_literal(NULL, "NULL");
    expect_literal("", "''");
    expect_literal("a", "'a'");
    expect_literal("it's", "'it''s'");
    expect_literal("'", "''''");
    expect_literal("''a'", "'''''a'''");
    expect_literal("a\nb;--\"\\", "'a\nb;--\"\\'");
}

static void expect_name(const char *schema, const char *name, const char *expected)
{
    buf out;
    buf_init(&out, &alloc_default);
    sqlite_write_name(&out, schema, name);
    assert_string_equal(out.data, expected);
    buf_clear(&out);
}

static void names_are_quoted(void **state)
{
    (void)state;
    expect_name("", "a", "\"a\"");
    expect_name(NULL, "a\"b", "\"a\"\"b\"");
    expect_name("s\"", "it's", "\"s\"\"\".\"it's\"");
}

/* Memory that is short is kept in the buffer, and does no other harm. */
static void memory_may_be_short(void **state)
{
    (void)state;
    const ledger have = {.columns = HISTORY_ALL};
    const lease own = {.holder = "h", .host = "h"};
    const history_row row = {.version = "1", .name = "n", .checksum = "c"};
    const event_row event = {.id = "1"};
    for (size_t n = 1, failures = 1; failures > 0; n++)
    {
        faulty_alloc f;
        buf out;
        buf_init(&out, faulty_alloc_init(&f, n, FAULTY_FOR_GOOD));
        assert_int_equal(sqlite_write_create(&out, &have), 4);
        assert_int_equal(sqlite_write_acquire(&out, &have, &own), 1);
        assert_int_equal(sqlite_write_guard(&out, &have, &own, 1), 1);
        assert_int_equal(sqlite_write_record(&out, &have, &row), 2);
        assert_int_equal(sqlite_write_event(&out, &have, &event), 1);
        assert_int_equal(out.failed, f.failures > 0);
        buf_clear(&out);
        failures = f.failures;
        assert_int_equal(faulty_alloc_clear(&f), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_quoted),
        cmocka_unit_test(names_are_quoted),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
