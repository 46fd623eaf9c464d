/* SPDX-License-Identifier: MIT */
/* The knowledge is that of a directory; the plan holds those of its migrations that a case names. */
#include "heal/policy.h"

#include "base/alloc.h"
#include "heal/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>

enum
{
    MOST = 8,
};

typedef struct fixture
{
    harness harness;
    knowledge *knowledge;
    arena *arena;
    entry entries[MOST];
    step steps[MOST];
    plan plan;
} fixture;

static int setup(void **state)
{
    static fixture f;
    memset(&f, 0, sizeof f);
    harness_make(&f.harness);
    f.arena = arena_new(&alloc_default);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    knowledge_release(f->knowledge);
    arena_free(f->arena);
    harness_remove(&f->harness);
    return 0;
}

static void make_plan(fixture *f, size_t first)
{
    if (f->knowledge == NULL)
    {
        f->knowledge = harness_knowledge(&f->harness);
    }
    const catalog *c = &f->knowledge->catalog;
    f->plan = (plan){.steps = f->steps};
    for (size_t i = first; i < c->count; i++)
    {
        f->entries[i] = (entry){.file = &c->items[i]};
        f->steps[f->plan.count++] = (step){.entry = &f->entries[i], .version = c->items[i].version, .name = c->items[i].name};
    }
}

/* Check the plan of all migrations from the nth on, from 0. */
static void check(fixture *f, size_t first, amend_heal_policy policy, bool inside)
{
    make_plan(f, first);
    assert_int_equal(policy_check(f->knowledge, policy, inside, f->arena, &f->plan, NULL), AMEND_OK);
}

/* Each problem's code, version and line. */
static void expect(const fixture *f, const char *problems)
{
    char found[512] = "";
    for (size_t i = 0; i < f->plan.problem_count; i++)
    {
        const amend_problem *p = &f->plan.problems[i];
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s%.*s %s:%u", i == 0 ? "" : ", ", (int)strcspn(p->message, ":"),
                 p->message, p->version, p->line);
        assert_int_equal(p->severity, AMEND_ERROR);
        assert_non_null(strstr(p->file, p->version));
        assert_non_null(p->hint);
    }
    assert_string_equal(found, problems);
    assert_int_equal(f->plan.conflicts, f->plan.problem_count);
}

static void test_additive(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(&f->harness, "002_b.sql", "ALTER TABLE a ADD COLUMN y; CREATE INDEX i ON a (y);");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    check(f, 0, AMEND_HEAL_ADDITIVE, true);
    expect(f, "");
}

static void test_one_objection_a_migration(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(&f->harness, "002_b.sql", "\n\nUPDATE a SET x = 1;\nDROP TABLE a;");
    harness_write(&f->harness, "003_c.sql", "CREATE TABLE c (x);\nPRAGMA user_version = 1;");
    check(f, 1, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 002:3, sets 003:2");
    check(f, 1, AMEND_HEAL_REPORT, false);
    expect(f, "changes-data 002:3, sets 003:2");
    check(f, 1, AMEND_HEAL_ALL, false);
    expect(f, "");
}

/* Every kind has a rule and words, and both are in the message, with file and line. */
static void test_every_kind(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "SELECT 1;\nUPDATE cards SET x = 1;");
    make_plan(f, 0);
    for (objection_kind kind = 0; kind < OBJECTION_KINDS; kind++)
    {
        char wanted[600];
        ((objection *)f->knowledge->facts[0].objections)[0].kind = kind;
        check(f, 0, AMEND_HEAL_ADDITIVE, false);
        snprintf(wanted, sizeof wanted, "%s: 001 a is not run by itself: it %s (\"cards\")", objection_rule(kind),
                 objection_words(kind));
        assert_string_equal(f->plan.problems[0].message, wanted);
        assert_int_equal(f->plan.problems[0].line, 2);
        assert_int_equal(f->plan.problems[0].code, AMEND_E_HEAL_REFUSED);
    }
}

