/* SPDX-License-Identifier: MIT */
/*
 * Healing for programs that use libsqlite3: SQLite's own calls, with the handle in front. A call that fails because a table, a
 * column, an index … isn't there yet has the migration that provides it applied, and is done again; the program sees it
 * succeed. A call that doesn't fail costs one comparison more than SQLite's own. docs/healing.md tells the whole.
 *
 *     amend_sqlite3_exec(handle, db, "INSERT INTO cards(title) VALUES('one')", NULL, NULL, &message);
 *
 * Names, arguments, results and ownership are those of the calls of the same name (https://sqlite.org/c3ref/funclist.html). A
 * NULL handle means SQLite's own call and nothing else; so does a handle whose options.url is not an SQLite one. `handle` must
 * have been opened for the database that is `db`'s main one: its migrations are applied there, on `db` itself, so that
 * databases in memory and the caller's open transaction are healed too. The program and libamend must use the same copy of
 * libsqlite3.
 *
 * What happens when a call fails
 *   - Only SQLITE_ERROR is looked at, whose words say what is missing, and SQLITE_SCHEMA, which is the same in a schema that
 *     others change all the time. Any other result is returned at once.
 *   - Outside a transaction the migration is applied in one of its own. Inside the caller's transaction it is applied in a
 *     savepoint of it: a rollback takes the migration and its history with it, and the next failure cures again. Savepoints of
 *     the caller and what was written before stay as they are.
 *   - The call is done again from where it failed; nothing that has run runs twice, no row is given twice. When the new
 *     error is about another missing thing that another migration provides, that is cured as well.
 *   - If it can't be cured (the policy, a broken migration, nobody provides it, somebody else is at work for longer than
 *     options.heal_wait_ms), the call's result, sqlite3_errmsg, sqlite3_errcode and `errmsg` are those that it had without
 *     amend. An event tells why.
 *   - What the application's busy handler, progress handler, hooks, trace and authorizer do, they do for the migration's
 *     statements too; none is replaced. While a cure runs, calls of the same thread are not healed.
 *
 * What a cure changes on the connection
 *   last_insert_rowid and PRAGMA foreign_keys are put back. Statements that were prepared before go on working. Not put back:
 *   sqlite3_total_changes, and sqlite3_changes until the next statement that writes. When a cure fails that had changed the
 *   schema already, SQLite ends the connection's queries that are still open in the middle of their rows with
 *   SQLITE_ABORT_ROLLBACK (https://sqlite.org/rescode.html#abort_rollback), as after any such rollback.
 *
 * What is not healed, and why
 *   - sqlite3_exec with several statements when it can't be told which of them failed (they drop, rename or make what
 *     is missing themselves); sqlite3_get_table when a statement before the failed one has given rows.
 *   - A step in the middle of its rows: SQLite compiles a statement anew, and so finds something missing, only before the first
 *     (https://sqlite.org/c3ref/prepare.html). An error in the middle comes from elsewhere, and rows would come twice.
 *   - A step of a statement of sqlite3_prepare, which SQLite does not compile anew.
 *   - The calls with UTF-16 text (sqlite3_prepare16 …): convert and use the others.
 *   - sqlite3_table_column_metadata, and PRAGMAs among several statements: they ask what is there, which "not there" answers.
 *   - sqlite3_blob_reopen (another row of the same table), sqlite3_reset and sqlite3_finalize (they repeat what step said).
 *   - Where the connection can't write, however long one waits: the transaction, or outside of one a query that is still open,
 *     has read before somebody else wrote (SQLITE_BUSY_SNAPSHOT, WAL only). See amend_sqlite_transaction.
 *   - Where a temporary or attached database has a table that would be taken for amend's own in the main one.
 *
 * Threads: any number of them may use one handle, each with a connection of its own. A connection that several threads share in
 * serialized mode (https://sqlite.org/threadsafe.html) is held while it is cured; whether the error is still its own can only
 * be checked by the result code there.
 */
#ifndef AMEND_SQLITE_H
#define AMEND_SQLITE_H

#include "amend.h"

#include <sqlite3.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------- transactions */

enum
{
    AMEND_SQLITE_DEFERRED = 1 << 0, /* BEGIN in place of BEGIN IMMEDIATE: for a transaction that reads, or seldom writes */
};

