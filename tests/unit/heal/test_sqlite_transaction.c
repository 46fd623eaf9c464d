/* SPDX-License-Identifier: MIT */
/* Transactions as functions: committed, rolled back, healed inside, and run again where they can't be healed inside. */
#include "heal/sqlite_app.h"
#include "support/testing.h"

#include <string.h>

static const char base[] = "CREATE TABLE cards(id INTEGER PRIMARY KEY, title TEXT); CREATE TABLE log(what);";

typedef struct work
{
    sqlite_app *app;
    const char *sql[6];    /* in this order, through the wrapper */
    const char *elsewhere; /* somebody else runs this in the middle of the first call, behind sql[0] */
    amend_status answer;   /* in place of AMEND_OK */
    unsigned calls;
} work;

static amend_status do_work(void *arg, sqlite3 *db)
{
    work *w = arg;
    w->calls++;
    assert_int_equal(sqlite3_get_autocommit(db), 0);
    for (size_t i = 0; i < 6 && w->sql[i] != NULL; i++)
    {
        if (i == 1 && w->elsewhere != NULL && w->calls == 1)
        {
            app_do_elsewhere(w->app, w->elsewhere);
        }
        if (amend_sqlite3_exec(w->app->handle, db, w->sql[i], NULL, NULL, NULL) != SQLITE_OK)
        {
            return AMEND_FAILED;
        }
    }
    return w->answer;
}

static void open_wal(sqlite_app *a, const char *second)
{
    app_make(a);
    app_file(a, "001_base.sql", base);
    app_file(a, "002_second.sql", second);
    app_up(a, "001");
    app_open(a);
    app_do(a, "PRAGMA journal_mode = WAL");
}

static const char notes[] = "CREATE TABLE notes(body);";

static void healed_inside(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= AMEND_SQLITE_DEFERRED; flags++)
    {
        sqlite_app a;
        open_wal(&a, notes);
        work w = {.app = &a, .sql = {"INSERT INTO log VALUES('a')", "INSERT INTO notes VALUES('n')"}};
        assert_int_equal(amend_sqlite_transaction(a.handle, a.db, flags, do_work, &w, NULL), AMEND_OK);
        assert_int_equal(w.calls, 1);
        assert_string_equal(app_see(&a, "SELECT what, body FROM log, notes"), "a|n\n");
        assert_string_equal(app_history(&a), "001 002\n");
        app_close(&a);
    }
}

static void given_up(void **state)
{
    (void)state;
    sqlite_app a;
    amend_error error = {0};
    open_wal(&a, notes);
    work w = {.app = &a, .sql = {"INSERT INTO log VALUES('a')", "INSERT INTO notes VALUES('n')"}, .answer = AMEND_REFUSED};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_REFUSED);
    assert_int_equal(error.status, AMEND_REFUSED);
    assert_string_equal(error.message, "the transaction's function gave up");
    assert_int_equal(w.calls, 1);
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    assert_string_equal(app_history(&a), "001\n"); /* the cure went with it */
    assert_string_equal(app_see(&a, "SELECT count(*) FROM log"), "0\n");
    w = (work){.app = &a, .sql = {"INSERT INTO log VALUES('a')", "INSERT INTO nowhere VALUES('n')"}};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_FAILED);
    assert_string_equal(error.message, "no such table: nowhere");
    assert_int_equal(error.native, SQLITE_ERROR);
    assert_int_equal(w.calls, 1);
    assert_string_equal(app_see(&a, "SELECT count(*) FROM log"), "0\n");
    app_close(&a);
}

/* The migration rebuilds a table, which can't be done inside: rolled back, cured, and called again from its start. */
static void run_again_for_a_rebuild(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, "PRAGMA foreign_keys = OFF; CREATE TABLE cards2(id INTEGER PRIMARY KEY, title TEXT, color TEXT DEFAULT 'red');"
                 "INSERT INTO cards2(id, title) SELECT id, title FROM cards; DROP TABLE cards;"
                 "ALTER TABLE cards2 RENAME TO cards;");
    work w = {.app = &a, .sql = {"INSERT INTO log VALUES('a')", "INSERT INTO cards(title, color) VALUES('t', 'blue')"}};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, NULL), AMEND_OK);
    assert_int_equal(w.calls, 2);
    assert_string_equal(app_see(&a, "SELECT what, title, color FROM log, cards"), "a|t|blue\n");
    assert_string_equal(app_history(&a), "001 002\n");
    app_close(&a);
}

/* Without the function the application gets its error, its transaction as it was; nothing waits. */
static void an_old_snapshot(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, notes);
    app_do(&a, "BEGIN; SELECT * FROM log");
    app_do_elsewhere(&a, "INSERT INTO log VALUES('other')");
    app_fails(&a, "SELECT * FROM notes", "no such table: notes");
    assert_string_equal(app_query(&a, "SELECT count(*) FROM log"), "0\n");
    app_do(&a, "COMMIT");
    app_heals(&a, "SELECT * FROM notes");
    app_close(&a);
}

