/* SPDX-License-Identifier: MIT */
/*
 * What lint knows of a SQLite schema: the tables and indexes that the scripts have made so far, as written. Read from tokens,
 * as far as the rules need it; what is not understood leaves gaps, never an error.
 */
#ifndef AMEND_DIALECT_SQLITE_LINT_PARSE_H
#define AMEND_DIALECT_SQLITE_LINT_PARSE_H

#include "dialect/dialect.h"
#include "dialect/sqlite/survey.h"
#include "dialect/sqlite/token.h"

/* A statement's tokens, its semicolon and comments left out; offsets are those of the script. */
typedef struct sqlint_words
{
    arena *arena;
    slice text; /* of the script, up to the statement's end */
    sqlite_token *items;
    size_t count;
} sqlint_words;

/* False: out of memory. */
bool sqlint_read_words(arena *a, const script *s, size_t statement, sqlint_words *out);
/* Is item `i` this keyword? False behind the end. */
bool sqlint_is(const sqlint_words *w, size_t i, const char *word);
/* The item as a name; empty when it is none. */
slice sqlint_name(const sqlint_words *w, size_t i);
bool sqlint_kind(const sqlint_words *w, size_t i, sqlite_token_kind kind);
bool sqlint_comma(const sqlint_words *w, size_t i);
/* Behind the parenthesis that opens at `i`; the end when it isn't closed. */
size_t sqlint_behind(const sqlint_words *w, size_t i);
/* The names between the parentheses at `i`, each the first word of its part; *behind becomes what follows. */
sqlite_names sqlint_names_at(const sqlint_words *w, size_t i, size_t *behind, bool *failed);
/* The first word of "name" or "schema.name" at `i`: the last one's place. */
size_t sqlint_last_name(const sqlint_words *w, size_t i);

/* What keeps SQLite from understanding this ALTER TABLE at all; NULL: nothing that is known. */
const char *sqlint_unsupported(const sqlint_words *w);

typedef struct sqlint_column
{
    slice name, type;  /* the type as written: "VARCHAR(20)" */
    size_t first, end; /* its words */
    size_t type_at;    /* its first word; `first` when there is none */
    bool primary_key, unique, not_null, autoincrement;
} sqlint_column;

typedef struct sqlint_reference
{
    sqlite_names columns;
    slice parent;
    sqlite_names keys; /* of the parent; none: its primary key */
    size_t at;         /* offset of what says so, … */
    size_t statement;  /* … and its statement */
    bool fresh;        /* the script at hand has made it */
} sqlint_reference;

typedef struct sqlint_table
{
    slice name;
    bool opaque; /* its columns aren't known: CREATE TABLE … AS, or virtual */
    bool strict, without_rowid;
    sqlint_column *columns;
    size_t column_count;
    sqlite_names *keys; /* of PRIMARY KEY and UNIQUE, the primary key first when there is one */
    size_t key_count;
    bool has_primary;
    sqlint_reference *references;
    size_t reference_count;
    bool gone;
} sqlint_table;

typedef struct sqlint_index
{
    slice name, table;
    sqlite_names columns;
    bool unique, partial, gone;
} sqlint_index;

/* Lives in the survey, and in the arena of the same life. */
typedef struct sqlint_memory
{
    arena *arena;
    sqlint_table *tables;
    size_t table_count;
    sqlint_index *indexes;
    size_t index_count;
} sqlint_memory;

/* What this survey remembers; its arena is set. */
sqlint_memory *sqlite_survey_memory(survey *s);

/* Read CREATE TABLE; the words' texts are copied into `a`. False: out of memory. */
bool sqlint_read_table(arena *a, const sqlint_words *w, sqlint_table *out);
/* Read the column definition in words [first, end) into the table. */
void sqlint_read_column(arena *a, const sqlint_words *w, size_t first, size_t end, sqlint_table *out, bool *failed);

/* NULL when it isn't known. */
sqlint_table *sqlint_find_table(const sqlint_memory *m, slice name);
/* Is this list of columns a primary key, or unique? Whatever their order. */
bool sqlint_is_key(const sqlint_memory *m, const sqlint_table *t, const sqlite_names *columns);
/* Is there an index that begins with these columns, or a key? */
bool sqlint_is_indexed(const sqlint_memory *m, const sqlint_table *t, const sqlite_names *columns);
/* Take in what the statement did to the schema. False: out of memory. */
bool sqlint_remember(sqlint_memory *m, arena *a, const script *s, size_t statement);

#endif
