/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"
#include "driver/sqlite/harness.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A database with all sorts of pages: overflow, freelist, two levels, an index, WITHOUT ROWID, sequences. */
static const char FILLED[] = "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b BLOB); CREATE INDEX i ON t (a);"
                             "CREATE TABLE w (k TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE gone (x);"
                             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                             " INSERT INTO t (a, b) SELECT 'row ' || i, zeroblob(i % 50 * 100) FROM n;"
                             "INSERT INTO gone SELECT b FROM t; DROP TABLE gone; INSERT INTO w SELECT a FROM t";
static const char CHANGED[] = "ALTER TABLE t ADD COLUMN c; UPDATE t SET a = upper(a), c = 1; DELETE FROM w; DROP INDEX i;"
                              "CREATE TABLE u AS SELECT * FROM t";

typedef struct place
{
    tempdir dir;
    char db[300], copy[300];
    amend_conn *conn;
    outcome o;
} place;

static void make(place *p, const char *mode)
{
    char pragma[60];
    memset(p, 0, sizeof *p);
    tempdir_make(&p->dir);
    snprintf(p->db, sizeof p->db, "%s", tempdir_path(&p->dir, "app.db"));
    snprintf(p->copy, sizeof p->copy, "%s", tempdir_path(&p->dir, "co%41 py?#.db"));
    snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", mode);
    p->conn = harness_connect(p->db);
    harness_do(p->conn, pragma);
    harness_do(p->conn, FILLED);
    tempdir_write(&p->dir, "co%41 py?#.db", "");
}

static void clear(place *p)
{
    harness_close(p->conn);
    tempdir_remove(&p->dir);
}

static amend_status save(place *p)
{
    return driver_sqlite.save(p->conn, p->copy, NULL, &p->o.fault, &p->o.error);
}

static amend_status load(place *p, const int64_t *others, bool *changed)
{
    return driver_sqlite.load(p->conn, p->copy, others, changed, &p->o.fault, &p->o.error);
}

static int64_t others(place *p)
{
    harness_do(p->conn, "BEGIN IMMEDIATE");
    int64_t number = driver_sqlite.others(p->conn);
    harness_do(p->conn, "COMMIT");
    return number;
}

