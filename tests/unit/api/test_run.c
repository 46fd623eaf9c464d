/* SPDX-License-Identifier: MIT */
#include "api/harness.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_up(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_items(&h, "done 001, done 002, done 003");
    const amend_report *r = h.report;
    assert_int_equal(r->done, 3);
    assert_int_equal(r->skipped, 0);
    assert_int_equal(r->applied, 3);
    assert_int_equal(r->pending, 0);
    assert_string_equal(r->current, "003");
    assert_null(r->sql);
    assert_true(r->items[0].execution_time_ms >= 0);
    assert_string_equal(h.told, "run.started\nmigration.started 001\nmigration.started 002\nmigration.started 003\n"
                                "migration.applied 001\nmigration.applied 002\nmigration.applied 003\nrun.finished\n");
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_items(&h, "");
    assert_int_equal(h.report->done, 0);
    assert_int_equal(h.report->applied, 3);
    assert_string_equal(h.report->current, "003");
    assert_string_equal(h.told, "");
    harness_remove(&h);
}

static void test_up_in_parts(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 1, 0));
    harness_expect_items(&h, "done 001");
    assert_int_equal(h.report->applied, 1);
    assert_int_equal(h.report->pending, 2);
    assert_string_equal(h.report->current, "001");
    harness_expect_ok(&h, harness_run(&h, amend_up, "2", 0, 0));
    harness_expect_items(&h, "done 002");
    assert_int_equal(amend_up(h.handle, NULL, NULL, NULL), AMEND_OK);
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM _migrations"), "3\n");
    harness_remove(&h);
}

static void test_up_fails(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_write(&h, "versions/002_posts.sql",
                  "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nINSERT INTO posts SELECT post FROM users;");
    harness_open(&h);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    harness_expect_items(&h, "done 001, failed 002, pending 003");
    assert_int_equal(h.report->done, 1);
    assert_int_equal(h.report->applied, 1);
    assert_int_equal(h.report->pending, 2);
    assert_int_equal(h.report->items[1].execution_time_ms, -1);
    assert_string_equal(h.report->current, "001");
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_int_equal(h.error.line, 2);
    assert_int_equal(h.error.column, 26);
    assert_int_equal(h.error.caret, 26);
    assert_int_equal(h.error.statement, 2);
    assert_string_equal(h.error.excerpt, "INSERT INTO posts SELECT post FROM users;");
    assert_non_null(strstr(h.told, "migration.failed 002: no such column: post"));
    assert_int_equal(amend_up(h.handle, NULL, NULL, NULL), AMEND_FAILED);
    harness_remove(&h);
}

/* The plan's conflicts are in the report, and stop everything. */
static void test_conflicts(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 2, 0));
    harness_write(&h, "versions/001_users.sql", "SELECT 'changed';");
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CHECKSUM);
    harness_expect_problems(&h, "error AM0401 001");
    harness_expect_items(&h, "pending 003");
    assert_int_equal(h.report->done, 0);
    assert_string_equal(h.report->current, "002");
    harness_remove(&h);
}

static void test_out_of_order(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_baseline, "1", 0, 0));
    harness_expect_ok(&h, harness_run(&h, amend_repair, NULL, 0, 0)); /* nothing to repair */
    harness_query(&h, "UPDATE _migrations SET version = '002', name = 'posts', checksum = ''");
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_OUT_OF_ORDER);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, AMEND_OUT_OF_ORDER));
    harness_expect_items(&h, "done 001, done 003");
    harness_remove(&h);
}

static void test_down(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    assert_int_equal(harness_run(&h, amend_down, NULL, 3, AMEND_STRICT), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_NO_DOWN);
    assert_int_equal(h.report->done, 0);
    harness_expect_ok(&h, harness_run(&h, amend_down, NULL, 2, AMEND_ALLOW_DESTRUCTIVE));
    harness_expect_items(&h, "down done 002, down skipped 003");
    harness_expect_problems(&h, "warning AM0406 003");
    assert_string_equal(h.report->items[1].reason, "it has no down script");
    assert_non_null(strstr(h.report->items[0].file, "002_posts_down.sql"));
    assert_int_equal(h.report->done, 1);
    assert_int_equal(h.report->skipped, 1);
    assert_int_equal(h.report->applied, 2);
    assert_int_equal(h.report->pending, 1);
    assert_string_equal(h.report->current, "003");
    assert_non_null(strstr(h.told, "migration.rolled_back 002"));
    assert_non_null(strstr(h.told, "migration.skipped 003: it has no down script"));
    harness_remove(&h);
}

