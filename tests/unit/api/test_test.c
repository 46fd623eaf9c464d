/* SPDX-License-Identifier: MIT */
/* amend_test on SQLite. What is made for it must be gone afterwards: the temporary directory is the test's own. */
#include "amend/test.h"
#include "api/harness.h"

#include "api/trial.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct tried
{
    harness h;
    char temp[512];
    char found[8192];  /* a line "version kind outcome message|detail" for each failure, and for the rest without words */
    const char *until; /* cancel at this line; NULL: never */
    unsigned count;
} tried;

static int begin(void **state)
{
    tried *t = calloc(1, sizeof *t);
    assert_non_null(t);
    harness_make(&t->h);
    tempdir_write(&t->h.dir, "temp/keep", "");
    snprintf(t->temp, sizeof t->temp, "%s", tempdir_path(&t->h.dir, "temp"));
    setenv("TMPDIR", t->temp, 1);
    *state = t;
    return 0;
}

static void expect_no_scratch(const tried *t)
{
    DIR *dir = opendir(t->temp);
    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
    {
        assert_true(e->d_name[0] == '.' || strcmp(e->d_name, "keep") == 0);
    }
    closedir(dir);
}

static int end(void **state)
{
    tried *t = *state;
    expect_no_scratch(t);
    (void)rmdir(t->temp); /* in_memory's is empty */
    unsetenv("TMPDIR");
    harness_remove(&t->h);
    free(t);
    return 0;
}

static void on_result(void *arg, const amend_test_result *r)
{
    static const char *const outcomes[] = {"passed", "failed", "skipped"};
    tried *t = arg;
    size_t used = strlen(t->found);
    const char *slash = r->file == NULL ? NULL : strrchr(r->file, '/');
    assert_true(r->elapsed_ms >= 0);
    t->count++;
    int length = snprintf(t->found + used, sizeof t->found - used, "%s %s %s", r->version == NULL ? "all" : r->version,
                          amend_test_kind_name(r->kind), outcomes[r->outcome]);
    if (r->outcome == AMEND_TEST_FAILED)
    {
        char *at = t->found + used;
        length += snprintf(at + length, sizeof t->found - used - (size_t)length, " %s:%u %s|%s", slash == NULL ? "" : slash + 1,
                           r->line, r->message, r->detail == NULL ? "" : r->detail);
        for (at = strchr(at, '|'); *at != '\0'; at++)
        {
            *at = *at == '\n' ? '/' : *at;
        }
    }
    if (t->until != NULL && strcmp(t->found + used, t->until) == 0)
    {
        amend_cancel(t->h.handle);
    }
    snprintf(t->found + used + length, sizeof t->found - used - (size_t)length, "\n");
}

static amend_status try(tried *t, bool threads)
{
    amend_test_options o = AMEND_TEST_OPTIONS_INIT;
    o.one_thread = !threads;
    t->found[0] = '\0';
    t->count = 0;
    t->h.error = (amend_error){0};
    harness_again(&t->h);
    amend_status status = amend_test(t->h.handle, &o, on_result, t, &t->h.error);
    assert_int_equal(status, t->h.error.status);
    assert_null(strstr(t->h.told, "migration.")); /* what is done on scratch databases is nobody's business */
    expect_no_scratch(t);
    return status;
}

static void expect(const tried *t, const char *line)
{
    char whole[1024];
    snprintf(whole, sizeof whole, "%s\n", line);
    const char *at = strstr(t->found, whole);
    if (at == NULL || (at != t->found && at[-1] != '\n'))
    {
        fail_msg("no \"%s\" in\n%s", line, t->found);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"up", "data", "down", "up again", "twice", "all down", "all up", "lint"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        assert_string_equal(amend_test_kind_name((amend_test_kind)i), names[i]);
    }
    assert_null(amend_test_kind_name((amend_test_kind)8));
}

