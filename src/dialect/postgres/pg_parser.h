/* SPDX-License-Identifier: MIT */
/*
 * The server's own parser, by libpg_query. It is loaded when a statement needs it: most scripts, and all runs that find nothing
 * to do, never pay for it. Without the library, or for syntax that it is too old for, callers go by the tokens alone.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_PARSER_H
#define AMEND_DIALECT_POSTGRES_PG_PARSER_H

#include "base/arena.h"
#include "base/slice.h"

#include <pg_query/pg_query.pb-c.h>

/*
 * How many statements the text is, and how long its first one (its semicolon not counted). 0 when it doesn't parse, or the
 * library is missing. `text` must be followed by a NUL.
 */
size_t pg_parser_count(slice text, size_t *first);

/*
 * The statements' trees, in the arena. *out is NULL when the text doesn't parse, is nested too deeply for a small stack, or the
 * library is missing or of another major version than the header that this was built with. False when memory is short. `text`
 * must be followed by a NUL.
 */
bool pg_parser_tree(arena *arena, slice text, const PgQuery__ParseResult **out);

#endif
