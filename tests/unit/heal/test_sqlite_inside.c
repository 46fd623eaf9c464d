/* SPDX-License-Identifier: MIT */
/* What an application has open while a call is cured: savepoints, queries in the middle of their rows, other threads. */
#include "heal/sqlite_app.h"
#include "support/testing.h"

#include <pthread.h>
#include <string.h>

static const char base[] = "CREATE TABLE cards(id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE log(what);"
                           "INSERT INTO cards(title) VALUES('one'), ('two'), ('three');";
static const char notes[] = "CREATE TABLE notes(body);";
static const char broken[] = "CREATE TABLE notes(body); INSERT INTO nowhere VALUES(1);";

static void open_app(sqlite_app *a, const char *second)
{
    app_make(a);
    app_file(a, "001_base.sql", base);
    app_file(a, "002_second.sql", second);
    app_up(a, "001");
    app_open(a);
}

/* The caller's own savepoints, older and newer than the cure, work as if it had been one of the caller's statements. */
static void savepoints(void **state)
{
    (void)state;
    sqlite_app a;
    open_app(&a, notes);
    app_do(&a, "BEGIN; INSERT INTO log VALUES('a'); SAVEPOINT amend_cure; INSERT INTO log VALUES('b')"); /* the name is free */
    app_heals(&a, "INSERT INTO notes VALUES('gone')");
    app_do(&a, "ROLLBACK TO amend_cure");
    app_fails(&a, "SELECT * FROM nowhere", "no such table: nowhere");
    app_heals(&a, "INSERT INTO notes VALUES('kept')");
    app_do(&a, "SAVEPOINT later; INSERT INTO notes VALUES('gone'); ROLLBACK TO later; RELEASE amend_cure; COMMIT");
    assert_string_equal(app_see(&a, "SELECT what, body FROM log, notes"), "a|kept\n");
    assert_string_equal(app_history(&a), "001 002\n");
    assert_string_equal(app_see(&a, "SELECT count(*) FROM _migration_events WHERE version = '002'"), "1\n");
    app_close(&a);
}

/* Rows that are being read go on after a cure, in a transaction and out of one. */
static void open_queries_go_on(void **state)
{
    (void)state;
    static const char *const begins[] = {"", "BEGIN", "BEGIN IMMEDIATE"};
    for (size_t i = 0; i < 3; i++)
    {
        sqlite_app a;
        sqlite3_stmt *rows = NULL;
        int seen = 0;
        open_app(&a, notes);
        app_do(&a, begins[i]);
        assert_int_equal(amend_sqlite3_prepare_v2(a.handle, a.db, "SELECT title FROM cards", -1, &rows, NULL), SQLITE_OK);
        while (amend_sqlite3_step(a.handle, rows) == SQLITE_ROW)
        {
            seen++;
            app_heals(&a, "INSERT INTO notes VALUES('each')");
        }
        assert_int_equal(seen, 3);
        assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
        app_do(&a, i == 0 ? "" : "COMMIT");
        assert_string_equal(app_see(&a, "SELECT count(*) FROM notes"), "3\n");
        app_close(&a);
    }
}

/* One that holds an old snapshot keeps the connection from writing: known at once, not after a wait, and not held against it.
 */