static void test_arguments(void **state)
{
    tried *t = *state;
    amend_test_options o = {0};
    harness_open(&t->h);
    assert_int_equal(amend_test(t->h.handle, &o, NULL, NULL, &t->h.error), AMEND_USAGE);
    assert_int_equal(t->h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_test(t->h.handle, &o, NULL, NULL, NULL), AMEND_USAGE);
    t->h.options.url = NULL;
    harness_again(&t->h);
    assert_int_equal(amend_test(t->h.handle, NULL, NULL, NULL, &t->h.error), AMEND_USAGE);
    assert_int_equal(t->h.error.code, AMEND_E_NO_DATABASE);
}

static void test_order(void **state)
{
    tried *t = *state;
    assert_int_equal(try(t, false), AMEND_OK);
    assert_string_equal(t->found, "001 up passed\n001 down passed\n001 up again passed\n"
                                  "002 up passed\n002 down passed\n002 up again passed\n"
                                  "003 up passed\n003 down skipped\n"
                                  "all all down skipped\nall all up passed\n"
                                  "001 lint passed\n002 lint passed\n003 lint passed\n");
    assert_string_equal(harness_query(&t->h, "SELECT count(*) FROM sqlite_schema"), "0\n");
    assert_int_equal(amend_test(t->h.handle, NULL, NULL, NULL, NULL), AMEND_OK);
}

/* Two roads at once, several times: the same findings in another order. */
static void test_threads(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "tests/002_after.sql", "SELECT count(*) = 1 FROM posts;");
    for (int i = 0; i < 5; i++)
    {
        assert_int_equal(try(t, true), AMEND_OK);
        assert_int_equal(t->count, 14);
        expect(t, "002 data passed");
        expect(t, "002 up again passed");
        expect(t, "all all up passed");
    }
}

static void test_no_migrations(void **state)
{
    tried *t = *state;
    char empty[512];
    tempdir_write(&t->h.dir, "empty/versions/.keep", "");
    snprintf(empty, sizeof empty, "%s", tempdir_path(&t->h.dir, "empty"));
    t->h.options.dir = empty;
    assert_int_equal(try(t, true), AMEND_OK);
    expect(t, "all all down passed");
    expect(t, "all all up passed");
    assert_int_equal(t->count, 2);
}

/* ------------------------------------------------------------------------------------------------------------- failures */

static void test_left_behind(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/002_posts.sql",
                  "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nCREATE INDEX p ON users (id);");
    assert_int_equal(try(t, false), AMEND_FAILED);
    assert_int_equal(t->h.error.code, AMEND_E_TEST_FAILED);
    assert_string_equal(t->h.error.message, "2 of the tests failed");
    expect(t, "002 down failed 002_posts_down.sql:0 the down script does not undo the up script|left behind: index p");
    expect(t, "002 up again failed 002_posts.sql:2 index p already exists|");
    expect(t, "003 up passed");                  /* on another scratch database */
    assert_null(strstr(t->found, "all all up")); /* the other road had nothing to meet */
}

static void test_gone_and_different(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/002_posts.sql", "ALTER TABLE users ADD COLUMN x TEXT;\nCREATE VIEW v AS SELECT 1 AS a;");
    harness_write(&t->h, "down/002_posts_down.sql",
                  "DROP VIEW v;\nDROP TABLE users;\nCREATE TABLE users (id INTEGER PRIMARY KEY, y INT);");
    harness_write(&t->h, "down/003_index_down.sql", "DROP INDEX i;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    expect(t, "002 down failed 002_posts_down.sql:0 the down script does not undo the up script|left behind: column users.y");
    const char *again = strstr(t->found, "002 up again failed 002_posts.sql:0 applied again, it makes another schema|");
    assert_non_null(again);
    const char *reset =
        strstr(t->found, "all all down failed :0 rolled back together, the migrations don't leave what was there|");
    assert_true(reset == NULL); /* 001 takes the table away all the same */
    expect(t, "all all down passed");
}

/* One by one 002 is undone and done again, which it does otherwise; together it is not. */
static void test_another_schema(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);");
    harness_write(&t->h, "down/002_posts_down.sql",
                  "DROP TABLE posts;\nDROP TABLE users;\nCREATE TABLE users (name TEXT PRIMARY KEY, id);");
    assert_int_equal(try(t, false), AMEND_FAILED);
    const char *all =
        strstr(t->found, "all all up failed :0 applied together, the migrations make another schema than one by one|");
    assert_non_null(all);
    assert_non_null(strstr(all, "different: column users.id/  was  "));
    assert_non_null(strstr(all, "left behind: column users.name") == NULL ? strstr(all, "gone: column users.name") : all);
}

