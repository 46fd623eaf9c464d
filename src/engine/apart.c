/* SPDX-License-Identifier: MIT */
/*
 * Running a step whose statements don't all fit in one transaction. A segment in a transaction commits together with its
 * statement.done event: it is done exactly once. A bare statement is told before (started) and after (done); when a crash came
 * between, it is run again, and "is there already" then means that it was done.
 *
 * While a bare statement runs, nothing holds the lock's row, so a second connection renews the lease.
 */
#include "engine/run.h"

#include "engine/journal.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

/* ---------------------------------------------------------------------------------------------------- small messages */

typedef enum what
{
    WHAT_EVENT,  /* only the event */
    WHAT_SCRIPT, /* statements first … last and the event */
    WHAT_RECORD, /* the history's row, its event, and giving the lock back when it is the last step */
} what;

typedef struct apart
{
    runner *runner;
    arena *arena;
    job *job;
    journal journal;
    size_t done; /* so many statements of the file are done, and nobody need do them again */
    int64_t start_ms, took_ms;
    message message; /* the one at hand */
    bool lost;       /* the lease was found to be lost while a statement ran */
    bool releases;   /* the message at hand gives the lock back: renewing it would find it gone */
} apart;

static void apart_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    apart *p = arg;
    (void)rows;
    if (piece < p->message.count && p->message.parts[piece].kind == PART_SCRIPT)
    {
        p->runner->statement = (unsigned)p->message.parts[piece].first + statement;
    }
}

static void apart_on_notice(void *arg, const char *severity, const char *text)
{
    session_say(((apart *)arg)->runner->session, AMEND_EVENT_NOTICE, AMEND_NOTE, "%s: %s", severity, text);
}

bool apart_renew(runner *r)
{
    const dialect *d = r->session->dialect;
    int64_t now = clock_monotonic_ms();
    if (now - r->last_pulse_ms < (int64_t)r->session->lease_ms / 3)
    {
        return true;
    }
    r->last_pulse_ms = now;
    arena *a = session_open_pulse(r->session, NULL) == AMEND_OK ? arena_new(r->session->allocator) : NULL;
    if (a == NULL)
    {
        return true;
    }
    message m;
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, session_words(r->session)->lock_begin);
    message_own(&m, PART_GUARD, SIZE_MAX, d->guard(&m.text, &r->history->ledger, &r->lease, r->session->lock_timeout_ms));
    message_words(&m, PART_FRAME, SIZE_MAX, session_words(r->session)->lock_end);
    amend_fault fault = {0};
    amend_error error = {0};
    amend_status status =
        message_ready(&m) ? r->session->driver->exec(r->session->pulse, m.pieces, m.count, NULL, &fault, &error) : AMEND_OK;
    bool lost = status != AMEND_OK && fault.kind == AMEND_FAULT_STATEMENT && d->not_null(&error);
    if (status != AMEND_OK) /* a new one next time: this one may be in a failed transaction */
    {
        r->session->driver->close(r->session->pulse);
        r->session->pulse = NULL;
    }
    message_clear(&m);
    arena_free(a);
    return !lost;
}

static amend_status apart_on_idle(void *arg)
{
    apart *p = arg;
    run_progress(p->runner);
    p->lost = !p->releases && !apart_renew(p->runner);
    return p->lost ? AMEND_LOCKED : session_go_on(p->runner->session, NULL);
}

static amend_status exec(apart *p, amend_fault *fault, amend_error *error)
{
    amend_hooks hooks = {.arg = p, .done = apart_on_done, .idle = apart_on_idle, .notice = apart_on_notice};
    if (!message_ready(&p->message))
    {
        return error_memory(error);
    }
    amend_status status = session_exec(p->runner->session, p->message.pieces, p->message.count, &hooks, fault, error);
    if (status != AMEND_OK && p->lost)
    {
        return error_set(error, AMEND_E_LOCK_LOST, "the lock was lost to another runner while a statement ran");
    }
    return status;
}

static void compose_journal(apart *p, amend_event_type type, size_t first, size_t last)
{
    buf detail;
    buf_init(&detail, p->runner->session->allocator);
    journal_detail(&p->job->outline, p->job->step->action == ACTION_DOWN, first, last, &detail);
    p->message.failed |= detail.failed;
    if (!detail.failed)
    {
        compose_event(p->runner, &p->message, p->job->index, type, detail.data);
    }
    buf_clear(&detail);
}

