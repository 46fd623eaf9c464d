/* SPDX-License-Identifier: MIT */
/* What is written for scratch databases; what it does, the integration tests of amend test see. */
#include "dialect/postgres/pg_scratch.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static unsigned write_all(buf *out)
{
    const dialect *d = &dialect_postgres;
    return d->scratch_left(out, "x") + d->scratch_make(out, "it's \\ \"mine\"") + d->scratch_drop(out, "it's \\ \"mine\"") +
           d->scratch_clear(out);
}

static void test_texts(void **state)
{
    (void)state;
    buf out;
    script s;
    buf_init(&out, &alloc_default);
    arena *a = arena_new(&alloc_default);
    unsigned statements = write_all(&out);
    assert_int_equal(dialect_postgres.split(a, buf_slice(&out), &s, NULL), AMEND_OK);
    assert_int_equal(s.count, statements);
    /* The name is a constant in all of them, and the server quotes it. */
    const char *name = strstr(out.data, "it''s");
    assert_non_null(name);
    assert_non_null(strstr(name + 1, "it''s"));
    assert_null(strstr(out.data, "it's"));
    arena_free(a);
    buf_clear(&out);
}

/* Every statement is of the server itself, in any search path. */
static void test_qualified(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    (void)write_all(&out);
    static const char *const words[] = {"pg_database",  "pg_namespace",     "pg_class",    "pg_proc", "pg_type", "pg_depend",
                                        "pg_extension", "pg_stat_activity", "pg_has_role", "format(", "now()"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        const char *at = strstr(out.data, words[i]);
        assert_non_null(at);
        for (; at != NULL; at = strstr(at + 1, words[i]))
        {
            if (at - out.data < 11 || strncmp(at - 11, "pg_catalog.", 11) != 0)
            {
                fail_msg("%s is not qualified in %.60s", words[i], at - 20);
            }
        }
    }
    buf_clear(&out);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        buf out;
        buf_init(&out, faulty_alloc_init(&f, n, FAULTY_ONCE));
        (void)write_all(&out);
        assert_int_equal(out.failed, f.failures > 0);
        buf_clear(&out);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_qualified),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
