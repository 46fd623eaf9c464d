/* SPDX-License-Identifier: MIT */
/*
 * The objects of a snapshot, to be found by the names that migrations give them. Pure.
 *
 * A fact's object is a word for its kind and a dotted name, its parts quoted where SQL would quote them: "table public.cards",
 * "column public.cards.title", "function app.total(integer)"; without schemas where the dialect has none. What migrations make
 * is told in fewer kinds: a domain is a type, a materialized view a view. The index behind a constraint is found by the
 * constraint's name, an enum's value in the type's definition, and an identity's sequence in its column's.
 */
#ifndef AMEND_GUARD_ROSTER_H
#define AMEND_GUARD_ROSTER_H

#include "guard/snapshot.h"

typedef struct roster roster;

/* In the arena; the snapshot must live as long. `nocase`: names that differ only in the case of ASCII letters are one. Error:
   OUT_OF_MEMORY. */
amend_status roster_make(arena *a, const snapshot *s, bool nocase, const roster **out, amend_error *error);

/*
 * The fact of that object, NULL when there is none. An empty schema or table fits any. For an enum's value (`table` is its
 * type) it is the type's fact when that has the value.
 */
const fact *roster_find(const roster *r, amend_object_kind kind, slice schema, slice table, slice name);

/* Is the table there, and nothing told of its columns? So it is with virtual ones. */
bool roster_is_bare(const roster *r, slice schema, slice table);

/* Does a snapshot tell of objects of this kind? Not of UNIQUE, say: what is not told can't be missed. */
bool roster_tells(amend_object_kind kind);

#endif