static void test_redo_and_reset(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, "2", 0, 0));
    harness_expect_ok(&h, harness_run(&h, amend_redo, NULL, 2, AMEND_ALLOW_DESTRUCTIVE));
    harness_expect_items(&h, "down done 002, down done 001, done 001, done 002");
    assert_int_equal(h.report->done, 4);
    assert_int_equal(h.report->applied, 2);
    assert_string_equal(h.report->current, "002");
    harness_expect_ok(&h, harness_run(&h, amend_reset, NULL, 0, AMEND_ALLOW_DESTRUCTIVE));
    harness_expect_items(&h, "down done 002, down done 001");
    assert_int_equal(h.report->applied, 0);
    assert_null(h.report->current);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    assert_int_equal(harness_run(&h, amend_redo, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_NO_DOWN);
    harness_remove(&h);
}

static void test_baseline_and_repair(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    assert_int_equal(harness_run(&h, amend_baseline, NULL, 0, 0), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_baseline(h.handle, NULL, NULL, NULL), AMEND_USAGE);
    harness_expect_ok(&h, harness_run(&h, amend_baseline, "002", 0, 0));
    harness_expect_items(&h, "done 001, done 002");
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM sqlite_schema WHERE name = 'users'"), "0\n");
    assert_int_equal(h.report->applied, 2);
    harness_write(&h, "versions/001_users.sql", "SELECT 'changed';");
    harness_write(&h, "versions/002_posts.sql", "SELECT 'changed, too';");
    harness_expect_ok(&h, harness_run(&h, amend_repair, "001", 0, 0));
    harness_expect_items(&h, "done 001");
    assert_int_equal(h.report->applied, 2);
    assert_int_equal(h.report->pending, 1);
    assert_int_equal(harness_run(&h, amend_repair, "001", 0, 0), AMEND_USAGE);
    harness_expect_ok(&h, harness_run(&h, amend_repair, NULL, 0, 0));
    harness_expect_items(&h, "done 002");
    harness_expect_ok(&h, harness_look(&h, amend_verify));
    harness_remove(&h);
}

static void test_dry_run(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, AMEND_DRY_RUN));
    harness_expect_items(&h, "pending 001, pending 002, pending 003");
    assert_int_equal(h.report->done, 0);
    assert_non_null(strstr(h.report->sql, "CREATE TABLE posts"));
    assert_int_equal(access(h.url, F_OK), -1);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_ok(&h, harness_run(&h, amend_reset, NULL, 0, AMEND_DRY_RUN));
    harness_expect_items(&h, "down applied 002, down applied 001, down skipped 003");
    assert_int_equal(h.report->applied, 3);
    assert_string_equal(h.report->current, "003");
    assert_non_null(strstr(h.report->sql, "DROP TABLE users;"));
    harness_remove(&h);
}

static amend_status plan_up(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return amend_plan(handle, AMEND_UP, run, out, error);
}

static amend_status plan_down(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return amend_plan(handle, AMEND_DOWN, run, out, error);
}

static amend_status plan_nowhere(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return amend_plan(handle, (amend_direction)7, run, out, error);
}

