/* SPDX-License-Identifier: MIT */
#include "guard/loss.h"

#include "base/error.h"

typedef struct loss_name
{
    slice schema, name;
} loss_name;

/* What a name stands for at this place of the run: rows that were those of `origin` before it. */
typedef struct loss_alias
{
    loss_name name, origin;
    slice column, origin_column; /* of a column: `name` is then its table's origin */
    bool gone;                   /* the name no longer stands for what had it before the run: origin means nothing */
} loss_alias;

/* Rows of `origin` that were put into another table. */
typedef struct loss_copy
{
    loss_name origin, to;
    const deed *deed;
} loss_copy;

typedef struct loss_tracer
{
    arena *arena;
    bool nocase;
    loss_alias *aliases;
    size_t alias_count;
    loss_copy *copies;
    size_t copy_count;
    suspect_list *out;
    size_t step;
    bool failed; /* out of memory */
} loss_tracer;

static bool loss_same(bool nocase, slice a, slice b)
{
    return nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

/* A name without a schema may be the same as one with it. */
static bool loss_same_name(const loss_tracer *t, loss_name a, loss_name b)
{
    bool schema = a.schema.len == 0 || b.schema.len == 0 || loss_same(t->nocase, a.schema, b.schema);
    return schema && loss_same(t->nocase, a.name, b.name);
}

static void loss_add_alias(loss_tracer *t, loss_alias alias)
{
    loss_alias *grown = arena_grow(t->arena, t->aliases, t->alias_count, sizeof *grown);
    t->failed |= grown == NULL;
    if (grown != NULL)
    {
        t->aliases = grown;
        t->aliases[t->alias_count++] = alias;
    }
}

/* Does the name still stand for what had it before the run? To say no, the names must be the same, schema and all. */
static bool loss_is_itself(const loss_tracer *t, loss_name name)
{
    for (size_t i = 0; i < t->alias_count; i++)
    {
        const loss_alias *a = &t->aliases[i];
        bool same = loss_same(t->nocase, a->name.schema, name.schema) && loss_same(t->nocase, a->name.name, name.name);
        if (a->gone && a->column.len == 0 && same)
        {
            return false;
        }
    }
    return true;
}

/* The i-th table of before the run whose rows are in the table of that name now; false behind the last. */
static bool loss_origin(const loss_tracer *t, loss_name name, size_t i, loss_name *out)
{
    if (loss_is_itself(t, name) && i-- == 0)
    {
        *out = name;
        return true;
    }
    for (size_t k = 0; k < t->alias_count; k++)
    {
        const loss_alias *a = &t->aliases[k];
        if (!a->gone && a->column.len == 0 && loss_same_name(t, a->name, name) && i-- == 0)
        {
            *out = a->origin;
            return true;
        }
    }
    return false;
}

static slice loss_origin_column(const loss_tracer *t, loss_name origin, slice column)
{
    for (size_t k = t->alias_count; k > 0; k--)
    {
        const loss_alias *a = &t->aliases[k - 1];
        if (a->column.len > 0 && loss_same_name(t, a->name, origin) && loss_same(t->nocase, a->column, column))
        {
            return a->origin_column;
        }
    }
    return column;
}

static void loss_suspect(loss_tracer *t, suspect s)
{
    suspect *grown = arena_grow(t->arena, t->out->items, t->out->count, sizeof *grown);
    t->failed |= grown == NULL;
    if (grown != NULL)
    {
        s.step = t->step;
        t->out->items = grown;
        t->out->items[t->out->count++] = s;
    }
}

/* From here on the name stands for nothing that was there. Its columns' names mean nothing any more, either. */
static void loss_forget(loss_tracer *t, loss_name name)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->alias_count; i++)
    {
        const loss_alias *a = &t->aliases[i];
        if (a->column.len > 0 || a->gone || !loss_same_name(t, a->name, name))
        {
            t->aliases[kept++] = *a;
        }
    }
    t->alias_count = kept;
    loss_add_alias(t, (loss_alias){.name = name, .gone = true});
}

/* ----------------------------------------------------------------------------------------------------------------- copies */

typedef struct loss_slices
{
    slice *items;
    size_t count;
} loss_slices;

static void loss_add_slice(loss_tracer *t, loss_slices *to, slice more)
{
    slice *grown = arena_grow(t->arena, to->items, to->count, sizeof *grown);
    t->failed |= grown == NULL;
    if (grown != NULL)
    {
        to->items = grown;
        to->items[to->count++] = more;
    }
}

