/* SPDX-License-Identifier: MIT */
#include "engine/session.h"

#include "base/clock.h"
#include "engine/harness.h"
#include "support/testing.h"

#include <string.h>

static amend_status connect_for(harness *h, uint32_t timeout_ms)
{
    h->error = (amend_error){0};
    return session_connect(&h->session, false, timeout_ms, &h->error);
}

static void test_tried_again(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    h.script.open_fault = AMEND_FAULT_LOST;
    h.script.open_fails = 2;
    assert_int_equal(connect_for(&h, 5000), AMEND_OK);
    assert_int_equal(h.script.opened, 3);
    assert_int_equal(h.told[AMEND_EVENT_CONNECT_RETRY], 2);
    assert_non_null(strstr(h.said, "try 1 to connect failed (as the script says); trying again in "));
    assert_int_equal(connect_for(&h, 5000), AMEND_OK); /* it is there */
    assert_int_equal(h.script.opened, 3);
    harness_close(&h);
}

static void test_in_vain(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    h.script.open_fault = AMEND_FAULT_LOST;
    h.script.open_fails = 1000;
    int64_t start = clock_monotonic_ms();
    assert_int_equal(connect_for(&h, 400), AMEND_UNREACHABLE);
    assert_int_equal(h.error.code, AMEND_E_UNREACHABLE);
    assert_true(clock_monotonic_ms() - start <= 400 + 100);
    assert_int_equal(session_connect(&h.session, false, 0, NULL), AMEND_UNREACHABLE); /* one try, and nobody wants the error */
    assert_null(h.session.conn);
    harness_close(&h);
}

/* Refusals, and locked databases, are not tried again here. */
static void test_refused(void **state)
{
    static const amend_fault_kind kinds[] = {AMEND_FAULT_DENIED, AMEND_FAULT_BUSY};
    (void)state;
    for (size_t i = 0; i < 2; i++)
    {
        HARNESS_FAKE(h, {.match = "x"});
        h.script.open_fault = kinds[i];
        h.script.open_fails = 1;
        assert_int_not_equal(connect_for(&h, 5000), AMEND_OK);
        assert_int_equal(h.script.opened, 1);
        harness_close(&h);
    }
}

static void cancel(harness *h, const amend_event *e)
{
    (void)e;
    atomic_store(&h->session.cancelled, true);
}

static void test_cancelled(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    h.script.open_fault = AMEND_FAULT_LOST;
    h.script.open_fails = 1000;
    h.hook = cancel;
    assert_int_equal(connect_for(&h, 60000), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    int64_t start = clock_monotonic_ms();
    assert_int_equal(session_pause(&h.session, 60000, &h.error), AMEND_FAILED);
    assert_true(clock_monotonic_ms() - start < 1000);
    harness_close(&h);
}

static void test_pause(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    int64_t start = clock_monotonic_ms();
    assert_int_equal(session_pause(&h.session, 120, &h.error), AMEND_OK);
    assert_in_range(clock_monotonic_ms() - start, 119, 2000);
    assert_int_equal(session_pause(&h.session, 0, &h.error), AMEND_OK);
    harness_close(&h);
}

/* Opened for looking, then wanted for writing: opened anew; the other way round it will do. */
static void test_looking_and_writing(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    assert_int_equal(session_connect(&h.session, true, 500, &h.error), AMEND_OK);
    assert_true(h.session.read_only);
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_false(h.session.read_only);
    assert_int_equal(h.script.opened, 2);
    assert_int_equal(h.script.closed, 1);
    assert_int_equal(session_connect(&h.session, true, 500, &h.error), AMEND_OK);
    assert_int_equal(h.script.opened, 2);
    harness_close(&h);
}

/* A connection that was lost is not kept: the next call connects anew. */
static void test_lost(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "GO AWAY", .fault = AMEND_FAULT_LOST});
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_int_equal(session_run(&h.session, SLICE("GO AWAY"), 1, NULL, NULL, &h.error), AMEND_UNREACHABLE);
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_int_equal(h.script.opened, 2);
    assert_int_equal(session_run(&h.session, SLICE("STAY"), 1, NULL, NULL, &h.error), AMEND_OK);
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_int_equal(h.script.opened, 2);
    harness_close(&h);
}

/* One run loses it, the next one of the same handle goes on. */
static void test_run_after_a_loss(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, {.match = "CREATE TABLE two", .fault = AMEND_FAULT_LOST, .times = 1});
    harness_file(&h, "001_a.sql", "CREATE TABLE one (x int);");
    harness_file(&h, "002_b.sql", "CREATE TABLE two (x int);");
    assert_int_equal(harness_up(&h), AMEND_UNREACHABLE);
    assert_int_equal(harness_up(&h), AMEND_OK);
    assert_int_equal(h.script.opened, 2);
    harness_close(&h);
}

