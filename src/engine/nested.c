/* SPDX-License-Identifier: MIT */
/*
 * Steps as savepoints of one transaction (SQLite): one commit, and its wait for the disk, serves many. What the user sees stays
 * the same: a failed step is undone to its savepoint and those before it are committed. When the database gave up the whole
 * transaction (a full disk), the steps before the failed one are run again, each by itself. The transaction ends after a second
 * at the latest, so that the work done is safe and readers see it.
 */
#include "engine/run.h"

#include "base/clock.h"
#include "base/error.h"

enum
{
    LONGEST_MS = 1000,
    COMMIT_TRIES = 4,
    COMMIT_PAUSE_MS = 20,
};

/* The transaction at hand. */
typedef struct outer
{
    runner *runner;
    bool open, rebuild;
    size_t first; /* its first step */
    int64_t start_ms;
    trail trail; /* as it was before it */
    bool locked;
} outer;

typedef struct nested_reader
{
    runner *runner;
    const message *message;
} nested_reader;

static void nested_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    nested_reader *r = arg;
    const part *p = &r->message->parts[piece];
    (void)rows;
    if (p->kind == PART_SCRIPT)
    {
        r->runner->statement = (unsigned)p->first + statement;
    }
}

static amend_status nested_on_idle(void *arg)
{
    runner *r = ((nested_reader *)arg)->runner;
    run_progress(r);
    return session_go_on(r->session, NULL);
}

static amend_status nested_send(runner *r, message *m, amend_fault *fault, amend_error *error)
{
    nested_reader reader = {.runner = r, .message = m};
    amend_hooks hooks = {.arg = &reader, .done = nested_on_done, .idle = nested_on_idle};
    return message_ready(m) ? session_exec(r->session, m->pieces, m->count, &hooks, fault, error) : error_memory(error);
}

static void abort_all(runner *r)
{
    amend_hooks silent = {0};
    if (!r->session->driver->idle(r->session->conn))
    {
        (void)!session_run(r->session, slice_of(session_words(r->session)->batch_abort),
                           message_statements(session_words(r->session)->batch_abort), &silent, NULL, NULL);
    }
}

static amend_status begin(outer *o, arena *a, const job *j, amend_error *error)
{
    runner *r = o->runner;
    const tx_words *w = session_words(r->session);
    message m;
    amend_fault fault = {0};
    *o = (outer){.runner = r,
                 .rebuild = j->rebuild,
                 .first = j->index,
                 .start_ms = clock_monotonic_ms(),
                 .trail = r->trail,
                 .locked = r->locked};
    message_init(&m, a);
    message_words(&m, PART_ACQUIRE, SIZE_MAX,
                  j->rebuild && w->batch_begin_rebuild != NULL ? w->batch_begin_rebuild : w->batch_begin);
    if (!r->locked)
    {
        compose_lock(r, &m);
    }
    amend_status status = nested_send(r, &m, &fault, error);
    if (status == AMEND_OK)
    {
        o->open = true;
        r->locked = true;
    }
    else
    {
        r->again =
            fault.kind == AMEND_FAULT_BUSY || (fault.kind == AMEND_FAULT_STATEMENT && r->session->dialect->not_null(error));
        if (!r->again && fault.kind == AMEND_FAULT_STATEMENT)
        {
            explain_fault(r, &m, NULL, 0, &fault, error);
        }
        abort_all(r);
        r->trail = o->trail;
    }
    message_clear(&m);
    return status;
}

/* The steps of the transaction are committed: tell. */
static void committed(outer *o, size_t end)
{
    runner *r = o->runner;
    for (size_t i = o->first; i < end; i++)
    {
        run_done(r, i, r->results[i].execution_time_ms, r->results[i].applied_at);
    }
    o->open = false;
}

/*
 * All of the transaction is gone, and `end` is behind its last step. With more than one step in it, run them again one by one,
 * so that the failure falls to the step whose it is; *next goes back to the first.
 */
static bool start_over(outer *o, size_t end, size_t *next)
{
    runner *r = o->runner;
    bool many = end - o->first > 1 && !r->single;
    r->trail = o->trail;
    r->locked = o->locked;
    o->open = false;
    r->single |= many;
    *next = many ? o->first : *next;
    return many;
}

/* COMMIT refused: a deferred constraint, or a reader that does not go. */
static amend_status not_committed(outer *o, size_t *next, amend_error *error)
{
    const step *s = &o->runner->plan->steps[o->first];
    const migration *m = s->entry->file;
    abort_all(o->runner);
    if (!o->runner->session->inside && start_over(o, *next, next))
    {
        return AMEND_OK;
    }
    error_copy(error->version, sizeof error->version, slice_of(s->version));
    error_copy(error->file, sizeof error->file, slice_of(s->action == ACTION_DOWN ? m->down_file : m->up_file));
    if (error->code == AMEND_E_STATEMENT)
    {
        error_detail(error, "It came with the COMMIT: a constraint that is checked only then.");
    }
    return error->status;
}

/* Our own connections wait in the driver; a borrowed one may have no busy handler, and then the waiting is ours. */
static bool commit_again(const outer *o, const amend_fault *fault, unsigned tries, int64_t since_ms)
{
    session *s = o->runner->session;
    if (fault->kind != AMEND_FAULT_BUSY || !s->borrowed)
    {
        return fault->kind == AMEND_FAULT_BUSY && tries < COMMIT_TRIES;
    }
    return clock_monotonic_ms() - since_ms < (int64_t)s->lock_timeout_ms && session_pause(s, COMMIT_PAUSE_MS, NULL) == AMEND_OK;
}

