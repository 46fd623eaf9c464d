/* SPDX-License-Identifier: MIT */
/*
 * Every kind of thing that SQLite misses, through every call that can miss it, prepared before and not, in and out of a
 * transaction: cured, and done exactly once.
 */
#include "heal/sqlite_app.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct kind
{
    const char *name;
    const char *sql;          /* misses what 002 makes */
    const char *message;      /* what SQLite says */
    const char *check, *once; /* a query, and its rows when sql has run once */
    const char *rows;         /* what sql itself gives */
} kind;

static const char base[] = "CREATE TABLE cards(id INTEGER PRIMARY KEY, title TEXT);"
                           "INSERT INTO cards VALUES(1, 'one');"
                           "CREATE TABLE marks(id INTEGER PRIMARY KEY, owner INTEGER REFERENCES owners(id));"
                           "CREATE TABLE seen(id INTEGER PRIMARY KEY, what);"
                           "CREATE TRIGGER seen_ai AFTER INSERT ON seen BEGIN INSERT INTO audit(what) VALUES(new.what); END;"
                           "CREATE TABLE tags(name TEXT, hits INTEGER DEFAULT 0);";
static const char added[] = "CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);"
                            "CREATE TABLE \"my \"\"odd\"\" tâble\"(x);"
                            "CREATE VIEW titles AS SELECT title FROM cards;"
                            "CREATE INDEX cards_title ON cards(title);"
                            "CREATE TRIGGER cards_ai AFTER INSERT ON cards BEGIN SELECT 1; END;"
                            "ALTER TABLE cards ADD COLUMN color TEXT DEFAULT 'red';"
                            "CREATE TABLE owners(id INTEGER PRIMARY KEY);"
                            "INSERT INTO owners VALUES(7);"
                            "CREATE TABLE audit(id INTEGER PRIMARY KEY, what);"
                            "CREATE UNIQUE INDEX tags_name ON tags(name);";
static const char removed[] =
    "DROP TABLE notes; DROP TABLE \"my \"\"odd\"\" tâble\"; DROP VIEW titles; DROP INDEX cards_title;"
    "DROP TRIGGER IF EXISTS cards_ai; ALTER TABLE cards DROP COLUMN color; DROP TABLE owners; DROP TABLE audit; DROP INDEX "
    "tags_name;";

static const kind kinds[] = {
    {"table", "INSERT INTO notes(body) VALUES('x')", "no such table: notes", "SELECT body FROM notes", "x\n", ""},
    {"schema.table", "INSERT INTO main.notes(body) VALUES('x')", "no such table: main.notes", "SELECT body FROM notes", "x\n",
     ""},
    {"odd table", "INSERT INTO \"my \"\"odd\"\" tâble\" VALUES(1)", "no such table: my \"odd\" tâble",
     "SELECT * FROM \"my \"\"odd\"\" tâble\"", "1\n", ""},
    {"table read", "SELECT count(*) FROM Notes", "no such table: Notes", "SELECT 1", "1\n", "0\n"},
    {"view", "SELECT title FROM titles", "no such table: titles", "SELECT 1", "1\n", "one\n"},
    {"index", "SELECT title FROM cards INDEXED BY cards_title WHERE title > ''", "no such index: cards_title", "SELECT 1",
     "1\n", "one\n"},
    {"trigger", "DROP TRIGGER cards_ai", "no such trigger: cards_ai",
     "SELECT count(*) FROM sqlite_master WHERE name = 'cards_ai'", "0\n", ""},
    {"column", "UPDATE cards SET title = title || '!' WHERE color = 'red'", "no such column: color", "SELECT title FROM cards",
     "one!\n", ""},
    {"qualified column", "UPDATE cards SET title = title || '!' WHERE cards.color = 'red'", "no such column: cards.color",
     "SELECT title FROM cards", "one!\n", ""},
    {"aliased column", "SELECT c.title, c.color FROM cards AS c", "no such column: c.color", "SELECT 1", "1\n", "one|red\n"},
    {"listed column", "INSERT INTO cards(title, color) VALUES('two', 'blue')", "table cards has no column named color",
     "SELECT title, color FROM cards WHERE id > 1", "two|blue\n", ""},
    {"number of values", "INSERT INTO cards VALUES(2, 'two', 'blue')", "table cards has 2 columns but 3 values were supplied",
     "SELECT title, color FROM cards WHERE id > 1", "two|blue\n", ""},
    {"foreign key", "INSERT INTO marks(owner) VALUES(7)", "no such table: main.owners", "SELECT owner FROM marks", "7\n", ""},
    {"trigger's table", "INSERT INTO seen(what) VALUES('x')", "no such table: main.audit",
     "SELECT (SELECT group_concat(what) FROM seen), (SELECT group_concat(what) FROM audit)", "x|x\n", ""},
    {"conflict", "INSERT INTO tags(name, hits) VALUES('a', 1) ON CONFLICT(name) DO UPDATE SET hits = hits + 1",
     "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint", "SELECT name, hits FROM tags", "a|1\n", ""},
};

