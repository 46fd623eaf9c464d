/* SPDX-License-Identifier: MIT */
/*
 * Reading what migrations make, by running them: survey.c runs, survey_table.c looks at one table before and after,
 * survey_judge.c finds what keeps a statement from being additive, and survey_trigger.c what triggers do beyond it.
 */
#ifndef AMEND_DIALECT_SQLITE_SURVEY_H
#define AMEND_DIALECT_SQLITE_SURVEY_H

#include "dialect/dialect.h"
#include "dialect/sqlite/survey_store.h"
#include "dialect/sqlite/token.h"

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

/* False: out of memory. */
bool sqlite_names_add(arena *a, sqlite_names *names, slice name);

/* A statement that writes rows, as far as its table: UPDATE [OR x] table; INSERT, REPLACE … INTO table; DELETE FROM table. */
typedef struct sqlite_write
{
    slice schema, table; /* empty when there is none */
    bool replaces;       /* REPLACE, or OR REPLACE */
} sqlite_write;

/* From its verb on. False: out of memory. */
bool sqlite_write_read(arena *a, slice text, sqlite_token verb, sqlite_write *out);

/* Where triggers are found: in the database by SQLITE_TRIGGERS_QUERY, and among what was put aside. */
typedef struct sqlite_triggers
{
    sqlite3_stmt *find;
    const sqlite_store *store;
} sqlite_triggers;

#define SQLITE_TRIGGERS_QUERY                                                                                                  \
    "SELECT sql FROM main.sqlite_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE UNION ALL "                    \
    "SELECT sql FROM sqlite_temp_master WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE"

/* Add the other tables of which rows are changed or taken away by triggers when rows of this one change; plain INSERTs only
   add. `replaces`: they are changed with OR REPLACE. False: out of memory. */
bool sqlite_triggers_lose(sqlite_triggers *triggers, arena *a, slice table, bool replaces, sqlite_names *lost);

/* What the script at hand has made so far: tables, views. */
typedef struct sqlite_made
{
    arena *arena;
    sqlite_names names;
    bool failed; /* out of memory */
} sqlite_made;

void sqlite_made_add(sqlite_made *made, slice name);

typedef struct sqlite_judged
{
    bool objects;        /* there is something against running the statement by itself: */
    objection objection; /* its kind, schema and table. What is about something that the script has made is none */
    slice changed;       /* the table whose rows the statement changes, so that triggers fire; empty when there is none */
    bool replaces;       /* … with OR REPLACE */
} sqlite_judged;

/* `action` is what SQLite said of the statement, code 0 when it wasn't asked, or didn't understand. A trigger in temp is as
   good as fired: it stays with the connection, and what comes later doesn't know of it. */
sqlite_judged sqlite_judge(sqlite_made *made, slice text, const stmt *s, const sqlite_action *action);

#endif