static void an_open_query_with_an_old_snapshot(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *rows = NULL;
    sqlite3_blob *blob = NULL;
    app_make(&a);
    a.options.heal_wait_ms = 3600000;
    app_file(&a, "001_base.sql", base);
    app_file(&a, "002_second.sql", "CREATE TABLE notes(body); INSERT INTO notes VALUES('x');");
    app_up(&a, "001");
    app_open(&a);
    app_do(&a, "PRAGMA journal_mode = WAL");
    assert_int_equal(sqlite3_prepare_v2(a.db, "SELECT title FROM cards", -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    app_fails(&a, "SELECT * FROM nowhere", "no such table: nowhere");
    app_do_elsewhere(&a, "INSERT INTO log VALUES('other')");
    app_fails(&a, "INSERT INTO notes VALUES('x')", "no such table: notes");
    assert_int_equal(amend_sqlite3_blob_open(a.handle, a.db, "main", "notes", "body", 1, 0, &blob), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(a.db), "no such table: main.notes");
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    sqlite3_finalize(rows);
    assert_int_equal(amend_sqlite3_blob_open(a.handle, a.db, "main", "notes", "body", 1, 0, &blob), SQLITE_OK);
    sqlite3_blob_close(blob);
    app_close(&a);
}

/* A cure that fails after it changed the schema ends them, with SQLite's own code, and nothing else is lost. */
static void open_queries_end_with_a_failed_cure(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *rows = NULL;
    open_app(&a, broken);
    app_do(&a, "BEGIN; INSERT INTO log VALUES('kept')");
    assert_int_equal(sqlite3_prepare_v2(a.db, "SELECT title FROM cards", -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    app_fails(&a, "INSERT INTO notes VALUES('x')", "no such table: notes");
    int code = sqlite3_step(rows);
    assert_true(code == SQLITE_ROW || code == SQLITE_ABORT);
    sqlite3_finalize(rows);
    app_do(&a, "COMMIT");
    assert_string_equal(app_see(&a, "SELECT * FROM log"), "kept\n");
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

/* A query of another connection in the middle of its rows does not keep a cure from committing for ever. */
static void a_reader_elsewhere(void **state)
{
    (void)state;
    sqlite_app a;
    sqlite3_stmt *rows = NULL;
    app_make(&a);
    a.options.heal_wait_ms = 50;
    app_file(&a, "001_base.sql", base);
    app_file(&a, "002_second.sql", notes);
    app_up(&a, "001");
    app_open(&a);
    sqlite3 *other = app_connect(&a);
    assert_int_equal(sqlite3_prepare_v2(other, "SELECT title FROM cards", -1, &rows, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    assert_string_equal(app_history(&a), "001\n");
    sqlite3_finalize(rows);
    sqlite3_close(other);
    app_close(&a);
}

/* A full disk in the cure costs the application its whole transaction, as it would in a statement of its own. */
static void a_full_disk(void **state)
{
    (void)state;
    sqlite_app a;
    open_app(&a, "CREATE TABLE notes(body); INSERT INTO notes VALUES(zeroblob(10000000));");
    app_do(&a, "PRAGMA max_page_count = 60; BEGIN; INSERT INTO log VALUES('gone')");
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    assert_string_equal(app_see(&a, "SELECT count(*) FROM log"), "0\n");
    assert_string_equal(app_history(&a), "001\n");
    app_close(&a);
}

/* Somebody else applied it between the failure and our looking: no cure is needed, and it is run again. */
static void cured_by_others_meanwhile(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
    {
        static const char *const sql[] = {"INSERT INTO notes VALUES('x')", "INSERT INTO notes VALUES('x'); SELECT 1",
                                          "SELECT 1; SELECT * FROM notes", "SELECT * FROM notes"};
        sqlite_app a;
        char **table = NULL;
        int rows = 0, columns = 0;
        sqlite3_stmt *stmt = NULL;
        open_app(&a, notes);
        app_file(&a, "002_second.down.sql", "DROP TABLE notes");
        if (i == 3)
        {
            app_up(&a, "002");
            assert_int_equal(sqlite3_prepare_v2(a.db, sql[i], -1, &stmt, NULL), SQLITE_OK);
            app_down(&a, "001");
        }
        int code = i == 3 ? sqlite3_step(stmt) : sqlite3_exec(a.db, sql[i], NULL, NULL, NULL);
        assert_int_equal(code, SQLITE_ERROR);
        app_up(&a, "002");
        code = i == 3   ? amend_sqlite3_step_failed(a.handle, stmt, code)
               : i == 2 ? amend_sqlite3_get_table_failed(a.handle, a.db, sql[i], &table, &rows, &columns, NULL, code)
                        : amend_sqlite3_exec_failed(a.handle, a.db, sql[i], NULL, NULL, NULL, code);
        assert_int_equal(code, i == 3 ? SQLITE_DONE : i == 2 ? SQLITE_ERROR : SQLITE_OK); /* 2: a row had been given */
        sqlite3_finalize(stmt);
        assert_string_equal(app_see(&a, "SELECT count(*) FROM notes"), i < 2 ? "1\n" : "0\n");
        assert_string_equal(a.message, "");
        app_close(&a);
    }
}

typedef struct other_thread
{
    sqlite_app *app;
    pthread_barrier_t met;
    int code;
} other_thread;

static void *cure_outside(void *arg)
{
    other_thread *t = arg;
    sqlite3 *db = app_connect(t->app);
    sqlite3_busy_timeout(db, 60000);
    pthread_barrier_wait(&t->met);
    t->code = amend_sqlite3_exec(t->app->handle, db, "INSERT INTO notes VALUES('outside')", NULL, NULL, NULL);
    sqlite3_close(db);
    return NULL;
}

/* One thread has the write lock and cures inside its transaction, another cures outside and waits for that lock. */
static void inside_and_outside_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
    {
        sqlite_app a;
        other_thread t = {.app = &a};
        pthread_t thread;
        app_make(&a);
        a.options.on_event = NULL;
        a.options.heal_wait_ms = 60000;
        app_file(&a, "001_base.sql", base);
        app_file(&a, "002_second.sql", notes);
        app_up(&a, "001");
        app_open(&a);
        sqlite3_busy_timeout(a.db, 60000);
        app_do(&a, "BEGIN IMMEDIATE; INSERT INTO log VALUES('a')");
        pthread_barrier_init(&t.met, NULL, 2);
        assert_int_equal(pthread_create(&thread, NULL, cure_outside, &t), 0);
        pthread_barrier_wait(&t.met);
        app_heals(&a, "INSERT INTO notes VALUES('inside')");
        app_do(&a, i % 2 == 0 ? "COMMIT" : "ROLLBACK");
        pthread_join(thread, NULL);
        pthread_barrier_destroy(&t.met);
        assert_int_equal(t.code, SQLITE_OK);
        assert_string_equal(app_see(&a, "SELECT group_concat(body, ' ') FROM (SELECT body FROM notes ORDER BY body)"),
                            i % 2 == 0 ? "inside outside\n" : "outside\n");
        assert_string_equal(app_see(&a, "SELECT count(*) FROM _migration_events WHERE version = '002'"), "1\n");
        app_close(&a);
    }
}

/* Calls of the same thread are not healed while a cure runs: an event callback that queries gets its error. */
typedef struct nosy
{
    sqlite_app app;
    sqlite3 *other;
    unsigned asked;
} nosy;

static void ask(void *arg, const amend_event *event)
{
    nosy *n = arg;
    if (event->type == AMEND_EVENT_MIGRATION_STARTED)
    {
        n->asked++;
        assert_int_equal(amend_sqlite3_exec(n->app.handle, n->other, "SELECT * FROM notes", NULL, NULL, NULL), SQLITE_ERROR);
        assert_string_equal(sqlite3_errmsg(n->other), "no such table: notes");
    }
}

static void never_recursive(void **state)
{
    (void)state;
    nosy n = {.asked = 0};
    app_make(&n.app);
    n.app.options.on_event = ask;
    n.app.options.on_event_arg = &n;
    app_file(&n.app, "001_base.sql", base);
    app_file(&n.app, "002_second.sql", notes);
    app_up(&n.app, "001");
    app_open(&n.app);
    n.other = app_connect(&n.app);
    app_heals(&n.app, "SELECT * FROM notes");
    assert_int_equal(n.asked, 1);
    sqlite3_close(n.other);
    app_close(&n.app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(savepoints),
        cmocka_unit_test(open_queries_go_on),
        cmocka_unit_test(an_open_query_with_an_old_snapshot),
        cmocka_unit_test(open_queries_end_with_a_failed_cure),
        cmocka_unit_test(a_reader_elsewhere),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(cured_by_others_meanwhile),
        cmocka_unit_test(inside_and_outside_at_once),
        cmocka_unit_test(never_recursive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
