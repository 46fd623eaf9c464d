/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_table.h"

enum
{
    KEY_COLUMNS = 32, /* columns of an index: the server's own limit */
};

/* ----------------------------------------------------------------------------------------------------- unique, by columns */

typedef struct column_set
{
    slice names[KEY_COLUMNS];
    size_t count;
} column_set;

/* Sorted in. */
static void set_add(column_set *set, slice name)
{
    size_t i = set->count;
    if (i == KEY_COLUMNS)
    {
        return;
    }
    for (; i > 0; i--)
    {
        slice before = set->names[i - 1];
        int order = memcmp(before.data, name.data, before.len < name.len ? before.len : name.len);
        if (order < 0 || (order == 0 && before.len <= name.len))
        {
            break;
        }
        set->names[i] = before;
    }
    set->names[i] = name;
    set->count++;
}

static slice set_text(pg_scan *s, const column_set *set)
{
    const char *text = "";
    for (size_t i = 0; i < set->count && text != NULL; i++)
    {
        text = arena_format(s->arena, "%s%s%.*s", text, i > 0 ? "," : "", (int)set->names[i].len, set->names[i].data);
    }
    s->failed |= text == NULL;
    return slice_of(text == NULL ? "" : text);
}

/* "a,b" with one of them by another name; an empty one leaves nothing of it at all. False when the column is not among them. */
static bool set_replace(pg_scan *s, slice columns, slice name, slice to, slice *out)
{
    column_set set = {0};
    bool found = false;
    while (columns.len > 0)
    {
        slice one = slice_token(&columns, ',');
        found |= slice_equal(one, name);
        set_add(&set, slice_equal(one, name) ? to : one);
    }
    *out = found && to.len > 0 ? set_text(s, &set) : SLICE("");
    return found;
}

/* Columns as the server strings them together for a constraint's name: a_b. */
static slice names_text(pg_scan *s, pg_node *const *keys, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count && text != NULL; i++)
    {
        text = arena_format(s->arena, "%s%s%s", text, i > 0 ? "_" : "", pg_tree_string(keys[i]).data);
    }
    s->failed |= text == NULL;
    return slice_of(text == NULL ? "" : text);
}

static pg_thing *add_unique(pg_scan *s, pg_ref table, slice index, slice columns)
{
    pg_thing *made = NULL;
    if (index.len > 0)
    {
        made = pg_scan_add_part(s, AMEND_OBJECT_INDEX, table, index, columns, false);
    }
    if (columns.len > 0)
    {
        pg_scan_add_part(s, AMEND_OBJECT_UNIQUE, table, columns, SLICE(""), false);
    }
    return made;
}

/* The key over the same columns, in their order, that this CREATE TABLE has made already. */
static pg_thing *same_key(const pg_scan *s, pg_ref table, slice columns, slice sorted)
{
    const pg_thing *entry = pg_scan_find(s, AMEND_OBJECT_TABLE, table);
    bool created = entry != NULL && entry->script == s->script && entry->statement == s->statement;
    for (pg_thing *part = created ? entry->first : NULL; part != NULL; part = part->sibling)
    {
        if (!part->gone && part->kind == AMEND_OBJECT_INDEX && (part->flags & PG_THING_KEY) != 0 &&
            slice_equal(part->reads, columns) && slice_equal(part->detail, sorted))
        {
            return part;
        }
    }
    return NULL;
}

/*
 * The server makes one index of both: with the name that somebody gave it, the primary key's going before; else with the
 * primary key's own.
 */
static void merge_key(pg_scan *s, pg_thing *before, slice name, bool named, bool primary)
{
    if ((before->flags & PG_THING_NAMED) != 0 ? !(named && primary) : !(named || primary))
    {
        return;
    }
    for (size_t i = s->out->change_count; i > 0; i--)
    {
        change *c = &s->out->changes[i - 1];
        if (c->kind == CHANGE_ADD && c->object == AMEND_OBJECT_INDEX && slice_equal(c->name, before->name))
        {
            c->name = pg_scan_keep(s, name);
            break;
        }
    }
    before->flags |= named ? PG_THING_NAMED : 0;
    s->failed |= !pg_made_rename(s->names, before, before->schema, name);
}

