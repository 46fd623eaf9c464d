/* SPDX-License-Identifier: MIT */
/*
 * Steps sent to a server: many in one message, each with its own BEGIN, guard, script, history row, event and COMMIT. Results
 * are read as they arrive. The server stops at the first failure, so that the steps before it are applied and nothing after it
 * ran.
 */
#include "engine/run.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdlib.h>

enum
{
    TRIES = 8,
    RETRY_FIRST_MS = 100,
    RETRY_MOST_MS = 5000,
    MOST_JOBS = 4096,   /* in one message */
    BOOKKEEPING = 2300, /* about so many bytes of our own go with each job */
};

typedef struct batch
{
    arena *arena;
    job *jobs;
    size_t count;
    size_t bytes;
} batch;

static void batch_close(batch *b)
{
    for (size_t i = 0; i < b->count; i++)
    {
        job_clear(&b->jobs[i]);
    }
    arena_free(b->arena);
    *b = (batch){0};
}

/* May the job go together with those before it? */
static bool joins(const runner *r, const batch *b, const job *j)
{
    size_t limit = r->session->dialect->message_limit;
    if (b->count == 0)
    {
        return true;
    }
    return !j->mixed && j->index < r->stop && b->bytes + j->text.len <= limit;
}

/* Load the steps from `first` on that go together. A step that can't be loaded fails only when it comes first. */
static amend_status batch_fill(runner *r, batch *b, size_t first, amend_error *error)
{
    b->arena = arena_new(r->session->allocator);
    if (b->arena == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = first; i < r->plan->count && b->count < MOST_JOBS; i++)
    {
        job *jobs = arena_grow(b->arena, b->jobs, b->count, sizeof *jobs);
        if (jobs == NULL)
        {
            return error_memory(error);
        }
        b->jobs = jobs;
        job *j = &b->jobs[b->count];
        amend_error reason = {0};
        amend_status status = job_load(r, b->arena, i, j, &reason);
        if (status != AMEND_OK && b->count == 0)
        {
            if (error != NULL)
            {
                *error = reason;
            }
            return status;
        }
        if (status != AMEND_OK)
        {
            return AMEND_OK;
        }
        if (!joins(r, b, j))
        {
            job_clear(j);
            return AMEND_OK;
        }
        b->count++;
        b->bytes += j->text.len + BOOKKEEPING;
        if (j->mixed)
        {
            return AMEND_OK;
        }
    }
    return AMEND_OK;
}

typedef struct batch_reader
{
    runner *runner;
    const message *message;
    const job *jobs;
    size_t lock_end; /* the last piece of taking the lock, SIZE_MAX when it isn't in the message */
    size_t started;  /* how many jobs have begun */
    int64_t execution_time_ms;
    const char *applied_at;
} batch_reader;

static amend_status batch_on_row(void *arg, size_t piece, const amend_row *row)
{
    batch_reader *r = arg;
    if (r->message->parts[piece].kind != PART_RECORD)
    {
        return session_go_on(r->runner->session, NULL);
    }
    for (unsigned i = 0; i < row->columns; i++)
    {
        if (row->values[i] == NULL)
        {
            continue;
        }
        if (strcmp(row->names[i], "execution_time_ms") == 0)
        {
            r->execution_time_ms = strtoll(row->values[i], NULL, 10);
        }
        else if (strcmp(row->names[i], "applied_at") == 0)
        {
            r->applied_at = arena_string(r->runner->arena, row->values[i]);
        }
    }
    return AMEND_OK;
}

static void batch_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    batch_reader *r = arg;
    const part *p = &r->message->parts[piece];
    (void)rows;
    if (piece == r->lock_end && statement == r->message->pieces[piece].statements)
    {
        r->runner->locked = true;
    }
    switch (p->kind)
    {
    case PART_GUARD:
        if (statement == r->message->pieces[piece].statements)
        {
            const job *j = &r->jobs[r->started++];
            run_started(r->runner, p->step, j->scripted ? (unsigned)j->outline.script.count : 0);
        }
        return;
    case PART_SCRIPT:
        r->runner->statement = (unsigned)p->first + statement;
        return;
    case PART_STEP_END:
        run_done(r->runner, p->step, r->execution_time_ms, r->applied_at);
        r->applied_at = NULL;
        return;
    case PART_RELEASE:
        r->runner->released = piece + 1 == r->message->count; /* its COMMIT */
        return;
    default:
        return;
    }
}

