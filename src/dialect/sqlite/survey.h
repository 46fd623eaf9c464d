/* SPDX-License-Identifier: MIT */
/*
 * Reading what migrations make, by running them: survey.c runs, survey_table.c looks at one table before and after, and
 * survey_judge.c finds what keeps a statement from being additive.
 */
#ifndef AMEND_DIALECT_SQLITE_SURVEY_H
#define AMEND_DIALECT_SQLITE_SURVEY_H

#include "dialect/dialect.h"

#include <sqlite3.h>

/* The slots of the dialect. */
amend_status sqlite_survey_open(const amend_allocator *allocator, survey **out, amend_error *error);
amend_status sqlite_survey_read(survey *s, arena *a, const script *script, findings *out, amend_error *error);
void sqlite_survey_close(survey *s);

/* What SQLite says of a statement when it prepares it: the action that it asks its authorizer for. */
typedef struct sqlite_action
{
    int code;          /* SQLITE_CREATE_TABLE …; 0: none that makes, changes or drops an object */
    slice name, table; /* what it is about, and its table: the same for a table or view */
    bool temporary;    /* in temp: this connection's alone */
} sqlite_action;

typedef struct sqlite_names
{
    slice *names;
    size_t count;
} sqlite_names;

/* A table as it is: its columns in order, and the columns of each unique constraint and index, as in amend_object.name. */
typedef struct sqlite_table
{
    sqlite_names columns, uniques;
} sqlite_table;

/* Look at a table or view of main; one that isn't there, or can't be read, has no columns. False: out of memory. */
bool sqlite_table_look(sqlite3 *db, arena *a, slice name, sqlite_table *out);

/* The two columns of a query's rows. False: out of memory. */
bool sqlite_look_pairs(sqlite3 *db, arena *a, const char *query, sqlite_names *first, sqlite_names *second);

bool sqlite_names_have(const sqlite_names *names, slice name);

/* What the script at hand has made so far: tables, views. */
typedef struct sqlite_made
{
    arena *arena;
    sqlite_names names;
    bool failed; /* out of memory */
} sqlite_made;

void sqlite_made_add(sqlite_made *made, slice name);

/* Is there something against running the statement by itself? `action` is what SQLite said of it, code 0 when it wasn't asked,
   or didn't understand. Fills kind, schema and table; the objection is void when it is about what the script has made. */
bool sqlite_judge(sqlite_made *made, slice text, const stmt *s, const sqlite_action *action, objection *out);

#endif