/* PRIMARY KEY and UNIQUE over these columns. */
static void table_key(pg_scan *s, pg_ref table, const PgQuery__Constraint *c, pg_node *const *keys, size_t count)
{
    bool primary = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    column_set set = {0};
    for (size_t i = 0; i < count; i++)
    {
        set_add(&set, pg_tree_string(keys[i]));
    }
    slice name = slice_of(c->conname), text = names_text(s, keys, count);
    bool named = name.len > 0;
    name = named ? name : pg_scan_made_up(s, table.name, primary ? SLICE("") : text, primary ? "pkey" : "key");
    pg_thing *before = c->deferrable ? NULL : same_key(s, table, text, set_text(s, &set));
    if (before != NULL)
    {
        merge_key(s, before, name, named, primary);
        return;
    }
    pg_thing *made = add_unique(s, table, name, set_text(s, &set));
    if (made != NULL)
    {
        made->flags |= PG_THING_KEY | (named ? PG_THING_NAMED : 0U);
        made->reads = slice_of(arena_copy(s->names->arena, text));
        s->failed |= made->reads.data == NULL;
    }
}

/* USING INDEX: the index gets the constraint's name. */
static void adopt_index(pg_scan *s, pg_ref table, slice index, slice name)
{
    if (name.len > 0 && !slice_equal(name, index))
    {
        pg_scan_rename(s, AMEND_OBJECT_INDEX, (pg_ref){table.schema, index}, table.name, SLICE(""), name);
    }
}

static bool is_key(const PgQuery__Constraint *c)
{
    return c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY || c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE;
}

void pg_table_constraint(pg_scan *s, pg_ref table, const PgQuery__Constraint *c)
{
    slice index = slice_of(c->indexname);
    if (is_key(c) && index.len > 0)
    {
        adopt_index(s, table, index, slice_of(c->conname));
    }
    else if (is_key(c))
    {
        table_key(s, table, c, c->keys, c->n_keys);
    }
    else if (c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION && c->conname[0] != '\0')
    {
        add_unique(s, table, slice_of(c->conname), SLICE(""));
    }
}

/* -------------------------------------------------------------------------------------------------------------- columns */

