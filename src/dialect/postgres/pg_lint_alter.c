/* SPDX-License-Identifier: MIT */
/* ALTER TABLE, action by action (the manual's chapter of that name, "Notes"). */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_lint_look.h"

#define ACTION(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name
#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

/* Actions that let readers through, or writers too. */
static bool takes_less(const PgQuery__AlterTableCmd *cmd)
{
    switch (cmd->subtype)
    {
    case ACTION(ValidateConstraint):
    case ACTION(SetStatistics):
    case ACTION(SetOptions):
    case ACTION(ResetOptions):
    case ACTION(SetRelOptions):
    case ACTION(ResetRelOptions):
    case ACTION(ClusterOn):
    case ACTION(DropCluster):
    case ACTION(EnableTrig):
    case ACTION(EnableAlwaysTrig):
    case ACTION(EnableReplicaTrig):
    case ACTION(EnableTrigAll):
    case ACTION(EnableTrigUser):
    case ACTION(DisableTrig):
    case ACTION(DisableTrigAll):
    case ACTION(DisableTrigUser):
    case ACTION(AttachPartition):
        return true;
    case ACTION(AddConstraint):
        return cmd->def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN;
    case ACTION(DetachPartition):
        return cmd->def->partition_cmd->concurrent;
    default:
        return false;
    }
}

typedef struct lint_alteration
{
    pg_lint_look *l;
    pg_ref written;
    pg_past_table *table; /* NULL: not known */
    bool fresh;           /* made by this script, or its rows are elsewhere: nothing is locked for long */
    bool validates;
} lint_alteration;

static void lint_add_column(const lint_alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ColumnDef *column = cmd->def->column_def;
    if ((cmd->missing_ok || a->l->scan->inside) && pg_past_column_find(a->table, slice_of(column->colname)) != NULL)
    {
        return;
    }
    if (!a->fresh)
    {
        pg_lint_add_column(a->l, a->written, column, a->validates);
    }
    pg_lint_column(a->l, a->written, column, false);
    if (a->table != NULL)
    {
        pg_lint_learn_column(a->l, a->table, column);
    }
}

