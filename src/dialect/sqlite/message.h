/* SPDX-License-Identifier: MIT */
/* What SQLite's message says, word for word: the form that it has, and the names in it as they stand there. */
#ifndef AMEND_DIALECT_SQLITE_MESSAGE_H
#define AMEND_DIALECT_SQLITE_MESSAGE_H

#include "base/slice.h"

typedef enum sqlite_message_kind
{
    SQLITE_SAYS_NOTHING,      /* of a missing object */
    SQLITE_SAYS_NO_TABLE,     /* name: perhaps with its schema and a dot before it */
    SQLITE_SAYS_NO_VIEW,      /* likewise */
    SQLITE_SAYS_NO_INDEX,     /* likewise */
    SQLITE_SAYS_NO_TRIGGER,   /* likewise */
    SQLITE_SAYS_NO_COLUMN,    /* name: perhaps with a qualifier and a dot before it, or two */
    SQLITE_SAYS_NO_BARE,      /* name: of a column, without a qualifier, perhaps in the quotes of the query */
    SQLITE_SAYS_NO_COLUMN_IN, /* table (perhaps with its schema), name */
    SQLITE_SAYS_FEW_COLUMNS,  /* table (perhaps with its schema), has, wants */
    SQLITE_SAYS_NO_UNIQUE,    /* ordinal */
} sqlite_message_kind;

typedef struct sqlite_message
{
    sqlite_message_kind kind;
    slice table, name;
    slice has, wants; /* numbers: columns, values */
    unsigned ordinal; /* which ON CONFLICT clause of its statement, from 1; 0: the only one */
} sqlite_message;

/* Read the whole message. Names are never empty, and point into it. When in doubt, it says nothing. */
sqlite_message sqlite_read_message(const char *message);

#endif