/* The segment that holds statement `first`. */
static const segment *segment_at(const outline *o, size_t first)
{
    for (size_t i = 0; i < o->count; i++)
    {
        if (first >= o->segments[i].first && first < o->segments[i].last)
        {
            return &o->segments[i];
        }
    }
    return NULL;
}

/* With the last step the lock is given back, unless something is to be done under it first (keep_late). */
static bool apart_releases(const runner *r, const job *j)
{
    bool later = (r->session->dialect->traits & DIALECT_SERVER_HASH) == 0 && keep_wanted(r, r->plan->count);
    return j->index + 1 == r->plan->count && !later;
}

static void compose(apart *p, what wanted, amend_event_type type, size_t first, size_t last)
{
    runner *r = p->runner;
    const job *j = p->job;
    const dialect *d = r->session->dialect;
    const tx_words *w = session_words(r->session);
    bool rebuild = wanted == WHAT_SCRIPT && j->rebuild;
    message *m = &p->message;
    message_init(m, p->arena);
    message_words(m, PART_FRAME, j->index, rebuild && w->batch_begin_rebuild != NULL ? w->batch_begin_rebuild : w->batch_begin);
    compose_open(r, m, j, wanted == WHAT_SCRIPT ? segment_at(&j->outline, first) : NULL, rebuild, false);
    if (wanted == WHAT_SCRIPT)
    {
        message_script(m, j->index, &j->outline, first, last);
    }
    if (rebuild && d->check_end != NULL)
    {
        message_own(m, PART_CHECK, j->index, d->check_end(&m->text));
    }
    if (wanted == WHAT_RECORD)
    {
        compose_close(r, m, j, p->took_ms, true);
        p->releases = apart_releases(r, j);
        if (p->releases)
        {
            compose_release(r, m);
        }
    }
    else
    {
        compose_journal(p, type, first, last);
        message_words(m, PART_STEP_END, j->index, w->step_end);
    }
    message_words(m, PART_BATCH_END, j->index, rebuild && w->batch_end_rebuild != NULL ? w->batch_end_rebuild : w->batch_end);
}

/* ------------------------------------------------------------------------------------------------------------ running */

static amend_status apart_send(apart *p, what wanted, amend_event_type type, size_t first, size_t last, amend_error *error)
{
    runner *r = p->runner;
    trail before = r->trail;
    amend_fault fault = {0};
    compose(p, wanted, type, first, last);
    amend_status status = exec(p, &fault, error);
    if (status != AMEND_OK)
    {
        bool all_done = !p->message.failed &&
                        (keep_failed(r, &p->message, &fault, error) || run_release_failed(r, &p->message, &fault, error));
        r->trail = all_done ? r->trail : before;
        if (!all_done && !p->message.failed && error->code != AMEND_E_LOCK_LOST)
        {
            explain_fault(r, &p->message, p->job, 1, &fault, error);
        }
        status = all_done ? AMEND_OK : error->status;
        const tx_words *w = session_words(r->session);
        amend_hooks silent = {0};
        (void)!session_run(r->session, slice_of(w->batch_abort), message_statements(w->batch_abort), &silent, NULL, NULL);
    }
    else if (wanted == WHAT_RECORD)
    {
        r->released = apart_releases(r, p->job);
    }
    message_clear(&p->message);
    return status;
}

typedef struct invalid
{
    arena *arena;
    const char *schema, *name;
    bool failed; /* out of memory */
} invalid;

static amend_status on_invalid(void *arg, size_t piece, const amend_row *row)
{
    invalid *i = arg;
    (void)piece;
    if (row->columns >= 2 && i->name == NULL)
    {
        i->schema = arena_string(i->arena, row->values[0]);
        i->name = arena_string(i->arena, row->values[1]);
        i->failed = i->schema == NULL || i->name == NULL;
    }
    return i->failed ? AMEND_FAILED : AMEND_OK;
}

