/* SPDX-License-Identifier: MIT */
/* amend_verify on the schema, and amend_replay, on SQLite; of the files and the audit trail: test_look.c. */
#include "api/harness.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void applied(harness *h)
{
    harness_make(h);
    harness_open(h);
    harness_expect_ok(h, harness_run(h, amend_up, NULL, 0, 0));
}

/* The report's problems, as "message|detail" with line ends as "/". */
static void expect_found(harness *h, amend_status wanted, const char *text)
{
    char found[2048] = "";
    assert_int_equal(harness_look(h, amend_verify), wanted);
    for (size_t i = 0; i < h->report->problem_count; i++)
    {
        const amend_problem *p = &h->report->problems[i];
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%s|%s\n", p->message, p->detail == NULL ? "" : p->detail);
        for (char *c = found + used; c[0] != '\0' && c[1] != '\0'; c++)
        {
            *c = *c == '\n' ? '/' : *c;
        }
    }
    assert_string_equal(found, text);
}

static void test_drift(void **state)
{
    (void)state;
    harness h;
    applied(&h);
    expect_found(&h, AMEND_OK, "");
    (void)harness_query(&h, "CREATE TABLE extra (a); DROP INDEX i; CREATE INDEX i ON users (id DESC)");
    assert_int_equal(harness_look(&h, amend_verify), AMEND_UNVERIFIED);
    assert_int_equal(h.error.code, AMEND_E_DIFFERENT);
    assert_int_equal(h.report->problem_count, 2);
    assert_string_equal(h.error.message, "2 differences found");
    for (size_t i = 0; i < 2; i++)
    {
        const amend_problem *p = &h.report->problems[i];
        assert_int_equal(p->code, AMEND_E_DRIFT);
        assert_true(strcmp(p->object, "table extra") == 0 || strcmp(p->object, "index i") == 0);
    }
    /* accepted, it is right */
    harness_expect_ok(&h, harness_run(&h, amend_accept, NULL, 0, 0));
    expect_found(&h, AMEND_OK, "");
    harness_remove(&h);
}

static void test_absent(void **state)
{
    (void)state;
    harness h;
    applied(&h);
    (void)harness_query(&h, "DROP INDEX i");
    assert_int_equal(harness_look(&h, amend_verify), AMEND_UNVERIFIED);
    bool absent = false;
    for (size_t i = 0; i < h.report->problem_count; i++)
    {
        const amend_problem *p = &h.report->problems[i];
        if (p->code == AMEND_E_ABSENT)
        {
            absent = true;
            assert_string_equal(p->message, "003 index is recorded, but index users.i is not there");
            assert_non_null(strstr(p->hint, "\"amend repair --replay 003\""));
            assert_string_equal(p->version, "003");
        }
    }
    assert_true(absent);
    harness_expect_ok(&h, harness_run(&h, amend_replay, "003", 0, 0));
    expect_found(&h, AMEND_OK, "");
    assert_string_equal(harness_query(&h, "SELECT count(*) FROM sqlite_schema WHERE name = 'i'"), "1\n");
    harness_remove(&h);
}

/* So many that not all are named. */
static void test_many_absent(void **state)
{
    (void)state;
    harness h;
    harness_make(&h);
    char up[1024] = "", drop[1024] = "";
    for (int i = 0; i < 11; i++)
    {
        size_t used = strlen(up), dropped = strlen(drop);
        snprintf(up + used, sizeof up - used, "CREATE TABLE t%02d (a);\n", i);
        snprintf(drop + dropped, sizeof drop - dropped, "DROP TABLE t%02d;", i);
    }
    harness_write(&h, "versions/004_many.sql", up);
    harness_open(&h);
    harness_expect_ok(&h, harness_run(&h, amend_up, NULL, 0, 0));
    (void)harness_query(&h, drop);
    assert_int_equal(harness_look(&h, amend_verify), AMEND_UNVERIFIED);
    bool told = false;
    for (size_t i = 0; i < h.report->problem_count; i++)
    {
        const amend_problem *p = &h.report->problems[i];
        told |= p->code == AMEND_E_ABSENT && strstr(p->message, "table t07 and 3 more are not there") != NULL;
    }
    assert_true(told);
    harness_remove(&h);
}

