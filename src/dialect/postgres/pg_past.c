/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_past.h"

#include <stdint.h>

/* ---------------------------------------------------------------------------------------------------------------- names */

void pg_past_names_add(pg_past_names *names, slice name)
{
    if (names->count < PG_PAST_COLUMNS && name.len > 0 && !pg_past_names_have(names, name))
    {
        names->items[names->count++] = name;
    }
}

bool pg_past_names_have(const pg_past_names *names, slice name)
{
    for (size_t i = 0; i < names->count; i++)
    {
        if (slice_equal(names->items[i], name))
        {
            return true;
        }
    }
    return false;
}

static slice past_keep(pg_past *f, slice text)
{
    const char *copy = text.len == 0 ? "" : arena_copy(f->arena, text);
    f->failed |= copy == NULL;
    return copy == NULL ? SLICE("") : (slice){copy, text.len};
}

void pg_past_names_keep(pg_past *f, pg_past_names *names)
{
    for (size_t i = 0; i < names->count; i++)
    {
        names->items[i] = past_keep(f, names->items[i]);
    }
}

static void *past_new(pg_past *f, size_t size)
{
    void *made = arena_alloc(f->arena, size);
    f->failed |= made == NULL;
    return made;
}

/* --------------------------------------------------------------------------------------------------------------- tables */

static size_t past_bucket(slice name)
{
    uint32_t hash = 0x811c9dc5U;
    for (size_t i = 0; i < name.len; i++)
    {
        hash = (hash ^ (unsigned char)name.data[i]) * 0x01000193U;
    }
    return (hash ^ hash >> 15) % PG_PAST_BUCKETS;
}

static void past_insert(pg_past *f, pg_past_table *table)
{
    pg_past_table **bucket = &f->buckets[past_bucket(table->name)];
    table->next = *bucket;
    *bucket = table;
}

pg_past_table *pg_past_add(pg_past *f, pg_ref name, size_t script)
{
    pg_past_table *table = past_new(f, sizeof *table);
    if (table == NULL)
    {
        return NULL;
    }
    *table = (pg_past_table){.schema = past_keep(f, name.schema), .name = past_keep(f, name.name), .script = script};
    past_insert(f, table);
    return table;
}

pg_past_table *pg_past_find(const pg_past *f, pg_ref name)
{
    pg_past_table *near = NULL;
    for (pg_past_table *t = f->buckets[past_bucket(name.name)]; t != NULL; t = t->next)
    {
        if (t->gone || !slice_equal(t->name, name.name))
        {
            continue;
        }
        if (slice_equal(t->schema, name.schema))
        {
            return t;
        }
        near = near == NULL && (t->schema.len == 0 || name.schema.len == 0) ? t : near;
    }
    return near;
}

void pg_past_rename(pg_past *f, pg_past_table *table, slice schema, slice name)
{
    pg_past_table *moved = pg_past_add(f, (pg_ref){schema, name}, table->script);
    if (moved != NULL)
    {
        pg_past_table *next = moved->next;
        slice to_schema = moved->schema, to = moved->name;
        *moved = *table;
        moved->next = next;
        moved->schema = to_schema;
        moved->name = to;
        table->gone = true;
    }
}

/* -------------------------------------------------------------------------------------------------------------- columns */

pg_past_column *pg_past_column_find(const pg_past_table *table, slice name)
{
    for (pg_past_column *c = table == NULL ? NULL : table->columns; c != NULL; c = c->next)
    {
        if (slice_equal(c->name, name))
        {
            return c;
        }
    }
    return NULL;
}

pg_past_column *pg_past_column_set(pg_past *f, pg_past_table *table, slice name, const pg_past_type *type)
{
    pg_past_column *c = pg_past_column_find(table, name);
    if (c == NULL)
    {
        c = past_new(f, sizeof *c);
        if (c == NULL)
        {
            return NULL;
        }
        *c = (pg_past_column){.name = past_keep(f, name), .next = table->columns};
        table->columns = c;
    }
    c->type = *type;
    c->type.name = past_keep(f, type->name);
    return c;
}

void pg_past_column_drop(pg_past_table *table, slice name)
{
    for (pg_past_column **at = &table->columns; *at != NULL; at = &(*at)->next)
    {
        if (slice_equal((*at)->name, name))
        {
            *at = (*at)->next;
            break;
        }
    }
    for (pg_past_check *c = table->checks; c != NULL; c = c->next)
    {
        c->gone |= pg_past_names_have(&c->columns, name);
    }
    for (pg_past_index *i = table->indexes; i != NULL; i = i->next)
    {
        i->gone |= pg_past_names_have(&i->columns, name);
    }
}

void pg_past_type_rename(pg_past *f, slice name, slice to)
{
    slice kept = past_keep(f, to);
    for (size_t b = 0; b < PG_PAST_BUCKETS; b++)
    {
        for (pg_past_table *t = f->buckets[b]; t != NULL; t = t->next)
        {
            for (pg_past_column *c = t->columns; c != NULL; c = c->next)
            {
                c->type.name = slice_equal(c->type.name, name) ? kept : c->type.name;
            }
        }
    }
}