/* An index left invalid by an interrupted CREATE INDEX CONCURRENTLY counts as existing, but answers no query: drop it. */
static amend_status drop_invalid(apart *p, size_t number, amend_error *error)
{
    runner *r = p->runner;
    const stmt *t = &p->job->outline.script.stmts[number];
    const dialect *d = r->session->dialect;
    if ((t->flags & STMT_INDEX) == 0 || d->invalid_index == NULL || t->object.len == 0)
    {
        return AMEND_OK;
    }
    buf text;
    buf_init(&text, r->session->allocator);
    invalid found = {.arena = p->arena};
    amend_hooks hooks = {.arg = &found, .row = on_invalid};
    unsigned n = d->invalid_index(&text, t);
    amend_status status = text.failed ? error_memory(error) : session_run(r->session, buf_slice(&text), n, &hooks, NULL, error);
    status = found.failed ? error_memory(error) : status;
    if (status == AMEND_OK && found.name != NULL)
    {
        buf_reset(&text);
        n = d->drop_index(&text, found.schema, found.name);
        status = text.failed ? error_memory(error) : session_run(r->session, buf_slice(&text), n, NULL, NULL, error);
        status = status == AMEND_OK ? apart_send(p, WHAT_EVENT, AMEND_EVENT_INDEX_REBUILT, number, number + 1, error) : status;
        if (status == AMEND_OK)
        {
            session_say(r->session, AMEND_EVENT_INDEX_REBUILT, AMEND_WARNING,
                        "the index \"%s\" was left invalid by an interrupted run: dropped, to be built again", found.name);
        }
    }
    buf_clear(&text);
    return status;
}

