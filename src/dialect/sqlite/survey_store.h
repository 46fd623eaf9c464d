/* SPDX-License-Identifier: MIT */
/*
 * Objects that a survey has put aside, as their CREATE statements. Much of what SQLite does to a schema takes as long as the
 * schema is large; so a survey's database is kept small, and each object is either in it or here.
 */
#ifndef AMEND_DIALECT_SQLITE_SURVEY_STORE_H
#define AMEND_DIALECT_SQLITE_SURVEY_STORE_H

#include "base/arena.h"

#include <sqlite3.h>

typedef struct sqlite_stored sqlite_stored;

typedef struct sqlite_store
{
    arena *arena; /* the caller's: texts stay in it until it is freed */
    sqlite_stored *objects;
    bool failed; /* out of memory */
} sqlite_store;

/* Put everything of main aside; the database is the caller's to throw away. */
void sqlite_store_fill(sqlite_store *store, sqlite3 *db);

/*
 * Take out what the statement names: tables and views, those of the indexes and triggers, and what those views and triggers
 * name in turn. Returns the CREATE statements, in an order in which they can be run; *count of them.
 */
slice *sqlite_store_take(sqlite_store *store, slice statement, size_t *count);

/* The object behind `at` of those put aside with this table or view, itself the first (at NULL), and its CREATE statement; NULL
   when there is none. */
const sqlite_stored *sqlite_store_next(const sqlite_store *store, slice owner, const sqlite_stored *at, slice *sql);

#endif
