/* SPDX-License-Identifier: MIT */
/*
 * Canonical text: SQL from the catalog with one spelling for what is the same to SQLite. White space and comments fall away,
 * keywords and names are in lower case (names that differ only by it are one), quotes fall away where a bare word says the
 * same. What stands in quotes and is no name is a string, and keeps its case.
 */
#ifndef AMEND_DIALECT_SQLITE_CANON_H
#define AMEND_DIALECT_SQLITE_CANON_H

#include "dialect/sqlite/lexeme.h"
#include "dialect/sqlite/survey.h"

/* How quoted words are read. */
typedef enum sqlite_quotes
{
    QUOTES_NAME,  /* each is a name */
    QUOTES_KNOWN, /* "x" is a name when it is one of the known ones, else a string */
    QUOTES_MAYBE, /* what is known is not enough: "X" stays as it is unless its place shows that it is a name */
    QUOTES_RAW,   /* not SQLite's to read (a module's arguments): every token as it stands */
} sqlite_quotes;

typedef struct sqlite_scope
{
    sqlite_quotes quotes;
    const sqlite_names *names; /* QUOTES_KNOWN */
} sqlite_scope;

/* Append the tokens in [from, to) with single spaces where a reader wants them. */
void sqlite_canon_text(buf *out, slice text, size_t from, size_t to, const sqlite_scope *scope);

/* Append a name, unquoted as given, in lower case; in double quotes when it is no bare word. */
void sqlite_canon_name(buf *out, slice name);
/* The same for a token that stands for a name, whatever its quotes. */
void sqlite_canon_name_token(buf *out, slice text, sqlite_token token);
/* Append the token's name, or the string between its quotes, as a string in single quotes. */
void sqlite_canon_string_token(buf *out, slice text, sqlite_token token);

/* Narrow the range while one pair of parentheses holds all of it. */
void sqlite_canon_unwrap(slice text, size_t *from, size_t *to);

/* Behind the parenthesis that closes the one at `token`; the text's length when there is none. */
size_t sqlite_canon_skip(slice text, sqlite_token token);

#endif