static amend_status batch_on_idle(void *arg)
{
    runner *r = ((batch_reader *)arg)->runner;
    run_progress(r);
    return session_go_on(r->session, NULL);
}

static void batch_on_notice(void *arg, const char *severity, const char *text)
{
    batch_reader *r = arg;
    session_say(r->runner->session, AMEND_EVENT_NOTICE, AMEND_NOTE, "%s: %s", severity, text);
}

static amend_status batch_send(runner *r, const message *m, const job *jobs, size_t lock_end, amend_fault *fault,
                               amend_error *error)
{
    batch_reader reader = {.runner = r, .message = m, .jobs = jobs, .lock_end = lock_end};
    amend_hooks hooks = {
        .arg = &reader, .row = batch_on_row, .done = batch_on_done, .notice = batch_on_notice, .idle = batch_on_idle};
    return session_exec(r->session, m->pieces, m->count, &hooks, fault, error);
}

/* Taking the lock failed: another runner, or something in earnest? */
static void judge_contention(runner *r, const message *m, const amend_fault *fault, const amend_error *error)
{
    part_kind kind = m->parts[fault->piece].kind;
    bool taking = kind == PART_CREATE || kind == PART_ACQUIRE;
    r->again = taking && (fault->kind == AMEND_FAULT_BUSY ||
                          (fault->kind == AMEND_FAULT_STATEMENT && r->session->dialect->not_null(error)));
}

static void undo(runner *r)
{
    const char *words = session_words(r->session)->step_abort;
    amend_hooks silent = {0};
    (void)!session_run(r->session, slice_of(words), message_statements(words), &silent, NULL, NULL);
}

/*
 * A lock was not to be had in time: wait a little, so that what queued behind us can pass; AMEND_OK means that the step is to
 * be tried again. When it was tried often enough, the error stays.
 */
amend_status batch_wait(runner *r, const job *j, amend_error *error)
{
    if (++r->tries >= TRIES)
    {
        error_hint(error, "Find the session that holds the lock (pg_stat_activity, pg_locks), or raise --lock-timeout.");
        return error->status;
    }
    uint32_t most = RETRY_FIRST_MS << r->tries;
    most = most > RETRY_MOST_MS ? RETRY_MOST_MS : most;
    uint32_t pause = most / 2 + clock_random(most / 2 + 1);
    int64_t deadline = r->session->deadline_ms;
    if (deadline != 0 && clock_monotonic_ms() + pause >= deadline)
    {
        return error->status;
    }
    session_say(r->session, AMEND_EVENT_LOCK_RETRY, AMEND_WARNING, "%s %s: %s; trying again in %u ms (try %u of %d)",
                j->step->version, j->step->name, error->message, pause, r->tries + 1, (int)TRIES);
    return session_pause(r->session, pause, error);
}

static amend_status retry_later(runner *r, const job *j, size_t *next, amend_error *error)
{
    undo(r);
    *next = j->index;
    amend_status status = batch_wait(r, j, error);
    if (status != AMEND_OK)
    {
        clean_up(r, j, error, "");
    }
    return status;
}

/* The job that a failed piece belongs to; before any step, the first. */
static const job *job_of(const message *m, const amend_fault *fault, const job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (jobs[i].index == m->parts[fault->piece].step)
        {
            return &jobs[i];
        }
    }
    return &jobs[0];
}

