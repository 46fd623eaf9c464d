/* SPDX-License-Identifier: MIT */
/* CREATE TABLE: what is remembered of the table, and what its columns say. */
#include "dialect/postgres/pg_lint_look.h"
#include "dialect/postgres/pg_table.h"

#define CONSTRAINT(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

static void names_of(pg_node *const *keys, size_t count, pg_past_names *out)
{
    for (size_t i = 0; i < count; i++)
    {
        pg_past_names_add(out, pg_tree_string(keys[i]));
    }
}

static void learn_key(pg_lint_look *l, pg_past_table *table, const PgQuery__Constraint *c, const char *column)
{
    bool primary = c->contype == CONSTRAINT(PRIMARY);
    pg_past_index index = {.name = slice_of(c->conname), .script = l->number};
    names_of(c->keys, c->n_keys, &index.columns);
    pg_past_names_add(&index.columns, slice_of(column));
    table->primary |= primary;
    for (size_t i = 0; i < index.columns.count && primary; i++)
    {
        pg_past_column *k = pg_past_column_find(table, index.columns.items[i]);
        if (k != NULL)
        {
            k->not_null = true;
        }
    }
    if (c->indexname[0] == '\0') /* else the index is known by its own statement */
    {
        pg_past_index_add(l->past, table, &index);
    }
}

/* A constraint without a name gets one from the server: nobody finds it here by its name then. */
static void learn_check(pg_lint_look *l, pg_past_table *table, const PgQuery__Constraint *c)
{
    pg_past_check check = {.name = slice_of(c->conname), .valid = !c->skip_validation || table->script == l->number};
    pg_past_mentions(c->raw_expr, &check.columns);
    pg_past_excludes_null(c->raw_expr, &check.not_null);
    pg_past_check_add(l->past, table, &check);
}

void pg_lint_learn(pg_lint_look *l, pg_past_table *table, const PgQuery__Constraint *c, const char *column)
{
    pg_past_names columns = {0};
    switch (c->contype)
    {
    case CONSTRAINT(PRIMARY):
    case CONSTRAINT(UNIQUE):
        learn_key(l, table, c, column);
        break;
    case CONSTRAINT(CHECK):
        learn_check(l, table, c);
        break;
    case CONSTRAINT(FOREIGN):
        names_of(c->fk_attrs, c->n_fk_attrs, &columns);
        pg_past_names_add(&columns, slice_of(column));
        if (columns.count > 0)
        {
            pg_lint_note_later(l, PG_LATER_KEY, (pg_ref){table->schema, table->name}, &columns, c->location);
        }
        break;
    default:
        break;
    }
}

void pg_lint_learn_column(pg_lint_look *l, pg_past_table *table, const PgQuery__ColumnDef *column)
{
    pg_past_type type = pg_past_type_of(column->type_name);
    pg_past_column *made = pg_past_column_set(l->past, table, slice_of(column->colname), &type);
    if (made == NULL)
    {
        return;
    }
    made->not_null = pg_table_is_serial(column) || pg_lint_constraint_of(column, CONSTRAINT(NOTNULL)) != NULL ||
                     pg_lint_constraint_of(column, CONSTRAINT(IDENTITY)) != NULL;
    for (size_t i = 0; i < column->n_constraints; i++)
    {
        pg_lint_learn(l, table, column->constraints[i]->constraint, column->colname);
    }
}

/* ---------------------------------------------------------------------------------------------------------- CREATE TABLE */

/* The table's place among what is known; NULL when it is there already, or memory is short. */
static pg_past_table *new_one(pg_lint_look *l, const PgQuery__RangeVar *range, bool weak)
{
    pg_ref written = pg_tree_range(range), name = pg_scan_new(l->scan, written);
    bool temporary = range->relpersistence[0] == 't';
    weak |= l->scan->inside;
    if (weak && pg_lint_table(l, written) != NULL)
    {
        return NULL;
    }
    pg_lint_reserved(l, name.name, range->location);
    if (written.schema.len == 0 && !temporary)
    {
        pg_lint_say(l, LINT_UNQUALIFIED_NAME, range->location, name.name, "which schema it is put into depends on search_path");
    }
    return pg_past_add(l->past, temporary ? written : name, l->number);
}