/* The bytes of the file, with all of its WAL in it. */
static unsigned char *bytes(place *p, size_t *size)
{
    harness_do(p->conn, "PRAGMA wal_checkpoint(TRUNCATE)");
    FILE *f = fopen(p->db, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = malloc(*size);
    assert_int_equal(fread(data, 1, *size, f), *size);
    fclose(f);
    return data;
}

/* What docs/safety.md says of the header: other connections are told that the file has changed. */
static bool is_counter(size_t at)
{
    return (at >= 24 && at < 28) || (at >= 40 && at < 44) || (at >= 92 && at < 100);
}

static void test_byte_for_byte(void **state)
{
    static const char *const modes[] = {"delete", "truncate", "persist", "memory", "wal"};
    (void)state;
    for (size_t m = 0; m < sizeof modes / sizeof modes[0]; m++)
    {
        place p;
        size_t before, after;
        bool changed;
        make(&p, modes[m]);
        unsigned char *first = bytes(&p, &before);
        assert_int_equal(save(&p), AMEND_OK);
        int64_t seen = others(&p);
        harness_do(p.conn, CHANGED);
        harness_do(p.conn, "VACUUM");
        assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
        assert_false(changed);
        unsigned char *second = bytes(&p, &after);
        assert_int_equal(before, after);
        for (size_t i = 0; i < before; i++)
        {
            if (first[i] != second[i] && !is_counter(i))
            {
                fail_msg("%s: byte %zu is %u, and was %u", modes[m], i, second[i], first[i]);
            }
        }
        assert_string_equal(harness_query(p.conn, "PRAGMA integrity_check"), "ok\n");
        assert_string_equal(harness_query_in(p.db, "SELECT a FROM t WHERE id = 7"), "row 7\n");
        free(first);
        free(second);
        clear(&p);
    }
}

/* Saved while a transaction of the same connection has begun to write: what is committed, and nobody else gets in. */
static void test_inside_a_transaction(void **state)
{
    static const char *const modes[] = {"delete", "wal"};
    (void)state;
    for (size_t m = 0; m < 2; m++)
    {
        place p;
        outcome o;
        make(&p, modes[m]);
        amend_conn *other = harness_connect(p.db);
        harness_do(p.conn, "BEGIN IMMEDIATE; UPDATE t SET a = 'mine' WHERE id < 5");
        assert_int_equal(save(&p), AMEND_OK);
        assert_int_not_equal(harness_run(other, "DELETE FROM t", NULL, &o), AMEND_OK);
        harness_do(p.conn, "COMMIT");
        assert_string_equal(harness_query_in(p.copy, "SELECT a FROM t WHERE id = 1"), "row 1\n");
        assert_string_equal(harness_query_in(p.db, "SELECT a FROM t WHERE id = 1"), "mine\n");
        harness_close(other);
        clear(&p);
    }
}

static void test_others(void **state)
{
    static const char *const modes[] = {"delete", "wal"};
    (void)state;
    for (size_t m = 0; m < 2; m++)
    {
        place p;
        bool changed;
        make(&p, modes[m]);
        amend_conn *other = harness_connect(p.db);
        assert_int_equal(save(&p), AMEND_OK);
        int64_t seen = others(&p);
        harness_do(p.conn, "UPDATE t SET a = 'mine'");
        harness_do(p.conn, "BEGIN; UPDATE t SET b = NULL; ROLLBACK; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; RELEASE s");
        harness_query(other, "SELECT count(*) FROM t"); /* a reader is no writer */
        assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
        assert_false(changed);
        seen = others(&p);
        harness_do(other, "UPDATE t SET a = 'theirs' WHERE id = 1");
        assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
        assert_true(changed);
        assert_string_equal(harness_query(p.conn, "SELECT a FROM t WHERE id = 1"), "theirs\n");
        assert_int_equal(load(&p, NULL, &changed), AMEND_OK); /* asked for by hand */
        assert_false(changed);
        assert_string_equal(harness_query(other, "SELECT a FROM t WHERE id = 1"), "row 1\n");
        harness_close(other);
        clear(&p);
    }
}

/* A writer that comes in between the look and the lock: the lock waits for it, and then it is seen. */
static amend_conn *intruder;

static int let_in(void *arg, int tries)
{
    (void)arg;
    if (tries == 0)
    {
        harness_do(intruder, "COMMIT");
    }
    return tries < 3;
}

static void test_between_look_and_lock(void **state)
{
    static const char *const modes[] = {"delete", "wal"};
    (void)state;
    for (size_t m = 0; m < 2; m++)
    {
        place p;
        bool changed;
        make(&p, modes[m]);
        assert_int_equal(save(&p), AMEND_OK);
        int64_t seen = others(&p);
        intruder = harness_connect(p.db);
        harness_do(intruder, "BEGIN IMMEDIATE; UPDATE t SET a = 'theirs' WHERE id = 1");
        sqlite3_busy_handler(((sqlite_conn *)p.conn)->db, let_in, NULL);
        assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
        assert_true(changed);
        assert_string_equal(harness_query(p.conn, "SELECT a FROM t WHERE id = 1"), "theirs\n");
        harness_close(intruder);
        clear(&p);
    }
}

static void test_a_lock_that_does_not_go(void **state)
{
    (void)state;
    place p;
    bool changed;
    make(&p, "delete");
    assert_int_equal(save(&p), AMEND_OK);
    int64_t seen = others(&p);
    amend_conn *reader = harness_connect(p.db);
    harness_do(reader, "BEGIN; SELECT count(*) FROM t");
    assert_int_equal(load(&p, &seen, &changed), AMEND_FAILED);
    assert_int_equal(p.o.fault.kind, AMEND_FAULT_BUSY);
    assert_string_equal(harness_query(p.conn, "SELECT count(*) FROM t"), "2000\n");
    harness_do(reader, "COMMIT; BEGIN EXCLUSIVE");
    assert_int_equal(load(&p, &seen, &changed), AMEND_FAILED);
    assert_int_equal(p.o.fault.kind, AMEND_FAULT_BUSY);
    assert_int_equal(save(&p), AMEND_FAILED);
    assert_int_equal(p.o.fault.kind, AMEND_FAULT_BUSY);
    harness_close(reader);
    assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
    clear(&p);
}

static amend_status say(void *arg)
{
    unsigned *left = arg;
    return (*left)-- > 0 ? AMEND_OK : AMEND_FAILED;
}

static void test_stopped(void **state)
{
    (void)state;
    place p;
    make(&p, "delete");
    for (unsigned calls = 0; calls < 3; calls++)
    {
        unsigned left = calls;
        tempdir_write(&p.dir, "co%41 py?#.db", "");
        amend_hooks hooks = {.arg = &left, .idle = say};
        assert_int_equal(driver_sqlite.save(p.conn, p.copy, &hooks, &p.o.fault, &p.o.error), AMEND_FAILED);
        assert_int_equal(p.o.fault.kind, AMEND_FAULT_CANCELLED);
        assert_int_equal(p.o.error.code, AMEND_E_CANCELLED);
    }
    clear(&p);
}

static void test_what_cannot_be(void **state)
{
    (void)state;
    place p;
    bool changed;
    int64_t seen;
    make(&p, "delete");
    assert_string_equal(driver_sqlite.path(p.conn), p.db);
    /* to nowhere */
    amend_fault fault;
    amend_error error = {0};
    assert_int_equal(driver_sqlite.save(p.conn, tempdir_path(&p.dir, "no/where"), NULL, &fault, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OPEN_FILE);
    /* from what is no database, absent, or damaged */
    tempdir_write(&p.dir, "co%41 py?#.db",
                  "nothing that looks like a database, though it is long enough for the header of one, "
                  "which has a hundred bytes");
    seen = others(&p);
    assert_int_equal(load(&p, &seen, &changed), AMEND_FAILED);
    assert_int_equal(load(&p, NULL, &changed), AMEND_FAILED);
    unlink(p.copy);
    assert_int_equal(load(&p, NULL, &changed), AMEND_FAILED);
    tempdir_write(&p.dir, "co%41 py?#.db", "");
    assert_int_equal(save(&p), AMEND_OK);
    FILE *f = fopen(p.copy, "r+b");
    fseek(f, 4096 * 3, SEEK_SET);
    for (int i = 0; i < 4096; i++)
    {
        fputc(0xaa, f);
    }
    fclose(f);
    assert_int_equal(load(&p, NULL, &changed), AMEND_FAILED);
    assert_int_equal(p.o.error.code, AMEND_E_DATABASE_CORRUPT);
    assert_string_equal(harness_query(p.conn, "PRAGMA integrity_check"), "ok\n");
    clear(&p);
    amend_conn *memory = harness_connect(":memory:");
    assert_null(driver_sqlite.path(memory));
    harness_close(memory);
}

/* A file without a page, and one with another page size. */
static void test_odd_sizes(void **state)
{
    (void)state;
    place p;
    bool changed;
    make(&p, "delete");
    int64_t seen = others(&p);
    assert_int_equal(load(&p, &seen, &changed), AMEND_OK); /* the empty copy */
    assert_string_equal(harness_query(p.conn, "SELECT count(*) FROM sqlite_master"), "0\n");
    harness_do(p.conn, FILLED);
    tempdir_write(&p.dir, "co%41 py?#.db", "");
    assert_int_equal(save(&p), AMEND_OK);
    seen = others(&p);
    harness_do(p.conn, "PRAGMA page_size = 8192");
    harness_do(p.conn, "VACUUM");
    assert_int_equal(load(&p, &seen, &changed), AMEND_OK);
    assert_true(changed); /* it can't be told from another's commit: rather too little than too much */
    assert_int_equal(load(&p, NULL, &changed), AMEND_OK);
    assert_string_equal(harness_query(p.conn, "SELECT count(*) FROM t"), "2000\n");
    assert_string_equal(harness_query_in(p.db, "PRAGMA page_size"), "4096\n");
    clear(&p);
}

static void test_memory_is_short(void **state)
{
    (void)state;
    place p;
    bool changed;
    make(&p, "delete");
    assert_int_equal(save(&p), AMEND_OK);
    sqlite_conn *c = (sqlite_conn *)p.conn;
    const amend_allocator *good = c->allocator;
    faulty_alloc f;
    c->allocator = faulty_alloc_init(&f, 1, FAULTY_FOR_GOOD);
    assert_int_equal(load(&p, NULL, &changed), AMEND_FAILED);
    assert_int_equal(p.o.error.code, AMEND_E_OUT_OF_MEMORY);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    c->allocator = good;
    clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_byte_for_byte),
        cmocka_unit_test(test_inside_a_transaction),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_between_look_and_lock),
        cmocka_unit_test(test_a_lock_that_does_not_go),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
