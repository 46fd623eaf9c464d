/* SPDX-License-Identifier: MIT */
#include "api/harness.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_catalog(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_write(&h, "versions/002a_stray.sql", "SELECT 1;");
    harness_write(&h, "versions/005_late.sql", "-- amend:depends 001, 003\nSELECT 1;");
    h.options.url = NULL;
    harness_open(&h);
    harness_expect_ok(&h, harness_look(&h, amend_catalog));
    harness_expect_items(&h, "pending 001, pending 002, pending 003, pending 005");
    harness_expect_problems(&h, "warning AM0109, note AM0112 005");
    const amend_report *r = h.report;
    assert_int_equal(r->size, sizeof *r);
    assert_string_equal(r->database, "");
    assert_null(r->dialect);
    assert_string_equal(r->dir, h.migrations);
    assert_null(r->current);
    assert_null(r->sql);
    assert_int_equal(r->pending, 4);
    assert_int_equal(r->applied, 0);
    assert_string_equal(r->items[0].name, "users");
    assert_non_null(strstr(r->items[0].file, "/versions/001_users.sql"));
    assert_non_null(strstr(r->items[0].down_file, "/down/001_users_down.sql"));
    assert_null(r->items[2].down_file);
    assert_int_equal(strlen(r->items[0].checksum), 32);
    assert_null(r->items[0].applied_checksum);
    assert_null(r->items[0].applied_at);
    assert_null(r->items[0].depends);
    assert_string_equal(r->items[3].depends, "001, 003");
    assert_int_equal(r->items[0].execution_time_ms, -1);
    assert_non_null(strstr(h.told, "warning: "));
    assert_int_equal(amend_catalog(h.handle, NULL, NULL), AMEND_OK); /* nobody wants the report */
    harness_remove(&h);
}

static void test_catalog_fails(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_write(&h, "versions/1_twice.sql", "SELECT 1;");
    harness_open(&h);
    assert_int_equal(harness_look(&h, amend_catalog), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_VERSION_TWICE);
    assert_null(h.report);
    assert_int_equal(harness_look(&h, amend_inspect), AMEND_FAILED);
    assert_null(h.report);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    assert_null(h.report);
    harness_remove(&h);
}

static void test_inspect_empty(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_look(&h, amend_inspect));
    harness_expect_items(&h, "pending 001, pending 002, pending 003");
    harness_expect_problems(&h, "");
    assert_string_equal(h.report->database, h.url);
    assert_string_equal(h.report->dialect, "sqlite");
    assert_true(h.report->elapsed_ms >= 0);
    assert_int_equal(access(h.url, F_OK), -1); /* it writes nothing: not even the file is made */
    harness_remove(&h);
}

static void test_inspect_states(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    harness_expect_ok(&h, harness_look(&h, amend_inspect));
    harness_expect_items(&h, "applied 001, applied 002, applied 003");
    assert_string_equal(h.report->current, "003");
    assert_int_equal(strlen(h.report->items[0].applied_at), 24);
    assert_string_equal(h.report->items[0].applied_checksum, h.report->items[0].checksum);
    assert_true(h.report->items[0].execution_time_ms >= 0);
    harness_write(&h, "versions/001_users.sql", "SELECT 'another';");
    assert_int_equal(remove(tempdir_path(&h.dir, "migrations/versions/002_posts.sql")), 0);
    harness_write(&h, "versions/0002_between.sql", "SELECT 1;");
    harness_query(&h, "INSERT INTO _migrations (version, name, checksum, execution_time_ms) VALUES ('009', 'new', '', 5), "
                      "('0', 'old', '', 7)");
    assert_int_equal(remove(tempdir_path(&h.dir, "migrations/versions/0002_between.sql")), 0);
    harness_write(&h, "versions/004_late.sql", "SELECT 1;");
    harness_query(&h, "UPDATE _migrations SET version = '8' WHERE version = '003'");
    harness_expect_ok(&h, harness_look(&h, amend_inspect));
    harness_expect_items(&h, "missing 0, changed 001, missing 002, out of order 003, out of order 004, newer 8, newer 009");
    harness_expect_problems(
        &h, "warning AM0110 002, note AM0112 003, error AM0402 0, error AM0401 001, error AM0402 002, error AM0404 003, "
            "error AM0404 004, note AM0403 8, note AM0403 009");
    assert_string_equal(h.report->items[6].name, "new");
    assert_null(h.report->items[6].file);
    assert_null(h.report->items[6].checksum);
    assert_string_equal(h.report->items[3].reason, "009 is applied already");
    assert_int_equal(h.report->applied, 5);
    assert_int_equal(h.report->pending, 2);
    assert_string_equal(h.report->current, "009");
    assert_non_null(h.report->problems[2].hint);
    harness_remove(&h);
}

