/* SPDX-License-Identifier: MIT */
#include "engine/lock.h"

#include "base/alloc.h"
#include "support/testing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that tells its holder text and then ends, or waits to be killed. */
static pid_t child(char holder[LOCK_HOLDER_SIZE], bool waits)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
    {
        lock_holder(holder);
        ssize_t n = write(ends[1], holder, LOCK_HOLDER_SIZE);
        while (waits)
        {
            pause();
        }
        _exit(n == LOCK_HOLDER_SIZE ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], holder, LOCK_HOLDER_SIZE), LOCK_HOLDER_SIZE);
    close(ends[0]);
    return pid;
}

static void test_own_holder(void **state)
{
    char one[LOCK_HOLDER_SIZE], two[LOCK_HOLDER_SIZE], pid[32];
    (void)state;
    lock_holder(one);
    lock_holder(two);
    snprintf(pid, sizeof pid, "/%ld/", (long)getpid());
    assert_non_null(strstr(one, pid));
    assert_string_not_equal(one, two); /* two handles of one process are two holders */
    assert_false(lock_holder_is_dead(one));
}

#ifdef __linux__
static void test_child(void **state)
{
    char holder[LOCK_HOLDER_SIZE];
    (void)state;
    pid_t pid = child(holder, true);
    assert_false(lock_holder_is_dead(holder));
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(lock_holder_is_dead(holder)); /* as a zombie already */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(lock_holder_is_dead(holder));
}

/* The number is used again, by another process. */
static void test_other_process_of_that_number(void **state)
{
    char holder[LOCK_HOLDER_SIZE], edited[LOCK_HOLDER_SIZE + 8];
    (void)state;
    lock_holder(holder);
    char *random = strrchr(holder, '/');
    *random = '\0';
    char *start = strrchr(holder, '/');
    *start = '\0';
    snprintf(edited, sizeof edited, "%s/7/%s", holder, random + 1);
    assert_true(lock_holder_is_dead(edited));
    snprintf(edited, sizeof edited, "%s/0/%s", holder, random + 1); /* its start was not to be had */
    assert_false(lock_holder_is_dead(edited));
}

/* Of what can't be known, nothing is said. */
static void test_unknown_holders(void **state)
{
    char holder[LOCK_HOLDER_SIZE], text[LOCK_HOLDER_SIZE + 32];
    (void)state;
    lock_holder(holder);
    snprintf(text, sizeof text, "0%s", holder + 1);
    text[0] = holder[0] == '0' ? '1' : '0'; /* another boot, or another machine */
    assert_false(lock_holder_is_dead(text));
    char *rest = strchr(strchr(holder, '/') + 1, '/');
    *rest = '\0';
    snprintf(text, sizeof text, "%s0/999999999/1/1", holder); /* another namespace */
    assert_false(lock_holder_is_dead(text));
    snprintf(text, sizeof text, "%s/999999999/1/1", holder);
    assert_true(lock_holder_is_dead(text));
    static const char *const tails[] = {"", "/", "/x/1/1", "/-5/1/1", "/0/1/1", "/999999999", "/999999999x/1/1"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
    {
        snprintf(text, sizeof text, "%s%s", holder, tails[i]);
        assert_false(lock_holder_is_dead(text));
    }
    assert_false(lock_holder_is_dead(""));
    assert_false(lock_holder_is_dead("by hand"));
}
#endif

static void test_judge(void **state)
{
    (void)state;
    char own[LOCK_HOLDER_SIZE], dead[LOCK_HOLDER_SIZE];
    history h = {0};
    assert_int_equal(lock_judge(&h, 1000), LOCK_FREE);
    h.holder = "";
    assert_int_equal(lock_judge(&h, 1000), LOCK_FREE);
    h = (history){.holder = "elsewhere/1/1/1", .holder_age_ms = 1000};
    assert_int_equal(lock_judge(&h, 1000), LOCK_HELD);
    h.holder_age_ms = 1001;
    assert_int_equal(lock_judge(&h, 1000), LOCK_EXPIRED);
    lock_holder(own);
    h = (history){.holder = own, .holder_age_ms = 10};
    assert_int_equal(lock_judge(&h, 1000), LOCK_HELD);
#ifdef __linux__
    waitpid(child(dead, false), NULL, 0);
    h = (history){.holder = dead, .holder_age_ms = 10};
    assert_int_equal(lock_judge(&h, 1000), LOCK_EXPIRED);
#else
    (void)dead;
#endif
}

typedef struct heard
{
    unsigned count;
    amend_event_type type;
    char message[512];
} heard;

static void on_event(void *arg, const amend_event *e)
{
    heard *h = arg;
    h->count++;
    h->type = e->type;
    snprintf(h->message, sizeof h->message, "%s", e->message);
}

static void expect_waiting(const history *h, const char *who)
{
    heard heard = {0};
    session s = {.allocator = &alloc_default, .on_event = on_event, .on_event_arg = &heard, .lock_wait_ms = 60};
    lock_wait wait = {0};
    amend_error error = {0};
    char wanted[512];
    unsigned turns = 0;
    while (lock_wait_more(&s, h, &wait, &error) == AMEND_OK)
    {
        turns++;
    }
    assert_true(turns >= 1);
    assert_int_equal(error.status, AMEND_LOCKED);
    assert_int_equal(error.code, AMEND_E_LOCKED);
    assert_int_equal(heard.count, 1); /* told once a second */
    assert_int_equal(heard.type, AMEND_EVENT_LOCK_WAITING);
    snprintf(wanted, sizeof wanted, "waiting for %s", who);
    assert_string_equal(heard.message, wanted);
    assert_non_null(strstr(error.message, who));
    assert_int_equal(strncmp(error.message, "waited 0.", 9), 0);
}

static void test_waiting(void **state)
{
    (void)state;
    history h = {.holder = "x", .holder_host = "web-1", .holder_pid = 42, .holder_since = "2026-11-03T12:00:00.000Z"};
    expect_waiting(&h, "amend on web-1 (process 42), which has held the lock since 2026-11-03T12:00:00.000Z");
    h = (history){.holder = "x"};
    expect_waiting(&h, "amend on ? (process 0), which has held the lock since ?");
    h.holder = "";
    expect_waiting(&h, "another session that writes to the database");
    h.holder = NULL;
    expect_waiting(&h, "another session that writes to the database");
}

/* A long wait is told of again, with how long it has been, and the pauses grow to half a second and no more. */
static void test_long_wait(void **state)
{
    (void)state;
    heard heard = {0};
    session s = {.allocator = &alloc_default, .on_event = on_event, .on_event_arg = &heard, .lock_wait_ms = 2500};
    history h = {.holder = "x"};
    lock_wait wait = {0};
    while (lock_wait_more(&s, &h, &wait, NULL) == AMEND_OK)
    {
        assert_true(wait.pause_ms <= 500);
    }
    assert_int_equal(wait.pause_ms, 500);
    assert_in_range(heard.count, 2, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_holder),
#ifdef __linux__
        cmocka_unit_test(test_child),           cmocka_unit_test(test_other_process_of_that_number),
        cmocka_unit_test(test_unknown_holders),
#endif
        cmocka_unit_test(test_judge),           cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_long_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
