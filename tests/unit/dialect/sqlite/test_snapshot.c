/* SPDX-License-Identifier: MIT */
/* Schemas made by SQLite itself, in memory: the same ones have the same snapshot, others differ in what was changed. */
#include "dialect/sqlite/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dialect/dialects.h"
#include "guard/snapshot.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const dialect *const d = &dialect_sqlite;

static void must_run(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
    {
        fail_msg("%s: %s", message, sql);
    }
}

static int compare_own(void *arg, int a, const void *x, int b, const void *y)
{
    (void)arg;
    int order = memcmp(x, y, (size_t)(a < b ? a : b));
    return order != 0 ? order : a - b;
}

/* Names in double quotes must be allowed to be strings: SQLite can be built or configured otherwise. */
static sqlite3 *must_open(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    sqlite3_create_collation(db, "own", SQLITE_UTF8, NULL, compare_own);
    must_run(db, sql);
    return db;
}

/* The rows of the dialect's query; the first status that is not AMEND_OK. */
static amend_status read_rows(sqlite3 *db, arena *a, fact_list *found, amend_error *error)
{
    buf text;
    buf_init(&text, &alloc_default);
    assert_int_equal(d->snapshot(&text, false), 1);
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(db, text.data, -1, &rows, NULL) != SQLITE_OK)
    {
        fail_msg("%s", sqlite3_errmsg(db));
    }
    buf_clear(&text);
    amend_status status = AMEND_OK;
    while (status == AMEND_OK && sqlite3_step(rows) == SQLITE_ROW)
    {
        const char *values[8] = {0};
        unsigned columns = (unsigned)sqlite3_column_count(rows);
        for (unsigned i = 0; i < columns; i++)
        {
            values[i] = (const char *)sqlite3_column_text(rows, (int)i);
        }
        status = d->snapshot_row(a, &(amend_row){.columns = columns, .values = values}, found, error);
    }
    sqlite3_finalize(rows);
    return status;
}

static snapshot read_db(arena *a, sqlite3 *db)
{
    fact_list found = {0};
    snapshot s;
    assert_int_equal(read_rows(db, a, &found, NULL), AMEND_OK);
    assert_int_equal(snapshot_make(a, found, &s, NULL), AMEND_OK);
    for (size_t i = 0; i < s.count; i++)
    {
        size_t bad;
        assert_true(text_is_utf8(s.facts[i].object, &bad) && text_is_utf8(s.facts[i].definition, &bad));
    }
    return s;
}

/* The definition of the object that the format tells; NULL when there is none. */
static const char *find(const snapshot *s, const char *kind, const char *table, const char *column)
{
    buf object;
    buf_init(&object, &alloc_default);
    buf_text(&object, kind);
    buf_char(&object, ' ');
    sqlite_canon_name(&object, slice_of(table));
    if (column != NULL)
    {
        buf_char(&object, '.');
        sqlite_canon_name(&object, slice_of(column));
    }
    const char *found = NULL;
    for (size_t i = 0; i < s->count && found == NULL; i++)
    {
        found = slice_equal(s->facts[i].object, buf_slice(&object)) ? s->facts[i].definition.data : NULL;
    }
    buf_clear(&object);
    return found;
}

static sqlite3_stmt *must_ask(sqlite3 *db, const char *format, const char *name)
{
    sqlite3_stmt *rows = NULL;
    char *sql = sqlite3_mprintf(format, name);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
    sqlite3_free(sql);
    return rows;
}

static int must_count(sqlite3 *db, const char *format, const char *name)
{
    sqlite3_stmt *rows = must_ask(db, format, name);
    assert_int_equal(sqlite3_step(rows), SQLITE_ROW);
    int count = sqlite3_column_int(rows, 0);
    sqlite3_finalize(rows);
    return count;
}

