/* SPDX-License-Identifier: MIT */
/* heal.c by several threads at once: one works, the others wait for it, and nobody waits for ever. */
#include "heal/harness.h"

#include "base/alloc.h"
#include "driver/sqlite/borrow.h"
#include "support/testing.h"

#include <stdio.h>

enum
{
    THREADS = 16,
};

typedef struct worker
{
    pthread_t thread;
    harness *harness;
    pthread_barrier_t *start; /* NULL: at once */
    const char *message;
    bool inside; /* on a connection of its own, in a transaction */
    amend_cure cure;
    amend_healing healing;
    amend_error error;
} worker;

static int setup(void **state)
{
    static harness h;
    harness_make(&h);
    harness_write(&h, "001_cards.sql", "CREATE TABLE cards (id);");
    harness_write(&h, "002_decks.sql", "CREATE TABLE decks (id);");
    harness_connect(&h);
    harness_do(&h, "CREATE TABLE mine (x)");
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    harness_remove(*state);
    return 0;
}

static void work_inside(worker *w)
{
    sqlite3 *db = NULL;
    sqlite3_open(w->harness->database, &db);
    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
    amend_conn *conn = sqlite_borrow(&alloc_default, db, w->harness->healer.policy != AMEND_HEAL_REPORT);
    w->cure = harness_request(w->harness, w->message, NULL, conn, true, &w->healing, &w->error);
    conn->driver->close(conn);
    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(db);
}

static void *work(void *arg)
{
    worker *w = arg;
    if (w->start != NULL)
    {
        pthread_barrier_wait(w->start);
    }
    if (w->inside)
    {
        work_inside(w);
    }
    else
    {
        w->cure = harness_request(w->harness, w->message, NULL, NULL, false, &w->healing, &w->error);
    }
    return NULL;
}

static void start(worker *w, harness *h, const char *message, pthread_barrier_t *barrier)
{
    *w = (worker){.harness = h, .start = barrier, .message = message, .inside = w->inside};
    assert_int_equal(pthread_create(&w->thread, NULL, work, w), 0);
}

/* Many at once; returns how many migrations they have applied together. */
static void start_all(worker workers[THREADS], harness *h, const char *message, pthread_barrier_t *barrier)
{
    pthread_barrier_init(barrier, NULL, THREADS);
    memset(workers, 0, THREADS * sizeof *workers);
    for (size_t i = 0; i < THREADS; i++)
    {
        start(&workers[i], h, message, barrier);
    }
}

static unsigned join_all(worker workers[THREADS], pthread_barrier_t *barrier)
{
    unsigned applied = 0;
    for (size_t i = 0; i < THREADS; i++)
    {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        applied += workers[i].healing.applied;
    }
    pthread_barrier_destroy(barrier);
    return applied;
}

static void expect_all(const worker workers[THREADS], amend_cure cure)
{
    for (size_t i = 0; i < THREADS; i++)
    {
        if (workers[i].cure != cure)
        {
            fail_msg("thread %zu: cure %d, not %d: AM%04d %s", i, (int)workers[i].cure, (int)cure, (int)workers[i].error.code,
                     workers[i].error.message);
        }
    }
}

static void test_one_applies(void **state)
{
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    start_all(workers, h, "no such table: decks", &barrier);
    assert_int_equal(join_all(workers, &barrier), 2);
    expect_all(workers, AMEND_CURE_DONE);
    assert_int_equal(h->count[AMEND_EVENT_HEAL_STARTED], 1);
    assert_int_equal(h->count[AMEND_EVENT_MIGRATION_APPLIED], 2);
}

/* Each gets the reason, and it was tried once. */
static void test_one_fails(void **state)
{
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    harness_write(h, "002_decks.sql", "CREATE TABLE decks (id);\nCREATE INDEX i ON nowhere (id);");
    start_all(workers, h, "no such table: decks", &barrier);
    join_all(workers, &barrier);
    expect_all(workers, AMEND_CURE_FAILED);
    for (size_t i = 0; i < THREADS; i++)
    {
        assert_int_equal(workers[i].error.code, AMEND_E_STATEMENT);
        assert_string_equal(workers[i].error.version, "002");
    }
    assert_int_equal(h->count[AMEND_EVENT_MIGRATION_FAILED], 1);
    assert_int_equal(h->count[AMEND_EVENT_HEAL_FAILED], 1);
}

static void test_one_finds_no_directory(void **state)
{
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    h->healer.dir = "/nonexistent";
    start_all(workers, h, "no such table: decks", &barrier);
    join_all(workers, &barrier);
    expect_all(workers, AMEND_CURE_FAILED);
    assert_int_equal(workers[THREADS - 1].error.code, AMEND_E_DIR_MISSING);
    assert_int_equal(h->count[AMEND_EVENT_HEAL_FAILED], 1);
}

