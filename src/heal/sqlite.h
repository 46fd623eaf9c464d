/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of amend/sqlite.h. The parts, each in its own file:
 *
 *   sqlite.c              an operation failed: copy the error, cure, run it again, perhaps for several missing things in turn
 *   sqlite_place.c        which of a text's statements failed
 *   sqlite_transaction.c  a transaction that is run again as a whole where it could not be cured inside
 */
#ifndef AMEND_HEAL_SQLITE_H
#define AMEND_HEAL_SQLITE_H

#include "amend/sqlite.h"
#include "heal/heal.h"

/* What an operation failed with; a copy, since the cure's own statements overwrite it. */
typedef struct sqlite_failure
{
    buf message;
    buf query;       /* the statement that failed, with what stands before it */
    size_t position; /* in the query, from 1; 0: unknown */
} sqlite_failure;

/* Also one that is all zero. */
void sqlite_failure_clear(sqlite_failure *f);
/* Pointers into it. */
amend_db_error sqlite_failure_error(const sqlite_failure *f);

/* An open amend_sqlite_transaction, on its stack; found by its connection. */
typedef struct sqlite_transaction
{
    sqlite3 *db;
    bool blocked; /* a failure could have been cured, but not inside: */
    sqlite_failure failed;
    struct sqlite_transaction *next;
} sqlite_transaction;

/* NULL when the handle can't heal this: there is none, it is off, or for another kind of database. */
healer *sqlite_healer(amend *handle);
/* The connection's transaction, when there is one, shall be run again as a whole. Takes over what *f holds. */
void sqlite_transaction_block(healer *h, sqlite3 *db, sqlite_failure *f);

/* The place of a failed statement in a text. */
typedef struct sqlite_place
{
    size_t start, end; /* `start` is behind the statement before it */
    size_t position;   /* of the error, from `start`, counted from 1; 0: unknown */
    bool rows_before;  /* a statement before it gives rows */
} sqlite_place;

typedef enum sqlite_verdict
{
    SQLITE_PLACE_UNKNOWN, /* none, or it may be several; or it failed in the middle of running */
    SQLITE_PLACE_FOUND,   /* *out: it can't be prepared, and so has not begun to run */
    SQLITE_PLACE_CHANGED, /* *out: somebody has made what it missed in this very moment: it can be run again at once */
} sqlite_verdict;

/*
 * Which statement of the text failed for the missing object, with that message? To be asked before anything else is done on the
 * connection. It prepares statements and runs none. Unless it says CHANGED, `message` is the connection's error again, as far
 * as that can be had.
 */
sqlite_verdict sqlite_place_find(sqlite3 *db, arena *a, const char *text, const char *message, const amend_object *missing,
                                 sqlite_place *out);
/* sqlite3_error_offset + 1; 0 when it is unknown, or this SQLite doesn't tell. */
size_t sqlite_place_offset(sqlite3 *db);

#endif
