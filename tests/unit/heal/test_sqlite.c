/* SPDX-License-Identifier: MIT */
/*
 * The slow halves: what must not happen (twice, at all), what an application sees when nothing can be cured, and what becomes
 * of the connection.
 */
#include "heal/sqlite_app.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char base[] = "CREATE TABLE cards(id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE log(what);";
static const char color[] = "ALTER TABLE cards ADD COLUMN color TEXT DEFAULT 'red';";
static const char notes[] = "CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);";

static void make_cards(sqlite_app *a)
{
    app_make(a);
    app_file(a, "001_base.sql", base);
    app_file(a, "002_color.sql", color);
    app_file(a, "003_notes.sql", notes);
}

/* 001 is applied. */
static void open_cards(sqlite_app *a)
{
    make_cards(a);
    app_up(a, "001");
    app_open(a);
}

/* ------------------------------------------------------------------------------------------------- once, and not twice */

static int count_rows(void *arg, int columns, char **values, char **names)
{
    (void)columns;
    (void)names;
    char *text = arg;
    strcat(strcat(text, values[0]), " ");
    return 0;
}

/* Statements before the failed one have run, and their rows were given: neither comes again. Two things are missing in turn. */
static void several_statements(void **state)
{
    (void)state;
    sqlite_app a;
    char rows[100] = "", *message = (char *)"unset";
    open_cards(&a);
    int code =
        amend_sqlite3_exec(a.handle, a.db,
                           "INSERT INTO log VALUES('a'); SELECT 'b'; INSERT INTO cards(title, color) VALUES('t', 'blue');\n"
                           "SELECT 'c'; -- and\nINSERT INTO notes(body) VALUES('n'); INSERT INTO notes(body) VALUES('m');"
                           "INSERT INTO log VALUES('d'); SELECT 'e'",
                           count_rows, rows, &message);
    assert_int_equal(code, SQLITE_OK);
    assert_null(message);
    assert_string_equal(rows, "b c e ");
    assert_string_equal(app_see(&a, "SELECT what FROM log"), "a\nd\n");
    assert_string_equal(app_see(&a, "SELECT body FROM notes"), "n\nm\n");
    assert_string_equal(app_history(&a), "001 002 003\n");
    assert_int_equal(a.told[AMEND_EVENT_HEAL_CURED], 2);
    app_close(&a);
}

static void a_transaction_in_one_text(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    app_heals(&a,
              "BEGIN; INSERT INTO log VALUES('a'); INSERT INTO notes(body) VALUES('n'); COMMIT; INSERT INTO log VALUES('b')");
    assert_string_equal(app_see(&a, "SELECT what FROM log"), "a\nb\n");
    assert_string_equal(app_see(&a, "SELECT body FROM notes"), "n\n");
    app_close(&a);
}

/* A text with a length is read no further. */
static void a_text_with_a_length(void **state)
{
    (void)state;
    static const char sql[] = "INSERT INTO notes(body) VALUES('x')";
    sqlite_app a;
    sqlite3_stmt *stmt = NULL;
    open_cards(&a);
    char *text = malloc(sizeof sql - 1);
    memcpy(text, sql, sizeof sql - 1); /* no NUL: a sanitizer sees what reads beyond */
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, text, (int)sizeof sql - 1, &stmt, NULL), SQLITE_OK);
    sqlite3_finalize(stmt);
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, text, 11, &stmt, NULL), SQLITE_ERROR);
    free(text);
    app_close(&a);
}

