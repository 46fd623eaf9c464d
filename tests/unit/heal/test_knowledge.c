/* SPDX-License-Identifier: MIT */
#include "heal/harness.h"

#include "base/error.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    static harness h;
    harness_make(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    harness_remove(*state);
    return 0;
}

/* The migration that provides it, from 1; 0: none. */
static size_t provider(const harness *h, const knowledge *k, amend_object_kind kind, const char *name)
{
    amend_object o = harness_object(kind, name);
    const provision *p = index_find(k->index, &h->dialect, &o, SLICE(""));
    return p == NULL ? 0 : p->migration + 1;
}

static void test_a_directory(void **state)
{
    harness *h = *state;
    harness_write(h, "versions/001_cards.sql", "CREATE TABLE cards (id, title);");
    harness_write(h, "versions/002_lang.sql", "ALTER TABLE cards ADD COLUMN lang;\nCREATE INDEX by_lang ON cards (lang);");
    harness_write(h, "down/002_lang_down.sql", "DROP TABLE cards;");
    knowledge *k = harness_knowledge(h);
    assert_int_equal(k->catalog.count, 2);
    assert_int_equal(k->references, 1);
    assert_true(k->nocase);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "CARDS"), 1);
    assert_int_equal(provider(h, k, AMEND_OBJECT_COLUMN, "cards.title"), 1);
    assert_int_equal(provider(h, k, AMEND_OBJECT_COLUMN, "cards.lang"), 2);
    assert_int_equal(provider(h, k, AMEND_OBJECT_INDEX, "by_lang"), 2);
    assert_int_equal(k->facts[0].objection_count, 0);
    assert_int_equal(k->facts[0].made_count, 1);
    assert_int_equal(k->facts[1].made_count, 0);
    assert_false(k->facts[0].outside);
    knowledge_release(k);
}

static void test_compiled_in_files(void **state)
{
    harness *h = *state;
    static const amend_file files[] = {{"001_a.sql", "CREATE TABLE a (x);", 19}, {"002_b.sql", "CREATE TABLE b (x);", 19}};
    h->healer.files = files;
    h->healer.file_count = 2;
    knowledge *k = harness_knowledge(h);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "b"), 2);
    assert_int_equal(k->stamp, 0);
    assert_int_equal(knowledge_stamp(h->migrations, files), 0);
    knowledge_release(k);
}

static void test_none(void **state)
{
    harness *h = *state;
    tempdir_folder(&h->dir, "migrations");
    knowledge *k = harness_knowledge(h);
    assert_int_equal(k->catalog.count, 0);
    assert_null(index_next(k->index, NULL));
    knowledge_release(k);
}

/* The last reference takes it all away; the sanitizer sees what is used after that, and what stays. */
static void test_references(void **state)
{
    harness *h = *state;
    harness_write(h, "001_a.sql", "CREATE TABLE a (x);");
    knowledge *k = harness_knowledge(h);
    knowledge_hold(k);
    assert_int_equal(k->references, 2);
    knowledge_release(k);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "a"), 1);
    knowledge_release(k);
    knowledge_release(NULL);
}

static void test_objections_and_their_lines(void **state)
{
    harness *h = *state;
    harness_write(h, "001_a.sql",
                  "-- a comment\nCREATE TABLE a (x);\n\nINSERT INTO a VALUES (1);\nUPDATE b\nSET x = 1;\nDROP TABLE c;");
    knowledge *k = harness_knowledge(h);
    const facts *f = &k->facts[0];
    assert_int_equal(f->objection_count, 3);
    assert_int_equal(f->objections[0].kind, OBJECTION_CHANGES_DATA);
    assert_int_equal(f->lines[0], 4);
    assert_int_equal(f->lines[1], 5);
    assert_int_equal(f->objections[2].kind, OBJECTION_DROPS);
    assert_true(slice_equal(f->objections[2].table, SLICE("c")));
    assert_int_equal(f->lines[2], 7);
    assert_int_equal(f->made[0].statement, 0);
    knowledge_release(k);
}

/* A table that is there already is not made by IF NOT EXISTS; one that was dropped is made again. */
static void test_tables_made(void **state)
{
    harness *h = *state;
    harness_write(h, "001_a.sql", "CREATE TABLE a (x); CREATE TABLE b (x);");
    harness_write(h, "002_a.sql", "CREATE TABLE IF NOT EXISTS A (x); CREATE TABLE c (x);");
    harness_write(h, "003_b.sql", "DROP TABLE b;");
    harness_write(h, "004_b.sql", "CREATE TABLE b (x);");
    knowledge *k = harness_knowledge(h);
    assert_int_equal(k->facts[0].made_count, 2);
    assert_int_equal(k->facts[1].made_count, 1);
    assert_true(slice_equal(k->facts[1].made[0].name, SLICE("c")));
    assert_int_equal(k->facts[1].made[0].statement, 1);
    assert_int_equal(k->facts[2].made_count, 0);
    assert_int_equal(k->facts[3].made_count, 1);
    knowledge_release(k);
}

