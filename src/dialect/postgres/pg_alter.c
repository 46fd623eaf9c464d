/* SPDX-License-Identifier: MIT */
/*
 * ALTER: what speaks against each of its actions, by the manual's chapter ALTER TABLE ("Notes" and the actions' own
 * paragraphs), and "Explicit Locking" for who waits meanwhile.
 */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_table.h"
#include "dialect/postgres/pg_trigger.h"

#define ACTION(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name
#define CONSTRAINT(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

/* What is always the same: one more than the objection, 0 for none. Actions that have no row are unclear. */
enum
{
    ACTION_FINE = OBJECTION_KINDS + 1,
};

static const unsigned char actions[] = {
    [ACTION(DropNotNull)] = ACTION_FINE,        /* only loosens, no scan */
    [ACTION(ValidateConstraint)] = ACTION_FINE, /* "does not need to lock out concurrent updates" */
    [ACTION(AddIdentity)] = ACTION_FINE,        /* for rows to come */
    [ACTION(SetNotNull)] = OBJECTION_SCANS + 1,
    [ACTION(DropExpression)] = OBJECTION_DROPS + 1,
    [ACTION(SetStatistics)] = OBJECTION_SETS + 1,
    [ACTION(SetOptions)] = OBJECTION_SETS + 1,
    [ACTION(ResetOptions)] = OBJECTION_SETS + 1,
    [ACTION(SetStorage)] = OBJECTION_SETS + 1,
    [ACTION(SetCompression)] = OBJECTION_SETS + 1,
    [ACTION(DropColumn)] = OBJECTION_DROPS + 1,
    [ACTION(AlterConstraint)] = OBJECTION_REPLACES + 1,
    [ACTION(DropConstraint)] = OBJECTION_DROPS + 1,
    [ACTION(AlterColumnType)] = OBJECTION_REWRITES + 1,
    [ACTION(AlterColumnGenericOptions)] = OBJECTION_SETS + 1,
    [ACTION(ChangeOwner)] = OBJECTION_GRANTS + 1,
    [ACTION(ClusterOn)] = OBJECTION_SETS + 1,
    [ACTION(DropCluster)] = OBJECTION_SETS + 1,
    [ACTION(SetLogged)] = OBJECTION_REWRITES + 1,
    [ACTION(SetUnLogged)] = OBJECTION_REWRITES + 1,
    [ACTION(SetAccessMethod)] = OBJECTION_REWRITES + 1,
    [ACTION(SetTableSpace)] = OBJECTION_REWRITES + 1,
    [ACTION(SetRelOptions)] = OBJECTION_SETS + 1,
    [ACTION(ResetRelOptions)] = OBJECTION_SETS + 1,
    [ACTION(EnableTrig)] = OBJECTION_SETS + 1,
    [ACTION(EnableAlwaysTrig)] = OBJECTION_SETS + 1,
    [ACTION(EnableReplicaTrig)] = OBJECTION_SETS + 1,
    [ACTION(DisableTrig)] = OBJECTION_SETS + 1,
    [ACTION(EnableTrigAll)] = OBJECTION_SETS + 1,
    [ACTION(DisableTrigAll)] = OBJECTION_SETS + 1,
    [ACTION(EnableTrigUser)] = OBJECTION_SETS + 1,
    [ACTION(DisableTrigUser)] = OBJECTION_SETS + 1,
    [ACTION(EnableRule)] = OBJECTION_SETS + 1,
    [ACTION(EnableAlwaysRule)] = OBJECTION_SETS + 1,
    [ACTION(EnableReplicaRule)] = OBJECTION_SETS + 1,
    [ACTION(DisableRule)] = OBJECTION_SETS + 1,
    [ACTION(DropInherit)] = OBJECTION_DROPS + 1,
    [ACTION(AddOf)] = OBJECTION_REPLACES + 1,
    [ACTION(DropOf)] = OBJECTION_REPLACES + 1,
    [ACTION(ReplicaIdentity)] = OBJECTION_SETS + 1,
    [ACTION(EnableRowSecurity)] = OBJECTION_GRANTS + 1,
    [ACTION(DisableRowSecurity)] = OBJECTION_GRANTS + 1,
    [ACTION(ForceRowSecurity)] = OBJECTION_GRANTS + 1,
    [ACTION(NoForceRowSecurity)] = OBJECTION_GRANTS + 1,
    [ACTION(GenericOptions)] = OBJECTION_SETS + 1,
    [ACTION(DetachPartition)] = OBJECTION_DROPS + 1,
    [ACTION(DetachPartitionFinalize)] = OBJECTION_DROPS + 1,
    [ACTION(SetIdentity)] = OBJECTION_REPLACES + 1,
    [ACTION(DropIdentity)] = OBJECTION_DROPS + 1,
};

