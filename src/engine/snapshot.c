/* SPDX-License-Identifier: MIT */
#include "engine/snapshot.h"

#include "base/error.h"

#include <string.h>

enum
{
    SNAPSHOT_TRIES = 5,
};

typedef struct snapshot_reading
{
    const dialect *dialect;
    arena *arena;
    fact_list found;
    amend_error *error;
} snapshot_reading;

static amend_status snapshot_on_row(void *arg, size_t piece, const amend_row *row)
{
    snapshot_reading *r = arg;
    (void)piece;
    return r->dialect->snapshot_row(r->arena, row, &r->found, r->error);
}

static amend_status read_once(session *s, snapshot_reading *r, bool inside, amend_fault *fault, amend_error *error)
{
    amend_hooks hooks = {.arg = r, .row = snapshot_on_row};
    buf text;
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->snapshot(&text, inside);
    amend_status status =
        text.failed ? error_memory(error) : session_run(s, buf_slice(&text), statements, &hooks, fault, error);
    buf_clear(&text);
    if (status != AMEND_OK && r->error->code != 0)
    {
        *error = *r->error;
    }
    return status;
}

/* What the database said, told as what it was about. Out of memory, a lock, a lost connection speak for themselves. */
static amend_status refused(const amend_error *reason, amend_error *error)
{
    amend_error told = *reason;
    if (reason->code == AMEND_E_STATEMENT)
    {
        (void)error_set(&told, AMEND_E_SCHEMA_UNREADABLE, "the schema can't be read: %.4000s", reason->message);
        memcpy(told.sqlstate, reason->sqlstate, sizeof told.sqlstate);
        memcpy(told.detail, reason->detail, sizeof told.detail);
        told.native = reason->native;
    }
    if (error != NULL)
    {
        *error = told;
    }
    return told.status;
}

/*
 * A server reads definitions as they are at that moment, not as they were when the statement began: a table that another
 * session drops meanwhile fails it. So it is tried again.
 */
amend_status snapshot_read(session *s, arena *a, bool inside, snapshot *out, amend_error *error)
{
    for (unsigned try = 1;; try++)
    {
        amend_error shortage = {0}, reason = {0};
        snapshot_reading r = {.dialect = s->dialect, .arena = a, .error = &shortage};
        amend_fault fault = {0};
        amend_status status = read_once(s, &r, inside, &fault, &reason);
        if (status == AMEND_OK)
        {
            return snapshot_make(a, r.found, out, error);
        }
        if (!inside && fault.kind != AMEND_FAULT_LOST && s->dialect->words->batch_abort != NULL)
        {
            (void)session_run(s, slice_of(s->dialect->words->batch_abort), 1, NULL, NULL, NULL); /* it may be over already */
        }
        if (inside || fault.kind != AMEND_FAULT_STATEMENT || try == SNAPSHOT_TRIES)
        {
            return refused(&reason, error);
        }
    }
}
