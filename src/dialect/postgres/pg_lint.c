/* SPDX-License-Identifier: MIT */
/* The reading of the survey, with somebody who looks at each statement's tree before it is taken in. */
#include "dialect/postgres/pg_lint.h"

#include "base/error.h"
#include "dialect/postgres/pg_lint_look.h"
#include "dialect/postgres/pg_survey.h"

#include <stdarg.h>
#include <stdio.h>

#define NODE(name) PG_QUERY__NODE__NODE_##name

/* ------------------------------------------------------------------------------------------------------------ reporting */

slice pg_lint_keep(pg_lint_look *l, slice text)
{
    const char *copy = text.len == 0 ? "" : arena_copy(l->arena, text);
    l->out->failed |= copy == NULL;
    return copy == NULL ? SLICE("") : (slice){copy, text.len};
}

slice pg_lint_object(pg_lint_look *l, pg_ref table, slice part)
{
    const char *dot = table.schema.len > 0 ? "." : "", *second = part.len > 0 && table.name.len > 0 ? "." : "";
    const char *text = arena_format(l->arena, "%.*s%s%.*s%s%.*s", (int)table.schema.len, table.schema.data, dot,
                                    (int)table.name.len, table.name.data, second, (int)part.len, part.data);
    l->out->failed |= text == NULL;
    return slice_of(text == NULL ? "" : text);
}

static bool told_before(const pg_lint_look *l, lint_rule rule, slice object)
{
    for (size_t i = l->out->count; i > 0 && l->out->items[i - 1].statement == l->scan->statement; i--)
    {
        const lint_finding *f = &l->out->items[i - 1];
        if (f->rule == rule && slice_equal(f->object, object))
        {
            return true;
        }
    }
    return false;
}

/* Locations are those of the script's own statements only: what stands in a DO block has none. */
void pg_lint_say(pg_lint_look *l, lint_rule rule, int location, slice object, const char *format, ...)
{
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    size_t statement = l->scan->statement;
    const stmt *at = &l->script->stmts[statement];
    bool within = location > 0 && !l->scan->inside && l->scan->depth == 0 && (size_t)location < at->end - at->start;
    if (!told_before(l, rule, object))
    {
        lint_add(l->arena, l->out, rule, statement, within ? at->start + (size_t)location : 0, object, "%s", detail);
    }
}

/* ----------------------------------------------------------------------------------------------------------- what is known */

/* In a schema of the search path, when none is written. */
pg_past_table *pg_lint_table(const pg_lint_look *l, pg_ref written)
{
    for (size_t i = 0; i < l->scan->path_count && written.schema.len == 0; i++)
    {
        pg_past_table *t = pg_past_find(l->past, (pg_ref){l->scan->path[i], written.name});
        if (t != NULL)
        {
            return t;
        }
    }
    return pg_past_find(l->past, written);
}

bool pg_lint_new(const pg_lint_look *l, pg_ref written)
{
    const pg_past_table *t = pg_lint_table(l, written);
    return t != NULL && t->script == l->number;
}

size_t pg_lint_transaction(const pg_lint_look *l)
{
    return l->places[l->scan->statement].transaction;
}

/* Told once in a transaction: by the first statement that locks a second table. A down script has to undo all at once. */
void pg_lint_lock(pg_lint_look *l, pg_ref written)
{
    size_t now = pg_lint_transaction(l);
    if (pg_lint_new(l, written) || written.name.len == 0 || l->subject->down)
    {
        return;
    }
    if (l->locked_in != now)
    {
        l->locked = (pg_ref){pg_lint_keep(l, written.schema), pg_lint_keep(l, written.name)};
        l->locked_in = now;
        l->locked_told = false;
    }
    else if (!l->locked_told && !slice_equal(l->locked.name, written.name))
    {
        l->locked_told = true;
        pg_lint_say(l, LINT_SEVERAL_LOCKS, 0, pg_lint_object(l, written, SLICE("")),
                    "\"%.*s\" is still locked by this transaction", (int)l->locked.name.len, l->locked.name.data);
    }
}

void pg_lint_note_later(pg_lint_look *l, pg_lint_cause cause, pg_ref name, const pg_past_names *columns, int location)
{
    const stmt *at = &l->script->stmts[l->scan->statement];
    pg_lint_later *made = arena_alloc(l->arena, sizeof *made);
    if (made == NULL)
    {
        l->out->failed = true;
        return;
    }
    bool within = location > 0 && !l->scan->inside && l->scan->depth == 0;
    *made = (pg_lint_later){.cause = cause,
                            .table = {pg_lint_keep(l, name.schema), pg_lint_keep(l, name.name)},
                            .statement = l->scan->statement,
                            .offset = within ? at->start + (size_t)location : 0};
    for (size_t i = 0; columns != NULL && i < columns->count; i++)
    {
        pg_past_names_add(&made->columns, pg_lint_keep(l, columns->items[i]));
    }
    *(l->later == NULL ? &l->later : &l->later_last->next) = made;
    l->later_last = made;
}