static void test_plan(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_write(&h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nVACUUM;");
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, plan_up, NULL, 0, 0));
    harness_expect_items(&h, "pending 001, pending 002, pending 003");
    assert_int_equal(h.report->items[0].mode, AMEND_MODE_TRANSACTION);
    assert_int_equal(h.report->items[0].statements, 1);
    assert_int_equal(h.report->items[1].mode, AMEND_MODE_STATEMENTS);
    assert_int_equal(h.report->items[1].statements, 2);
    assert_int_equal(access(h.url, F_OK), -1);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_ok(&h, harness_run(&h, plan_down, NULL, 3, 0));
    harness_expect_items(&h, "down applied 002, down applied 001, down skipped 003");
    assert_int_equal(h.report->items[0].statements, 1);
    assert_int_equal(h.report->items[2].statements, 0);
    assert_int_equal(harness_run(&h, plan_up, "777", 0, 0), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_VERSION_UNKNOWN);
    assert_null(h.report);
    assert_int_equal(harness_run(&h, plan_nowhere, NULL, 0, 0), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    harness_write(&h, "versions/004_wrong.sql", "ROLLBACK;");
    assert_int_equal(harness_run(&h, plan_up, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_TX_CONTROL);
    assert_int_equal(amend_plan(h.handle, AMEND_DOWN, NULL, NULL, NULL), AMEND_OK);
    harness_remove(&h);
}

static void test_arguments(void **state)
{
    static harness_call *const calls[] = {amend_up, amend_down, amend_redo, amend_reset, amend_repair, plan_up};
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
    {
        amend_run run = AMEND_RUN_INIT;
        amend_report *report = NULL;
        run.size++;
        assert_int_equal(calls[i](h.handle, &run, &report, &h.error), AMEND_USAGE);
        assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
        run = (amend_run)AMEND_RUN_INIT;
        run.flags = 1u << 30;
        assert_int_equal(calls[i](h.handle, &run, &report, &h.error), AMEND_USAGE);
        assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
        run = (amend_run)AMEND_RUN_INIT;
        run.to = "1x";
        assert_int_equal(calls[i](h.handle, &run, &report, &h.error), AMEND_USAGE);
        assert_int_equal(h.error.code, AMEND_E_VERSION_UNKNOWN);
        run.to = "";
        assert_int_equal(calls[i](h.handle, &run, &report, NULL), AMEND_USAGE);
        assert_null(report);
    }
    assert_int_equal(harness_run(&h, amend_up, "12345", 0, 0), AMEND_USAGE);
    assert_string_equal(h.error.message, "there is no version \"12345\"");
    assert_null(h.report);
    harness_remove(&h);
}

/* Compiled-in files in place of a directory; the flat layout. */
static void test_compiled_in(void **state)
{
    static const amend_file files[] = {{"001_a.sql", "CREATE TABLE a (x);", 19}, {"001_a.down.sql", "DROP TABLE a;", 13}};
    (void)state;
    harness h;
    amend_created made;
    const char *text;
    size_t length;
    harness_make(&h);
    h.options.files = files;
    h.options.file_count = 2;
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_items(&h, "done 001");
    assert_string_equal(h.report->items[0].file, "001_a.sql");
    harness_expect_ok(&h, amend_read(h.handle, "001_a.down.sql", &text, &length, &h.error));
    assert_string_equal(text, "DROP TABLE a;");
    assert_int_equal(amend_create(h.handle, "x", 0, &made, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    harness_remove(&h);
}

/* The commit of the checkout that holds the migrations is kept with each of them. */
static void test_git_commit(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    tempdir_write(&h.dir, ".git/HEAD", "0123456789abcdef0123456789abcdef01234567\n");
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 1, 0));
    harness_expect_ok(&h, harness_look(&h, amend_inspect));
    assert_string_equal(h.report->items[0].git_commit, "0123456789abcdef0123456789abcdef01234567");
    assert_null(h.report->items[1].git_commit);
    assert_string_equal(
        harness_query(&h,
                      "SELECT json_extract(detail, '$.git_commit') FROM _migration_events WHERE type = 'migration.applied'"),
        "0123456789abcdef0123456789abcdef01234567\n");
    harness_remove(&h);
}

/* Two handles on one database, in turns: each sees what the other did. */
static void test_two_handles(void **state)
{
    (void)state;
    harness h;
    amend *other = NULL;
    amend_report *report = NULL;
    amend_run one = AMEND_RUN_INIT;
    one.steps = 1;
    harness_make(&h);
    harness_open(&h);
    assert_int_equal(amend_open(&h.options, &other, &h.error), AMEND_OK);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 1, 0));
    harness_expect_ok(&h, amend_up(other, &one, &report, &h.error));
    assert_int_equal(report->item_count, 1);
    assert_string_equal(report->items[0].version, "002");
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_items(&h, "done 003");
    amend_close(other);
    assert_string_equal(report->items[0].name, "posts"); /* a report outlives its handle */
    amend_report_free(report);
    amend_report_free(NULL);
    harness_expect_ok(&h, harness_look(&h, amend_verify));
    harness_remove(&h);
}

/* Another runner has it: told, waited for, given up. */
static void test_locked(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 1, 0));
    harness_query(&h, "UPDATE _migrations_lock SET holder = 'elsewhere/1/1/1', host = 'web-2', pid = 42, fence = 5, "
                      "heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')");
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCKED);
    assert_non_null(strstr(h.told, "lock.waiting: waiting for amend on web-2 (process 42)"));
    harness_expect_items(&h, "pending 002, pending 003");
    harness_expect_ok(&h, harness_look(&h, amend_inspect)); /* looking needs no lock */
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, AMEND_DRY_RUN));
    harness_remove(&h);
}

static void test_cancelled(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    amend_cancel(h.handle);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    harness_again(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up),
        cmocka_unit_test(test_up_in_parts),
        cmocka_unit_test(test_up_fails),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_down),
        cmocka_unit_test(test_redo_and_reset),
        cmocka_unit_test(test_baseline_and_repair),
        cmocka_unit_test(test_dry_run),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_compiled_in),
        cmocka_unit_test(test_git_commit),
        cmocka_unit_test(test_two_handles),
        cmocka_unit_test(test_locked),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
