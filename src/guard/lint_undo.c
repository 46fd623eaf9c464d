/* SPDX-License-Identifier: MIT */
/*
 * Does the down script undo its up script? Both are played, one change after the other, on a list of the things that they name:
 * was it there before, is it there when the up script is done, and at the end? What the scripts don't name is not looked at.
 *
 * Nobody is blamed on a guess. When a table that was there before is dropped and made again, what belongs to it isn't known. A
 * DROP … CASCADE may take more than it names, and a block whose doings can't be told may do anything. With a column its indexes
 * go, with a partitioned table its partitions; a sequence that came with a column goes with it.
 */
#include "guard/lint.h"

#include <stdio.h>

typedef struct lint_thing
{
    amend_object_kind object;
    slice schema, table, name;
    bool before, middle, now;
    bool known;       /* a script has made it, as far as one can tell */
    bool unclear;     /* a table of which nobody knows what belonged to it */
    bool shrunk;      /* a table that has lost a column */
    size_t statement; /* of the down script that took it */
} lint_thing;

typedef struct lint_play
{
    const lint_reader *reader;
    arena *arena;
    lint_thing *things;
    size_t count;
    bool second; /* the down script is played */
    bool failed;
} lint_play;

static bool lint_play_same(const lint_play *p, slice a, slice b)
{
    return p->reader->nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

/* An empty name is one that isn't known. */
static bool lint_play_fits(const lint_play *p, slice a, slice b)
{
    return a.len == 0 || b.len == 0 || lint_play_same(p, a, b);
}

/* Only what a down script can be asked to undo: enum values can't be taken away, extensions are shared. */
static bool lint_play_counts(amend_object_kind object)
{
    return object == AMEND_OBJECT_TABLE || object == AMEND_OBJECT_COLUMN || object == AMEND_OBJECT_INDEX ||
           object == AMEND_OBJECT_VIEW || object == AMEND_OBJECT_TRIGGER || object == AMEND_OBJECT_TYPE ||
           object == AMEND_OBJECT_FUNCTION || object == AMEND_OBJECT_SEQUENCE || object == AMEND_OBJECT_SCHEMA;
}

static bool lint_play_owned(const lint_thing *t)
{
    return t->object == AMEND_OBJECT_COLUMN || t->object == AMEND_OBJECT_INDEX || t->object == AMEND_OBJECT_TRIGGER;
}

static lint_thing *lint_play_find(const lint_play *p, amend_object_kind object, slice schema, slice table, slice name)
{
    for (size_t i = p->count; i > 0; i--)
    {
        lint_thing *t = &p->things[i - 1];
        if (t->object == object && lint_play_same(p, t->name, name) && lint_play_fits(p, t->schema, schema) &&
            (!lint_play_owned(t) || lint_play_fits(p, t->table, table)))
        {
            return t;
        }
    }
    return NULL;
}

static lint_thing *lint_play_new(lint_play *p, lint_thing thing)
{
    lint_thing *things = arena_grow(p->arena, p->things, p->count, sizeof *things);
    if (things == NULL)
    {
        p->failed = true;
        return NULL;
    }
    p->things = things;
    things[p->count] = thing;
    return &things[p->count++];
}

static const lint_thing *lint_play_owner(const lint_play *p, const lint_thing *t)
{
    const lint_thing *owner = NULL;
    if (lint_play_owned(t))
    {
        owner = lint_play_find(p, AMEND_OBJECT_TABLE, t->schema, (slice){"", 0}, t->table);
        owner = owner != NULL ? owner : lint_play_find(p, AMEND_OBJECT_VIEW, t->schema, (slice){"", 0}, t->table);
    }
    return owner;
}

static void lint_play_add(lint_play *p, amend_object_kind object, slice schema, slice table, slice name, bool existed)
{
    lint_thing *t = lint_play_find(p, object, schema, table, name);
    t = t != NULL ? t
                  : lint_play_new(p, (lint_thing){.object = object,
                                                  .schema = schema,
                                                  .table = table,
                                                  .name = name,
                                                  .before = existed,
                                                  .middle = existed && p->second});
    if (t != NULL)
    {
        t->now = true;
    }
}

/* What belongs to the table, or is in the schema, is gone with it. */
static void lint_play_fall(lint_play *p, amend_object_kind object, slice schema, slice name, size_t statement)
{
    for (size_t i = 0; i < p->count; i++)
    {
        lint_thing *t = &p->things[i];
        bool falls = object == AMEND_OBJECT_SCHEMA
                         ? lint_play_same(p, t->schema, name)
                         : lint_play_owned(t) && lint_play_same(p, t->table, name) && lint_play_fits(p, t->schema, schema);
        if (falls && t->now)
        {
            t->now = false;
            t->statement = statement;
        }
    }
}

/* The table of a column that is dropped: made known, since indexes are judged by it. */
static void lint_play_shrink(lint_play *p, const change *c)
{
    lint_thing *t = lint_play_find(p, AMEND_OBJECT_TABLE, c->schema, (slice){"", 0}, c->table);
    t = t != NULL ? t
                  : lint_play_new(p, (lint_thing){.object = AMEND_OBJECT_TABLE,
                                                  .schema = c->schema,
                                                  .name = c->table,
                                                  .before = true,
                                                  .middle = true,
                                                  .now = true});
    if (t != NULL)
    {
        t->shrunk = true;
    }
}

/* What the change is about; made known as something that was there before, when it isn't. */
static lint_thing *lint_play_meet(lint_play *p, const change *c)
{
    lint_thing *t = lint_play_find(p, c->object, c->schema, c->table, c->name);
    return t != NULL ? t
                     : lint_play_new(p, (lint_thing){.object = c->object,
                                                     .schema = c->schema,
                                                     .table = c->table,
                                                     .name = c->name,
                                                     .before = true,
                                                     .middle = p->second});
}

static void lint_play_drop(lint_play *p, const change *c, bool known)
{
    if (c->object == AMEND_OBJECT_COLUMN)
    {
        lint_play_shrink(p, c);
    }
    lint_thing *t = lint_play_meet(p, c);
    if (t == NULL)
    {
        return;
    }
    t->now = false;
    t->known |= known;
    t->statement = c->statement;
    t->unclear |= t->before;
    if (c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW || c->object == AMEND_OBJECT_SCHEMA)
    {
        lint_play_fall(p, c->object, c->schema, c->name, c->statement);
    }
}

/* What belongs to it goes along. */
static void lint_play_rename(lint_play *p, const change *c)
{
    slice to_schema = c->to_schema.len > 0 ? c->to_schema : c->schema;
    lint_thing *t = lint_play_meet(p, c);
    if (t == NULL)
    {
        return;
    }
    bool unclear = t->unclear;
    t->known = true;
    t->now = false;
    t->statement = c->statement;
    lint_play_add(p, c->object, to_schema, c->table, c->to, false);
    for (size_t i = 0, count = p->count; c->object == AMEND_OBJECT_TABLE && i < count && !p->failed; i++)
    {
        lint_thing owned = p->things[i];
        if (lint_play_owned(&owned) && owned.now && lint_play_same(p, owned.table, c->name) &&
            lint_play_fits(p, owned.schema, c->schema))
        {
            p->things[i].now = false;
            p->things[i].statement = c->statement;
            lint_play_add(p, owned.object, to_schema, c->to, owned.name, false);
        }
    }
    lint_thing *made = lint_play_find(p, c->object, to_schema, c->table, c->to);
    if (made != NULL)
    {
        made->unclear |= unclear;
    }
}

static bool lint_contains(slice text, slice words)
{
    for (size_t at = 0; at + words.len <= text.len; at++)
    {
        if (slice_equal_nocase(slice_sub(text, at, at + words.len), words))
        {
            return true;
        }
    }
    return false;
}

/* What nobody makes by itself: it came with something else, and goes with it. */
static bool lint_play_comes_along(const lint_script *s, const change *c)
{
    bool along = false;
    for (size_t i = 0; i < s->found.change_count && c->object == AMEND_OBJECT_SEQUENCE; i++)
    {
        const change *other = &s->found.changes[i];
        along |= other->statement == c->statement && other->object == AMEND_OBJECT_COLUMN;
    }
    return along || lint_contains(lint_text(&s->script, c->statement), SLICE("PARTITION OF"));
}

static void lint_play_script(lint_play *p, const lint_script *s)
{
    for (size_t i = 0; i < s->found.change_count && !p->failed; i++)
    {
        const change *c = &s->found.changes[i];
        if (!lint_play_counts(c->object) || (c->kind == CHANGE_ADD && lint_play_comes_along(s, c)))
        {
            continue;
        }
        if (c->kind == CHANGE_ADD)
        {
            lint_play_add(p, c->object, c->schema, c->table, c->name, s->notes[i].existed);
        }
        else if (c->kind == CHANGE_DROP)
        {
            lint_play_drop(p, c, s->notes[i].existed);
        }
        else
        {
            lint_play_rename(p, c);
        }
    }
}

static bool lint_is_unclear(const lint_script *s)
{
    for (size_t i = 0; i < s->found.objection_count; i++)
    {
        if (s->found.objections[i].kind == OBJECTION_UNCLEAR)
        {
            return true;
        }
    }
    return false;
}

/* Does a statement that drops say CASCADE? */
static bool lint_cascades(const script *s)
{
    for (size_t i = 0; i < s->count; i++)
    {
        if ((s->stmts[i].flags & STMT_DROP) != 0 && lint_contains(lint_text(s, i), SLICE("CASCADE")))
        {
            return true;
        }
    }
    return false;
}

static void lint_undo_tell(const lint_play *p, const lint_thing *t, const char *words, lint_rule rule, lint_findings *out)
{
    char shown[512];
    bool column = t->object == AMEND_OBJECT_COLUMN;
    int length = snprintf(shown, sizeof shown, "%.*s%s%.*s", column ? (int)t->table.len : 0, t->table.data, column ? "." : "",
                          (int)t->name.len, t->name.data);
    slice object = {shown, length < (int)sizeof shown ? (size_t)length : sizeof shown - 1};
    lint_add(p->arena, out, rule, rule == LINT_DOWN_TAKES ? t->statement : SIZE_MAX, 0, object, "%s \"%.*s\" %s",
             amend_object_kind_name(t->object), (int)object.len, object.data, words);
}

/* What is told of a table is not told of its columns and indexes again. */
static bool lint_undo_passes(const lint_play *p, const lint_thing *t)
{
    const lint_thing *owner = lint_play_owner(p, t);
    bool remade = owner != NULL && owner->before && !owner->middle;
    return t->now == t->before || remade ||
           (owner != NULL && (owner->unclear || (owner->shrunk && t->now && t->object == AMEND_OBJECT_INDEX) ||
                              owner->now != owner->before || !owner->now));
}

void lint_undo(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *out)
{
    lint_play p = {.reader = r, .arena = a};
    lint_play_script(&p, subject->up);
    for (size_t i = 0; i < p.count; i++)
    {
        p.things[i].middle = p.things[i].now;
    }
    p.second = true;
    lint_play_script(&p, subject->script);
    bool unclear = lint_is_unclear(subject->script), cascades = lint_cascades(&subject->script->script);
    bool guess = lint_is_unclear(subject->up);
    for (size_t i = 0; i < p.count; i++)
    {
        const lint_thing *t = &p.things[i];
        if (lint_undo_passes(&p, t))
        {
            continue;
        }
        if (t->now)
        {
            if (!unclear && (!cascades || t->object == AMEND_OBJECT_TABLE))
            {
                lint_undo_tell(&p, t, t->middle ? "is still there" : "is there, and was not before", LINT_DOWN_LEAVES, out);
            }
        }
        else if (!t->middle)
        {
            if (!unclear && t->known)
            {
                lint_undo_tell(&p, t, "was taken away by the up script and is not back", LINT_DOWN_LEAVES, out);
            }
        }
        else if (!guess && t->known)
        {
            lint_undo_tell(&p, t, "is gone, and the up script has not made it", LINT_DOWN_TAKES, out);
        }
    }
    out->failed |= p.failed;
}
