/* SPDX-License-Identifier: MIT */
#include "engine/audit.h"

#include "base/error.h"
#include "base/sort.h"

#include <strings.h>

typedef struct audit_reader
{
    amend_event_fn fn;
    void *arg;
    audit *audit;
    char last[HASH_HEX];
} audit_reader;

static const char *audit_field(const amend_row *row, const char *name)
{
    for (unsigned i = 0; i < row->columns; i++)
    {
        if (strcmp(row->names[i], name) == 0)
        {
            return row->values[i];
        }
    }
    return NULL;
}

static event_row audit_read_row(const amend_row *row)
{
    return (event_row){.id = audit_field(row, "id"),
                       .type = audit_field(row, "type"),
                       .version = audit_field(row, "version"),
                       .checksum = audit_field(row, "checksum"),
                       .actor = audit_field(row, "actor"),
                       .host = audit_field(row, "host"),
                       .application = audit_field(row, "application"),
                       .detail = audit_field(row, "detail"),
                       .at = audit_field(row, "at"),
                       .prev_hash = audit_field(row, "prev_hash"),
                       .hash = audit_field(row, "hash")};
}

static amend_status audit_tell(void *arg, size_t piece, const amend_row *row)
{
    audit_reader *r = arg;
    event_row e = audit_read_row(row);
    (void)piece;
    amend_event_type type = e.type == NULL ? AMEND_EVENT_TYPES : event_type_of(e.type);
    amend_event event = {.type = type,
                         .type_name = e.type,
                         .audited = true,
                         .severity = type == AMEND_EVENT_MIGRATION_FAILED ? AMEND_ERROR : AMEND_INFO,
                         .id = e.id,
                         .at = e.at,
                         .version = e.version,
                         .checksum = e.checksum,
                         .actor = e.actor,
                         .host = e.host,
                         .application = e.application,
                         .detail = e.detail,
                         .prev_hash = e.prev_hash,
                         .hash = e.hash};
    r->fn(r->arg, &event);
    return AMEND_OK;
}

static amend_status check(void *arg, size_t piece, const amend_row *row)
{
    audit_reader *r = arg;
    event_row e = audit_read_row(row);
    char hash[HASH_HEX];
    (void)piece;
    r->audit->count++;
    event_hash(&e, hash);
    bool follows = strcmp(e.prev_hash == NULL ? "" : e.prev_hash, r->last) == 0;
    bool intact = e.hash != NULL && strcasecmp(hash, e.hash) == 0;
    if ((!follows || !intact) && r->audit->broken[0] == '\0')
    {
        error_copy(r->audit->broken, sizeof r->audit->broken, slice_of(e.id == NULL ? "?" : e.id));
    }
    error_copy(r->last, sizeof r->last, slice_of(e.hash == NULL ? "" : e.hash));
    return AMEND_OK;
}

static amend_status read_events(session *s, const ledger *ledger, size_t limit, const amend_hooks *hooks, amend_error *error)
{
    if (!ledger->has_events)
    {
        return AMEND_OK;
    }
    buf text;
    buf_init(&text, s->allocator);
    unsigned n = s->dialect->events(&text, ledger, NULL, limit);
    amend_status status = text.failed ? error_memory(error) : session_run(s, buf_slice(&text), n, hooks, NULL, error);
    buf_clear(&text);
    return status;
}

amend_status audit_read(session *s, const ledger *ledger, size_t limit, amend_event_fn fn, void *arg, amend_error *error)
{
    audit_reader r = {.fn = fn, .arg = arg};
    amend_hooks hooks = {.arg = &r, .row = audit_tell};
    return read_events(s, ledger, limit, &hooks, error);
}

amend_status audit_check(session *s, const ledger *ledger, audit *out, amend_error *error)
{
    *out = (audit){0};
    audit_reader r = {.audit = out};
    amend_hooks hooks = {.arg = &r, .row = check};
    return read_events(s, ledger, 0, &hooks, error);
}

/* ----------------------------------------------------------------------------------------------------------- replaying */

/* What one event makes of its version. */
typedef struct turn
{
    const char *version;
    bool applied;
} turn;

typedef struct replay
{
    arena *arena;
    const turn **turns;
    size_t count;
    bool failed; /* out of memory */
} replay;

