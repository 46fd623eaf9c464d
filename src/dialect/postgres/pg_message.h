/* SPDX-License-Identifier: MIT */
/*
 * Names in the server's messages, whose words may be of any language: by what all languages leave alone, which is the quotes'
 * being quotes, a signature's parenthesis, the value behind a colon at the end.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_MESSAGE_H
#define AMEND_DIALECT_POSTGRES_PG_MESSAGE_H

#include "base/slice.h"

enum
{
    PG_RUNS = 2,
};

/* The quoted names of a message. */
typedef struct pg_runs
{
    slice runs[PG_RUNS]; /* without the quotes; the first is the object's, the second that of what it belongs to */
    size_t count;        /* PG_RUNS + 1: more than that, or quotes that don't match */
} pg_runs;

void pg_message_runs(slice message, pg_runs *out);
/* Does the text stand in the message as it is, and not as a part of a longer word? */
bool pg_message_has(slice message, slice text);
/* The name in a message like: column c.title does not exist. No data: none. */
slice pg_message_dotted(slice message);
/* The name in a message like: function app.foo(integer) does not exist. No data: none. */
slice pg_message_called(slice message);
/* Type and value in a message like: invalid input value for enum app.status: "done". The type is as in SQL, quotes and all. */
bool pg_message_value(slice message, slice *type, slice *value);

#endif
