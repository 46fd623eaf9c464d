/* SPDX-License-Identifier: MIT */
/*
 * Choosing the statements of an applied migration to run again. A statement is run again when all that it made is absent; then
 * it can't meet anything, and what later migrations did to what it made is gone with it. Whatever needs more than that (a part
 * of a table, rows, another name) is refused with the line, for a person to do.
 */
#include "heal/presence.h"

#include "base/error.h"

typedef struct chooser
{
    const presence *presence;
    const absences *absent;
    size_t migration;
    script script;
    plan *plan;
    bool *only;
    bool *refused; /* likewise: told already */
    amend_error *error;
} chooser;

/* `what` and `why` may be NULL: there was no memory for them. */
static amend_status replay_refuse(const chooser *r, size_t statement, const char *what, const char *why)
{
    if (what == NULL || why == NULL)
    {
        return error_memory(r->error);
    }
    const migration *m = &r->presence->knowledge.catalog.items[r->migration];
    unsigned line = 0, column;
    if (statement < r->script.count)
    {
        text_position(r->script.text, r->script.stmts[statement].start, &line, &column);
        r->refused[statement] = true;
    }
    amend_status status = plan_problem(r->presence->arena, r->plan, AMEND_ERROR, AMEND_E_REPLAY_REFUSED, m->version, m->up_file,
                                       r->error, "%s can't be replayed for %s: %s", m->version, what, why);
    if (status == AMEND_OK)
    {
        r->plan->problems[r->plan->problem_count - 1].line = line;
    }
    return status;
}

static bool replay_is_absent(const chooser *r, const provision *p)
{
    for (size_t i = 0; i < r->absent->count; i++)
    {
        if (r->absent->items[i].provision == p)
        {
            return true;
        }
    }
    return false;
}

/* Something that the statement made, and that is there. */
static const provision *replay_present(const chooser *r, size_t statement)
{
    const object_index *x = r->presence->knowledge.index;
    for (const provision *p = index_next(x, NULL); p != NULL; p = index_next(x, p))
    {
        if (p->migration == r->migration && p->statement == statement && p->kind != AMEND_OBJECT_UNIQUE &&
            !replay_is_absent(r, p))
        {
            return p;
        }
    }
    return NULL;
}

static const objection *replay_objection(const chooser *r, size_t statement)
{
    const facts *f = &r->presence->knowledge.facts[r->migration];
    for (size_t i = 0; i < f->objection_count; i++)
    {
        const objection *o = &f->objections[i];
        bool harmless = o->kind == OBJECTION_SCANS || o->kind == OBJECTION_GRANTS || o->kind == OBJECTION_REPLACES ||
                        o->kind == OBJECTION_SETS;
        if (o->statement == statement && !harmless)
        {
            return o;
        }
    }
    return NULL;
}

/* Why the statement that made this can't be run again; NULL: it can. *failed: out of memory. */
static const char *replay_reason(const chooser *r, const provision *p, bool *failed)
{
    arena *a = r->presence->arena;
    const provision *present = replay_present(r, p->statement);
    const objection *o = replay_objection(r, p->statement);
    const char *reason = NULL;
    if (p->named)
    {
        return "the migration gave it its name, but an earlier one made it";
    }
    if (present != NULL)
    {
        const char *other = presence_name(a, present);
        reason = other == NULL ? NULL : arena_format(a, "its statement also makes %s, which is there", other);
        *failed = reason == NULL;
        return reason;
    }
    if (index_has_changed(r->presence->knowledge.index, r->migration, p->statement))
    {
        return "what its statement made was dropped, renamed or made anew in part since";
    }
    if ((r->script.stmts[p->statement].flags & STMT_NO_TX) != 0)
    {
        return "its statement can't run inside a transaction";
    }
    if (o != NULL)
    {
        reason = arena_format(a, "its statement %s", objection_words(o->kind));
        *failed = reason == NULL;
    }
    return reason;
}