/* Somebody writes to the database; when he is done, so is the cure. */
static void test_all_wait_for_a_writer(void **state)
{
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    harness_do(h, "BEGIN IMMEDIATE; INSERT INTO mine VALUES (1)");
    start_all(workers, h, "no such table: decks", &barrier);
    harness_await(h, AMEND_EVENT_LOCK_WAITING, 1);
    harness_do(h, "COMMIT");
    assert_int_equal(join_all(workers, &barrier), 2);
    expect_all(workers, AMEND_CURE_DONE);
    assert_string_equal(harness_query(h, "SELECT x FROM mine"), "1\n");
}

/* He is never done: all give up, and nothing is remembered of it. */
static void test_none_waits_for_ever(void **state)
{
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    h->healer.wait_ms = 200;
    harness_do(h, "BEGIN IMMEDIATE; INSERT INTO mine VALUES (1)");
    start_all(workers, h, "no such table: decks", &barrier);
    assert_int_equal(join_all(workers, &barrier), 0);
    expect_all(workers, AMEND_CURE_TIMED_OUT);
    for (size_t i = 0; i < THREADS; i++)
    {
        assert_int_equal(workers[i].error.status, AMEND_LOCKED);
        assert_true(workers[i].error.code == AMEND_E_HEAL_WAITED || workers[i].error.code == AMEND_E_LOCKED);
    }
    harness_do(h, "COMMIT");
    h->healer.wait_ms = 10000;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
}

/*
 * One thread has its turn and waits for the transaction of another. That one heals inside of it, without waiting for its turn,
 * and what the first was to apply is there when it comes to it.
 */
static void test_a_transaction_does_not_wait_for_who_waits_for_it(void **state)
{
    harness *h = *state;
    worker w = {0};
    harness_do(h, "BEGIN IMMEDIATE; INSERT INTO mine VALUES (1)");
    start(&w, h, "no such table: decks", NULL);
    harness_await(h, AMEND_EVENT_LOCK_WAITING, 1);
    amend_cure cure = harness_heal_here(h, "no such table: decks");
    harness_do(h, "COMMIT");
    pthread_join(w.thread, NULL);
    harness_expect(h, cure, AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
    assert_int_equal(w.cure, AMEND_CURE_DONE);
    assert_int_equal(w.healing.applied, 0);
    assert_string_equal(harness_query(h, "SELECT count(*) FROM _migrations"), "2\n");
}

/* Nor does it wait for that when it came for the knowledge, and another thread went on from loading it to curing. */
static void test_the_knowledge_is_waited_for_only(void **state)
{
    harness *h = *state;
    worker w = {.inside = true};
    knowledge *k = harness_knowledge(h);
    h->healer.busy = true; /* as a thread that loads */
    start(&w, h, "no such table: decks", NULL);
    pthread_mutex_lock(&h->healer.mutex);
    h->healer.knowledge = k; /* loaded; it goes on to cure, and keeps its turn */
    pthread_cond_broadcast(&h->healer.turn);
    pthread_mutex_unlock(&h->healer.mutex);
    pthread_join(w.thread, NULL);
    h->healer.busy = false;
    assert_int_equal(w.cure, AMEND_CURE_DONE);
    assert_int_equal(w.healing.applied, 2);
}

static void test_the_knowledge_does_not_come(void **state)
{
    harness *h = *state;
    h->healer.busy = true;
    h->healer.wait_ms = 20;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_TIMED_OUT);
    assert_int_equal(h->error.code, AMEND_E_HEAL_WAITED);
    h->healer.busy = false;
}

/* ------------------------------------------------------------------------------------- what is known changes meanwhile */

static void look_anew(harness *h, const amend_event *e)
{
    worker w = {0};
    const knowledge **seen = h->hook_arg;
    if (e->type != AMEND_EVENT_MIGRATION_STARTED)
    {
        return;
    }
    h->hook = NULL;
    harness_write(h, "003_more.sql", "CREATE TABLE more (id);");
    harness_age(h, 5000);
    start(&w, h, "no such table: nobodys", NULL);
    pthread_join(w.thread, NULL);
    assert_int_equal(w.cure, AMEND_CURE_NONE);
    seen[1] = h->healer.knowledge;
}

/* A cure inside a transaction has no turn, so that another thread may put newer knowledge in the place of what it works with.
 */
static void test_knowledge_is_replaced_under_a_cure(void **state)
{
    harness *h = *state;
    const knowledge *seen[2] = {0};
    harness_do(h, "BEGIN");
    harness_expect(h, harness_heal_here(h, "no such table: nobodys"), AMEND_CURE_NONE);
    seen[0] = h->healer.knowledge;
    h->hook_arg = seen;
    h->hook = look_anew;
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_DONE);
    harness_do(h, "COMMIT");
    assert_ptr_not_equal(seen[0], seen[1]);
    assert_int_equal(h->healer.knowledge->references, 1);
    harness_expect(h, harness_heal(h, "no such table: more"), AMEND_CURE_DONE);
}

