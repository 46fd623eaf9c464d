/* SPDX-License-Identifier: MIT */
/*
 * What the schema is after a run, written down: later, "is it still so?" has an answer. It is one row, and an event that names
 * its fingerprint, in the transaction that gives the lock back, or just before.
 *
 * It must never cost anybody a migration: all of them are committed, or safe in a savepoint, before it is tried, and when it
 * fails that is a warning. The row then tells an older version than the history, and nobody compares with it. A cure does not
 * write it: an application's query waits for it.
 */
#include "engine/run.h"
#include "engine/snapshot.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

bool keep_wanted(const runner *r, size_t end)
{
    const dialect *d = r->session->dialect;
    if (d->keep_schema == NULL || d->snapshot == NULL || r->session->healing != NULL || r->session->scratch || r->unkept ||
        r->view == NULL)
    {
        return false;
    }
    for (size_t i = 0; i < end; i++)
    {
        /* A replay makes again what was there: it must not take over what else has changed. */
        if (r->plan->steps[i].action != ACTION_REPAIR && r->plan->steps[i].action != ACTION_REPLAY)
        {
            return true;
        }
    }
    return false;
}

/* The newest applied version once the first `end` steps are done; NULL when none is applied. False: out of memory. */
static bool keep_newest(const runner *r, size_t end, const char **out)
{
    const view *v = r->view;
    arena *a = arena_new(r->session->allocator);
    bool *is = a == NULL ? NULL : arena_array(a, v->count + 1, sizeof *is);
    *out = NULL;
    for (size_t i = 0; i < v->count && is != NULL; i++)
    {
        is[i] = v->entries[i].row != NULL;
    }
    for (size_t i = 0; i < end && is != NULL; i++)
    {
        is[r->plan->steps[i].entry - v->entries] = r->plan->steps[i].action != ACTION_DOWN;
    }
    for (size_t i = v->count; i > 0 && is != NULL && *out == NULL; i--)
    {
        const entry *e = &v->entries[i - 1];
        *out = !is[i - 1] ? NULL : e->row != NULL ? e->row->version : e->file->version;
    }
    bool done = is != NULL;
    arena_free(a);
    return done;
}

/* The row and its event; `row` without version and fence. */
static void keep_write(runner *r, message *m, size_t end, schema_row *row)
{
    const dialect *d = r->session->dialect;
    bool server = (d->traits & DIALECT_SERVER_HASH) != 0;
    char detail[96];
    snprintf(detail, sizeof detail, "{\"fingerprint\":\"%s\"}", server ? "%fingerprint%" : row->fingerprint);
    row->fence = r->lease.seen + 1;
    m->failed |= !keep_newest(r, end, &row->version);
    message_own(m, PART_KEEP, SIZE_MAX, d->keep_schema(&m->text, &r->history->ledger, row));
    compose_event_of(r, m, row->version, AMEND_EVENT_SCHEMA_RECORDED, detail);
}

void keep_compose(runner *r, message *m, size_t end)
{
    schema_row row = {0};
    keep_write(r, m, end, &row);
}

/* Read the schema here, and add what writes it down. */
static amend_status keep_read(runner *r, arena *a, message *m, size_t end, bool inside, amend_error *error)
{
    snapshot now;
    buf text;
    char at[28];
    amend_status status = snapshot_read(r->session, a, inside, &now, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    buf_init(&text, r->session->allocator);
    snapshot_print(&now, &text);
    clock_format(clock_now_us(), 3, at);
    schema_row row = {.fingerprint = now.fingerprint, .taken_at = at, .facts = buf_slice(&text).data};
    m->failed |= text.failed;
    keep_write(r, m, end, &row);
    buf_clear(&text);
    return AMEND_OK;
}

static void keep_warn(runner *r, const amend_error *error)
{
    r->unkept = true;
    session_say(r->session, AMEND_EVENT_NOTICE, AMEND_WARNING, "the schema could not be written down: %s", error->message);
}

static amend_status keep_send(runner *r, message *m, amend_error *error)
{
    amend_hooks silent = {0};
    return message_ready(m) ? session_exec(r->session, m->pieces, m->count, &silent, NULL, error) : error_memory(error);
}

static void keep_undo(runner *r, const char *words)
{
    amend_hooks silent = {0};
    if (!r->session->driver->idle(r->session->conn))
    {
        (void)!session_run(r->session, slice_of(words), message_statements(words), &silent, NULL, NULL);
    }
}

void keep_inside(runner *r, arena *a, size_t end)
{
    const tx_words *w = session_words(r->session);
    trail before = r->trail;
    amend_error error = {0};
    message m;
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, w->step_begin);
    amend_status status = keep_read(r, a, &m, end, true, &error);
    message_words(&m, PART_FRAME, SIZE_MAX, w->step_end);
    bool begun = status == AMEND_OK;
    status = begun ? keep_send(r, &m, &error) : status;
    if (status != AMEND_OK)
    {
        if (begun && !m.failed)
        {
            keep_undo(r, w->step_abort);
        }
        r->trail = before;
        keep_warn(r, &error);
    }
    message_clear(&m);
}

void keep_late(runner *r)
{
    const tx_words *w = session_words(r->session);
    bool server = (r->session->dialect->traits & DIALECT_SERVER_HASH) != 0;
    arena *a = keep_wanted(r, r->done) ? arena_new(r->session->allocator) : NULL;
    amend_error error = {0};
    if (a == NULL)
    {
        return;
    }
    message m;
    amend_status status = AMEND_OK;
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
    if (server)
    {
        keep_compose(r, &m, r->done);
    }
    else
    {
        status = keep_read(r, a, &m, r->done, false, &error);
    }
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_end);
    status = status == AMEND_OK ? keep_send(r, &m, &error) : status;
    if (status != AMEND_OK)
    {
        keep_undo(r, w->batch_abort);
        keep_warn(r, &error);
    }
    message_clear(&m);
    arena_free(a);
}

bool keep_failed(runner *r, const message *m, const amend_fault *fault, const amend_error *error)
{
    bool refused = fault->kind == AMEND_FAULT_BUSY || fault->kind == AMEND_FAULT_STATEMENT;
    if (!refused || m->parts[fault->piece].kind != PART_KEEP)
    {
        return false;
    }
    keep_warn(r, error);
    return true;
}
