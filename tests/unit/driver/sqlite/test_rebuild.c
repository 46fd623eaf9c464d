/* SPDX-License-Identifier: MIT */
/*
 * Rebuilding a table to which other rows refer with ON DELETE CASCADE, as the engine runs it: no row may be lost, whatever the
 * connection's foreign_keys and whether the script sets it. That the schema is right afterwards would not show the loss.
 */
#include "base/alloc.h"
#include "dialect/dialects.h"
#include "driver/drivers.h"
#include "driver/sqlite/harness.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static const dialect *const d = &dialect_sqlite;

static const char start[] = "CREATE TABLE users(id INTEGER PRIMARY KEY, name);"
                            "CREATE TABLE cards(id INTEGER PRIMARY KEY, owner REFERENCES users(id) ON DELETE CASCADE);"
                            "CREATE TABLE notes(id INTEGER PRIMARY KEY, card REFERENCES cards(id) ON DELETE CASCADE);"
                            "INSERT INTO users VALUES(1, 'a'), (2, 'b');"
                            "INSERT INTO cards VALUES(10, 1), (11, 1), (12, 2);"
                            "INSERT INTO notes VALUES(100, 10), (101, 12);";

static const char *const counts =
    "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM cards), (SELECT count(*) FROM notes)";

static const char *const advised = "CREATE TABLE new_users(id INTEGER PRIMARY KEY, name NOT NULL);"
                                   "INSERT INTO new_users SELECT * FROM users;"
                                   "DROP TABLE users; ALTER TABLE new_users RENAME TO users;";
static const char *const moved = "PRAGMA legacy_alter_table=ON; ALTER TABLE users RENAME TO old_users;"
                                 "CREATE TABLE users(id INTEGER PRIMARY KEY, name NOT NULL);"
                                 "INSERT INTO users SELECT * FROM old_users; DROP TABLE old_users;";
static const char *const copied = "CREATE TABLE backup AS SELECT * FROM users; DROP TABLE users;"
                                  "CREATE TABLE users(id INTEGER PRIMARY KEY, name NOT NULL);"
                                  "INSERT INTO users SELECT * FROM backup; DROP TABLE backup;";

/* As the engine does. What failed is in *o; the transaction is ended in any case. */
static amend_status migrate(amend_conn *conn, const char *sql, outcome *o)
{
    arena *a = arena_new(&alloc_default);
    buf text;
    script s;
    buf_init(&text, &alloc_default);
    assert_int_equal(d->split(a, slice_of(sql), &s, NULL), AMEND_OK);
    assert_true((s.flags & SCRIPT_REBUILDS) != 0);
    arena_free(a);
    harness_do(conn, d->words->batch_begin_rebuild);
    harness_do(conn, d->words->step_begin);
    assert_int_equal(d->check_begin(&text), 2);
    harness_do(conn, buf_slice(&text).data);
    buf_reset(&text);
    assert_int_equal(d->check_end(&text), 2);
    if (harness_run(conn, sql, NULL, o) == AMEND_OK)
    {
        harness_run(conn, buf_slice(&text).data, NULL, o);
    }
    buf_clear(&text);
    harness_do(conn, o->status == AMEND_OK ? d->words->step_end : d->words->step_abort);
    harness_do(conn, d->words->batch_end_rebuild);
    assert_true(driver_sqlite.idle(conn));
    return o->status;
}

static void run_well(amend_conn *conn, const char *sql)
{
    outcome o;
    if (migrate(conn, sql, &o) != AMEND_OK)
    {
        fail_msg("%s: %s", sql, o.error.message);
    }
}

static amend_conn *connect_with(bool keys)
{
    amend_conn *conn = harness_connect(keys ? "sqlite::memory:?foreign_keys=on" : "sqlite::memory:?foreign_keys=off");
    harness_do(conn, start);
    return conn;
}

static void expect_keys(amend_conn *conn, bool keys)
{
    assert_string_equal(harness_query(conn, "PRAGMA foreign_keys"), keys ? "1\n" : "0\n");
}

static void no_row_is_lost(void **state)
{
    (void)state;
    const char *const forms[] = {advised, moved, copied};
    static const char *const frames[] = {"%s", "PRAGMA foreign_keys=OFF; %s PRAGMA foreign_keys=ON;",
                                         "PRAGMA foreign_keys=ON; %s", "%s PRAGMA foreign_key_check;"};
    for (size_t i = 0; i < 3 * 4 * 2; i++)
    {
        char sql[1000];
        bool keys = i % 2 == 1;
        snprintf(sql, sizeof sql, frames[i / 2 % 4], forms[i / 8]);
        amend_conn *conn = connect_with(keys);
        run_well(conn, sql);
        assert_string_equal(harness_query(conn, counts), "2|3|2\n");
        assert_string_equal(harness_query(conn, "PRAGMA foreign_key_check"), "");
        expect_keys(conn, keys);
        harness_do(conn, "DELETE FROM users WHERE id = 1"); /* the references are whole */
        assert_string_equal(harness_query(conn, counts), keys ? "1|1|1\n" : "1|3|2\n");
        harness_close(conn);
    }
}

/* Why it is done: the same by hand loses rows, and says nothing. */
static void rows_are_lost_without(void **state)
{
    (void)state;
    amend_conn *conn = connect_with(true);
    harness_do(conn, d->words->batch_begin);
    harness_do(conn, advised);
    harness_do(conn, d->words->batch_end);
    assert_string_equal(harness_query(conn, counts), "2|0|0\n");
    harness_close(conn);
}