/* One outside has it: others go by what is known, and wait for nothing when it has no cure for them. */
static void test_knowledge_stays_under_a_cure(void **state)
{
    harness *h = *state;
    const knowledge *seen[2] = {0};
    harness_expect(h, harness_heal(h, "no such table: nobodys"), AMEND_CURE_NONE);
    seen[0] = h->healer.knowledge;
    h->hook_arg = seen;
    h->hook = look_anew;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_ptr_equal(seen[0], seen[1]);
    harness_expect(h, harness_heal(h, "no such table: more"), AMEND_CURE_DONE);
}

/* Who waited for its turn goes by what is known when it comes: the migration may be gone. */
static void test_knowledge_is_replaced_under_who_waits(void **state)
{
    harness *h = *state;
    worker w = {0};
    harness_expect(h, harness_heal(h, "no such table: nobodys"), AMEND_CURE_NONE);
    pthread_mutex_lock(&h->healer.mutex);
    h->healer.busy = true; /* as a thread that cures */
    pthread_mutex_unlock(&h->healer.mutex);
    start(&w, h, "no such table: decks", NULL);
    harness_unlink(h, "002_decks.sql");
    knowledge *k = harness_knowledge(h);
    pthread_mutex_lock(&h->healer.mutex);
    knowledge_release(h->healer.knowledge);
    h->healer.knowledge = k;
    h->healer.busy = false;
    pthread_cond_broadcast(&h->healer.turn);
    pthread_mutex_unlock(&h->healer.mutex);
    pthread_join(w.thread, NULL);
    assert_int_equal(w.cure, AMEND_CURE_NONE);
    assert_string_equal(w.healing.version, "");
}

/* Two at work in transactions at once: the second comes while the first is there, and the first goes while the second is. */
typedef struct pair
{
    worker first, second;
    pthread_barrier_t both;
} pair;

static void overlap(harness *h, const amend_event *e)
{
    pair *p = h->hook_arg;
    if (e->type != AMEND_EVENT_HEAL_REPORTED)
    {
        return;
    }
    if (strcmp(e->version, "001") == 0)
    {
        p->second = (worker){.inside = true};
        start(&p->second, h, "no such table: decks", NULL);
        pthread_barrier_wait(&p->both);
        return;
    }
    pthread_barrier_wait(&p->both);
    pthread_join(p->first.thread, NULL);
}

static void test_two_overlap(void **state)
{
    harness *h = *state;
    pair p = {.first = {.inside = true}};
    pthread_barrier_init(&p.both, NULL, 2);
    h->healer.policy = AMEND_HEAL_REPORT;
    h->hook = overlap;
    h->hook_arg = &p;
    start(&p.first, h, "no such table: cards", NULL);
    harness_await(h, AMEND_EVENT_HEAL_REPORTED, 2);
    pthread_join(p.second.thread, NULL);
    h->hook = NULL;
    assert_int_equal(p.first.cure, AMEND_CURE_REFUSED);
    assert_int_equal(p.second.cure, AMEND_CURE_REFUSED);
    assert_null(h->healer.curing);
    pthread_barrier_destroy(&p.both);
}

/* Different things at once, in and out of transactions; each once. */
static void test_a_mixture(void **state)
{
    static const char *const messages[] = {"no such table: cards", "no such table: decks", "no such table: nobodys",
                                           "no such column: id"};
    harness *h = *state;
    worker workers[THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
    {
        workers[i].inside = i % 8 == 7;
        start(&workers[i], h, messages[i % 4], &barrier);
    }
    join_all(workers, &barrier);
    for (size_t i = 0; i < THREADS; i++)
    {
        if (!workers[i].inside) /* those inside may find another one writing */
        {
            assert_int_equal(workers[i].cure, i % 4 == 2 ? AMEND_CURE_NONE : AMEND_CURE_DONE);
        }
    }
    assert_string_equal(harness_query(h, "SELECT version FROM _migrations"), "001\n002\n");
    assert_string_equal(harness_query(h, "SELECT count(*) FROM _migration_events WHERE type = 'migration.applied'"), "2\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_one_applies),
        TEST(test_one_fails),
        TEST(test_one_finds_no_directory),
        TEST(test_all_wait_for_a_writer),
        TEST(test_none_waits_for_ever),
        TEST(test_a_transaction_does_not_wait_for_who_waits_for_it),
        TEST(test_the_knowledge_is_waited_for_only),
        TEST(test_the_knowledge_does_not_come),
        TEST(test_knowledge_is_replaced_under_a_cure),
        TEST(test_knowledge_stays_under_a_cure),
        TEST(test_knowledge_is_replaced_under_who_waits),
        TEST(test_two_overlap),
        TEST(test_a_mixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
