/* SPDX-License-Identifier: MIT */
/* Result codes to faults: the rare ones by their code, and those that can be caused, for real. */
#include "driver/sqlite/conn.h"
#include "driver/sqlite/harness.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <string.h>
#include <sys/resource.h>
#include <signal.h>

static void every_code_has_its_meaning(void **state)
{
    (void)state;
    static const struct
    {
        int result;
        amend_code code;
        amend_fault_kind kind;
    } rows[] = {
        {SQLITE_BUSY, AMEND_E_BUSY, AMEND_FAULT_BUSY},
        {SQLITE_BUSY_SNAPSHOT, AMEND_E_BUSY, AMEND_FAULT_BUSY},
        {SQLITE_LOCKED_SHAREDCACHE, AMEND_E_BUSY, AMEND_FAULT_BUSY},
        {SQLITE_FULL, AMEND_E_DISK_FULL, AMEND_FAULT_STATEMENT},
        {SQLITE_READONLY_DIRECTORY, AMEND_E_READ_ONLY, AMEND_FAULT_STATEMENT},
        {SQLITE_CORRUPT_INDEX, AMEND_E_DATABASE_CORRUPT, AMEND_FAULT_STATEMENT},
        {SQLITE_NOTADB, AMEND_E_FILE_NOT_DATABASE, AMEND_FAULT_STATEMENT},
        {SQLITE_IOERR_READ, AMEND_E_DATABASE_IO, AMEND_FAULT_STATEMENT},
        {SQLITE_IOERR_NOMEM, AMEND_E_OUT_OF_MEMORY, AMEND_FAULT_STATEMENT},
        {SQLITE_NOMEM, AMEND_E_OUT_OF_MEMORY, AMEND_FAULT_STATEMENT},
        {SQLITE_CANTOPEN, AMEND_E_OPEN_FILE, AMEND_FAULT_STATEMENT},
        {SQLITE_INTERRUPT, AMEND_E_CANCELLED, AMEND_FAULT_CANCELLED},
        {SQLITE_ERROR, AMEND_E_STATEMENT, AMEND_FAULT_STATEMENT},
        {SQLITE_CONSTRAINT_UNIQUE, AMEND_E_STATEMENT, AMEND_FAULT_STATEMENT},
        {SQLITE_TOOBIG, AMEND_E_STATEMENT, AMEND_FAULT_STATEMENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        amend_fault fault = {0};
        amend_error error = {0};
        assert_int_equal(sqlite_conn_fault(NULL, rows[i].result, &fault, &error), AMEND_FAILED);
        assert_int_equal(error.code, rows[i].code);
        assert_int_equal(error.native, rows[i].result);
        assert_int_equal(fault.kind, rows[i].kind);
        assert_string_equal(error.message, sqlite3_errstr(rows[i].result));
        assert_int_equal(sqlite_conn_fault(NULL, rows[i].result, &fault, NULL), AMEND_FAILED);
    }
}

/* A file that may not grow: as on a full disk, or over a quota. */
static void a_full_disk_is_said(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    outcome o;
    harness_do(conn, "PRAGMA max_page_count=5; CREATE TABLE t(x); BEGIN");
    harness_run(conn, "INSERT INTO t VALUES(zeroblob(100000))", NULL, &o);
    assert_int_equal(o.error.code, AMEND_E_DISK_FULL);
    assert_string_equal(o.error.message, "database or disk is full");
    harness_close(conn);
    tempdir dir;
    tempdir_make(&dir);
    conn = harness_connect(tempdir_path(&dir, "app.db"));
    harness_do(conn, "CREATE TABLE t(x)");
    struct rlimit old, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = 65536;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    harness_run(conn, "INSERT INTO t VALUES(zeroblob(10000000))", NULL, &o);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_true(o.error.code == AMEND_E_DATABASE_IO || o.error.code == AMEND_E_DISK_FULL);
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM t"), "0\n");
    harness_close(conn);
    tempdir_remove(&dir);
}

static void a_file_to_attach_is_missing(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect(":memory:");
    outcome o;
    harness_run(conn, "ATTACH '/nonexistent/dir/x.db' AS x", NULL, &o);
    assert_int_equal(o.error.code, AMEND_E_OPEN_FILE);
    assert_non_null(strstr(o.error.message, "/nonexistent/dir/x.db"));
    harness_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_meaning),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(a_file_to_attach_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
