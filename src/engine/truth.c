/* SPDX-License-Identifier: MIT */
#include "engine/truth.h"

#include "base/error.h"
#include "engine/script_file.h"

#include <stdio.h>
#include <string.h>

enum
{
    TRUTH_TOGETHER = 500, /* claims in one query */
};

typedef struct truth_item
{
    const claim *claim;
    size_t step, offset;
    const char *file;
    slice text;
    bool strict;
    bool unknown; /* the script's own settings fail: so will the script, and say why */
    const truth_settings *settings;
    claim_found found;
} truth_item;

typedef struct truth
{
    session *session;
    arena *arena;
    const catalog *catalog;
    plan *plan;
    truth_item *items; /* of all kinds of claims, in the order in which they will run */
    size_t count;
    amend_error reason; /* the first difference */
    size_t different;
} truth;

/* -------------------------------------------------------------------------------------------------------------- reading */

/* The settings that the script makes before statement `end`, but those that say how its transaction runs. */
static const truth_settings *truth_read_settings(truth *t, const script *script, size_t end, bool *failed)
{
    amend_piece *pieces = arena_array(t->arena, end + 1, sizeof *pieces);
    truth_settings *out = arena_alloc(t->arena, sizeof *out);
    *failed |= pieces == NULL || out == NULL;
    size_t count = 0;
    for (size_t i = 0; i < end && !*failed; i++)
    {
        const stmt *at = &script->stmts[i];
        if ((at->flags & STMT_SETTING) != 0 && (at->flags & (STMT_TX_MODE | STMT_BEGIN | STMT_NO_TX)) == 0)
        {
            pieces[count++] =
                (amend_piece){.text = script->text.data + at->start, .length = at->end - at->start, .statements = 1};
        }
    }
    if (*failed || count == 0)
    {
        return NULL;
    }
    *out = (truth_settings){pieces, count};
    return out;
}