typedef struct alteration
{
    pg_scan *s;
    pg_ref written, table;
    amend_object_kind kind; /* TABLE, or what else the statement says that it is */
    bool validates;         /* see pg_alter_checks_foreign_keys */
    bool foreign;           /* a foreign table: its rows are elsewhere, and nothing here is written or scanned */
} alteration;

static void object_to(const alteration *a, objection_kind kind)
{
    if (a->kind == AMEND_OBJECT_TABLE)
    {
        pg_scan_object_to(a->s, kind, a->written);
    }
    else if (!pg_scan_owns(a->s, a->kind, a->written))
    {
        pg_scan_object(a->s, kind);
    }
}

/* -------------------------------------------------------------------------------------------------------------- columns */

static const PgQuery__Constraint *column_constraint(const PgQuery__ColumnDef *column, PgQuery__ConstrType type)
{
    for (size_t i = 0; i < column->n_constraints; i++)
    {
        if (column->constraints[i]->constraint->contype == type)
        {
            return column->constraints[i]->constraint;
        }
    }
    return NULL;
}

/*
 * "When a column is added with ADD COLUMN and a non-volatile DEFAULT is specified, the default is evaluated at the time of the
 * statement", and no row is touched. Everything else that is in the rows from the beginning means writing them all.
 */
static bool rewrites(const alteration *a, const PgQuery__ColumnDef *column)
{
    const PgQuery__Constraint *given = column_constraint(column, CONSTRAINT(DEFAULT));
    const pg_thing *type =
        column->type_name == NULL
            ? NULL
            : pg_scan_find(a->s, AMEND_OBJECT_TYPE, pg_tree_name(column->type_name->names, column->type_name->n_names));
    return (given != NULL && !pg_rows_steady(a->s, given->raw_expr)) || pg_table_is_serial(column) ||
           column_constraint(column, CONSTRAINT(GENERATED)) != NULL ||
           column_constraint(column, CONSTRAINT(IDENTITY)) != NULL || (type != NULL && (type->flags & PG_THING_DOMAIN) != 0);
}

/* A foreign key on a column that is NULL everywhere is not checked (pg_alter_checks_foreign_keys); all else is, row by row. */
static bool scans(const alteration *a, const PgQuery__ColumnDef *column)
{
    bool given = column_constraint(column, CONSTRAINT(DEFAULT)) != NULL;
    return column_constraint(column, CONSTRAINT(CHECK)) != NULL || column_constraint(column, CONSTRAINT(UNIQUE)) != NULL ||
           column_constraint(column, CONSTRAINT(PRIMARY)) != NULL ||
           (column_constraint(column, CONSTRAINT(NOTNULL)) != NULL && !given) ||
           (column_constraint(column, CONSTRAINT(FOREIGN)) != NULL && a->validates);
}

static void add_column(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ColumnDef *column = cmd->def->column_def;
    pg_scan *s = a->s;
    if (a->kind == AMEND_OBJECT_TYPE)
    {
        return; /* an attribute of a composite type */
    }
    const pg_thing *there =
        pg_scan_exact(s, AMEND_OBJECT_COLUMN, (pg_ref){a->table.schema, slice_of(column->colname)}, a->table.name);
    bool skipped = a->foreign || (cmd->missing_ok && there != NULL && !s->cascaded);
    if (!skipped && rewrites(a, column))
    {
        object_to(a, OBJECTION_REWRITES);
    }
    else if (!skipped && scans(a, column))
    {
        object_to(a, OBJECTION_SCANS);
    }
    pg_table_column(s, a->table, column, cmd->missing_ok);
}

