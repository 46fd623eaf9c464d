/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include "http/memory.h"

/*
 * A refused body is read to its end before the answer is sent: a client that is still writing would otherwise lose the answer
 * to the connection's reset. But only so much of it.
 */
static const size_t DROP_LIMIT = (size_t)64 << 20;

request *request_new(amend_http *http)
{
    request *r = http_memory_resize(http->allocator, NULL, 0, sizeof *r);
    if (r != NULL)
    {
        *r = (request){.http = http};
    }
    return r;
}

void request_free(request *r)
{
    const amend_allocator *allocator = r->http->allocator;
    request_unanswer(r);
    body_clear(&r->body, allocator);
    trail_free(r->trail, allocator);
    http_memory_free(allocator, r, sizeof *r);
}

/* The body turned out larger than what is kept. */
static void request_outgrow(request *r)
{
    r->way = r->http->options.upload == NULL ? REQUEST_TOO_LARGE : REQUEST_STREAMS;
}

void request_expect(request *r, unsigned long long size)
{
    if (size > r->http->options.body_limit)
    {
        request_outgrow(r);
    }
}

static void request_stream(request *r, const char *piece, size_t size)
{
    const amend_http_options *o = &r->http->options;
    if (!o->upload(o->arg, &r->seen, piece, size))
    {
        r->way = REQUEST_SKIPS;
    }
}

/* What was kept goes on its way, too, and its memory back. */
static void request_unkeep(request *r)
{
    if (r->way == REQUEST_STREAMS && r->body.size > 0)
    {
        request_stream(r, r->body.text, r->body.size);
    }
    body_clear(&r->body, r->http->allocator);
}

static void request_keep(request *r, const char *piece, size_t size)
{
    body_result result = body_add(&r->body, r->http->allocator, r->http->options.body_limit, piece, size);
    if (result == BODY_OVER)
    {
        request_outgrow(r);
        request_unkeep(r);
    }
    else if (result == BODY_NO_MEMORY)
    {
        r->way = REQUEST_NO_MEMORY;
        request_unkeep(r);
    }
}

bool request_take(request *r, const char *piece, size_t size)
{
    r->seen.size += size;
    if (r->way == REQUEST_KEEPS)
    {
        request_keep(r, piece, size);
        if (r->way == REQUEST_KEEPS)
        {
            return true;
        }
    }
    if (r->way == REQUEST_STREAMS)
    {
        request_stream(r, piece, size);
        return true;
    }
    r->dropped += size;
    return r->dropped <= DROP_LIMIT;
}

void request_ready(request *r)
{
    if (r->way == REQUEST_KEEPS)
    {
        r->seen.body = r->body.text == NULL ? "" : r->body.text;
    }
}

void request_answer(request *r, unsigned status, struct MHD_Response *response, bool shared)
{
    request_unanswer(r);
    r->status = status;
    r->response = response;
    r->shared = shared;
}

void request_unanswer(request *r)
{
    if (r->response != NULL && !r->shared)
    {
        MHD_destroy_response(r->response);
    }
    r->response = NULL;
}
