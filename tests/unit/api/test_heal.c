/* SPDX-License-Identifier: MIT */
/* Healing as an application calls it that has a client library of its own; src/heal has more tests of its own. */
#include "api/harness.h"

#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static harness *make(harness *h)
{
    unsetenv("AMEND_HEAL");
    unsetenv("AMEND_HEAL_URL");
    harness_make(h);
    harness_write(h, "versions/002_posts.sql", "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT);");
    return h;
}

static amend_db_error sqlite_error(const char *message)
{
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = message;
    e.native = 1;
    return e;
}

static amend_cure heal(harness *h, const char *message, amend_healing *healing)
{
    amend_db_error failed = sqlite_error(message);
    h->error = (amend_error){0};
    h->told[0] = '\0';
    return amend_heal_error(h->handle, &failed, healing, &h->error);
}

static void test_heal_error(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    harness_open(make(&h));
    assert_int_equal(heal(&h, "no such table: posts", &healing), AMEND_CURE_DONE);
    assert_int_equal(healing.applied, 2);
    assert_string_equal(healing.version, "002");
    assert_true(healing.elapsed_ms >= 0);
    assert_non_null(strstr(h.told, "heal.cured 002: no such table: posts: cured in "));
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM posts"), "0\n");
    assert_int_equal(heal(&h, "UNIQUE constraint failed: posts.id", &healing), AMEND_CURE_NONE);
    assert_int_equal(healing.object.kind, AMEND_OBJECT_NONE);
    amend_db_error failed = sqlite_error("no such index: i");
    assert_int_equal(amend_heal_error(h.handle, &failed, NULL, NULL), AMEND_CURE_DONE);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0)); /* the handle's other calls go on */
    assert_int_equal(h.report->done, 0);
    harness_remove(&h);
}

