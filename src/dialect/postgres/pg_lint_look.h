/* SPDX-License-Identifier: MIT */
/*
 * What the parts of PostgreSQL's lint share: the script that is looked at, what is remembered of it, and the reporting.
 *
 *   pg_lint.c          the slot; statement by statement, and what is known at a script's end
 *   pg_past.c          tables as the migrations have made them
 *   pg_lint_table.c    CREATE TABLE: columns, keys
 *   pg_lint_column.c   a column's type and what it comes with
 *   pg_lint_type.c     does another type rewrite the table?
 *   pg_lint_alter.c    ALTER TABLE
 *   pg_lint_check.c    constraints that are added
 *   pg_lint_index.c    indexes
 *   pg_lint_lock.c     what locks or rewrites whole tables; partitions; dropping and renaming
 *   pg_lint_other.c    types, functions, rights, rows
 *   pg_lint_block.c    DO blocks, names, enum values
 *
 * The rules are fired by the statements' trees; one that has no tree is passed over. A rule about what is locked or rewritten
 * doesn't fire for a table that this script has made: nobody waits for it, and no row is in it.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_LINT_LOOK_H
#define AMEND_DIALECT_POSTGRES_PG_LINT_LOOK_H

#include "dialect/lint.h"
#include "dialect/postgres/pg_past.h"
#include "dialect/postgres/pg_scan.h"

/* A statement's place among the transactions in which amend runs the script. */
typedef struct pg_lint_place
{
    size_t transaction; /* those of one transaction have one number */
    bool begun;         /* between a BEGIN and a COMMIT of the script's own */
    bool adds_value;    /* ALTER TYPE … ADD VALUE */
} pg_lint_place;

/* A constraint that was added NOT VALID; or a new enum value (name). */
typedef struct pg_lint_pending
{
    slice table, name;
    size_t transaction;
    struct pg_lint_pending *next;
} pg_lint_pending;

/* What is judged when all of the script is known. */
typedef enum pg_lint_cause
{
    PG_LATER_KEY,      /* a foreign key: is there an index? */
    PG_LATER_PRIMARY,  /* a table: has it a primary key? */
    PG_LATER_SECURITY, /* a table: are there policies? */
    PG_LATER_TRIGGERS, /* a table whose triggers are disabled: are they enabled again? */
    PG_LATER_DEFINER,  /* a function: is its search_path set? */
} pg_lint_cause;

typedef struct pg_lint_later
{
    pg_lint_cause cause;
    pg_ref table; /* or the function */
    pg_past_names columns;
    size_t statement, offset;
    bool cancelled;
    struct pg_lint_later *next;
} pg_lint_later;

typedef struct pg_lint_look
{
    pg_past *past;
    arena *arena; /* of the findings */
    lint_findings *out;
    const lint_subject *subject;
    const script *script;
    pg_lint_place *places; /* of the script's statements */
    size_t number;         /* of the script */
    pg_scan *scan;         /* where the reading is: set for each statement */
    pg_lint_pending *constraints, *values;
    pg_lint_later *later, *later_last;
    pg_ref locked;    /* the first table that is locked against all others … */
    size_t locked_in; /* … in this transaction; 0: none yet */
    bool locked_told;
    pg_past_names long_names;
} pg_lint_look;

