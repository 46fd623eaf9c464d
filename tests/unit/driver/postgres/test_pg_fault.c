/* SPDX-License-Identifier: MIT */
/* Errors of a real server: the kind of fault, the place, the words. */
#include "driver/postgres/harness.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#define PIECE(sql, n) ((amend_piece){.text = sql, .length = sizeof(sql) - 1, .statements = n})

static void expect(const outcome *o, amend_fault_kind kind, amend_code code, const char *state)
{
    assert_string_equal(o->error.sqlstate, state);
    assert_int_equal(o->fault.kind, kind);
    assert_int_equal(o->error.code, code);
}

/* The error is at `at` in the piece's text. */
static void expect_at(const outcome *o, const amend_piece *pieces, size_t piece, const char *at)
{
    assert_int_equal(o->fault.piece, piece);
    assert_true(o->fault.positioned);
    if (strncmp(pieces[piece].text + o->fault.offset, at, strlen(at)) != 0)
    {
        fail_msg("at %zu: %.20s", o->fault.offset, pieces[piece].text + o->fault.offset);
    }
}

static void test_while_running(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    const amend_piece pieces[] = {PIECE("SELECT 'ä€𐍈'; SELECT 1", 2), PIECE("SELECT 'ö' -- ü", 1),
                                  PIECE("SELECT 'ß'; SELECT nope /* é */; SELECT 3", 3)};
    harness_exec(conn, pieces, 3, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "42703");
    expect_at(&o, pieces, 2, "nope");
    assert_int_equal(o.fault.statement, 2);
    const amend_piece plain[] = {PIECE("SELECT 1", 1), PIECE("SELECT 1; SELECT 1/0", 2)};
    harness_exec(conn, plain, 2, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "22012");
    assert_true(o.fault.piece == 1 && o.fault.statement == 2 && !o.fault.positioned);
    harness_close(conn);
}

static void test_unrun(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    const amend_piece later[] = {PIECE("", 0), PIECE("CREATE TABLE ran (a int)", 1), PIECE("SELECT 'é'; SELEC 1; SELECT 2", 3)};
    harness_exec(conn, later, 3, NULL, &o);
    expect(&o, AMEND_FAULT_UNRUN, AMEND_E_STATEMENT, "42601");
    expect_at(&o, later, 2, "SELEC ");
    assert_string_equal(harness_rows(conn, "SELECT to_regclass('ran')"), "-\n");
    const amend_piece first[] = {PIECE("SELEC 1", 1), PIECE("SELECT 1", 1)};
    harness_exec(conn, first, 2, NULL, &o);
    expect(&o, AMEND_FAULT_UNRUN, AMEND_E_STATEMENT, "42601");
    expect_at(&o, first, 0, "SELEC ");
    assert_int_equal(o.fault.statement, 1);
    /* The end of the text of a piece: the position is behind it. */
    const amend_piece open[] = {PIECE("SELECT 1", 1), PIECE("SELECT (", 1), PIECE("SELECT 1", 1)};
    harness_exec(conn, open, 3, NULL, &o);
    expect(&o, AMEND_FAULT_UNRUN, AMEND_E_STATEMENT, "42601");
    assert_true(o.fault.piece == 1 && o.fault.offset == open[1].length);
    /* What the first statement says of itself is no error of the whole. */
    harness_run(conn, "SELECT nope", 1, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "42703");
    harness_close(conn);
}

static void test_words(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    harness_do(
        conn, "CREATE TEMP TABLE w (a int CONSTRAINT positive CHECK (a > 0)); CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE "
              "plpgsql AS $$BEGIN RETURN (SELECT nope FROM w); END$$");
    harness_run(conn, "INSERT INTO w VALUES (-1)", 1, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "23514");
    assert_non_null(strstr(o.error.object, ".w.positive"));
    assert_non_null(strstr(o.error.detail, "-1"));
    harness_run(conn, "SELECT pg_temp.f()", 1, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "42703");
    assert_false(o.fault.positioned);
    assert_non_null(strstr(o.error.detail, "in the query: (SELECT nope FROM w)"));
    assert_non_null(strstr(o.error.detail, "line 1 at RETURN"));
    harness_run(conn, "SELECT lenght('a')", 1, NULL, &o);
    assert_non_null(strstr(o.error.hint, "explicit type casts"));
    harness_close(conn);
}