/*
 * The work of a transaction, on the connection that amend_sqlite_transaction was given. AMEND_OK: commit; anything else: roll
 * back. It may be called more than once, after a rollback each time: what it does outside of the database must bear that. It
 * must neither begin, commit nor roll back; savepoints are its own.
 */
typedef amend_status (*amend_sqlite_fn)(void *arg, sqlite3 *db);

/*
 * BEGIN, fn, COMMIT; ROLLBACK when fn, or the COMMIT, fails. Inside, the calls below cure in the transaction itself. Where that
 * can't be done, it is rolled back, the cure made outside of it, and fn called again from its start: the migration must run
 * outside a transaction (it rebuilds a table, or VACUUMs), or somebody wrote since the transaction first read, so that it can't
 * write any more (SQLITE_BUSY_SNAPSHOT, https://sqlite.org/isolation.html; with BEGIN IMMEDIATE that does not happen). Each
 * such repetition is for another migration.
 *
 * `handle` may be NULL: then nothing is healed. `db` must not be in a transaction. BEGIN and COMMIT wait for others as `db`'s
 * busy handler says. `flags` is 0 or AMEND_SQLITE_DEFERRED.
 *
 * Returns AMEND_OK when it is committed. Otherwise nothing of it is, and *error has the database's words: ARGUMENT (in a
 * transaction already, no fn), BUSY, STATEMENT … from BEGIN or COMMIT; or what fn returned, with the words of the last error of
 * `db` if there was one.
 */
AMEND_API AMEND_CHECKED amend_status amend_sqlite_transaction(amend *handle, sqlite3 *db, unsigned flags, amend_sqlite_fn fn,
                                                              void *arg, amend_error *error);

/* -------------------------------------------------------------------------------------------------- the slow halves */

/*
 * What the wrappers call when SQLite's call has come to `code`: heal and do it again, or return `code`. Not for direct use, but
 * right for those who wrap SQLite's calls themselves: to be called at once, before any other call on the connection.
 */
AMEND_API int amend_sqlite3_exec_failed(amend *handle, sqlite3 *db, const char *sql,
                                        int (*callback)(void *, int, char **, char **), void *arg, char **errmsg, int code);
AMEND_API int amend_sqlite3_get_table_failed(amend *handle, sqlite3 *db, const char *sql, char ***result, int *rows,
                                             int *columns, char **errmsg, int code);
/* `version`: 1, 2 or 3, for sqlite3_prepare, _v2 and _v3; `flags` are _v3's. */
AMEND_API int amend_sqlite3_prepare_failed(amend *handle, sqlite3 *db, const char *sql, int bytes, int version, unsigned flags,
                                           sqlite3_stmt **stmt, const char **tail, int code);
AMEND_API int amend_sqlite3_step_failed(amend *handle, sqlite3_stmt *stmt, int code);
AMEND_API int amend_sqlite3_blob_open_failed(amend *handle, sqlite3 *db, const char *schema, const char *table,
                                             const char *column, sqlite3_int64 row, int flags, sqlite3_blob **blob, int code);

#ifdef __cplusplus
}
#endif

/* ----------------------------------------------------------------------------------------------------- the wrappers */

#if defined(__GNUC__)
#define AMEND_SQLITE_SELDOM(condition) __builtin_expect(!!(condition), 0)
#else
#define AMEND_SQLITE_SELDOM(condition) (condition)
#endif

static inline int amend_sqlite3_exec(amend *handle, sqlite3 *db, const char *sql,
                                     int (*callback)(void *, int, char **, char **), void *arg, char **errmsg)
{
    int code = sqlite3_exec(db, sql, callback, arg, errmsg);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK) ? amend_sqlite3_exec_failed(handle, db, sql, callback, arg, errmsg, code)
                                                  : SQLITE_OK;
}

static inline int amend_sqlite3_get_table(amend *handle, sqlite3 *db, const char *sql, char ***result, int *rows, int *columns,
                                          char **errmsg)
{
    int code = sqlite3_get_table(db, sql, result, rows, columns, errmsg);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK)
               ? amend_sqlite3_get_table_failed(handle, db, sql, result, rows, columns, errmsg, code)
               : SQLITE_OK;
}

