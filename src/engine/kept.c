/* SPDX-License-Identifier: MIT */
#include "engine/kept.h"

#include "base/error.h"

typedef struct kept_reading
{
    arena *arena;
    kept *kept;
    bool failed; /* out of memory */
} kept_reading;

static amend_status kept_on_row(void *arg, size_t piece, const amend_row *row)
{
    kept_reading *r = arg;
    (void)piece;
    *r->kept = (kept){.there = true};
    for (unsigned i = 0; i < row->columns; i++)
    {
        char *value = arena_string(r->arena, row->values[i]);
        r->failed |= value == NULL && row->values[i] != NULL;
        const char **field = strcmp(row->names[i], "version") == 0    ? &r->kept->version
                             : strcmp(row->names[i], "taken_at") == 0 ? &r->kept->taken_at
                             : strcmp(row->names[i], "facts") == 0    ? &r->kept->facts
                                                                      : NULL;
        if (field != NULL)
        {
            *field = value;
        }
        else if (strcmp(row->names[i], "fingerprint") == 0)
        {
            error_copy(r->kept->fingerprint, sizeof r->kept->fingerprint, slice_of(value == NULL ? "" : value));
        }
    }
    return r->failed ? AMEND_FAILED : AMEND_OK;
}

amend_status kept_read(session *s, arena *a, const ledger *ledger, kept *out, amend_error *error)
{
    *out = (kept){0};
    if (!ledger->has_schema || s->dialect->kept_schema == NULL)
    {
        return AMEND_OK;
    }
    kept_reading r = {.arena = a, .kept = out};
    amend_hooks hooks = {.arg = &r, .row = kept_on_row};
    buf text;
    buf_init(&text, s->allocator);
    unsigned n = s->dialect->kept_schema(&text, ledger);
    amend_status status = text.failed ? error_memory(error) : session_run(s, buf_slice(&text), n, &hooks, NULL, error);
    buf_clear(&text);
    return r.failed ? error_memory(error) : status;
}