static void test_up_fails(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/002_posts.sql",
                  "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);");
    assert_int_equal(try(t, false), AMEND_FAILED);
    assert_string_equal(t->h.error.message, "2 of the tests failed");
    expect(t, "002 up failed 002_posts.sql:2 no such table: nowhere|");
    expect(t, "all all up failed 002_posts.sql:2 no such table: nowhere|");
    assert_null(strstr(t->found, "003 up")); /* it can't be reached */
    expect(t, "003 lint passed");
}

static void test_down_fails(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "down/002_posts_down.sql", "DROP TABLE nowhere;");
    harness_write(&t->h, "down/003_index_down.sql", "DROP INDEX i;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    expect(t, "002 down failed 002_posts_down.sql:1 no such table: nowhere|");
    expect(t, "003 up again passed");
    expect(t, "all all down failed 002_posts_down.sql:1 no such table: nowhere|");
}

static void test_a_script_that_cannot_be_read(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/002_posts.sql", "\nCOMMIT;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    assert_int_equal(t->h.error.code, AMEND_E_TEST_FAILED);
    expect(t, "002 up failed 002_posts.sql:2 transaction control inside a migration: \"COMMIT;\"|");
    expect(t, "all all up failed 002_posts.sql:2 transaction control inside a migration: \"COMMIT;\"|");
    harness_write(&t->h, "versions/002_posts.sql", "SELECT 'x;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    assert_int_equal(t->h.error.code, AMEND_E_TEST_FAILED);
    assert_non_null(strstr(t->found, "002 up failed 002_posts.sql:1 "));
    harness_write(&t->h, "versions/002_again.sql", "SELECT 1;");
    assert_true(try(t, false) != AMEND_OK); /* two of one version: nothing can be tried */
    assert_true(t->h.error.code != AMEND_E_TEST_FAILED);
}

/* ----------------------------------------------------------------------------------------------------------------- data */

static void test_data(void **state)
{
    static const struct
    {
        const char *when, *text, *line;
    } cases[] = {
        {"after", "SELECT count(*) = 2 FROM posts;", "002 data failed 002_after.sql:1 a row of this query is not true|"},
        {"after", "SELECT 1;\nSELECT NULL;", "002 data failed 002_after.sql:2 a row of this query is not true|"},
        {"after", "\nSELECT 't' WHERE 0;", "002 data failed 002_after.sql:2 this query gives no row|"},
        {"after", "SELECT 'true';\nSELECT 't';\nSELECT '2';\nINSERT INTO posts VALUES (3);", "002 data passed"},
        {"after", "SELECT x FROM posts;", "002 data failed 002_after.sql:1 no such column: x|"},
        {"after", "SELECT 'x;", NULL},
        {"after", "-- nothing\n", "002 data passed"},
        {"before", "INSERT INTO posts VALUES (1);", "002 data failed 002_before.sql:1 no such table: posts|"},
        {"before", "SELECT 0;", "002 up passed"}, /* only what comes behind asks */
        {"down", "SELECT count(*) = 0 FROM users;", "002 up again passed"},
        {"down", "SELECT count(*) = 1 FROM users;", "002 down failed 002_down.sql:1 a row of this query is not true|"},
    };
    tried *t = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        char name[64];
        snprintf(name, sizeof name, "tests/002_%s.sql", cases[i].when);
        harness_write(&t->h, name, cases[i].text);
        bool wrong = cases[i].line == NULL || strstr(cases[i].line, "failed") != NULL;
        assert_int_equal(try(t, false), wrong ? AMEND_FAILED : AMEND_OK);
        if (cases[i].line != NULL)
        {
            expect(t, cases[i].line);
        }
        harness_write(&t->h, name, "");
    }
}

