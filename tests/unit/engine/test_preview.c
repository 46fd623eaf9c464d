/* SPDX-License-Identifier: MIT */
#include "engine/preview.h"

#include "base/alloc.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static const char *const measured[] = {"what", "object", "value"};
#define MEASURE(what, object, value)                                                                                           \
    {                                                                                                                          \
        .match = "xact_tuples", .columns = 3, .names = measured, .values = (const char *const[]){what, object, value},         \
        .times = 1                                                                                                             \
    }

static amend_status run(harness *h, preview *out)
{
    amend_run all = AMEND_RUN_INIT;
    harness_ready(h);
    h->error = (amend_error){0};
    return preview_run(&h->session, h->arena, &h->catalog, &all, out, &h->error);
}

static void two_files(harness *h)
{
    harness_file(h, "001_one.sql", "CREATE TABLE one (id INT);\n  -- and\nINSERT INTO one\nVALUES (1);");
    harness_file(h, "002_two.sql", "CREATE TABLE two (id INT);");
}

/* Begun, tried statement by statement, undone. */
static void test_undone(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, MEASURE("file", "table a", "7"), MEASURE("file", "table a", "8"));
    two_files(&h);
    preview p;
    assert_int_equal(run(&h, &p), AMEND_OK);
    assert_int_equal(p.plan.count, 2);
    assert_int_equal(p.count, 3);
    assert_int_equal(p.statements[1].line, 3);
    assert_int_equal(p.statements[1].statement, 2);
    assert_string_equal(p.statements[1].words, "INSERT INTO one");
    assert_string_equal(p.statements[2].file, "002_two.sql");
    assert_int_equal(p.effects.count, 1);
    assert_string_equal(p.effects.items[0].what, "rewritten");
    assert_string_equal(p.effects.items[0].object, "table a");
    assert_int_equal(p.effects.items[0].value, 1);
    assert_false(h.script.in_tx);
    assert_non_null(strstr(h.script.log, "\nROLLBACK\n"));
    assert_null(strstr(h.script.log, "COMMIT\n"));
    harness_close(&h);
}

/* Of what the migrations made themselves neither locks nor files count; rows do. */
static void test_what_counts(void **state)
{
    static const struct
    {
        const char *what;
        size_t effects;
    } cases[] = {{"lock SHARE", 0}, {"file", 0}, {"inserted", 1}};
    (void)state;
    for (size_t i = 0; i < 3; i++)
    {
        HARNESS_FAKE(h, HARNESS_FRESH, MEASURE("file", "table a", "7"), MEASURE(cases[i].what, "table b", "5"));
        two_files(&h);
        preview p;
        assert_int_equal(run(&h, &p), AMEND_OK);
        assert_int_equal(p.effects.count, cases[i].effects);
        harness_close(&h);
    }
    HARNESS_FAKE(h, HARNESS_FRESH, MEASURE("file", "table a", "7"), MEASURE("lock SHARE", "table a", NULL));
    two_files(&h);
    preview p;
    assert_int_equal(run(&h, &p), AMEND_OK);
    assert_int_equal(p.effects.count, 0); /* a number that is none */
    harness_close(&h);
}

static void test_failures(void **state)
{
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_status status;
        bool rolled_back;
    } cases[] = {
        {"CREATE TABLE two", AMEND_FAULT_STATEMENT, AMEND_FAILED, true},
        {"CREATE TABLE two", AMEND_FAULT_LOST, AMEND_UNREACHABLE, false},
        {"CREATE TABLE two", AMEND_FAULT_BUSY, AMEND_FAILED, true},
        {"lock_timeout", AMEND_FAULT_STATEMENT, AMEND_FAILED, true},
        {"xact_tuples", AMEND_FAULT_STATEMENT, AMEND_FAILED, true},
        {"SET CONSTRAINTS", AMEND_FAULT_STATEMENT, AMEND_FAILED, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, HARNESS_FRESH, {.match = cases[i].match, .fault = cases[i].fault, .message = "as the script says"});
        two_files(&h);
        preview p;
        assert_int_equal(run(&h, &p), cases[i].status);
        if ((strstr(h.script.log, "\nROLLBACK\n") != NULL) != cases[i].rolled_back)
        {
            fail_msg("%zu: %s", i, h.script.log);
        }
        bool ours = strcmp(cases[i].match, "CREATE TABLE two") != 0;
        assert_string_equal(h.error.version, ours || cases[i].fault == AMEND_FAULT_LOST ? "" : "002");
        harness_close(&h);
    }
}

static void test_stopped(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    two_files(&h);
    preview p;
    atomic_store(&h.session.cancelled, true);
    assert_int_equal(run(&h, &p), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_false(h.script.in_tx);
    harness_close(&h);
}

/* Each allocation fails in turn; nothing is left open, and on SQLite nothing is left over. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        harness h;
        faulty_alloc f;
        preview p;
        amend_run all = AMEND_RUN_INIT;
        amend_error error = {0};
        harness_sqlite(&h);
        two_files(&h);
        harness_ready(&h);
        session s = h.session;
        s.conn = NULL;
        s.allocator = faulty_alloc_init(&f, 0, FAULTY_FOR_GOOD);
        arena *a = arena_new(s.allocator);
        f.fail_at = f.calls + n;
        amend_status status = preview_run(&s, a, &h.catalog, &all, &p, &error);
        bool failed = f.failures > 0;
        session_close(&s);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_expect(&h, "SELECT count(*) FROM sqlite_schema", "0\n");
        harness_close(&h);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            assert_int_equal(p.changes.count, 4);
            return;
        }
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undone),  cmocka_unit_test(test_what_counts), cmocka_unit_test(test_failures),
        cmocka_unit_test(test_stopped), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
