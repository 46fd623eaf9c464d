/* SPDX-License-Identifier: MIT */
/*
 * Opening. SQLite opens lazily: it says nothing about a file that is no database until it first reads. So the schema is read
 * here, once; the statements that follow need it anyway.
 *
 * The database's file is never opened by any means but SQLite: closing another descriptor of it would drop the locks that
 * other connections of this process hold (POSIX advisory locks, https://sqlite.org/howtocorrupt.html section 2.2).
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"
#include "driver/sqlite/url.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The length of the name of the directory that the path is in, 0 for the current one. */
static int sqlite_dir_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
}

/* The directory's name; false with errno set when it is too long. */
static bool sqlite_copy_dir(const char *path, char out[PATH_MAX])
{
    int len = sqlite_dir_length(path);
    if (len >= PATH_MAX)
    {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out, len == 0 ? "." : path, len == 0 ? 1 : (size_t)len);
    out[len == 0 ? 1 : len] = '\0';
    return true;
}

/* The directory does not let the file be reached or made; AMEND_OK when it does. */
static amend_status sqlite_check_dir(const char *path, amend_error *error)
{
    struct stat st;
    int len = sqlite_dir_length(path);
    char dir[PATH_MAX];
    if (!sqlite_copy_dir(path, dir) || stat(dir, &st) != 0)
    {
        int why = errno;
        return why == ENOENT
                   ? error_set(error, AMEND_E_OPEN_FILE, "the directory \"%.*s\" does not exist", len, path)
                   : error_set(error, AMEND_E_OPEN_FILE, "the directory \"%.*s\" can't be used: %s", len, path, strerror(why));
    }
    return S_ISDIR(st.st_mode) ? AMEND_OK : error_set(error, AMEND_E_OPEN_FILE, "\"%.*s\" is not a directory", len, path);
}

/* SQLite only says "unable to open database file": look why. */
static amend_status sqlite_cannot_open(sqlite3 *db, const char *path, amend_error *error)
{
    struct stat st;
    char dir[PATH_MAX];
    int why = db == NULL ? 0 : sqlite3_system_errno(db);
    amend_status status = sqlite_check_dir(path, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    if (stat(path, &st) != 0)
    {
        /* SQLite's second try, without making the file, hides why the first one failed */
        bool closed = sqlite_copy_dir(path, dir) && faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0;
        return closed ? error_set(error, AMEND_E_OPEN_FILE, "the file \"%s\" can't be made: %s", path, strerror(errno))
                      : error_set(error, AMEND_E_OPEN_FILE, "the file \"%s\" does not exist", path);
    }
    if (S_ISDIR(st.st_mode))
    {
        return error_set(error, AMEND_E_OPEN_FILE, "\"%s\" is a directory", path);
    }
    return error_set(error, AMEND_E_OPEN_FILE, "the file \"%s\" can't be opened: %s", path,
                     why == 0 ? "SQLite refuses it" : strerror(why));
}

static amend_status sqlite_open_failed(sqlite3 *db, int code, const sqlite_url *url, amend_fault *fault, amend_error *error)
{
    const char *path = buf_slice(&url->path).data;
    amend_status status = sqlite_conn_fault(db, code, fault, error);
    if (fault->kind != AMEND_FAULT_BUSY)
    {
        fault->kind = AMEND_FAULT_DENIED;
    }
    if (path[0] == '\0')
    {
        return status;
    }
    switch (code & 0xff)
    {
    case SQLITE_NOTADB:
        status = error_set(error, AMEND_E_FILE_NOT_DATABASE, "\"%s\" is not a SQLite database", path);
        break;
    case SQLITE_CORRUPT:
        status = error_set(error, AMEND_E_DATABASE_CORRUPT, "the database \"%s\" is damaged: %s", path, sqlite3_errmsg(db));
        break;
    case SQLITE_CANTOPEN:
        status = sqlite_cannot_open(db, path, error);
        break;
    default:
        break;
    }
    if (error != NULL)
    {
        error->native = code;
        error_copy(error->object, sizeof error->object, slice_of(path));
    }
    return status;
}

/* Read the header and the schema. */
static int sqlite_touch(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT 1 FROM sqlite_master LIMIT 1", -1, &stmt, NULL);
    if (code == SQLITE_OK)
    {
        code = sqlite3_step(stmt);
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
    }
    int final = sqlite3_finalize(stmt);
    return code == SQLITE_OK ? final : code;
}

/*
 * Looking must leave no trace. A connection that may write removes the -wal and -shm files that it made, one that may not
 * leaves them behind; so look through the first kind, with writing refused. A -wal that somebody left is kept as it is; a
 * rollback journal that a crash left is rolled back, since nobody can read the database before that is done.
 */
static int sqlite_look_only(sqlite3 *db, const char *path)
{
    char wal[PATH_MAX];
    struct stat st;
    size_t len = strlen(path);
    if (len > 0 && len + sizeof "-wal" <= sizeof wal)
    {
        memcpy(wal, path, len);
        memcpy(wal + len, "-wal", sizeof "-wal");
        if (stat(wal, &st) == 0)
        {
            sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        }
    }
    return sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL);
}