/* One more copy of the table that is dropped now. */
static void loss_keep_copy(loss_tracer *t, const loss_copy *c, loss_slices *kept, loss_slices *conditions)
{
    const deed *d = c->deed;
    for (size_t i = 0; i < d->column_count && !t->failed; i++)
    {
        slice column = loss_origin_column(t, c->origin, d->columns[i]);
        loss_add_slice(t, kept, column);
        if (d->targets[i].len > 0)
        {
            loss_add_alias(t, (loss_alias){.name = c->origin, .column = d->targets[i], .origin_column = column});
        }
    }
    if (d->expression.len > 0)
    {
        loss_add_slice(t, conditions, d->expression);
    }
    loss_add_alias(t, (loss_alias){.name = c->to, .origin = c->origin});
}

/* Does the copy have every row? */
static bool loss_is_whole(const deed *d)
{
    return d->expression.len == 0 && !d->some;
}

/* The table with these rows is dropped or emptied; copies of them stand for it from now on. */
static void loss_drop(loss_tracer *t, const deed *d, loss_name origin)
{
    suspect s = {.deed = d, .schema = origin.schema, .table = origin.name};
    loss_slices kept = {0}, conditions = {0};
    bool whole = false;
    size_t others = 0;
    for (size_t i = 0; i < t->copy_count; i++)
    {
        whole |= loss_same_name(t, t->copies[i].origin, origin) && loss_is_whole(t->copies[i].deed);
    }
    for (size_t i = 0; i < t->copy_count && !t->failed; i++)
    {
        const loss_copy *c = &t->copies[i];
        if (!loss_same_name(t, c->origin, origin))
        {
            t->copies[others++] = *c;
        }
        else if (!whole || loss_is_whole(c->deed)) /* what only some rows keep, the others lose */
        {
            s.copied = true;
            s.all |= c->deed->all;
            s.some |= c->deed->some;
            loss_keep_copy(t, c, &kept, &conditions);
        }
    }
    t->copy_count = others;
    s.kept = kept.items;
    s.kept_count = kept.count;
    s.conditions = conditions.items;
    s.condition_count = conditions.count;
    loss_suspect(t, s);
}

static void loss_note_copy(loss_tracer *t, const deed *d)
{
    loss_name origin, from = {d->schema, d->table};
    for (size_t i = 0; loss_origin(t, from, i, &origin); i++)
    {
        loss_copy *grown = arena_grow(t->arena, t->copies, t->copy_count, sizeof *grown);
        t->failed |= grown == NULL;
        if (t->failed)
        {
            return;
        }
        t->copies = grown;
        t->copies[t->copy_count++] = (loss_copy){.origin = origin, .to = {d->to_schema, d->to}, .deed = d};
    }
}

/* A copy whose table goes, or is emptied, keeps nothing. */
static void loss_drop_copies(loss_tracer *t, loss_name to)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->copy_count; i++)
    {
        if (!loss_same_name(t, t->copies[i].to, to))
        {
            t->copies[kept++] = t->copies[i];
        }
    }
    t->copy_count = kept;
}

/* ----------------------------------------------------------------------------------------------------------------- deeds */

static void loss_rename_table(loss_tracer *t, const deed *d)
{
    loss_name from = {d->schema, d->table}, to = {d->to_schema.len > 0 ? d->to_schema : d->schema, d->to}, origin;
    loss_alias *moved = NULL;
    size_t count = 0;
    for (; loss_origin(t, from, count, &origin) && !t->failed; count++)
    {
        moved = arena_grow(t->arena, moved, count, sizeof *moved);
        t->failed |= moved == NULL;
        if (moved != NULL)
        {
            moved[count] = (loss_alias){.name = to, .origin = origin};
        }
    }
    loss_forget(t, from);
    for (size_t i = 0; i < count && !t->failed; i++)
    {
        loss_add_alias(t, moved[i]);
    }
    for (size_t i = 0; i < t->copy_count; i++)
    {
        t->copies[i].to = loss_same_name(t, t->copies[i].to, from) ? to : t->copies[i].to;
    }
}

static void loss_rename_column(loss_tracer *t, const deed *d)
{
    loss_name origin, table = {d->schema, d->table};
    for (size_t i = 0; loss_origin(t, table, i, &origin) && !t->failed; i++)
    {
        slice column = loss_origin_column(t, origin, d->column);
        loss_add_alias(t, (loss_alias){.name = origin, .column = d->to, .origin_column = column});
    }
}

/* In the places where the schema's name comes from a rename, the old one is meant. */
static slice loss_origin_schema(const loss_tracer *t, slice schema)
{
    for (size_t k = t->alias_count; k > 0 && schema.len > 0; k--)
    {
        const loss_alias *a = &t->aliases[k - 1];
        if (a->name.name.len == 0 && loss_same(t->nocase, a->name.schema, schema))
        {
            return a->origin.schema;
        }
    }
    return schema;
}

