/* SPDX-License-Identifier: MIT */
/*
 * Steps sent to a server in one message, against the scripted database: what a real one does only when everything comes
 * together badly. The first of these are in tests/conformance/test_engine.c.
 */
#include "engine/harness.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static void three(harness *h)
{
    harness_file(h, "001_a.sql", "CREATE TABLE one (x int);");
    harness_file(h, "002_b.sql", "CREATE TABLE two (x int);");
    harness_file(h, "003_c.sql", "CREATE TABLE three (x int);");
}

/* The server refuses the message but not where: one by one, it falls to the one whose it is. */
static void test_refused_without_a_place(void **state)
{
    (void)state;
    HARNESS_FAKE(
        h, HARNESS_FRESH,
        {.match = "CREATE TABLE two", .fault = AMEND_FAULT_UNRUN, .sqlstate = "42601", .message = "no", .unplaced = true});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 ");
    assert_string_equal(h.error.version, "002");
    assert_string_equal(h.error.file, "002_b.sql");
    assert_string_equal(h.error.message, "no"); /* and not that our own tables could not be written */
    assert_int_equal(h.error.line, 0);
    assert_false(h.script.in_tx);
    harness_close(&h);
}

static void test_first_refused_without_a_place(void **state)
{
    (void)state;
    HARNESS_FAKE(
        h, HARNESS_FRESH,
        {.match = "CREATE TABLE one", .fault = AMEND_FAULT_UNRUN, .sqlstate = "42601", .message = "no", .unplaced = true});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "");
    assert_string_equal(h.error.version, "001");
    assert_string_equal(h.error.file, "001_a.sql");
    harness_close(&h);
}

/* Somebody took over while we ran: nothing more is run, no event is written, and the lock is left alone. */
static void test_lock_lost_at_the_guard(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_GUARD, .skip = 1, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    assert_string_equal(h.error.version, "002");
    assert_string_equal(h.steps, "+001 ");
    assert_null(strstr(h.script.log, "CREATE TABLE two"));
    assert_null(strstr(h.script.log, HARNESS_RELEASE));
    assert_int_equal(h.outcome.results[0].state, AMEND_STATE_DONE);
    assert_int_equal(h.outcome.results[1].state, AMEND_STATE_FAILED);
    assert_false(h.script.in_tx);
    harness_close(&h);
}

/* The lock's row is gone when the history's is written. */
static void test_lock_lost_at_the_record(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = HARNESS_RECORD,
                  .fault = AMEND_FAULT_STATEMENT,
                  .sqlstate = "23502",
                  .message = "null value in column \"version\" of relation \"_migrations\" violates not-null constraint"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    harness_close(&h);
}

static void test_record_refused(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = HARNESS_RECORD,
                  .skip = 2,
                  .fault = AMEND_FAULT_STATEMENT,
                  .sqlstate = "23502",
                  .message = "null value in column \"batch\" of relation \"_migrations\" violates not-null constraint"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_string_equal(h.error.version, "003");
    assert_string_equal(h.error.sqlstate, "23502");
    assert_non_null(strstr(h.error.message, "\"batch\""));
    assert_string_equal(h.steps, "+001 +002 ");
    assert_non_null(strstr(h.script.log, "ROLLBACK"));
    harness_close(&h);
}

/* Not a matter of waiting: this role may not make tables. */
static void test_create_refused(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = "CREATE TABLE IF NOT EXISTS",
                  .fault = AMEND_FAULT_STATEMENT,
                  .sqlstate = "42501",
                  .message = "permission denied for schema public"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_string_equal(h.error.message, "amend's own tables could not be written: permission denied for schema public");
    assert_int_equal(h.told[AMEND_EVENT_LOCK_WAITING], 0);
    assert_false(h.script.in_tx);
    harness_close(&h);
}

static void test_lost_while_taking_the_lock(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_ACQUIRE, .fault = AMEND_FAULT_LOST});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_UNREACHABLE);
    assert_int_equal(h.error.code, AMEND_E_CONNECTION_LOST);
    assert_string_equal(h.steps, "");
    harness_close(&h);
}

static void test_busy_while_taking_the_lock(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_ACQUIRE, .fault = AMEND_FAULT_BUSY, .sqlstate = "55P03"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCKED);
    assert_true(h.told[AMEND_EVENT_LOCK_WAITING] >= 1);
    harness_close(&h);
}