static bool truth_named(const truth *t, slice a, slice b)
{
    bool nocase = (t->session->dialect->traits & DIALECT_NAMES_NOCASE) != 0;
    return nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

static bool truth_in(const truth *t, slice a, slice b)
{
    return a.len == 0 || b.len == 0 || truth_named(t, a, b);
}

/* CREATE TABLE IF NOT EXISTS t (a), then ALTER TABLE t ADD COLUMN IF NOT EXISTS b: where that has run, t has b. */
static slice truth_later(const truth *t, const script *script, const claim_list *claims, const claim *c)
{
    for (size_t i = 0; i < claims->count; i++)
    {
        const claim *other = &claims->items[i];
        if (other->kind == CLAIM_TOUCHES && other->statement > c->statement && other->object == c->object &&
            other->name.len > 0 && truth_named(t, other->name, c->name) && truth_in(t, other->schema, c->schema))
        {
            return slice_sub(script->text, script->stmts[other->statement].start, script->text.len);
        }
    }
    return (slice){0};
}

static amend_status truth_add_claims(truth *t, size_t step, const script_file *from, amend_error *error)
{
    const script *script = &from->script;
    claim_list found = {0};
    const truth_settings *settings = NULL;
    bool failed = false, first = true;
    amend_status status = t->session->dialect->claims(t->arena, script, &found, error);
    for (size_t i = 0; i < found.count && status == AMEND_OK; i++)
    {
        claim *c = &found.items[i];
        c->later = c->kind == CLAIM_MAKES ? truth_later(t, script, &found, c) : c->later;
        if ((c->kind == CLAIM_MAKES || c->kind == CLAIM_DROPS) && first && t->session->dialect->claim_build != NULL)
        {
            settings = truth_read_settings(t, script, c->statement, &failed);
            first = false;
        }
        truth_item *grown = arena_grow(t->arena, t->items, t->count, sizeof *grown);
        if (grown == NULL || failed)
        {
            return error_memory(error);
        }
        t->items = grown;
        t->items[t->count++] = (truth_item){.claim = c,
                                            .step = step,
                                            .offset = script->stmts[c->statement].start,
                                            .file = from->file,
                                            .text = script->text,
                                            .strict = from->head.enum_order_strict,
                                            .settings = settings};
    }
    return status;
}

/* *last is behind the last step whose script may claim something. What the scripts before it do matters, too. */
static amend_status truth_read_last(truth *t, buf *text, size_t *last, amend_error *error)
{
    for (*last = t->plan->count; *last > 0; --*last)
    {
        const char *file = step_file(&t->plan->steps[*last - 1]);
        amend_status status = file == NULL ? AMEND_OK : catalog_read(t->catalog, file, text, NULL, error);
        if (status != AMEND_OK && error->code == AMEND_E_OUT_OF_MEMORY)
        {
            return status;
        }
        if (file != NULL && status == AMEND_OK && t->session->dialect->may_claim(buf_slice(text)))
        {
            break;
        }
    }
    return AMEND_OK;
}

static amend_status truth_read(truth *t, amend_error *error)
{
    buf text;
    size_t last;
    buf_init(&text, t->session->allocator);
    amend_status status = truth_read_last(t, &text, &last, error);
    for (size_t i = 0; i < t->plan->count && status == AMEND_OK; i++)
    {
        step *s = &t->plan->steps[i];
        const char *file = i < last ? step_file(s) : NULL;
        s->checks = NULL;
        s->check_count = 0;
        if (file == NULL)
        {
            continue;
        }
        script_file script;
        amend_error reason = {0};
        if (script_file_read(t->arena, t->catalog, t->session->dialect, file, &script, &reason) == AMEND_OK)
        {
            status = truth_add_claims(t, i, &script, error);
        }
        else if (reason.code == AMEND_E_OUT_OF_MEMORY)
        {
            status = error_memory(error);
        }
    }
    buf_clear(&text);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- judging */

/* Does `other`, which runs before, change what is there of this name? */
static bool truth_touches(const truth *t, const claim *other, slice schema, slice name)
{
    if (other->kind == CLAIM_TOUCHES && other->name.len == 0)
    {
        return true;
    }
    if (other->kind == CLAIM_TOUCHES && other->object == AMEND_OBJECT_SCHEMA && truth_named(t, other->name, schema))
    {
        return true;
    }
    return truth_named(t, other->name, name) && truth_in(t, other->schema, schema);
}

/* Does something that runs before the item change it? */
static bool truth_touched(const truth *t, const truth_item *item)
{
    const claim *c = item->claim;
    slice schema = item->found.schema == NULL || item->found.schema[0] == '\0' ? c->schema : slice_of(item->found.schema);
    for (const truth_item *other = t->items; other < item; other++)
    {
        bool table = c->table.len > 0 && other->claim->kind == CLAIM_TOUCHES &&
                     truth_touches(t, other->claim, c->table_schema, c->table);
        if (table || truth_touches(t, other->claim, schema, c->name))
        {
            return true;
        }
    }
    return false;
}

static amend_status truth_add_check(truth *t, const truth_item *item, bool skip, amend_error *error)
{
    step *s = &t->plan->steps[item->step];
    buf text;
    buf_init(&text, t->session->allocator);
    unsigned statements = t->session->dialect->claim_hold(&text, item->claim, &item->found);
    const char *copy = text.failed ? NULL : arena_copy(t->arena, buf_slice(&text));
    const char *what = truth_what(t->arena, item->claim);
    plan_check *grown = arena_grow(t->arena, s->checks, s->check_count, sizeof *grown);
    size_t len = text.len;
    buf_clear(&text);
    if (copy == NULL || what == NULL || grown == NULL)
    {
        return error_memory(error);
    }
    grown[s->check_count++] = (plan_check){
        .statement = item->claim->statement, .skip = skip, .what = what, .hold = {copy, len}, .statements = statements};
    s->checks = grown;
    return AMEND_OK;
}

static void truth_tell_same(const truth *t, const truth_item *item)
{
    const step *s = &t->plan->steps[item->step];
    char message[300];
    const char *what = truth_what(t->arena, item->claim);
    snprintf(message, sizeof message, "%s is there already, and the same", what == NULL ? "" : what);
    amend_event event = {
        .type = AMEND_EVENT_GUARD_SAME, .severity = AMEND_INFO, .version = s->version, .name = s->name, .message = message};
    event.file = item->file;
    session_tell(t->session, &event);
}

/* Add where it stands. The first difference is the error; the others are told. */
static amend_status truth_differs(truth *t, const truth_item *item, amend_error *reason, amend_error *error)
{
    error_at(reason, item->file, item->text, item->offset);
    error_copy(reason->version, sizeof reason->version, slice_of(t->plan->steps[item->step].version));
    error_copy(reason->object, sizeof reason->object, item->claim->name);
    reason->statement = (unsigned)item->claim->statement + 1;
    if (t->different++ == 0)
    {
        t->reason = *reason;
        return AMEND_OK;
    }
    for (char *at = reason->detail; *at != '\0'; at++)
    {
        *at = *at == '\n' ? ';' : *at;
    }
    return plan_problem(t->arena, t->plan, AMEND_WARNING, reason->code, t->plan->steps[item->step].version, item->file, error,
                        "also: %s (%s)", reason->message, reason->detail);
}

/* Compare by facts. *known: they could be had. */
static amend_status truth_compare(truth *t, const truth_item *item, bool *known, amend_error *error)
{
    const dialect *d = t->session->dialect;
    truth_pair pair = {0};
    amend_fault fault = {0};
    amend_error reason = {0};
    amend_status status;
    if (d->claim_build == NULL)
    {
        status = d->claim_facts(t->arena, item->claim, &item->found, &pair.expected, &pair.existing, &reason);
    }
    else if (t->session->read_only)
    {
        *known = false;
        return AMEND_OK;
    }
    else
    {
        status = truth_build(t->session, t->arena, item->settings, item->claim, &item->found, 0, &pair, &fault, &reason);
        if (status != AMEND_OK && fault.kind == AMEND_FAULT_STATEMENT)
        {
            status = truth_build(t->session, t->arena, item->settings, item->claim, &item->found, 1, &pair, &fault, &reason);
        }
    }
    bool refused = fault.kind == AMEND_FAULT_STATEMENT || fault.kind == AMEND_FAULT_UNRUN;
    *known = status == AMEND_OK;
    if (*known)
    {
        return truth_judge_facts(t->arena, item->claim, &pair.expected, &pair.existing, error);
    }
    if (refused || reason.code == AMEND_E_STATEMENT)
    {
        const char *what = truth_what(t->arena, item->claim);
        return what == NULL
                   ? error_memory(error)
                   : plan_problem(t->arena, t->plan, AMEND_WARNING, AMEND_E_EXISTS_OTHER, t->plan->steps[item->step].version,
                                  item->file, error, "%s could not be compared with what exists: %s", what, reason.message);
    }
    *error = reason;
    return status;
}

static amend_status truth_judge_claim(truth *t, truth_item *item, amend_error *error)
{
    const claim *c = item->claim;
    amend_error reason = {0};
    bool known = true;
    if (item->unknown || truth_touched(t, item))
    {
        return AMEND_OK;
    }
    if (!item->found.there)
    {
        return truth_add_check(t, item, false, error);
    }
    amend_status status = c->object == AMEND_OBJECT_SCHEMA ? AMEND_OK
                          : c->enumeration                 ? truth_judge_enum(t->arena, c, &item->found, item->strict, &reason)
                                                           : truth_compare(t, item, &known, &reason);
    if (status == AMEND_OK && known)
    {
        truth_tell_same(t, item);
        return truth_add_check(t, item, c->plain, error);
    }
    if (status != AMEND_OK && reason.code == AMEND_E_EXISTS_OTHER)
    {
        return truth_differs(t, item, &reason, error);
    }
    if (status != AMEND_OK)
    {
        *error = reason;
    }
    return status;
}

/* Will it be gone, or changed, before the item? */
static bool truth_gone(const truth *t, const truth_item *item, const dependent *d)
{
    for (const truth_item *other = t->items; other < item; other++)
    {
        for (const dependent_owner *o = d->owners; o != NULL; o = o->next)
        {
            if (other->claim->kind != CLAIM_MAKES && truth_touches(t, other->claim, slice_of(o->schema), slice_of(o->name)))
            {
                return true;
            }
        }
    }
    return false;
}

/* Does something run before that may take dependents along, nobody knows which? Then it is the database that decides. */
static bool truth_freed(const truth *t, const truth_item *item)
{
    for (const truth_item *other = t->items; other < item; other++)
    {
        if (other->claim->kind == CLAIM_FREES)
        {
            return true;
        }
    }
    return truth_touched(t, item);
}

/* DROP TYPE: what depends on it and is not changed by the run before? */
static amend_status truth_judge_drop(truth *t, const truth_item *item, amend_error *error)
{
    dependent_list all, left = {0};
    const claim *c = item->claim;
    if (t->session->dialect->type_dependents == NULL || truth_freed(t, item))
    {
        return AMEND_OK;
    }
    amend_status status = truth_dependents(t->session, t->arena, item->settings, c->schema, c->name, &all, error);
    for (size_t i = 0; status == AMEND_OK && i < all.count; i++)
    {
        if (!truth_gone(t, item, &all.items[i]))
        {
            left.items = all.items;
            left.items[left.count++] = all.items[i];
        }
    }
    if (status == AMEND_OK && left.count > 0)
    {
        amend_error reason = {0};
        const char *name = arena_format(t->arena, "%.*s%s%.*s", (int)c->schema.len, c->schema.data,
                                        c->schema.len > 0 ? "." : "", (int)c->name.len, c->name.data);
        if (name == NULL)
        {
            return error_memory(error);
        }
        (void)!truth_refuse_drop(name, &left, &reason);
        return truth_differs(t, item, &reason, error);
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- all */

/* What is there of the items [first, last), all with the same settings. */
static amend_status truth_look_at(truth *t, size_t first, size_t last, amend_error *error)
{
    const claim **claims = arena_array(t->arena, last - first, sizeof *claims);
    claim_found *found = arena_array(t->arena, last - first, sizeof *found);
    size_t *from = arena_array(t->arena, last - first, sizeof *from), count = 0;
    if (claims == NULL || found == NULL || from == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = first; i < last; i++)
    {
        if (t->items[i].claim->kind == CLAIM_MAKES)
        {
            from[count] = i;
            claims[count++] = t->items[i].claim;
        }
    }
    amend_status status =
        count == 0 ? AMEND_OK : truth_look(t->session, t->arena, t->items[first].settings, claims, found, count, error);
    bool unknown = status != AMEND_OK && t->items[first].settings != NULL && error->code == AMEND_E_STATEMENT;
    for (size_t i = 0; i < count; i++)
    {
        t->items[from[i]].found = found[i];
        t->items[from[i]].unknown = unknown;
    }
    return unknown ? AMEND_OK : status;
}

static amend_status truth_look_all(truth *t, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t first = 0, last; first < t->count && status == AMEND_OK; first = last)
    {
        last = first + 1;
        while (last < t->count && last - first < TRUTH_TOGETHER && t->items[last].settings == t->items[first].settings)
        {
            last++;
        }
        status = truth_look_at(t, first, last, error);
    }
    return status;
}

amend_status truth_check(session *s, arena *a, const catalog *c, plan *p, amend_error *error)
{
    truth t = {.session = s, .arena = a, .catalog = c, .plan = p};
    amend_error reason = {0};
    if (s->dialect->claims == NULL || p->count == 0)
    {
        return AMEND_OK;
    }
    amend_status status = truth_read(&t, &reason);
    if (status == AMEND_OK)
    {
        status = truth_look_all(&t, &reason);
    }
    for (size_t i = 0; i < t.count && status == AMEND_OK; i++)
    {
        truth_item *item = &t.items[i];
        if (item->claim->kind == CLAIM_MAKES)
        {
            status = truth_judge_claim(&t, item, &reason);
        }
        else if (item->claim->kind == CLAIM_DROPS)
        {
            status = truth_judge_drop(&t, item, &reason);
        }
    }
    if (status == AMEND_OK && t.different > 0)
    {
        reason = t.reason;
        status = reason.status;
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}
