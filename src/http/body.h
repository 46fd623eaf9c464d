/* SPDX-License-Identifier: MIT */
/*
 * A request's body as it comes in pieces: kept up to a limit, and always followed by a 0, so that text can be read as a string.
 * It grows with what has come, never with what a client says that will come: ten thousand clients that promise a megabyte
 * cost nothing yet. Pure, but for the allocator.
 */
#ifndef AMEND_HTTP_BODY_H
#define AMEND_HTTP_BODY_H

#include "amend.h"

typedef struct body
{
    char *text; /* NULL while it is empty */
    size_t size;
    size_t room; /* bytes allocated */
} body;

typedef enum body_result
{
    BODY_KEPT,
    BODY_OVER,      /* it would be larger than the limit: nothing was added */
    BODY_NO_MEMORY, /* likewise */
} body_result;

body_result body_add(body *b, const amend_allocator *allocator, size_t limit, const char *piece, size_t size);
void body_clear(body *b, const amend_allocator *allocator);

#endif
