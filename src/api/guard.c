/* SPDX-License-Identifier: MIT */
/* The guards of types as calls of their own, for programs that migrate by hand. */
#include "amend/guard.h"

#include "api/handle.h"

#include "base/error.h"
#include "engine/truth.h"

#include <string.h>

/* One call: the connection, the claim, an arena for it all. */
typedef struct guarding
{
    session *session;
    arena *arena;
    claim claim;
    claim_found found;
} guarding;

static amend_status guard_no_types(const session *s, amend_error *error)
{
    amend_status status = error_set(error, AMEND_E_ARGUMENT, "%s has no enum types", s->dialect->name);
    error_hint(error,
               "A CHECK constraint holds a column's values there: CREATE TABLE IF NOT EXISTS compares it like everything "
               "else of the table.");
    return status;
}

/* The type's name, read as SQL reads it. */
static amend_status guard_name(guarding *g, const char *type, amend_error *error)
{
    amend_object name = {0};
    if (type == NULL || !g->session->dialect->parse_name(slice_of(type), &name) || name.schema[0] != '\0')
    {
        return error_set(error, AMEND_E_ARGUMENT, "\"%s\" is not a type's name", type == NULL ? "" : type);
    }
    const char *schema = arena_string(g->arena, name.table), *own = arena_string(g->arena, name.name);
    if (schema == NULL || own == NULL)
    {
        return error_memory(error);
    }
    g->claim = (claim){.kind = CLAIM_MAKES,
                       .object = AMEND_OBJECT_TYPE,
                       .enumeration = true,
                       .schema = slice_of(schema),
                       .name = slice_of(own)};
    return AMEND_OK;
}

/* Connected, and the type looked up. */
static amend_status guard_begin(guarding *g, amend *handle, const char *type, amend_error *error)
{
    *g = (guarding){.session = &handle->session};
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK && g->session->dialect->enum_create == NULL)
    {
        status = guard_no_types(g->session, error);
    }
    if (status == AMEND_OK)
    {
        g->arena = arena_new(handle->allocator);
        status = g->arena == NULL ? error_memory(error) : guard_name(g, type, error);
    }
    return status == AMEND_OK ? session_connect(g->session, false, g->session->connect_timeout_ms, error) : status;
}

static amend_status guard_look(guarding *g, amend_error *error)
{
    const claim *claims[] = {&g->claim};
    g->found = (claim_found){0};
    return truth_look(g->session, g->arena, NULL, claims, &g->found, 1, error);
}

static void guard_end(guarding *g)
{
    if (g->arena != NULL)
    {
        arena_free(g->arena);
    }
}

static amend_status guard_values(guarding *g, const char *const *values, size_t count, amend_error *error)
{
    slice *kept = arena_array(g->arena, count + 1, sizeof *kept);
    if (kept == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < count; i++)
    {
        if (values == NULL || values[i] == NULL)
        {
            return error_set(error, AMEND_E_ARGUMENT, "an enum's values are not NULL");
        }
        kept[i] = slice_of(values[i]);
    }
    g->claim.values = kept;
    g->claim.value_count = count;
    return AMEND_OK;
}

static amend_status guard_absent(guarding *g, amend_error *error)
{
    const char *what = truth_what(g->arena, &g->claim);
    if (what == NULL)
    {
        return error_memory(error);
    }
    amend_status status = error_set(error, AMEND_E_EXISTS_OTHER, "%s does not exist", what);
    error_hint(error, "amend_enum_create_safe makes it; the search_path decides where a name without a schema is looked for.");
    return status;
}

amend_status amend_enum_validate(amend *handle, const char *type, const char *const *values, size_t count, bool strict,
                                 amend_error *error)
{
    guarding g;
    amend_status status = guard_begin(&g, handle, type, error);
    status = status == AMEND_OK ? guard_values(&g, values, count, error) : status;
    status = status == AMEND_OK ? guard_look(&g, error) : status;
    if (status == AMEND_OK)
    {
        status = g.found.there ? truth_judge_enum(g.arena, &g.claim, &g.found, strict, error) : guard_absent(&g, error);
    }
    guard_end(&g);
    return status;
}