bool pg_table_is_serial(const PgQuery__ColumnDef *column)
{
    static const char *const names[] = {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"};
    slice type = pg_tree_type(column->type_name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        if (column->type_name != NULL && column->type_name->n_names == 1 && slice_equal(type, slice_of(names[i])))
        {
            return true;
        }
    }
    return false;
}

void pg_table_sequence(pg_scan *s, pg_ref table, slice column)
{
    pg_ref name = {table.schema, pg_scan_made_up(s, table.name, column, "seq")};
    pg_scan_add(s, AMEND_OBJECT_SEQUENCE, name, SLICE(""), SLICE(""), false);
}

void pg_table_column(pg_scan *s, pg_ref table, const PgQuery__ColumnDef *column, bool weak)
{
    slice name = slice_of(column->colname);
    if (pg_scan_add_part(s, AMEND_OBJECT_COLUMN, table, name, SLICE(""), weak) == NULL)
    {
        return;
    }
    bool sequence = pg_table_is_serial(column);
    for (size_t i = 0; i < column->n_constraints; i++)
    {
        const PgQuery__Constraint *c = column->constraints[i]->constraint;
        PgQuery__String text = {.sval = column->colname};
        pg_node key = {.node_case = PG_QUERY__NODE__NODE_STRING, .string = &text}, *keys[] = {&key};
        sequence |= c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
        if (is_key(c))
        {
            table_key(s, table, c, keys, 1);
        }
    }
    if (sequence)
    {
        pg_table_sequence(s, table, name);
    }
}

void pg_table_like(pg_scan *s, pg_ref table, pg_ref other)
{
    pg_ref name = pg_scan_old(s, AMEND_OBJECT_TABLE, other);
    const pg_thing *entry = pg_scan_find(s, AMEND_OBJECT_TABLE, name);
    for (const pg_thing *part = entry == NULL ? NULL : entry->first; part != NULL && !s->failed; part = part->sibling)
    {
        if (part->kind == AMEND_OBJECT_COLUMN && !part->gone)
        {
            pg_scan_add_part(s, AMEND_OBJECT_COLUMN, table, part->name, SLICE(""), false);
        }
    }
}

/* The name that the server gives to an expression of a SELECT list, where it is plain. */
static slice result_name(const pg_node *node)
{
    switch (node->node_case)
    {
    case PG_QUERY__NODE__NODE_RES_TARGET:
    {
        const PgQuery__ResTarget *target = node->res_target;
        return target->name[0] != '\0' || target->val == NULL ? slice_of(target->name) : result_name(target->val);
    }
    case PG_QUERY__NODE__NODE_COLUMN_REF:
        return pg_tree_string(node->column_ref->fields[node->column_ref->n_fields - 1]);
    case PG_QUERY__NODE__NODE_FUNC_CALL:
        return pg_tree_name(node->func_call->funcname, node->func_call->n_funcname).name;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
    {
        slice inner = node->type_cast->arg == NULL ? SLICE("") : result_name(node->type_cast->arg);
        return inner.len > 0 ? inner : pg_tree_type(node->type_cast->type_name);
    }
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return SLICE("coalesce");
    default:
        return SLICE("");
    }
}

void pg_table_result(pg_scan *s, pg_ref table, const PgQuery__SelectStmt *query, pg_node *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        pg_scan_add_part(s, AMEND_OBJECT_COLUMN, table, pg_tree_string(names[i]), SLICE(""), true);
    }
    while (query != NULL && query->larg != NULL)
    {
        query = query->larg; /* of UNION: the first one tells the names */
    }
    for (size_t i = count; query != NULL && i < query->n_target_list; i++)
    {
        pg_scan_add_part(s, AMEND_OBJECT_COLUMN, table, result_name(query->target_list[i]), SLICE(""), true);
    }
}

/* -------------------------------------------------------------------------------------------------------------- indexes */

/* What the server would call it: table_columns_idx, an expression being "expr". Empty when it isn't that plain. */
static slice index_name(pg_scan *s, pg_ref table, const PgQuery__IndexStmt *index)
{
    const char *text = "";
    for (size_t i = 0; i < index->n_index_params && text != NULL; i++)
    {
        const char *column = index->index_params[i]->index_elem->name;
        if (column[0] == '\0')
        {
            return SLICE("");
        }
        text = arena_format(s->arena, "%s%s%s", text, i > 0 ? "_" : "", column);
    }
    s->failed |= text == NULL;
    return pg_scan_made_up(s, table.name, slice_of(text == NULL ? "" : text), "idx");
}

/* The names of the columns that an index has anything to do with. */
static bool index_visit(void *arg, const ProtobufCMessage *message)
{
    column_set *set = arg;
    if (pg_tree_is(message, "IndexElem") && ((const PgQuery__IndexElem *)message)->name[0] != '\0')
    {
        set_add(set, slice_of(((const PgQuery__IndexElem *)message)->name));
    }
    else if (pg_tree_is(message, "ColumnRef"))
    {
        const PgQuery__ColumnRef *ref = (const PgQuery__ColumnRef *)message;
        set_add(set, pg_tree_string(ref->fields[ref->n_fields - 1]));
    }
    return true;
}

static void index_reads(pg_scan *s, pg_thing *made, const PgQuery__IndexStmt *index)
{
    column_set set = {0};
    pg_tree_visit((const ProtobufCMessage *)index, index_visit, &set);
    made->reads = slice_of(arena_copy(s->names->arena, set_text(s, &set)));
    s->failed |= made->reads.data == NULL;
}

