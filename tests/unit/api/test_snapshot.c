/* SPDX-License-Identifier: MIT */
#include "api/harness.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char kept[] = "# remarks\n# dialect: sqlite\ntable cards\tcolumns\\ntwo lines\ncolumn cards.id\tINTEGER\n";

static amend *open_files(harness *h)
{
    harness_make(h);
    h->options.url = NULL;
    harness_open(h);
    return h->handle;
}

static amend_snapshot *read_text(harness *h, const char *text)
{
    amend_snapshot *s = NULL;
    harness_expect_ok(h, amend_snapshot_read(h->handle, text, strlen(text), &s, &h->error));
    return s;
}

static void test_read(void **state)
{
    (void)state;
    harness h;
    open_files(&h);
    amend_snapshot *s = read_text(&h, kept);
    assert_int_equal(s->size, sizeof *s);
    assert_string_equal(s->dialect, "sqlite");
    assert_string_equal(s->text, "column cards.id\tINTEGER\ntable cards\tcolumns\\ntwo lines\n");
    assert_int_equal(s->length, strlen(s->text));
    assert_int_equal(s->count, 2);
    assert_string_equal(s->facts[0].object, "column cards.id");
    assert_string_equal(s->facts[1].definition, "columns\ntwo lines");
    assert_int_equal(strlen(s->fingerprint), 64);
    amend_snapshot *again = read_text(&h, s->text);
    assert_null(again->dialect);
    assert_string_equal(again->fingerprint, s->fingerprint);
    harness_remove(&h); /* they outlive the handle */
    assert_string_equal(s->facts[0].definition, "INTEGER");
    amend_snapshot_free(s);
    amend_snapshot_free(again);
    amend_snapshot_free(NULL);
}

static void test_read_empty(void **state)
{
    (void)state;
    harness h;
    open_files(&h);
    amend_snapshot *s = NULL;
    harness_expect_ok(&h, amend_snapshot_read(h.handle, NULL, 0, &s, &h.error));
    assert_int_equal(s->count, 0);
    assert_string_equal(s->text, "");
    amend_snapshot_free(s);
    harness_remove(&h);
}

