/* SPDX-License-Identifier: MIT */
#include "heal/harness.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <unistd.h>

static int setup(void **state)
{
    static harness h;
    harness_make(&h);
    harness_write(&h, "001_cards.sql", "CREATE TABLE cards (id);");
    harness_write(&h, "002_title.sql", "ALTER TABLE cards ADD COLUMN title;");
    harness_write(&h, "003_decks.sql", "CREATE TABLE decks (id);");
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    harness_remove(*state);
    return 0;
}

static amend_status diagnose(harness *h, arena *a, bool look, const char *message, diagnosis *out)
{
    amend_db_error failed = AMEND_DB_ERROR_INIT;
    session s = h->healer.session;
    failed.message = message;
    failed.native = SQLITE_ERROR;
    h->error = (amend_error){0};
    amend_status status = heal_diagnose(&h->healer, &h->dialect, look ? &s : NULL, a, &failed, out, &h->error);
    session_close(&s);
    assert_int_equal(status, h->error.status);
    return status;
}

/* The verdict, the version, and the steps: "cure 002: 001 002". */
static void expect(harness *h, bool look, const char *message, const char *wanted)
{
    char found[300] = "";
    diagnosis d;
    arena *a = arena_new(&alloc_default);
    if (diagnose(h, a, look, message, &d) != AMEND_OK)
    {
        fail_msg("%s", h->error.message);
    }
    snprintf(found, sizeof found, "%d %s:", (int)d.healing.cure, d.healing.version);
    for (size_t i = 0; i < d.plan.count; i++)
    {
        snprintf(found + strlen(found), sizeof found - strlen(found), " %s", d.plan.steps[i].version);
    }
    for (size_t i = 0; i < d.plan.problem_count; i++)
    {
        snprintf(found + strlen(found), sizeof found - strlen(found), " AM%04d:%s", (int)d.plan.problems[i].code,
                 d.plan.problems[i].version);
    }
    assert_string_equal(found, wanted);
    assert_int_equal(d.knowledge == NULL, d.healing.object.kind == AMEND_OBJECT_NONE);
    knowledge_release(d.knowledge);
    arena_free(a);
    assert_string_equal(h->told, "");
}

#define NONE "0 "
#define DONE "1 "
#define REFUSED "3 "
#define DRIFT "5 "

static void test_verdicts(void **state)
{
    harness *h = *state;
    assert_int_equal(AMEND_CURE_REFUSED, 3);
    assert_int_equal(AMEND_CURE_DRIFT, 5);
    expect(h, false, "near \"x\": syntax error", NONE ":");
    expect(h, false, "no such table: nobodys", NONE ":");
    expect(h, false, "no such column: title", DONE "002: 001 002");
    expect(h, true, "no such column: title", DONE "002: 001 002");
    assert_int_equal(access(h->database, F_OK), -1); /* nothing was made by looking */
    assert_null(h->healer.knowledge);                /* and nothing kept */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    h->told[0] = '\0';
    expect(h, true, "no such column: title", DONE "002: 002");
    expect(h, true, "no such table: cards", DRIFT "001:");
    expect(h, false, "no such table: cards", DONE "001: 001");
}

static void test_policies(void **state)
{
    harness *h = *state;
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nDROP TABLE other;");
    expect(h, false, "no such table: decks", REFUSED "003: 001 002 003 AM0801:003");
    h->healer.policy = AMEND_HEAL_ALL;
    expect(h, false, "no such table: decks", DONE "003: 001 002 003");
    h->healer.policy = AMEND_HEAL_REPORT;
    expect(h, false, "no such table: cards", REFUSED "001: 001");
    expect(h, false, "no such table: decks", REFUSED "003: 001 002 003 AM0801:003");
    h->healer.policy = AMEND_HEAL_OFF;
    expect(h, false, "no such table: cards", NONE "001: 001");
}

static void test_conflicts(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    h->told[0] = '\0';
    harness_write(h, "001_cards.sql", "CREATE TABLE cards (id INTEGER);");
    expect(h, true, "no such table: decks", REFUSED "003: 002 003 AM0401:001");
    expect(h, true, "no such table: cards", REFUSED "001: AM0401:001");
}

static void test_errors(void **state)
{
    harness *h = *state;
    diagnosis d;
    arena *a = arena_new(&alloc_default);
    tempdir_write(&h->dir, "app.db", "this is no database, but long enough to be looked at as if it were one");
    assert_int_equal(diagnose(h, a, true, "no such table: cards", &d), AMEND_FAILED);
    assert_int_not_equal(h->error.code, 0);
    assert_string_equal(d.healing.version, "001");
    assert_int_equal(d.healing.cure, AMEND_CURE_NONE);
    knowledge_release(d.knowledge);
    h->healer.dir = "/nonexistent";
    assert_int_equal(diagnose(h, a, true, "no such table: cards", &d), AMEND_USAGE);
    assert_int_equal(h->error.code, AMEND_E_DIR_MISSING);
    assert_null(d.knowledge);
    arena_free(a);
}

static void test_short_memory(void **state)
{
    harness *h = *state;
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nDROP TABLE other;");
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        diagnosis d = {0};
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        h->healer.session.allocator = &f.allocator;
        amend_status status = a == NULL ? AMEND_FAILED : diagnose(h, a, true, "no such table: decks", &d);
        assert_int_equal(status == AMEND_OK, f.failures == 0);
        assert_true(status == AMEND_OK || a == NULL || h->error.code == AMEND_E_OUT_OF_MEMORY);
        knowledge_release(d.knowledge);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
    h->healer.session.allocator = &alloc_default;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts), TEST(test_policies), TEST(test_conflicts), TEST(test_errors), TEST(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
