/* SPDX-License-Identifier: MIT */
#include "amend/preview.h"
#include "api/harness.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static amend_status look(harness *h, amend_preview **out)
{
    *out = NULL;
    h->error = (amend_error){0};
    amend_status status = amend_preview_up(h->handle, NULL, out, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

static void expect_untouched(const harness *h)
{
    assert_string_equal(harness_query(h, "SELECT count(*) FROM sqlite_schema"), "0\n");
}

static void test_pending(void **state)
{
    (void)state;
    harness h;
    amend_preview *p;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, look(&h, &p));
    assert_int_equal(p->size, sizeof *p);
    assert_int_equal(p->report->item_count, 3);
    assert_int_equal(p->statement_count, 4);
    assert_string_equal(p->statements[2].version, "002");
    assert_string_equal(p->statements[2].name, "posts");
    assert_string_equal(p->statements[2].text, "INSERT INTO posts VALUES (1);");
    assert_int_equal(p->statements[2].line, 2);
    assert_int_equal(p->statements[2].statement, 2);
    assert_true(p->statements[2].ran);
    assert_int_equal(p->statements[2].rows, 1);
    assert_non_null(strstr(p->statements[2].file, "002_posts.sql"));
    assert_false(p->cut_short);
    assert_int_equal(p->effect_count, 1);
    assert_string_equal(p->effects[0].object, "table posts");
    assert_int_equal(p->effects[0].value, 1);
    bool index = false;
    for (size_t i = 0; i < p->change_count; i++)
    {
        const amend_difference *d = &p->changes[i];
        assert_int_equal(d->kind, AMEND_DIFFERENCE_EXTRA);
        assert_null(d->expected);
        assert_non_null(d->existing);
        index |= strcmp(d->object, "index i") == 0;
    }
    assert_true(index);
    amend_preview_free(p);
    amend_preview_free(NULL);
    expect_untouched(&h);
    harness_remove(&h);
}

static void test_changes(void **state)
{
    (void)state;
    harness h;
    amend_preview *p;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_write(&h, "versions/004_more.sql",
                  "-- amend:destructive \"a test\"\nDROP INDEX i;\nALTER TABLE posts ADD COLUMN t TEXT;\n"
                  "DROP TABLE users;\nCREATE TABLE users (id TEXT);");
    harness_expect_ok(&h, look(&h, &p));
    size_t kinds[3] = {0};
    for (size_t i = 0; i < p->change_count; i++)
    {
        const amend_difference *d = &p->changes[i];
        kinds[d->kind]++;
        assert_int_equal(d->expected == NULL, d->kind == AMEND_DIFFERENCE_EXTRA);
        assert_int_equal(d->existing == NULL, d->kind == AMEND_DIFFERENCE_MISSING);
    }
    assert_true(kinds[0] > 0 && kinds[1] > 0 && kinds[2] > 0);
    amend_preview_free(p);
    harness_remove(&h);
}

/* It tells how far it came; up would fail with the same. */
static void test_a_statement_fails(void **state)
{
    (void)state;
    harness h;
    amend_preview *p;
    harness_make(&h);
    harness_write(&h, "versions/003_index.sql", "CREATE INDEX i ON users (id);\nINSERT INTO nowhere VALUES (1);");
    harness_open(&h);
    assert_int_equal(look(&h, &p), AMEND_FAILED);
    assert_string_equal(h.error.version, "003");
    assert_int_equal(h.error.line, 2);
    assert_non_null(p);
    assert_int_equal(p->report->item_count, 3);
    amend_preview_free(p);
    expect_untouched(&h);
    harness_remove(&h);
}

static void test_nothing_pending(void **state)
{
    (void)state;
    harness h;
    amend_preview *p;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_ok(&h, look(&h, &p));
    assert_int_equal(p->statement_count, 0);
    assert_int_equal(p->change_count, 0);
    assert_int_equal(p->report->item_count, 0);
    amend_preview_free(p);
    harness_remove(&h);
}

static void test_refuses(void **state)
{
    (void)state;
    harness h;
    amend_preview *p;
    amend_run wrong = {.size = 1};
    harness_make(&h);
    harness_open(&h);
    assert_int_equal(amend_preview_up(h.handle, NULL, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_preview_up(h.handle, &wrong, &p, &h.error), AMEND_USAGE);
    h.options.dir = "/no/such/place";
    harness_again(&h);
    assert_int_not_equal(look(&h, &p), AMEND_OK);
    assert_int_equal(h.error.code, AMEND_E_DIR_MISSING);
    assert_null(p);
    h.options.url = NULL;
    harness_again(&h);
    assert_int_equal(look(&h, &p), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    harness_remove(&h);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        amend_preview *p = NULL;
        h.options.allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        h.error = (amend_error){0};
        amend_status status = amend_open(&h.options, &h.handle, &h.error);
        status = status == AMEND_OK ? amend_preview_up(h.handle, NULL, &p, &h.error) : status;
        amend_preview_free(p);
        amend_close(h.handle);
        h.handle = NULL;
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            break;
        }
        if (status != AMEND_OK && h.error.code != AMEND_E_OUT_OF_MEMORY)
        {
            fail_msg("call %zu: AM%04d %s", n, (int)h.error.code, h.error.message);
        }
    }
    expect_untouched(&h);
    harness_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pending),         cmocka_unit_test(test_changes), cmocka_unit_test(test_a_statement_fails),
        cmocka_unit_test(test_nothing_pending), cmocka_unit_test(test_refuses), cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
