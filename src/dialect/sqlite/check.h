/* SPDX-License-Identifier: MIT */
/*
 * Foreign keys before and after a step that ran without them.
 *
 * The second check must fail in words that name tables, and SQL that the sqlite3 shell runs too has no statement for that
 * before SQLite 3.47. What plain SQLite has is an error that repeats a wrong JSON path: the words are put there, with a mark
 * before them, and the driver takes them out of the message again (sqlite_check_words).
 */
#ifndef AMEND_DIALECT_SQLITE_CHECK_H
#define AMEND_DIALECT_SQLITE_CHECK_H

#include "base/buf.h"

unsigned sqlite_check_begin(buf *out);
unsigned sqlite_check_end(buf *out);

/* The words in SQLite's message about a check that failed; an empty slice when it is any other message. */
slice sqlite_check_words(const char *message);

#endif
