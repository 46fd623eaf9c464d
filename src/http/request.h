/* SPDX-License-Identifier: MIT */
/* One request: its body, the answer that its handler gave last, and what it went through. */
#ifndef AMEND_HTTP_REQUEST_H
#define AMEND_HTTP_REQUEST_H

#include "amend/http.h"
#include "http/body.h"
#include "http/trail.h"

struct amend_http
{
    amend_http_options options;
    const amend_allocator *allocator;
};

/* What becomes of the body's bytes. It moves downwards only. */
typedef enum request_way
{
    REQUEST_KEEPS,     /* in memory */
    REQUEST_STREAMS,   /* to `upload` */
    REQUEST_SKIPS,     /* `upload` wants no more of it; the handler is called all the same */
    REQUEST_TOO_LARGE, /* refused: 413 */
    REQUEST_NO_MEMORY, /* refused: 503 */
} request_way;

typedef struct request
{
    amend_http_request seen; /* first: what the application has is a pointer to this */
    amend_http *http;
    request_way way;
    body body;
    size_t dropped; /* bytes read and thrown away */
    unsigned status;
    struct MHD_Response *response; /* NULL: no answer yet */
    bool shared;                   /* it is the application's */
    trail *trail;                  /* NULL: no error was ever told */
} request;

/* NULL when there is no memory. */
request *request_new(amend_http *http);
/* With its answer, body and trail. */
void request_free(request *r);

/* The client says that so much will come. */
void request_expect(request *r, unsigned long long size);
/* The next piece of the body. False: more than anyone may send in vain has been dropped; cut the connection. */
bool request_take(request *r, const char *piece, size_t size);
/* All has come: let the handler see it. */
void request_ready(request *r);

void request_answer(request *r, unsigned status, struct MHD_Response *response, bool shared);
/* Destroy the answer unsent. */
void request_unanswer(request *r);

#endif
