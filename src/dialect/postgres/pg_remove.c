/* SPDX-License-Identifier: MIT */
/* DROP, RENAME, SET SCHEMA. */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_table.h"

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

amend_object_kind pg_remove_kind(PgQuery__ObjectType type)
{
    static const amend_object_kind kinds[] = {
        [OBJECT(TABLE)] = AMEND_OBJECT_TABLE,         [OBJECT(FOREIGN_TABLE)] = AMEND_OBJECT_TABLE,
        [OBJECT(VIEW)] = AMEND_OBJECT_VIEW,           [OBJECT(MATVIEW)] = AMEND_OBJECT_VIEW,
        [OBJECT(INDEX)] = AMEND_OBJECT_INDEX,         [OBJECT(TABCONSTRAINT)] = AMEND_OBJECT_INDEX,
        [OBJECT(SEQUENCE)] = AMEND_OBJECT_SEQUENCE,   [OBJECT(TYPE)] = AMEND_OBJECT_TYPE,
        [OBJECT(DOMAIN)] = AMEND_OBJECT_TYPE,         [OBJECT(FUNCTION)] = AMEND_OBJECT_FUNCTION,
        [OBJECT(PROCEDURE)] = AMEND_OBJECT_FUNCTION,  [OBJECT(ROUTINE)] = AMEND_OBJECT_FUNCTION,
        [OBJECT(AGGREGATE)] = AMEND_OBJECT_FUNCTION,  [OBJECT(SCHEMA)] = AMEND_OBJECT_SCHEMA,
        [OBJECT(EXTENSION)] = AMEND_OBJECT_EXTENSION, [OBJECT(COLLATION)] = AMEND_OBJECT_COLLATION,
        [OBJECT(TRIGGER)] = AMEND_OBJECT_TRIGGER,     [OBJECT(COLUMN)] = AMEND_OBJECT_COLUMN,
    };
    return (size_t)type < sizeof kinds / sizeof kinds[0] ? kinds[type] : AMEND_OBJECT_NONE;
}