static int sqlite_connect(sqlite_conn *c, const amend_connect *how, const sqlite_url *url, const char *filename)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    flags |= how->read_only && !url->memory && !url->uri ? 0 : SQLITE_OPEN_CREATE;
    flags |= url->uri ? SQLITE_OPEN_URI : 0;
    int code = sqlite3_open_v2(filename, &c->db, flags, NULL);
    if (code != SQLITE_OK)
    {
        return code;
    }
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_handler(c->db, sqlite_conn_busy, c);
    if (url->foreign_keys >= 0)
    {
        sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, url->foreign_keys, NULL);
    }
    if (how->read_only)
    {
        code = sqlite_look_only(c->db, buf_slice(&url->path).data);
    }
    else if (url->synchronous >= 0)
    {
        char text[32];
        snprintf(text, sizeof text, "PRAGMA synchronous = %d", url->synchronous);
        code = sqlite3_exec(c->db, text, NULL, NULL, NULL);
    }
    return code == SQLITE_OK ? sqlite_touch(c->db) : code;
}

/* Is there nothing to look at? Then an empty database in memory stands in for it. */
static bool sqlite_is_absent(const amend_connect *how, const sqlite_url *url)
{
    struct stat st;
    return how->read_only && url->path.len > 0 && stat(url->path.data, &st) != 0 && errno == ENOENT;
}

static amend_status sqlite_open_url(sqlite_conn *c, const amend_connect *how, sqlite_url *url, amend_fault *fault,
                                    amend_error *error)
{
    const char *filename = url->filename.data;
    if (sqlite_is_absent(how, url))
    {
        amend_status status = sqlite_check_dir(url->path.data, error);
        if (status != AMEND_OK)
        {
            fault->kind = AMEND_FAULT_DENIED;
            return status;
        }
        url->memory = true;
        url->uri = false;
        filename = ":memory:";
    }
    int code = sqlite_connect(c, how, url, filename);
    return code == SQLITE_OK ? AMEND_OK : sqlite_open_failed(c->db, code, url, fault, error);
}

amend_status sqlite_conn_open(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error)
{
    *fault = (amend_fault){.kind = AMEND_FAULT_DENIED};
    sqlite_url url;
    amend_status status = sqlite_url_parse(how->allocator, how->url, &url, error);
    sqlite_conn *c = status == AMEND_OK ? alloc_zeroed(how->allocator, 1, sizeof *c) : NULL;
    if (c == NULL)
    {
        sqlite_url_clear(&url);
        return status == AMEND_OK ? error_memory(error) : status;
    }
    c->base.driver = &driver_sqlite;
    c->allocator = how->allocator;
    c->busy_ms = how->busy_ms;
    buf_init(&c->text, how->allocator);
    status = sqlite_open_url(c, how, &url, fault, error);
    sqlite_url_clear(&url);
    if (status != AMEND_OK)
    {
        sqlite_conn_close(&c->base);
        return status;
    }
    *out = &c->base;
    return AMEND_OK;
}

/* A schema is read with many small allocations: counting them, under a mutex, is a tenth of a run that finds nothing to do. */
void sqlite_conn_own_process(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void sqlite_conn_close(amend_conn *conn)
{
    sqlite_conn *c = (sqlite_conn *)conn;
    if (c->borrowed)
    {
        sqlite3_set_last_insert_rowid(c->db, c->rowid);
    }
    else
    {
        sqlite3_close(c->db);
    }
    buf_clear(&c->text);
    alloc_free(c->allocator, c->cells, c->cell_count * sizeof *c->cells);
    alloc_free(c->allocator, c, sizeof *c);
}