/* --------------------------------------------------------------------------------------------------------------- twice */

static void test_twice(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/003_index.sql", "BEGIN;\nCREATE INDEX IF NOT EXISTS i ON users (id);\nSELECT 1;\nCOMMIT;");
    assert_int_equal(try(t, false), AMEND_OK);
    expect(t, "003 twice passed");
    assert_null(strstr(t->found, "001 twice"));
}

static void test_twice_and_it_fails(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/003_index.sql",
                  "DROP TABLE IF EXISTS old;\nCREATE VIEW IF NOT EXISTS old AS SELECT id FROM users;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    expect(t, "003 twice failed 003_index.sql:1 use DROP VIEW to delete view old|");
}

static void test_twice_and_the_schema_is_another(void **state)
{
    tried *t = *state;
    /* what the first run makes decides what the second one makes */
    harness_write(&t->h, "versions/003_index.sql",
                  "CREATE TABLE IF NOT EXISTS b AS SELECT 1 AS x WHERE EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'a');\n"
                  "DROP TABLE IF EXISTS a;");
    harness_write(&t->h, "versions/002_posts.sql", "CREATE TABLE a (x);");
    harness_write(&t->h, "down/002_posts_down.sql", "DROP TABLE a;");
    assert_int_equal(try(t, false), AMEND_OK);
    expect(t, "003 twice passed");
    harness_write(
        &t->h, "versions/003_index.sql",
        "CREATE INDEX IF NOT EXISTS i ON a (x);\nDROP TABLE IF EXISTS b;\nINSERT INTO a VALUES (1) ON CONFLICT DO NOTHING;");
    harness_write(&t->h, "versions/002_posts.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x);");
    harness_write(&t->h, "down/002_posts_down.sql", "DROP TABLE a;\nDROP TABLE b;");
    assert_int_equal(try(t, false), AMEND_OK);
    expect(t, "003 twice passed");
}

static void test_twice_and_the_rows_are_others(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/003_index.sql",
                  "CREATE TABLE IF NOT EXISTS log (n);\nINSERT INTO log VALUES (1) ON CONFLICT DO NOTHING;");
    assert_int_equal(try(t, false), AMEND_OK); /* nobody asks */
    harness_write(&t->h, "tests/003_after.sql", "SELECT count(*) = 1 FROM log;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    expect(t, "003 data passed");
    expect(t, "003 twice failed 003_after.sql:1 run twice, it changes rows: a row of this query is not true|");
    /* not wrong before, or with work of its own: then it can't tell */
    harness_write(&t->h, "tests/003_after.sql", "SELECT count(*) = 1 FROM log;\nUPDATE log SET n = 2;");
    assert_int_equal(try(t, false), AMEND_OK);
    expect(t, "003 twice passed");
    harness_write(&t->h, "tests/003_after.sql", "SELECT count(*) = 7 FROM log;");
    assert_int_equal(try(t, false), AMEND_FAILED);
    expect(t, "003 twice passed");
}

/* ---------------------------------------------------------------------------------------------------------------- lint */

static void test_lint(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/003_index.sql",
                  "ALTER TABLE users ADD COLUMN a TEXT NOT NULL;\nALTER TABLE users ADD COLUMN b TEXT NOT NULL;");
    assert_int_equal(try(t, false), AMEND_REFUSED); /* on an empty table SQLite takes them */
    assert_string_equal(t->h.error.message, "lint found 2 errors");
    const char *lint = strstr(t->found, "003 lint failed 003_index.sql:1 AL009 not-null-column: ");
    assert_non_null(lint);
    assert_non_null(strstr(lint, " (and 1 more)|"));
    assert_non_null(strstr(lint, "versions/003_index.sql:1: AL009 not-null-column: "));
    assert_non_null(strstr(lint, "/versions/003_index.sql:2: AL009 not-null-column: "));
    expect(t, "002 lint passed");
}