/* cid, name, type, notnull, default, pk, hidden: SQLite's own reading of the same text */
static int check_columns(const snapshot *s, sqlite3 *db, const char *table)
{
    sqlite3_stmt *rows = must_ask(db, "PRAGMA table_xinfo(%Q)", table);
    const char *key = find(s, "primary key", table, NULL);
    int keys = 0;
    while (sqlite3_step(rows) == SQLITE_ROW)
    {
        const char *definition = find(s, "column", table, (const char *)sqlite3_column_text(rows, 1));
        const char *value = (const char *)sqlite3_column_text(rows, 4);
        int hidden = sqlite3_column_int(rows, 6);
        assert_non_null(definition);
        assert_int_equal(strstr(definition, "NOT NULL") != NULL, sqlite3_column_int(rows, 3));
        assert_int_equal(strstr(definition, "DEFAULT ") != NULL, value != NULL && sqlite3_stricmp(value, "null") != 0);
        assert_int_equal(strstr(definition, ") VIRTUAL") != NULL, hidden == 2);
        assert_int_equal(strstr(definition, ") STORED") != NULL, hidden == 3);
        keys += sqlite3_column_int(rows, 5) > 0;
    }
    sqlite3_finalize(rows);
    assert_int_equal(key != NULL, keys > 0);
    for (; key != NULL && *key != '\0'; key++)
    {
        keys -= *key == ',' || *key == ')';
    }
    return keys;
}

static int count_facts(const snapshot *s, const char *kind, const char *table)
{
    int count = 0;
    buf object;
    buf_init(&object, &alloc_default);
    buf_text(&object, kind);
    sqlite_canon_name(&object, slice_of(table));
    buf_text(&object, " (");
    for (size_t i = 0; i < s->count; i++)
    {
        count += slice_starts(s->facts[i].object, buf_slice(&object));
    }
    buf_clear(&object);
    return count;
}

/* What the pragmas tell is what was read from the text. */
static void check_beside(const snapshot *s, sqlite3 *db)
{
    sqlite3_stmt *tables = must_ask(db,
                                    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT "
                                    "LIKE 'sqlite%%' AND name NOT LIKE '\\_migration%%' ESCAPE '\\'",
                                    NULL);
    while (sqlite3_step(tables) == SQLITE_ROW)
    {
        const char *table = (const char *)sqlite3_column_text(tables, 0);
        assert_int_equal(check_columns(s, db, table), 0);
        assert_int_equal(count_facts(s, "foreign key ", table),
                         must_count(db, "SELECT count(DISTINCT id) FROM pragma_foreign_key_list(%Q)", table));
        assert_int_equal(count_facts(s, "unique ", table),
                         must_count(db, "SELECT count(*) FROM pragma_index_list(%Q) WHERE origin = 'u'", table));
    }
    sqlite3_finalize(tables);
}

static snapshot read_sql(arena *a, const char *sql)
{
    sqlite3 *db = must_open(sql);
    snapshot s = read_db(a, db);
    if (sqlite3_libversion_number() >= 3037000)
    {
        check_beside(&s, db);
    }
    sqlite3_close(db);
    return s;
}

static void show_differences(arena *a, const snapshot *one, const snapshot *other, buf *out)
{
    static const char *const kinds[] = {"-", "+", "~"};
    differences found;
    assert_int_equal(snapshot_diff(a, one, other, &found, NULL), AMEND_OK);
    assert_int_equal(found.count == 0, strcmp(one->fingerprint, other->fingerprint) == 0);
    for (size_t i = 0; i < found.count; i++)
    {
        const difference *c = &found.items[i];
        buf_format(out, "%s%s ", i == 0 ? "" : "; ", kinds[c->kind]);
        buf_add(out, (c->before != NULL ? c->before : c->after)->object);
    }
}