static void loss_follow(loss_tracer *t, const deed *d)
{
    loss_name origin, table = {loss_origin_schema(t, d->schema), d->table};
    bool named = d->kind == DEED_DROP_TABLE || d->kind == DEED_DROP_COLUMN || d->kind == DEED_EMPTY || d->kind == DEED_SET ||
                 d->kind == DEED_RETYPE;
    if (!named)
    {
        loss_suspect(t, (suspect){.deed = d, .schema = table.schema, .table = table.name});
        return;
    }
    for (size_t i = 0; loss_origin(t, table, i, &origin) && !t->failed; i++)
    {
        suspect s = {.deed = d, .schema = origin.schema, .table = origin.name};
        s.column = d->column.len == 0 ? d->column : loss_origin_column(t, origin, d->column);
        if (d->kind == DEED_DROP_TABLE || d->kind == DEED_EMPTY)
        {
            loss_drop(t, d, origin);
            continue;
        }
        loss_suspect(t, s);
    }
    if (d->kind == DEED_DROP_TABLE)
    {
        loss_forget(t, table);
    }
    if (d->kind == DEED_DROP_TABLE || d->kind == DEED_EMPTY)
    {
        loss_drop_copies(t, table);
    }
}

amend_status loss_trace(arena *a, const loss_step *steps, size_t count, bool nocase, suspect_list *out, amend_error *error)
{
    loss_tracer t = {.arena = a, .nocase = nocase, .out = out};
    *out = (suspect_list){0};
    for (size_t i = 0; i < count; i++)
    {
        t.step = steps[i].step;
        for (size_t k = 0; k < steps[i].deeds.count && !t.failed; k++)
        {
            const deed *d = &steps[i].deeds.items[k];
            switch (d->kind)
            {
            case DEED_RENAME_TABLE:
                loss_rename_table(&t, d);
                break;
            case DEED_RENAME_COLUMN:
                loss_rename_column(&t, d);
                break;
            case DEED_RENAME_SCHEMA:
                loss_add_alias(
                    &t, (loss_alias){.name = {.schema = d->to}, .origin = {.schema = loss_origin_schema(&t, d->schema)}});
                break;
            case DEED_COPY:
                loss_note_copy(&t, d);
                break;
            default:
                loss_follow(&t, d);
            }
        }
    }
    return t.failed ? error_memory(error) : AMEND_OK;
}

/* -------------------------------------------------------------------------------------------------------------- what is lost
 */

static bool loss_covers(const loss *whole, const loss *l, bool nocase)
{
    bool table = whole->kind == LOSS_TABLE || whole->kind == LOSS_ROWS;
    bool column = whole->kind == LOSS_COLUMN && l->column.len > 0 && loss_same(nocase, whole->column, l->column);
    return l->kind != LOSS_UNCLEAR && (table || column || (whole->kind == l->kind && whole->of == l->of)) &&
           loss_same(nocase, whole->schema, l->schema) && loss_same(nocase, whole->table, l->table) &&
           (table || loss_same(nocase, whole->column, l->column));
}

void loss_once(loss_list *losses, bool nocase)
{
    size_t kept = 0;
    for (size_t i = 0; i < losses->count; i++)
    {
        bool covered = false;
        for (size_t k = 0; k < kept && !covered; k++)
        {
            covered = loss_covers(&losses->items[k], &losses->items[i], nocase);
        }
        if (!covered)
        {
            losses->items[kept++] = losses->items[i];
        }
    }
    losses->count = kept;
}

bool loss_matters(const loss *l)
{
    return l->rows > 0 || l->measure == LOSS_UNKNOWN;
}

const char *loss_object(arena *a, const loss *l)
{
    const slice parts[] = {l->schema, l->table, l->column};
    const char *out = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && out != NULL; i++)
    {
        if (parts[i].len > 0)
        {
            out = arena_format(a, "%s%s%.*s", out, out[0] == '\0' ? "" : ".", (int)parts[i].len, parts[i].data);
        }
    }
    return out != NULL && out[0] == '\0' ? arena_copy(a, l->expression) : out;
}

const char *loss_words(arena *a, const loss *l)
{
    static const char *const words[] = {[LOSS_TABLE] = "the table with its rows",
                                        [LOSS_ROWS] = "all rows",
                                        [LOSS_SOME_ROWS] = "the rows that are not copied",
                                        [LOSS_COLUMN] = "the column with its values",
                                        [LOSS_UNCLEAR] = "what this does can't be told"};
    int len = (int)l->type.len;
    switch (l->kind)
    {
    case LOSS_VALUES:
        return arena_format(a, "values, overwritten with %.*s", len, l->type.data);
    case LOSS_PRECISION:
        return arena_format(a, "what %.*s can't hold of %.*s", len, l->type.data, (int)l->old_type.len, l->old_type.data);
    default:
        return l->of->deed->kind == DEED_DROP_DATABASE ? "the database" : words[l->kind];
    }
}
