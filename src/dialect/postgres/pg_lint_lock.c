/* SPDX-License-Identifier: MIT */
/* What locks or rewrites a table as a whole, partitions, and what takes tables away or gives them other names. */
#include "dialect/postgres/pg_lint_look.h"

#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

enum
{
    LOCK_WRITERS_WAIT = 5, /* SHARE: the first of the lock modes that shuts out writers */
};

/* ----------------------------------------------------------------------------------------------------------- partitions */

/*
 * "… the table is scanned to check that no existing row violates the partition constraint … adding a CHECK constraint … in
 * advance". Whether it says the same isn't looked into: one over the columns of the partition key is meant for this.
 */
static bool has_bound(const pg_past_table *part, const pg_past_table *parent)
{
    for (const pg_past_check *c = part == NULL ? NULL : part->checks; c != NULL; c = c->next)
    {
        bool covers = c->valid && !c->gone && c->columns.count > 0;
        for (size_t i = 0; parent != NULL && i < parent->parts.count && covers; i++)
        {
            covers = pg_past_names_have(&c->columns, parent->parts.items[i]);
        }
        if (covers)
        {
            return true;
        }
    }
    return false;
}

void pg_lint_attach(pg_lint_look *l, pg_ref table, const PgQuery__PartitionCmd *cmd)
{
    pg_ref part = pg_tree_range(cmd->name);
    const pg_past_table *known = pg_lint_table(l, part);
    bool elsewhere = known != NULL && known->foreign;
    pg_lint_cancel(l, PG_LATER_PRIMARY, part); /* it gets the partitioned table's */
    if (!pg_lint_new(l, part) && !elsewhere && !has_bound(known, pg_lint_table(l, table)))
    {
        pg_lint_say(l, LINT_ATTACH_SCAN, 0, pg_lint_object(l, part, SLICE("")), "all of its rows are read while it is locked");
        pg_lint_lock(l, part);
    }
}

void pg_lint_detach(pg_lint_look *l, pg_ref table, const PgQuery__PartitionCmd *cmd)
{
    pg_ref part = pg_tree_range(cmd->name);
    if (!cmd->concurrent && !pg_lint_new(l, table) && !pg_lint_new(l, part))
    {
        pg_lint_say(l, LINT_DETACH_BLOCKS, 0, pg_lint_object(l, part, SLICE("")), "all of \"%.*s\" is locked against everybody",
                    (int)table.name.len, table.name.data);
    }
}

/* --------------------------------------------------------------------------------------------------------------- upkeep */

void pg_lint_vacuum(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__VacuumStmt *vacuum = node->vacuum_stmt;
    if (!vacuum->is_vacuumcmd || !pg_tree_option_on(vacuum->options, vacuum->n_options, "full"))
    {
        return;
    }
    pg_ref table = vacuum->n_rels > 0 ? pg_tree_range(vacuum->rels[0]->vacuum_relation->relation) : pg_tree_range(NULL);
    if (!pg_lint_new(l, table))
    {
        pg_lint_say(l, LINT_TABLE_REWRITE, 0, pg_lint_object(l, table, SLICE("")), "%s",
                    table.name.len > 0 ? "all of the table is written again" : "every table of the database is written again");
    }
}

void pg_lint_cluster(pg_lint_look *l, const pg_node *node)
{
    pg_ref table = pg_tree_range(node->cluster_stmt->relation);
    if (!pg_lint_new(l, table))
    {
        pg_lint_say(l, LINT_TABLE_REWRITE, 0, pg_lint_object(l, table, SLICE("")), "all of the table is written again, sorted");
        pg_lint_lock(l, table);
    }
}

void pg_lint_refresh(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__RefreshMatViewStmt *refresh = node->refresh_mat_view_stmt;
    pg_ref view = pg_tree_range(refresh->relation);
    if (!refresh->concurrent && !refresh->skip_data && !pg_lint_new(l, view))
    {
        pg_lint_say(l, LINT_REFRESH_BLOCKS, 0, pg_lint_object(l, view, SLICE("")), "nobody can read it while its query runs");
    }
}

void pg_lint_lock_table(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__LockStmt *lock = node->lock_stmt;
    for (size_t i = 0; i < lock->n_relations && lock->mode >= LOCK_WRITERS_WAIT; i++)
    {
        pg_ref table = pg_tree_range(lock->relations[i]->range_var);
        if (!pg_lint_new(l, table))
        {
            pg_lint_say(l, LINT_LOCK_TABLE, lock->relations[i]->range_var->location, pg_lint_object(l, table, SLICE("")),
                        "it is held until the migration has committed");
            pg_lint_lock(l, table);
        }
    }
}