static void check_facts(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    snapshot s = read_sql(a, cases_part(c, "script"));
    buf out;
    buf_init(&out, &alloc_default);
    for (size_t i = 0; i < s.count; i++)
    {
        buf_add(&out, s.facts[i].object);
        buf_text(&out, s.facts[i].definition.len > 0 ? " = " : "");
        buf_add(&out, s.facts[i].definition);
        buf_char(&out, '\n');
    }
    cases_expect(c, out.len == 0 ? "" : out.data, cases_part(c, "expected"));
    buf_clear(&out);
    arena_free(a);
}

static void test_facts(void **state)
{
    (void)state;
    cases_run("sqlite/snapshot.txt", check_facts);
}

static void check_pair(const test_line *l, const char *expected)
{
    arena *a = arena_new(&alloc_default);
    snapshot one = read_sql(a, l->fields[0]), other = read_sql(a, l->fields[1]);
    buf out;
    buf_init(&out, &alloc_default);
    show_differences(a, &one, &other, &out);
    if (strcmp(out.len == 0 ? "" : out.data, expected) != 0)
    {
        buf texts;
        buf_init(&texts, &alloc_default);
        snapshot_print(&one, &texts);
        buf_text(&texts, "--\n");
        snapshot_print(&other, &texts);
        fail_msg("%s:%u: \"%s\" and not \"%s\"\n%s", l->file, l->line, out.len == 0 ? "" : out.data, expected, texts.data);
    }
    buf_clear(&out);
    arena_free(a);
}

static void check_same(const test_line *l)
{
    assert_int_equal(l->count, 2);
    check_pair(l, "");
}

static void check_changed(const test_line *l)
{
    assert_int_equal(l->count, 3);
    check_pair(l, l->fields[2]);
}

static void test_same(void **state)
{
    (void)state;
    cases_lines("sqlite/snapshot_same.txt", check_same);
}

static void test_changed(void **state)
{
    (void)state;
    cases_lines("sqlite/snapshot_changed.txt", check_changed);
}

