/* SPDX-License-Identifier: MIT */
/* Indexes: made, dropped and built again. */
#include "dialect/postgres/pg_lint_look.h"

/* Only what finds rows by the first columns' values helps a foreign key. */
static void learn_index(pg_lint_look *l, pg_past_table *table, const PgQuery__IndexStmt *index)
{
    bool ordered = strcmp(index->access_method, "btree") == 0 || strcmp(index->access_method, "hash") == 0;
    pg_past_index made = {.name = slice_of(index->idxname), .script = l->number};
    for (size_t i = 0; i < index->n_index_params && ordered; i++)
    {
        slice column = slice_of(index->index_params[i]->index_elem->name);
        if (column.len == 0)
        {
            break;
        }
        pg_past_names_add(&made.columns, column);
    }
    if (table != NULL)
    {
        pg_past_index_add(l->past, table, &made);
    }
}

/* ON ONLY a partitioned table makes an entry in the catalog and reads nothing. */
void pg_lint_create_index(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__IndexStmt *index = node->index_stmt;
    pg_ref written = pg_tree_range(index->relation);
    pg_past_table *table = pg_lint_table(l, written);
    slice object = pg_lint_object(l, (pg_ref){written.schema, slice_of(index->idxname)}, SLICE(""));
    bool only = !index->relation->inh, within = l->scan->inside || l->scan->depth > 0;
    if (!index->concurrent && !only && !pg_lint_new(l, written))
    {
        pg_lint_say(l, LINT_INDEX_BLOCKS, 0, object, "nobody can write to \"%.*s\" while it is built", (int)written.name.len,
                    written.name.data);
    }
    if (index->concurrent && within)
    {
        pg_lint_say(l, LINT_CONCURRENTLY_IN_TRANSACTION, 0, object, "a DO block is inside a transaction");
    }
    if (index->concurrent && index->if_not_exists)
    {
        pg_lint_say(l, LINT_CONCURRENTLY_IF_NOT_EXISTS, 0, object, "an invalid index of that name is passed over");
    }
    learn_index(l, table, index);
}

/* Does this script drop the table, too? */
static bool drops_table(const pg_lint_look *l, slice table)
{
    const findings *f = &l->subject->script->found;
    for (size_t i = 0; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        if (c->kind == CHANGE_DROP && c->object == AMEND_OBJECT_TABLE && slice_equal(c->name, table))
        {
            return true;
        }
    }
    return false;
}

static void drop_one_index(pg_lint_look *l, const PgQuery__DropStmt *drop, pg_ref name)
{
    const pg_thing *index = pg_scan_find(l->scan, AMEND_OBJECT_INDEX, pg_scan_old(l->scan, AMEND_OBJECT_INDEX, name));
    pg_ref owner = index == NULL ? (pg_ref){SLICE(""), SLICE("")} : (pg_ref){index->schema, index->table};
    bool own = index != NULL && index->script == l->number;
    bool free_of_cost = own || (index != NULL && (pg_lint_new(l, owner) || drops_table(l, owner.name)));
    pg_past_table *table = index == NULL ? NULL : pg_lint_table(l, owner);
    if (!drop->concurrent && !free_of_cost)
    {
        pg_lint_say(l, LINT_DROP_INDEX_BLOCKS, 0, pg_lint_object(l, name, SLICE("")),
                    "it waits for every query on the table, and all later ones wait for it");
        pg_lint_lock(l, owner);
    }
    if (table != NULL)
    {
        pg_past_index_drop(table, name.name);
    }
}

void pg_lint_drop_index(pg_lint_look *l, const PgQuery__DropStmt *drop)
{
    for (size_t i = 0; i < drop->n_objects; i++)
    {
        drop_one_index(l, drop, pg_tree_object(drop->objects[i]));
    }
}

void pg_lint_reindex(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
    pg_ref name = pg_tree_range(reindex->relation);
    bool table = reindex->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE;
    slice object = name.name.len > 0 ? pg_lint_object(l, name, SLICE("")) : slice_of(reindex->name);
    if (pg_tree_option_on(reindex->params, reindex->n_params, "concurrently") || (table && pg_lint_new(l, name)))
    {
        return;
    }
    pg_lint_say(l, LINT_REINDEX_BLOCKS, 0, object, "nobody can write while it is built again, nor read by it");
}
