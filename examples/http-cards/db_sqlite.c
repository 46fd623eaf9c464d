/* SPDX-License-Identifier: MIT */
/* SQLite, by the wrappers of amend/sqlite.h: the calls are SQLite's own with the handle in front. */
#include "db.h"

#include <amend/sqlite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    BUSY_MS = 5000,
    MOST_COLUMNS = 16,
};

extern const amend_file sqlite_migrations[];
extern const size_t sqlite_migrations_count;

typedef struct lite
{
    db db; /* first: a db * is a lite * */
    sqlite3 *conn;
} lite;

static const char SETTINGS[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";

static db *lite_open(const char *url, char *why, size_t room)
{
    lite *l = calloc(1, sizeof *l);
    if (l == NULL)
    {
        snprintf(why, room, "out of memory");
        return NULL;
    }
    const char *path = url + strlen("sqlite:");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &l->conn, flags, NULL);
    if (code == SQLITE_OK)
    {
        sqlite3_busy_timeout(l->conn, BUSY_MS);
        code = sqlite3_exec(l->conn, SETTINGS, NULL, NULL, NULL);
    }
    if (code != SQLITE_OK)
    {
        snprintf(why, room, "%s: %s", path, sqlite3_errmsg(l->conn));
        sqlite3_close(l->conn);
        free(l);
        return NULL;
    }
    return &l->db;
}

static void lite_close(db *d)
{
    sqlite3_close(((lite *)d)->conn);
    free(d);
}

static db_status lite_fail(lite *l, const char *sql)
{
    int code = sqlite3_extended_errcode(l->conn);
    int offset = sqlite3_error_offset(l->conn);
    db_fail(&l->db, sqlite3_errmsg(l->conn), NULL, code, sql, offset < 0 ? 0 : (size_t)offset + 1);
    return (code & 0xff) == SQLITE_CONSTRAINT ? DB_CONFLICT : DB_FAILED;
}

static void lite_row(sqlite3_stmt *stmt, db_row_fn row, void *arg)
{
    const char *values[MOST_COLUMNS] = {NULL};
    for (int i = 0; i < sqlite3_column_count(stmt) && i < MOST_COLUMNS; i++)
    {
        values[i] = (const char *)sqlite3_column_text(stmt, i);
    }
    row(arg, values);
}

static db_status lite_query(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg)
{
    lite *l = (lite *)d;
    sqlite3_stmt *stmt = NULL;
    int code = amend_sqlite3_prepare_v2(d->healer, l->conn, sql, -1, &stmt, NULL);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
    {
        code = sqlite3_bind_text(stmt, (int)i + 1, values[i], -1, SQLITE_STATIC);
    }
    if (code == SQLITE_OK)
    {
        while ((code = amend_sqlite3_step(d->healer, stmt)) == SQLITE_ROW)
        {
            if (row != NULL)
            {
                lite_row(stmt, row, arg);
            }
        }
    }
    db_status status = code == SQLITE_DONE ? DB_OK : lite_fail(l, sql);
    sqlite3_finalize(stmt);
    return status;
}

/* What amend_sqlite_transaction hands to our own kind of function. */
typedef struct lite_work
{
    lite *lite;
    db_work_fn work;
    void *arg;
    db_status status; /* of its last run */
} lite_work;

static amend_status lite_run(void *arg, sqlite3 *conn)
{
    (void)conn;
    lite_work *w = arg;
    w->status = w->work(&w->lite->db, w->arg);
    return w->status == DB_OK ? AMEND_OK : AMEND_FAILED;
}

static db_status lite_transaction(db *d, db_work_fn work, void *arg)
{
    lite_work w = {.lite = (lite *)d, .work = work, .arg = arg};
    amend_error error;
    amend_status status = amend_sqlite_transaction(d->healer, w.lite->conn, 0, lite_run, &w, &error);
    if (status != AMEND_OK && w.status == DB_OK)
    {
        /* BEGIN or COMMIT, not the work itself. */
        db_fail(d, error.message, NULL, error.native, NULL, 0);
        return DB_FAILED;
    }
    return w.status;
}

const db_kind db_sqlite = {
    .migrations = sqlite_migrations,
    .migration_count = &sqlite_migrations_count,
    .open = lite_open,
    .close = lite_close,
    .query = lite_query,
    .transaction = lite_transaction,
};
