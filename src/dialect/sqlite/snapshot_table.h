/* SPDX-License-Identifier: MIT */
/*
 * Reading CREATE TABLE as SQLite's grammar has it (parse.y): the table and its columns (columnlist, ccons; snapshot_table.c),
 * and its constraints (tcons; snapshot_constraint.c). Whatever is not in the grammar makes the whole table unread.
 */
#ifndef AMEND_DIALECT_SQLITE_SNAPSHOT_TABLE_H
#define AMEND_DIALECT_SQLITE_SNAPSHOT_TABLE_H

#include "dialect/sqlite/snapshot.h"

typedef struct table_range
{
    size_t from, to; /* nothing: to is 0 */
} table_range;

typedef struct table_column
{
    slice name;
    table_range type, value, generated; /* value: of DEFAULT */
    sqlite_token collation;             /* kind END: none */
    bool word_value;                    /* DEFAULT word: a string */
    bool not_null, key, stored;
    const char *not_null_conflict;
} table_column;

typedef struct table_reading
{
    sqlite_facts *facts;
    sqlite_reader r;
    slice name; /* the table's */
    sqlite_names_of names;
    sqlite_scope scope;
    table_column *columns;
    size_t count;
    sqlite_token constraint; /* the last CONSTRAINT's name: it stays until the next comma */
    bool autoincrement;
    bool rowid; /* the primary key is another name of the rowid: SQLite gives it a value when it is NULL */
} table_reading;

/* ON CONFLICT, as words to append; "" for what holds anyway. */
const char *snapshot_table_conflict(sqlite_reader *r);
/* What is between the parentheses at the reader, which goes behind them. */
table_range snapshot_table_parens(sqlite_reader *r);
/* Append the tokens of the range. */
void snapshot_table_text(buf *out, const table_reading *t, table_range range);
/* "kind table", the begin of a constraint's fact. */
void snapshot_table_object(table_reading *t, const char *kind);
/* The type that makes a primary key another name of the rowid. */
bool snapshot_table_is_integer(const table_reading *t, const table_column *c);
/* "(column)", with what is said of its order. */
void snapshot_table_column_list(table_reading *t, const table_column *c, const char *order);
/* [NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE]: *deferred is what it says. False when it isn't there. */
bool snapshot_table_deferrable(sqlite_reader *r, bool *deferred);
/* REFERENCES t [(…)] and what is said of it; the fact's object is written already. */
bool snapshot_table_references(table_reading *t);
/* One constraint of the table, or its CONSTRAINT name; of a column, too, where it looks the same. False for what is none. */
bool snapshot_table_constraint(table_reading *t);

#endif