static amend_status replay_take(chooser *r, const provision *p)
{
    bool known = p->statement < r->script.count, failed = false;
    if (known && (r->only[p->statement] || r->refused[p->statement]))
    {
        return AMEND_OK;
    }
    const char *what = presence_name(r->presence->arena, p);
    const char *reason = known ? replay_reason(r, p, &failed) : "it is known from a directive only";
    if (reason != NULL || failed || what == NULL)
    {
        return replay_refuse(r, p->statement, what, reason);
    }
    r->only[p->statement] = true;
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------- what goes along */

/* Does the statement define something, so that it can be meant to complete an absent object? Rows are not told by its absence.
 */
static bool replay_defines(slice text)
{
    static const slice words[] = {{"ALTER", 5}, {"COMMENT", 7}, {"CREATE", 6}, {"GRANT", 5}, {"REVOKE", 6}, {"SECURITY", 8}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (text.len > words[i].len && slice_equal_nocase(slice_sub(text, 0, words[i].len), words[i]))
        {
            return true;
        }
    }
    return false;
}

static bool replay_mentions(const chooser *r, slice text, slice name)
{
    char copy[AMEND_NAME_SIZE];
    error_copy(copy, sizeof copy, name);
    return r->presence->dialect->mentions(text, copy);
}

static const provision *replay_mentioned(const chooser *r, slice text)
{
    for (size_t i = 0; i < r->absent->count; i++)
    {
        const provision *p = r->absent->items[i].provision;
        bool part = p->kind == AMEND_OBJECT_COLUMN; /* columns of many tables bear one name */
        if (p->migration == r->migration && p->kind != AMEND_OBJECT_ENUM_VALUE && replay_mentions(r, text, p->name) &&
            (!part || replay_mentions(r, text, p->table)))
        {
            return p;
        }
    }
    return NULL;
}

static amend_status replay_complete(chooser *r, size_t i)
{
    const stmt *s = &r->script.stmts[i];
    slice text = slice_sub(r->script.text, s->start, s->end);
    const provision *p = replay_mentioned(r, text);
    if (p == NULL || (s->flags & (STMT_DROP | STMT_QUERY)) != 0 || replay_present(r, i) != NULL)
    {
        return AMEND_OK;
    }
    const char *what = presence_name(r->presence->arena, p);
    const objection *o = replay_objection(r, i);
    if (!replay_defines(text))
    {
        return replay_refuse(r, i, what, "the migration also works with its rows, which would not come back by themselves");
    }
    if (o != NULL && o->kind != OBJECTION_DROPS)
    {
        return replay_refuse(r, i, what, arena_format(r->presence->arena, "a statement about it %s", objection_words(o->kind)));
    }
    r->only[i] = o == NULL;
    return AMEND_OK;
}

amend_status replay_choose(const presence *p, const absences *absent, size_t migration, plan *plan, bool **only, bool *any,
                           amend_error *error)
{
    const catalog *c = &p->knowledge.catalog;
    chooser r = {.presence = p, .absent = absent, .migration = migration, .plan = plan, .error = error};
    buf read;
    buf_init(&read, arena_allocator(p->arena));
    amend_status status = catalog_read(c, c->items[migration].up_file, &read, NULL, error);
    slice text = {status == AMEND_OK ? arena_copy(p->arena, buf_slice(&read)) : NULL, read.len};
    buf_clear(&read);
    if (status == AMEND_OK)
    {
        status = text.data == NULL ? error_memory(error) : p->dialect->split(p->arena, text, &r.script, error);
    }
    r.only = status == AMEND_OK ? arena_array(p->arena, r.script.count + 1, sizeof *r.only) : NULL;
    r.refused = status == AMEND_OK ? arena_array(p->arena, r.script.count + 1, sizeof *r.refused) : NULL;
    if (r.only == NULL || r.refused == NULL)
    {
        return status == AMEND_OK ? error_memory(error) : status;
    }
    *any = false;
    for (size_t i = 0; i < absent->count && status == AMEND_OK; i++)
    {
        if (absent->items[i].provision->migration == migration)
        {
            *any = true;
            status = replay_take(&r, absent->items[i].provision);
        }
    }
    for (size_t i = 0; i < r.script.count && *any && status == AMEND_OK; i++)
    {
        bool frame = (r.script.stmts[i].flags & (STMT_BEGIN | STMT_COMMIT | STMT_SETTING)) != 0;
        r.only[i] |= frame;
        status = r.only[i] ? AMEND_OK : replay_complete(&r, i);
    }
    *only = r.only;
    return status;
}
