/* SPDX-License-Identifier: MIT */
/* A caller's connection in the engine's hands: everything works on it, and it is afterwards what it was before. */
#include "driver/sqlite/borrow.h"

#include "base/alloc.h"
#include "driver/sqlite/harness.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <string.h>

static sqlite3 *open_file(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
}

static int count_calls(void *arg)
{
    (*(int *)arg)++;
    return 0;
}

static int count_busy(void *arg, int tries)
{
    (*(int *)arg)++;
    return tries < 2;
}

static amend_status never(void *arg)
{
    (void)arg;
    fail_msg("a borrowed connection calls no idle hook");
    return AMEND_OK;
}

static void what_is_the_callers_stays(void **state)
{
    (void)state;
    int progress = 0, keys = 0;
    sqlite3 *db = open_file(":memory:");
    run_sql(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES(41, 1); PRAGMA foreign_keys = ON");
    sqlite3_progress_handler(db, 1, count_calls, &progress);
    amend_conn *conn = sqlite_borrow(&alloc_default, db, false);
    assert_false(sqlite_borrow_touched(conn));
    assert_true(conn->driver->idle(conn));
    harness_do(conn, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE");
    assert_false(conn->driver->idle(conn));
    amend_hooks hooks = {.idle = never};
    outcome o;
    assert_int_equal(harness_run(conn, "INSERT INTO t VALUES(99, 2); SELECT * FROM t", &hooks, &o), AMEND_OK);
    harness_do(conn, "COMMIT");
    assert_int_equal(sqlite3_last_insert_rowid(db), 99);
    assert_true(sqlite_borrow_touched(conn));
    conn->driver->close(conn);
    assert_int_equal(sqlite3_last_insert_rowid(db), 41);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys);
    assert_int_equal(keys, 1);
    int before = progress;
    run_sql(db, "SELECT count(*) FROM t");
    assert_true(before > 0 && progress > before);
    assert_int_equal(sqlite3_close(db), SQLITE_OK); /* it was still open */
}

/* Extended codes are told though they are not switched on, and stay off. */
static void extended_codes(void **state)
{
    (void)state;
    outcome o;
    sqlite3 *db = open_file(":memory:");
    amend_conn *conn = sqlite_borrow(&alloc_default, db, false);
    harness_do(conn, "CREATE TABLE t(a NOT NULL)");
    assert_int_equal(harness_run(conn, "INSERT INTO t VALUES(NULL)", NULL, &o), AMEND_FAILED);
    assert_int_equal(o.error.native, SQLITE_CONSTRAINT_NOTNULL);
    conn->driver->close(conn);
    assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES(NULL)", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* The write lock comes first, with or without amend's tables, and changes nothing. */
static void writing_first(void **state)
{
    (void)state;
    static const char *const tables[] = {"CREATE TABLE other(x)", "CREATE TABLE _migrations_lock(id)"};
    for (size_t i = 0; i < 2; i++)
    {
        tempdir dir;
        tempdir_make(&dir);
        sqlite3 *db = open_file(tempdir_path(&dir, "a.db")), *other = open_file(tempdir_path(&dir, "a.db"));
        run_sql(db, "PRAGMA journal_mode = WAL; PRAGMA user_version = 17");
        run_sql(db, tables[i]);
        run_sql(db, "BEGIN");
        amend_conn *conn = sqlite_borrow(&alloc_default, db, true);
        assert_string_equal(harness_query(conn, "PRAGMA user_version"), "17\n");
        assert_int_equal(sqlite3_txn_state(db, "main"), SQLITE_TXN_WRITE);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_BUSY);
        harness_do(conn, "SELECT 1"); /* once is enough */
        conn->driver->close(conn);
        run_sql(db, "COMMIT");
        run_sql(other, "BEGIN IMMEDIATE; ROLLBACK");
        sqlite3_close(db);
        sqlite3_close(other);
        tempdir_remove(&dir);
    }
}

/* When it can't be had, nothing is read; the caller's own busy handler is asked as long as there is no snapshot. */
static void writing_first_can_fail(void **state)
{
    (void)state;
    tempdir dir;
    outcome o;
    int asked = 0;
    tempdir_make(&dir);
    sqlite3 *db = open_file(tempdir_path(&dir, "a.db")), *other = open_file(tempdir_path(&dir, "a.db"));
    run_sql(db, "PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
    sqlite3_busy_handler(db, count_busy, &asked);
    run_sql(db, "BEGIN");
    run_sql(other, "BEGIN IMMEDIATE");
    amend_conn *conn = sqlite_borrow(&alloc_default, db, true);
    assert_int_equal(harness_run(conn, "SELECT nonsense", NULL, &o), AMEND_FAILED);
    assert_int_equal(o.fault.kind, AMEND_FAULT_BUSY);
    assert_int_equal(o.error.code, AMEND_E_BUSY);
    assert_int_equal(asked, 3);
    run_sql(other, "COMMIT");
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM t"), "0\n"); /* the next try gets it */
    conn->driver->close(conn);
    run_sql(db, "ROLLBACK; BEGIN; SELECT * FROM t"); /* now there is a snapshot, which becomes an old one */
    run_sql(other, "INSERT INTO t VALUES(1)");
    conn = sqlite_borrow(&alloc_default, db, true);
    assert_int_equal(harness_run(conn, "SELECT 1", NULL, &o), AMEND_FAILED);
    assert_int_equal(o.error.native, SQLITE_BUSY_SNAPSHOT);
    conn->driver->close(conn);
    run_sql(db, "ROLLBACK; PRAGMA query_only = ON; BEGIN");
    conn = sqlite_borrow(&alloc_default, db, true);
    assert_int_equal(harness_run(conn, "SELECT 1", NULL, &o), AMEND_FAILED);
    assert_int_equal(o.error.code, AMEND_E_READ_ONLY);
    conn->driver->close(conn);
    assert_int_equal(asked, 3);
    run_sql(db, "ROLLBACK");
    sqlite3_close(db);
    sqlite3_close(other);
    tempdir_remove(&dir);
}

/* Another database's history is not taken for main's. */
static void other_histories(void **state)
{
    (void)state;
    static const struct
    {
        const char *sql, *message;
    } rows[] = {
        {"ATTACH ':memory:' AS aux; CREATE TABLE aux.t(x)", NULL},
        {"ATTACH ':memory:' AS aux; CREATE TABLE aux._migrations(version); CREATE TABLE _migrations(version)", NULL},
        {"ATTACH ':memory:' AS aux; CREATE TABLE aux._migrations(version)",
         "the table \"_migrations\" of the database \"aux\" would be taken for this one's"},
        {"CREATE TABLE _migrations_lock(id); CREATE TEMP TABLE _migrations_lock(id)",
         "the table \"_migrations_lock\" of the database \"temp\" would be taken for this one's"},
    };
    for (size_t i = 0; i < 4; i++)
    {
        outcome o;
        sqlite3 *db = open_file(":memory:");
        run_sql(db, rows[i].sql);
        amend_conn *conn = sqlite_borrow(&alloc_default, db, false);
        assert_int_equal(harness_run(conn, "SELECT 1", NULL, &o), rows[i].message == NULL ? AMEND_OK : AMEND_FAILED);
        assert_string_equal(o.error.message, rows[i].message == NULL ? "" : rows[i].message);
        conn->driver->close(conn);
        sqlite3_close(db);
    }
}

static int deny_all(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)arg, (void)action, (void)a, (void)b, (void)c, (void)d;
    return SQLITE_DENY;
}

static void nothing_allowed(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++)
    {
        outcome o;
        sqlite3 *db = open_file(":memory:");
        run_sql(db, inside ? "BEGIN" : "");
        sqlite3_set_authorizer(db, deny_all, NULL);
        amend_conn *conn = sqlite_borrow(&alloc_default, db, inside);
        assert_int_equal(harness_run(conn, "SELECT 1", NULL, &o), AMEND_FAILED);
        assert_int_equal(o.error.native, SQLITE_AUTH);
        conn->driver->close(conn);
        sqlite3_close(db);
    }
}

static void short_memory(void **state)
{
    (void)state;
    sqlite3 *db = open_file(":memory:");
    faulty_alloc faulty;
    assert_null(sqlite_borrow(faulty_alloc_init(&faulty, 1, FAULTY_ONCE), db, false));
    assert_int_equal(faulty_alloc_clear(&faulty), 0);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_callers_stays), cmocka_unit_test(extended_codes), cmocka_unit_test(writing_first),
        cmocka_unit_test(writing_first_can_fail),    cmocka_unit_test(short_memory),   cmocka_unit_test(other_histories),
        cmocka_unit_test(nothing_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