static void past_replace(pg_past_names *names, slice name, slice to)
{
    for (size_t i = 0; i < names->count; i++)
    {
        names->items[i] = slice_equal(names->items[i], name) ? to : names->items[i];
    }
}

void pg_past_column_rename(pg_past *f, pg_past_table *table, slice name, slice to)
{
    pg_past_column *column = pg_past_column_find(table, name);
    slice kept = past_keep(f, to);
    for (pg_past_check *c = table->checks; c != NULL; c = c->next)
    {
        past_replace(&c->columns, name, kept);
        past_replace(&c->not_null, name, kept);
    }
    for (pg_past_index *i = table->indexes; i != NULL; i = i->next)
    {
        past_replace(&i->columns, name, kept);
    }
    if (column != NULL)
    {
        column->name = kept;
    }
}

/* -------------------------------------------------------------------------------------------------- checks and indexes */

void pg_past_check_add(pg_past *f, pg_past_table *table, const pg_past_check *like)
{
    pg_past_check *c = past_new(f, sizeof *c);
    if (c != NULL)
    {
        *c = *like;
        c->name = past_keep(f, like->name);
        pg_past_names_keep(f, &c->columns);
        pg_past_names_keep(f, &c->not_null);
        c->next = table->checks;
        table->checks = c;
    }
}

void pg_past_index_add(pg_past *f, pg_past_table *table, const pg_past_index *like)
{
    pg_past_index *i = past_new(f, sizeof *i);
    if (i != NULL)
    {
        *i = *like;
        i->name = past_keep(f, like->name);
        pg_past_names_keep(f, &i->columns);
        i->next = table->indexes;
        table->indexes = i;
    }
}

pg_past_check *pg_past_check_find(const pg_past_table *table, slice name)
{
    for (pg_past_check *c = table == NULL ? NULL : table->checks; c != NULL; c = c->next)
    {
        if (!c->gone && slice_equal(c->name, name))
        {
            return c;
        }
    }
    return NULL;
}

void pg_past_index_drop(pg_past_table *table, slice name)
{
    for (pg_past_index *i = table->indexes; i != NULL; i = i->next)
    {
        i->gone |= name.len > 0 && slice_equal(i->name, name);
    }
}

bool pg_past_never_null(const pg_past_table *table, slice column)
{
    const pg_past_column *c = pg_past_column_find(table, column);
    if (c != NULL && c->not_null)
    {
        return true;
    }
    for (const pg_past_check *k = table == NULL ? NULL : table->checks; k != NULL; k = k->next)
    {
        if (k->valid && !k->gone && pg_past_names_have(&k->not_null, column))
        {
            return true;
        }
    }
    return false;
}

bool pg_past_indexed(const pg_past_table *table, const pg_past_names *columns)
{
    for (const pg_past_index *i = table->indexes; i != NULL; i = i->next)
    {
        bool begins = !i->gone && i->columns.count >= columns->count;
        for (size_t k = 0; k < columns->count && begins; k++)
        {
            begins = pg_past_names_have(columns, i->columns.items[k]);
        }
        if (begins)
        {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------------------------------------------------- expressions */

static slice past_column_ref(const pg_node *node)
{
    bool column = node != NULL && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields > 0;
    return column ? pg_tree_string(node->column_ref->fields[node->column_ref->n_fields - 1]) : SLICE("");
}

static bool past_mention_visit(void *arg, const ProtobufCMessage *message)
{
    if (pg_tree_is(message, "ColumnRef"))
    {
        const PgQuery__ColumnRef *ref = (const PgQuery__ColumnRef *)message;
        pg_past_names_add(arg, ref->n_fields > 0 ? pg_tree_string(ref->fields[ref->n_fields - 1]) : SLICE(""));
    }
    return true;
}

void pg_past_mentions(const pg_node *expression, pg_past_names *out)
{
    pg_tree_visit((const ProtobufCMessage *)expression, past_mention_visit, out);
}

/* a IS NOT NULL AND b IS NOT NULL …: what the server's own prover sees through when SET NOT NULL looks for a constraint. */
void pg_past_excludes_null(const pg_node *expression, pg_past_names *out)
{
    if (expression == NULL)
    {
        return;
    }
    if (expression->node_case == PG_QUERY__NODE__NODE_NULL_TEST &&
        expression->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL)
    {
        pg_past_names_add(out, past_column_ref(expression->null_test->arg));
    }
    else if (expression->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
             expression->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
    {
        for (size_t i = 0; i < expression->bool_expr->n_args; i++)
        {
            pg_past_excludes_null(expression->bool_expr->args[i], out);
        }
    }
}

pg_past_type pg_past_type_of(const PgQuery__TypeName *type)
{
    pg_past_type out = {.name = pg_tree_type(type), .array = type != NULL && type->n_array_bounds > 0};
    for (size_t i = 0; type != NULL && i < type->n_typmods; i++)
    {
        const pg_node *mod = type->typmods[i];
        bool number = mod->node_case == PG_QUERY__NODE__NODE_A_CONST && i < PG_PAST_MODS &&
                      mod->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL;
        if (!number)
        {
            out.other = true;
            return out;
        }
        out.mods[out.mod_count++] = mod->a_const->ival->ival;
    }
    return out;
}