/* What is missing is told only by the statement, and the text has several. */
static void conflict_in_a_script(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
    {
        sqlite_app a;
        sqlite3_stmt *stmt = NULL;
        const char *sql = "INSERT INTO cards(title) VALUES('a') ON CONFLICT(title) DO NOTHING; SELECT 1", *tail = NULL;
        make_cards(&a);
        app_file(&a, "002_color.sql", "CREATE UNIQUE INDEX cards_title ON cards(title);");
        app_up(&a, "001");
        app_open(&a);
        if (i == 0)
        {
            app_heals(&a, "SELECT 1; INSERT INTO cards(title) VALUES('a') ON CONFLICT(title) DO NOTHING; SELECT 2");
        }
        else
        {
            assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, sql, -1, &stmt, &tail), SQLITE_OK);
            assert_string_equal(tail, " SELECT 1");
            sqlite3_finalize(stmt);
        }
        app_close(&a);
    }
}

/* It can't be told which one it was: not cured, not repeated. */
static void not_certain(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    app_do(&a, "CREATE TABLE notes(x)");
    app_fails(&a, "INSERT INTO notes VALUES(1); INSERT INTO log VALUES('a'); DROP TABLE notes; INSERT INTO notes VALUES(2)",
              "no such table: notes");
    assert_string_equal(app_see(&a, "SELECT what FROM log"), "a\n");
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

static void rows_of_a_table_are_kept(void **state)
{
    (void)state;
    sqlite_app a;
    char **table = NULL, *message = NULL;
    int rows = 0, columns = 0;
    open_cards(&a);
    const char *told = "INSERT INTO log VALUES('a'); SELECT 1; SELECT count(*) FROM notes";
    assert_int_equal(amend_sqlite3_get_table(a.handle, a.db, told, &table, &rows, &columns, &message), SQLITE_ERROR);
    assert_string_equal(message, "no such table: notes");
    sqlite3_free(message);
    const char *quiet = "INSERT INTO log VALUES('a'); SELECT count(*) AS n FROM notes";
    assert_int_equal(amend_sqlite3_get_table(a.handle, a.db, quiet, &table, &rows, &columns, NULL), SQLITE_OK);
    assert_int_equal(rows, 1);
    assert_string_equal(table[0], "n");
    assert_string_equal(table[1], "0");
    sqlite3_free_table(table);
    assert_string_equal(app_see(&a, "SELECT what FROM log"), "a\na\n");
    app_close(&a);
}

static void refuse(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    sqlite3_result_error(context, (const char *)sqlite3_value_text(values[0]), -1);
}

/* Words like those of something missing that come from running, perhaps in the middle of rows: never run again. */
static void errors_of_running(void **state)
{
    (void)state;
    sqlite_app a;
    char rows[100] = "", *message = NULL;
    sqlite3_stmt *stmt = NULL;
    open_cards(&a);
    app_do(&a, "INSERT INTO log VALUES('no'), ('no such table: notes')");
    sqlite3_create_function(a.db, "refuse", 1, SQLITE_UTF8, NULL, refuse, NULL, NULL);
    const char *sql = "SELECT CASE what WHEN 'no' THEN what ELSE refuse(what) END FROM log";
    assert_int_equal(amend_sqlite3_exec(a.handle, a.db, sql, count_rows, rows, &message), SQLITE_ERROR);
    assert_string_equal(rows, "no ");
    assert_string_equal(message, "no such table: notes");
    assert_string_equal(sqlite3_errmsg(a.db), "no such table: notes");
    sqlite3_free(message);
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(amend_sqlite3_step(a.handle, stmt), SQLITE_ROW);
    assert_int_equal(amend_sqlite3_step(a.handle, stmt), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(a.db), "no such table: notes");
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(a.db), "no such table: notes");
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

/* ------------------------------------------------------------------------------------------------- what outlives a cure */

static void statements_outlive_a_cure(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *insert = NULL, *select = NULL;
    open_cards(&a);
    app_do(&a, "INSERT INTO cards(title) VALUES('one'), ('two'), ('three')");
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, "INSERT INTO cards(title) VALUES(?)", -1, &insert, NULL),
                     SQLITE_OK);
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, "SELECT * FROM cards", -1, &select, NULL), SQLITE_OK);
    sqlite3_bind_text(insert, 1, "bound", -1, SQLITE_STATIC);
    assert_int_equal(amend_sqlite3_step(a.handle, select), SQLITE_ROW); /* open across the cure */
    app_heals(&a, "UPDATE cards SET color = 'blue' WHERE title = 'two'");
    for (int i = 0; i < 2; i++)
    {
        assert_int_equal(amend_sqlite3_step(a.handle, insert), SQLITE_DONE);
        sqlite3_reset(insert);
    }
    int seen = 1;
    while (amend_sqlite3_step(a.handle, select) == SQLITE_ROW)
    {
        seen++;
    }
    assert_true(seen >= 3);
    sqlite3_reset(select);
    assert_int_equal(amend_sqlite3_step(a.handle, select), SQLITE_ROW);
    assert_int_equal(sqlite3_column_count(select), 3);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    assert_string_equal(app_see(&a, "SELECT title, color FROM cards"), "one|red\ntwo|blue\nthree|red\nbound|red\nbound|red\n");
    app_close(&a);
}