/* COMMIT may find readers in its way; the transaction stays open then. */
static amend_status commit(outer *o, arena *a, size_t *next, amend_error *error)
{
    runner *r = o->runner;
    size_t end = *next;
    const tx_words *w = session_words(r->session);
    message m;
    if (end == r->plan->count && keep_wanted(r, end))
    {
        keep_inside(r, a, end);
        if (r->session->driver->idle(r->session->conn))
        {
            start_over(o, end, next);
            *next = o->first; /* also a single one: without writing the schema down it may pass */
            return AMEND_OK;
        }
    }
    message_init(&m, a);
    if (end == r->plan->count)
    {
        compose_release(r, &m);
    }
    message_words(&m, PART_BATCH_END, SIZE_MAX,
                  o->rebuild && w->batch_end_rebuild != NULL ? w->batch_end_rebuild : w->batch_end);
    amend_status status;
    amend_fault fault;
    unsigned tries = 0;
    int64_t since_ms = clock_monotonic_ms();
    do
    {
        fault = (amend_fault){0};
        status = nested_send(r, &m, &fault, error);
    }
    while (status != AMEND_OK && commit_again(o, &fault, ++tries, since_ms));
    message_clear(&m);
    if (status == AMEND_OK)
    {
        r->released = end == r->plan->count;
        committed(o, end);
        return AMEND_OK;
    }
    return not_committed(o, next, error);
}

static amend_status nested_failed(outer *o, const job *j, size_t *next, amend_error *error)
{
    runner *r = o->runner;
    const session *s = r->session;
    if (s->inside) /* all or nothing: the caller's transaction goes on as if the cure had not been tried */
    {
        abort_all(r);
        r->trail = o->trail;
        r->locked = o->locked;
        o->open = false;
        return error->status;
    }
    if (s->driver->idle(s->conn))
    {
        return start_over(o, j->index + 1, next) ? AMEND_OK : error->status;
    }
    clean_up(r, j, error, session_words(s)->step_abort);
    if (s->driver->idle(s->conn))
    {
        committed(o, j->index);
        return error->status;
    }
    abort_all(r);
    r->released = false;
    return start_over(o, j->index + 1, next) ? AMEND_OK : error->status;
}

/* The step's script, then its row and event: these need to know how long it took. */
static amend_status run_step(outer *o, arena *a, job *j, size_t *next, amend_error *error)
{
    runner *r = o->runner;
    trail before = r->trail;
    amend_fault fault = {0};
    message m, close;
    message_init(&m, a);
    message_init(&close, a);
    run_started(r, j->index, j->scripted ? (unsigned)j->outline.script.count : 0);
    compose_open(r, &m, j, compose_whole(j), j->rebuild, false);
    compose_script(&m, j);
    if (j->rebuild && r->session->dialect->check_end != NULL)
    {
        message_own(&m, PART_CHECK, j->index, r->session->dialect->check_end(&m.text));
    }
    const message *at = &m;
    amend_status status = nested_send(r, &m, &fault, error);
    if (status == AMEND_OK)
    {
        int64_t took = clock_monotonic_ms() - r->step_start_ms;
        r->results[j->index].execution_time_ms = took;
        compose_close(r, &close, j, took, true);
        at = &close;
        status = nested_send(r, &close, &fault, error);
    }
    if (status == AMEND_OK)
    {
        (*next)++;
    }
    else if (!at->failed)
    {
        r->trail = before;
        explain_fault(r, at, j, 1, &fault, error);
        status = nested_failed(o, j, next, error);
    }
    else
    {
        abort_all(r);
    }
    message_clear(&m);
    message_clear(&close);
    return status;
}

/* One step, or the end of the transaction before it. */
static amend_status advance(outer *o, arena *a, size_t *next, bool *stop, amend_error *error)
{
    runner *r = o->runner;
    job j;
    amend_status status = job_load(r, a, *next, &j, error);
    bool apart = status != AMEND_OK || j.mixed || j.rebuild != o->rebuild;
    if (o->open && apart)
    {
        if (status == AMEND_OK)
        {
            job_clear(&j);
        }
        *stop = true; /* what fails to load, or goes alone, comes up again as the first */
        return commit(o, a, next, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    r->current = *next;
    if (j.mixed)
    {
        *stop = true;
        status = r->locked ? AMEND_OK : batch_lock(r, a, error);
        status = status == AMEND_OK ? apart_run(r, a, &j, error) : status;
        *next += status == AMEND_OK;
    }
    else
    {
        status = o->open ? AMEND_OK : begin(o, a, &j, error);
        status = status == AMEND_OK ? run_step(o, a, &j, next, error) : status;
    }
    job_clear(&j);
    return status;
}

amend_status nested_run(runner *r, size_t *next, amend_error *error)
{
    outer o = {.runner = r};
    amend_status status = AMEND_OK;
    bool stop = false;
    while (status == AMEND_OK && !stop && *next < r->plan->count)
    {
        size_t before = *next;
        arena *a = arena_new(r->session->allocator);
        status = a == NULL ? error_memory(error) : advance(&o, a, next, &stop, error);
        bool over = r->single || *next == r->plan->count || clock_monotonic_ms() - o.start_ms > LONGEST_MS ||
                    session_go_on(r->session, NULL) != AMEND_OK;
        if (status == AMEND_OK && o.open && (over || *next <= before))
        {
            status = commit(&o, a, next, error);
            stop = true;
        }
        stop = stop || !o.open;
        arena_free(a);
    }
    if (o.open) /* memory was short */
    {
        abort_all(r);
        r->trail = o.trail;
        r->locked = o.locked;
    }
    return status;
}