static void test_what_must_run_outside(void **state)
{
    harness *h = *state;
    harness_write(h, "001_plain.sql", "CREATE TABLE a (x);");
    harness_write(h, "002_vacuum.sql", "CREATE TABLE b (x); VACUUM;");
    harness_write(h, "003_rebuild.sql",
                  "CREATE TABLE n (x); INSERT INTO n SELECT x FROM a; DROP TABLE a; ALTER TABLE n RENAME TO a;");
    harness_write(h, "004_off.sql", "-- amend:transaction off\nCREATE TABLE d (x);");
    knowledge *k = harness_knowledge(h);
    assert_false(k->facts[0].outside);
    assert_true(k->facts[1].outside);
    assert_true(k->facts[2].outside);
    assert_true(k->facts[3].outside);
    knowledge_release(k);
}

/* What can't be split can't be judged: nothing of it runs by itself. The others are known all the same. */
static amend_status no_split(arena *a, slice text, script *out, amend_error *error)
{
    static amend_status (*real)(arena *, slice, script *, amend_error *);
    real = dialect_find("sqlite")->split;
    return memmem(text.data, text.len, "\\copy", 5) == NULL ? real(a, text, out, error)
                                                            : error_set(error, AMEND_E_META_COMMAND, "a command of psql");
}

static void test_what_cannot_be_split(void **state)
{
    harness *h = *state;
    h->dialect.split = no_split;
    harness_write(h, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(h, "002_b.sql", "-- amend:provides table b\nCREATE TABLE b (x);\n\\copy b FROM 'x'");
    harness_write(h, "003_c.sql", "CREATE TABLE c (x);");
    knowledge *k = harness_knowledge(h);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "a"), 1);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "b"), 2);
    assert_int_equal(provider(h, k, AMEND_OBJECT_TABLE, "c"), 3);
    assert_int_equal(k->facts[1].objection_count, 1);
    assert_int_equal(k->facts[1].objections[0].kind, OBJECTION_UNCLEAR);
    assert_int_equal(k->facts[1].lines[0], 1);
    knowledge_release(k);
}

static void test_directives(void **state)
{
    harness *h = *state;
    harness_write(
        h, "001_a.sql",
        "-- amend:provides table t\n-- amend:provides table app.t2\n-- amend:provides column t.c\n"
        "-- amend:provides column app.t.d\n-- amend:provides index i\n-- amend:provides index t.j\n"
        "-- amend:provides view v\n-- amend:provides trigger t.g\n-- amend:provides type mood\n"
        "-- amend:provides enum value mood.glad\n-- amend:provides function f(int, text)\n-- amend:provides sequence s\n"
        "-- amend:provides schema app\n-- amend:provides extension citext\n-- amend:provides collation german\n"
        "-- amend:provides table \"Odd Name\"\n"
        "-- amend:provides TABLE Big\n-- amend:provides table a b\nSELECT 1;");
    knowledge *k = harness_knowledge(h);
    char found[1024] = "";
    for (const provision *p = index_next(k->index, NULL); p != NULL; p = index_next(k->index, p))
    {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s %.*s.%.*s.%.*s\n", amend_object_kind_name(p->kind), (int)p->schema.len,
                 p->schema.data, (int)p->table.len, p->table.data, (int)p->name.len, p->name.data);
    }
    assert_string_equal(found, "table ..t\ntable app..t2\ncolumn .t.c\ncolumn app.t.d\nindex ..i\nindex .t.j\nview ..v\n"
                               "trigger .t.g\ntype ..mood\nenum value .mood.glad\nfunction ..f\nsequence ..s\nschema ..app\n"
                               "extension ..citext\ncollation ..german\ntable ..Odd Name\ntable ..Big\n");
    knowledge_release(k);
}

static void expect_error(harness *h, amend_code code)
{
    knowledge *k = NULL;
    amend_error error = {0};
    const healer *l = &h->healer;
    amend_status status = knowledge_load(l->session.allocator, &h->dialect, l->dir, l->files, l->file_count, &k, &error);
    assert_int_not_equal(status, AMEND_OK);
    assert_int_equal(error.code, code);
    assert_null(k);
}

