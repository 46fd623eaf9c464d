/* SPDX-License-Identifier: MIT */
/*
 * The live schema as facts, read from the CREATE statements that SQLite keeps: no table, view or module is touched, so a
 * damaged one, or a virtual table whose module is not there, hides nothing of the others. The statements say all that the
 * pragmas say, and what these keep to themselves: CHECK, COLLATE, DEFERRABLE, expressions.
 *
 *     table cards                      options: WITHOUT ROWID, STRICT, AUTOINCREMENT; VIRTUAL USING fts5(title)
 *     column cards.title               TEXT NOT NULL DEFAULT '' COLLATE nocase
 *     primary key cards                (id)
 *     unique cards (board, title)      (board, title) and what else is said of it
 *     check cards (length(title) > 0)  without a name; with one it is check cards.title_given, and the definition the condition
 *     foreign key cards (board)        REFERENCES boards (id) ON DELETE CASCADE
 *     index cards_title                UNIQUE ON cards (title COLLATE nocase DESC) WHERE title <> ''
 *     view v, trigger t                their tokens
 *
 * Names are in lower case (ASCII): to SQLite, names that differ only by case are one. The order of a table's columns, and the
 * names of constraints that no message mentions (all but CHECK's), don't count.
 */
#ifndef AMEND_DIALECT_SQLITE_SNAPSHOT_H
#define AMEND_DIALECT_SQLITE_SNAPSHOT_H

#include "dialect/dialect.h"
#include "dialect/sqlite/canon.h"

/* The slots of the dialect. */
unsigned sqlite_snapshot(buf *out, bool inside);
amend_status sqlite_snapshot_row(arena *a, const amend_row *row, fact_list *out, amend_error *error);

/* Facts in the making. */
typedef struct sqlite_facts
{
    arena *arena; /* the facts' */
    arena *work;  /* until the row is read */
    fact_list *list;
    size_t first;           /* of the current row */
    buf object, definition; /* of the next fact */
    bool failed;            /* out of memory; the bufs may say so, too */
} sqlite_facts;

/* Add what the bufs hold, unless this row's facts have it already, and empty them. */
void sqlite_facts_add(sqlite_facts *f);

/* A place in a CREATE statement. */
typedef struct sqlite_reader
{
    slice text;
    sqlite_token token;
} sqlite_reader;

void sqlite_reader_advance(sqlite_reader *r);
bool sqlite_reader_at(const sqlite_reader *r, const char *word);
/* Go over this word, if it is next. */
bool sqlite_reader_eat(sqlite_reader *r, const char *word);
/* From the statement's begin to behind the object's name: CREATE … what [IF NOT EXISTS] [schema.] name. False when it is not
   that. */
bool sqlite_reader_head(sqlite_reader *r, const char *what);

/* Does a table's constraint begin here? */
bool sqlite_reader_at_constraint(const sqlite_reader *r);
/* From a parenthesis to behind the one that closes it. */
void sqlite_reader_skip_parens(sqlite_reader *r);
/* To the comma or closing parenthesis that ends this entry of a list. */
void sqlite_reader_skip_entry(sqlite_reader *r);
/* Append "(a, b DESC)" for the list in parentheses at the reader, and go behind it. ASC says nothing, and falls away. */
void sqlite_reader_list(sqlite_reader *r, const sqlite_scope *scope, buf *out);

/* A table's columns, and what else a quoted word in its expressions can name. */
typedef struct sqlite_names_of
{
    sqlite_names columns; /* in order */
    sqlite_names all;     /* and the table and its rowid */
    bool rowid_less, strict;
} sqlite_names_of;

/* Read the names in a CREATE TABLE. False when it is none, or memory is short (f->failed). */
bool sqlite_snapshot_names(sqlite_facts *f, slice sql, slice table, sqlite_names_of *out);

/* The facts of a CREATE TABLE of this name; false when it can't be read: then what was added is to be taken back. */
bool sqlite_snapshot_table(sqlite_facts *f, slice sql, slice table);

#endif
