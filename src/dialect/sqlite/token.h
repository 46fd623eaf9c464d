/* SPDX-License-Identifier: MIT */
/*
 * SQLite's tokens (https://sqlite.org/lang_keywords.html and the notes on comments, literals and identifiers there), as far as
 * they are needed to find where statements end and what they are about. Nothing is refused: what SQLite would not understand is
 * a token of kind OTHER, and an unended string or comment reaches to the end of the text.
 */
#ifndef AMEND_DIALECT_SQLITE_TOKEN_H
#define AMEND_DIALECT_SQLITE_TOKEN_H

#include "base/arena.h"
#include "base/slice.h"

typedef enum sqlite_token_kind
{
    SQLITE_TOKEN_END,    /* of the text: start and end are its length */
    SQLITE_TOKEN_WORD,   /* a keyword or a bare name */
    SQLITE_TOKEN_QUOTED, /* "a name", `a name`, [a name] */
    SQLITE_TOKEN_STRING, /* 'text'; of a blob x'00', the part behind the x */
    SQLITE_TOKEN_NUMBER,
    SQLITE_TOKEN_SEMICOLON,
    SQLITE_TOKEN_OPEN,  /* ( */
    SQLITE_TOKEN_CLOSE, /* ) */
    SQLITE_TOKEN_DOT,
    SQLITE_TOKEN_EQUALS,
    SQLITE_TOKEN_OTHER, /* an operator, a parameter, a stray character */
} sqlite_token_kind;

typedef struct sqlite_token
{
    sqlite_token_kind kind;
    size_t start, end;
} sqlite_token;

/* The first token at or behind `from`, white space and comments skipped. */
sqlite_token sqlite_token_next(slice text, size_t from);

/* Is it this keyword? In any case of letters; never a quoted name. */
bool sqlite_token_is(slice text, sqlite_token token, slice word);

/* Can it stand where a name is wanted? */
bool sqlite_token_is_name(sqlite_token token);

/* Is it this name, in any case of ASCII letters? `name` is unquoted, the token need not be. */
bool sqlite_token_names(slice text, sqlite_token token, slice name);

/* Write the name without its quotes into out, which has room for `size` bytes, and return its length; 0 when it doesn't fit, or
   is empty. No NUL is written. */
size_t sqlite_token_copy(slice text, sqlite_token token, char *out, size_t size);

/* The name without its quotes: points into text, or into the arena when a quote inside was doubled. data is NULL when memory is
   short. */
slice sqlite_token_name(arena *a, slice text, sqlite_token token);

#endif