static void expect_state(harness *h, const char *items)
{
    harness_expect_ok(h, harness_look(h, amend_inspect));
    harness_expect_items(h, items);
}

/* Half-way through statements outside a transaction, and only then. */
static void test_partial(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_write(&h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nVACUUM;\nno sql;");
    harness_write(&h, "down/002_posts_down.sql", "DROP TABLE posts;\nVACUUM;");
    harness_open(&h);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    expect_state(&h, "applied 001, partial 002, pending 003");
    assert_non_null(strstr(h.report->items[1].reason, "some of its statements have run"));
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED); /* and again: it still is */
    expect_state(&h, "applied 001, partial 002, pending 003");
    harness_write(&h, "versions/001_users.sql", "SELECT 'changed';");
    harness_expect_ok(&h, harness_run(&h, amend_repair, NULL, 0, 0)); /* an event of another version behind it */
    expect_state(&h, "applied 001, partial 002, pending 003");
    harness_write(&h, "versions/000_zero.sql", "VACUUM;\nno sql;"); /* a second one */
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, AMEND_OUT_OF_ORDER), AMEND_FAILED);
    expect_state(&h, "partial 000, applied 001, partial 002, pending 003");
    assert_int_equal(remove(tempdir_path(&h.dir, "migrations/versions/000_zero.sql")), 0);
    harness_write(&h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nVACUUM;\nSELECT 1;");
    harness_expect_ok(&h, harness_run(&h, amend_up, "002", 0, 0));
    expect_state(&h, "applied 001, applied 002, pending 003");
    harness_expect_ok(&h, harness_run(&h, amend_down, NULL, 0, AMEND_ALLOW_DESTRUCTIVE));
    expect_state(&h, "applied 001, pending 002, pending 003"); /* its rollback was one of statements, too */
    harness_write(&h, "versions/002_posts.sql", "VACUUM INTO '/no/such/directory/x';");
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    expect_state(&h, "applied 001, pending 002, pending 003"); /* nothing of it was done */
    harness_remove(&h);
}

static void test_verify(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, harness_look(&h, amend_verify)); /* nothing there, nothing wrong */
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 2, 0));
    harness_expect_ok(&h, harness_look(&h, amend_verify));
    harness_expect_items(&h, "applied 001, applied 002, pending 003");
    harness_write(&h, "versions/001_users.sql", "SELECT 'changed';");
    assert_int_equal(harness_look(&h, amend_verify), AMEND_UNVERIFIED);
    assert_int_equal(h.error.code, AMEND_E_DIFFERENT);
    assert_string_equal(h.error.message, "1 difference found");
    harness_expect_problems(&h, "error AM0401 001");
    assert_int_equal(amend_verify(h.handle, NULL, NULL), AMEND_UNVERIFIED);
    harness_query(&h, "UPDATE _migration_events SET actor = 'somebody' WHERE version = '002'");
    assert_int_equal(harness_look(&h, amend_verify), AMEND_UNVERIFIED);
    assert_string_equal(h.error.message, "2 differences found");
    assert_int_equal(h.report->problem_count, 2);
    assert_int_equal(h.report->problems[1].code, AMEND_E_AUDIT_CHAIN);
    assert_non_null(strstr(h.report->problems[1].message, "the audit trail was altered at event "));
    assert_non_null(h.report->problems[1].hint);
    harness_remove(&h);
}

typedef struct heard
{
    char types[512];
    size_t count;
} heard;