typedef enum call
{
    CALL_EXEC,
    CALL_GET_TABLE,
    CALL_PREPARE,
    CALL_PREPARE_V2,
    CALL_PREPARE_V3,
    CALL_STEP, /* of a statement that was prepared while all was there */
    CALLS
} call;

static void open_app(sqlite_app *a)
{
    app_make(a);
    app_file(a, "001_base.sql", base);
    app_file(a, "001_base.down.sql", "");
    app_file(a, "002_added.sql", added);
    app_file(a, "002_added.down.sql", removed);
    app_open(a);
    app_do(a, "PRAGMA foreign_keys = ON");
}

static int gather(void *arg, int columns, char **values, char **names)
{
    char *rows = arg;
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        strcat(strcat(rows, i > 0 ? "|" : ""), values[i]);
    }
    strcat(rows, "\n");
    return 0;
}

static int through_table(const sqlite_app *a, const char *sql, char *rows)
{
    char **table = NULL, *message = NULL;
    int height = 0, width = 0;
    int code = amend_sqlite3_get_table(a->handle, a->db, sql, &table, &height, &width, &message);
    for (int i = 1; i <= height; i++)
    {
        gather(rows, width, &table[i * width], NULL);
    }
    sqlite3_free_table(table);
    sqlite3_free(message);
    return code;
}

static int step_all(const sqlite_app *a, sqlite3_stmt *stmt, char *rows)
{
    int code;
    while ((code = amend_sqlite3_step(a->handle, stmt)) == SQLITE_ROW)
    {
        char *values[8];
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
        {
            values[i] = (char *)sqlite3_column_text(stmt, i);
        }
        gather(rows, sqlite3_column_count(stmt), values, NULL);
    }
    int final = sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? final : code;
}

static int through(const sqlite_app *a, call how, const char *sql, sqlite3_stmt *stmt, char *rows)
{
    int code = SQLITE_OK;
    const char *tail = NULL;
    switch (how)
    {
    case CALL_EXEC:
        return amend_sqlite3_exec(a->handle, a->db, sql, gather, rows, NULL);
    case CALL_GET_TABLE:
        return through_table(a, sql, rows);
    case CALL_PREPARE:
        code = amend_sqlite3_prepare(a->handle, a->db, sql, -1, &stmt, &tail);
        break;
    case CALL_PREPARE_V2:
        code = amend_sqlite3_prepare_v2(a->handle, a->db, sql, (int)strlen(sql), &stmt, &tail);
        break;
    case CALL_PREPARE_V3:
        code = amend_sqlite3_prepare_v3(a->handle, a->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, &tail);
        break;
    default:
        tail = "";
    }
    if (code != SQLITE_OK)
    {
        return code;
    }
    assert_string_equal(tail, "");
    return step_all(a, stmt, rows);
}

