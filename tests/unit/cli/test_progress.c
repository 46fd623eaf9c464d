/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include "captured.h"

static const amend_event running = {.type = AMEND_EVENT_MIGRATION_PROGRESS,
                                    .type_name = "migration.progress",
                                    .version = "011",
                                    .name = "robot_logs",
                                    .step = 11,
                                    .steps = 11,
                                    .statement = 3,
                                    .statements = 12};

static void test_text(void **state)
{
    pool p = {0};
    amend_event e = running;
    (void)state;
    e.elapsed_ms = 4250;
    assert_string_equal(progress_text(&p, &e), "011 robot_logs: statement 3 of 12, 4.2 s (migration 11 of 11)");
    e.statements = 0;
    e.steps = 1;
    e.elapsed_ms = 61000;
    assert_string_equal(progress_text(&p, &e), "011 robot_logs: statement 3, 1 min 1 s");
    e.statement = 0;
    e.name = NULL;
    assert_string_equal(progress_text(&p, &e), "011 : waiting to begin, 1 min 1 s");
    amend_event wait = {
        .type = AMEND_EVENT_LOCK_WAITING, .type_name = "lock.waiting", .message = "waiting for x", .elapsed_ms = 1500};
    assert_string_equal(progress_text(&p, &wait), "waiting for x (1.5 s so far)");
    wait.message = NULL;
    assert_string_equal(progress_text(&p, &wait), "lock.waiting (1.5 s so far)");
    pool_clear(&p);
}

static void show(progress *p, pool *memory, int64_t elapsed_ms)
{
    amend_event e = running;
    e.elapsed_ms = elapsed_ms;
    progress_show(p, memory, &e);
}

static void test_on_a_terminal(void **state)
{
    pool memory = {0};
    captured c;
    progress p;
    look l = {.terminal = true, .width = 20};
    (void)state;
    progress_init(&p, captured_begin(&c), &l);
    show(&p, &memory, 999);
    progress_clear(&p);
    captured_expect(&c, "");
    show(&p, &memory, 1000);
    captured_expect(&c, "\r\x1b[K011 robot_logs: st…");
    progress_clear(&p);
    progress_clear(&p);
    captured_expect(&c, "\r\x1b[K");
    captured_end(&c);
    pool_clear(&memory);
}

static void test_elsewhere(void **state)
{
    static const int64_t at[] = {500, 1100, 2000, 11000, 11200, 21100, 300, 1000};
    static const bool shown[] = {false, true, false, false, true, false, false, true};
    pool memory = {0};
    captured c;
    progress p;
    look l = {0};
    (void)state;
    progress_init(&p, captured_begin(&c), &l);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
    {
        amend_event e = running;
        e.elapsed_ms = at[i];
        show(&p, &memory, at[i]);
        captured_expect(&c, shown[i] ? pool_format(&memory, "%s\n", progress_text(&memory, &e)) : "");
    }
    captured_end(&c);
    progress_init(&p, NULL, &l);
    show(&p, &memory, 5000);
    progress_clear(&p);
    pool_clear(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_on_a_terminal),
                                       cmocka_unit_test(test_elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