/* A view, index or sequence may be altered as if it were a table. */
static amend_object_kind real_kind(const pg_scan *s, amend_object_kind kind, pg_ref written)
{
    static const amend_object_kind others[] = {AMEND_OBJECT_VIEW, AMEND_OBJECT_INDEX, AMEND_OBJECT_SEQUENCE};
    if (kind != AMEND_OBJECT_TABLE || pg_scan_find(s, kind, pg_scan_old(s, kind, written)) != NULL)
    {
        return kind;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    {
        if (pg_scan_find(s, others[i], pg_scan_old(s, others[i], written)) != NULL)
        {
            return others[i];
        }
    }
    return kind;
}

/* The objection, with the table that it is about where there is one. Void for what this script made. */
static void object_about(pg_scan *s, objection_kind objection, amend_object_kind kind, pg_ref name)
{
    if (kind == AMEND_OBJECT_TABLE)
    {
        pg_scan_object_to(s, objection, name);
        return;
    }
    const pg_thing *entry = kind == AMEND_OBJECT_NONE ? NULL : pg_scan_find(s, kind, pg_scan_old(s, kind, name));
    if (kind != AMEND_OBJECT_NONE && pg_scan_owns(s, kind, name))
    {
        return;
    }
    if (kind == AMEND_OBJECT_INDEX && entry != NULL && entry->table.len > 0)
    {
        pg_scan_object_to(s, objection, (pg_ref){entry->schema, entry->table});
        return;
    }
    pg_scan_object(s, objection);
}

/* ----------------------------------------------------------------------------------------------------------------- DROP */

/* [schema,] table, name: a trigger, policy or rule. */
static void drop_from_table(pg_scan *s, amend_object_kind kind, const PgQuery__List *parts)
{
    pg_ref written = pg_tree_name(parts->items, parts->n_items - 1);
    pg_ref table = pg_scan_old(s, AMEND_OBJECT_TABLE, written);
    slice name = pg_tree_string(parts->items[parts->n_items - 1]);
    if (kind != AMEND_OBJECT_TRIGGER)
    {
        pg_scan_object_to(s, OBJECTION_DROPS, written);
        return;
    }
    const pg_thing *trigger = pg_scan_exact(s, kind, (pg_ref){table.schema, name}, table.name);
    if (trigger == NULL || trigger->script != s->script)
    {
        pg_scan_object_to(s, OBJECTION_DROPS, written);
    }
    pg_scan_drop(s, kind, (pg_ref){table.schema, name}, table.name);
}

/* As long as one of that name is left, the name is there. */
static void drop_function(pg_scan *s, pg_ref name)
{
    pg_thing *f = pg_made_next(s->names, NULL, AMEND_OBJECT_FUNCTION, name.schema, name.name);
    pg_thing *other = NULL, *next = f;
    while (next != NULL && (next = pg_made_next(s->names, next, AMEND_OBJECT_FUNCTION, name.schema, name.name)) != NULL)
    {
        bool same = slice_equal(next->detail, f->detail); /* made anew by OR REPLACE */
        next->gone |= same;
        other = same ? other : next;
    }
    if (other != NULL)
    {
        f->gone = true;
        other->flags &= f->touches == NULL ? ~0U : ~(unsigned)PG_THING_READ; /* whose body is left isn't told */
        return;
    }
    pg_scan_drop(s, AMEND_OBJECT_FUNCTION, name, SLICE(""));
}

static void drop_one(pg_scan *s, amend_object_kind kind, pg_ref written)
{
    pg_ref name = pg_scan_old(s, kind, written);
    object_about(s, OBJECTION_DROPS, kind, written);
    switch (kind)
    {
    case AMEND_OBJECT_NONE:
        break;
    case AMEND_OBJECT_INDEX:
        pg_table_drop_index(s, name);
        break;
    case AMEND_OBJECT_FUNCTION:
        drop_function(s, name);
        break;
    case AMEND_OBJECT_SCHEMA:
        pg_made_drop_schema(s->names, written.name);
        pg_scan_drop(s, kind, (pg_ref){SLICE(""), written.name}, SLICE(""));
        break;
    case AMEND_OBJECT_EXTENSION:
        pg_scan_drop(s, kind, (pg_ref){SLICE(""), written.name}, SLICE(""));
        break;
    default:
        pg_scan_drop(s, kind, name, SLICE(""));
    }
}

void pg_remove_drop(pg_scan *s, const pg_node *node)
{
    const PgQuery__DropStmt *drop = node->drop_stmt;
    PgQuery__ObjectType type = drop->remove_type;
    bool of_table = type == OBJECT(TRIGGER) || type == OBJECT(POLICY) || type == OBJECT(RULE);
    for (size_t i = 0; i < drop->n_objects && !s->failed; i++)
    {
        const pg_node *object = drop->objects[i];
        if (of_table && object->node_case == PG_QUERY__NODE__NODE_LIST && object->list->n_items > 1)
        {
            drop_from_table(s, pg_remove_kind(type), object->list);
        }
        else
        {
            drop_one(s, pg_remove_kind(type), pg_tree_object(object));
        }
    }
    s->cascaded |= drop->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
}

/* --------------------------------------------------------------------------------------------------------------- RENAME */

static void rename_column(pg_scan *s, const PgQuery__RenameStmt *r)
{
    pg_ref written = pg_tree_range(r->relation);
    amend_object_kind kind = real_kind(s, pg_remove_kind(r->relation_type), written);
    pg_ref table = pg_scan_old(s, kind, written);
    const pg_thing *column = pg_scan_exact(s, AMEND_OBJECT_COLUMN, (pg_ref){table.schema, slice_of(r->subname)}, table.name);
    if (column == NULL || column->script != s->script)
    {
        object_about(s, OBJECTION_RENAMES, kind, written);
    }
    pg_table_rename_column(s, table, slice_of(r->subname), slice_of(r->newname));
}

/* Of a constraint: also the index behind it. */
static void rename_part(pg_scan *s, amend_object_kind kind, const PgQuery__RenameStmt *r)
{
    pg_ref written = pg_tree_range(r->relation), table = pg_scan_old(s, AMEND_OBJECT_TABLE, written);
    pg_ref name = {table.schema, slice_of(r->subname)};
    pg_scan_object_to(s, OBJECTION_RENAMES, written);
    if (kind == AMEND_OBJECT_TRIGGER || pg_scan_find(s, kind, name) != NULL)
    {
        pg_scan_rename(s, kind, name, table.name, SLICE(""), slice_of(r->newname));
    }
}

void pg_remove_rename(pg_scan *s, const pg_node *node)
{
    const PgQuery__RenameStmt *r = node->rename_stmt;
    amend_object_kind kind = pg_remove_kind(r->rename_type);
    pg_ref written = r->relation != NULL ? pg_tree_range(r->relation) : pg_tree_object(r->object);
    if (r->rename_type == OBJECT(COLUMN))
    {
        rename_column(s, r);
        return;
    }
    if (r->rename_type == OBJECT(TABCONSTRAINT) || r->rename_type == OBJECT(TRIGGER))
    {
        rename_part(s, kind, r);
        return;
    }
    if (r->rename_type == OBJECT(SCHEMA))
    {
        written = (pg_ref){SLICE(""), slice_of(r->subname)};
    }
    kind = real_kind(s, kind, written);
    object_about(s, OBJECTION_RENAMES, kind, written);
    if (kind != AMEND_OBJECT_NONE && written.name.len > 0)
    {
        pg_ref name = kind == AMEND_OBJECT_SCHEMA ? written : pg_scan_old(s, kind, written);
        pg_scan_rename(s, kind, name, SLICE(""), SLICE(""), slice_of(r->newname));
    }
}

void pg_remove_schema(pg_scan *s, const pg_node *node)
{
    const PgQuery__AlterObjectSchemaStmt *a = node->alter_object_schema_stmt;
    pg_ref written = a->relation != NULL ? pg_tree_range(a->relation) : pg_tree_object(a->object);
    amend_object_kind kind = real_kind(s, pg_remove_kind(a->object_type), written);
    object_about(s, OBJECTION_RENAMES, kind, written);
    if (kind != AMEND_OBJECT_NONE && kind != AMEND_OBJECT_EXTENSION)
    {
        pg_scan_rename(s, kind, pg_scan_old(s, kind, written), SLICE(""), slice_of(a->newschema), written.name);
    }
}