static void test_busy(void **state)
{
    (void)state;
    amend_conn *one = harness_connect("postgres"), *two = harness_connect("postgres");
    outcome o;
    harness_do(one, "CREATE TABLE busy (a int)");
    harness_do(one, "BEGIN; LOCK TABLE busy");
    harness_run(two, "SET lock_timeout = 50; SELECT * FROM busy", 2, NULL, &o);
    expect(&o, AMEND_FAULT_BUSY, AMEND_E_BUSY, "55P03");
    assert_int_equal(o.fault.statement, 2);
    harness_do(one, "COMMIT; DROP TABLE busy");
    harness_run(two, "BEGIN ISOLATION LEVEL SERIALIZABLE; DO $$BEGIN RAISE EXCEPTION SQLSTATE '40001'; END$$", 2, NULL, &o);
    expect(&o, AMEND_FAULT_BUSY, AMEND_E_BUSY, "40001");
    harness_do(two, "ROLLBACK");
    harness_run(two, "DO $$BEGIN RAISE unique_violation USING CONSTRAINT = 'pg_type_typname_nsp_index'; END$$", 1, NULL, &o);
    expect(&o, AMEND_FAULT_BUSY, AMEND_E_BUSY, "23505");
    harness_run(two, "DO $$BEGIN RAISE unique_violation USING CONSTRAINT = 'mine'; END$$", 1, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "23505");
    harness_close(one);
    harness_close(two);
}

static void test_kinds(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    harness_run(conn, "BEGIN READ ONLY; CREATE TABLE x (a int)", 2, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_READ_ONLY, "25006");
    harness_do(conn, "ROLLBACK");
    harness_run(conn, "DO $$BEGIN RAISE SQLSTATE '53100'; END$$", 1, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_DISK_FULL, "53100");
    harness_run(conn, "DO $$BEGIN RAISE SQLSTATE '08006'; END$$", 1, NULL, &o);
    expect(&o, AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST, "08006");
    harness_run(conn, "SET statement_timeout = 50; SELECT pg_sleep(5)", 2, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "57014");
    harness_close(conn);
}

/* A server whose encoding is no encoding counts bytes. */
static void test_bytes(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    harness_do(conn, "CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII'");
    harness_close(conn);
    conn = harness_connect("bytes");
    const amend_piece pieces[] = {PIECE("SELECT 'ä€𐍈'", 1), PIECE("SELECT 'ß', nope", 1)};
    harness_exec(conn, pieces, 2, NULL, &o);
    expect(&o, AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT, "42703");
    expect_at(&o, pieces, 1, "nope");
    harness_close(conn);
}

/* A character that the server's encoding lacks fails the whole message: the error is put where the character is. */
static void test_latin1(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    harness_do(conn, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1'");
    harness_close(conn);
    conn = harness_connect("latin");
    const amend_piece pieces[] = {PIECE("CREATE TABLE ran (a int)", 1), PIECE("SELECT 'ä', '€'; SELECT 2", 2)};
    harness_exec(conn, pieces, 2, NULL, &o);
    expect(&o, AMEND_FAULT_UNRUN, AMEND_E_STATEMENT, "22P05");
    expect_at(&o, pieces, 1, "€");
    assert_string_equal(harness_rows(conn, "SELECT to_regclass('ran'), 'ä'"), "-|ä\n");
    harness_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_while_running), cmocka_unit_test(test_unrun), cmocka_unit_test(test_words),
        cmocka_unit_test(test_busy),          cmocka_unit_test(test_kinds), cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_latin1),
    };
    return pg_server_found() ? cmocka_run_group_tests(tests, harness_start, harness_end) : 77;
}