static void test_read_refuses(void **state)
{
    (void)state;
    harness h;
    amend *handle = open_files(&h);
    amend_snapshot *s = NULL;
    static const char nul[] = "a\tb\nc\0\td\n";
    assert_int_equal(amend_snapshot_read(handle, nul, sizeof nul - 1, &s, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_SNAPSHOT_FORM);
    assert_int_equal(h.error.line, 2);
    assert_string_equal(h.error.message, "line 2 of the snapshot has a NUL byte");
    assert_int_equal(amend_snapshot_read(handle, nul, sizeof nul - 1, &s, NULL), AMEND_USAGE);
    assert_int_equal(amend_snapshot_read(handle, "# x\nCREATE TABLE\n", 17, &s, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.line, 2);
    assert_int_equal(amend_snapshot_read(handle, NULL, 1, &s, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_snapshot_read(handle, "", 0, NULL, &h.error), AMEND_USAGE);
    assert_null(s);
    harness_remove(&h);
}

static void write_difference(void *arg, const amend_difference *d)
{
    char *out = arg;
    size_t len = strlen(out);
    snprintf(out + len, 1024 - len, "%s %s [%s] [%s]\n", amend_difference_name(d->kind), d->object,
             d->expected == NULL ? "-" : d->expected, d->existing == NULL ? "-" : d->existing);
}

static void test_compare(void **state)
{
    (void)state;
    harness h;
    char told[1024] = "";
    open_files(&h);
    amend_snapshot *one = read_text(&h, "table a\t1\ntable b\t2\ntable c\t3\n"),
                   *other = read_text(&h, "table b\t2\ntable c\t4\ntable d\t\n");
    assert_int_equal(amend_snapshot_compare(one, other, write_difference, told, &h.error), AMEND_UNVERIFIED);
    assert_string_equal(told, "missing table a [1] [-]\ndifferent table c [3] [4]\nextra table d [-] []\n");
    assert_int_equal(h.error.code, AMEND_E_SCHEMAS_DIFFER);
    assert_string_equal(h.error.message, "3 differences");
    assert_int_equal(amend_snapshot_compare(one, other, NULL, NULL, NULL), AMEND_UNVERIFIED);
    assert_int_equal(amend_snapshot_compare(one, one, write_difference, told, &h.error), AMEND_OK);
    assert_int_equal(amend_snapshot_compare(NULL, one, write_difference, told, &h.error), AMEND_USAGE);
    assert_int_equal(amend_snapshot_compare(one, NULL, write_difference, told, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_null(amend_difference_name((amend_difference_kind)3));
    amend_snapshot_free(one);
    amend_snapshot_free(other);
    harness_remove(&h);
}

static void test_compare_two_kinds(void **state)
{
    (void)state;
    harness h;
    open_files(&h);
    amend_snapshot *one = read_text(&h, "# dialect: sqlite\r\n"), *other = read_text(&h, "# dialect: postgres\n"),
                   *unknown = read_text(&h, "");
    assert_int_equal(amend_snapshot_compare(one, other, NULL, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_SNAPSHOT_DIALECT);
    assert_string_equal(h.error.message, "one snapshot is of sqlite, the other of postgres");
    assert_int_equal(amend_snapshot_compare(one, unknown, NULL, NULL, &h.error), AMEND_OK);
    assert_int_equal(amend_snapshot_compare(unknown, other, NULL, NULL, &h.error), AMEND_OK);
    amend_snapshot_free(one);
    amend_snapshot_free(other);
    amend_snapshot_free(unknown);
    harness_remove(&h);
}

static void test_take(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    amend_snapshot *before = NULL, *after = NULL;
    harness_expect_ok(&h, amend_snapshot_take(h.handle, &before, &h.error));
    assert_int_equal(before->count, 0);
    assert_int_equal(access(h.url, F_OK), -1); /* it writes nothing: not even the file is made */
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_ok(&h, amend_snapshot_take(h.handle, &after, &h.error));
    assert_string_equal(after->dialect, "sqlite");
    assert_non_null(strstr(after->text, "table users\t"));
    assert_null(strstr(after->text, "_migrations"));
    assert_int_equal(amend_snapshot_compare(before, after, NULL, NULL, &h.error), AMEND_UNVERIFIED);
    amend_snapshot_free(before);
    amend_snapshot_free(after);
    harness_remove(&h);
}

static void test_take_refuses(void **state)
{
    (void)state;
    harness h;
    amend_snapshot *s = NULL;
    amend *handle = open_files(&h);
    assert_int_equal(amend_snapshot_take(handle, &s, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    assert_int_equal(amend_snapshot_take(handle, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    h.options.url = "sqlite:/no/such/place/app.db";
    harness_again(&h);
    assert_int_equal(amend_snapshot_take(h.handle, &s, &h.error), AMEND_FAILED);
    assert_null(s);
    harness_remove(&h);
}

static amend_status all_of_it(harness *h)
{
    amend_snapshot *s = NULL, *taken = NULL;
    amend_status status = amend_open(&h->options, &h->handle, &h->error);
    status = status == AMEND_OK ? amend_snapshot_read(h->handle, kept, strlen(kept), &s, &h->error) : status;
    status = status == AMEND_OK ? amend_snapshot_take(h->handle, &taken, &h->error) : status;
    status = status == AMEND_OK ? amend_snapshot_compare(s, taken, NULL, NULL, &h->error) : status;
    amend_snapshot_free(s);
    amend_snapshot_free(taken);
    amend_close(h->handle);
    h->handle = NULL;
    return status;
}

static void test_short_of_memory(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        h.options.allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        amend_status status = all_of_it(&h);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            assert_int_equal(status, AMEND_UNVERIFIED);
            break;
        }
        assert_int_equal(h.error.code, AMEND_E_OUT_OF_MEMORY);
    }
    harness_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),         cmocka_unit_test(test_read_empty),        cmocka_unit_test(test_read_refuses),
        cmocka_unit_test(test_compare),      cmocka_unit_test(test_compare_two_kinds), cmocka_unit_test(test_take),
        cmocka_unit_test(test_take_refuses), cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