static void test_what_cannot_be_read(void **state)
{
    harness *h = *state;
    expect_error(h, AMEND_E_DIR_MISSING);
    harness_write(h, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(h, "002_a.sql", "-- amend:nonsense\nCREATE TABLE a (x);");
    expect_error(h, AMEND_E_DIRECTIVE);
    harness_unlink(h, "002_a.sql");
    harness_write(h, "01_b.sql", "CREATE TABLE a (x);");
    expect_error(h, AMEND_E_VERSION_TWICE);
}

/* Between the catalog and the reading, somebody takes the file away. */
static amend_status vanish(const amend_allocator *allocator, survey **out, amend_error *error)
{
    extern harness *vanishing;
    (void)allocator;
    (void)error;
    harness_unlink(vanishing, "001_a.sql");
    *out = NULL;
    return AMEND_OK;
}

harness *vanishing;

static void test_a_file_that_vanishes(void **state)
{
    harness *h = vanishing = *state;
    h->dialect.survey_open = vanish;
    harness_write(h, "001_a.sql", "CREATE TABLE a (x);");
    expect_error(h, AMEND_E_FILE_READ);
}

static void test_stamps(void **state)
{
    harness *h = *state;
    int64_t absent = knowledge_stamp(h->migrations, NULL);
    tempdir_folder(&h->dir, "migrations");
    assert_true(knowledge_stamp(h->migrations, NULL) == absent); /* nothing to read, here as there */
    harness_write(h, "versions/001_a.sql", "CREATE TABLE a (x);");
    int64_t one = knowledge_stamp(h->migrations, NULL);
    assert_true(one != absent);
    assert_true(knowledge_stamp(h->migrations, NULL) == one);
    harness_write(h, "versions/001_a.sql", "CREATE TABLE a (x, y);");
    int64_t longer = knowledge_stamp(h->migrations, NULL);
    assert_true(longer != one);
    harness_write(h, "versions/002_b.sql", "CREATE TABLE b (x);");
    int64_t two = knowledge_stamp(h->migrations, NULL);
    assert_true(two != longer);
    char to[300];
    snprintf(to, sizeof to, "%s", tempdir_path(&h->dir, "migrations/versions/003_b.sql"));
    assert_int_equal(rename(tempdir_path(&h->dir, "migrations/versions/002_b.sql"), to), 0);
    assert_true(knowledge_stamp(h->migrations, NULL) != two);
    harness_unlink(h, "versions/003_b.sql");
    assert_true(knowledge_stamp(h->migrations, NULL) == longer);
    harness_write(h, "versions/README.md", "not a migration");
    assert_true(knowledge_stamp(h->migrations, NULL) == longer);
    /* the same size, another time */
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, tempdir_path(&h->dir, "migrations/versions/001_a.sql"), times, 0), 0);
    assert_true(knowledge_stamp(h->migrations, NULL) != longer);
    assert_int_equal(symlink("nowhere", tempdir_path(&h->dir, "migrations/009_x.sql")), 0);
    assert_true(knowledge_stamp(h->migrations, NULL) != longer);
}

static void test_short_memory(void **state)
{
    harness *h = *state;
    h->dialect.split = no_split;
    harness_write(h, "001_a.sql", "-- amend:provides view v\nCREATE TABLE a (x, y);\nUPDATE b SET x = 1;");
    harness_write(h, "002_b.sql", "\\copy");
    for (faulty_mode mode = FAULTY_ONCE; mode <= FAULTY_FOR_GOOD; mode++)
    {
        for (size_t n = 1;; n++)
        {
            faulty_alloc f;
            knowledge *k = NULL;
            amend_error error = {0};
            amend_status status =
                knowledge_load(faulty_alloc_init(&f, n, mode), &h->dialect, h->migrations, NULL, 0, &k, &error);
            assert_int_equal(status == AMEND_OK, f.failures == 0);
            assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
            knowledge_release(k);
            assert_int_equal(faulty_alloc_clear(&f), 0);
            if (f.failures == 0)
            {
                break;
            }
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_directory),
        TEST(test_compiled_in_files),
        TEST(test_none),
        TEST(test_references),
        TEST(test_objections_and_their_lines),
        TEST(test_tables_made),
        TEST(test_what_must_run_outside),
        TEST(test_what_cannot_be_split),
        TEST(test_directives),
        TEST(test_what_cannot_be_read),
        TEST(test_a_file_that_vanishes),
        TEST(test_stamps),
        TEST(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
