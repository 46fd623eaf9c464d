/* SPDX-License-Identifier: MIT */
/*
 * The whole database to a file and back, by SQLite's online backup (https://sqlite.org/backup.html): inside its own locking, so
 * that other connections see the old or the new, and a WAL is read and written as it must be.
 *
 * A connection that has begun to write can't be the source, so another one reads what is committed. A backup's own file is read
 * with immutable=1: nothing is written beside it, even when its header says WAL.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "driver/sqlite/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum
{
    COPY_PAGES = 256, /* between two looks at the idle hook */
};

const char *sqlite_copy_path(amend_conn *conn)
{
    const char *path = sqlite3_db_filename(((sqlite_conn *)conn)->db, "main");
    return path == NULL || path[0] == '\0' ? NULL : path;
}

/* One number that a PRAGMA gives. */
static int64_t copy_number(sqlite3 *db, const char *pragma)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number = -1;
    if (sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
    {
        number = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return number;
}

int64_t sqlite_copy_others(amend_conn *conn)
{
    return copy_number(((sqlite_conn *)conn)->db, "PRAGMA main.data_version");
}

/* Fill fault and error from what `db`, or the result code alone, has to say. */
static amend_status copy_failed(sqlite3 *db, int code, amend_fault *fault, amend_error *error)
{
    bool said = db != NULL && (sqlite3_extended_errcode(db) & 0xff) == (code & 0xff);
    return sqlite_conn_fault(said ? db : NULL, code, fault, error);
}

/* --------------------------------------------------------------------------------------------------------------- saving */

static amend_status copy_flush(const char *path, amend_fault *fault, amend_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
    {
        close(fd);
    }
    if (!done)
    {
        fault->kind = AMEND_FAULT_STATEMENT;
        return error_set(error, AMEND_E_DATABASE_IO, "\"%s\" could not be written to the disk: %s", path, strerror(why));
    }
    return AMEND_OK;
}

/* To the end, or until the hook says no. */
static amend_status copy_step(sqlite3_backup *b, const amend_hooks *hooks, int *code)
{
    amend_status status = AMEND_OK;
    do
    {
        *code = sqlite3_backup_step(b, COPY_PAGES);
        status = hooks == NULL || hooks->idle == NULL ? AMEND_OK : hooks->idle(hooks->arg);
    }
    while (*code == SQLITE_OK && status == AMEND_OK);
    return *code == SQLITE_DONE ? AMEND_OK : status;
}

static amend_status copy_pages(sqlite3 *from, sqlite3 *to, const amend_hooks *hooks, amend_fault *fault, amend_error *error)
{
    int code = SQLITE_OK;
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    if (b == NULL)
    {
        return copy_failed(to, sqlite3_extended_errcode(to), fault, error);
    }
    amend_status status = copy_step(b, hooks, &code);
    int end = sqlite3_backup_finish(b);
    if (status != AMEND_OK)
    {
        fault->kind = AMEND_FAULT_CANCELLED;
        (void)error_set(error, AMEND_E_CANCELLED, "stopped");
        return status;
    }
    return code == SQLITE_DONE && end == SQLITE_OK ? AMEND_OK : copy_failed(to, end == SQLITE_OK ? code : end, fault, error);
}

amend_status sqlite_copy_save(amend_conn *conn, const char *path, const amend_hooks *hooks, amend_fault *fault,
                              amend_error *error)
{
    sqlite_conn *c = (sqlite_conn *)conn;
    sqlite3 *from = NULL, *to = NULL;
    *fault = (amend_fault){0};
    int code = sqlite3_open_v2(sqlite_copy_path(conn), &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    amend_status status = code == SQLITE_OK ? AMEND_OK : copy_failed(from, code, fault, error);
    if (status == AMEND_OK)
    {
        sqlite3_busy_timeout(from, (int)c->busy_ms);
        code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        code = code == SQLITE_OK ? sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL)
                                 : code;
        status = code == SQLITE_OK ? copy_pages(from, to, hooks, fault, error) : copy_failed(to, code, fault, error);
    }
    sqlite3_close(from);
    code = sqlite3_close(to);
    return status == AMEND_OK ? copy_flush(path, fault, error) : status;
}

/* -------------------------------------------------------------------------------------------------------------- loading */

/* file:…?immutable=1, with what means something in a URI written as %XX. */
static bool copy_uri(buf *out, const char *path)
{
    buf_text(out, "file:");
    for (const char *p = path; *p != '\0'; p++)
    {
        if (strchr("%?#", *p) == NULL)
        {
            buf_char(out, *p);
        }
        else
        {
            buf_format(out, "%%%02X", (unsigned)*p);
        }
    }
    buf_text(out, "?immutable=1");
    return !out->failed;
}

static uint32_t copy_changes(sqlite3 *db)
{
    uint32_t number = 0;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_DATA_VERSION, &number);
    return number;
}