static void lint_no_down(tried *t)
{
    static const amend_lint_setting no_down = {.rule = "no-down", .severity = AMEND_ERROR};
    t->h.options.lint = &no_down;
    t->h.options.lint_count = 1;
}

static void test_only_lint(void **state)
{
    tried *t = *state;
    lint_no_down(t);
    assert_int_equal(try(t, false), AMEND_REFUSED);
    assert_int_equal(t->h.error.code, AMEND_E_LINT);
    assert_string_equal(t->h.error.message, "lint found 1 error");
    expect(t, "002 lint passed");
    assert_non_null(strstr(t->found, "003 lint failed 003_index.sql:"));
    amend_test_options o = AMEND_TEST_OPTIONS_INIT;
    o.no_lint = true;
    assert_int_equal(amend_test(t->h.handle, &o, NULL, NULL, &t->h.error), AMEND_OK);
}

/* --------------------------------------------------------------------------------------------------------- what stops it */

static void test_compiled_in(void **state)
{
    static const char one[] = "CREATE TABLE IF NOT EXISTS a (x);", down[] = "DROP TABLE a;";
    static const amend_file files[] = {{"001_one.sql", one, sizeof one - 1}, {"001_one.down.sql", down, sizeof down - 1}};
    tried *t = *state;
    harness_write(&t->h, "tests/001_after.sql", "SELECT 0;");
    t->h.options.files = files;
    t->h.options.file_count = 2;
    assert_int_equal(try(t, false), AMEND_OK);
    expect(t, "001 up again passed");
    assert_null(strstr(t->found, "001 data"));
}

static void test_no_scratch(void **state)
{
    tried *t = *state;
    setenv("TMPDIR", tempdir_path(&t->h.dir, "nowhere"), 1);
    assert_int_equal(try(t, true), AMEND_FAILED);
    assert_int_equal(t->h.error.code, AMEND_E_SCRATCH);
    setenv("TMPDIR", t->temp, 1);
    amend_test_options o = AMEND_TEST_OPTIONS_INIT;
    o.scratch_url = "sqlite:x.db";
    assert_int_equal(amend_test(t->h.handle, &o, NULL, NULL, &t->h.error), AMEND_FAILED);
    assert_int_equal(t->h.error.code, AMEND_E_SCRATCH);
}

/* It ends soon, with its own status, and nothing stays. */
static void test_cancelled(void **state)
{
    static const char *const lines[] = {"001 up passed", "001 down passed",  "001 up again passed",
                                        "002 up passed", "003 down skipped", "003 lint passed"};
    tried *t = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    {
        t->until = lines[i];
        amend_status status = try(t, false);
        if (i < 4)
        {
            assert_int_equal(status, AMEND_FAILED);
            assert_int_equal(t->h.error.code, AMEND_E_CANCELLED);
            assert_null(strstr(t->found, "failed"));
        }
    }
}

static void test_catalog(void **state)
{
    tried *t = *state;
    amend_snapshot *s = NULL;
    harness_open(&t->h);
    harness_expect_ok(&t->h, amend_snapshot_of_catalog(t->h.handle, NULL, &s, &t->h.error));
    assert_non_null(strstr(s->text, "index i\t"));
    amend_snapshot_free(s);
    s = NULL;
    assert_int_equal(amend_snapshot_of_catalog(t->h.handle, "sqlite:x", &s, &t->h.error), AMEND_FAILED);
    harness_write(&t->h, "versions/003_index.sql", "CREATE INDEX i ON nowhere (id);");
    assert_int_equal(amend_snapshot_of_catalog(t->h.handle, NULL, &s, &t->h.error), AMEND_FAILED);
    assert_string_equal(t->h.error.version, "003");
    t->h.options.url = NULL;
    harness_again(&t->h);
    assert_int_equal(amend_snapshot_of_catalog(t->h.handle, NULL, &s, &t->h.error), AMEND_USAGE);
    assert_null(s);
}

