/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL's tokens, as far as finding statements in a script needs them: words, quoted things, single symbols. It follows
 * the server's scanner (standard_conforming_strings on), so that what it takes for a string or comment is one for the server
 * too.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_LEXER_H
#define AMEND_DIALECT_POSTGRES_PG_LEXER_H

#include "base/arena.h"
#include "base/slice.h"

typedef enum pg_kind
{
    PG_END,
    PG_WORD,      /* an unquoted identifier or keyword */
    PG_NAME,      /* a "quoted identifier"; body without the quotes, doubled ones as written */
    PG_STRING,    /* '…' of any prefix; body without the quotes, doubled ones as written */
    PG_DOLLAR,    /* $tag$…$tag$; body is what is between */
    PG_NUMBER,    /* a number or a parameter */
    PG_SYMBOL,    /* one byte of anything else */
    PG_BACKSLASH, /* never SQL: a command of psql */
    PG_UNENDED,   /* a quote or comment that goes on to the end of the text; body is what opens it */
} pg_kind;

typedef struct pg_token
{
    pg_kind kind;
    size_t start, end;
    slice body;
} pg_token;

typedef struct pg_lexer
{
    slice text;
    size_t at;
} pg_lexer;

/* The next token behind white space and comments; PG_END again and again at the end. */
void pg_lexer_next(pg_lexer *lexer, pg_token *token);

/* Is the token this unquoted word? The word is given in upper case. */
bool pg_lexer_is(const pg_token *token, const char *word);
bool pg_lexer_is_symbol(const pg_token *token, char symbol);

/* The name that a PG_WORD or PG_NAME stands for: folded or unquoted, in the arena; data is NULL when memory is short. */
slice pg_lexer_name(arena *arena, const pg_token *token);

#endif