/* What somebody wrote into sqlite_schema is told as it stands, or left out; it never spoils the others. */
static void test_broken(void **state)
{
    (void)state;
    static const struct
    {
        const char *type, *name, *sql, *expected;
    } cases[] = {
        {"table", "t", "CREATE TABLE t (a", "table t = create table t(a"},
        {"table", "t", "CREATE TABLE t (", "table t = create table t("},
        {"table", "t", "CREATE TABLE t ()", "table t = create table t()"},
        {"table", "t", "CREATE TABLE t (CHECK (1))", "table t = create table t(check (1))"},
        {"table", "t", "CREATE TABLE t", "table t = create table t"},
        {"table", "t", "CREATE TABLE", "table t = create table"},
        {"table", "t", "CREATE", "table t = create"},
        {"table", "t", "", "table t"},
        {"table", "t", "-- nothing", "table t"},
        {"table", "t", "CREATE TABLE t (a INT NOT)", "table t = create table t(a int not)"},
        {"table", "t", "CREATE TABLE t (a INT WHAT (", "table t = create table t(a int what("},
        {"table", "t", "CREATE TABLE t (a CHECK)", "table t = create table t(a check)"},
        {"table", "t", "CREATE TABLE t (a AS)", "table t = create table t(a as)"},
        {"table", "t", "CREATE TABLE t (a GENERATED ALWAYS)", "table t = create table t(a generated always)"},
        {"table", "t", "CREATE TABLE t (a PRIMARY)", "table t = create table t(a primary)"},
        {"table", "t", "CREATE TABLE t (a COLLATE)", "table t = create table t(a collate)"},
        {"table", "t", "CREATE TABLE t (a REFERENCES)", "table t = create table t(a references)"},
        {"table", "t", "CREATE TABLE t (a DEFAULT)", "table t = create table t(a default)"},
        {"table", "t", "CREATE TABLE t (a DEFAULT -)", "table t = create table t(a default -)"},
        {"table", "t", "CREATE TABLE t (a, UNIQUE)", "table t = create table t(a, unique)"},
        {"table", "t", "CREATE TABLE t (a, PRIMARY)", "table t = create table t(a, primary)"},
        {"table", "t", "CREATE TABLE t (a, FOREIGN KEY)", "table t = create table t(a, foreign key)"},
        {"table", "t", "CREATE TABLE t (a, CHECK)", "table t = create table t(a, check)"},
        {"table", "t", "CREATE TABLE t (a, UNIQUE (1)) x y", NULL},
        {"table", "t", "CREATE TABLE t (a, CHECK (a) b)", "table t = create table t(a, check (a) b)"},
        {"table", "t", "CREATE TABLE 5 (a)", "table t = create table 5(a)"},
        {"table", "t", "CREATE TABLE main.5 (a)", "table t = create table main .5(a)"},
        {"table", "t", "CREATE VIRTUAL TABLE t", "table t = create virtual table t"},
        {"table", "t", "CREATE VIRTUAL TABLE t USING", "table t = create virtual table t using"},
        {"table", "t", "CREATE VIRTUAL TABLE t USING 'x'", "table t = VIRTUAL USING x"},
        {"index", "i", "CREATE INDEX i", "index i = create index i"},
        {"index", "i", "CREATE INDEX i ON", "index i = create index i on"},
        {"index", "i", "CREATE INDEX i ON t", "index i = ON t ()"},
        {"index", "i", "CREATE INDEX i ON t (a", "index i = ON t (a)"},
        {"index", "i", "CREATE INDEX i ON t (a) WHERE", "index i = ON t (a) WHERE"},
        {"view", "v", "CREATE VIEW v", "view v"},
        {"view", "v", "CREATE VIEW", "view v = create view"},
        {"trigger", "g", "CREATE TRIGGER g", "trigger g = create trigger g"},
        {"trigger", "g", "CREATE TRIGGER g AFTER INSERT ON", "trigger g = create trigger g after insert on"},
        {"trigger", "g", "CREATE TRIGGER g INSTEAD OF", "trigger g = create trigger g instead of"},
        {"view", "v", "CREATE TEMP VIEW IF NOT EXISTS main.v AS SELECT 1", "view v = as select 1"},
        {"view", "v", "CREATE VIEW main.5 AS SELECT 1", "view v = .5 as select 1"},
        {"view", "v", "CREATE VIEW main.+ AS SELECT 1", "view v = create view main.+ as select 1"},
        {"index", "i", "CREATE INDEX i ON t (a) WHERE ((a)", "index i = ON t (a) WHERE ((a)"},
        {"what", "w", "CREATE THING w", "what w = create thing w"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        arena *a = arena_new(&alloc_default);
        fact_list found = {0};
        const char *values[] = {cases[i].type, cases[i].name, cases[i].sql, NULL};
        assert_int_equal(d->snapshot_row(a, &(amend_row){.columns = 4, .values = values}, &found, NULL), AMEND_OK);
        if (cases[i].expected != NULL)
        {
            assert_int_equal(found.count, 1);
            char *told = arena_format(a, "%s%s%s", found.items[0].object.data, found.items[0].definition.len > 0 ? " = " : "",
                                      found.items[0].definition.data);
            assert_string_equal(told, cases[i].expected);
        }
        arena_free(a);
    }
}

/* Damaged for good, in a database: what can be read is. */
static void test_written_into(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    sqlite3 *db =
        must_open("CREATE TABLE t (a); CREATE TABLE u (b); CREATE VIEW v AS SELECT * FROM t; PRAGMA writable_schema = ON;"
                  "UPDATE sqlite_master SET sql = 'CREATE TABLE t (a \xff' WHERE name = 't';"
                  "UPDATE sqlite_master SET sql = NULL WHERE name = 'v';"
                  "INSERT INTO sqlite_master VALUES (NULL, NULL, NULL, 0, 'CREATE'), ('table', x'ff00', 'x', 0, x'ff')");
    snapshot s = read_db(a, db);
    sqlite3_close(db);
    buf out;
    buf_init(&out, &alloc_default);
    snapshot_print(&s, &out);
    assert_string_equal(out.data, "column u.b\t\ntable ?\t?\ntable t\tcreate table t(a ?\ntable u\t\n");
    buf_clear(&out);
    arena_free(a);
}

/* A virtual table whose module is not there, and a view on what is gone, are no reason to fail. */
static void test_without_module(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    sqlite3 *db =
        must_open("CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM nosuch; PRAGMA writable_schema = ON;"
                  "INSERT INTO sqlite_master VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING nosuch(\"A\", b=C)')");
    snapshot s = read_db(a, db);
    sqlite3_close(db);
    assert_string_equal(find(&s, "table", "m", NULL), "VIRTUAL USING nosuch(\"A\", b = C)");
    assert_string_equal(find(&s, "view", "v", NULL), "as select * from nosuch");
    arena_free(a);
}

static void test_many_tables(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    sqlite3 *db = must_open("CREATE VIRTUAL TABLE f USING fts5(a)");
    for (int i = 0; i < 1000; i++)
    {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "CREATE TABLE t%d (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE, b CHECK (b > 0)); CREATE INDEX i%d ON t%d "
                 "(lower(a))",
                 i, i, i);
        must_run(db, sql);
    }
    snapshot s = read_db(a, db);
    assert_int_equal(s.count, 1000 * 8 + 1);
    sqlite3_close(db);
    arena_free(a);
}

