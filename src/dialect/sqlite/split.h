/* SPDX-License-Identifier: MIT */
/*
 * Reading a script: where its statements begin and end (split.c), and what each of them is (classify.c).
 *
 * A statement ends at its semicolon. Two have semicolons inside: CREATE TRIGGER, where sqlite3_complete() decides, SQLite's own
 * rule, and CREATE VIRTUAL TABLE, in its parentheses. The driver runs a script by sqlite3's prepare and tail; both must find
 * the same statements, and a test compares them.
 */
#ifndef AMEND_DIALECT_SQLITE_SPLIT_H
#define AMEND_DIALECT_SQLITE_SPLIT_H

#include "dialect/dialect.h"
#include "dialect/sqlite/token.h"

/* Does a CREATE TRIGGER begin with this token? EXPLAIN may stand before it. */
bool sqlite_begins_trigger(slice text, sqlite_token token);

/* The slot `split` of the dialect. */
amend_status sqlite_split(arena *a, slice text, script *out, amend_error *error);

/* What a statement does to a table's name; collected while classifying, to find rebuilds. */
typedef enum sqlite_change_kind
{
    SQLITE_CREATES, /* CREATE TABLE name */
    SQLITE_DROPS,   /* DROP TABLE name */
    SQLITE_RENAMES, /* ALTER TABLE source RENAME TO name */
} sqlite_change_kind;

typedef struct sqlite_change
{
    slice name;   /* in lower case: SQLite's names don't differ by it */
    slice source; /* SQLITE_RENAMES only */
    sqlite_change_kind kind;
    size_t statement;
} sqlite_change;

typedef struct sqlite_reading
{
    arena *arena;
    script *script;
    sqlite_change *changes;
    size_t change_count;
    bool failed; /* out of memory */
} sqlite_reading;

/* Fill flags, schema, object and table of the script's statement number `i`, whose start and end are set, and the script's
   flags that follow from it alone. */
void sqlite_classify(sqlite_reading *r, size_t i);

/* Do the collected changes rebuild a table? Sorts them. */
bool sqlite_rebuilds(sqlite_change *changes, size_t count);

#endif
