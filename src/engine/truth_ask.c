/* SPDX-License-Identifier: MIT */
/* What the database says of claims, of the types that are to be dropped, and of what is built beside. Nothing is judged here.
 */
#include "engine/truth.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/message.h"

#include <string.h>

typedef struct truth_reader
{
    const dialect *dialect;
    arena *arena;
    claim_found *found;
    size_t count;
    dependent_list *dependents;
    truth_pair *pair;
    amend_error shortage;
} truth_reader;

/*
 * Run a text of ours between the settings and their undoing, as one message. Without settings and without `inside` there is no
 * transaction of its own.
 */
static amend_status truth_ask(session *s, arena *a, const truth_settings *settings, bool inside, slice text,
                              unsigned statements, const amend_hooks *hooks, amend_fault *fault, amend_error *error)
{
    size_t given = settings == NULL ? 0 : settings->count;
    inside = inside || given > 0;
    if (!inside)
    {
        return session_run(s, text, statements, hooks, fault, error);
    }
    const char *begin = session_words(s)->step_begin, *abort = session_words(s)->step_abort;
    amend_piece *pieces = arena_array(a, given + 3, sizeof *pieces);
    if (pieces == NULL)
    {
        return error_memory(error);
    }
    size_t n = 0;
    pieces[n++] = (amend_piece){.text = begin, .length = strlen(begin), .statements = message_statements(begin)};
    for (size_t i = 0; i < given; i++)
    {
        pieces[n++] = settings->pieces[i];
    }
    pieces[n++] = (amend_piece){.text = text.data, .length = text.len, .statements = statements};
    pieces[n++] = (amend_piece){.text = abort, .length = strlen(abort), .statements = message_statements(abort)};
    amend_status status = session_exec(s, pieces, n, hooks, fault, error);
    if (status != AMEND_OK && fault->kind != AMEND_FAULT_LOST)
    {
        amend_hooks silent = {0};
        (void)!session_run(s, slice_of(abort), message_statements(abort), &silent, NULL, NULL);
    }
    return status;
}

typedef amend_status truth_on_row(void *arg, size_t piece, const amend_row *row);

/* Ask with `text`, which is given back, and hand each row to `fn` with the reader. `fault` may be NULL. */
static amend_status truth_read_rows(session *s, const truth_settings *settings, bool inside, buf *text, unsigned statements,
                                    truth_on_row *fn, truth_reader *r, amend_fault *fault, amend_error *error)
{
    amend_fault own = {0};
    amend_hooks hooks = {.arg = r, .row = fn};
    amend_status status = text->failed ? error_memory(error)
                                       : truth_ask(s, r->arena, settings, inside, buf_slice(text), statements, &hooks,
                                                   fault == NULL ? &own : fault, error);
    if (status != AMEND_OK && r->shortage.code != 0)
    {
        status = error_memory(error);
    }
    buf_clear(text);
    return status;
}

static amend_status truth_on_found(void *arg, size_t piece, const amend_row *row)
{
    truth_reader *r = arg;
    (void)piece;
    return r->dialect->claim_row(r->arena, row, r->found, r->count, &r->shortage);
}

amend_status truth_look(session *s, arena *a, const truth_settings *settings, const claim *const *claims, claim_found *found,
                        size_t count, amend_error *error)
{
    buf text;
    for (size_t i = 0; i < count; i++) /* of what isn't there, there may be no row */
    {
        found[i] = (claim_found){.schema = "", .sort = "", .mark = "", .owned = ""};
    }
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->claim_look(&text, claims, count);
    truth_reader r = {.dialect = s->dialect, .arena = a, .found = found, .count = count};
    return truth_read_rows(s, settings, false, &text, statements, truth_on_found, &r, NULL, error);
}

/* The list's last, when it is this one; else a new one. NULL without memory. */
static dependent *truth_dependent(truth_reader *r, const char *kind, const char *name)
{
    dependent_list *list = r->dependents;
    dependent *last = list->count == 0 ? NULL : &list->items[list->count - 1];
    if (last != NULL && strcmp(last->kind, kind) == 0 && strcmp(last->name, name) == 0)
    {
        return last;
    }
    dependent one = {.kind = arena_string(r->arena, kind), .name = arena_string(r->arena, name)};
    dependent *grown = arena_grow(r->arena, list->items, list->count, sizeof *grown);
    if (grown == NULL || one.kind == NULL || one.name == NULL)
    {
        return NULL;
    }
    grown[list->count] = one;
    list->items = grown;
    return &grown[list->count++];
}

/* A row (kind, name, owner's schema, owner), in order; rows of settings have other columns. */
static amend_status truth_on_dependent(void *arg, size_t piece, const amend_row *row)
{
    truth_reader *r = arg;
    (void)piece;
    if (row->columns != 4 || row->values[0] == NULL || row->values[1] == NULL)
    {
        return AMEND_OK;
    }
    dependent *one = truth_dependent(r, row->values[0], row->values[1]);
    if (one != NULL && row->values[3] == NULL)
    {
        return AMEND_OK;
    }
    dependent_owner *owner = one == NULL ? NULL : arena_alloc(r->arena, sizeof *owner);
    const char *schema = owner == NULL ? NULL : arena_string(r->arena, row->values[2] == NULL ? "" : row->values[2]);
    const char *name = schema == NULL ? NULL : arena_string(r->arena, row->values[3]);
    if (name == NULL)
    {
        return error_memory(&r->shortage);
    }
    *owner = (dependent_owner){schema, name, one->owners};
    one->owners = owner;
    return AMEND_OK;
}

amend_status truth_dependents(session *s, arena *a, const truth_settings *settings, slice schema, slice name,
                              dependent_list *out, amend_error *error)
{
    buf text;
    *out = (dependent_list){0};
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->type_dependents(&text, schema, name);
    truth_reader r = {.dialect = s->dialect, .arena = a, .dependents = out};
    return truth_read_rows(s, settings, false, &text, statements, truth_on_dependent, &r, NULL, error);
}

/* A row (side, object, definition). */
static amend_status truth_on_fact(void *arg, size_t piece, const amend_row *row)
{
    truth_reader *r = arg;
    (void)piece;
    if (row->columns != 3 || row->values[0] == NULL || row->values[1] == NULL || row->values[2] == NULL)
    {
        return AMEND_OK;
    }
    fact_list *side = strcmp(row->values[0], "expected") == 0 ? &r->pair->expected : &r->pair->existing;
    fact *grown = arena_grow(r->arena, side->items, side->count, sizeof *grown);
    const char *object = arena_string(r->arena, row->values[1]), *definition = arena_string(r->arena, row->values[2]);
    if (grown == NULL || object == NULL || definition == NULL)
    {
        return error_memory(&r->shortage);
    }
    side->items = grown;
    side->items[side->count++] = (fact){slice_of(object), slice_of(definition)};
    return AMEND_OK;
}

amend_status truth_build(session *s, arena *a, const truth_settings *settings, const claim *c, const claim_found *found,
                         unsigned attempt, truth_pair *out, amend_fault *fault, amend_error *error)
{
    buf text;
    truth_reader r = {.dialect = s->dialect, .arena = a, .pair = out};
    *out = (truth_pair){0};
    *fault = (amend_fault){0};
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->claim_build(&text, c, found, clock_random(UINT32_MAX), attempt);
    return truth_read_rows(s, settings, true, &text, statements, truth_on_fact, &r, fault, error);
}