static amend_status all_of_it(tried *t)
{
    amend_test_options o = AMEND_TEST_OPTIONS_INIT;
    amend_snapshot *s = NULL;
    o.one_thread = true;
    t->found[0] = '\0';
    t->h.error = (amend_error){0};
    amend_status status = amend_open(&t->h.options, &t->h.handle, &t->h.error);
    if (status == AMEND_OK)
    {
        status = amend_test(t->h.handle, &o, on_result, t, &t->h.error);
        status =
            t->h.error.code == AMEND_E_TEST_FAILED ? amend_snapshot_of_catalog(t->h.handle, NULL, &s, &t->h.error) : status;
    }
    amend_snapshot_free(s);
    amend_close(t->h.handle);
    t->h.handle = NULL;
    return status;
}

/* Where there is such a place: hundreds of databases are made, and each commit waits for the disk. */
static void in_memory(tried *t)
{
    char name[] = "/dev/shm/amend-test-XXXXXX";
    if (mkdtemp(name) != NULL)
    {
        snprintf(t->temp, sizeof t->temp, "%s", name);
        setenv("TMPDIR", t->temp, 1);
    }
}

/* One thread does all of it: the thread sanitizer, which is slow, need not see every place. */
#ifdef __SANITIZE_THREAD__
#define SWEEP_STRIDE 13
#else
#define SWEEP_STRIDE 1
#endif

/* Each allocation fails in turn: no finding comes of that, and nothing stays. */
static void test_short_of_memory(void **state)
{
    tried *t = *state;
    harness_write(&t->h, "versions/001_users.sql", "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY);");
    harness_write(&t->h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER);\nCREATE INDEX p ON users (id);");
    harness_write(&t->h, "versions/003_index.sql", "INSERT INTO users VALUES (1);");
    harness_write(&t->h, "tests/001_after.sql", "SELECT count(*) = 0 FROM users;");
    lint_no_down(t);
    in_memory(t);
    for (size_t n = 1;; n += SWEEP_STRIDE)
    {
        faulty_alloc faulty;
        t->h.options.allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        amend_status status = all_of_it(t);
        if (faulty_alloc_clear(&faulty) != 0)
        {
            fail_msg("call %zu: %zu blocks are left over", n, faulty.live);
        }
        expect_no_scratch(t);
        if (faulty.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            break;
        }
        if (status != AMEND_OK && t->h.error.code != AMEND_E_OUT_OF_MEMORY)
        {
            fail_msg("call %zu: AM%04d %s\n%s", n, (int)t->h.error.code, t->h.error.message, t->found);
        }
        if (strstr(t->found, "memory") != NULL)
        {
            fail_msg("call %zu: a finding of it\n%s", n, t->found);
        }
    }
    expect(t, "001 twice passed");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(test_names),
        CASE(test_arguments),
        CASE(test_order),
        CASE(test_threads),
        CASE(test_no_migrations),
        CASE(test_left_behind),
        CASE(test_another_schema),
        CASE(test_gone_and_different),
        CASE(test_up_fails),
        CASE(test_down_fails),
        CASE(test_data),
        CASE(test_a_script_that_cannot_be_read),
        CASE(test_twice),
        CASE(test_twice_and_it_fails),
        CASE(test_twice_and_the_schema_is_another),
        CASE(test_lint),
        CASE(test_only_lint),
        CASE(test_twice_and_the_rows_are_others),
        CASE(test_compiled_in),
        CASE(test_no_scratch),
        CASE(test_cancelled),
        CASE(test_catalog),
        CASE(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