/* `begin` and `end` are what stands around it in the application. */
static void try_one(const kind *k, call how, const char *begin, const char *end)
{
    sqlite_app a;
    char rows[200] = "";
    sqlite3_stmt *stmt = NULL;
    bool inside = begin[0] != '\0';
    open_app(&a);
    app_up(&a, how == CALL_STEP ? "002" : "001");
    if (how == CALL_STEP)
    {
        assert_int_equal(sqlite3_prepare_v2(a.db, k->sql, -1, &stmt, NULL), SQLITE_OK);
        app_down(&a, "001");
    }
    app_do(&a, begin);
    if (inside)
    {
        app_do(&a, "INSERT INTO tags(name) VALUES('before')");
    }
    int code = through(&a, how, k->sql, stmt, rows);
    if (code != SQLITE_OK)
    {
        fail_msg("%s, call %d, \"%s\": %s (%d); %s", k->name, how, begin, sqlite3_errmsg(a.db), code, a.message);
    }
    app_do(&a, end);
    assert_string_equal(rows, k->rows);
    assert_string_equal(app_history(&a), "001 002\n");
    assert_int_equal(a.told[AMEND_EVENT_HEAL_CURED], 1);
    assert_string_equal(a.steps, "+002 ");
    if (inside)
    {
        assert_string_equal(app_see(&a, "SELECT count(*) FROM tags WHERE name = 'before'"), "1\n");
        app_do(&a, "DELETE FROM tags WHERE name = 'before'");
    }
    assert_string_equal(app_see(&a, k->check), k->once);
    app_close(&a);
}

static void try_all(const char *begin, const char *end)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    {
        for (call how = CALL_EXEC; how < CALLS; how++)
        {
            try_one(&kinds[i], how, begin, end);
        }
    }
}

static void outside_a_transaction(void **state)
{
    (void)state;
    try_all("", "");
}

static void in_a_deferred_transaction(void **state)
{
    (void)state;
    try_all("BEGIN", "COMMIT");
}

static void in_an_immediate_transaction(void **state)
{
    (void)state;
    try_all("BEGIN IMMEDIATE", "COMMIT");
}

static void in_savepoints(void **state)
{
    (void)state;
    try_all("SAVEPOINT a; SAVEPOINT b", "RELEASE b; RELEASE a");
}

/* The words are what the cases believe them to be, and a rollback takes the cure with it; the next failure cures again. */
static void gone_after_a_rollback(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    {
        sqlite_app a;
        char rows[200] = "";
        open_app(&a);
        app_up(&a, "001");
        char *words = NULL;
        assert_int_equal(sqlite3_exec(a.db, kinds[i].sql, NULL, NULL, &words), SQLITE_ERROR);
        assert_string_equal(words, kinds[i].message);
        sqlite3_free(words);
        for (int turn = 0; turn < 2; turn++)
        {
            app_do(&a, "BEGIN; INSERT INTO tags(name) VALUES('before')");
            assert_int_equal(through(&a, CALL_EXEC, kinds[i].sql, NULL, rows), SQLITE_OK);
            app_do(&a, "ROLLBACK");
            assert_string_equal(app_history(&a), "001\n");
            assert_string_equal(app_see(&a, "SELECT count(*) FROM tags"), "0\n");
        }
        rows[0] = '\0';
        assert_int_equal(through(&a, CALL_EXEC, kinds[i].sql, NULL, rows), SQLITE_OK);
        assert_string_equal(rows, kinds[i].rows);
        assert_string_equal(app_see(&a, kinds[i].check), kinds[i].once);
        assert_string_equal(app_history(&a), "001 002\n");
        app_close(&a);
    }
}

/* ------------------------------------------------------------------------------------------------- texts at random */

static unsigned random_below(unsigned *seed, unsigned bound)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 16) % bound;
}