static bool is_single_key(const PgQuery__CreateStmt *create, const char *column)
{
    for (size_t i = 0; i < create->n_table_elts; i++)
    {
        const pg_node *element = create->table_elts[i];
        if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT && element->constraint->contype == CONSTRAINT(PRIMARY) &&
            element->constraint->n_keys == 1 && slice_equal(pg_tree_string(element->constraint->keys[0]), slice_of(column)))
        {
            return true;
        }
    }
    return false;
}

static void learn_partition(pg_lint_look *l, const PgQuery__CreateStmt *create, pg_past_table *table)
{
    pg_past_names names = {0};
    for (size_t i = 0; create->partspec != NULL && i < create->partspec->n_part_params; i++)
    {
        pg_past_names_add(&names, slice_of(create->partspec->part_params[i]->partition_elem->name));
    }
    pg_past_names_keep(l->past, &names);
    table->parts = names;
}

static void learn_elements(pg_lint_look *l, const PgQuery__CreateStmt *create, pg_past_table *table)
{
    pg_ref name = {table->schema, table->name};
    for (size_t i = 0; i < create->n_table_elts && !l->past->failed; i++)
    {
        const pg_node *element = create->table_elts[i];
        if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
        {
            pg_lint_column(l, name, element->column_def, is_single_key(create, element->column_def->colname));
            pg_lint_learn_column(l, table, element->column_def);
        }
        table->whole &= element->node_case != PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE;
    }
    for (size_t i = 0; i < create->n_table_elts && !l->past->failed; i++)
    {
        if (create->table_elts[i]->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
        {
            pg_lint_learn(l, table, create->table_elts[i]->constraint, NULL);
        }
    }
}

void pg_lint_create_table(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__CreateStmt *create = node->create_stmt;
    pg_past_table *table = new_one(l, create->relation, create->if_not_exists);
    if (table == NULL)
    {
        return;
    }
    table->whole = create->n_inh_relations == 0 && create->of_typename == NULL && create->partbound == NULL;
    learn_partition(l, create, table);
    learn_elements(l, create, table);
    bool temporary = create->relation->relpersistence[0] == 't';
    if (table->whole && !temporary)
    {
        pg_lint_note_later(l, PG_LATER_PRIMARY, (pg_ref){table->schema, table->name}, NULL, create->relation->location);
    }
    if (!temporary && (table->schema.len == 0 || slice_equal(table->schema, SLICE("public"))))
    {
        pg_lint_note_later(l, PG_LATER_SECURITY, (pg_ref){table->schema, table->name}, NULL, create->relation->location);
    }
    if (create->partbound != NULL && create->n_inh_relations == 1)
    {
        pg_ref parent = pg_tree_range(create->inh_relations[0]->range_var);
        if (!pg_lint_new(l, parent))
        {
            pg_lint_say(l, LINT_PARTITION_OF, 0, pg_lint_object(l, parent, SLICE("")),
                        "\"%.*s\" is locked against everybody until the transaction ends", (int)parent.name.len,
                        parent.name.data);
            pg_lint_lock(l, parent);
        }
    }
}

/* CREATE TABLE AS, SELECT INTO, materialized views: their columns' types aren't told. */
void pg_lint_create_as(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__CreateTableAsStmt *create = node->create_table_as_stmt;
    (void)new_one(l, create->into->rel, create->if_not_exists);
}

void pg_lint_create_foreign(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__CreateStmt *create = node->create_foreign_table_stmt->base_stmt;
    pg_past_table *table = new_one(l, create->relation, create->if_not_exists);
    if (table != NULL)
    {
        table->foreign = true;
    }
}
