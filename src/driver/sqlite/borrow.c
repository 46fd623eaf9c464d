/* SPDX-License-Identifier: MIT */
#include "driver/sqlite/borrow.h"

#include "base/alloc.h"
#include "base/error.h"
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
static amend_status sqlite_write_first(sqlite_conn *c, amend_fault *fault, amend_error *error)
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
    return status;
}

/*
 * Our tables are named without their database. A table of that name in temp comes before main's, and one in an attached
 * database stands in for main's when that has none: then another database's history would be read, and written.
 */
static const char sqlite_foreign_tables[] =
    "WITH own(name) AS (VALUES('" HISTORY_TABLE "'), ('" EVENTS_TABLE "'), ('" LOCK_TABLE "'))\n"
    "SELECT own.name, d.name FROM own, pragma_database_list AS d WHERE d.name <> 'main'\n"
    "AND EXISTS (SELECT 1 FROM pragma_table_info(own.name, d.name))\n"
    "AND (d.name = 'temp' OR NOT EXISTS (SELECT 1 FROM pragma_table_info(own.name, 'main'))) LIMIT 1";

static amend_status sqlite_check_names(sqlite_conn *c, amend_fault *fault, amend_error *error)
{
    sqlite3_stmt *stmt = NULL;
    amend_status status = AMEND_OK;
    int code = sqlite3_prepare_v2(c->db, sqlite_foreign_tables, -1, &stmt, NULL);
    code = code == SQLITE_OK ? sqlite3_step(stmt) : code;
    if (code == SQLITE_ROW)
    {
        fault->kind = AMEND_FAULT_STATEMENT;
        status = error_set(error, AMEND_E_STATEMENT, "the table \"%s\" of the database \"%s\" would be taken for this one's",
                           (const char *)sqlite3_column_text(stmt, 0), (const char *)sqlite3_column_text(stmt, 1));
    }
    else if (code != SQLITE_DONE)
    {
        status = sqlite_conn_fault(c->db, sqlite3_extended_errcode(c->db), fault, error);
    }
    sqlite3_finalize(stmt);
    return status;
}

amend_status sqlite_conn_begin_borrowed(sqlite_conn *c, amend_fault *fault, amend_error *error)
{
    c->touched = true;
    amend_status status = c->write_first ? sqlite_write_first(c, fault, error) : AMEND_OK;
    status = status == AMEND_OK ? sqlite_check_names(c, fault, error) : status;
    c->begun = status == AMEND_OK;
    return status;
}