static amend_status batch_failed(runner *r, const message *m, const job *jobs, size_t count, const amend_fault *fault,
                                 size_t *next, amend_error *error)
{
    const job *j = job_of(m, fault, jobs, count);
    judge_contention(r, m, fault, error);
    if (r->again)
    {
        undo(r);
        return error->status;
    }
    bool located = m->parts[fault->piece].kind == PART_SCRIPT;
    if (fault->kind == AMEND_FAULT_UNRUN && count > 1 && (j->index > jobs[0].index || !located))
    {
        /* Nothing ran: first those before it, then it by itself. When it isn't known which one it is, one by one. */
        r->stop = located ? j->index : jobs[0].index + 1;
        *next = jobs[0].index;
        return AMEND_OK;
    }
    if (keep_failed(r, m, fault, error) || run_release_failed(r, m, fault, error))
    {
        undo(r);
        *next = jobs[count - 1].index + 1;
        return AMEND_OK; /* run_plan tries once more */
    }
    explain_fault(r, m, jobs, count, fault, error);
    bool late = fault->kind == AMEND_FAULT_CANCELLED && r->results[j->index].state == AMEND_STATE_DONE;
    if (fault->kind == AMEND_FAULT_LOST || late)
    {
        return error->status;
    }
    if (fault->kind == AMEND_FAULT_BUSY)
    {
        return retry_later(r, j, next, error);
    }
    if (r->locked)
    {
        clean_up(r, j, error, session_words(r->session)->step_abort);
    }
    else
    {
        undo(r);
    }
    return error->status;
}

static amend_status run_together(runner *r, arena *a, job *jobs, size_t count, size_t *next, amend_error *error)
{
    message m;
    trail before = r->trail;
    size_t lock_end = SIZE_MAX;
    bool ends = jobs[count - 1].index + 1 == r->plan->count;
    message_init(&m, a);
    if (!r->locked)
    {
        compose_lock(r, &m);
        lock_end = m.count - 1;
    }
    for (size_t i = 0; i < count; i++)
    {
        compose_open(r, &m, &jobs[i], compose_whole(&jobs[i]), false, ends || i + 1 < count);
        compose_script(&m, &jobs[i]);
        compose_close(r, &m, &jobs[i], 0, false);
    }
    if (ends)
    {
        compose_release(r, &m);
    }
    amend_fault fault = {0};
    amend_error reason = {0};
    size_t done = r->done;
    amend_status status = message_ready(&m) ? batch_send(r, &m, jobs, lock_end, &fault, &reason) : error_memory(&reason);
    if (status == AMEND_OK)
    {
        *next = jobs[count - 1].index + 1;
        r->tries = 0;
    }
    else if (!m.failed)
    {
        r->trail = before;
        r->tries = r->done > done ? 0 : r->tries;
        status = batch_failed(r, &m, jobs, count, &fault, next, &reason);
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    message_clear(&m);
    return status;
}

amend_status batch_run(runner *r, size_t *next, amend_error *error)
{
    batch b = {0};
    r->stop = r->stop <= *next ? SIZE_MAX : r->stop;
    amend_status status = batch_fill(r, &b, *next, error);
    if (status == AMEND_OK && b.jobs[0].mixed)
    {
        status = r->locked ? AMEND_OK : batch_lock(r, b.arena, error);
        status = status == AMEND_OK ? apart_run(r, b.arena, &b.jobs[0], error) : status;
        *next += status == AMEND_OK;
    }
    else if (status == AMEND_OK)
    {
        status = run_together(r, b.arena, b.jobs, b.count, next, error);
    }
    batch_close(&b);
    return status;
}

amend_status batch_lock(runner *r, arena *a, amend_error *error)
{
    message m;
    const tx_words *w = session_words(r->session);
    message_init(&m, a);
    message_words(&m, PART_ACQUIRE, SIZE_MAX, w->batch_begin);
    compose_lock(r, &m);
    message_words(&m, PART_ACQUIRE, SIZE_MAX, w->batch_end);
    amend_fault fault = {0};
    amend_error reason = {0};
    amend_status status = message_ready(&m) ? batch_send(r, &m, NULL, m.count - 1, &fault, &reason) : error_memory(&reason);
    if (status != AMEND_OK && !m.failed && fault.kind != AMEND_FAULT_LOST)
    {
        judge_contention(r, &m, &fault, &reason);
        if (!r->again)
        {
            explain_fault(r, &m, NULL, 0, &fault, &reason);
        }
        amend_hooks silent = {0};
        (void)!session_run(r->session, slice_of(w->batch_abort), message_statements(w->batch_abort), &silent, NULL, NULL);
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    message_clear(&m);
    return status;
}