static void on_logged(void *arg, const amend_event *e)
{
    heard *l = arg;
    size_t used = strlen(l->types);
    l->count++;
    snprintf(l->types + used, sizeof l->types - used, "%s %s\n", e->type_name, e->version);
    assert_string_equal(e->actor, "ann");
    assert_string_equal(e->application, "test");
}

static void test_log(void **state)
{
    (void)state;
    harness h;
    heard all = {0}, two = {0}, none = {0};
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, amend_log(h.handle, 0, on_logged, &none, &h.error));
    assert_int_equal(none.count, 0);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 2, 0));
    harness_expect_ok(&h, harness_run(&h, amend_down, NULL, 0, AMEND_ALLOW_DESTRUCTIVE));
    harness_expect_ok(&h, amend_log(h.handle, 0, on_logged, &all, &h.error));
    assert_string_equal(
        all.types,
        "migration.applied 001\nmigration.applied 002\nschema.recorded 002\nmigration.rolled_back 002\nschema.recorded 001\n");
    harness_expect_ok(&h, amend_log(h.handle, 2, on_logged, &two, &h.error));
    assert_string_equal(two.types, "migration.rolled_back 002\nschema.recorded 001\n");
    harness_remove(&h);
}

static void test_wait(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, amend_wait(h.handle, 0, &h.error));
    harness_expect_ok(&h, amend_wait(h.handle, 100, &h.error));
    assert_int_equal(access(h.url, F_OK), -1); /* an absent database answers, and is not made */
    tempdir_write(&h.dir, "app.db",
                  "not a database, and long enough for that to be seen, which takes a hundred bytes and some");
    h.options.connect_timeout_ms = 100;
    harness_again(&h);
    amend_status status = amend_wait(h.handle, 0, &h.error);
    assert_true(status == AMEND_OK || h.error.code == AMEND_E_FILE_NOT_DATABASE);
    harness_remove(&h);
#ifdef AMEND_WITH_POSTGRES
    harness_make(&h);
    h.options.url = "host=/no/such/socket/directory dbname=x";
    harness_open(&h);
    assert_int_equal(amend_wait(h.handle, 250, &h.error), AMEND_UNREACHABLE);
    assert_int_equal(h.error.code, AMEND_E_UNREACHABLE);
    assert_non_null(strstr(h.told, "connect.retry: try 1 to connect failed"));
    harness_remove(&h);
#endif
}

