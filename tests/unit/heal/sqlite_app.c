/* SPDX-License-Identifier: MIT */
#include "heal/sqlite_app.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void note(void *arg, const amend_event *e)
{
    sqlite_app *a = arg;
    a->told[e->type]++;
    if (e->type == AMEND_EVENT_MIGRATION_APPLIED)
    {
        size_t len = strlen(a->steps);
        snprintf(a->steps + len, sizeof a->steps - len, "+%s ", e->version);
    }
    if (strncmp(e->type_name, "heal.", 5) == 0)
    {
        snprintf(a->message, sizeof a->message, "%s", e->message == NULL ? "" : e->message);
    }
}

void app_make(sqlite_app *a)
{
    memset(a, 0, sizeof *a);
    tempdir_make(&a->dir);
    snprintf(a->path, sizeof a->path, "%s/app.db", a->dir.path);
    snprintf(a->url, sizeof a->url, "sqlite:%s", a->path);
    a->options = (amend_options)AMEND_OPTIONS_INIT;
    a->options.url = a->url;
    a->options.files = a->files;
    a->options.on_event = note;
    a->options.on_event_arg = a;
    a->options.heal = AMEND_HEAL_ALL;
    a->options.heal_wait_ms = 2000;
}

void app_file(sqlite_app *a, const char *path, const char *text)
{
    size_t i = 0;
    while (i < a->options.file_count && strcmp(a->files[i].path, path) != 0)
    {
        i++;
    }
    assert_true(i < APP_FILES);
    a->files[i] = (amend_file){.path = path, .text = text, .length = strlen(text)};
    a->options.file_count += i == a->options.file_count;
}

static amend *open_handle(const amend_options *options)
{
    amend *handle = NULL;
    amend_error error = {0};
    if (amend_open(options, &handle, &error) != AMEND_OK)
    {
        fail_msg("%s", error.message);
    }
    return handle;
}

sqlite3 *app_connect(const sqlite_app *a)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(a->path, &db), SQLITE_OK);
    return db;
}

void app_open(sqlite_app *a)
{
    a->handle = open_handle(&a->options);
    a->db = app_connect(a);
}

void app_open_memory(sqlite_app *a)
{
    a->options.url = "sqlite::memory:";
    a->handle = open_handle(&a->options);
    assert_int_equal(sqlite3_open(":memory:", &a->db), SQLITE_OK);
}

void app_close(sqlite_app *a)
{
    assert_int_equal(sqlite3_close(a->db), SQLITE_OK); /* nothing is left open on it */
    amend_close(a->handle);
    tempdir_remove(&a->dir);
}

static void run(const sqlite_app *a, const char *to, bool up)
{
    amend_options options = a->options;
    amend_run how = AMEND_RUN_INIT;
    amend_error error = {0};
    options.on_event = NULL;
    amend *handle = open_handle(&options);
    how.to = to;
    how.flags = AMEND_ALLOW_DESTRUCTIVE;
    if ((up ? amend_up : amend_down)(handle, &how, NULL, &error) != AMEND_OK)
    {
        fail_msg("%s: %s", to, error.message);
    }
    amend_close(handle);
}

void app_up(const sqlite_app *a, const char *to)
{
    run(a, to, true);
}

void app_down(const sqlite_app *a, const char *to)
{
    run(a, to, false);
}

typedef struct rows
{
    char *text;
    size_t size;
} rows;

static int add_row(void *arg, int columns, char **values, char **names)
{
    rows *r = arg;
    size_t len = strlen(r->text);
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        len += (size_t)snprintf(r->text + len, r->size - len, "%s%s", i > 0 ? "|" : "", values[i] == NULL ? "-" : values[i]);
        assert_true(len + 2 < r->size);
    }
    strcpy(r->text + len, "\n");
    return 0;
}

static const char *query(sqlite3 *db, const char *sql)
{
    static char texts[4][4096];
    static unsigned turn;
    rows r = {.text = texts[turn++ % 4], .size = sizeof texts[0]};
    r.text[0] = '\0';
    if (sqlite3_exec(db, sql, add_row, &r, NULL) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    return r.text;
}

const char *app_query(const sqlite_app *a, const char *sql)
{
    return query(a->db, sql);
}

void app_do(const sqlite_app *a, const char *sql)
{
    query(a->db, sql);
}

const char *app_see(const sqlite_app *a, const char *sql)
{
    sqlite3 *db = app_connect(a);
    const char *text = query(db, sql);
    sqlite3_close(db);
    return text;
}

void app_do_elsewhere(const sqlite_app *a, const char *sql)
{
    app_see(a, sql);
}

const char *app_history(const sqlite_app *a)
{
    bool there = strcmp(app_see(a, "SELECT count(*) FROM sqlite_master WHERE name = '_migrations'"), "1\n") == 0;
    return there ? app_see(a,
                           "SELECT coalesce(group_concat(version, ' '), '') FROM (SELECT version FROM _migrations ORDER BY id)")
                 : "";
}

void app_heals_on(const sqlite_app *a, sqlite3 *db, const char *sql)
{
    char *message = NULL;
    int code = amend_sqlite3_exec(a->handle, db, sql, NULL, NULL, &message);
    if (code != SQLITE_OK)
    {
        fail_msg("%s: %s (%d); %s", sql, message, code, a->message);
    }
    assert_null(message);
}

void app_heals(const sqlite_app *a, const char *sql)
{
    app_heals_on(a, a->db, sql);
}

void app_fails(const sqlite_app *a, const char *sql, const char *message)
{
    char *words = NULL;
    assert_int_equal(amend_sqlite3_exec(a->handle, a->db, sql, NULL, NULL, &words), SQLITE_ERROR);
    assert_string_equal(words, message);
    assert_string_equal(sqlite3_errmsg(a->db), message);
    assert_int_equal(sqlite3_errcode(a->db), SQLITE_ERROR);
    sqlite3_free(words);
}