void pg_lint_cancel(pg_lint_look *l, pg_lint_cause cause, pg_ref name)
{
    for (pg_lint_later *later = l->later; later != NULL; later = later->next)
    {
        bool near = later->table.schema.len == 0 || name.schema.len == 0 || slice_equal(later->table.schema, name.schema);
        later->cancelled |= later->cause == cause && near && slice_equal(later->table.name, name.name);
    }
}

/* ------------------------------------------------------------------------------------------------------------- statements */

static void (*const looks[])(pg_lint_look *l, const pg_node *node) = {
    [NODE(CREATE_STMT)] = pg_lint_create_table,
    [NODE(CREATE_TABLE_AS_STMT)] = pg_lint_create_as,
    [NODE(CREATE_FOREIGN_TABLE_STMT)] = pg_lint_create_foreign,
    [NODE(VIEW_STMT)] = pg_lint_view,
    [NODE(INDEX_STMT)] = pg_lint_create_index,
    [NODE(CREATE_DOMAIN_STMT)] = pg_lint_create_domain,
    [NODE(CREATE_FUNCTION_STMT)] = pg_lint_function,
    [NODE(ALTER_FUNCTION_STMT)] = pg_lint_function,
    [NODE(ALTER_TABLE_STMT)] = pg_lint_alter_table,
    [NODE(ALTER_ENUM_STMT)] = pg_lint_enum,
    [NODE(ALTER_DOMAIN_STMT)] = pg_lint_alter_domain,
    [NODE(ALTER_OBJECT_SCHEMA_STMT)] = pg_lint_set_schema,
    [NODE(DROP_STMT)] = pg_lint_drop,
    [NODE(DROPDB_STMT)] = pg_lint_drop_database,
    [NODE(RENAME_STMT)] = pg_lint_rename,
    [NODE(TRUNCATE_STMT)] = pg_lint_truncate,
    [NODE(UPDATE_STMT)] = pg_lint_update,
    [NODE(LOCK_STMT)] = pg_lint_lock_table,
    [NODE(VACUUM_STMT)] = pg_lint_vacuum,
    [NODE(REINDEX_STMT)] = pg_lint_reindex,
    [NODE(REFRESH_MAT_VIEW_STMT)] = pg_lint_refresh,
    [NODE(CLUSTER_STMT)] = pg_lint_cluster,
    [NODE(VARIABLE_SET_STMT)] = pg_lint_set,
    [NODE(GRANT_STMT)] = pg_lint_grant,
    [NODE(ALTER_DEFAULT_PRIVILEGES_STMT)] = pg_lint_default_rights,
    [NODE(DO_STMT)] = pg_lint_do,
};

/* pg_scan.watch */
static void look_at_tree(pg_scan *s, const pg_node *node)
{
    pg_lint_look *l = s->watcher;
    l->scan = s;
    size_t row = (size_t)node->node_case;
    if (row < sizeof looks / sizeof looks[0] && looks[row] != NULL)
    {
        looks[row](l, node);
    }
    s->failed |= l->out->failed || l->past->failed;
}

/* Which statements share a transaction: as the engine cuts them (engine/segment.h). */
static void find_places(const script *s, bool off, pg_lint_place *places)
{
    size_t transaction = 1;
    bool begun = false;
    for (size_t i = 0; i < s->count; i++)
    {
        unsigned flags = s->stmts[i].flags;
        bool control = (flags & (STMT_BEGIN | STMT_COMMIT | STMT_CONTROL)) != 0;
        begun = control ? (flags & STMT_BEGIN) != 0 : begun;
        bool apart = control || (off && !begun) || ((flags & STMT_NO_TX) != 0 && !(off && begun));
        places[i] = (pg_lint_place){.transaction = apart ? ++transaction : transaction, .begun = begun && !control};
        transaction += apart;
    }
}

/* ------------------------------------------------------------------------------------------------------- at the script's end
 */

static bool has_no_index(const pg_past_table *table, const pg_lint_later *later)
{
    return table != NULL && table->whole && !pg_past_indexed(table, &later->columns);
}

static void say_later(pg_lint_look *l, const pg_lint_later *later, lint_rule rule, const char *detail)
{
    slice part = later->columns.count > 0 ? later->columns.items[0] : SLICE("");
    lint_add(l->arena, l->out, rule, later->statement, later->offset, pg_lint_object(l, later->table, part), "%s", detail);
}