static amend_status run_bare(apart *p, size_t i, amend_error *error)
{
    runner *r = p->runner;
    const stmt *t = &p->job->outline.script.stmts[i];
    bool resumed = p->journal.started == i;
    amend_status status = apart_send(p, WHAT_EVENT, AMEND_EVENT_STATEMENT_STARTED, i, i + 1, error);
    if (status == AMEND_OK)
    {
        status = drop_invalid(p, i, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    amend_fault fault = {0};
    r->last_pulse_ms = clock_monotonic_ms();
    message_init(&p->message, p->arena);
    message_script(&p->message, p->job->index, &p->job->outline, i, i + 1);
    status = exec(p, &fault, error);
    if (status != AMEND_OK && resumed && fault.kind == AMEND_FAULT_STATEMENT && r->session->dialect->already_done(t, error))
    {
        status = AMEND_OK; /* the crash came between the statement and its event */
    }
    if (status != AMEND_OK && !p->message.failed && error->code != AMEND_E_LOCK_LOST)
    {
        explain_fault(r, &p->message, p->job, 1, &fault, error);
        status = error->status;
    }
    message_clear(&p->message);
    return status == AMEND_OK ? apart_send(p, WHAT_EVENT, AMEND_EVENT_STATEMENT_DONE, i, i + 1, error) : status;
}

/* ----------------------------------------------------------------------------------------------------------- resuming */

static amend_status on_event(void *arg, size_t piece, const amend_row *row)
{
    apart *p = arg;
    const char *type = NULL, *detail = NULL;
    (void)piece;
    for (unsigned i = 0; i < row->columns; i++)
    {
        type = strcmp(row->names[i], "type") == 0 ? row->values[i] : type;
        detail = strcmp(row->names[i], "detail") == 0 ? row->values[i] : detail;
    }
    if (type != NULL)
    {
        journal_note(&p->journal, &p->job->outline, event_type_of(type), detail);
    }
    return AMEND_OK;
}

static amend_status apart_refuse(apart *p, amend_code code, amend_error *error)
{
    const job *j = p->job;
    if (code == AMEND_E_RUN_INCOMPLETE)
    {
        error_set(error, code, "%s was left in the middle of a %s", j->step->version, p->journal.down ? "rollback" : "run");
        error_hint(error, "Finish it first with \"amend %s\".", p->journal.down ? "down" : "up");
    }
    else
    {
        error_set(error, code, "the first %zu statements of %s were run from another text", p->journal.done, j->step->version);
    }
    error_copy(error->file, sizeof error->file, slice_of(j->file));
    error_copy(error->version, sizeof error->version, slice_of(j->step->version));
    return error->status;
}

static amend_status read_journal(apart *p, amend_error *error)
{
    runner *r = p->runner;
    p->journal = (journal){.started = SIZE_MAX};
    if (!r->history->ledger.has_events)
    {
        return AMEND_OK;
    }
    buf text;
    buf_init(&text, r->session->allocator);
    amend_hooks hooks = {.arg = p, .row = on_event};
    unsigned n = r->session->dialect->events(&text, &r->history->ledger, p->job->step->version, 0);
    amend_status status = text.failed ? error_memory(error) : session_run(r->session, buf_slice(&text), n, &hooks, NULL, error);
    buf_clear(&text);
    if (status != AMEND_OK || !p->journal.any)
    {
        return status;
    }
    if (p->journal.down != (p->job->step->action == ACTION_DOWN))
    {
        return apart_refuse(p, AMEND_E_RUN_INCOMPLETE, error);
    }
    return p->journal.wrong ? apart_refuse(p, AMEND_E_PARTIAL_CHANGED, error) : AMEND_OK;
}

/* What is left of one segment; a lock that was not to be had in time is waited for. */
static amend_status run_segment(apart *p, const segment *s, amend_error *error)
{
    runner *r = p->runner;
    size_t first =
        s->first > p->done ? s->first : p->done; /* the file may have more in this transaction than when it was run */
    amend_status status;
    bool again;
    do
    {
        again = false;
        status = session_go_on(r->session, error);
        if (status != AMEND_OK)
        {
            return status;
        }
        status =
            s->bare ? run_bare(p, first, error) : apart_send(p, WHAT_SCRIPT, AMEND_EVENT_STATEMENT_DONE, first, s->last, error);
        bool server = (r->session->dialect->traits & DIALECT_OUTER_TX) == 0; /* the others have waited already */
        if (status != AMEND_OK && server && error->code == AMEND_E_BUSY)
        {
            status = batch_wait(r, p->job, error);
            again = status == AMEND_OK;
        }
    }
    while (again);
    return status;
}

static amend_status run_segments(apart *p, amend_error *error)
{
    const outline *o = &p->job->outline;
    for (size_t i = 0; i < o->count; i++)
    {
        const segment *s = &o->segments[i];
        if (s->last <= p->done)
        {
            continue;
        }
        amend_status status = run_segment(p, s, error);
        if (status != AMEND_OK)
        {
            return status;
        }
        p->done = s->last;
        p->runner->statement = (unsigned)s->last;
        p->runner->tries = 0;
    }
    return AMEND_OK;
}

/* What is done stays: say so. */
static void hint_partial(const apart *p, amend_error *error)
{
    if (p->done == 0 || error->statement <= p->done || error->code == AMEND_E_LOCK_LOST ||
        error->code == AMEND_E_CONNECTION_LOST)
    {
        return;
    }
    char done[40] = "statement is";
    if (p->done > 1)
    {
        snprintf(done, sizeof done, "%zu statements are", p->done);
    }
    error_hint(error,
               "This migration can't run in one transaction: its first %s done and journalled. Correct the file from statement "
               "%zu on and run the command again.",
               done, p->done + 1);
}

amend_status apart_run(runner *r, arena *a, job *j, amend_error *error)
{
    apart p = {.runner = r, .arena = a, .job = j, .start_ms = clock_monotonic_ms()};
    run_started(r, j->index, (unsigned)j->outline.script.count);
    amend_status status = read_journal(&p, error);
    if (status == AMEND_OK)
    {
        p.done = p.journal.done;
        status = run_segments(&p, error);
    }
    p.took_ms = clock_monotonic_ms() - p.start_ms;
    if (status == AMEND_OK)
    {
        status = apart_send(&p, WHAT_RECORD, AMEND_EVENT_TYPES, 0, 0, error);
    }
    if (status == AMEND_OK)
    {
        run_done(r, j->index, p.took_ms, NULL);
        return AMEND_OK;
    }
    hint_partial(&p, error);
    if (error->code != AMEND_E_CONNECTION_LOST && error->code != AMEND_E_LOCK_LOST)
    {
        clean_up(r, j, error, session_words(r->session)->batch_begin);
    }
    return status;
}