/* For rows to come only; but where there was another default, or none, something changes. A column of this script is new. */
static void set_default(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    const pg_thing *column =
        pg_scan_exact(a->s, AMEND_OBJECT_COLUMN, (pg_ref){a->table.schema, slice_of(cmd->name)}, a->table.name);
    if (column == NULL || column->script != a->s->script)
    {
        object_to(a, cmd->def == NULL ? OBJECTION_DROPS : OBJECTION_REPLACES);
    }
}

/* ---------------------------------------------------------------------------------------------------------- constraints */

/*
 * The server leaves out the check of foreign keys when all that a statement does is to add columns without a default
 * ("Normally, this form will cause a scan of the table … if the NOT VALID option is used, this is skipped"; a column that is
 * NULL everywhere refers to nothing).
 */
bool pg_alter_checks_foreign_keys(const PgQuery__AlterTableStmt *alter)
{
    for (size_t i = 0; i < alter->n_cmds; i++)
    {
        const PgQuery__AlterTableCmd *cmd = alter->cmds[i]->alter_table_cmd;
        bool column = cmd->subtype == ACTION(AddColumn);
        if (cmd->subtype == ACTION(AddConstraint) ||
            (column && column_constraint(cmd->def->column_def, CONSTRAINT(DEFAULT)) != NULL))
        {
            return true;
        }
    }
    return false;
}

/* A primary key by an index may still have to look for NULLs. */
static void add_constraint(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__Constraint *c = cmd->def->constraint;
    bool by_index = c->contype == CONSTRAINT(UNIQUE) && c->indexname[0] != '\0';
    if (!c->skip_validation && !by_index && !a->foreign)
    {
        object_to(a, OBJECTION_SCANS);
    }
    pg_table_constraint(a->s, a->table, c);
}

/* "ATTACH PARTITION … the table is scanned": the one to be attached, which is locked meanwhile. */
static void attach(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    if (a->kind == AMEND_OBJECT_TABLE)
    {
        pg_ref part = pg_tree_range(cmd->def->partition_cmd->name);
        pg_scan_object_to(a->s, OBJECTION_SCANS, part);
        pg_trigger_relate(a->s, a->table, pg_scan_old(a->s, AMEND_OBJECT_TABLE, part));
    }
}

/* The rows of the one become rows of the other. */
static void inherit(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    pg_trigger_relate(a->s, pg_scan_old(a->s, AMEND_OBJECT_TABLE, pg_tree_range(cmd->def->range_var)), a->table);
    if (!pg_scan_owns(a->s, AMEND_OBJECT_TABLE, a->written))
    {
        pg_scan_object_to(a->s, OBJECTION_CHANGES_DATA, pg_tree_range(cmd->def->range_var));
    }
}

static void alter_action(alteration *a, const PgQuery__AlterTableCmd *cmd)
{
    unsigned fixed = (size_t)cmd->subtype < sizeof actions ? actions[cmd->subtype] : 0;
    pg_scan *s = a->s;
    switch (cmd->subtype)
    {
    case ACTION(AddColumn):
        add_column(a, cmd);
        return;
    case ACTION(ColumnDefault):
        set_default(a, cmd);
        return;
    case ACTION(AddConstraint):
        add_constraint(a, cmd);
        return;
    case ACTION(AttachPartition):
        attach(a, cmd);
        return;
    case ACTION(AddInherit):
        inherit(a, cmd);
        return;
    case ACTION(DropColumn):
        if (a->kind != AMEND_OBJECT_TYPE)
        {
            pg_table_drop_column(s, a->table, slice_of(cmd->name));
        }
        break;
    case ACTION(DropConstraint):
        if (pg_scan_find(s, AMEND_OBJECT_INDEX, (pg_ref){a->table.schema, slice_of(cmd->name)}) != NULL)
        {
            pg_table_drop_index(s, (pg_ref){a->table.schema, slice_of(cmd->name)});
        }
        break;
    case ACTION(AddIdentity):
        pg_table_sequence(s, a->table, slice_of(cmd->name));
        break;
    default:
        break;
    }
    s->cascaded |= cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    if (fixed != ACTION_FINE)
    {
        object_to(a, fixed == 0 ? OBJECTION_UNCLEAR : (objection_kind)(fixed - 1));
    }
}

