/* SPDX-License-Identifier: MIT */
/*
 * Tokens as SQLite's own tokenizer cuts them: those of token.h, which are enough to find statements, put together to whole
 * numbers, operators, blobs and numbered parameters. For comparing texts: 1.5 is one thing, 1 .5 are two.
 */
#ifndef AMEND_DIALECT_SQLITE_LEXEME_H
#define AMEND_DIALECT_SQLITE_LEXEME_H

#include "base/buf.h"
#include "dialect/sqlite/token.h"

/* The first at or behind `from`, white space and comments skipped. A blob x'00' is a STRING, an operator OTHER or EQUALS. */
sqlite_token sqlite_lexeme_next(slice text, size_t from);

/* The slot `essence` of the dialect. */
void sqlite_essence(slice text, buf *out);

#endif