/* Nothing can be lost in a table that the same plan has made before … */
static void test_tables_of_the_plan(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);\nINSERT INTO a VALUES (1);\nDELETE FROM A;");
    harness_write(&f->harness, "002_a.sql", "UPDATE a SET x = 1;\nDROP TABLE a;");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    check(f, 1, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 002:1");
}

/* … but it can be in one of the same name that was there before that one. */
static void test_tables_made_later(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);\nCREATE TABLE b (x);");
    harness_write(&f->harness, "002_a.sql", "DROP TABLE a;\nCREATE TABLE a (x, y);\nINSERT INTO a VALUES (1, 2);");
    harness_write(&f->harness, "003_b.sql", "DROP TABLE b;");
    harness_write(&f->harness, "004_b.sql", "CREATE TABLE b (x, y);\nINSERT INTO b VALUES (1, 2);");
    check(f, 1, AMEND_HEAL_ADDITIVE, false);
    expect(f, "drops 002:1, drops 003:1");
    check(f, 3, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    /* One that somebody made by hand. */
    harness_write(&f->harness, "005_hand.sql", "DROP TABLE hand;\nCREATE TABLE hand (x);\nINSERT INTO hand VALUES (1);");
    knowledge_release(f->knowledge);
    f->knowledge = NULL;
    check(f, 4, AMEND_HEAL_ADDITIVE, false);
    expect(f, "drops 005:1");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "drops 005:1");
}

/* IF NOT EXISTS makes nothing of a table that an applied migration made: its rows are the user's. */
static void test_tables_that_are_there(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(&f->harness, "002_a.sql", "CREATE TABLE IF NOT EXISTS a (x);\nDELETE FROM a;");
    check(f, 1, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 002:2");
}

static void test_upper_and_lower_case(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE A (x);\nDELETE FROM a;");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    f->knowledge->nocase = false;
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 001:2");
}

static void test_schemas(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);\nDELETE FROM a;");
    make_plan(f, 0);
    facts *facts = &f->knowledge->facts[0];
    ((made_table *)facts->made)[0].schema = SLICE("app");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 001:2");
    ((objection *)facts->objections)[0].schema = SLICE("app");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "");
    ((objection *)facts->objections)[0].schema = SLICE("log");
    check(f, 0, AMEND_HEAL_ADDITIVE, false);
    expect(f, "changes-data 001:2");
}

static void test_inside_a_transaction(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "CREATE TABLE a (x);");
    harness_write(&f->harness, "002_b.sql", "CREATE TABLE b (x);\nVACUUM;");
    check(f, 0, AMEND_HEAL_ALL, false);
    expect(f, "");
    check(f, 0, AMEND_HEAL_ALL, true);
    assert_int_equal(f->plan.conflicts, 1);
    assert_int_equal(f->plan.problems[0].code, AMEND_E_HEAL_TRANSACTION);
    assert_string_equal(f->plan.problems[0].version, "002");
    assert_non_null(strstr(f->plan.problems[0].message, "002 b can't run inside the open transaction"));
}

static void test_short_memory(void **state)
{
    fixture *f = *state;
    harness_write(&f->harness, "001_a.sql", "UPDATE a SET x = 1;");
    harness_write(&f->harness, "002_b.sql", "CREATE TABLE b (x);\nVACUUM;");
    make_plan(f, 0);
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        amend_error error = {0};
        arena *a = arena_new(faulty_alloc_init(&faulty, n, FAULTY_FOR_GOOD));
        for (size_t i = 0; a != NULL && i < 4000; i++)
        {
            make_plan(f, 0);
            amend_status status = policy_check(f->knowledge, AMEND_HEAL_ADDITIVE, true, a, &f->plan, &error);
            assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        }
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (n == 3)
        {
            assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
            break;
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_additive),
        TEST(test_one_objection_a_migration),
        TEST(test_every_kind),
        TEST(test_tables_of_the_plan),
        TEST(test_tables_made_later),
        TEST(test_tables_that_are_there),
        TEST(test_upper_and_lower_case),
        TEST(test_schemas),
        TEST(test_inside_a_transaction),
        TEST(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