/*
 * Has nobody else committed? *changes is then the count of all commits, as of the same moment: the restore compares it once it
 * holds the lock, which closes the gap between.
 */
static int copy_look(sqlite3 *db, int64_t others, uint32_t *changes, bool *changed)
{
    int code = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    int64_t now = code == SQLITE_OK ? copy_number(db, "PRAGMA main.data_version") : -1;
    if (now < 0)
    {
        code = code == SQLITE_OK ? sqlite3_extended_errcode(db) : code;
    }
    *changed = now >= 0 && now != others;
    *changes = copy_changes(db);
    int end = sqlite3_get_autocommit(db) ? SQLITE_OK : sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code == SQLITE_OK ? end : code;
}

/*
 * A step of no pages takes the destination's lock and copies nothing: what is seen then can't change any more. Asking for the
 * count reads a number of the pager's, and does nothing that a running backup forbids.
 */
static int copy_back(sqlite3_backup *b, sqlite3 *db, const uint32_t *changes, bool *changed)
{
    int code = sqlite3_backup_step(b, 0);
    if (code == SQLITE_OK && changes != NULL && copy_changes(db) != *changes)
    {
        *changed = true;
        return SQLITE_OK;
    }
    return code == SQLITE_OK ? sqlite3_backup_step(b, -1) : code;
}

/* A file that was damaged when it was saved is worse than what is there. */
static amend_status copy_check(sqlite3 *from, amend_fault *fault, amend_error *error)
{
    sqlite3_stmt *stmt = NULL;
    amend_status status = AMEND_OK;
    int code = sqlite3_prepare_v2(from, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    code = code == SQLITE_OK ? sqlite3_step(stmt) : code;
    const char *said = code == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (said == NULL)
    {
        status = copy_failed(from, code, fault, error);
    }
    else if (strcmp(said, "ok") != 0)
    {
        fault->kind = AMEND_FAULT_STATEMENT;
        status = error_set(error, AMEND_E_DATABASE_CORRUPT, "the saved database is damaged: %s", said);
    }
    sqlite3_finalize(stmt);
    return status;
}

static amend_status copy_restore(sqlite_conn *c, sqlite3 *from, const int64_t *others, bool *changed, amend_fault *fault,
                                 amend_error *error)
{
    uint32_t changes = 0;
    amend_status status = others == NULL ? copy_check(from, fault, error) : AMEND_OK;
    if (status != AMEND_OK)
    {
        return status;
    }
    int code = others == NULL ? SQLITE_OK : copy_look(c->db, *others, &changes, changed);
    if (code != SQLITE_OK || *changed)
    {
        return code == SQLITE_OK ? AMEND_OK : copy_failed(c->db, code, fault, error);
    }
    sqlite3_backup *b = sqlite3_backup_init(c->db, "main", from, "main");
    if (b == NULL)
    {
        return copy_failed(c->db, sqlite3_extended_errcode(c->db), fault, error);
    }
    code = copy_back(b, c->db, others == NULL ? NULL : &changes, changed);
    int end = sqlite3_backup_finish(b);
    code = code == SQLITE_DONE ? end : code;
    return code == SQLITE_OK ? AMEND_OK : copy_failed(c->db, code, fault, error);
}

amend_status sqlite_copy_load(amend_conn *conn, const char *path, const int64_t *others, bool *changed, amend_fault *fault,
                              amend_error *error)
{
    sqlite_conn *c = (sqlite_conn *)conn;
    sqlite3 *from = NULL;
    buf uri;
    *fault = (amend_fault){0};
    *changed = false;
    buf_init(&uri, c->allocator);
    if (!copy_uri(&uri, path))
    {
        buf_clear(&uri);
        fault->kind = AMEND_FAULT_STATEMENT;
        return error_memory(error);
    }
    int code = sqlite3_open_v2(uri.data, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    buf_clear(&uri);
    amend_status status =
        code == SQLITE_OK ? copy_restore(c, from, others, changed, fault, error) : copy_failed(from, code, fault, error);
    sqlite3_close(from);
    return status;
}