/* Bindings stay over the cure of the statement's own step. */
static void bindings_stay(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *stmt = NULL;
    open_cards(&a);
    app_file(&a, "002_color.down.sql", "ALTER TABLE cards DROP COLUMN color");
    app_up(&a, "002");
    assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, "INSERT INTO cards(title, color) VALUES(?, ?)", -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(stmt, 1, "bound", -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, "green", -1, SQLITE_STATIC);
    app_down(&a, "001");
    assert_int_equal(amend_sqlite3_step(a.handle, stmt), SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    assert_string_equal(app_see(&a, "SELECT title, color FROM cards"), "bound|green\n");
    app_close(&a);
}

static void the_connection_is_as_it_was(void **state)
{
    (void)state;
    sqlite_app a;
    int keys = 0;
    make_cards(&a);
    app_file(&a, "003_notes.sql",
             "PRAGMA foreign_keys = OFF; CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);"
             "INSERT INTO notes VALUES(50, 'x');");
    app_up(&a, "001");
    app_open(&a);
    app_do(&a, "PRAGMA foreign_keys = ON; INSERT INTO cards VALUES(77, 'x')");
    app_heals(&a, "SELECT * FROM notes");
    assert_int_equal(sqlite3_last_insert_rowid(a.db), 77);
    sqlite3_db_config(a.db, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &keys);
    assert_int_equal(keys, 1);
    assert_int_equal(sqlite3_exec(a.db, "INSERT INTO cards(id) VALUES(77)", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    app_close(&a);
}

static void in_memory(void **state)
{
    (void)state;
    sqlite_app a;
    make_cards(&a);
    app_open_memory(&a);
    app_heals(&a, "INSERT INTO notes(body) VALUES('x')");
    app_heals(&a, "BEGIN; INSERT INTO cards(title, color) VALUES('a', 'b'); COMMIT");
    assert_string_equal(app_query(&a, "SELECT group_concat(version) FROM _migrations"), "001,002,003\n");
    assert_string_equal(app_query(&a, "SELECT body, color FROM notes, cards"), "x|b\n");
    app_close(&a);
}

static void blobs(void **state)
{
    (void)state;
    static const char *const columns[] = {"body", "color"}, *const tables[] = {"notes", "cards"};
    for (int i = 0; i < 2; i++)
    {
        sqlite_app a;
        sqlite3_blob *blob = NULL;
        make_cards(&a);
        app_file(&a, "002_color.sql", "ALTER TABLE cards ADD COLUMN color; UPDATE cards SET color = 'red';");
        app_file(&a, "003_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, body); INSERT INTO notes VALUES(1, 'x');");
        app_up(&a, "001");
        app_open(&a);
        app_do(&a, "INSERT INTO cards VALUES(1, 't')");
        int code = amend_sqlite3_blob_open(a.handle, a.db, "main", tables[i], columns[i], 1, 0, &blob);
        if (code != SQLITE_OK)
        {
            fail_msg("%s: %s; %s", columns[i], sqlite3_errmsg(a.db), a.message);
        }
        assert_int_equal(sqlite3_blob_bytes(blob), i == 0 ? 1 : 3);
        sqlite3_blob_close(blob);
        assert_int_equal(amend_sqlite3_blob_open(a.handle, a.db, "main", "nowhere", "c", 1, 0, &blob), SQLITE_ERROR);
        assert_string_equal(sqlite3_errmsg(a.db), "no such table: main.nowhere");
        app_close(&a);
    }
}

/* -------------------------------------------------------------------------------------------------------- not cured */

/* Every call, in and out of a transaction, ends as SQLite's own would. */
static void expect_own_error(sqlite_app *a, const char *sql, const char *message)
{
    for (int i = 0; i < 2; i++)
    {
        char **table, *words = NULL;
        int rows, columns;
        sqlite3_stmt *stmt = (sqlite3_stmt *)a;
        app_do(a, i == 0 ? "DELETE FROM log" : "BEGIN; INSERT INTO log VALUES('kept')");
        app_fails(a, sql, message);
        assert_int_equal(amend_sqlite3_prepare_v2(a->handle, a->db, sql, -1, &stmt, NULL), SQLITE_ERROR);
        assert_null(stmt);
        assert_string_equal(sqlite3_errmsg(a->db), message);
        assert_int_equal(amend_sqlite3_get_table(a->handle, a->db, sql, &table, &rows, &columns, &words), SQLITE_ERROR);
        assert_string_equal(words, message);
        sqlite3_free(words);
        assert_string_equal(sqlite3_errmsg(a->db), message);
        app_do(a, i == 0 ? "" : "COMMIT");
        assert_string_equal(app_see(a, "SELECT count(*) FROM log"), i == 0 ? "0\n" : "1\n");
    }
}

static void nobody_provides_it(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    expect_own_error(&a, "SELECT * FROM nowhere", "no such table: nowhere");
    expect_own_error(&a, "INSERT INTO cards(nope) VALUES(1)", "table cards has no column named nope");
    app_fails(&a, "SELECT nonsense(", "incomplete input");
    assert_int_equal(amend_sqlite3_exec(a.handle, a.db, "INSERT INTO cards VALUES(1, 'a'), (1, 'b')", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

static void no_handle(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_blob *blob;
    sqlite3_stmt *stmt = NULL;
    open_cards(&a);
    amend *handle = a.handle;
    a.handle = NULL;
    expect_own_error(&a, "SELECT * FROM notes", "no such table: notes");
    assert_int_equal(amend_sqlite3_blob_open(NULL, a.db, "main", "notes", "c", 1, 0, &blob), SQLITE_ERROR);
    assert_int_equal(amend_sqlite3_prepare_v2(NULL, a.db, "SELECT * FROM cards", -1, &stmt, NULL), SQLITE_OK);
    app_do_elsewhere(&a, "DROP TABLE cards");
    assert_int_equal(amend_sqlite3_step(NULL, stmt), SQLITE_ERROR);
    assert_int_equal(amend_sqlite3_step(handle, NULL), SQLITE_MISUSE);
    sqlite3_finalize(stmt);
    a.handle = handle;
    app_close(&a);
}

/* A statement of the old prepare is not prepared anew: its error says nothing of what is missing. */
static void the_old_prepare(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *stmt = NULL;
    open_cards(&a);
    assert_int_equal(amend_sqlite3_prepare(a.handle, a.db, "SELECT * FROM log", -1, &stmt, NULL), SQLITE_OK);
    app_do_elsewhere(&a, "DROP TABLE log");
    assert_int_equal(amend_sqlite3_step(a.handle, stmt), SQLITE_ERROR);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_SCHEMA);
    app_close(&a);
}

static void policies(void **state)
{
    (void)state;
    static const struct
    {
        amend_heal_policy policy;
        amend_event_type event;
    } rows[] = {{AMEND_HEAL_OFF, AMEND_EVENT_TYPES},
                {AMEND_HEAL_REPORT, AMEND_EVENT_HEAL_REPORTED},
                {AMEND_HEAL_ADDITIVE, AMEND_EVENT_HEAL_REFUSED}};
    for (size_t i = 0; i < 3; i++)
    {
        sqlite_app a;
        make_cards(&a);
        app_file(&a, "003_notes.sql", "CREATE TABLE notes(x); DROP TABLE cards;");
        a.options.heal = rows[i].policy;
        app_up(&a, "001");
        app_open(&a);
        expect_own_error(&a, "SELECT * FROM notes", "no such table: notes");
        assert_true(rows[i].event == AMEND_EVENT_TYPES ? a.message[0] == '\0' : a.told[rows[i].event] > 0);
        if (rows[i].policy == AMEND_HEAL_ADDITIVE)
        {
            assert_non_null(strstr(a.message, "003_notes.sql"));
        }
        assert_string_equal(app_history(&a), "001\n");
        app_close(&a);
    }
}

/* 002 adds, so that it is applied though 003 may not be. */
static void additive_is_the_default(void **state)
{
    (void)state;
    sqlite_app a;
    make_cards(&a);
    app_file(&a, "003_notes.sql", "CREATE TABLE notes(x); DROP TABLE log;");
    a.options.heal = AMEND_HEAL_ADDITIVE;
    app_up(&a, "001");
    app_open(&a);
    app_heals(&a, "INSERT INTO cards(title, color) VALUES('a', 'b')");
    assert_string_equal(app_history(&a), "001 002\n");
    app_close(&a);
}

static void a_broken_migration(void **state)
{
    (void)state;
    static const char *const texts[] = {"CREATE TABLE notes(x); INSERT INTO nowhere VALUES(1);",
                                        "CREATE TABLE notes(x); SELECTED nonsense;"};
    for (size_t i = 0; i < 2; i++)
    {
        sqlite_app a;
        make_cards(&a);
        app_file(&a, "003_notes.sql", texts[i]);
        app_up(&a, "001");
        app_open(&a);
        expect_own_error(&a, "INSERT INTO notes VALUES(1)", "no such table: notes");
        assert_int_equal(a.told[AMEND_EVENT_MIGRATION_FAILED], 1); /* once, and then not until the cool-down is over */
        assert_string_equal(app_see(&a, "SELECT count(*) FROM sqlite_master WHERE name = 'notes'"), "0\n");
        app_close(&a);
    }
}

static void a_missing_directory(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    amend_close(a.handle);
    a.options.files = NULL;
    a.options.file_count = 0;
    a.options.dir = "/no/such/place";
    assert_int_equal(amend_open(&a.options, &a.handle, NULL), AMEND_OK);
    expect_own_error(&a, "SELECT * FROM notes", "no such table: notes");
    app_close(&a);
}

static void applied_and_missing(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    app_up(&a, "003");
    app_do_elsewhere(&a, "DROP TABLE notes");
    app_heals(&a, "SELECT 1");
    expect_own_error(&a, "SELECT * FROM notes", "no such table: notes");
    /* At first it may be that another runner has just applied it. */
    for (int i = 0; i < 500 && a.told[AMEND_EVENT_HEAL_DRIFT] == 0; i++)
    {
        app_fails(&a, "SELECT * FROM notes", "no such table: notes");
        usleep(20000);
    }
    assert_int_equal(a.told[AMEND_EVENT_HEAL_DRIFT], 1);
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    assert_int_equal(a.told[AMEND_EVENT_HEAL_DRIFT], 1);
    assert_string_equal(app_history(&a), "001 002 003\n");
    app_close(&a);
}

static void read_only(void **state)
{
    (void)state;
    sqlite_app a;
    open_cards(&a);
    sqlite3_close(a.db);
    assert_int_equal(sqlite3_open_v2(a.path, &a.db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    app_do(&a, "BEGIN; SELECT * FROM cards");
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    app_do(&a, "COMMIT");
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

static int deny(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)a, (void)b, (void)c, (void)d;
    (*(int *)arg)++;
    return action == SQLITE_CREATE_TABLE || action == SQLITE_SAVEPOINT ? SQLITE_DENY : SQLITE_OK;
}

static void an_authorizer_that_denies(void **state)
{
    (void)state;
    sqlite_app a;
    int asked = 0;
    open_cards(&a);
    sqlite3_set_authorizer(a.db, deny, &asked);
    expect_own_error(&a, "INSERT INTO notes(body) VALUES(1)", "no such table: notes");
    int before = asked;
    app_do(&a, "SELECT * FROM cards"); /* it is still the application's */
    assert_true(before > 0 && asked > before);
    sqlite3_set_authorizer(a.db, NULL, NULL);
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

/* What SQLite asks while it prepares is the moment in which somebody else changes the schema, as often as `left` says. */
typedef struct meddler
{
    const sqlite_app *app;
    unsigned left, made;
} meddler;

static int meddle(void *arg, int action, const char *table, const char *b, const char *c, const char *d)
{
    meddler *m = arg;
    char sql[64];
    (void)b, (void)c, (void)d;
    if (action == SQLITE_INSERT && strcmp(table, "cards") == 0 && m->left > 0)
    {
        m->left--;
        snprintf(sql, sizeof sql, "CREATE TABLE made_%u(x)", m->made++);
        app_do_elsewhere(m->app, sql);
    }
    return SQLITE_OK;
}

/* SQLite tries once more when the schema changed under it; changed again, the result is SQLITE_SCHEMA with the same words. */
static void a_schema_that_changes_all_the_time(void **state)
{
    (void)state;
    static const char insert[] = "INSERT INTO cards(title, color) VALUES('t', 'blue')";
    for (int how = 0; how < 3; how++)
    {
        sqlite_app a;
        sqlite3_stmt *stmt = NULL;
        open_cards(&a);
        meddler m = {.app = &a, .left = 2};
        sqlite3_set_authorizer(a.db, meddle, &m);
        assert_int_equal(sqlite3_prepare_v2(a.db, insert, -1, &stmt, NULL), SQLITE_SCHEMA);
        m.left = 2;
        if (how == 0)
        {
            app_heals(&a, insert);
        }
        else if (how == 1)
        {
            app_heals(&a, "INSERT INTO log VALUES('a'); INSERT INTO cards(title, color) VALUES('t', 'blue'); SELECT 1");
        }
        else
        {
            assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, insert, -1, &stmt, NULL), SQLITE_OK);
            assert_int_equal(amend_sqlite3_step(a.handle, stmt), SQLITE_DONE);
            sqlite3_finalize(stmt);
        }
        assert_int_equal(m.left, 0);
        sqlite3_set_authorizer(a.db, NULL, NULL);
        assert_string_equal(app_see(&a, "SELECT title, color FROM cards"), "t|blue\n");
        assert_string_equal(app_see(&a, "SELECT count(*) FROM log"), how == 1 ? "1\n" : "0\n");
        app_close(&a);
    }
}

/* Somebody writes for longer than we wait. */
static void the_lock_is_elsewhere(void **state)
{
    (void)state;
    sqlite_app a;
    make_cards(&a);
    a.options.heal_wait_ms = 60;
    app_up(&a, "001");
    app_open(&a);
    sqlite3 *other = app_connect(&a);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    app_do(&a, "BEGIN");
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    app_do(&a, "COMMIT");
    sqlite3_close(other);                 /* rolls back */
    app_heals(&a, "SELECT * FROM notes"); /* that it was busy is not held against it */
    app_close(&a);
}

/* A runner holds the row of the lock, as when it works outside a transaction. */
static void a_runner_is_at_work(void **state)
{
    (void)state;
    sqlite_app a;
    make_cards(&a);
    a.options.heal_wait_ms = 60;
    app_up(&a, "001");
    app_open(&a);
    app_do_elsewhere(&a, "UPDATE _migrations_lock SET holder = 'x', host = 'there', pid = 1, "
                         "since = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')");
    expect_own_error(&a, "SELECT * FROM notes", "no such table: notes");
    app_do_elsewhere(&a, "UPDATE _migrations_lock SET holder = NULL");
    app_heals(&a, "SELECT * FROM notes");
    app_close(&a);
}

/* The nth allocation of the cure fails: the call heals all the same, or ends as SQLite's own. True: there was no nth. */
static bool short_of_memory(size_t n, int how)
{
    sqlite_app a;
    faulty_alloc f;
    char **table = NULL;
    int rows, columns, code;
    sqlite3_blob *blob = NULL;
    make_cards(&a);
    app_file(&a, "003_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO notes VALUES(1, 'x');");
    app_up(&a, "001");
    a.options.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
    app_open(&a);
    f.fail_at = f.calls + n;
    switch (how)
    {
    case 0:
        code = amend_sqlite3_exec(a.handle, a.db, "INSERT INTO notes(body) VALUES('x')", NULL, NULL, NULL);
        break;
    case 1:
        code = amend_sqlite3_get_table(a.handle, a.db, "SELECT * FROM notes", &table, &rows, &columns, NULL);
        break;
    default:
        code = amend_sqlite3_blob_open(a.handle, a.db, "main", "notes", "body", 1, 0, &blob);
    }
    assert_true(code == SQLITE_OK || (f.failures > 0 && strncmp(sqlite3_errmsg(a.db), "no such table: ", 15) == 0));
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    size_t failures = f.failures;
    const char *there = app_see(&a, "SELECT count(*) FROM sqlite_master WHERE name = 'notes'");
    assert_string_equal(there, code == SQLITE_OK ? "1\n" : "0\n");
    sqlite3_free_table(table);
    sqlite3_blob_close(blob);
    app_close(&a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    return failures == 0;
}

static void short_memory(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++)
    {
        size_t n = 1;
        while (!short_of_memory(n, how))
        {
            n++;
        }
        assert_true(n > 10);
    }
}

int main(void)
{
    if (access("/dev/shm", W_OK) == 0)
    {
        setenv("TMPDIR", "/dev/shm", 0); /* hundreds of databases: they need not wait for the disk */
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_statements),
        cmocka_unit_test(a_transaction_in_one_text),
        cmocka_unit_test(a_text_with_a_length),
        cmocka_unit_test(conflict_in_a_script),
        cmocka_unit_test(not_certain),
        cmocka_unit_test(rows_of_a_table_are_kept),
        cmocka_unit_test(errors_of_running),
        cmocka_unit_test(statements_outlive_a_cure),
        cmocka_unit_test(bindings_stay),
        cmocka_unit_test(the_connection_is_as_it_was),
        cmocka_unit_test(in_memory),
        cmocka_unit_test(blobs),
        cmocka_unit_test(nobody_provides_it),
        cmocka_unit_test(no_handle),
        cmocka_unit_test(the_old_prepare),
        cmocka_unit_test(policies),
        cmocka_unit_test(additive_is_the_default),
        cmocka_unit_test(a_broken_migration),
        cmocka_unit_test(a_missing_directory),
        cmocka_unit_test(applied_and_missing),
        cmocka_unit_test(read_only),
        cmocka_unit_test(an_authorizer_that_denies),
        cmocka_unit_test(a_schema_that_changes_all_the_time),
        cmocka_unit_test(the_lock_is_elsewhere),
        cmocka_unit_test(a_runner_is_at_work),
        cmocka_unit_test(short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
