/* SPDX-License-Identifier: MIT */
/* The call that tries the migrations on scratch databases. */
#include "api/trial.h"

#include "amend/lint.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

const char *amend_test_kind_name(amend_test_kind kind)
{
    static const char *const names[] = {
        [AMEND_TEST_UP] = "up",          [AMEND_TEST_DATA] = "data",   [AMEND_TEST_DOWN] = "down",
        [AMEND_TEST_AGAIN] = "up again", [AMEND_TEST_TWICE] = "twice", [AMEND_TEST_RESET] = "all down",
        [AMEND_TEST_ALL] = "all up",     [AMEND_TEST_LINT] = "lint"};
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
static amend_status test_meet(const test_run *steps, const test_run *once, int64_t start_ms, amend_error *error)
{
    bool there = steps->trial.last != NULL && once->trial.last != NULL;
    return there ? trial_compare(steps->sink, AMEND_TEST_ALL, NULL, steps->trial.last, once->trial.last, start_ms, error)
                 : AMEND_OK;
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
    for (size_t i = 0; i < 2; i++)
    {
        if (runs[i].status != AMEND_OK && status == AMEND_OK)
        {
            status = runs[i].status;
            *error = runs[i].error;
        }
    }
    status = status == AMEND_OK ? test_meet(&runs[0], &runs[1], start, error) : status;
    trial_close(&runs[0].trial);
    trial_close(&runs[1].trial);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- lint */

/* One finding in a line of the detail; *first is the first of them. */
static void test_add_finding(buf *detail, const amend_lint_finding *f, const amend_lint_finding **first)
{
    buf_format(detail, "%s%s:%u: AL%03d %s: %s", *first == NULL ? "" : "\n", f->file, f->line, f->rule->number, f->rule->name,
               f->message);
    *first = *first == NULL ? f : *first;
}

static amend_status test_lint_item(trial_sink *sink, const amend_lint_report *found, const amend_item *item, amend_error *error)
{
    const amend_lint_finding *first = NULL;
    char message[512] = "";
    size_t count = 0;
    buf detail;
    buf_init(&detail, sink->allocator);
    for (size_t i = 0; i < found->finding_count; i++)
    {
        const amend_lint_finding *f = &found->findings[i];
        if (f->severity == AMEND_ERROR && strcmp(f->version, item->version) == 0)
        {
            test_add_finding(&detail, f, &first);
            count++;
        }
    }
    amend_test_result result = {
        .kind = AMEND_TEST_LINT, .version = item->version, .name = item->name, .file = item->file, .detail = detail.data};
    if (first != NULL)
    {
        int length = snprintf(message, sizeof message, "AL%03d %s: %s", first->rule->number, first->rule->name, first->message);
        if (count > 1 && (size_t)length < sizeof message)
        {
            snprintf(message + length, sizeof message - (size_t)length, " (and %zu more)", count - 1);
        }
        result.outcome = AMEND_TEST_FAILED;
        result.message = message;
        result.file = first->file;
        result.line = first->line;
    }
    amend_status status = detail.failed ? error_memory(error) : AMEND_OK;
    if (status == AMEND_OK)
    {
        trial_pass_on(sink, &result);
    }
    buf_clear(&detail);
    return status;
}

/* AMEND_OK whatever it finds: the sink counts it. *words is what lint says itself. */
static amend_status test_lint(amend *handle, trial_sink *sink, amend_error *words, amend_error *error)
{
    amend_lint_report *found = NULL;
    amend_report *all = NULL;
    amend_status status = amend_lint(handle, NULL, &found, words);
    if (found == NULL)
    {
        *error = *words;
        return status;
    }
    status = amend_catalog(handle, &all, error);
    for (size_t i = 0; status == AMEND_OK && i < all->item_count; i++)
    {
        status = test_lint_item(sink, found, &all->items[i], error);
    }
    amend_report_free(all);
    amend_lint_report_free(found);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- all */

/* The roads, then lint. What lint can't read has failed on the roads already. */
static amend_status test_all(amend *handle, const amend_test_options *o, trial_sink *sink, amend_error *error)
{
    amend_error lint = {0};
    amend_status status = test_roads(handle, o, sink, error);
    unsigned failed = sink->failed;
    if (status == AMEND_OK && !o->no_lint)
    {
        status = test_lint(handle, sink, &lint, error);
        bool unread = status != AMEND_OK && failed > 0 && error->code != AMEND_E_OUT_OF_MEMORY;
        status = unread ? AMEND_OK : status;
    }
    if (status == AMEND_OK && failed > 0)
    {
        return error_set(error, AMEND_E_TEST_FAILED, "%u of the tests failed", sink->failed);
    }
    if (status == AMEND_OK && sink->failed > 0)
    {
        *error = lint;
        status = lint.status;
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
    status = test_all(handle, options, &sink, &reason);
    pthread_mutex_destroy(&sink.mutex);
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