static void test_not_comparable(void **state)
{
    (void)state;
    static const char before[] = "how the last migration left the schema was not written down: it is not compared|\n";
    harness h;
    applied(&h);
    (void)harness_query(&h, "CREATE TABLE extra (a); UPDATE _migrations_schema SET version = '002'");
    expect_found(&h, AMEND_OK,
                 "how 003 left the schema was not written down (the last time it was for 002): it is not compared|\n");
    assert_non_null(strstr(h.report->problems[0].hint, "amend repair --schema"));
    (void)harness_query(&h, "DELETE FROM _migrations_schema");
    expect_found(&h, AMEND_OK, before);
    (void)harness_query(&h, "DROP TABLE _migrations_schema");
    expect_found(&h, AMEND_OK, before);
    harness_remove(&h);
}

static void test_half(void **state)
{
    (void)state;
    harness h;
    applied(&h);
    harness_write(&h, "versions/004_half.sql", "CREATE TABLE half (a);\nVACUUM;\nINSERT INTO nowhere VALUES (1);");
    assert_int_equal(harness_run(&h, amend_up, NULL, 0, 0), AMEND_FAILED);
    expect_found(&h, AMEND_OK, "004 stopped half-way: the schema is not compared|\n");
    harness_remove(&h);
}

/* Who is at work must not be taken for drift: it is looked at again, and then said. */
static void test_while_one_runs(void **state)
{
    (void)state;
    harness h;
    applied(&h);
    (void)harness_query(
        &h, "CREATE TABLE extra (a); UPDATE _migrations_lock SET holder = 'elsewhere/1/1/1', host = 'web-2', pid = 42, "
            "since = strftime('%Y-%m-%dT%H:%M:%fZ'), heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ')");
    expect_found(&h, AMEND_OK, "a migration runs at this moment: the schema was not looked at|\n");
    harness_remove(&h);
}

/* ---------------------------------------------------------------------------------------------------------------- replay */

static void test_replay_refuses(void **state)
{
    (void)state;
    harness h;
    applied(&h);
    amend_run run = AMEND_RUN_INIT;
    assert_int_equal(amend_replay(h.handle, NULL, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(amend_replay(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_ARGUMENT);
    assert_int_not_equal(harness_run(&h, amend_replay, "999", 0, 0), AMEND_OK);
    run.to = "003";
    run.size = 1;
    assert_int_equal(amend_replay(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    harness_expect_ok(&h, harness_run(&h, amend_replay, "003", 0, 0)); /* nothing is absent */
    assert_int_equal(h.report == NULL ? 0 : h.report->item_count, 0);
    h.options.dir = "/no/such/place";
    harness_again(&h);
    assert_int_not_equal(harness_run(&h, amend_replay, "003", 0, 0), AMEND_OK);
    h.options.url = NULL;
    harness_again(&h);
    run = (amend_run)AMEND_RUN_INIT;
    run.to = "003";
    assert_int_equal(amend_replay(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    harness_remove(&h);
}

/* ---------------------------------------------------------------------------------------------------------------- memory */

/* What the sweeps begin with, made anew for each. */
static void damaged(harness *h)
{
    applied(h);
    (void)harness_query(h, "DROP INDEX i; CREATE TABLE extra (a); DROP TABLE posts; CREATE TABLE posts (id TEXT)");
    amend_report_free(h->report);
    amend_close(h->handle);
    h->report = NULL;
    h->handle = NULL;
}

static void sweep(amend_status wanted, amend_status (*call)(harness *h))
{
    harness h;
    damaged(&h);
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        h.options.allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        h.error = (amend_error){0};
        amend_status status = amend_open(&h.options, &h.handle, &h.error);
        status = status == AMEND_OK ? call(&h) : status;
        amend_report_free(h.report);
        amend_close(h.handle);
        h.report = NULL;
        h.handle = NULL;
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(status, wanted);
            break;
        }
        if (status != wanted && h.error.code != AMEND_E_OUT_OF_MEMORY)
        {
            fail_msg("call %zu: AM%04d %s", n, (int)h.error.code, h.error.message);
        }
    }
    harness_remove(&h);
}

static amend_status call_verify(harness *h)
{
    return amend_verify(h->handle, &h->report, &h->error);
}

/* A table has other columns now, so it is not replayed; nothing is written. */
static amend_status call_replay(harness *h)
{
    amend_run run = AMEND_RUN_INIT;
    run.to = "003";
    run.flags = AMEND_DRY_RUN;
    return amend_replay(h->handle, &run, &h->report, &h->error);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    sweep(AMEND_UNVERIFIED, call_verify);
    sweep(AMEND_OK, call_replay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift),          cmocka_unit_test(test_absent),
        cmocka_unit_test(test_many_absent),    cmocka_unit_test(test_not_comparable),
        cmocka_unit_test(test_half),           cmocka_unit_test(test_while_one_runs),
        cmocka_unit_test(test_replay_refuses), cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
