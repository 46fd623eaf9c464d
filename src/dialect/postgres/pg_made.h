/* SPDX-License-Identifier: MIT */
/*
 * The objects that the migrations read so far have made, as far as judging the next one needs them: is it there already, did
 * this very script make it, of which table is that index? A hash table in an arena.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_MADE_H
#define AMEND_DIALECT_POSTGRES_PG_MADE_H

#include "base/arena.h"
#include "base/slice.h"

enum
{
    PG_THING_DOMAIN = 1 << 0,    /* of a type */
    PG_THING_STEADY = 1 << 1,    /* of a function: declared to be STABLE or IMMUTABLE */
    PG_THING_TEMPORARY = 1 << 2, /* of a table: gone with the session that made it */
    PG_THING_READ = 1 << 3,      /* of a function: its body has been read */
    PG_THING_CHECKED = 1 << 4,   /* of a domain: it has constraints */
    PG_THING_KEY = 1 << 5,       /* of an index: that of PRIMARY KEY or UNIQUE; `reads` has its columns in their order */
    PG_THING_NAMED = 1 << 6,     /* … whose name the script says */
};

/*
 * Of a function: a table whose rows it changes, or a function that it calls; of a trigger: the function, and for what it is
 * called; of a table: its parent, or a child. Looked up by name when it counts.
 */
typedef struct pg_touch
{
    slice schema, name;
    unsigned events; /* pg_trigger.h; 0: a call, or kin */
    bool strict;     /* of a call: for what it does, so that it is unclear when nobody knows the function */
    struct pg_touch *next;
} pg_touch;

typedef struct pg_thing
{
    amend_object_kind kind;
    slice schema, table, name;
    slice detail; /* unique index or constraint: its columns, sorted, with commas; function: its arguments' types */
    slice reads;  /* index: all columns without which it can't be, its expressions' and condition's too, sorted, with commas */
    unsigned flags;
    size_t script, statement; /* which one made it */
    bool gone;
    pg_touch *touches;
    size_t fired;                  /* when it was last looked into … */
    unsigned fired_for;            /* … and for which events */
    struct pg_thing *earlier;      /* of a trigger: the one before */
    struct pg_thing *next;         /* of its bucket */
    struct pg_thing *sibling;      /* the next one that belongs to the same table */
    struct pg_thing *first, *last; /* of a table, view or type: what belongs to it, in order */
} pg_thing;

typedef struct pg_made
{
    arena *arena;
    pg_thing **buckets;
    size_t capacity, count;
    pg_thing *triggers; /* the last one first; those that are gone, too */
    size_t fired;       /* how often triggers were followed */
} pg_made;

/* An entry for what *like tells, whose texts are copied. NULL when memory is short. */
pg_thing *pg_made_add(pg_made *n, const pg_thing *like);
/*
 * What is there under that name; an empty schema is any, on both sides, and one that is the same goes before. An empty table is
 * any, too, for what has a name of its own in its schema (an index). NULL when there is nothing.
 */
pg_thing *pg_made_find(const pg_made *n, amend_object_kind kind, slice schema, slice table, slice name);
/* The next one of that name behind `last` (NULL: the first): of overloaded functions. */
pg_thing *pg_made_next(const pg_made *n, const pg_thing *last, amend_object_kind kind, slice schema, slice name);
/* The table or view that a column, an index … is put under, made (and gone) when it isn't known. NULL when memory is short. */
pg_thing *pg_made_owner(pg_made *n, slice schema, slice table);
/* It is gone, and what belongs to it. */
void pg_made_drop(pg_thing *entry);
/* All of that schema is gone. */
void pg_made_drop_schema(pg_made *n, slice schema);
/* All of it is in a schema of another name now. False when memory is short. */
bool pg_made_rename_schema(pg_made *n, slice schema, slice name);
/* It has another name now, and what belongs to it goes along. False when memory is short. */
bool pg_made_rename(pg_made *n, pg_thing *entry, slice schema, slice name);

#endif