/* All is applied; that the lock can't be given back is a warning, and nothing is run twice. */
static void expect_kept_lock(amend_fault_kind fault)
{
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_RELEASE, .fault = fault, .message = "not now"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 +003 ");
    assert_int_equal(h.outcome.done, 3);
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_FAILED], 0);
    assert_int_equal(h.told[AMEND_EVENT_WARNING], 1);
    assert_non_null(strstr(h.said, "not now"));
    assert_null(strstr(strstr(h.script.log, "CREATE TABLE one") + 1, "CREATE TABLE one"));
    harness_close(&h);
}

static void test_release_fails(void **state)
{
    (void)state;
    expect_kept_lock(AMEND_FAULT_BUSY);
    expect_kept_lock(AMEND_FAULT_STATEMENT);
}

/* The second try at giving the lock back works. */
static void test_release_works_again(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_RELEASE, .fault = AMEND_FAULT_BUSY, .times = 1});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

/* Lost at the very end: the answer is not known, but what was told as done stays so. */
static void test_lost_at_the_release(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_RELEASE, .fault = AMEND_FAULT_LOST});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_UNREACHABLE);
    assert_string_equal(h.steps, "+001 +002 +003 ");
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_FAILED], 0);
    for (size_t i = 0; i < 3; i++)
    {
        assert_int_equal(h.outcome.results[i].state, AMEND_STATE_DONE);
    }
    harness_close(&h);
}

/* Writing down the failure fails, too: the caller learns the first. */
static void test_clean_up_fails(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE TABLE two", .fault = AMEND_FAULT_STATEMENT, .message = "the first"},
                 {.match = "migration.failed", .fault = AMEND_FAULT_STATEMENT, .message = "the second"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.error.message, "the first");
    assert_string_equal(h.steps, "+001 ");
    harness_close(&h);
}

/* Constraints that speak up at the step's own COMMIT. */
static void test_commit_refused(void **state)
{
    (void)state;
    HARNESS_FAKE(
        h, HARNESS_FRESH,
        {.match = "COMMIT", .skip = 2, .times = 1, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23503", .message = "no"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 ");
    assert_string_equal(h.error.version, "002");
    assert_string_equal(h.error.file, "002_b.sql");
    assert_string_equal(h.error.message, "no");
    assert_string_equal(h.error.detail, "It came with the COMMIT: a constraint that is checked only then.");
    harness_close(&h);
}

static void test_later_file_can_not_be_loaded(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    three(&h);
    harness_file(&h, "003_c.sql", "CREATE TABLE three (x int);\nROLLBACK;");
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_string_equal(h.steps, "+001 +002 ");
    assert_int_equal(h.error.code, AMEND_E_TX_CONTROL);
    assert_string_equal(h.error.version, "003");
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE)); /* the lock was ours by then */
    harness_close(&h);
}

/* What the server says goes to the callback, and while it is silent, progress does. */
static void test_progress(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE TABLE two", .idle = 3, .notice = "look here"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.said, "NOTICE: look here\n");
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_PROGRESS], 3);
    harness_close(&h);
}

/* What the server says of a step: when it was applied, and how long it took. */
static void test_row_back(void **state)
{
    static const char *const names[] = {"version", "applied_at", "execution_time_ms", "other"};
    static const char *const values[] = {"001", "2026-11-03T12:00:00.000Z", "1234", NULL};
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = HARNESS_RECORD, .columns = 4, .names = names, .values = values, .times = 1});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.outcome.results[0].applied_at, "2026-11-03T12:00:00.000Z");
    assert_int_equal(h.outcome.results[0].execution_time_ms, 1234);
    assert_null(h.outcome.results[1].applied_at);
    harness_close(&h);
}

static amend_status run_narrow(harness *h, const char *const *meta)
{
    h->script.rules[0].values = meta;
    return harness_up(h);
}

/* A history of another tool's with narrow columns: the checksum is cut, what can't be cut is told before anything runs. */
static void test_narrow_columns(void **state)
{
    static const char *const narrow[] = {"public", "1", "1", "1", "version:3,name:4,checksum:16"};
    static const char *const narrower[] = {"public", "1", "1", "1", "version:2,name:4,checksum:8"};
    (void)state;
    HARNESS_FAKE(h, HARNESS_THERE, {.match = HARNESS_RECORD});
    harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);");
    assert_int_equal(run_narrow(&h, narrow), AMEND_OK);
    assert_string_equal(h.steps, "+001 ");
    assert_int_equal(run_narrow(&h, narrower), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_VERSION_WIDTH);
    assert_string_equal(h.error.detail, "and 1 more like it");
    harness_close(&h);
}