static amend_status replay_event(void *arg, size_t piece, const amend_row *row)
{
    replay *r = arg;
    event_row e = audit_read_row(row);
    amend_event_type type = e.type == NULL ? AMEND_EVENT_TYPES : event_type_of(e.type);
    bool on = type == AMEND_EVENT_MIGRATION_APPLIED || type == AMEND_EVENT_MIGRATION_BASELINED;
    (void)piece;
    if (e.version == NULL || (!on && type != AMEND_EVENT_MIGRATION_ROLLED_BACK))
    {
        return AMEND_OK;
    }
    turn *t = arena_alloc(r->arena, sizeof *t);
    const turn **turns = arena_grow(r->arena, (void *)r->turns, r->count, sizeof *turns);
    const char *version = arena_string(r->arena, e.version);
    if (t == NULL || turns == NULL || version == NULL)
    {
        r->failed = true;
        return AMEND_FAILED;
    }
    *t = (turn){.version = version, .applied = on};
    r->turns = turns;
    r->turns[r->count++] = t;
    return AMEND_OK;
}

static int turn_compare(const void *a, const void *b)
{
    return version_compare(((const turn *)a)->version, ((const turn *)b)->version);
}

static int row_compare(const void *a, const void *b)
{
    return version_compare(((const applied *)a)->version, ((const applied *)b)->version);
}

/* Walk both in order of version: the last turn of each against the row, if there is one. */
static amend_status compare_turns(const replay *r, const applied **rows, size_t row_count, plan *out, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t i = 0, k = 0; i < r->count && status == AMEND_OK; i++)
    {
        const turn *t = r->turns[i];
        if (i + 1 < r->count && turn_compare(t, r->turns[i + 1]) == 0)
        {
            continue;
        }
        while (k < row_count && version_compare(rows[k]->version, t->version) < 0)
        {
            k++;
        }
        bool there = k < row_count && version_compare(rows[k]->version, t->version) == 0;
        if (there != t->applied)
        {
            status = plan_problem(r->arena, out, AMEND_ERROR, AMEND_E_PROJECTION, t->version, NULL, error,
                                  there ? "%s is in the history, but the audit trail says that it was rolled back"
                                        : "%s is applied by the audit trail, but the history has no row of it",
                                  t->version);
        }
    }
    return status;
}

amend_status audit_project(session *s, arena *a, const history *h, plan *out, amend_error *error)
{
    replay r = {.arena = a};
    amend_hooks hooks = {.arg = &r, .row = replay_event};
    amend_status status = read_events(s, &h->ledger, 0, &hooks, error);
    const applied **rows = arena_array(a, h->count + 1, sizeof *rows);
    if (r.failed || rows == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < h->count; i++)
    {
        rows[i] = &h->rows[i];
    }
    if (status == AMEND_OK && (!sort_pointers(a, (const void **)rows, h->count, row_compare) ||
                               !sort_pointers(a, (const void **)r.turns, r.count, turn_compare)))
    {
        return error_memory(error);
    }
    return status == AMEND_OK ? compare_turns(&r, rows, h->count, out, error) : status;
}

/* ------------------------------------------------------------------------------------------------------------- half-way */

typedef struct halves_reader
{
    arena *arena;
    halves *list;
    bool failed; /* out of memory */
} halves_reader;

static void note_half(void *arg, const amend_event *e)
{
    halves_reader *r = arg;
    halves *list = r->list;
    bool begins = e->type == AMEND_EVENT_STATEMENT_STARTED || e->type == AMEND_EVENT_STATEMENT_DONE;
    bool fails = e->type == AMEND_EVENT_MIGRATION_FAILED;
    bool ends = e->type == AMEND_EVENT_MIGRATION_APPLIED || e->type == AMEND_EVENT_MIGRATION_ROLLED_BACK ||
                e->type == AMEND_EVENT_MIGRATION_BASELINED;
    if (e->version == NULL || (!begins && !fails && !ends))
    {
        return;
    }
    size_t i = 0;
    while (i < list->count && strcmp(list->items[i].version, e->version) != 0)
    {
        i++;
    }
    if (i < list->count && (ends || (fails && !list->items[i].done)))
    {
        list->items[i] = list->items[--list->count];
    }
    if (!begins)
    {
        return;
    }
    if (i == list->count)
    {
        half *items = arena_grow(r->arena, list->items, list->count, sizeof *items);
        const char *version = arena_string(r->arena, e->version);
        if (items == NULL || version == NULL)
        {
            r->failed = true;
            return;
        }
        list->items = items;
        list->items[list->count++] = (half){.version = version};
    }
    list->items[i].done |= e->type == AMEND_EVENT_STATEMENT_DONE;
}

amend_status audit_halves(session *s, arena *a, const ledger *ledger, halves *out, amend_error *error)
{
    *out = (halves){0};
    halves_reader r = {.arena = a, .list = out};
    amend_status status = audit_read(s, ledger, 0, note_half, &r, error);
    return status == AMEND_OK && r.failed ? error_memory(error) : status;
}

bool audit_is_half(const halves *list, const char *version)
{
    size_t i = 0;
    while (i < list->count && version_compare(list->items[i].version, version) != 0)
    {
        i++;
    }
    return i < list->count;
}
