/* SPDX-License-Identifier: MIT */
/* Columns: what their types hold, and what it costs to add one to a table with rows. */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_lint_look.h"
#include "dialect/postgres/pg_table.h"

#define CONSTRAINT(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

/* Words that can't be a table's or column's name without quotes (Appendix C, "reserved"). */
static const char reserved[] =
    " all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column"
    " concurrently constraint create cross current_catalog current_date current_role current_schema current_time"
    " current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from"
    " full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime"
    " localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right"
    " select session_user similar some symmetric table tablesample then to trailing true union unique user using variadic"
    " verbose when where window with ";

void pg_lint_reserved(pg_lint_look *l, slice name, int location)
{
    size_t len = sizeof reserved - 1;
    for (const char *at = reserved;
         name.len > 0 && (at = memmem(at, len - (size_t)(at - reserved), name.data, name.len)) != NULL; at++)
    {
        if (at > reserved && at[-1] == ' ' && at[name.len] == ' ')
        {
            pg_lint_say(l, LINT_RESERVED_NAME, location, name, "\"%.*s\" must be quoted wherever it is used", (int)name.len,
                        name.data);
            return;
        }
    }
}

const PgQuery__Constraint *pg_lint_constraint_of(const PgQuery__ColumnDef *column, PgQuery__ConstrType type)
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

/* ---------------------------------------------------------------------------------------------------------------- types */

static const struct
{
    const char *type;
    lint_rule rule;
    const char *detail;
} type_rows[] = {
    {"timestamp", LINT_TIMESTAMP_ZONE, "the time zone isn't stored with it"},
    {"bpchar", LINT_CHAR_TYPE, "char(n) is filled up with spaces"},
    {"json", LINT_JSON_TYPE, "json has no equality and no index of its own"},
    {"money", LINT_MONEY_TYPE, "money depends on the server's lc_monetary"},
    {"varchar", LINT_VARCHAR_LIMIT, "the limit is part of the type"},
    {"int4", LINT_INTEGER_TYPE, "integer ends at 2147483647"},
    {"int2", LINT_INTEGER_TYPE, "smallint ends at 32767"},
    {"serial", LINT_SERIAL_TYPE, "serial makes a sequence with rights of its own"},
    {"serial4", LINT_SERIAL_TYPE, "serial makes a sequence with rights of its own"},
    {"smallserial", LINT_SERIAL_TYPE, "smallserial makes a sequence with rights of its own"},
    {"serial2", LINT_SERIAL_TYPE, "smallserial makes a sequence with rights of its own"},
    {"bigserial", LINT_SERIAL_TYPE, "bigserial makes a sequence with rights of its own"},
    {"serial8", LINT_SERIAL_TYPE, "bigserial makes a sequence with rights of its own"},
};

void pg_lint_column_type(pg_lint_look *l, pg_ref table, slice column, const PgQuery__TypeName *type)
{
    slice name = pg_tree_type(type);
    for (size_t i = 0; i < sizeof type_rows / sizeof type_rows[0]; i++)
    {
        bool by_length = type_rows[i].rule == LINT_VARCHAR_LIMIT || type_rows[i].rule == LINT_CHAR_TYPE;
        if (slice_equal(name, slice_of(type_rows[i].type)) && (!by_length || type->n_typmods > 0))
        {
            pg_lint_say(l, type_rows[i].rule, type->location, pg_lint_object(l, table, column), "%s", type_rows[i].detail);
        }
    }
}

static bool is_small(slice type)
{
    static const char *const names[] = {"int4", "int2", "serial", "serial4", "smallserial", "serial2"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        if (slice_equal(type, slice_of(names[i])))
        {
            return true;
        }
    }
    return false;
}

