/* SPDX-License-Identifier: MIT */
/* The call that tries the migrations on scratch databases. */
#include "api/trial.h"

#include "base/clock.h"
#include "base/error.h"

const char *amend_test_kind_name(amend_test_kind kind)
{
    static const char *const names[] = {
        [AMEND_TEST_UP] = "up",          [AMEND_TEST_DATA] = "data",   [AMEND_TEST_DOWN] = "down",
        [AMEND_TEST_AGAIN] = "up again", [AMEND_TEST_TWICE] = "twice", [AMEND_TEST_RESET] = "all down",
        [AMEND_TEST_ALL] = "all up"};
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

typedef amend_status (*test_road)(trial *t, amend_error *error);

typedef struct test_run
{
    amend *given;
    const char *scratch_url;
    trial_sink *sink;
    test_road road;
    trial trial;
    pthread_t thread;
    bool apart; /* on a thread of its own */
    amend_status status;
    amend_error error;
} test_run;

static void *test_go(void *arg)
{
    test_run *r = arg;
    r->status = trial_open(r->given, r->scratch_url, r->sink, &r->trial, &r->error);
    if (r->status == AMEND_OK)
    {
        r->status = r->road(&r->trial, &r->error);
    }
    return NULL;
}

/* Both roads lead to one schema. */
static void test_meet(const test_run *steps, const test_run *once, int64_t start_ms)
{
    if (steps->trial.last != NULL && once->trial.last != NULL)
    {
        (void)trial_compare(steps->sink, AMEND_TEST_ALL, NULL, steps->trial.last, once->trial.last, start_ms);
    }
}

static amend_status test_roads(amend *handle, const amend_test_options *o, trial_sink *sink, amend_error *error)
{
    test_run runs[2] = {{.road = trial_by_steps}, {.road = trial_at_once}};
    int64_t start = clock_monotonic_ms();
    bool threads = !o->one_thread && o->scratch_url == NULL;
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < 2; i++)
    {
        runs[i].given = handle;
        runs[i].scratch_url = o->scratch_url;
        runs[i].sink = sink;
        runs[i].apart = threads && i == 0 && pthread_create(&runs[i].thread, NULL, test_go, &runs[i]) == 0;
        if (!runs[i].apart)
        {
            test_go(&runs[i]);
        }
        if (o->scratch_url != NULL) /* the other road wants it empty */
        {
            scratch_clear(&runs[i].trial.scratch);
        }
    }
    for (size_t i = 0; i < 2; i++)
    {
        if (runs[i].apart)
        {
            pthread_join(runs[i].thread, NULL);
        }
    }
    test_meet(&runs[0], &runs[1], start);
    for (size_t i = 0; i < 2; i++)
    {
        if (runs[i].status != AMEND_OK && status == AMEND_OK)
        {
            status = runs[i].status;
            *error = runs[i].error;
        }
        trial_close(&runs[i].trial);
    }
    return status;
}

amend_status amend_test(amend *handle, const amend_test_options *options, amend_test_fn fn, void *arg, amend_error *error)
{
    amend_test_options standard = AMEND_TEST_OPTIONS_INIT;
    options = options == NULL ? &standard : options;
    if (options->size != sizeof *options)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_test_options was not made with AMEND_TEST_OPTIONS_INIT");
    }
    trial_sink sink = {.fn = fn, .arg = arg, .allocator = handle->allocator};
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK && pthread_mutex_init(&sink.mutex, NULL) != 0)
    {
        status = error_memory(error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    amend_error reason = {0};
    status = test_roads(handle, options, &sink, &reason);
    pthread_mutex_destroy(&sink.mutex);
    if (status == AMEND_OK && sink.failed > 0)
    {
        status = error_set(&reason, AMEND_E_TEST_FAILED, "%u of the tests failed", sink.failed);
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}

amend_status amend_snapshot_of_catalog(amend *handle, const char *scratch_url, amend_snapshot **out, amend_error *error)
{
    trial t;
    amend_run run = AMEND_RUN_INIT;
    amend_status status = need_database(handle, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    status = trial_open(handle, scratch_url, NULL, &t, error);
    status = status == AMEND_OK ? amend_up(t.handle, &run, NULL, error) : status;
    status = status == AMEND_OK ? amend_snapshot_take(t.handle, out, error) : status;
    trial_close(&t);
    return status;
}