static amend_status guard_run(guarding *g, buf *text, unsigned statements, amend_error *error)
{
    amend_status status =
        text->failed ? error_memory(error) : session_run(g->session, buf_slice(text), statements, NULL, NULL, error);
    buf_clear(text);
    return status;
}

/* Somebody may make it between the look and the CREATE: then theirs is looked at. */
static amend_status guard_create(guarding *g, bool *created, amend_error *error)
{
    buf text;
    amend_error reason = {0};
    buf_init(&text, g->session->allocator);
    unsigned statements = g->session->dialect->enum_create(&text, &g->claim);
    amend_status status = guard_run(g, &text, statements, &reason);
    *created = status == AMEND_OK;
    if (status == AMEND_OK)
    {
        return AMEND_OK;
    }
    stmt none = {0};
    if (reason.code == AMEND_E_STATEMENT && g->session->dialect->already_done(&none, &reason))
    {
        status = guard_look(g, &reason);
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}

amend_status amend_enum_create_safe(amend *handle, const char *type, const char *const *values, size_t count, bool strict,
                                    bool *created, amend_error *error)
{
    guarding g;
    bool made = false;
    amend_status status = guard_begin(&g, handle, type, error);
    status = status == AMEND_OK ? guard_values(&g, values, count, error) : status;
    status = status == AMEND_OK ? guard_look(&g, error) : status;
    if (status == AMEND_OK && !g.found.there)
    {
        status = guard_create(&g, &made, error);
    }
    if (status == AMEND_OK && !made)
    {
        status = truth_judge_enum(g.arena, &g.claim, &g.found, strict, error);
    }
    if (status == AMEND_OK && created != NULL)
    {
        *created = made;
    }
    guard_end(&g);
    return status;
}

amend_status amend_type_dependents(amend *handle, const char *type, amend_dependent_fn fn, void *arg, amend_error *error)
{
    guarding g;
    dependent_list list = {0};
    amend_status status = guard_begin(&g, handle, type, error);
    if (status == AMEND_OK)
    {
        status = truth_dependents(g.session, g.arena, NULL, g.claim.schema, g.claim.name, &list, error);
    }
    for (size_t i = 0; i < list.count && status == AMEND_OK; i++)
    {
        amend_dependent one = {.kind = list.items[i].kind, .name = list.items[i].name};
        fn(arg, &one);
    }
    guard_end(&g);
    return status;
}

static void guard_tell_dropped(const guarding *g, const dependent_list *list)
{
    for (size_t i = 0; i < list->count; i++)
    {
        session_say(g->session, AMEND_EVENT_GUARD_DROPPED, AMEND_WARNING, "%s %s was dropped with the type it depends on",
                    list->items[i].kind, list->items[i].name);
    }
}

amend_status amend_enum_drop_safe(amend *handle, const char *type, bool cascade, amend_error *error)
{
    guarding g;
    dependent_list list = {0};
    amend_status status = guard_begin(&g, handle, type, error);
    status = status == AMEND_OK ? guard_look(&g, error) : status;
    bool there = status == AMEND_OK && g.found.there;
    if (there)
    {
        status = truth_dependents(g.session, g.arena, NULL, g.claim.schema, g.claim.name, &list, error);
    }
    if (status == AMEND_OK && there && list.count > 0 && !cascade)
    {
        status = truth_refuse_drop(type, &list, error);
    }
    else if (status == AMEND_OK && there)
    {
        buf text;
        buf_init(&text, g.session->allocator);
        unsigned n = g.session->dialect->type_drop(&text, slice_of(g.found.schema), g.claim.name, cascade);
        status = guard_run(&g, &text, n, error);
    }
    if (status == AMEND_OK && cascade)
    {
        guard_tell_dropped(&g, &list);
    }
    guard_end(&g);
    return status;
}