static void test_no_database(void **state)
{
    (void)state;
    harness h;
    heard none = {0};
    harness_make(&h);
    h.options.url = NULL;
    harness_open(&h);
    assert_int_equal(harness_look(&h, amend_inspect), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    assert_int_equal(harness_look(&h, amend_verify), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    assert_int_equal(amend_log(h.handle, 0, on_logged, &none, &h.error), AMEND_USAGE);
    assert_int_equal(amend_wait(h.handle, 0, &h.error), AMEND_USAGE);
    assert_int_equal(amend_plan(h.handle, AMEND_UP, NULL, NULL, &h.error), AMEND_USAGE);
    harness_remove(&h);
}

static void test_database_that_can_not_be_opened(void **state)
{
    (void)state;
    harness h;
    heard none = {0};
    harness_make(&h);
    char url[600];
    snprintf(url, sizeof url, "%s/no/such/app.db", h.dir.path);
    h.options.url = url;
    harness_open(&h);
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_OPEN_FILE);
    assert_null(h.report);
    tempdir_write(&h.dir, "app.db",
                  "not a database, and long enough for that to be seen, which takes a hundred bytes and some");
    h.options.url = h.url;
    harness_again(&h);
    assert_int_equal(harness_look(&h, amend_inspect), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_FILE_NOT_DATABASE);
    assert_int_equal(amend_log(h.handle, 0, on_logged, &none, NULL), AMEND_FAILED);
    harness_remove(&h);
}

static void test_create(void **state)
{
    (void)state;
    harness h;
    amend_created made = {0};
    harness_make(&h);
    harness_open(&h);
    harness_expect_ok(&h, amend_create(h.handle, "add email", 0, &made, &h.error));
    assert_string_equal(made.version, "004");
    assert_non_null(strstr(made.up, "migrations/versions/004_add_email.sql"));
    assert_int_equal(access(made.up, F_OK), 0);
    assert_int_equal(access(made.down, F_OK), 0);
    harness_expect_ok(&h, amend_create(h.handle, "later", AMEND_NEW_TIMESTAMP, &made, &h.error));
    assert_int_equal(strlen(made.version), 14);
    assert_int_equal(amend_create(h.handle, "a/b", 0, &made, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NAME_INVALID);
    assert_int_equal(amend_create(h.handle, "a/b", 0, &made, NULL), AMEND_USAGE);
    harness_expect_ok(&h, harness_look(&h, amend_catalog));
    assert_int_equal(h.report->item_count, 5);
    /* a file that is wrong is seen before there is another */
    harness_write(&h, "versions/001_twice.sql", "SELECT 1;");
    assert_int_equal(amend_create(h.handle, "more", 0, &made, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_VERSION_TWICE);
    harness_remove(&h);
}

static void test_create_where_nothing_is(void **state)
{
    (void)state;
    harness h;
    amend_created made = {0};
    harness_make(&h);
    h.options.dir = tempdir_path(&h.dir, "another/place");
    harness_open(&h);
    harness_expect_ok(&h, amend_create(h.handle, "first", 0, &made, &h.error));
    assert_string_equal(made.version, "001");
    assert_non_null(strstr(made.up, "another/place/versions/001_first.sql"));
    harness_remove(&h);
}

static void test_read(void **state)
{
    (void)state;
    harness h;
    const char *text = NULL;
    size_t length = 0;
    harness_make(&h);
    harness_write(&h, "versions/004_crlf.sql", "\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n");
    harness_open(&h);
    harness_expect_ok(&h, harness_look(&h, amend_catalog));
    harness_expect_ok(&h, amend_read(h.handle, h.report->items[3].file, &text, &length, &h.error));
    assert_string_equal(text, "SELECT 1;\nSELECT 2;\n");
    assert_int_equal(length, 20);
    harness_expect_ok(&h, amend_read(h.handle, h.report->items[0].down_file, &text, &length, &h.error));
    assert_string_equal(text, "DROP TABLE users;");
    assert_int_equal(amend_read(h.handle, "no such file", &text, &length, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_FILE_READ);
    harness_write(&h, "versions/005_empty.sql", "");
    harness_expect_ok(
        &h, amend_read(h.handle, tempdir_path(&h.dir, "migrations/versions/005_empty.sql"), &text, &length, &h.error));
    assert_string_equal(text, "");
    assert_int_equal(length, 0);
    h.options.dir = "/no/such/directory";
    harness_again(&h);
    assert_int_equal(amend_read(h.handle, "x", &text, &length, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_DIR_MISSING);
    harness_remove(&h);
}

static void test_arguments(void **state)
{
    (void)state;
    harness h;
    amend_created made;
    const char *text;
    size_t length;
    harness_make(&h);
    harness_open(&h);
    assert_int_equal(amend_log(h.handle, 0, NULL, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_create(h.handle, NULL, 0, &made, &h.error), AMEND_USAGE);
    assert_int_equal(amend_create(h.handle, "x", 0, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(amend_create(h.handle, "x", 1u << 20, &made, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_read(h.handle, NULL, &text, &length, &h.error), AMEND_USAGE);
    assert_int_equal(amend_read(h.handle, "x", NULL, &length, &h.error), AMEND_USAGE);
    assert_int_equal(amend_read(h.handle, "x", &text, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    harness_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog),       cmocka_unit_test(test_catalog_fails),
        cmocka_unit_test(test_inspect_empty), cmocka_unit_test(test_inspect_states),
        cmocka_unit_test(test_partial),       cmocka_unit_test(test_verify),
        cmocka_unit_test(test_log),           cmocka_unit_test(test_wait),
        cmocka_unit_test(test_no_database),   cmocka_unit_test(test_database_that_can_not_be_opened),
        cmocka_unit_test(test_create),        cmocka_unit_test(test_create_where_nothing_is),
        cmocka_unit_test(test_read),          cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