static void test_pulse(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "x"});
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_int_equal(session_open_pulse(&h.session, &h.error), AMEND_OK);
    assert_int_equal(session_open_pulse(&h.session, &h.error), AMEND_OK);
    assert_int_equal(h.script.opened, 2);
    session_close(&h.session);
    assert_null(h.session.conn);
    assert_null(h.session.pulse);
    harness_close(&h);
}

static amend_status refuse(void *arg, size_t piece, const amend_row *row)
{
    (void)arg, (void)piece, (void)row;
    return AMEND_FAILED;
}

static void test_exec(void **state)
{
    static const char *const names[] = {"x"};
    (void)state;
    HARNESS_FAKE(h, {.match = "ROW", .columns = 1, .names = names, .values = names},
                 {.match = "WRONG", .fault = AMEND_FAULT_STATEMENT, .message = "no"}, {.match = "TALK", .notice = "look here"});
    amend_hooks hooks = {.row = refuse};
    amend_fault fault = {.piece = 7};
    assert_int_equal(connect_for(&h, 500), AMEND_OK);
    assert_int_equal(session_run(&h.session, SLICE("ROW"), 1, &hooks, &fault, &h.error), AMEND_FAILED);
    assert_int_equal(fault.kind, AMEND_FAULT_CANCELLED);
    assert_int_equal(session_run(&h.session, SLICE("ROW"), 1, NULL, &fault, &h.error), AMEND_OK);
    assert_int_equal(fault.kind, AMEND_FAULT_NONE); /* cleared each time */
    assert_int_equal(fault.piece, 0);
    assert_int_equal(session_run(&h.session, SLICE("WRONG"), 1, NULL, NULL, NULL), AMEND_FAILED);
    assert_int_equal(session_run(&h.session, SLICE("TALK"), 1, NULL, NULL, NULL), AMEND_OK);
    assert_int_equal(h.told[AMEND_EVENT_NOTICE], 1);
    assert_string_equal(h.said, "NOTICE: look here\n");
    harness_close(&h);
}

typedef struct heard
{
    unsigned count;
    char at[32];
} heard;

static void on_event(void *arg, const amend_event *e)
{
    heard *h = arg;
    h->count++;
    strncpy(h->at, e->at, sizeof h->at - 1);
    assert_string_equal(e->type_name, "migration.applied");
    assert_true(e->audited);
    assert_string_equal(e->actor, "ann");
    assert_string_equal(e->host, "web-1");
    assert_string_equal(e->application, "app");
}

static void test_tell(void **state)
{
    (void)state;
    heard heard = {0};
    session s = {.actor = "ann", .host = "web-1", .application = "app", .on_event = on_event, .on_event_arg = &heard};
    amend_event e = {.type = AMEND_EVENT_MIGRATION_APPLIED};
    session_tell(&s, &e);
    assert_int_equal(heard.count, 1);
    assert_int_equal(strlen(heard.at), 24);
    assert_null(e.at); /* its time was a local one */
    e.at = "then";
    session_tell(&s, &e);
    assert_string_equal(heard.at, "then");
    s.on_event = NULL;
    session_tell(&s, &e);
    session_say(&s, AMEND_EVENT_WARNING, AMEND_WARNING, "%s", "x");
    assert_int_equal(heard.count, 2);
}

/* A connection of the caller's is used as it is, and left to him. */
static void test_borrowed(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    assert_int_equal(session_connect(&h.session, false, 500, &h.error), AMEND_OK);
    session s = h.session;
    s.borrowed = true;
    assert_int_equal(session_connect(&s, false, 500, &h.error), AMEND_OK);
    s.read_only = s.lost = true;
    assert_int_equal(session_connect(&s, false, 500, &h.error), AMEND_OK);
    assert_ptr_equal(s.conn, h.session.conn);
    session_close(&s);
    assert_ptr_equal(s.conn, h.session.conn);
    assert_int_equal(session_run(&h.session, SLICE("SELECT 1;"), 1, NULL, NULL, &h.error), AMEND_OK);
    harness_close(&h);
}

/* Inside a caller's transaction there is no BEGIN. */
static void test_words(void **state)
{
    (void)state;
    harness h;
    harness_sqlite(&h);
    assert_ptr_equal(session_words(&h.session), h.session.dialect->words);
    h.session.inside = true;
    assert_ptr_equal(session_words(&h.session), h.session.dialect->words_inside);
    assert_null(strstr(session_words(&h.session)->batch_begin, "BEGIN"));
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tried_again), cmocka_unit_test(test_in_vain),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_pause),       cmocka_unit_test(test_looking_and_writing),
        cmocka_unit_test(test_lost),        cmocka_unit_test(test_run_after_a_loss),
        cmocka_unit_test(test_pulse),       cmocka_unit_test(test_exec),
        cmocka_unit_test(test_tell),        cmocka_unit_test(test_borrowed),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
