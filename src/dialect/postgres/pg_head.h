/* SPDX-License-Identifier: MIT */
/* A statement's first words: what kind of object it names. */
#ifndef AMEND_DIALECT_POSTGRES_PG_HEAD_H
#define AMEND_DIALECT_POSTGRES_PG_HEAD_H

#include "amend.h"
#include "base/slice.h"

/*
 * From a query like DROP INDEX app.cards_key: the kind of the object of this name, and its schema if it has none yet. Leaves
 * the object as it is when the query is more than this one statement, or the name not one of those that it is about.
 */
void pg_head_tell(slice query, amend_object *object);

#endif