/* USING that gives the column as it is: its name, or a cast of it to the new type. */
static bool using_is_plain(const pg_node *expression, slice column, const pg_past_type *to)
{
    if (expression != NULL && expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
    {
        if (!slice_equal(pg_tree_type(expression->type_cast->type_name), to->name))
        {
            return false;
        }
        expression = expression->type_cast->arg;
    }
    const PgQuery__ColumnRef *ref =
        expression != NULL && expression->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? expression->column_ref : NULL;
    return expression == NULL || (ref != NULL && ref->n_fields == 1 && slice_equal(pg_tree_string(ref->fields[0]), column));
}

static const char *type_change(const lint_alteration *a, slice name, const PgQuery__ColumnDef *def, const pg_past_type *to)
{
    const pg_past_column *column = pg_past_column_find(a->table, name);
    if (!using_is_plain(def->raw_default, name, to))
    {
        return "USING is computed for every row";
    }
    if (column == NULL)
    {
        return "the migrations don't tell its type: every row may be written again";
    }
    const char *why = pg_lint_type_rewrites(&column->type, to);
    return why == NULL && def->coll_clause != NULL ? "another collation builds its indexes again" : why;
}

static void lint_column_type(const lint_alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ColumnDef *def = cmd->def->column_def;
    slice name = slice_of(cmd->name);
    pg_past_type to = pg_past_type_of(def->type_name);
    const char *why = a->fresh ? NULL : type_change(a, name, def, &to);
    if (why != NULL)
    {
        pg_lint_say(a->l, LINT_COLUMN_TYPE, def->location, pg_lint_object(a->l, a->written, name), "%s", why);
    }
    pg_lint_column_type(a->l, a->written, name, def->type_name);
    if (pg_past_column_find(a->table, name) != NULL)
    {
        (void)pg_past_column_set(a->l->past, a->table, name, &to);
    }
}

static void lint_set_not_null(const lint_alteration *a, slice name)
{
    pg_past_column *column = pg_past_column_find(a->table, name);
    if (!a->fresh && !pg_past_never_null(a->table, name))
    {
        pg_lint_say(a->l, LINT_SET_NOT_NULL, 0, pg_lint_object(a->l, a->written, name),
                    "every row is read while nobody can use the table");
    }
    if (column != NULL)
    {
        column->not_null = true;
    }
}

static void lint_drop_not_null(const lint_alteration *a, slice name)
{
    pg_past_column *column = pg_past_column_find(a->table, name);
    if (!a->fresh)
    {
        pg_lint_say(a->l, LINT_DROP_NOT_NULL, 0, pg_lint_object(a->l, a->written, name), "readers may not expect NULL in it");
    }
    if (column != NULL)
    {
        column->not_null = false;
    }
}

static void lint_drop_part(const lint_alteration *a, const PgQuery__AlterTableCmd *cmd, bool column)
{
    slice name = slice_of(cmd->name), object = pg_lint_object(a->l, a->written, name);
    pg_lint_if_exists(a->l, cmd->missing_ok, object);
    pg_lint_cascade(a->l, cmd->behavior, object);
    if (a->table == NULL)
    {
        return;
    }
    if (column)
    {
        pg_past_column_drop(a->table, name);
        return;
    }
    pg_past_check *check = pg_past_check_find(a->table, name);
    if (check != NULL)
    {
        check->gone = true;
    }
    pg_past_index_drop(a->table, name);
}

static void lint_rewrite(const lint_alteration *a, const char *detail)
{
    if (!a->fresh)
    {
        pg_lint_say(a->l, LINT_TABLE_REWRITE, 0, pg_lint_object(a->l, a->written, SLICE("")), "%s", detail);
    }
}

static void lint_security(const lint_alteration *a, bool on)
{
    if (on)
    {
        pg_lint_cancel(a->l, PG_LATER_SECURITY, a->written);
    }
    else
    {
        pg_lint_say(a->l, LINT_ROW_SECURITY, 0, pg_lint_object(a->l, a->written, SLICE("")),
                    "from now on every role with rights on the table sees all of its rows");
    }
}

static void lint_triggers(const lint_alteration *a, bool on)
{
    if (on)
    {
        pg_lint_cancel(a->l, PG_LATER_TRIGGERS, a->written);
    }
    else if (!a->fresh)
    {
        pg_lint_note_later(a->l, PG_LATER_TRIGGERS, a->written, NULL, 0);
    }
}

static void lint_action(const lint_alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    switch (cmd->subtype)
    {
    case ACTION(AddColumn):
        lint_add_column(a, cmd);
        break;
    case ACTION(AlterColumnType):
        lint_column_type(a, cmd);
        break;
    case ACTION(SetNotNull):
        lint_set_not_null(a, slice_of(cmd->name));
        break;
    case ACTION(DropNotNull):
        lint_drop_not_null(a, slice_of(cmd->name));
        break;
    case ACTION(AddConstraint):
        if (!a->fresh)
        {
            pg_lint_add_constraint(a->l, a->written, cmd->def->constraint);
        }
        if (a->table != NULL)
        {
            pg_lint_learn(a->l, a->table, cmd->def->constraint, NULL);
        }
        break;
    case ACTION(ValidateConstraint):
        pg_lint_validate(a->l, a->written, slice_of(cmd->name));
        break;
    case ACTION(DropColumn):
    case ACTION(DropConstraint):
        lint_drop_part(a, cmd, cmd->subtype == ACTION(DropColumn));
        break;
    case ACTION(AttachPartition):
        pg_lint_attach(a->l, a->written, cmd->def->partition_cmd);
        break;
    case ACTION(DetachPartition):
        pg_lint_detach(a->l, a->written, cmd->def->partition_cmd);
        break;
    case ACTION(SetLogged):
    case ACTION(SetUnLogged):
        lint_rewrite(a, "all of the table is written again");
        break;
    case ACTION(SetAccessMethod):
        lint_rewrite(a, "all of the table is written again in the other form");
        break;
    case ACTION(SetTableSpace):
        lint_rewrite(a, "all of the table is copied to the other place");
        break;
    case ACTION(EnableRowSecurity):
    case ACTION(DisableRowSecurity):
        lint_security(a, cmd->subtype == ACTION(EnableRowSecurity));
        break;
    case ACTION(DisableTrig):
    case ACTION(DisableTrigAll):
    case ACTION(DisableTrigUser):
        lint_triggers(a, false);
        break;
    case ACTION(EnableTrig):
    case ACTION(EnableAlwaysTrig):
    case ACTION(EnableTrigAll):
    case ACTION(EnableTrigUser):
        lint_triggers(a, true);
        break;
    default:
        break;
    }
}

/* Of views, types and sequences nothing is scanned. */
void pg_lint_alter_table(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
    lint_alteration a = {.l = l, .written = pg_tree_range(alter->relation)};
    bool table =
        alter->objtype == OBJECT(TABLE) || alter->objtype == OBJECT(FOREIGN_TABLE) || alter->objtype == OBJECT(MATVIEW);
    if (!table)
    {
        return;
    }
    a.table = pg_lint_table(l, a.written);
    a.fresh = pg_lint_new(l, a.written) || alter->objtype == OBJECT(FOREIGN_TABLE) || (a.table != NULL && a.table->foreign);
    a.validates = pg_alter_checks_foreign_keys(alter);
    bool locks = false;
    for (size_t i = 0; i < alter->n_cmds && !l->past->failed; i++)
    {
        lint_action(&a, alter->cmds[i]->alter_table_cmd);
        locks |= !takes_less(alter->cmds[i]->alter_table_cmd);
    }
    if (locks && !a.fresh)
    {
        pg_lint_lock(l, a.written);
    }
}