/* Of tables, only those that are still there. */
static void judge_later(pg_lint_look *l, const pg_lint_later *later)
{
    const pg_past_table *table = pg_past_find(l->past, later->table);
    switch (later->cause)
    {
    case PG_LATER_KEY:
        if (has_no_index(table, later) && !l->subject->down)
        {
            say_later(l, later, LINT_FOREIGN_KEY_INDEX, "no index begins with the columns of this foreign key");
        }
        break;
    case PG_LATER_PRIMARY:
        if (table != NULL && !table->primary && !l->subject->down)
        {
            say_later(l, later, LINT_NO_PRIMARY_KEY, "no two of its rows can be told apart");
        }
        break;
    case PG_LATER_SECURITY:
        if (table != NULL)
        {
            say_later(l, later, LINT_ROW_SECURITY, "row level security is not enabled");
        }
        break;
    case PG_LATER_TRIGGERS:
        say_later(l, later, LINT_TRIGGERS_DISABLED, "they are not enabled again");
        break;
    case PG_LATER_DEFINER:
        say_later(l, later, LINT_DEFINER_PATH, "its names are looked up in the caller's search_path");
        break;
    }
}

/* CONCURRENTLY and its like: inside a transaction it fails, and beside other statements the migration is no longer one. */
static void judge_places(pg_lint_look *l)
{
    const script *s = l->script;
    size_t bare = SIZE_MAX;
    bool others = false;
    for (size_t i = 0; i < s->count; i++)
    {
        const stmt *at = &s->stmts[i];
        const pg_lint_place *place = &l->places[i];
        bool apart = (at->flags & STMT_NO_TX) != 0;
        if (apart && place->begun && !place->adds_value)
        {
            lint_add(l->arena, l->out, LINT_CONCURRENTLY_IN_TRANSACTION, i, 0, at->object,
                     "it stands between the script's own BEGIN and COMMIT");
        }
        bare = apart && !place->begun && !place->adds_value && bare == SIZE_MAX ? i : bare;
        const unsigned quiet = STMT_NO_TX | STMT_SETTING | STMT_QUERY | STMT_BEGIN | STMT_COMMIT | STMT_CONTROL;
        others |= (at->flags & quiet) == 0;
    }
    if (bare != SIZE_MAX && others && !l->subject->transaction_off)
    {
        lint_add(l->arena, l->out, LINT_SPLIT_TRANSACTION, bare, 0, s->stmts[bare].object,
                 "other statements of this migration stay when this one fails");
    }
}

/* By statement; those of one statement stay in their order. */
static void sort_findings(lint_findings *out)
{
    for (size_t i = 1; i < out->count; i++)
    {
        lint_finding moved = out->items[i];
        size_t k = i;
        for (; k > 0 && out->items[k - 1].statement > moved.statement; k--)
        {
            out->items[k] = out->items[k - 1];
        }
        out->items[k] = moved;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ slot */

/* What lint keeps from script to script: pg_survey.h's place for it. */
typedef struct pg_lint_memory
{
    pg_made names;
    pg_past past;
    size_t scripts;
    bool cascaded;
} pg_lint_memory;

static pg_lint_memory *memory_of(survey *s)
{
    arena *a = NULL;
    void **place = pg_survey_lint(s, &a);
    if (*place == NULL)
    {
        pg_lint_memory *m = arena_alloc(a, sizeof *m);
        if (m != NULL)
        {
            m->names.arena = m->past.arena = a;
        }
        *place = m;
    }
    return *place;
}

static void look_at_script(pg_lint_look *l, pg_scan *s)
{
    const script *text = l->script;
    for (size_t i = 0; i < text->count && !s->failed; i++)
    {
        const stmt *at = &text->stmts[i];
        s->statement = i;
        s->noted = 0;
        l->scan = s;
        pg_lint_tokens(l, slice_sub(text->text, at->start, at->end));
        pg_survey_statement(s, slice_sub(text->text, at->start, at->end));
    }
    for (const pg_lint_later *later = l->later; later != NULL && !s->failed; later = later->next)
    {
        if (!later->cancelled)
        {
            judge_later(l, later);
        }
    }
    judge_places(l);
    sort_findings(l->out);
}

amend_status pg_lint(survey *v, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error)
{
    const script *text = &subject->script->script;
    lint_findings found = {0};
    findings ignored = {0};
    arena *scratch = arena_new(arena_allocator(a));
    pg_lint_memory *m = scratch == NULL ? NULL : memory_of(v);
    pg_lint_place *places = arena_array(a, text->count + 1, sizeof *places);
    if (m == NULL || places == NULL)
    {
        if (scratch != NULL)
        {
            arena_free(scratch);
        }
        return error_memory(error);
    }
    find_places(text, subject->transaction_off, places);
    pg_lint_look l = {.past = &m->past,
                      .arena = a,
                      .out = &found,
                      .subject = subject,
                      .script = text,
                      .places = places,
                      .number = ++m->scripts};
    pg_scan s = {.names = &m->names,
                 .arena = scratch,
                 .out = &ignored,
                 .script = m->scripts,
                 .cascaded = m->cascaded,
                 .without_parser = pg_survey_has_no_parser(v),
                 .watch = look_at_tree,
                 .watcher = &l};
    look_at_script(&l, &s);
    m->cascaded = s.cascaded;
    arena_free(scratch);
    if (s.failed || found.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}
