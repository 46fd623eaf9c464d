/* SPDX-License-Identifier: MIT */
#include "amend/backup.h"

#include "api/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to 003, saved before 002 and 003; the backup's path is copied out. */
static void make(harness *h, char path[600])
{
    amend_run run = AMEND_RUN_INIT;
    amend_report *report = NULL;
    harness_make(h);
    harness_open(h);
    harness_expect_ok(h, harness_run(h, amend_up, "001", 0, 0));
    run.backup = tempdir_path(&h->dir, "saved");
    harness_expect_ok(h, amend_up(h->handle, &run, &report, &h->error));
    assert_non_null(report->backup);
    assert_false(report->restored);
    snprintf(path, 600, "%s", report->backup);
    amend_report_free(report);
}

static void test_there_and_back(void **state)
{
    (void)state;
    harness h;
    char path[600];
    amend_restored *r = NULL;
    amend_restore_how how = AMEND_RESTORE_INIT;
    make(&h, path);
    how.path = path;
    how.flags = AMEND_DRY_RUN;
    harness_expect_ok(&h, amend_restore(h.handle, &how, &r, &h.error));
    assert_int_equal(r->size, sizeof *r);
    assert_string_equal(r->dialect, "sqlite");
    assert_string_equal(r->backup, path);
    assert_string_equal(r->of, "app.db");
    assert_string_equal(r->version, "001");
    assert_string_equal(r->run, "002 up, 003 up");
    assert_string_equal(r->database, amend_database(h.handle));
    assert_true(r->whole);
    assert_int_equal(r->table_count, 0);
    assert_true(r->elapsed_ms >= 0);
    amend_restored_free(r);
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM _migrations"), "3\n");
    how.flags = 0;
    assert_int_equal(amend_restore(h.handle, &how, NULL, NULL), AMEND_OK);
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM _migrations"), "1\n");
    harness_remove(&h);
}

static void test_arguments(void **state)
{
    (void)state;
    harness h;
    char path[600];
    amend_restored *r = NULL;
    make(&h, path);
    amend_restore_how hows[] = {AMEND_RESTORE_INIT, AMEND_RESTORE_INIT, AMEND_RESTORE_INIT, AMEND_RESTORE_INIT,
                                AMEND_RESTORE_INIT};
    hows[1].path = "";
    hows[2].path = hows[3].path = hows[4].path = path;
    hows[2].flags = AMEND_STRICT;
    hows[3].size--;
    hows[4].into = "";
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++)
    {
        assert_int_equal(amend_restore(h.handle, &hows[i], &r, &h.error), AMEND_USAGE);
        assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    }
    assert_int_equal(amend_restore(h.handle, NULL, &r, &h.error), AMEND_USAGE);
    assert_null(r);
    amend_restored_free(NULL);
    /* what takes nothing away is not saved */
    amend_run run = AMEND_RUN_INIT;
    run.backup = "";
    run.to = "003";
    assert_int_equal(amend_baseline(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(amend_repair(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    harness_remove(&h);
}

static void test_without_a_database(void **state)
{
    (void)state;
    amend *handle;
    amend_error error;
    amend_options options = AMEND_OPTIONS_INIT;
    amend_restore_how how = AMEND_RESTORE_INIT;
    how.path = "x";
    assert_int_equal(amend_open(&options, &handle, &error), AMEND_OK);
    assert_int_equal(amend_restore(handle, &how, NULL, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_NO_DATABASE);
    amend_close(handle);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        harness h;
        char path[600];
        faulty_alloc f;
        amend *handle;
        amend_restored *r = NULL;
        amend_restore_how how = AMEND_RESTORE_INIT;
        make(&h, path);
        how.path = path;
        how.flags = AMEND_DRY_RUN;
        amend_options options = h.options;
        options.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
        assert_int_equal(amend_open(&options, &handle, &h.error), AMEND_OK);
        f.fail_at = f.calls + n;
        amend_status status = amend_restore(handle, &how, &r, &h.error);
        bool failed = f.failures > 0;
        assert_true(status == AMEND_OK || (r == NULL && h.error.code == AMEND_E_OUT_OF_MEMORY));
        amend_restored_free(r);
        amend_close(handle);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_remove(&h);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_without_a_database),
        cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
