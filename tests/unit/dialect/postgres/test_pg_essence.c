/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_essence.h"

#include "dialect/essence.h"

static void check_line(const test_line *l)
{
    essence_check(&dialect_postgres, l);
}

static void what_counts_is_kept(void **state)
{
    (void)state;
    cases_lines("postgres/essence.txt", check_line);
}

/* Not SQL, or only the begin of it. */
static void anything_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"\\connect x",
                                        "$",
                                        "$1",
                                        "$a",
                                        "'",
                                        "E'\\",
                                        "\"",
                                        "/*",
                                        "1e",
                                        "1e-",
                                        "0x",
                                        "1.",
                                        ".",
                                        "..",
                                        ":",
                                        "COPY t FROM stdin",
                                        "COPY t FROM stdin;",
                                        "COPY t FROM stdin;\n",
                                        "COPY t FROM stdin;\na",
                                        ";;;",
                                        "+-",
                                        "<-",
                                        "@-",
                                        "U&",
                                        "\x01\xff"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    {
        buf out;
        buf_init(&out, &alloc_default);
        for (size_t len = 0; len <= strlen(texts[i]); len++)
        {
            char *exact = malloc(len + (len == 0));
            assert_non_null(exact);
            memcpy(exact, texts[i], len);
            dialect_postgres.essence((slice){exact, len}, &out);
            free(exact);
        }
        assert_false(out.failed);
        buf_clear(&out);
    }
}

static void memory_may_be_short(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text);
    memcpy(text, "SELECT 1; ", 10);
    text[sizeof text - 1] = '\0';
    essence_check_memory(&dialect_postgres, text);
    essence_check_memory(&dialect_postgres, "SELECT 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts_is_kept),
        cmocka_unit_test(anything_is_read),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
