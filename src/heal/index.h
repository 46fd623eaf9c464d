/* SPDX-License-Identifier: MIT */
/*
 * Object → the migration that provides it, as all migrations together leave it. A hash table (uthash) from kind and name to the
 * provisions that bear it, and another key for each table, to what belongs to it.
 */
#ifndef AMEND_HEAL_INDEX_H
#define AMEND_HEAL_INDEX_H

#include "dialect/dialect.h"

#include <stdint.h>

typedef struct object_index object_index;

/* One object that is there when all migrations have run. Texts live as long as the index's arena. */
typedef struct provision
{
    amend_object_kind kind;
    slice schema, table, name;
    size_t migration; /* position in the catalog of the one that made it, or gave it its name */
    size_t order;     /* of all changes: later ones are higher */
    size_t statement; /* of the migration's script, from 0; SIZE_MAX: a directive tells of it */
    bool named;       /* it was there before: the migration gave it, or its table, another name */
} provision;

/* An empty index, all of it in the arena. `nocase`: names that differ only in the case of ASCII letters are one. */
amend_status index_new(arena *a, bool nocase, object_index **out, amend_error *error);
/* Take in what a migration does; migrations in running order. Texts are copied. */
amend_status index_add(object_index *x, size_t migration, const change *changes, size_t count, amend_error *error);

/*
 * The provision that an error's object means; NULL when there is none. `query` (may be empty) tells which tables are meant
 * where the error does not: by dialect->mentions. Of several that fit equally well it is the one made last: what an error
 * misses is rather pending than applied. Allocates nothing.
 */
const provision *index_find(const object_index *x, const dialect *d, const amend_object *object, slice query);

/* Has something that this statement made been dropped, renamed or made anew since? */
bool index_has_changed(const object_index *x, size_t migration, size_t statement);

/* Is there a table of that name now, in that schema or in one that isn't known? */
bool index_has_table(const object_index *x, slice schema, slice name);

/* The provision made after that one; NULL: the first. NULL behind the last. */
const provision *index_next(const object_index *x, const provision *before);

#endif
