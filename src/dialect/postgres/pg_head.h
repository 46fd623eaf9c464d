/* SPDX-License-Identifier: MIT */
/* A statement's first words: what kind of object it names. */
#ifndef AMEND_DIALECT_POSTGRES_PG_HEAD_H
#define AMEND_DIALECT_POSTGRES_PG_HEAD_H

#include "amend.h"
#include "base/slice.h"

/*
 * The kind of an object that a query like DROP INDEX app.cards_key names, when it is a single statement and the object of that
 * name (schema may be empty) is one of those it is about. NONE when that can't be told.
 */
amend_object_kind pg_head_kind(slice query, const char *schema, const char *name);

#endif
