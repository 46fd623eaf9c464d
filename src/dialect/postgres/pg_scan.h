/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the survey share: the place in the script, and the noting down of changes and objections.
 *
 *   pg_survey.c   the dialect's slots; statement by statement
 *   pg_judge.c    a statement's tree → the function that knows that kind of statement
 *   pg_make.c     CREATE …: what is there behind it
 *   pg_table.c    the columns and constraints of tables
 *   pg_alter.c    ALTER TABLE, ALTER TYPE …
 *   pg_remove.c   DROP, RENAME, SET SCHEMA
 *   pg_rows.c     what reads or changes rows; whether a default is constant
 *   pg_trigger.c  what functions write, and so what a table's triggers do
 *   pg_rights.c   GRANT, OWNER, policies
 *   pg_block.c    DO blocks
 *   pg_words.c    statements that have no tree: by their first words
 *   pg_known.c    static tables: what extensions bring, which functions do nothing
 *   pg_lint.c     looks on, statement by statement (pg_lint_look.h)
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_SCAN_H
#define AMEND_DIALECT_POSTGRES_PG_SCAN_H

#include "dialect/dialect.h"
#include "dialect/postgres/pg_made.h"
#include "dialect/postgres/pg_tree.h"

enum
{
    PG_PATH = 8, /* schemas of a search path that count */
};

typedef struct pg_scan
{
    pg_made *names;
    arena *arena; /* of the findings */
    findings *out;
    size_t statement; /* of the script */
    size_t script;    /* a number for it */
    size_t noted;     /* one more than the index of the statement's own objection; 0: none yet */
    unsigned depth;   /* of statements within statements (DO, EXECUTE) */
    bool inside;      /* a DO block: what is made there may be made on a condition */
    bool cascaded;    /* something was dropped with all that hangs on it: who knows what is left of what was there before */
    bool without_parser;
    bool failed; /* memory is short: all that follows is void */
    slice path[PG_PATH];
    size_t path_count;
    /* Called with each statement's tree before it is judged, also with those in DO blocks. NULL: nobody looks. */
    void (*watch)(struct pg_scan *s, const pg_node *statement);
    void *watcher; /* what it wants to know */
} pg_scan;

/* The schema that a new thing without one is put into: "" when that isn't told. */
slice pg_scan_home(const pg_scan *s);
/* A name as written → with the schema in which it is put, or found. */
pg_ref pg_scan_new(const pg_scan *s, pg_ref written);
pg_ref pg_scan_old(const pg_scan *s, amend_object_kind kind, pg_ref written);

/* Something is made. `weak`: only if it isn't there (IF NOT EXISTS, OR REPLACE). NULL when it was, or memory is short. */
pg_thing *pg_scan_add(pg_scan *s, amend_object_kind kind, pg_ref name, slice table, slice detail, bool weak);
/* Something that belongs to a table, in its schema. */
pg_thing *pg_scan_add_part(pg_scan *s, amend_object_kind kind, pg_ref table, slice name, slice detail, bool weak);
void pg_scan_drop(pg_scan *s, amend_object_kind kind, pg_ref name, slice table);
void pg_scan_rename(pg_scan *s, amend_object_kind kind, pg_ref name, slice table, slice to_schema, slice to);

/* What is there under that name, or NULL. Tables: temporary ones of other scripts are not there. */
pg_thing *pg_scan_find(const pg_scan *s, amend_object_kind kind, pg_ref name);
/*
 * The one that is certainly meant: in that very schema, or in none where none is told. What is let pass because of it must not
 * hit another of that name.
 */
pg_thing *pg_scan_exact(const pg_scan *s, amend_object_kind kind, pg_ref name, slice table);
/* Did this script make it, certainly? */
bool pg_scan_owns(const pg_scan *s, amend_object_kind kind, pg_ref name);
/* Is it there from before this script, perhaps? */
bool pg_scan_had(const pg_scan *s, amend_object_kind kind, pg_ref name);

/* Something speaks against the statement, whatever it is about … */
void pg_scan_object(pg_scan *s, objection_kind kind);
/* … or because of what it does to this table, as written. Void when this script made the table (or materialized view). */
void pg_scan_object_to(pg_scan *s, objection_kind kind, pg_ref table);
/* … or because of what it sets off: an objection besides the statement's own, unless there is one about that table. */
void pg_scan_object_also(pg_scan *s, objection_kind kind, pg_ref table);

/* In the findings' arena; "" and failed when memory is short. */
slice pg_scan_keep(pg_scan *s, slice text);
/* A name's parts with '_' between them, as the server makes up names: table_column_suffix. Empty when that is too long for a
   name: then the server cuts it. */
slice pg_scan_made_up(pg_scan *s, slice table, slice column, const char *suffix);

#endif
