/* SPDX-License-Identifier: MIT */
/* What a statement is, from its words: the flags of a stmt, and the names that go with them. */
#ifndef AMEND_DIALECT_POSTGRES_PG_CLASSIFY_H
#define AMEND_DIALECT_POSTGRES_PG_CLASSIFY_H

#include "dialect/dialect.h"

/* Only between pg_classify and pg_enum_mark, which takes them out again. */
enum
{
    PG_ADD_VALUE = 1 << 29,   /* ALTER TYPE schema.object ADD VALUE */
    PG_CREATE_TYPE = 1 << 30, /* CREATE TYPE schema.object */
};

/* Fill flags and names of the statement text[start, end). False when memory is short. */
bool pg_classify(arena *arena, slice text, stmt *s);

/*
 * ALTER TYPE … ADD VALUE runs in a transaction, but the new value can't be used there (unless the type is as new). So those
 * whose value a later statement seems to use become STMT_NO_TX. False when memory is short.
 */
bool pg_enum_mark(arena *arena, script *s);

#endif
