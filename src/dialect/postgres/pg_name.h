/* SPDX-License-Identifier: MIT */
/* Names in a query's text, read where they stand, without memory of their own. */
#ifndef AMEND_DIALECT_POSTGRES_PG_NAME_H
#define AMEND_DIALECT_POSTGRES_PG_NAME_H

#include "amend.h"
#include "dialect/postgres/pg_lexer.h"

enum
{
    PG_PATH_PARTS = 3,
    PG_NAME_BYTES = 63, /* what the server keeps of a name */
};

/* A name with what qualifies it: [[schema.]table.]column and the like. */
typedef struct pg_path
{
    pg_token parts[PG_PATH_PARTS]; /* PG_WORD or PG_NAME */
    size_t count;                  /* at least 1 */
    pg_token next;                 /* what stands behind it */
    bool star;                     /* it ends with .* */
} pg_path;

/* Read the path that begins at the lexer's place. False when there is none, when it has more parts than that, or when one is
   written with Unicode escapes. */
bool pg_path_read(pg_lexer *lexer, pg_path *out);
/* The same for a text that is a path and nothing else. */
bool pg_path_whole(slice text, pg_path *out);
/* The part's name as the catalog has it, with a NUL: folded or unquoted, and cut off where the server does. Returns its length.
 */
size_t pg_path_name(const pg_token *part, char out[AMEND_NAME_SIZE]);

/* Where the character of that number (from 1) begins, in bytes from 0; SIZE_MAX: not in the text. Of UTF-8. */
size_t pg_name_offset(slice text, size_t position);

/* The dialect's `mentions` and `parse_name`. */
bool pg_name_mentioned(slice query, const char *name);
bool pg_name_parse(slice text, amend_object *out);

#endif
