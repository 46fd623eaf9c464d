/* SPDX-License-Identifier: MIT */
#include "engine/harness.h"

#include "base/alloc.h"
#include "driver/drivers.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

const char *const harness_meta[5] = {"schema", "has_history", "has_events", "has_lock", "columns"};
const char *const harness_meta_fresh[5] = {"public", "0", "0", "0", ""};
const char *const harness_meta_there[5] = {
    "public", "1", "1", "1", "id:0,version:64,name:255,checksum:64,applied_at:0,execution_time_ms:0,git_commit:40"};

__attribute__((format(printf, 3, 4))) static void add(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

static void on_event(void *arg, const amend_event *e)
{
    harness *h = arg;
    h->told[e->type]++;
    assert_non_null(e->type_name);
    assert_non_null(e->at);
    if (e->type == AMEND_EVENT_MIGRATION_APPLIED || e->type == AMEND_EVENT_MIGRATION_ROLLED_BACK)
    {
        add(h->steps, sizeof h->steps, "%c%s ", e->type == AMEND_EVENT_MIGRATION_APPLIED ? '+' : '-', e->version);
    }
    if (e->message != NULL)
    {
        add(h->said, sizeof h->said, "%s\n", e->message);
    }
    if (h->hook != NULL)
    {
        h->hook(h, e);
    }
}

static void harness_make(harness *h, const amend_driver *driver)
{
    h->arena = arena_new(&alloc_default);
    assert_non_null(h->arena);
    h->session = (session){.allocator = &alloc_default,
                           .driver = driver,
                           .dialect = dialect_find(driver->dialect),
                           .url = h->url,
                           .url_shown = "here",
                           .application = "test",
                           .actor = "ann",
                           .host = "web-1",
                           .on_event = on_event,
                           .on_event_arg = h,
                           .connect_timeout_ms = 500,
                           .lock_timeout_ms = 100,
                           .lock_wait_ms = 300,
                           .lease_ms = 1000};
}

void harness_fake(harness *h, fake_rule *rules, size_t count)
{
    memset(h, 0, sizeof *h);
    if (dialect_find(fake_driver.dialect) == NULL)
    {
        skip(); /* a build without PostgreSQL */
    }
    h->script.rules = rules;
    h->script.count = count;
    fake_url(&h->script, h->url);
    harness_make(h, &fake_driver);
}

void harness_sqlite(harness *h)
{
    memset(h, 0, sizeof *h);
    tempdir_make(&h->dir);
    snprintf(h->url, sizeof h->url, "%s", tempdir_path(&h->dir, "test.db"));
    harness_make(h, &driver_sqlite);
}

void harness_close(harness *h)
{
    session_close(&h->session);
    assert_int_equal(h->script.opened, h->script.closed + h->script.refused);
    arena_free(h->arena);
    if (h->dir.path[0] != '\0')
    {
        tempdir_remove(&h->dir);
    }
}

void harness_file(harness *h, const char *path, const char *text)
{
    size_t i = 0;
    while (i < h->file_count && strcmp(h->files[i].path, path) != 0)
    {
        i++;
    }
    assert_true(i < HARNESS_FILES);
    h->files[i] = (amend_file){path, text, strlen(text)};
    h->file_count += i == h->file_count;
}

static void load(harness *h)
{
    if (catalog_load(h->arena, "m", h->files, h->file_count, &h->catalog, &h->error) != AMEND_OK)
    {
        fail_msg("%s", h->error.message);
    }
}

void harness_ready(harness *h)
{
    load(h);
    assert_int_equal(session_connect(&h->session, false, 500, &h->error), AMEND_OK);
}

amend_status harness_run(harness *h, planner *make, unsigned flags)
{
    amend_run run = AMEND_RUN_INIT;
    run.flags = flags;
    load(h);
    h->error = (amend_error){0};
    h->steps[0] = '\0';
    h->said[0] = '\0';
    memset(h->told, 0, sizeof h->told);
    amend_status status = apply(&h->session, h->arena, &h->catalog, make, NULL, &run, &h->outcome, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

amend_status harness_up(harness *h)
{
    return harness_run(h, plan_up, 0);
}

amend_status harness_down(harness *h)
{
    return harness_run(h, plan_down, 0);
}

typedef struct rows
{
    char text[8192];
} rows;

static int on_row(void *arg, int columns, char **values, char **names)
{
    rows *r = arg;
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        add(r->text, sizeof r->text, "%s%s", values[i] == NULL ? "" : values[i], i + 1 == columns ? "\n" : "|");
    }
    return 0;
}

const char *harness_query(const harness *h, const char *sql)
{
    static rows results[4];
    static unsigned turn;
    rows *r = &results[turn++ % 4];
    sqlite3 *db;
    char *message = NULL;
    r->text[0] = '\0';
    assert_int_equal(sqlite3_open(h->url, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, on_row, r, &message) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
    return r->text;
}

void harness_sql(const harness *h, const char *sql)
{
    harness_query(h, sql);
}

void harness_expect(const harness *h, const char *sql, const char *wanted)
{
    assert_string_equal(harness_query(h, sql), wanted);
}