static void test_heal_error_arguments(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    amend_error error = {0};
    amend_db_error good = sqlite_error("no such table: posts"), bad = good;
    harness_open(make(&h));
    assert_int_equal(amend_heal_error(NULL, &good, &healing, NULL), AMEND_CURE_NONE);
    assert_int_equal(amend_heal_error(h.handle, NULL, &healing, &error), AMEND_CURE_NONE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    bad.size--;
    error = (amend_error){0};
    assert_int_equal(amend_heal_error(h.handle, &bad, &healing, &error), AMEND_CURE_NONE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    bad = good;
    bad.message = NULL;
    assert_int_equal(amend_heal_error(h.handle, &bad, &healing, NULL), AMEND_CURE_NONE);
    assert_int_equal(healing.cure, AMEND_CURE_NONE);
    harness_remove(&h);
}

static void test_without_a_database(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    make(&h)->options.url = NULL;
    harness_open(&h);
    assert_int_equal(heal(&h, "no such table: posts", &healing), AMEND_CURE_NONE);
    assert_int_equal(amend_provides(h.handle, NULL, NULL, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    amend_db_error failed = sqlite_error("no such table: posts");
    harness_expect_ok(&h, amend_diagnose(h.handle, &failed, &healing, &h.report, &h.error));
    assert_int_equal(healing.cure, AMEND_CURE_DONE);
    assert_string_equal(h.report->dialect, "sqlite");
    harness_expect_items(&h, "pending 001, pending 002");
    failed.sqlstate = "42P01";
    amend_report *report = NULL;
    amend_status status = amend_diagnose(h.handle, &failed, &healing, &report, &h.error);
#ifdef AMEND_WITH_POSTGRES
    harness_expect_ok(&h, status);
    assert_string_equal(report->dialect, "postgres");
#else
    assert_int_equal(status, AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_DRIVER_MISSING);
#endif
    amend_report_free(report);
    harness_remove(&h);
}

static void cancel_at_start(void *arg, const amend_event *e)
{
    harness *h = arg;
    if (e->type == AMEND_EVENT_HEAL_STARTED)
    {
        amend_cancel(h->handle);
    }
}

/* Who stops the handle's calls stops its cures, too. */
static void test_cancelled(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    make(&h)->options.on_event = cancel_at_start;
    harness_open(&h);
    assert_int_equal(heal(&h, "no such table: posts", &healing), AMEND_CURE_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM sqlite_schema"), "0\n");
    harness_remove(&h);
}

/* What the default policy lets pass, with "users" and "posts" applied, and a row in each. */
static void test_additive(void **state)
{
    static const struct
    {
        const char *sql, *message;
        amend_cure cure;
    } cases[] = {
        {"CREATE TABLE w (x); INSERT INTO w VALUES (1);", "no such table: w", AMEND_CURE_DONE},
        {"CREATE TABLE w (x); INSERT INTO w SELECT id FROM users;", "no such table: w", AMEND_CURE_DONE},
        {"CREATE TABLE w (x); DROP TABLE w; CREATE TABLE w (y);", "no such table: w", AMEND_CURE_DONE},
        {"ALTER TABLE users ADD COLUMN w NOT NULL DEFAULT 0;", "no such column: users.w", AMEND_CURE_DONE},
        {"CREATE VIEW w AS SELECT id FROM users;", "no such table: w", AMEND_CURE_DONE},
        {"CREATE TRIGGER w AFTER INSERT ON users BEGIN DELETE FROM posts; END;", "no such trigger: w", AMEND_CURE_DONE},
        {"CREATE TABLE w (x); DELETE FROM users;", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE w (x); INSERT INTO users VALUES (7);", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE w (x); REPLACE INTO users VALUES (1);", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE w (x); WITH y AS (SELECT 1) DELETE FROM users;", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE IF NOT EXISTS users (x); DELETE FROM users; CREATE TABLE w (x);", "no such table: w",
         AMEND_CURE_REFUSED},
        {"DROP TABLE users; CREATE TABLE users (id, w);", "no such column: users.w", AMEND_CURE_REFUSED},
        {"DROP TABLE IF EXISTS hand; CREATE TABLE hand (x); CREATE TABLE w (x);", "no such table: w", AMEND_CURE_REFUSED},
        {"DROP TABLE IF EXISTS users; CREATE TABLE w (x);", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE n (id, w); INSERT INTO n (id) SELECT id FROM users; DROP TABLE users; ALTER TABLE n RENAME TO users;",
         "no such column: users.w", AMEND_CURE_REFUSED},
        {"ALTER TABLE users RENAME COLUMN id TO w;", "no such column: users.w", AMEND_CURE_REFUSED},
        {"ALTER TABLE users RENAME TO w;", "no such table: w", AMEND_CURE_REFUSED},
        {"PRAGMA writable_schema = 1; CREATE TABLE w (x);", "no such table: w", AMEND_CURE_REFUSED},
        {"PRAGMA user_version = 1; CREATE TABLE w (x);", "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE w (x); CREATE TABLE v (x); CREATE TRIGGER t AFTER INSERT ON w BEGIN DELETE FROM v; INSERT INTO users "
         "VALUES (new.x); DELETE FROM users WHERE id = new.x; END;",
         "no such table: w", AMEND_CURE_DONE},
        {"CREATE TABLE w (x); CREATE TABLE v (x); CREATE TRIGGER t AFTER INSERT ON w BEGIN DELETE FROM v; END; INSERT INTO w "
         "VALUES (1);",
         "no such table: w", AMEND_CURE_DONE},
        {"CREATE TABLE w (x); CREATE TRIGGER t AFTER INSERT ON w BEGIN DELETE FROM users; END; INSERT INTO w VALUES (1);",
         "no such table: w", AMEND_CURE_REFUSED},
        {"CREATE TABLE w (x); DELETE FROM sqlite_sequence;", "no such table: w", AMEND_CURE_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        harness h;
        amend_healing healing;
        harness_write(make(&h), "versions/003_index.sql", "SELECT 1;");
        harness_open(&h);
        harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
        harness_query(&h, "INSERT INTO users VALUES (1); INSERT INTO posts VALUES (1, 'one')");
        harness_write(&h, "versions/004_w.sql", cases[i].sql);
        amend_cure cure = heal(&h, cases[i].message, &healing);
        if (cure != cases[i].cure)
        {
            fail_msg("%s: %s, not %s (%s)", cases[i].sql, amend_cure_name(cure), amend_cure_name(cases[i].cure),
                     h.error.message);
        }
        assert_string_equal(harness_query(&h, "SELECT users.id, title FROM users, posts"), "1|one\n");
        harness_remove(&h);
    }
}

/* What a trigger of one migration takes away when another one of the same cure fires it. The cure itself makes v. */
static void test_triggers(void **state)
{
    static const struct
    {
        const char *table;
        amend_cure cure;
    } cases[] = {
        {"users", AMEND_CURE_REFUSED},
        {"v", AMEND_CURE_DONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        harness h;
        amend_healing healing;
        char sql[256];
        harness_write(make(&h), "versions/003_index.sql", "SELECT 1;");
        harness_open(&h);
        harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
        harness_query(&h, "INSERT INTO users VALUES (1)");
        snprintf(sql, sizeof sql,
                 "CREATE TABLE v (x); CREATE TABLE w (x);"
                 "CREATE TRIGGER t AFTER INSERT ON w BEGIN DELETE FROM %s; END;",
                 cases[i].table);
        harness_write(&h, "versions/004_w.sql", sql);
        harness_write(&h, "versions/005_rows.sql", "-- amend:depends 004\nCREATE TABLE y (x);\nINSERT INTO w VALUES (1);");
        assert_int_equal(heal(&h, "no such table: y", &healing), cases[i].cure);
        assert_string_equal(harness_query(&h, "SELECT id FROM users"), "1\n");
        if (cases[i].cure == AMEND_CURE_REFUSED)
        {
            assert_non_null(strstr(h.error.message, "changes rows that were there before (\"users\")"));
            assert_int_equal(h.error.line, 3);
        }
        harness_remove(&h);
    }
}

/* ----------------------------------------------------------------------------------------------------------- diagnose */

static amend_status diagnose(harness *h, const char *message, amend_healing *healing)
{
    amend_db_error failed = sqlite_error(message);
    amend_report_free(h->report);
    h->report = NULL;
    h->error = (amend_error){0};
    return amend_diagnose(h->handle, &failed, healing, &h->report, &h->error);
}

/* What the report points to lives as long as it, and longer than the handle's next calls. */
static void test_diagnose(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    harness_open(make(&h));
    harness_expect_ok(&h, diagnose(&h, "no such table: posts", &healing));
    assert_int_equal(healing.cure, AMEND_CURE_DONE);
    assert_int_equal(healing.object.kind, AMEND_OBJECT_TABLE);
    assert_string_equal(healing.version, "002");
    harness_expect_items(&h, "pending 001, pending 002");
    harness_expect_problems(&h, "");
    assert_string_equal(h.report->items[1].name, "posts");
    assert_non_null(strstr(h.report->items[1].file, "002_posts.sql"));
    assert_int_equal(h.report->pending, 3);
    assert_string_equal(h.told, "");
    assert_int_equal(heal(&h, "no such table: users", &healing), AMEND_CURE_DONE);
    assert_string_equal(h.report->items[0].version, "001");
    harness_expect_ok(&h, diagnose(&h, "no such table: posts", &healing));
    harness_expect_items(&h, "pending 002");
    assert_string_equal(h.report->current, "001");
    harness_expect_ok(&h, diagnose(&h, "no such table: nobodys", &healing));
    assert_string_equal(healing.version, "");
    assert_int_equal(healing.cure, AMEND_CURE_NONE);
    harness_expect_ok(&h, diagnose(&h, "near \"x\": syntax error", NULL));
    harness_expect_items(&h, "");
    harness_remove(&h);
}

static void test_diagnose_refused(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    harness_write(make(&h), "versions/002_posts.sql", "CREATE TABLE posts (id);\nDROP TABLE users;");
    harness_expect_ok(&h, (harness_open(&h), harness_run(&h, amend_up, NULL, 1, 0)));
    harness_expect_ok(&h, diagnose(&h, "no such table: posts", &healing));
    assert_int_equal(healing.cure, AMEND_CURE_REFUSED);
    harness_expect_problems(&h, "error AM0801 002");
    assert_int_equal(h.report->problems[0].line, 2);
    assert_int_equal(heal(&h, "no such table: posts", &healing), AMEND_CURE_REFUSED);
    assert_string_equal(h.error.message, h.report->problems[0].message);
    assert_int_equal(h.error.line, 2);
    harness_remove(&h);
}

static void test_diagnose_errors(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    amend_db_error bad = {0};
    harness_open(make(&h));
    assert_int_equal(amend_diagnose(h.handle, &bad, &healing, &h.report, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    harness_write(&h, "versions/02_twice.sql", "SELECT 1;");
    assert_int_equal(diagnose(&h, "no such table: posts", &healing), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_VERSION_TWICE);
    assert_null(h.report);
    harness_remove(&h);
}

/* ----------------------------------------------------------------------------------------------------------- provides */

static void add_provision(void *arg, const amend_provision *p)
{
    char *out = arg;
    size_t used = strlen(out);
    assert_non_null(strstr(p->file, p->version));
    assert_non_null(strstr(p->file, p->name));
    snprintf(out + used, 1024 - used, "%s %s %s%s%s\n", p->version, amend_object_kind_name(p->object->kind), p->object->table,
             p->object->table[0] == '\0' ? "" : ".", p->object->name);
}

static void expect_provides(harness *h, const char *object, const char *wanted)
{
    char found[1024] = "";
    harness_expect_ok(h, amend_provides(h->handle, object, add_provision, found, &h->error));
    assert_string_equal(found, wanted);
}

static void test_provides(void **state)
{
    (void)state;
    harness h;
    harness_open(make(&h));
    expect_provides(&h, "users", "001 table users\n001 column users.id\n001 unique users.id\n003 index users.i\n");
    expect_provides(&h, "USERS.ID", "001 column users.id\n001 unique users.id\n");
    expect_provides(&h, "\"i\"", "003 index users.i\n");
    expect_provides(&h, "title", "002 column posts.title\n");
    expect_provides(&h, "nobodys", "");
    expect_provides(&h, "users.nothing", "");
    char all[1024] = "";
    harness_expect_ok(&h, amend_provides(h.handle, NULL, add_provision, all, &h.error));
    assert_non_null(strstr(all, "002 column posts.title\n"));
    assert_int_equal(amend_provides(h.handle, "two words", add_provision, all, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_provides(h.handle, "", add_provision, all, NULL), AMEND_USAGE);
    harness_write(&h, "versions/02_twice.sql", "SELECT 1;");
    assert_int_equal(amend_provides(h.handle, NULL, add_provision, all, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_VERSION_TWICE);
    harness_remove(&h);
}

/* -------------------------------------------------------------------------------------------------------- the settings */

static amend_cure cure_under(harness *h, const char *policy)
{
    amend_healing healing;
    setenv("AMEND_HEAL", policy, 1);
    harness_again(h);
    unsetenv("AMEND_HEAL");
    return heal(h, "no such table: posts", &healing);
}

static void test_policies(void **state)
{
    (void)state;
    harness h;
    harness_write(make(&h), "versions/002_posts.sql", "CREATE TABLE posts (id);\nDROP TABLE users;");
    h.handle = NULL;
    assert_int_equal(cure_under(&h, "off"), AMEND_CURE_NONE);
    assert_string_equal(h.told, "");
    assert_int_equal(cure_under(&h, "report"), AMEND_CURE_REFUSED);
    assert_non_null(strstr(h.told, "heal.reported"));
    assert_int_equal(cure_under(&h, "additive"), AMEND_CURE_DONE); /* it loses nothing: "users" is as new */
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM posts"), "0\n");
    harness_write(&h, "versions/004_more.sql", "CREATE TABLE more (id);\nDROP TABLE posts;");
    amend_healing healing;
    harness_again(&h);
    assert_int_equal(heal(&h, "no such table: more", &healing), AMEND_CURE_REFUSED);
    h.options.heal = AMEND_HEAL_ALL;
    setenv("AMEND_HEAL", "additive", 1); /* who runs the program has the last word */
    harness_again(&h);
    assert_int_equal(heal(&h, "no such table: more", &healing), AMEND_CURE_REFUSED);
    setenv("AMEND_HEAL", "", 1); /* empty is not set */
    harness_write(&h, "versions/003_index.sql", "SELECT 1;");
    harness_again(&h);
    assert_int_equal(heal(&h, "no such table: more", &healing), AMEND_CURE_DONE);
    harness_remove(&h);
}

static void expect_open_fails(const harness *h, amend_code code, const char *message)
{
    amend *handle = NULL;
    amend_error error = {0};
    assert_int_equal(amend_open(&h->options, &handle, &error), AMEND_USAGE);
    assert_null(handle);
    assert_int_equal(error.code, code);
    assert_string_equal(error.message, message);
}

static void test_wrong_settings(void **state)
{
    (void)state;
    harness h;
    make(&h)->handle = NULL;
    setenv("AMEND_HEAL", "of", 1);
    expect_open_fails(&h, AMEND_E_SETTINGS, "AMEND_HEAL is \"of\", but can be off, additive, all or report");
    setenv("AMEND_HEAL", "ALL", 1);
    expect_open_fails(&h, AMEND_E_SETTINGS, "AMEND_HEAL is \"ALL\", but can be off, additive, all or report");
    unsetenv("AMEND_HEAL");
    h.options.heal = (amend_heal_policy)4;
    expect_open_fails(&h, AMEND_E_ARGUMENT, "there is no policy of healing with the number 4");
    h.options.heal = (amend_heal_policy)-1;
    expect_open_fails(&h, AMEND_E_ARGUMENT, "there is no policy of healing with the number -1");
    h.options.heal = AMEND_HEAL_ADDITIVE;
    h.options.heal_url = "postgres://me:hunter2@host/app";
    expect_open_fails(&h, AMEND_E_URL, "the URL for healing is for another kind of database than the first");
    setenv("AMEND_HEAL_URL", "oracle://scott:hunter2@host/db", 1);
    h.options.heal_url = NULL;
    expect_open_fails(&h, AMEND_E_URL, "the URL for healing is for another kind of database than the first");
    h.options.url = NULL; /* nothing is healed then, and the URL is not looked at */
    harness_open(&h);
    unsetenv("AMEND_HEAL_URL");
    harness_remove(&h);
}

/* Cures are made there, and there only. */
static void test_heal_url(void **state)
{
    (void)state;
    harness h;
    char other[512], third[512];
    amend_healing healing;
    make(&h);
    snprintf(other, sizeof other, "%s", tempdir_path(&h.dir, "other.db"));
    snprintf(third, sizeof third, "%s", tempdir_path(&h.dir, "third.db"));
    h.options.heal_url = other;
    harness_open(&h);
    assert_int_equal(heal(&h, "no such table: users", &healing), AMEND_CURE_DONE);
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM sqlite_schema"), "0\n");
    setenv("AMEND_HEAL_URL", third, 1);
    harness_again(&h);
    unsetenv("AMEND_HEAL_URL");
    assert_int_equal(heal(&h, "no such table: posts", &healing), AMEND_CURE_DONE);
    assert_int_equal(healing.applied, 2);
    memcpy(h.url, other, sizeof other);
    assert_string_equal(harness_query(&h, "SELECT version FROM _migrations"), "001\n");
    memcpy(h.url, third, sizeof third);
    assert_string_equal(harness_query(&h, "SELECT version FROM _migrations"), "001\n002\n");
    harness_remove(&h);
}

#ifdef AMEND_WITH_POSTGRES
static bool holds(const void *bytes, size_t size, const char *word)
{
    return memmem(bytes, size, word, strlen(word)) != NULL;
}

/* Nobody answers there; what is told of it has no password. */
static void test_passwords(void **state)
{
    (void)state;
    harness h;
    amend_healing healing;
    amend_error error = {0};
    make(&h);
    h.options.url = "postgres://app:swordfish@127.0.0.1:1/app";
    h.options.heal_url = "postgres://owner:hunter2@127.0.0.1:1/app";
    h.options.heal_wait_ms = 300;
    h.told[0] = '\0';
    harness_open(&h);
    amend_db_error failed = AMEND_DB_ERROR_INIT;
    failed.message = "relation \"posts\" does not exist";
    failed.sqlstate = "42P01";
    failed.query = "SELECT * FROM posts";
    failed.position = 15;
    assert_int_equal(amend_heal_error(h.handle, &failed, &healing, &error), AMEND_CURE_FAILED);
    assert_int_equal(error.status, AMEND_UNREACHABLE);
    assert_string_equal(healing.version, "002");
    assert_non_null(strstr(h.told, "heal.failed 002"));
    assert_false(holds(&error, sizeof error, "hunter2") || holds(&error, sizeof error, "swordfish"));
    assert_false(holds(h.told, sizeof h.told, "hunter2") || holds(h.told, sizeof h.told, "swordfish"));
    harness_remove(&h);
}
#endif

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(amend_cure_name(AMEND_CURE_NONE), "none");
    assert_string_equal(amend_cure_name(AMEND_CURE_DONE), "cured");
    assert_string_equal(amend_cure_name(AMEND_CURE_TIMED_OUT), "timed out");
    assert_null(amend_cure_name((amend_cure)(AMEND_CURE_TIMED_OUT + 1)));
    assert_null(amend_cure_name((amend_cure)-1));
    assert_string_equal(amend_object_kind_name(AMEND_OBJECT_ENUM_VALUE), "enum value");
    assert_null(amend_object_kind_name(AMEND_OBJECT_KINDS));
    assert_null(amend_object_kind_name((amend_object_kind)-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heal_error),
        cmocka_unit_test(test_heal_error_arguments),
        cmocka_unit_test(test_without_a_database),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_additive),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_diagnose),
        cmocka_unit_test(test_diagnose_refused),
        cmocka_unit_test(test_diagnose_errors),
        cmocka_unit_test(test_provides),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_wrong_settings),
        cmocka_unit_test(test_heal_url),
#ifdef AMEND_WITH_POSTGRES
        cmocka_unit_test(test_passwords),
#endif
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
