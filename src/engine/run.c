/* SPDX-License-Identifier: MIT */
#include "engine/backup.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

/* ------------------------------------------------------------------------------------------------------------ telling */

static amend_event step_event(const runner *r, size_t step, amend_event_type type)
{
    const struct step *s = &r->plan->steps[step];
    const migration *m = s->entry->file;
    bool down = s->action == ACTION_DOWN;
    return (amend_event){.type = type,
                         .version = s->version,
                         .name = s->name,
                         .checksum = m == NULL ? NULL : m->checksum,
                         .file = m == NULL ? NULL
                                 : down    ? m->down_file
                                           : m->up_file,
                         .step = (unsigned)step + 1,
                         .steps = (unsigned)r->plan->count,
                         .statements = r->statements};
}

void run_started(runner *r, size_t step, unsigned statements)
{
    r->current = step;
    r->statement = 0;
    r->statements = statements;
    r->step_start_ms = clock_monotonic_ms();
    amend_event event = step_event(r, step, AMEND_EVENT_MIGRATION_STARTED);
    session_tell(r->session, &event);
}

void run_done(runner *r, size_t step, int64_t execution_time_ms, const char *applied_at)
{
    static const amend_event_type types[] = {
        [ACTION_UP] = AMEND_EVENT_MIGRATION_APPLIED,         [ACTION_DOWN] = AMEND_EVENT_MIGRATION_ROLLED_BACK,
        [ACTION_BASELINE] = AMEND_EVENT_MIGRATION_BASELINED, [ACTION_REPAIR] = AMEND_EVENT_MIGRATION_REPAIRED,
        [ACTION_REPLAY] = AMEND_EVENT_MIGRATION_REPLAYED,    [ACTION_KEEP] = AMEND_EVENT_SCHEMA_RECORDED};
    const struct step *s = &r->plan->steps[step];
    r->results[step] =
        (result){.step = s, .state = AMEND_STATE_DONE, .execution_time_ms = execution_time_ms, .applied_at = applied_at};
    r->done++;
    amend_event event = step_event(r, step, types[s->action]);
    event.elapsed_ms = execution_time_ms;
    session_tell(r->session, &event);
}

void run_progress(runner *r)
{
    if (r->current >= r->plan->count)
    {
        return;
    }
    amend_event event = step_event(r, r->current, AMEND_EVENT_MIGRATION_PROGRESS);
    event.statement = r->statement + 1 > r->statements ? r->statements : r->statement + 1;
    event.elapsed_ms = clock_monotonic_ms() - r->step_start_ms;
    session_tell(r->session, &event);
}

/* Returns the step at fault, or SIZE_MAX. */
static size_t tell_failure(runner *r, const amend_error *error)
{
    size_t step = r->current;
    for (size_t i = 0; i < r->plan->count && error->version[0] != '\0'; i++)
    {
        if (strcmp(r->plan->steps[i].version, error->version) == 0 && r->results[i].state != AMEND_STATE_DONE)
        {
            step = i;
            break;
        }
    }
    if (step >= r->plan->count || r->results[step].state == AMEND_STATE_DONE)
    {
        return SIZE_MAX;
    }
    r->results[step] = (result){.step = &r->plan->steps[step], .state = AMEND_STATE_FAILED};
    amend_event event = step_event(r, step, AMEND_EVENT_MIGRATION_FAILED);
    event.severity = AMEND_ERROR;
    event.message = error->message;
    event.statement = error->statement;
    session_tell(r->session, &event);
    return step;
}

/* ------------------------------------------------------------------------------------------------------------ running */

/*
 * Giving the lock back when no step's message did. The text is made before anything runs, so that it works when memory is
 * short: a lock that stays behind keeps everybody waiting for its lease.
 */
typedef struct giveback
{
    buf text;
    unsigned statements;
} giveback;

static bool giveback_make(giveback *g, const runner *r)
{
    const dialect *d = r->session->dialect;
    buf_init(&g->text, r->session->allocator);
    buf_text(&g->text, session_words(r->session)->lock_begin);
    g->statements = d->release(&g->text, &r->history->ledger, &r->lease);
    buf_text(&g->text, session_words(r->session)->lock_end);
    g->statements +=
        message_statements(session_words(r->session)->lock_begin) + message_statements(session_words(r->session)->lock_end);
    return !g->text.failed;
}

static void give_back(const giveback *g, runner *r, const amend_error *error)
{
    bool ours = r->locked && !r->released && (!r->again || r->backup != NULL); /* for a backup it is taken beforehand */
    if (ours && error->code != AMEND_E_CONNECTION_LOST && error->code != AMEND_E_LOCK_LOST)
    {
        keep_late(r);
        amend_hooks silent = {0};
        (void)!session_run(r->session, buf_slice(&g->text), g->statements, &silent, NULL, NULL);
    }
}

bool run_release_failed(const runner *r, const message *m, const amend_fault *fault, const amend_error *error)
{
    bool apart = session_words(r->session)->lock_begin[0] != '\0'; /* else the commit comes behind it */
    bool refused = fault->kind == AMEND_FAULT_BUSY || fault->kind == AMEND_FAULT_STATEMENT;
    if (!apart || !refused || m->parts[fault->piece].kind != PART_RELEASE)
    {
        return false;
    }
    session_say(r->session, AMEND_EVENT_WARNING, AMEND_WARNING, "the lock could not be given back: %s", error->message);
    return true;
}

