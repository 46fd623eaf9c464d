/* SPDX-License-Identifier: MIT */
#include "engine/snapshot.h"

#include "base/error.h"

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

amend_status snapshot_read(session *s, arena *a, bool inside, snapshot *out, amend_error *error)
{
    amend_error shortage = {0}, reason = {0};
    snapshot_reading r = {.dialect = s->dialect, .arena = a, .error = &shortage};
    amend_hooks hooks = {.arg = &r, .row = snapshot_on_row};
    amend_fault fault = {0};
    buf text;
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->snapshot(&text, inside);
    amend_status status =
        text.failed ? error_memory(&reason) : session_run(s, buf_slice(&text), statements, &hooks, &fault, &reason);
    buf_clear(&text);
    if (status != AMEND_OK && error != NULL)
    {
        *error = shortage.code != 0 ? shortage : reason;
    }
    return status == AMEND_OK ? snapshot_make(a, r.found, out, error) : status;
}
