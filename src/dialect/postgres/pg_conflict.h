/* SPDX-License-Identifier: MIT */
/* INSERT INTO t … ON CONFLICT (a, b): which unique index or constraint it wants. */
#ifndef AMEND_DIALECT_POSTGRES_PG_CONFLICT_H
#define AMEND_DIALECT_POSTGRES_PG_CONFLICT_H

#include "amend.h"
#include "base/slice.h"

/* The only such clause of the query: out->schema and out->table, and its columns as out->name, sorted, with commas between.
   False when there is none or more than one, or when it has expressions. */
bool pg_conflict_find(slice query, amend_object *out);

#endif