/* The events are read for it only when the newest one is not the end of something. */
static amend_status find_halves(runner *r, amend_error *error)
{
    amend_event_type last = r->history->last_type == NULL ? AMEND_EVENT_TYPES : event_type_of(r->history->last_type);
    bool ended = last == AMEND_EVENT_MIGRATION_APPLIED || last == AMEND_EVENT_MIGRATION_ROLLED_BACK ||
                 last == AMEND_EVENT_MIGRATION_BASELINED || last == AMEND_EVENT_SCHEMA_RECORDED;
    bool any = r->history->last_type != NULL && !ended;
    return any ? audit_halves(r->session, r->arena, &r->history->ledger, &r->halves, error) : AMEND_OK;
}

static void run_failed(runner *r, const amend_error *error)
{
    if (r->again)
    {
        backup_drop(r);
        return;
    }
    size_t step = r->backup == NULL || r->backup->made ? tell_failure(r, error) : SIZE_MAX;
    if (r->backup != NULL)
    {
        backup_undo(r, step, error);
    }
}

amend_status run_plan(runner *r, amend_error *error)
{
    bool nested = (r->session->dialect->traits & DIALECT_OUTER_TX) != 0;
    amend_error reason = {0};
    giveback back;
    amend_status status = giveback_make(&back, r) ? find_halves(r, &reason) : error_memory(&reason);
    r->stop = SIZE_MAX;
    status = status == AMEND_OK && r->backup != NULL ? backup_make(r, &reason) : status;
    for (size_t next = 0; next < r->plan->count && status == AMEND_OK;)
    {
        r->current = next;
        r->step_start_ms = clock_monotonic_ms(); /* progress may be told before the step itself begins */
        status = session_go_on(r->session, &reason);
        status = status == AMEND_OK ? (nested ? nested_run : batch_run)(r, &next, &reason) : status;
    }
    if (status != AMEND_OK)
    {
        run_failed(r, &reason);
        if (r->backup != NULL && r->backup->restored)
        {
            error_hint(&reason, "The database is as it was before the run. Mend the migration, and run the command again.");
        }
    }
    give_back(&back, r, &reason);
    buf_clear(&back.text);
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ printing */

/* One step as it would be sent, under a line that names it. */
static amend_status print_step(runner *r, const job *j, bool first, bool last, arena *a, buf *out)
{
    const tx_words *w = session_words(r->session);
    bool rebuild = j->rebuild && w->batch_begin_rebuild != NULL;
    message m;
    message_init(&m, a);
    if (first)
    {
        message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
        compose_lock(r, &m);
        message_words(&m, PART_FRAME, SIZE_MAX, w->batch_end);
    }
    const char *begin = rebuild ? w->batch_begin_rebuild : w->batch_begin, *end = rebuild ? w->batch_end_rebuild : w->batch_end;
    for (size_t i = 0; i < j->outline.count && j->mixed; i++)
    {
        const segment *s = &j->outline.segments[i];
        if (!s->bare && w->lock_begin[0] != '\0')
        {
            compose_begin(r, &m, j, s, false);
        }
        message_words(&m, PART_FRAME, j->index, s->bare || w->lock_begin[0] != '\0' ? NULL : begin);
        message_script(&m, j->index, &j->outline, s->first, s->last);
        message_words(&m, PART_FRAME, j->index, s->bare ? NULL : w->lock_begin[0] == '\0' ? end : w->step_end);
    }
    message_words(&m, PART_FRAME, j->index, begin);
    compose_open(r, &m, j, compose_whole(j), rebuild, false);
    if (!j->mixed)
    {
        compose_script(&m, j);
    }
    if (rebuild && r->session->dialect->check_end != NULL)
    {
        message_own(&m, PART_CHECK, j->index, r->session->dialect->check_end(&m.text));
    }
    compose_close(r, &m, j, 0, (r->session->dialect->traits & DIALECT_SERVER_HASH) == 0 || j->mixed);
    message_words(&m, PART_FRAME, j->index, end);
    if (last)
    {
        message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
        compose_release(r, &m);
        message_words(&m, PART_FRAME, SIZE_MAX, w->batch_end);
    }
    bool ready = message_ready(&m);
    buf_format(out, "\n-- %s %s (%s)\n", j->step->version, j->step->name, action_word(j->step->action));
    if (ready)
    {
        message_print(&m, out);
    }
    message_clear(&m);
    return ready && !out->failed ? AMEND_OK : AMEND_FAILED;
}

amend_status run_print(runner *r, buf *out, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < r->plan->count && status == AMEND_OK; i++)
    {
        job j;
        arena *a = arena_new(r->session->allocator);
        status = a == NULL ? error_memory(error) : job_load(r, a, i, &j, error);
        if (status == AMEND_OK)
        {
            status = print_step(r, &j, i == 0, i + 1 == r->plan->count, a, out);
            status = status == AMEND_OK ? AMEND_OK : error_memory(error);
            job_clear(&j);
        }
        arena_free(a);
    }
    return status;
}
