/* SPDX-License-Identifier: MIT */
/*
 * The engine against the scripted fake: what it does when the database fails at just the worst place. The dialect is
 * PostgreSQL's, so that what is sent are the true messages.
 */
#include "engine/run.h"

#include "base/alloc.h"
#include "conformance/fake.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

enum
{
    FILES = 3,
};

typedef struct fixture
{
    fake_script script;
    char url[40];
    session session;
    arena *arena;
    amend_file files[FILES];
    catalog catalog;
    outcome outcome;
    amend_error error;
    unsigned told[AMEND_EVENT_TYPES];
    char applied[64];
} fixture;

static void on_event(void *arg, const amend_event *e)
{
    fixture *f = arg;
    f->told[e->type]++;
    if (e->type == AMEND_EVENT_MIGRATION_APPLIED)
    {
        size_t used = strlen(f->applied);
        snprintf(f->applied + used, sizeof f->applied - used, "%s ", e->version);
    }
}

static const char *const meta_names[] = {"schema", "has_history", "has_events", "has_lock", "columns"};
static const char *const meta_fresh[] = {"public", "0", "0", "0", ""};
static const char *const meta_there[] = {"public", "1", "1", "1",
                                         "id:0,version:64,name:255,checksum:64,applied_at:0,execution_time_ms:0,git_commit:40"};
static const char *const lock_names[] = {"fence", "holder", "host", "pid", "since", "age_ms", "last_id", "last_hash"};
static const char *const lock_held[] = {"7", "elsewhere/1/1/1", "web-1", "42", "2026-01-01T00:00:00Z", "1000", NULL, NULL};
static const char *const lock_silent[] = {"7", "elsewhere/1/1/1", "web-1", "42", "2026-01-01T00:00:00Z", "900000", NULL, NULL};

