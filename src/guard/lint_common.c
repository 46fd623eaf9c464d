/* SPDX-License-Identifier: MIT */
/* The rules that follow from what the survey found, and from how the statements are classified. */
#include "guard/lint.h"

#include <stdio.h>

static bool lint_same_name(const lint_reader *r, slice a, slice b)
{
    return r->nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

static bool lint_same_schema(const lint_reader *r, slice a, slice b)
{
    return a.len == 0 || b.len == 0 || lint_same_name(r, a, b);
}

/* "cards.title", "app.cards": into `out`, which has room for `size`. */
static slice lint_shown(const change *c, char *out, size_t size)
{
    slice parts[] = {c->schema, c->object == AMEND_OBJECT_COLUMN ? c->table : (slice){"", 0}, c->name};
    int length = 0;
    for (size_t i = 0; i < 3; i++)
    {
        if (parts[i].len > 0 && length >= 0 && (size_t)length < size)
        {
            length += snprintf(out + length, size - (size_t)length, "%s%.*s", length > 0 ? "." : "", (int)parts[i].len,
                               parts[i].data);
        }
    }
    return (slice){out, length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1};
}

/* Is there a change of this kind and object, in statements from `from` up to `to`, that leads to the table of this name? */
static bool lint_leads_to(const lint_reader *r, const lint_script *s, change_kind kind, slice schema, slice name, size_t from,
                          size_t to)
{
    for (size_t i = 0; i < s->found.change_count; i++)
    {
        const change *c = &s->found.changes[i];
        bool table = c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW;
        if (table && c->kind == kind && c->statement >= from && c->statement <= to &&
            lint_same_name(r, kind == CHANGE_RENAME ? c->to : c->name, name) && lint_same_schema(r, c->schema, schema))
        {
            return true;
        }
    }
    return false;
}

/* The old name that the table of this name had when the script began; empty: it has not been renamed. */
static slice lint_old_name(const lint_reader *r, const lint_script *s, slice schema, slice name, size_t before)
{
    for (size_t i = 0; i < s->found.change_count; i++)
    {
        const change *c = &s->found.changes[i];
        if (c->kind == CHANGE_RENAME && c->object == AMEND_OBJECT_TABLE && c->statement < before &&
            lint_same_name(r, c->to, name) && lint_same_schema(r, c->schema, schema))
        {
            return c->name;
        }
    }
    return (slice){"", 0};
}

/* A table is built anew: what is dropped comes back under its name, or what is dropped had been put aside before. */
static bool lint_rebuilt(const lint_reader *r, const lint_script *s, const change *c)
{
    slice old = lint_old_name(r, s, c->schema, c->name, c->statement);
    return lint_leads_to(r, s, CHANGE_RENAME, c->schema, c->name, c->statement, SIZE_MAX) ||
           (old.len > 0 && lint_leads_to(r, s, CHANGE_ADD, c->schema, old, 0, SIZE_MAX));
}

static void lint_destructive(const lint_reader *r, arena *a, const lint_subject *subject, const change *c, lint_findings *out)
{
    const lint_script *s = subject->script;
    bool column = c->object == AMEND_OBJECT_COLUMN;
    slice table = column ? c->table : c->name;
    bool holds = column || c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_SCHEMA;
    if (c->kind != CHANGE_DROP || !holds || lint_made(s, c->schema, table, c->statement, r->nocase) || lint_rebuilt(r, s, c))
    {
        return;
    }
    char shown[512];
    slice object = lint_shown(c, shown, sizeof shown);
    lint_add(a, out, LINT_DESTRUCTIVE, c->statement, 0, object, "%s \"%.*s\" is dropped with all that is in it",
             amend_object_kind_name(c->object), (int)object.len, object.data);
}

static void lint_rename(const lint_reader *r, arena *a, const lint_subject *subject, const change *c, lint_findings *out)
{
    const lint_script *s = subject->script;
    bool column = c->object == AMEND_OBJECT_COLUMN;
    bool known = column || c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW;
    if (c->kind != CHANGE_RENAME || !known || lint_made(s, c->schema, column ? c->table : c->name, c->statement, r->nocase))
    {
        return;
    }
    bool back = !column && (lint_leads_to(r, s, CHANGE_ADD, c->schema, c->name, 0, SIZE_MAX) ||
                            lint_old_name(r, s, c->schema, c->name, c->statement).len > 0);
    if (back)
    {
        return;
    }
    char shown[512];
    slice object = lint_shown(c, shown, sizeof shown);
    bool moves = c->to_schema.len > 0 && lint_same_name(r, c->to, c->name);
    slice to = moves ? c->to_schema : c->to;
    lint_add(a, out, LINT_RENAME, c->statement, 0, object, "%s \"%.*s\" becomes \"%.*s%s%.*s\"",
             amend_object_kind_name(c->object), (int)object.len, object.data, (int)to.len, to.data, moves ? "." : "",
             moves ? (int)c->to.len : 0, c->to.data);
}

static void lint_name_case(arena *a, const lint_subject *subject, size_t i, lint_findings *out)
{
    const change *c = &subject->script->found.changes[i];
    slice twin = subject->script->notes[i].twin, name = c->kind == CHANGE_RENAME ? c->to : c->name;
    bool written = c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_COLUMN || c->object == AMEND_OBJECT_VIEW;
    if (twin.len > 0 && written)
    {
        lint_add(a, out, LINT_NAME_CASE, c->statement, 0, name, "%s \"%.*s\" is not the %s \"%.*s\"",
                 amend_object_kind_name(c->object), (int)name.len, name.data, amend_object_kind_name(c->object), (int)twin.len,
                 twin.data);
    }
}

/* Statements that carry the script's own BEGIN … COMMIT around everything else; false when there is no such pair. */
static bool lint_outer_pair(const script *s, size_t *begin, size_t *commit)
{
    size_t first = 0, last = s->count;
    while (first < s->count && (s->stmts[first].flags & STMT_SETTING) != 0)
    {
        first++;
    }
    while (last > first && (s->stmts[last - 1].flags & STMT_SETTING) != 0)
    {
        last--;
    }
    *begin = first;
    *commit = last - 1;
    return last > first + 1 && (s->stmts[first].flags & STMT_BEGIN) != 0 && (s->stmts[last - 1].flags & STMT_COMMIT) != 0;
}

static void lint_transactions(arena *a, const lint_subject *subject, lint_findings *out)
{
    const script *s = &subject->script->script;
    size_t begin, commit;
    bool paired = lint_outer_pair(s, &begin, &commit);
    for (size_t i = 0; i < s->count; i++)
    {
        bool outer = paired && (i == begin || i == commit);
        if (!outer && (s->stmts[i].flags & (STMT_BEGIN | STMT_COMMIT | STMT_CONTROL)) != 0)
        {
            lint_add(a, out, LINT_TRANSACTION_CONTROL, i, 0, (slice){"", 0}, "%s",
                     (s->stmts[i].flags & STMT_CONTROL) != 0 ? "a migration can't control its own transaction"
                                                             : "only one BEGIN … COMMIT around everything may stand here");
        }
    }
}

static void lint_empty(arena *a, const lint_subject *subject, lint_findings *out)
{
    const script *s = &subject->script->script;
    for (size_t i = 0; i < s->count; i++)
    {
        if ((s->stmts[i].flags & (STMT_BEGIN | STMT_COMMIT | STMT_CONTROL | STMT_SETTING)) == 0)
        {
            return;
        }
    }
    lint_add(a, out, LINT_EMPTY, SIZE_MAX, 0, (slice){"", 0}, "%s",
             s->count == 0 ? "the script has no statement" : "the script only changes settings");
}

static void lint_data_and_schema(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *out)
{
    const lint_script *s = subject->script;
    bool schema = false;
    for (size_t i = 0; i < s->found.change_count; i++)
    {
        const change *c = &s->found.changes[i];
        slice table = c->object == AMEND_OBJECT_TABLE ? c->name : c->table;
        schema |= (c->object == AMEND_OBJECT_TABLE && c->kind != CHANGE_ADD) ||
                  (table.len > 0 && c->object != AMEND_OBJECT_TABLE && !lint_made(s, c->schema, table, SIZE_MAX, r->nocase));
    }
    for (size_t i = 0; i < s->found.objection_count && schema; i++)
    {
        const objection *o = &s->found.objections[i];
        if (o->kind == OBJECTION_CHANGES_DATA && o->table.len > 0 &&
            !lint_made(s, o->schema, o->table, o->statement, r->nocase))
        {
            lint_add(a, out, LINT_DATA_AND_SCHEMA, o->statement, 0, o->table,
                     "rows of \"%.*s\" are changed while the locks of the schema changes are held", (int)o->table.len,
                     o->table.data);
            return; /* once is enough */
        }
    }
}

void lint_common(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *out)
{
    lint_transactions(a, subject, out);
    if (subject->down)
    {
        return;
    }
    lint_empty(a, subject, out);
    lint_data_and_schema(r, a, subject, out);
    for (size_t i = 0; i < subject->script->found.change_count; i++)
    {
        const change *c = &subject->script->found.changes[i];
        if (!subject->destructive)
        {
            lint_destructive(r, a, subject, c, out);
        }
        lint_rename(r, a, subject, c, out);
        lint_name_case(a, subject, i, out);
    }
    if (!subject->has_down)
    {
        lint_add(a, out, LINT_NO_DOWN, SIZE_MAX, 0, (slice){"", 0}, "there is no down script");
    }
}
