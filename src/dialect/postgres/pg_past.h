/* SPDX-License-Identifier: MIT */
/*
 * What lint remembers of the tables that migrations make: their columns' types, what keeps a column from being NULL, checks,
 * indexes. Only what the scripts say: a table that was made elsewhere, or by a statement that has no tree, is not there, and
 * then nobody may conclude anything from it. All in one arena; what is dropped is marked.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_PAST_H
#define AMEND_DIALECT_POSTGRES_PG_PAST_H

#include "base/arena.h"
#include "dialect/postgres/pg_tree.h"

enum
{
    PG_PAST_MODS = 2,     /* of a type: numeric(10, 2) */
    PG_PAST_COLUMNS = 32, /* of an index or key: the server's own limit */
};

typedef struct pg_past_type
{
    slice name; /* as the catalog has it: int4, varchar, timestamptz … */
    int mods[PG_PAST_MODS];
    size_t mod_count;
    bool array;
    bool other; /* its modifiers aren't plain numbers, or there are more */
} pg_past_type;

typedef struct pg_past_column
{
    slice name;
    pg_past_type type;
    bool not_null;
    struct pg_past_column *next;
} pg_past_column;

typedef struct pg_past_names
{
    slice items[PG_PAST_COLUMNS];
    size_t count;
} pg_past_names;

/* A CHECK. */
typedef struct pg_past_check
{
    slice name;
    pg_past_names columns;  /* that it mentions */
    pg_past_names not_null; /* that it keeps from being NULL */
    bool valid, gone;
    struct pg_past_check *next;
} pg_past_check;

/* An index; or the columns of a primary key or UNIQUE. */
typedef struct pg_past_index
{
    slice name; /* empty when the server makes it up */
    pg_past_names columns;
    size_t script;
    bool gone;
    struct pg_past_index *next;
} pg_past_index;

typedef struct pg_past_table
{
    slice schema, name;
    size_t script; /* that made it */
    bool gone;
    bool whole;          /* its columns and keys are all known: not of LIKE, INHERITS, PARTITION OF, AS … */
    bool foreign;        /* a foreign table */
    bool primary;        /* it has a primary key */
    pg_past_names parts; /* the columns of its partition key */
    pg_past_column *columns;
    pg_past_check *checks;
    pg_past_index *indexes;
    struct pg_past_table *next; /* of its bucket */
} pg_past_table;

enum
{
    PG_PAST_BUCKETS = 1024,
};

typedef struct pg_past
{
    arena *arena;
    pg_past_table *buckets[PG_PAST_BUCKETS];
    bool failed; /* memory is short */
} pg_past;

/* A new table. NULL when memory is short. */
pg_past_table *pg_past_add(pg_past *f, pg_ref name, size_t script);
/* An empty schema is any, on both sides; one that is the same goes before. NULL when it isn't known. */
pg_past_table *pg_past_find(const pg_past *f, pg_ref name);
/* The table has another name now. */
void pg_past_rename(pg_past *f, pg_past_table *table, slice schema, slice name);

pg_past_column *pg_past_column_find(const pg_past_table *table, slice name);
/* Put the column there, or give it another type. */
pg_past_column *pg_past_column_set(pg_past *f, pg_past_table *table, slice name, const pg_past_type *type);
/* The type has another name now, in all columns. */
void pg_past_type_rename(pg_past *f, slice name, slice to);
void pg_past_column_drop(pg_past_table *table, slice name);
void pg_past_column_rename(pg_past *f, pg_past_table *table, slice name, slice to);

/* A copy of *like, its texts too. */
void pg_past_check_add(pg_past *f, pg_past_table *table, const pg_past_check *like);
void pg_past_index_add(pg_past *f, pg_past_table *table, const pg_past_index *like);
pg_past_check *pg_past_check_find(const pg_past_table *table, slice name);
void pg_past_index_drop(pg_past_table *table, slice name);
/* Does a valid constraint, or the column itself, say that it is never NULL? */
bool pg_past_never_null(const pg_past_table *table, slice column);
/* Is there an index that begins with these columns, in whatever order? */
bool pg_past_indexed(const pg_past_table *table, const pg_past_names *columns);

void pg_past_names_add(pg_past_names *names, slice name);
/* Copy the names into the facts' arena. */
void pg_past_names_keep(pg_past *f, pg_past_names *names);
bool pg_past_names_have(const pg_past_names *names, slice name);
/* The columns that an expression mentions; and those that it keeps from being NULL. Slices into the tree. */
void pg_past_mentions(const pg_node *expression, pg_past_names *out);
void pg_past_excludes_null(const pg_node *expression, pg_past_names *out);
/* Slices into the tree. */
pg_past_type pg_past_type_of(const PgQuery__TypeName *type);

#endif
