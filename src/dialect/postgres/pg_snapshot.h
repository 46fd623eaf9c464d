/* SPDX-License-Identifier: MIT */
/*
 * The live schema as facts: one query over the catalogs of PostgreSQL 12 and later, and the reading of its rows.
 *
 * What is told, and as what (names by quote_ident, always with their schema; parts of a table have the table's name before
 * theirs):
 *
 *     schema, table, foreign table, column, constraint (of tables and domains), index, view, materialized view, rule, trigger,
 *     policy, sequence, type (enum, composite, range, base), domain, function, procedure, aggregate (with their arguments'
 *     types), operator, cast, collation, text search configuration, text search dictionary, statistics, event trigger, server,
 *     publication, extension
 *
 * The definitions are the server's own words (pg_get_…def, format_type) wherever it has some, so they are comparable between
 * servers of one major version; between two, the server may say the same in other words.
 *
 * What is not told, on purpose:
 *     the order of a table's columns    ADD COLUMN puts last what CREATE TABLE puts anywhere, and no statement can change it.
 *                                       The order in composite types, views and enums is told.
 *     owners, grants, comments          an option for later: more parts of the query, asked for by a flag of the slot
 *     what the server has its own defaults for: tablespaces, encodings, the database's collation, versions of extensions and
 *     collations, user mappings and the options of foreign servers (addresses)
 *     state that isn't schema: the values of sequences, rows, statistics, whether a materialized view is filled, CLUSTER's mark
 *     what follows from something told: the index behind a constraint, array and row types, the sequence of an identity column
 *     (its options are the column's), a foreign key's, trigger's copies on partitions, constructors of ranges
 *     what isn't the application's: system schemas, extensions' members, temporary objects, amend's own tables
 *     operator classes and families, languages, access methods, conversions, transforms, subscriptions
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_SNAPSHOT_H
#define AMEND_DIALECT_POSTGRES_PG_SNAPSHOT_H

#include "dialect/dialect.h"

unsigned pg_snapshot(buf *out, bool inside);
/* What it is made of: the settings, until the transaction ends, and the query, without a semicolon: rows of object, definition.
 */
unsigned pg_snapshot_settings(buf *out);
void pg_snapshot_query(buf *out);
amend_status pg_snapshot_row(arena *arena, const amend_row *row, fact_list *out, amend_error *error);

#endif
