/* SPDX-License-Identifier: MIT */
/*
 * Reading an application's query, as far as healing needs it: which names it has, and which table is meant. Nothing here
 * allocates, and any text will do: what can't be told is not told.
 */
#ifndef AMEND_DIALECT_SQLITE_QUERY_H
#define AMEND_DIALECT_SQLITE_QUERY_H

#include "amend.h"
#include "base/slice.h"

/* The slots of the dialect. */
bool sqlite_mentions(slice query, const char *name);
bool sqlite_repeatable(slice query);
bool sqlite_parse_name(slice text, amend_object *out);

enum
{
    SQLITE_CHAIN = 3,
};

/*
 * The names with dots between them that begin at byte `at` of the query: how long each is without its quotes. Together, with
 * the dots, they must read exactly as `whole`; else there are 0.
 */
size_t sqlite_chain_at(slice query, size_t at, slice whole, size_t lengths[SQLITE_CHAIN]);

/* Write the table that goes by this alias into table, of AMEND_NAME_SIZE bytes. False when there is none, or more than one. */
bool sqlite_table_of_alias(slice query, slice alias, char *table);

/*
 * Fill table (of the INSERT) and name (the columns) from ON CONFLICT (…), of the clause with this ordinal, or with 0 from the
 * query's only one. False when it can't be told which, or when it is about expressions.
 */
bool sqlite_conflict_target(slice query, unsigned ordinal, amend_object *out);

/* The table of the query's only INSERT; like sqlite_table_of_alias. */
bool sqlite_insert_target(slice query, char *table);

#endif
