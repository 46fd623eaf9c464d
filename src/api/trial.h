/* SPDX-License-Identifier: MIT */
/*
 * Trying migrations on scratch databases, for amend_test. A trial is one scratch database and the road that it goes: step by
 * step, with each migration undone and done again, or all at once. Two trials may go at the same time, each on a thread.
 */
#ifndef AMEND_API_TRIAL_H
#define AMEND_API_TRIAL_H

#include "amend/test.h"
#include "api/handle.h"
#include "engine/scratch.h"

/* Where the trials' findings go; may be used by several threads. */
typedef struct trial_sink
{
    pthread_mutex_t mutex;
    const amend_allocator *allocator;
    amend_test_fn fn; /* may be NULL */
    void *arg;
    unsigned failed;
} trial_sink;

typedef struct trial
{
    amend *given; /* whose migrations are tried */
    trial_sink *sink;
    scratch scratch;
    amend *handle;         /* on the scratch database */
    amend_snapshot *first; /* its schema before anything ran */
    amend_snapshot *last;  /* the schema that the road has led to; NULL when it did not get there */
} trial;

/* Make the scratch database, and take t->first. What was made is undone by trial_close, whatever the status. */
amend_status trial_open(amend *given, const char *scratch_url, trial_sink *sink, trial *out, amend_error *error);
void trial_close(trial *t);

/*
 * The roads. A migration that fails is a finding, and the status is AMEND_OK; another one says what kept the trial itself from
 * going on. `error` is not NULL here.
 */
amend_status trial_by_steps(trial *t, amend_error *error);
amend_status trial_at_once(trial *t, amend_error *error);

/* Count one finding, and hand it to the callback. */
void trial_pass_on(trial_sink *sink, const amend_test_result *result);
/* Tell one finding. `item` may be NULL: it is about all migrations. */
void trial_tell(trial_sink *sink, amend_test_kind kind, const amend_item *item, amend_test_outcome outcome, const char *message,
                const char *detail, int64_t elapsed_ms);
/* Compare, and tell. */
amend_status trial_compare(trial_sink *sink, amend_test_kind kind, const amend_item *item, const amend_snapshot *expected,
                           const amend_snapshot *existing, int64_t start_ms, amend_error *error);

#endif
