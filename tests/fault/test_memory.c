/* SPDX-License-Identifier: MIT */
/*
 * The allocation-failure sweep: one life of a database (look, up, plan, log, verify, redo, dry run, down) on SQLite, with the
 * 1st, 2nd … Nth request for memory refused, once and for good. Each time: a clean error or success, nothing leaked, and a
 * database that an undisturbed `up` brings to the same end.
 */
#include "amend.h"

#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define TEXT(path, text)                                                                                                       \
    {                                                                                                                          \
        path, text, sizeof(text) - 1                                                                                           \
    }

static const amend_file files[] = {
    TEXT("versions/001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
    TEXT("down/001_users_down.sql", "DROP TABLE users;"),
    TEXT("versions/002_mixed.sql", "CREATE TABLE a (x);\nVACUUM;\nCREATE TABLE b (y);"),
    TEXT("down/002_mixed_down.sql", "DROP TABLE a;\nDROP TABLE b;"),
    {"versions/003_rebuild.sql",
     "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\nINSERT INTO new_users SELECT * FROM users;\n"
     "DROP TABLE users;\nALTER TABLE new_users RENAME TO users;",
     168},
    TEXT("down/003_rebuild_down.sql", "SELECT 1;"),
    TEXT("versions/004_last.sql", "-- amend:depends 001, 003\nCREATE INDEX i ON users (name);"),
    TEXT("down/004_last_down.sql", "DROP INDEX i;"),
};

static void ignore(void *arg, const amend_event *event)
{
    (void)arg;
    (void)event;
}

static amend_status open_handle(const char *url, const amend_allocator *allocator, amend **out, amend_error *error)
{
    amend_options options = AMEND_OPTIONS_INIT;
    options.url = url;
    options.files = files;
    options.file_count = sizeof files / sizeof files[0];
    options.allocator = allocator;
    options.on_event = ignore;
    options.lock_wait_ms = 50;
    return amend_open(&options, out, error);
}

typedef amend_status call(amend *handle, amend_report **out, amend_error *error);

static amend_status call_up(amend *h, amend_report **out, amend_error *error)
{
    return amend_up(h, NULL, out, error);
}

static amend_status call_dry(amend *h, amend_report **out, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.flags = AMEND_DRY_RUN;
    return amend_up(h, &run, out, error);
}

static amend_status call_plan(amend *h, amend_report **out, amend_error *error)
{
    return amend_plan(h, AMEND_DOWN, NULL, out, error);
}

static amend_status call_redo(amend *h, amend_report **out, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    return amend_redo(h, &run, out, error);
}

static amend_status call_reset(amend *h, amend_report **out, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    return amend_reset(h, &run, out, error);
}

static amend_status call_log(amend *h, amend_report **out, amend_error *error)
{
    (void)out;
    return amend_log(h, 0, ignore, NULL, error);
}

static amend_status call_read(amend *h, amend_report **out, amend_error *error)
{
    const char *text;
    size_t length;
    (void)out;
    return amend_read(h, "versions/001_users.sql", &text, &length, error);
}

/* Go through a life; stop at the first failure. */
static amend_status live(amend *h, amend_error *error)
{
    static call *const calls[] = {amend_catalog, amend_inspect, call_dry,  call_up,    amend_inspect, call_up, call_plan,
                                  amend_verify,  call_log,      call_redo, call_reset, call_read,     call_up};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
    {
        amend_report *report = NULL;
        amend_status status = calls[i](h, &report, error);
        amend_report_free(report);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

/* What is in the database, as text. */
static int add_line(void *arg, int columns, char **values, char **names)
{
    char *out = arg;
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        size_t used = strlen(out);
        snprintf(out + used, 8192 - used, "%s|", values[i] == NULL ? "" : values[i]);
    }
    return 0;
}

static void snapshot(const char *path, char out[8192])
{
    sqlite3 *db;
    out[0] = '\0';
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name", add_line, out, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT version FROM _migrations ORDER BY version", add_line, out, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void finish(const char *path, char out[8192])
{
    amend *h = NULL;
    amend_error error = {0};
    assert_int_equal(open_handle(path, NULL, &h, &error), AMEND_OK);
    if (call_up(h, NULL, &error) != AMEND_OK)
    {
        fail_msg("up after a failure: AM%04d %s %s", (int)error.code, error.message, error.detail);
    }
    if (amend_verify(h, NULL, &error) != AMEND_OK)
    {
        fail_msg("verify after a failure: %s", error.message);
    }
    amend_close(h);
    snapshot(path, out);
}

static void sweep(faulty_mode mode)
{
    char wanted[8192], found[8192], path[512];
    tempdir dir;
    tempdir_make(&dir);
    snprintf(path, sizeof path, "%s/undisturbed.db", dir.path);
    finish(path, wanted);
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        amend *h = NULL;
        amend_error error = {0};
        snprintf(path, sizeof path, "%s/%zu.db", dir.path, n);
        amend_status status = open_handle(path, faulty_alloc_init(&faulty, n, mode), &h, &error);
        if (status == AMEND_OK)
        {
            status = live(h, &error);
        }
        amend_close(h);
        if (status != AMEND_OK && error.code != AMEND_E_OUT_OF_MEMORY)
        {
            fail_msg("request %zu refused: AM%04d %s", n, (int)error.code, error.message);
        }
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            break;
        }
        finish(path, found);
        assert_string_equal(found, wanted);
        remove(path);
    }
    tempdir_remove(&dir);
}

static void test_once(void **state)
{
    (void)state;
    sweep(FAULTY_ONCE);
}

static void test_for_good(void **state)
{
    (void)state;
    sweep(FAULTY_FOR_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_once), cmocka_unit_test(test_for_good)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