/* The rule fires. `location`: where in the statement's tree; 0: the statement. Not twice for one object of one statement. */
void pg_lint_say(pg_lint_look *l, lint_rule rule, int location, slice object, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* schema.table.part, as far as there is something */
slice pg_lint_object(pg_lint_look *l, pg_ref table, slice part);

/* What is known of the table; its name as written. NULL: nothing. */
pg_past_table *pg_lint_table(const pg_lint_look *l, pg_ref written);
/* Did this script make it? */
bool pg_lint_new(const pg_lint_look *l, pg_ref written);
/* The transaction of the statement that is looked at. */
size_t pg_lint_transaction(const pg_lint_look *l);
/* The statement locks this table against everybody, and the lock is held until its transaction ends. */
void pg_lint_lock(pg_lint_look *l, pg_ref written);
/* A copy for the rest of the script. */
slice pg_lint_keep(pg_lint_look *l, slice text);
/* To be judged at the script's end … */
void pg_lint_note_later(pg_lint_look *l, pg_lint_cause cause, pg_ref name, const pg_past_names *columns, int location);
/* … or no more. */
void pg_lint_cancel(pg_lint_look *l, pg_lint_cause cause, pg_ref name);

/* pg_lint_table.c */
void pg_lint_create_table(pg_lint_look *l, const pg_node *node);
void pg_lint_create_as(pg_lint_look *l, const pg_node *node);
void pg_lint_create_foreign(pg_lint_look *l, const pg_node *node);
/* A constraint of the table becomes known; also one of a column: `column`, else NULL. */
void pg_lint_learn(pg_lint_look *l, pg_past_table *table, const PgQuery__Constraint *c, const char *column);
/* A column, with its constraints. */
void pg_lint_learn_column(pg_lint_look *l, pg_past_table *table, const PgQuery__ColumnDef *column);

/* pg_lint_column.c */
const PgQuery__Constraint *pg_lint_constraint_of(const PgQuery__ColumnDef *column, PgQuery__ConstrType type);
/* What is to be said of a column wherever it stands: its type, its name; `key`: it is the primary key. */
void pg_lint_column(pg_lint_look *l, pg_ref table, const PgQuery__ColumnDef *column, bool key);
void pg_lint_column_type(pg_lint_look *l, pg_ref table, slice column, const PgQuery__TypeName *type);
/* A column that is added to a table that was there before. */
void pg_lint_add_column(pg_lint_look *l, pg_ref table, const PgQuery__ColumnDef *column, bool validates);
void pg_lint_reserved(pg_lint_look *l, slice name, int location);

/* pg_lint_type.c */
/* Why the change of a column's type writes all rows again; NULL: it doesn't. */
const char *pg_lint_type_rewrites(const pg_past_type *from, const pg_past_type *to);

/* pg_lint_alter.c */
void pg_lint_alter_table(pg_lint_look *l, const pg_node *node);

/* pg_lint_check.c */
void pg_lint_add_constraint(pg_lint_look *l, pg_ref table, const PgQuery__Constraint *c);
void pg_lint_validate(pg_lint_look *l, pg_ref table, slice name);

/* pg_lint_index.c */
void pg_lint_create_index(pg_lint_look *l, const pg_node *node);
void pg_lint_drop_index(pg_lint_look *l, const PgQuery__DropStmt *drop);
void pg_lint_reindex(pg_lint_look *l, const pg_node *node);

/* pg_lint_lock.c */
void pg_lint_attach(pg_lint_look *l, pg_ref table, const PgQuery__PartitionCmd *cmd);
void pg_lint_detach(pg_lint_look *l, pg_ref table, const PgQuery__PartitionCmd *cmd);
void pg_lint_vacuum(pg_lint_look *l, const pg_node *node);
void pg_lint_cluster(pg_lint_look *l, const pg_node *node);
void pg_lint_refresh(pg_lint_look *l, const pg_node *node);
void pg_lint_lock_table(pg_lint_look *l, const pg_node *node);
void pg_lint_truncate(pg_lint_look *l, const pg_node *node);
void pg_lint_drop(pg_lint_look *l, const pg_node *node);
void pg_lint_rename(pg_lint_look *l, const pg_node *node);
void pg_lint_set_schema(pg_lint_look *l, const pg_node *node);
void pg_lint_cascade(pg_lint_look *l, PgQuery__DropBehavior behavior, slice object);
/* A down script that drops without IF EXISTS. */
void pg_lint_if_exists(pg_lint_look *l, bool missing_ok, slice object);

/* pg_lint_other.c */
void pg_lint_create_domain(pg_lint_look *l, const pg_node *node);
void pg_lint_alter_domain(pg_lint_look *l, const pg_node *node);
void pg_lint_function(pg_lint_look *l, const pg_node *node);
void pg_lint_default_rights(pg_lint_look *l, const pg_node *node);
void pg_lint_grant(pg_lint_look *l, const pg_node *node);
void pg_lint_update(pg_lint_look *l, const pg_node *node);
void pg_lint_set(pg_lint_look *l, const pg_node *node);
void pg_lint_view(pg_lint_look *l, const pg_node *node);
void pg_lint_drop_database(pg_lint_look *l, const pg_node *node);

/* pg_lint_block.c */
void pg_lint_do(pg_lint_look *l, const pg_node *node);
void pg_lint_enum(pg_lint_look *l, const pg_node *node);
/* What the statement's tokens tell: names that are too long, values that are used too early. */
void pg_lint_tokens(pg_lint_look *l, slice text);

#endif