static void new_violations_fail_in_words(void **state)
{
    (void)state;
    for (int keys = 0; keys < 2; keys++)
    {
        amend_conn *conn = connect_with(keys);
        outcome o;
        const char *sql = "PRAGMA foreign_keys=OFF; DELETE FROM users WHERE id = 1; DELETE FROM cards WHERE id = 12;";
        assert_int_equal(migrate(conn, sql, &o), AMEND_FAILED);
        assert_string_equal(o.error.message, "2 rows of \"cards\" without a \"users\", 1 row of \"notes\" without a \"cards\"");
        assert_int_equal(o.error.code, AMEND_E_STATEMENT);
        assert_string_equal(harness_query(conn, counts), "2|3|2\n");
        assert_string_equal(harness_query(conn, "SELECT count(*) FROM sqlite_temp_master"), "0\n");
        expect_keys(conn, keys);
        harness_close(conn);
    }
}

static void old_violations_are_none_of_ours(void **state)
{
    (void)state;
    amend_conn *conn = connect_with(false);
    harness_do(conn, "INSERT INTO cards VALUES(13, 9), (14, 9)");
    run_well(conn, advised);
    run_well(conn, "PRAGMA foreign_keys=ON; UPDATE cards SET owner = 1 WHERE id = 13;");
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM sqlite_temp_master"), "0\n");
    outcome o;
    assert_int_equal(migrate(conn, "PRAGMA foreign_keys=ON; DELETE FROM users WHERE id = 1;", &o), AMEND_FAILED);
    assert_string_equal(o.error.message, "3 rows of \"cards\" without a \"users\"");
    harness_close(conn);
}

static void names_with_quotes_are_told(void **state)
{
    (void)state;
    amend_conn *conn = connect_with(false);
    outcome o;
    const char *sql = "PRAGMA foreign_keys=ON; CREATE TABLE \"it's\"(a REFERENCES \"no;'ne\"); INSERT INTO \"it's\" VALUES(1);";
    assert_int_equal(migrate(conn, sql, &o), AMEND_FAILED);
    assert_string_equal(o.error.message, "1 row of \"it's\" without a \"no;'ne\"");
    harness_close(conn);
}

/* A check that was left behind, as by a script outside a transaction, is not in the way of the next. */
static void a_check_can_begin_again(void **state)
{
    (void)state;
    amend_conn *conn = connect_with(false);
    buf text;
    buf_init(&text, &alloc_default);
    d->check_begin(&text);
    harness_do(conn, buf_slice(&text).data);
    harness_do(conn, buf_slice(&text).data);
    buf_clear(&text);
    run_well(conn, advised);
    harness_close(conn);
}

/* SQLite's own check gives up on a foreign key to columns that are not unique; the other tables are checked all the same. */
static void keys_to_no_unique_key(void **state)
{
    (void)state;
    static const char *const checks[] = {"PRAGMA foreign_key_check(bad1)", "PRAGMA foreign_key_check(bad2)",
                                         "PRAGMA foreign_key_check(bad3)", "PRAGMA foreign_key_check(bad4)"};
    amend_conn *conn = connect_with(false);
    outcome o;
    harness_do(conn,
               "CREATE TABLE tags(name, name2 UNIQUE, a, b, PRIMARY KEY(a, b)); CREATE UNIQUE INDEX part ON tags(name) WHERE a;"
               "CREATE UNIQUE INDEX expression ON tags(lower(name)); CREATE VIEW seen AS SELECT * FROM tags;"
               "CREATE TABLE fine(x REFERENCES tags(NAME2), y REFERENCES gone, z REFERENCES users, p, q,"
               "FOREIGN KEY(p, q) REFERENCES tags, FOREIGN KEY(q, p) REFERENCES tags(b, A));"
               "CREATE TABLE bad1(x REFERENCES tags(name)); CREATE TABLE bad2(x REFERENCES seen(name));"
               "CREATE TABLE bad3(x REFERENCES tags(a)); CREATE TABLE bad4(x REFERENCES tags); INSERT INTO bad1 VALUES(1)");
    harness_do(conn, "PRAGMA foreign_key_check(fine)");
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
    {
        harness_run(conn, checks[i], NULL, &o);
        assert_non_null(strstr(o.error.message, "foreign key mismatch"));
    }
    run_well(conn, advised);
    assert_string_equal(harness_query(conn, counts), "2|3|2\n");
    assert_int_equal(migrate(conn, "PRAGMA foreign_keys=ON; INSERT INTO fine(y) VALUES(1); DELETE FROM users WHERE id = 2", &o),
                     AMEND_FAILED);
    assert_string_equal(o.error.message, "1 row of \"cards\" without a \"users\", 1 row of \"fine\" without a \"gone\"");
    run_well(conn, "PRAGMA foreign_keys=ON; CREATE UNIQUE INDEX whole ON tags(name)"); /* its row is an old violation */
    assert_string_equal(harness_query(conn, "PRAGMA foreign_key_check(bad1)"), "bad1|1|tags|0\n");
    harness_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_row_is_lost),
        cmocka_unit_test(rows_are_lost_without),
        cmocka_unit_test(new_violations_fail_in_words),
        cmocka_unit_test(old_violations_are_none_of_ours),
        cmocka_unit_test(names_with_quotes_are_told),
        cmocka_unit_test(a_check_can_begin_again),
        cmocka_unit_test(keys_to_no_unique_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