/* A partial one counts, too: ON CONFLICT finds it by its columns and condition. One over expressions has no columns to find. */
void pg_table_index(pg_scan *s, pg_ref table, const PgQuery__IndexStmt *index)
{
    column_set set = {0};
    bool plain = index->unique;
    for (size_t i = 0; i < index->n_index_params && plain; i++)
    {
        slice column = slice_of(index->index_params[i]->index_elem->name);
        plain = column.len > 0;
        set_add(&set, column);
    }
    slice columns = plain ? set_text(s, &set) : SLICE("");
    slice name = slice_of(index->idxname);
    name = name.len > 0 ? name : index_name(s, table, index);
    pg_thing *made = pg_scan_add_part(s, AMEND_OBJECT_INDEX, table, name, columns, index->if_not_exists);
    bool added = made != NULL;
    if (added)
    {
        index_reads(s, made, index);
    }
    if (columns.len > 0 && (added || name.len == 0))
    {
        pg_scan_add_part(s, AMEND_OBJECT_UNIQUE, table, columns, SLICE(""), index->if_not_exists);
    }
}

/* Is there another unique index over these columns? */
static bool still_unique(const pg_scan *s, const pg_thing *index)
{
    const pg_thing *table = pg_made_find(s->names, AMEND_OBJECT_TABLE, index->schema, SLICE(""), index->table);
    for (const pg_thing *part = table == NULL ? NULL : table->first; part != NULL; part = part->sibling)
    {
        if (part != index && part->kind == AMEND_OBJECT_INDEX && !part->gone && slice_equal(part->detail, index->detail))
        {
            return true;
        }
    }
    return false;
}

static void drop_entry(pg_scan *s, pg_thing *index)
{
    if (index->detail.len > 0 && !still_unique(s, index))
    {
        pg_scan_drop(s, AMEND_OBJECT_UNIQUE, (pg_ref){index->schema, index->detail}, index->table);
    }
    pg_scan_drop(s, AMEND_OBJECT_INDEX, (pg_ref){index->schema, index->name}, index->table);
}

void pg_table_drop_index(pg_scan *s, pg_ref name)
{
    pg_thing *index = pg_scan_find(s, AMEND_OBJECT_INDEX, name);
    if (index != NULL)
    {
        drop_entry(s, index);
        return;
    }
    pg_scan_drop(s, AMEND_OBJECT_INDEX, name, SLICE(""));
}

void pg_table_drop_column(pg_scan *s, pg_ref table, slice column)
{
    const pg_thing *entry = pg_scan_find(s, AMEND_OBJECT_TABLE, table);
    for (pg_thing *part = entry == NULL ? NULL : entry->first; part != NULL && !s->failed; part = part->sibling)
    {
        slice rest;
        bool index = part->kind == AMEND_OBJECT_INDEX && !part->gone;
        if (index &&
            (set_replace(s, part->detail, column, SLICE(""), &rest) || set_replace(s, part->reads, column, SLICE(""), &rest)))
        {
            drop_entry(s, part);
        }
    }
    pg_scan_drop(s, AMEND_OBJECT_COLUMN, (pg_ref){table.schema, column}, table.name);
}

void pg_table_rename_column(pg_scan *s, pg_ref table, slice column, slice to)
{
    const pg_thing *entry = pg_scan_find(s, AMEND_OBJECT_TABLE, table);
    pg_scan_rename(s, AMEND_OBJECT_COLUMN, (pg_ref){table.schema, column}, table.name, SLICE(""), to);
    for (pg_thing *part = entry == NULL ? NULL : entry->first; part != NULL && !s->failed; part = part->sibling)
    {
        slice columns;
        bool keyed = part->kind == AMEND_OBJECT_INDEX && !part->gone;
        if (keyed && set_replace(s, part->reads, column, to, &columns))
        {
            part->reads = slice_of(arena_copy(s->names->arena, columns));
            s->failed |= part->reads.data == NULL;
        }
        if (!keyed || !set_replace(s, part->detail, column, to, &columns))
        {
            continue;
        }
        pg_ref unique = {table.schema, part->detail};
        if (pg_made_find(s->names, AMEND_OBJECT_UNIQUE, unique.schema, table.name, unique.name) != NULL)
        {
            pg_scan_rename(s, AMEND_OBJECT_UNIQUE, unique, table.name, SLICE(""), columns);
        }
        part->detail = columns.len > 0 ? slice_of(arena_string(s->names->arena, columns.data)) : columns;
        s->failed |= part->detail.data == NULL;
    }
}