/* A small integer that is counted up, or an integer that is the key. A smallint as key is a choice: a table of a few rows. */
void pg_lint_column(pg_lint_look *l, pg_ref table, const PgQuery__ColumnDef *column, bool key)
{
    slice name = slice_of(column->colname), type = pg_tree_type(column->type_name);
    bool counted = pg_table_is_serial(column) || pg_lint_constraint_of(column, CONSTRAINT(IDENTITY)) != NULL;
    bool primary = key || pg_lint_constraint_of(column, CONSTRAINT(PRIMARY)) != NULL;
    pg_lint_reserved(l, name, column->location);
    if (column->type_name == NULL)
    {
        return;
    }
    if (is_small(type) && (counted || (primary && !slice_equal(type, SLICE("int2")))))
    {
        bool tiny =
            slice_equal(type, SLICE("int2")) || slice_starts(type, SLICE("smallserial")) || slice_equal(type, SLICE("serial2"));
        pg_lint_say(l, LINT_INTEGER_KEY, column->location, pg_lint_object(l, table, name), "its numbers end at %s",
                    tiny ? "32767" : "2147483647");
        if (!pg_table_is_serial(column))
        {
            return; /* all is said: LINT_INTEGER_TYPE would say it again */
        }
    }
    pg_lint_column_type(l, table, name, column->type_name);
}

/* ---------------------------------------------------------------------------------------------------------- ADD COLUMN */

/* A domain with constraints: they are checked for each row, which means writing them. */
static bool checked_domain(const pg_lint_look *l, const PgQuery__TypeName *type)
{
    const pg_thing *domain =
        type == NULL ? NULL : pg_scan_find(l->scan, AMEND_OBJECT_TYPE, pg_tree_name(type->names, type->n_names));
    return domain != NULL && (domain->flags & PG_THING_CHECKED) != 0;
}

/* What is in the rows from the beginning, and not the same in all: the table is written again. */
static bool says_rewrite(pg_lint_look *l, slice object, const PgQuery__ColumnDef *column)
{
    const PgQuery__Constraint *given = pg_lint_constraint_of(column, CONSTRAINT(DEFAULT));
    const char *why = pg_table_is_serial(column)                                    ? "serial numbers every row"
                      : pg_lint_constraint_of(column, CONSTRAINT(IDENTITY)) != NULL ? "an identity column numbers every row"
                      : pg_lint_constraint_of(column, CONSTRAINT(GENERATED)) != NULL
                          ? "a stored column is computed for every row"
                      : checked_domain(l, column->type_name) ? "a domain's constraints are checked for every row"
                                                             : NULL;
    if (why != NULL)
    {
        pg_lint_say(l, LINT_STORED_COLUMN, column->location, object, "%s", why);
        return true;
    }
    if (given != NULL && !pg_rows_steady(l->scan, given->raw_expr))
    {
        pg_lint_say(l, LINT_VOLATILE_DEFAULT, column->location, object, "the default is computed for every row");
        return true;
    }
    return false;
}

/* Who rewrites the table anyway, tells that; else what fails, and what scans. A foreign key locks another table besides. */
void pg_lint_add_column(pg_lint_look *l, pg_ref table, const PgQuery__ColumnDef *column, bool validates)
{
    slice object = pg_lint_object(l, table, slice_of(column->colname));
    const PgQuery__Constraint *given = pg_lint_constraint_of(column, CONSTRAINT(DEFAULT));
    bool primary = pg_lint_constraint_of(column, CONSTRAINT(PRIMARY)) != NULL;
    bool never_null = primary || pg_lint_constraint_of(column, CONSTRAINT(NOTNULL)) != NULL;
    bool rewrites = says_rewrite(l, object, column);
    bool null = given != NULL && given->raw_expr != NULL && given->raw_expr->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                given->raw_expr->a_const->isnull;
    if (never_null && (given == NULL || null) && !rewrites)
    {
        pg_lint_say(l, LINT_NOT_NULL_COLUMN, column->location, object, "the rows that are there would have no value");
        return;
    }
    for (size_t i = 0; i < column->n_constraints; i++)
    {
        const PgQuery__Constraint *c = column->constraints[i]->constraint;
        bool foreign = c->contype == CONSTRAINT(FOREIGN);
        if (rewrites && !foreign)
        {
            continue;
        }
        if (c->contype == CONSTRAINT(CHECK) && !c->skip_validation)
        {
            pg_lint_say(l, LINT_CHECK_SCAN, c->location, object, "every row is read while nobody can use the table");
        }
        else if (foreign && validates && !c->skip_validation)
        {
            pg_lint_say(l, LINT_FOREIGN_KEY_SCAN, c->location, object,
                        "every row is looked up while both tables can't be written");
        }
        else if (c->contype == CONSTRAINT(UNIQUE) || c->contype == CONSTRAINT(PRIMARY))
        {
            pg_lint_say(l, LINT_UNIQUE_BLOCKS, c->location, object, "its index is built while nobody can use the table");
        }
    }
}