/* An empty database: the meta row, and no table. */
#define FRESH                                                                                                                  \
    {.match = "to_regclass", .columns = 5, .names = meta_names, .values = meta_fresh},                                         \
    {                                                                                                                          \
        .match = "applied_at_iso", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42P01"                                         \
    }

static void start(fixture *f, fake_rule *rules, size_t count)
{
    static const char *const names[FILES] = {"001_a.sql", "002_b.sql", "003_c.sql"};
    static const char *const texts[FILES] = {
        "CREATE TABLE one (x int);", "CREATE TABLE two (x int); INSERT INTO two VALUES (2);", "CREATE TABLE three (x int);"};
    memset(f, 0, sizeof *f);
    f->script.rules = rules;
    f->script.count = count;
    f->session = (session){.allocator = &alloc_default,
                           .driver = &fake_driver,
                           .dialect = dialect_find("postgres"),
                           .url = fake_url(&f->script, f->url),
                           .url_shown = "fake",
                           .application = "test",
                           .actor = "me",
                           .host = "here",
                           .on_event = on_event,
                           .on_event_arg = f,
                           .connect_timeout_ms = 500,
                           .lock_timeout_ms = 100,
                           .lock_wait_ms = 300,
                           .lease_ms = 1000};
    assert_non_null(f->session.dialect);
    f->arena = arena_new(&alloc_default);
    for (size_t i = 0; i < FILES; i++)
    {
        f->files[i] = (amend_file){names[i], texts[i], strlen(texts[i])};
    }
    assert_int_equal(catalog_load(f->arena, "m", f->files, FILES, &f->catalog, &f->error), AMEND_OK);
}

static amend_status up(fixture *f)
{
    amend_run run = AMEND_RUN_INIT;
    return apply(&f->session, f->arena, &f->catalog, plan_up, NULL, &run, &f->outcome, &f->error);
}

static void stop(fixture *f)
{
    session_close(&f->session);
    assert_int_equal(f->script.opened, f->script.closed + f->script.refused);
    arena_free(f->arena);
}

#define START(...)                                                                                                             \
    fixture f;                                                                                                                 \
    fake_rule rules[] = {__VA_ARGS__};                                                                                         \
    start(&f, rules, sizeof rules / sizeof rules[0])

static void test_all_in_one_message(void **state)
{
    (void)state;
    START(FRESH);
    assert_int_equal(up(&f), AMEND_OK);
    assert_int_equal(f.script.execs, 2); /* the state, and everything */
    assert_string_equal(f.applied, "001 002 003 ");
    assert_non_null(strstr(f.script.log, "CREATE TABLE three"));
    assert_false(f.script.in_tx);
    stop(&f);
}

static void test_statement_fails(void **state)
{
    (void)state;
    START(FRESH, {.match = "INSERT INTO two", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23505", .message = "no"});
    assert_int_equal(up(&f), AMEND_FAILED);
    assert_string_equal(f.applied, "001 ");
    assert_string_equal(f.error.file, "002_b.sql");
    assert_int_equal(f.error.statement, 2);
    assert_int_equal(f.error.column, 27);
    assert_string_equal(f.error.version, "002");
    assert_null(strstr(f.script.log, "three"));
    assert_int_equal(f.told[AMEND_EVENT_MIGRATION_FAILED], 1);
    assert_non_null(strstr(f.script.log, "ROLLBACK"));
    assert_false(f.script.in_tx);
    stop(&f);
}

/* A syntax error makes the server refuse the whole message: those before it must be applied all the same. */
static void test_syntax_error(void **state)
{
    (void)state;
    START(FRESH, {.match = "CREATE TABLE three", .fault = AMEND_FAULT_UNRUN, .sqlstate = "42601"});
    assert_int_equal(up(&f), AMEND_FAILED);
    assert_string_equal(f.applied, "001 002 ");
    assert_string_equal(f.error.version, "003");
    assert_int_equal(f.error.line, 1);
    stop(&f);
}

static void test_syntax_error_in_the_first(void **state)
{
    (void)state;
    START(FRESH, {.match = "CREATE TABLE one", .fault = AMEND_FAULT_UNRUN, .sqlstate = "42601"});
    assert_int_equal(up(&f), AMEND_FAILED);
    assert_string_equal(f.applied, "");
    assert_string_equal(f.error.version, "001");
    stop(&f);
}

static void test_lock_timeout_is_tried_again(void **state)
{
    (void)state;
    START(FRESH, {.match = "CREATE TABLE two", .fault = AMEND_FAULT_BUSY, .sqlstate = "55P03", .times = 2});
    assert_int_equal(up(&f), AMEND_OK);
    assert_string_equal(f.applied, "001 002 003 ");
    assert_int_equal(f.told[AMEND_EVENT_LOCK_RETRY], 2);
    stop(&f);
}

static void test_connection_lost(void **state)
{
    (void)state;
    START(FRESH, {.match = "CREATE TABLE two", .fault = AMEND_FAULT_LOST});
    assert_int_equal(up(&f), AMEND_UNREACHABLE);
    assert_int_equal(f.error.code, AMEND_E_CONNECTION_LOST);
    assert_string_equal(f.error.version, "002");
    assert_string_equal(f.applied, "001 ");
    stop(&f);
}

/* Somebody else took the lock between reading and acquiring: read again. */
static void test_other_was_quicker(void **state)
{
    (void)state;
    START(FRESH, {.match = "fence", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502", .times = 1, .skip = 1});
    assert_int_equal(up(&f), AMEND_OK);
    assert_string_equal(f.applied, "001 002 003 ");
    assert_int_equal(f.told[AMEND_EVENT_LOCK_WAITING], 1);
    stop(&f);
}

static void test_lock_held(void **state)
{
    (void)state;
    START({.match = "to_regclass", .columns = 5, .names = meta_names, .values = meta_there},
          {.match = "age_ms", .columns = 8, .names = lock_names, .values = lock_held});
    assert_int_equal(up(&f), AMEND_LOCKED);
    assert_int_equal(f.error.code, AMEND_E_LOCKED);
    assert_non_null(strstr(f.error.message, "web-1"));
    assert_non_null(strstr(f.error.message, "42"));
    assert_null(strstr(f.script.log, "CREATE TABLE one"));
    stop(&f);
}

static void test_silent_holder_is_taken_over(void **state)
{
    (void)state;
    START({.match = "to_regclass", .columns = 5, .names = meta_names, .values = meta_there},
          {.match = "age_ms", .columns = 8, .names = lock_names, .values = lock_silent});
    assert_int_equal(up(&f), AMEND_OK);
    assert_string_equal(f.applied, "001 002 003 ");
    stop(&f);
}

static void test_connecting_is_tried_again(void **state)
{
    (void)state;
    START(FRESH);
    f.script.open_fault = AMEND_FAULT_LOST;
    f.script.open_fails = 2;
    assert_int_equal(up(&f), AMEND_OK);
    assert_int_equal(f.told[AMEND_EVENT_CONNECT_RETRY], 2);
    stop(&f);
}

static void test_connecting_in_vain(void **state)
{
    (void)state;
    START(FRESH);
    f.script.open_fault = AMEND_FAULT_LOST;
    f.script.open_fails = 1000;
    assert_int_equal(up(&f), AMEND_UNREACHABLE);
    assert_true(f.told[AMEND_EVENT_CONNECT_RETRY] >= 1);
    stop(&f);
}

static void test_denied_is_not_tried_again(void **state)
{
    (void)state;
    START(FRESH);
    f.script.open_fault = AMEND_FAULT_DENIED;
    f.script.open_fails = 1;
    assert_int_equal(up(&f), AMEND_UNREACHABLE);
    assert_int_equal(f.script.opened, 1);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_in_one_message),
                                       cmocka_unit_test(test_statement_fails),
                                       cmocka_unit_test(test_syntax_error),
                                       cmocka_unit_test(test_syntax_error_in_the_first),
                                       cmocka_unit_test(test_lock_timeout_is_tried_again),
                                       cmocka_unit_test(test_connection_lost),
                                       cmocka_unit_test(test_other_was_quicker),
                                       cmocka_unit_test(test_lock_held),
                                       cmocka_unit_test(test_silent_holder_is_taken_over),
                                       cmocka_unit_test(test_connecting_is_tried_again),
                                       cmocka_unit_test(test_connecting_in_vain),
                                       cmocka_unit_test(test_denied_is_not_tried_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