/* What says how the transaction runs comes before our own first query; what a script leaves set is put back. */
static void test_settings(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    harness_file(&h, "001_a.sql",
                 "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSET search_path = x;\nSELECT 1;\nCOMMIT;");
    assert_int_equal(harness_up(&h), AMEND_OK);
    const char *mode = strstr(h.script.log, "SET TRANSACTION ISOLATION LEVEL"),
               *guard = strstr(h.script.log, "SET LOCAL lock_timeout = 100");
    assert_true(mode != NULL && guard != NULL && mode < guard);
    const char *path = strstr(guard, "SET search_path");
    assert_true(path != NULL && strstr(path, "RESET ALL") != NULL);
    harness_close(&h);
}

static void cancel_at_start(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_MIGRATION_STARTED && e->step == 2)
    {
        atomic_store(&h->session.cancelled, true);
    }
}

/* A script's own rows are nobody's, but a chance to stop. */
static void test_cancelled_by_a_row(void **state)
{
    static const char *const names[] = {"x"};
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE TABLE", .columns = 1, .names = names, .values = names});
    three(&h);
    h.hook = cancel_at_start;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    assert_string_equal(h.error.version, "002");
    assert_string_equal(h.steps, "+001 ");
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    harness_close(&h);
}

/* Each request for memory refused in turn: a clean error, and nothing left over. */
static void test_memory(void **state)
{
    static const char *const index[] = {"public", "i"};
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        HARNESS_FAKE(h, HARNESS_FRESH, {.match = "indisvalid", .columns = 2, .names = index, .values = index},
                     {.match = "CREATE INDEX", .idle = 2}, {.match = "CREATE TABLE three", .fault = AMEND_FAULT_STATEMENT});
        three(&h);
        harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);\nCREATE INDEX CONCURRENTLY i ON one (x);");
        h.session.allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        h.session.lease_ms = 0;
        assert_int_equal(harness_up(&h), AMEND_FAILED);
        assert_true(h.error.code == (faulty.failures == 0 ? AMEND_E_STATEMENT : AMEND_E_OUT_OF_MEMORY) ||
                    (faulty.failures > 0 && h.error.code == AMEND_E_STATEMENT)); /* the heartbeat, say, can be missed */
        harness_close(&h);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            break;
        }
    }
}

/* A message is no longer than the dialect wants it. */
static void test_long_messages(void **state)
{
    static char text[700 * 1024];
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    memset(text, ' ', sizeof text);
    memcpy(text, "SELECT 1;", 9);
    text[sizeof text - 1] = '\0';
    harness_file(&h, "001_a.sql", text);
    harness_file(&h, "002_b.sql", text);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_string_equal(h.steps, "+001 +002 ");
    assert_int_equal(h.script.execs, 3);
    harness_close(&h);
}

/* A table stays locked through all the tries. */
static void test_busy_for_good(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH,
                 {.match = "CREATE TABLE two", .fault = AMEND_FAULT_BUSY, .sqlstate = "55P03", .message = "lock timeout"});
    three(&h);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_BUSY);
    assert_string_equal(h.error.version, "002");
    assert_int_equal(h.error.line, 1);
    assert_non_null(strstr(h.error.hint, "pg_locks"));
    assert_int_equal(h.told[AMEND_EVENT_LOCK_RETRY], 7);
    assert_string_equal(h.steps, "+001 ");
    assert_non_null(strstr(h.said, "002 b: lock timeout; trying again in"));
    assert_non_null(strstr(h.script.log, HARNESS_RELEASE));
    assert_null(strstr(h.script.log, "CREATE TABLE three"));
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_without_a_place),
        cmocka_unit_test(test_first_refused_without_a_place),
        cmocka_unit_test(test_lock_lost_at_the_guard),
        cmocka_unit_test(test_lock_lost_at_the_record),
        cmocka_unit_test(test_record_refused),
        cmocka_unit_test(test_create_refused),
        cmocka_unit_test(test_lost_while_taking_the_lock),
        cmocka_unit_test(test_busy_while_taking_the_lock),
        cmocka_unit_test(test_release_fails),
        cmocka_unit_test(test_release_works_again),
        cmocka_unit_test(test_lost_at_the_release),
        cmocka_unit_test(test_clean_up_fails),
        cmocka_unit_test(test_commit_refused),
        cmocka_unit_test(test_later_file_can_not_be_loaded),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_row_back),
        cmocka_unit_test(test_narrow_columns),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_cancelled_by_a_row),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_busy_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