static const char *const everything =
    "CREATE TABLE \"p\"\"q\" (a INTEGER PRIMARY KEY DESC, \"b\"\"c\" TEXT DEFAULT \"x\"\"y\" COLLATE nocase UNIQUE, UNIQUE (a, "
    "\"b\"\"c\"));"
    "CREATE TABLE t (a INTEGER CONSTRAINT \"k\"\"l\" CHECK (a IN (\"b\"\"\", 2)), b REFERENCES \"p\"\"q\" (\"b\"\"c\") ON "
    "DELETE "
    "CASCADE, c AS (a + 1), PRIMARY KEY (a), FOREIGN KEY (b) REFERENCES t (a));"
    "CREATE UNIQUE INDEX i ON \"p\"\"q\" (lower(\"b\"\"c\")) WHERE a > 0;"
    "CREATE VIEW v AS SELECT \"b\"\"c\" FROM \"p\"\"q\";"
    "CREATE TRIGGER g AFTER UPDATE OF \"b\"\"c\" ON \"p\"\"q\" WHEN 1 BEGIN SELECT \"X\"; END;"
    "CREATE VIRTUAL TABLE f USING fts5(a);"
    "PRAGMA writable_schema = ON;"
    "INSERT INTO sqlite_master VALUES ('table', 'broken', 'broken', 0, 'CREATE TABLE broken (a')";

/* False once nothing fails any more. */
static bool read_with_failure(sqlite3 *db, size_t nth, faulty_mode mode)
{
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, nth, mode));
    fact_list found = {0};
    amend_error error = {0};
    if (a != NULL)
    {
        amend_status status = read_rows(db, a, &found, &error);
        assert_int_equal(status != AMEND_OK, f.failures > 0);
        assert_int_equal(error.code, f.failures > 0 ? AMEND_E_OUT_OF_MEMORY : 0);
    }
    arena_free(a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    return f.failures > 0;
}

static void test_memory(void **state)
{
    (void)state;
    sqlite3 *db = must_open(everything);
    for (size_t n = 1; read_with_failure(db, n, FAULTY_ONCE) | read_with_failure(db, n, FAULTY_FOR_GOOD); n++)
    {
        assert_true(n < 10000);
    }
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),       cmocka_unit_test(test_same),         cmocka_unit_test(test_changed),
        cmocka_unit_test(test_broken),      cmocka_unit_test(test_written_into), cmocka_unit_test(test_without_module),
        cmocka_unit_test(test_many_tables), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
