/* SPDX-License-Identifier: MIT */
/*
 * The allocation-failure sweep over healing: diagnose, provides, a cure with a connection of amend's own and one on the
 * application's, inside its transaction, with the 1st, 2nd … Nth request for memory refused, once and for good. Each time: the
 * query keeps its error or is cured, nothing is leaked, nothing is held, and a later call on the same handle cures what is
 * left.
 */
#include "amend.h"
#include "amend/sqlite.h"

#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define TEXT(path, text)                                                                                                       \
    {                                                                                                                          \
        path, text, sizeof(text) - 1                                                                                           \
    }

static const amend_file files[] = {
    TEXT("001_users.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);"),
    TEXT("002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY);\nCREATE INDEX i ON posts (id);"),
    TEXT("003_title.sql",
         "-- amend:depends 002\n-- amend:provides column posts.title\nALTER TABLE posts ADD COLUMN title TEXT;"),
    TEXT("004_loss.sql", "CREATE TABLE lost (x);\nDELETE FROM posts;"),
};

typedef struct life
{
    faulty_alloc faulty;
    tempdir dir;
    char path[300];
    amend *handle;
    sqlite3 *db;
    amend_status status; /* of the first call that failed */
    amend_error error;
} life;

static void ignore_event(void *arg, const amend_event *event)
{
    (void)arg;
    (void)event;
}

static void ignore_provision(void *arg, const amend_provision *p)
{
    (void)arg;
    (void)p;
}

static amend_db_error missing(const char *message)
{
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = message;
    e.native = SQLITE_ERROR;
    return e;
}

/* The files are compiled in, so that what failed for memory is not tried again because of another stamp. */
static amend_status begin(life *l, size_t nth, faulty_mode mode)
{
    amend_options o = AMEND_OPTIONS_INIT;
    o.url = l->path;
    o.files = files;
    o.file_count = sizeof files / sizeof files[0];
    o.on_event = ignore_event;
    o.allocator = faulty_alloc_init(&l->faulty, nth, mode);
    l->handle = NULL;
    l->error = (amend_error){0};
    assert_int_equal(sqlite3_open(l->path, &l->db), SQLITE_OK);
    l->status = amend_open(&o, &l->handle, &l->error);
    return l->status;
}

static void end(life *l)
{
    amend_close(l->handle);
    assert_int_equal(sqlite3_close(l->db), SQLITE_OK);
    assert_int_equal(faulty_alloc_clear(&l->faulty), 0);
    remove(l->path);
}

static void look(life *l)
{
    amend_healing healing;
    amend_report *report = NULL;
    amend_db_error failed = missing("no such column: posts.title"), lost = missing("no such table: lost");
    l->status = amend_diagnose(l->handle, &failed, &healing, &report, &l->error);
    if (l->status == AMEND_OK)
    {
        assert_int_equal(healing.cure, AMEND_CURE_DONE);
        assert_int_equal(report->item_count, 2 + (size_t)(strcmp(report->items[0].version, "001") == 0));
    }
    amend_report_free(report);
    report = NULL;
    l->status = l->status == AMEND_OK ? amend_diagnose(l->handle, &lost, &healing, &report, &l->error) : l->status;
    amend_report_free(report);
    l->status = l->status == AMEND_OK ? amend_provides(l->handle, "posts", ignore_provision, NULL, &l->error) : l->status;
}

/* With a connection of amend's own. */
static void cure_apart(life *l)
{
    amend_db_error failed = missing("no such table: posts"), lost = missing("no such table: lost");
    amend_cure cure = amend_heal_error(l->handle, &failed, NULL, &l->error);
    assert_true(cure == AMEND_CURE_DONE || cure == AMEND_CURE_FAILED);
    assert_int_equal(cure == AMEND_CURE_FAILED, l->error.code == AMEND_E_OUT_OF_MEMORY);
    bool posts = cure == AMEND_CURE_DONE; /* else nothing of it can be lost */
    cure = amend_heal_error(l->handle, &lost, NULL, &l->error);
    assert_true(cure == (posts ? AMEND_CURE_REFUSED : AMEND_CURE_DONE) ||
                (cure == AMEND_CURE_FAILED && l->error.code == AMEND_E_OUT_OF_MEMORY));
}

/* Inside the application's transaction, whose own row must be there once, whatever comes of the cure. */
static void cure_inside(life *l)
{
    assert_int_equal(sqlite3_exec(l->db, "CREATE TABLE mine (x); BEGIN; INSERT INTO mine VALUES (1)", NULL, NULL, NULL),
                     SQLITE_OK);
    int code = amend_sqlite3_exec(l->handle, l->db, "INSERT INTO posts (title) VALUES ('one')", NULL, NULL, NULL);
    assert_true(code == SQLITE_OK || code == SQLITE_ERROR);
    if (code != SQLITE_OK)
    {
        const char *words = sqlite3_errmsg(l->db); /* the first error, or the one behind it */
        assert_true(strcmp(words, "no such table: posts") == 0 || strcmp(words, "table posts has no column named title") == 0);
    }
    assert_int_equal(sqlite3_get_autocommit(l->db), 0);
    assert_int_equal(sqlite3_exec(l->db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    l->status = code == SQLITE_OK ? AMEND_OK : AMEND_FAILED;
}

/* Memory is there again: on the same handle all is cured that is left. */
static void recover(life *l)
{
    amend_report *report = NULL;
    amend_db_error failed = missing("no such column: posts.title");
    l->faulty.fail_at = 0;
    amend_cure cure = amend_heal_error(l->handle, &failed, NULL, &l->error);
    if (cure != AMEND_CURE_DONE)
    {
        fail_msg("cure %d: AM%04d %s", (int)cure, (int)l->error.code, l->error.message);
    }
    assert_int_equal(sqlite3_exec(l->db, "SELECT title FROM posts", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(amend_verify(l->handle, &report, &l->error), AMEND_OK);
    amend_report_free(report);
}

static void sweep(void (*fn)(life *), faulty_mode mode)
{
    life l;
    tempdir_make(&l.dir);
    for (size_t n = 1;; n++)
    {
        snprintf(l.path, sizeof l.path, "%s/%zu.db", l.dir.path, n);
        if (begin(&l, n, mode) == AMEND_OK)
        {
            fn(&l);
            assert_true(l.status == AMEND_OK || l.faulty.failures > 0);
            recover(&l);
        }
        bool done = l.faulty.failures == 0;
        end(&l);
        if (done)
        {
            assert_true(n > 20);
            break;
        }
    }
    tempdir_remove(&l.dir);
}

static void test_looking(void **state)
{
    (void)state;
    sweep(look, FAULTY_ONCE);
    sweep(look, FAULTY_FOR_GOOD);
}

static void test_curing_apart(void **state)
{
    (void)state;
    sweep(cure_apart, FAULTY_ONCE);
    sweep(cure_apart, FAULTY_FOR_GOOD);
}

static void test_curing_inside(void **state)
{
    (void)state;
    sweep(cure_inside, FAULTY_ONCE);
    sweep(cure_inside, FAULTY_FOR_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_looking), cmocka_unit_test(test_curing_apart),
                                       cmocka_unit_test(test_curing_inside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