/* Some miss something, each for itself or several together; with `control` the text begins or ends transactions. */
static void random_text(unsigned *seed, bool control, char text[2000])
{
    static const char *const parts[] = {
        "INSERT INTO notes(body) VALUES('n');",
        "INSERT INTO cards(title, color) SELECT body, 'blue' FROM notes;",
        "SELECT count(*) FROM cards;",
        "UPDATE cards SET title = title || '!' WHERE color = 'red';",
        "INSERT INTO seen(what) VALUES('s');",
        "SELECT title FROM titles ORDER BY 1; -- a comment;\n",
        "INSERT INTO tags(name, hits) VALUES('t', 1) ON CONFLICT(name) DO UPDATE SET hits = hits + 1;",
        "INSERT INTO tags(name) VALUES('u' || (SELECT count(*) FROM tags));",
        "DELETE FROM marks WHERE owner = 7; INSERT INTO marks(owner) SELECT id FROM owners;",
        "SELECT what FROM audit;",
    };
    static const char *const controls[] = {"BEGIN;", "COMMIT;", "SAVEPOINT s;", "ROLLBACK;", "RELEASE s;", "ROLLBACK TO s;"};
    text[0] = '\0';
    for (unsigned n = 1 + random_below(seed, 8); n > 0; n--)
    {
        bool plain = !control || random_below(seed, 3) > 0;
        strcat(text, plain ? parts[random_below(seed, 10)] : controls[random_below(seed, 6)]);
    }
}

/* Run the same text where nothing is missing, and where it is healed: rows, result and data must be the same. */
static bool same_as_with_all(unsigned *seed, bool control)
{
    static const char data[] =
        "SELECT 'c', id, title FROM cards UNION ALL SELECT 'n', id, body FROM notes UNION ALL SELECT 's', "
        "id, what FROM seen UNION ALL SELECT 'a', id, what FROM audit UNION ALL SELECT 't', hits, name FROM "
        "tags UNION ALL SELECT 'm', id, owner FROM marks ORDER BY 1, 2, 3";
    char text[2000], rows[2][2000] = {"", ""}, found[2][4096];
    int codes[2];
    char words[2][1500];
    random_text(seed, control, text);
    for (int i = 0; i < 2; i++)
    {
        sqlite_app a;
        open_app(&a);
        app_up(&a, i == 0 ? "002" : "001");
        codes[i] = amend_sqlite3_exec(i == 0 ? NULL : a.handle, a.db, text, gather, rows[i], NULL);
        snprintf(words[i], sizeof words[i], "%s", sqlite3_errmsg(a.db));
        app_do(&a, sqlite3_get_autocommit(a.db) ? "" : "COMMIT");
        app_up(&a, "002");
        snprintf(found[i], sizeof found[i], "%s", app_see(&a, data));
        app_close(&a);
    }
    if (codes[1] == SQLITE_ERROR && strcmp(words[0], words[1]) != 0) /* it could not be told where it failed */
    {
        if (!control)
        {
            fail_msg("%s\n%s", text, words[1]);
        }
        return false;
    }
    if (codes[0] != codes[1] || strcmp(rows[0], rows[1]) != 0 || strcmp(found[0], found[1]) != 0)
    {
        fail_msg("%s\n%d: %s\n%s\n%d: %s\n%s", text, codes[0], rows[0], found[0], codes[1], rows[1], found[1]);
    }
    return true;
}

static void texts_at_random(void **state)
{
    (void)state;
    unsigned seed = 1, same = 0;
    for (int i = 0; i < 300; i++)
    {
        same += same_as_with_all(&seed, i % 3 == 0);
    }
    assert_true(same > 250);
}

int main(void)
{
    if (access("/dev/shm", W_OK) == 0)
    {
        setenv("TMPDIR", "/dev/shm", 0); /* hundreds of databases: they need not wait for the disk */
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outside_a_transaction),       cmocka_unit_test(in_a_deferred_transaction),
        cmocka_unit_test(in_an_immediate_transaction), cmocka_unit_test(in_savepoints),
        cmocka_unit_test(gone_after_a_rollback),       cmocka_unit_test(texts_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