static inline int amend_sqlite3_prepare(amend *handle, sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **stmt,
                                        const char **tail)
{
    int code = sqlite3_prepare(db, sql, bytes, stmt, tail);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK) ? amend_sqlite3_prepare_failed(handle, db, sql, bytes, 1, 0, stmt, tail, code)
                                                  : SQLITE_OK;
}

static inline int amend_sqlite3_prepare_v2(amend *handle, sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **stmt,
                                           const char **tail)
{
    int code = sqlite3_prepare_v2(db, sql, bytes, stmt, tail);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK) ? amend_sqlite3_prepare_failed(handle, db, sql, bytes, 2, 0, stmt, tail, code)
                                                  : SQLITE_OK;
}

#if SQLITE_VERSION_NUMBER >= 3020000
static inline int amend_sqlite3_prepare_v3(amend *handle, sqlite3 *db, const char *sql, int bytes, unsigned flags,
                                           sqlite3_stmt **stmt, const char **tail)
{
    int code = sqlite3_prepare_v3(db, sql, bytes, flags, stmt, tail);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK)
               ? amend_sqlite3_prepare_failed(handle, db, sql, bytes, 3, flags, stmt, tail, code)
               : SQLITE_OK;
}
#endif

static inline int amend_sqlite3_step(amend *handle, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    /* One comparison for both: DONE follows ROW. */
    return AMEND_SQLITE_SELDOM((unsigned)(code - SQLITE_ROW) > (unsigned)(SQLITE_DONE - SQLITE_ROW))
               ? amend_sqlite3_step_failed(handle, stmt, code)
               : code;
}

static inline int amend_sqlite3_blob_open(amend *handle, sqlite3 *db, const char *schema, const char *table, const char *column,
                                          sqlite3_int64 row, int flags, sqlite3_blob **blob)
{
    int code = sqlite3_blob_open(db, schema, table, column, row, flags, blob);
    return AMEND_SQLITE_SELDOM(code != SQLITE_OK)
               ? amend_sqlite3_blob_open_failed(handle, db, schema, table, column, row, flags, blob, code)
               : SQLITE_OK;
}

/* --------------------------------------------------------------------------------------------------- without editing */

/*
 * Programs that stay as they are: compile them with -DAMEND_SQLITE_REDIRECT=my_handle -include amend/sqlite.h, and their calls
 * are these. my_handle is a variable that one file of the program defines (amend *my_handle;) and sets before, or after, the
 * database is opened; while it is NULL nothing is healed. The address of a function stays SQLite's. Not for loadable
 * extensions, where the names are macros already (sqlite3ext.h).
 */
#ifdef AMEND_SQLITE_REDIRECT
#ifdef __cplusplus
extern "C" {
#endif
extern amend *AMEND_SQLITE_REDIRECT;
#ifdef __cplusplus
}
#endif
#define sqlite3_exec(db, sql, callback, arg, errmsg) amend_sqlite3_exec(AMEND_SQLITE_REDIRECT, db, sql, callback, arg, errmsg)
#define sqlite3_get_table(db, sql, result, rows, columns, errmsg)                                                              \
    amend_sqlite3_get_table(AMEND_SQLITE_REDIRECT, db, sql, result, rows, columns, errmsg)
#define sqlite3_prepare(db, sql, bytes, stmt, tail) amend_sqlite3_prepare(AMEND_SQLITE_REDIRECT, db, sql, bytes, stmt, tail)
#define sqlite3_prepare_v2(db, sql, bytes, stmt, tail)                                                                         \
    amend_sqlite3_prepare_v2(AMEND_SQLITE_REDIRECT, db, sql, bytes, stmt, tail)
#define sqlite3_prepare_v3(db, sql, bytes, flags, stmt, tail)                                                                  \
    amend_sqlite3_prepare_v3(AMEND_SQLITE_REDIRECT, db, sql, bytes, flags, stmt, tail)
#define sqlite3_step(stmt) amend_sqlite3_step(AMEND_SQLITE_REDIRECT, stmt)
#define sqlite3_blob_open(db, schema, table, column, row, flags, blob)                                                         \
    amend_sqlite3_blob_open(AMEND_SQLITE_REDIRECT, db, schema, table, column, row, flags, blob)
#endif

#endif