static void run_again_for_an_old_snapshot(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, notes);
    work w = {.app = &a,
              .sql = {"SELECT * FROM log", "INSERT INTO notes VALUES('n')", "INSERT INTO log SELECT count(*) FROM log"},
              .elsewhere = "INSERT INTO log VALUES('other')"};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, AMEND_SQLITE_DEFERRED, do_work, &w, NULL), AMEND_OK);
    assert_int_equal(w.calls, 2);
    assert_string_equal(app_see(&a, "SELECT what FROM log"), "other\n1\n");
    assert_string_equal(app_see(&a, "SELECT * FROM notes"), "n\n");
    app_close(&a);
}

/* Somebody else applied it after our snapshot: only a new one has it. */
static void run_again_for_what_others_did(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, notes);
    app_do(&a, "BEGIN; SELECT * FROM log");
    sqlite3 *other = app_connect(&a);
    app_heals_on(&a, other, "INSERT INTO notes VALUES('other')");
    app_fails(&a, "INSERT INTO notes VALUES('n')", "no such table: notes"); /* the handle knows that it is done */
    app_do(&a, "ROLLBACK");
    sqlite3_close(other);
    app_heals(&a, "INSERT INTO notes VALUES('n')");
    app_close(&a);
}

static amend_status others_do_it(void *arg, sqlite3 *db)
{
    work *w = arg;
    if (sqlite3_exec(db, "SELECT * FROM log", NULL, NULL, NULL) != SQLITE_OK)
    {
        return AMEND_FAILED;
    }
    if (w->calls++ == 0)
    {
        sqlite3 *other = app_connect(w->app);
        app_heals_on(w->app, other, "INSERT INTO notes VALUES('other')");
        sqlite3_close(other);
    }
    int code = amend_sqlite3_exec(w->app->handle, db, "INSERT INTO notes VALUES('n')", NULL, NULL, NULL);
    return code == SQLITE_OK ? AMEND_OK : AMEND_FAILED;
}

static void the_function_sees_what_others_did(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, notes);
    work w = {.app = &a};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, AMEND_SQLITE_DEFERRED, others_do_it, &w, NULL), AMEND_OK);
    assert_int_equal(w.calls, 2);
    assert_string_equal(app_see(&a, "SELECT * FROM notes"), "other\nn\n");
    assert_string_equal(a.steps, "+002 ");
    app_close(&a);
}

static void cannot_begin_or_commit(void **state)
{
    (void)state;
    sqlite_app a;
    amend_error error = {0};
    open_wal(&a, notes);
    work w = {.app = &a, .sql = {"INSERT INTO log VALUES('a')"}};
    sqlite3 *other = app_connect(&a);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_BUSY);
    sqlite3_close(other);
    w.sql[0] = "COMMIT"; /* not the function's to say */
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_FAILED);
    assert_string_equal(error.message, "cannot commit - no transaction is active");
    w.sql[0] = "PRAGMA defer_foreign_keys = 1; CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p); "
               "INSERT INTO c VALUES(1)";
    app_do(&a, "PRAGMA foreign_keys = ON");
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_FAILED);
    assert_string_equal(error.message, "FOREIGN KEY constraint failed");
    assert_int_equal(sqlite3_get_autocommit(a.db), 1);
    assert_string_equal(app_see(&a, "SELECT count(*) FROM sqlite_master WHERE name = 'c'"), "0\n");
    app_close(&a);
}

static void wrong_arguments(void **state)
{
    (void)state;
    sqlite_app a;
    amend_error error = {0};
    open_wal(&a, notes);
    work w = {.app = &a, .sql = {"INSERT INTO log VALUES('a')"}};
    assert_int_equal(amend_sqlite_transaction(a.handle, NULL, 0, do_work, &w, &error), AMEND_USAGE);
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, NULL, &w, &error), AMEND_USAGE);
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 8, do_work, &w, &error), AMEND_USAGE);
    app_do(&a, "BEGIN");
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, 0, do_work, &w, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    app_do(&a, "COMMIT");
    assert_int_equal(w.calls, 0);
    assert_int_equal(amend_sqlite_transaction(NULL, a.db, 0, do_work, &w, &error), AMEND_OK); /* without healing */
    assert_string_equal(app_see(&a, "SELECT * FROM log"), "a\n");
    app_close(&a);
}

/* Two transactions on two connections of one handle, one in the other: each finds its own. */
static amend_status nest(void *arg, sqlite3 *db)
{
    work *w = arg;
    (void)db;
    sqlite3 *other = app_connect(w->app);
    work inner = {.app = w->app, .sql = {"INSERT INTO notes VALUES('inner')"}};
    amend_status status = amend_sqlite_transaction(w->app->handle, other, 0, do_work, &inner, NULL);
    sqlite3_close(other);
    return status;
}

static void one_in_the_other(void **state)
{
    (void)state;
    sqlite_app a;
    open_wal(&a, notes);
    work w = {.app = &a};
    assert_int_equal(amend_sqlite_transaction(a.handle, a.db, AMEND_SQLITE_DEFERRED, nest, &w, NULL), AMEND_OK);
    assert_string_equal(app_see(&a, "SELECT * FROM notes"), "inner\n");
    app_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(healed_inside),
        cmocka_unit_test(given_up),
        cmocka_unit_test(run_again_for_a_rebuild),
        cmocka_unit_test(an_old_snapshot),
        cmocka_unit_test(run_again_for_an_old_snapshot),
        cmocka_unit_test(run_again_for_what_others_did),
        cmocka_unit_test(the_function_sees_what_others_did),
        cmocka_unit_test(cannot_begin_or_commit),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(one_in_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