/* Also of indexes, views, sequences, composite types: ALTER TABLE by another name. */
void pg_alter_table(pg_scan *s, const pg_node *node)
{
    const PgQuery__AlterTableStmt *alter = node->alter_table_stmt;
    amend_object_kind kind = pg_remove_kind(alter->objtype);
    alteration a = {.s = s, .written = pg_tree_range(alter->relation), .kind = kind};
    a.table = pg_scan_old(s, kind, a.written);
    a.foreign = alter->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE;
    a.validates = pg_alter_checks_foreign_keys(alter);
    for (size_t i = 0; i < alter->n_cmds && !s->failed; i++)
    {
        alter_action(&a, alter->cmds[i]->alter_table_cmd);
    }
}

/* ------------------------------------------------------------------------------------------------------------- the rest */

void pg_alter_enum(pg_scan *s, const pg_node *node)
{
    const PgQuery__AlterEnumStmt *alter = node->alter_enum_stmt;
    pg_ref type = pg_scan_old(s, AMEND_OBJECT_TYPE, pg_tree_name(alter->type_name, alter->n_type_name));
    slice old = slice_of(alter->old_val), value = slice_of(alter->new_val);
    if (old.len == 0)
    {
        pg_scan_add_part(s, AMEND_OBJECT_ENUM_VALUE, type, value, SLICE(""), alter->skip_if_new_val_exists);
        return;
    }
    pg_scan_rename(s, AMEND_OBJECT_ENUM_VALUE, (pg_ref){type.schema, old}, type.name, SLICE(""), value);
    if (!pg_scan_owns(s, AMEND_OBJECT_TYPE, type))
    {
        pg_scan_object(s, OBJECTION_RENAMES);
    }
}

/* Checks of a domain are made on all tables that use it (ALTER DOMAIN, "Notes"). */
void pg_alter_domain(pg_scan *s, const pg_node *node)
{
    const PgQuery__AlterDomainStmt *alter = node->alter_domain_stmt;
    bool later = alter->def != NULL && alter->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
                 alter->def->constraint->skip_validation;
    if (pg_scan_owns(s, AMEND_OBJECT_TYPE, pg_tree_name(alter->type_name, alter->n_type_name)))
    {
        return;
    }
    switch (alter->subtype[0])
    {
    case 'N': /* DROP NOT NULL */
    case 'V': /* VALIDATE */
        break;
    case 'C': /* ADD */
    case 'O': /* SET NOT NULL */
        if (!later)
        {
            pg_scan_object(s, OBJECTION_SCANS);
        }
        break;
    case 'X':
        pg_scan_object(s, OBJECTION_DROPS);
        break;
    default: /* SET or DROP DEFAULT */
        pg_scan_object(s, OBJECTION_REPLACES);
    }
}

void pg_alter_sequence(pg_scan *s, const pg_node *node)
{
    const PgQuery__AlterSeqStmt *alter = node->alter_seq_stmt;
    bool owned = alter->n_options == 1 && pg_tree_option(alter->options, 1, "owned_by") != NULL;
    if (!owned && !pg_scan_owns(s, AMEND_OBJECT_SEQUENCE, pg_tree_range(alter->sequence)))
    {
        pg_scan_object(s, OBJECTION_REPLACES);
    }
}

void pg_alter_function(pg_scan *s, const pg_node *node)
{
    const PgQuery__ObjectWithArgs *function = node->alter_function_stmt->func;
    if (!pg_scan_owns(s, AMEND_OBJECT_FUNCTION, pg_tree_name(function->objname, function->n_objname)))
    {
        pg_scan_object(s, OBJECTION_REPLACES);
    }
}
