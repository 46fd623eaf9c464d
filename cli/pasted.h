/* SPDX-License-Identifier: MIT */
/*
 * An error's text as people paste it (from psql, the sqlite3 shell, a server's log, a program's traceback), taken apart into
 * what the database itself said. Only wrappings that are known are taken off: a user's own words in an error, which may look
 * like another error, stay where they are. Pure.
 */
#ifndef AMEND_CLI_PASTED_H
#define AMEND_CLI_PASTED_H

#include "pool.h"

typedef struct pasted
{
    const char *message;  /* the database's own words, one line; "" for a text without any */
    const char *sqlstate; /* as the text has it, or else by the message's English words; NULL: unknown */
    const char *query;    /* the statement, or the part of it that the text shows; NULL: none */
    size_t position;      /* of the error in the query, in characters from 1; 0: unknown */
    size_t offset;        /* the same in bytes, as SQLite counts */
} pasted;

/* Strings are in the pool. */
pasted pasted_read(pool *p, const char *text);

/* The SQLSTATE of a missing object that a message of PostgreSQL's, in English, must have had; NULL: not one of them. */
const char *pasted_sqlstate(const char *message);

#endif
