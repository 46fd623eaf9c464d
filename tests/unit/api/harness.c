/* SPDX-License-Identifier: MIT */
#include "api/harness.h"

#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

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
    assert_string_equal(e->type_name, amend_event_type_name(e->type));
    add(h->told, sizeof h->told, "%s%s%s%s%s\n", e->type_name, e->version == NULL ? "" : " ",
        e->version == NULL ? "" : e->version, e->message == NULL ? "" : ": ", e->message == NULL ? "" : e->message);
}

void harness_make(harness *h)
{
    memset(h, 0, sizeof *h);
    tempdir_make(&h->dir);
    snprintf(h->url, sizeof h->url, "%s", tempdir_path(&h->dir, "app.db"));
    snprintf(h->migrations, sizeof h->migrations, "%s", tempdir_path(&h->dir, "migrations"));
    harness_write(h, "versions/001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY);");
    harness_write(h, "down/001_users_down.sql", "DROP TABLE users;");
    harness_write(h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nINSERT INTO posts VALUES (1);");
    harness_write(h, "down/002_posts_down.sql", "DROP TABLE posts;");
    harness_write(h, "versions/003_index.sql", "CREATE INDEX i ON users (id);");
    h->options = (amend_options)AMEND_OPTIONS_INIT;
    h->options.url = h->url;
    h->options.dir = h->migrations;
    h->options.actor = "ann";
    h->options.application = "test";
    h->options.on_event = on_event;
    h->options.on_event_arg = h;
    h->options.connect_timeout_ms = 500;
    h->options.lock_wait_ms = 200;
    h->options.lock_timeout_ms = 50;
}

void harness_open(harness *h)
{
    if (amend_open(&h->options, &h->handle, &h->error) != AMEND_OK)
    {
        fail_msg("%s", h->error.message);
    }
}

void harness_again(harness *h)
{
    amend_close(h->handle);
    harness_open(h);
}

void harness_remove(harness *h)
{
    amend_report_free(h->report);
    amend_close(h->handle);
    tempdir_remove(&h->dir);
}

void harness_write(harness *h, const char *file, const char *text)
{
    char name[256];
    snprintf(name, sizeof name, "migrations/%s", file);
    tempdir_write(&h->dir, name, text);
}

static void begin(harness *h)
{
    amend_report_free(h->report);
    h->report = NULL;
    h->error = (amend_error){0};
    h->told[0] = '\0';
}

amend_status harness_run(harness *h, harness_call *call, const char *to, unsigned steps, unsigned flags)
{
    amend_run run = AMEND_RUN_INIT;
    run.to = to;
    run.steps = steps;
    run.flags = flags;
    begin(h);
    amend_status status = call(h->handle, &run, &h->report, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

amend_status harness_look(harness *h, amend_status (*call)(amend *handle, amend_report **out, amend_error *error))
{
    begin(h);
    amend_status status = call(h->handle, &h->report, &h->error);
    assert_int_equal(status, h->error.status);
    return status;
}

void harness_expect_ok(const harness *h, amend_status status)
{
    if (status != AMEND_OK)
    {
        fail_msg("AM%04d %s (%s)", (int)h->error.code, h->error.message, h->error.detail);
    }
}

void harness_expect_items(const harness *h, const char *items)
{
    char found[1024] = "";
    assert_non_null(h->report);
    for (size_t i = 0; i < h->report->item_count; i++)
    {
        const amend_item *item = &h->report->items[i];
        add(found, sizeof found, "%s%s%s %s", i == 0 ? "" : ", ", item->direction == AMEND_DOWN ? "down " : "",
            amend_state_name(item->state), item->version);
    }
    assert_string_equal(found, items);
}

void harness_expect_problems(const harness *h, const char *problems)
{
    static const char *const severities[] = {"info", "note", "warning", "error"};
    char found[1024] = "";
    assert_non_null(h->report);
    for (size_t i = 0; i < h->report->problem_count; i++)
    {
        const amend_problem *p = &h->report->problems[i];
        assert_non_null(p->message);
        add(found, sizeof found, "%s%s AM%04d%s%s", i == 0 ? "" : ", ", severities[p->severity], (int)p->code,
            p->version == NULL ? "" : " ", p->version == NULL ? "" : p->version);
    }
    assert_string_equal(found, problems);
}

static int on_row(void *arg, int columns, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        add(arg, 4096, "%s%s", values[i] == NULL ? "" : values[i], i + 1 == columns ? "\n" : "|");
    }
    return 0;
}

const char *harness_query(const harness *h, const char *sql)
{
    static char text[4096];
    sqlite3 *db;
    char *message = NULL;
    text[0] = '\0';
    assert_int_equal(sqlite3_open(h->url, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, on_row, text, &message) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, message);
    }
    sqlite3_close(db);
    return text;
}