/* ----------------------------------------------------------------------------------------------------- dropping, renaming */

void pg_lint_cascade(pg_lint_look *l, PgQuery__DropBehavior behavior, slice object)
{
    if (behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
    {
        pg_lint_say(l, LINT_CASCADE, 0, object, "what depends on it goes with it, and isn't named");
    }
}

void pg_lint_if_exists(pg_lint_look *l, bool missing_ok, slice object)
{
    if (l->subject->down && !missing_ok)
    {
        pg_lint_say(l, LINT_DOWN_IF_EXISTS, 0, object, "it fails when \"%.*s\" is gone already", (int)object.len, object.data);
    }
}

void pg_lint_truncate(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__TruncateStmt *truncate = node->truncate_stmt;
    for (size_t i = 0; i < truncate->n_relations; i++)
    {
        pg_ref table = pg_tree_range(truncate->relations[i]->range_var);
        if (!pg_lint_new(l, table))
        {
            pg_lint_cascade(l, truncate->behavior, pg_lint_object(l, table, SLICE("")));
            pg_lint_lock(l, table);
        }
    }
}

static pg_ref last_but(const pg_node *object, size_t last)
{
    bool list = object->node_case == PG_QUERY__NODE__NODE_LIST && object->list->n_items > last;
    return list ? pg_tree_name(object->list->items, object->list->n_items - last) : pg_tree_object(object);
}

static void drop_object(pg_lint_look *l, const PgQuery__DropStmt *drop, const pg_node *object)
{
    bool within =
        drop->remove_type == OBJECT(TRIGGER) || drop->remove_type == OBJECT(POLICY) || drop->remove_type == OBJECT(RULE);
    pg_ref name = last_but(object, 0), table = within ? last_but(object, 1) : name;
    slice shown = within ? pg_lint_object(l, table, name.name) : pg_lint_object(l, name, SLICE(""));
    bool own = pg_lint_new(l, table);
    pg_lint_if_exists(l, drop->missing_ok, shown);
    if (!own)
    {
        pg_lint_cascade(l, drop->behavior, shown);
    }
    if (drop->remove_type != OBJECT(TABLE) && drop->remove_type != OBJECT(MATVIEW) &&
        drop->remove_type != OBJECT(FOREIGN_TABLE))
    {
        return;
    }
    pg_past_table *known = pg_lint_table(l, name);
    pg_lint_lock(l, name);
    if (known != NULL)
    {
        known->gone = true;
    }
}

void pg_lint_drop(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__DropStmt *drop = node->drop_stmt;
    for (size_t i = 0; i < drop->n_objects; i++)
    {
        drop_object(l, drop, drop->objects[i]);
    }
    if (drop->remove_type == OBJECT(INDEX))
    {
        pg_lint_drop_index(l, drop);
    }
}

void pg_lint_drop_database(pg_lint_look *l, const pg_node *node)
{
    slice name = slice_of(node->dropdb_stmt->dbname);
    pg_lint_say(l, LINT_DROP_DATABASE, 0, name, "all of its schemas, tables and rows are gone at once");
}

/* That it breaks running code is for the rule "rename" to say. */
void pg_lint_rename(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__RenameStmt *rename = node->rename_stmt;
    pg_ref written = pg_tree_range(rename->relation);
    pg_past_table *table = rename->relation == NULL ? NULL : pg_lint_table(l, written);
    bool type = rename->rename_type == OBJECT(TYPE) || rename->rename_type == OBJECT(DOMAIN);
    if (type)
    {
        pg_past_type_rename(l->past, pg_tree_object(rename->object).name, slice_of(rename->newname));
    }
    bool column = rename->rename_type == OBJECT(COLUMN), whole = rename->rename_type == OBJECT(TABLE);
    if (column || whole)
    {
        pg_lint_reserved(l, slice_of(rename->newname), 0);
        pg_lint_lock(l, written);
    }
    if (column && table != NULL)
    {
        pg_past_column_rename(l->past, table, slice_of(rename->subname), slice_of(rename->newname));
    }
    else if (whole && table != NULL)
    {
        pg_past_rename(l->past, table, table->schema, slice_of(rename->newname));
    }
}

void pg_lint_set_schema(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__AlterObjectSchemaStmt *move = node->alter_object_schema_stmt;
    pg_past_table *table = move->relation == NULL ? NULL : pg_lint_table(l, pg_tree_range(move->relation));
    if (table != NULL && move->object_type == OBJECT(TABLE))
    {
        pg_lint_lock(l, pg_tree_range(move->relation));
        pg_past_rename(l->past, table, slice_of(move->newschema), table->name);
    }
}
