/* SPDX-License-Identifier: MIT */
#include "driver/sqlite/borrow.h"

#include "base/alloc.h"
#include "dialect/dialect.h"
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"

amend_conn *sqlite_borrow(const amend_allocator *allocator, sqlite3 *db, bool write_first)
{
    sqlite_conn *c = alloc_zeroed(allocator, 1, sizeof *c);
    if (c == NULL)
    {
        return NULL;
    }
    c->base.driver = &driver_sqlite;
    c->allocator = allocator;
    c->db = db;
    c->borrowed = true;
    c->write_first = write_first;
    c->rowid = sqlite3_last_insert_rowid(db);
    buf_init(&c->text, allocator);
    return &c->base;
}

bool sqlite_borrow_touched(const amend_conn *conn)
{
    return ((const sqlite_conn *)conn)->touched;
}

/* SQLITE_OK also when there is no such table, with *there false. */
static int sqlite_try_write(sqlite3 *db, const char *sql, bool *there)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    *there = (code & 0xff) != SQLITE_ERROR;
    if (code == SQLITE_OK)
    {
        code = sqlite3_step(stmt) == SQLITE_DONE ? SQLITE_OK : sqlite3_extended_errcode(db);
    }
    sqlite3_finalize(stmt);
    return *there ? code : SQLITE_OK;
}

/*
 * A DELETE of no row takes the lock and leaves the pages as they are. In a database that amend has not seen yet there is no
 * table to delete from: there a number in the file's header is changed in a savepoint that is given up. (A CREATE TABLE given
 * up would end the caller's open queries, https://sqlite.org/rescode.html#abort_rollback.)
 */
amend_status sqlite_conn_write_first(sqlite_conn *c, amend_fault *fault, amend_error *error)
{
    bool there;
    amend_status status = AMEND_OK;
    int code = sqlite_try_write(c->db, "DELETE FROM main." LOCK_TABLE " WHERE 0", &there);
    bool saved = !there;
    if (saved)
    {
        code = sqlite3_exec(c->db, "SAVEPOINT amend_write", NULL, NULL, NULL);
        code = code == SQLITE_OK ? sqlite_try_write(c->db, "PRAGMA main.user_version = 0", &there) : code;
    }
    if (code != SQLITE_OK)
    {
        status = sqlite_conn_fault(c->db, code, fault, error);
    }
    if (saved)
    {
        sqlite3_exec(c->db, "ROLLBACK TO amend_write; RELEASE amend_write", NULL, NULL, NULL);
    }
    c->write_first = status != AMEND_OK;
    return status;
}
