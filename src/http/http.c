/* SPDX-License-Identifier: MIT */
/*
 * The way of a request through the middleware: collect its body, run the handler, heal what it told, run it again, send the
 * last answer. A request belongs to one thread at a time, as libmicrohttpd has it; what requests share is the options, which
 * never change, and the amend handle, whose healing any number of threads may use. So nothing here is locked.
 */
#include "amend/http.h"

#include "http/memory.h"
#include "http/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t BODY_LIMIT = (size_t)1 << 20;

/* --------------------------------------------------------------------------------------------------------------- open */

static amend_status http_error(amend_error *error, amend_code code, const char *message)
{
    const amend_explanation *e = amend_explain((int)code);
    if (error != NULL)
    {
        *error = (amend_error){.status = e->status, .code = code};
        snprintf(error->message, sizeof error->message, "%s", message);
        snprintf(error->hint, sizeof error->hint, "%s", e->remedy);
    }
    return e->status;
}

amend_status amend_http_open(const amend_http_options *options, amend_http **out, amend_error *error)
{
    if (options == NULL || out == NULL || options->size != sizeof *options)
    {
        return http_error(error, AMEND_E_ARGUMENT, "the options are missing, or their size is not AMEND_HTTP_OPTIONS_INIT's");
    }
    if (options->handler == NULL)
    {
        return http_error(error, AMEND_E_ARGUMENT, "the options have no handler");
    }
    if (options->max_reruns > TRAIL_RERUNS)
    {
        return http_error(error, AMEND_E_ARGUMENT, "max_reruns is more than 16");
    }
    const amend_allocator *allocator = options->allocator == NULL ? &http_memory_default : options->allocator;
    amend_http *http = http_memory_resize(allocator, NULL, 0, sizeof *http);
    if (http == NULL)
    {
        return http_error(error, AMEND_E_OUT_OF_MEMORY, "out of memory");
    }
    *http = (amend_http){.options = *options, .allocator = allocator};
    http->options.body_limit = options->body_limit == 0 ? BODY_LIMIT : options->body_limit;
    http->options.max_reruns = options->max_reruns == 0 ? TRAIL_RERUNS : options->max_reruns;
    *out = http;
    return AMEND_OK;
}

void amend_http_close(amend_http *http)
{
    if (http != NULL)
    {
        http_memory_free(http->allocator, http, sizeof *http);
    }
}

/* ------------------------------------------------------------------------------------------------ what a handler tells */

/* What the application has is the first member of what we have. */
static request *http_request(amend_http_request *seen)
{
    return (request *)seen;
}

void amend_http_answer(amend_http_request *seen, unsigned status, struct MHD_Response *response)
{
    request_answer(http_request(seen), status, response, false);
}

void amend_http_answer_shared(amend_http_request *seen, unsigned status, struct MHD_Response *response)
{
    request_answer(http_request(seen), status, response, true);
}

static trail *http_trail(request *r)
{
    if (r->trail == NULL)
    {
        r->trail = trail_new(r->http->allocator);
    }
    return r->trail;
}

void amend_http_failed(amend_http_request *seen, const amend_db_error *failed)
{
    request *r = http_request(seen);
    if (failed != NULL && http_trail(r) != NULL)
    {
        trail_failed(r->trail, r->http->allocator, failed);
    }
}

void amend_http_cured(amend_http_request *seen, amend_cure cure, const amend_healing *healing)
{
    request *r = http_request(seen);
    if ((cure == AMEND_CURE_DONE || cure == AMEND_CURE_RERUN) && http_trail(r) != NULL)
    {
        trail_cured(r->trail, cure, healing);
    }
}

/* ------------------------------------------------------------------------------------------------------- run, and again */

static void http_note(const request *r, amend_http_note_kind kind, const amend_error *error, const char *what)
{
    const amend_http_options *o = &r->http->options;
    if (o->on_note == NULL)
    {
        return;
    }
    char message[512];
    const amend_healing *healing = r->trail == NULL ? NULL : &r->trail->healing;
    bool named = healing != NULL && healing->version[0] != '\0';
    snprintf(message, sizeof message, "%s %s: %s%s%s%s%s", r->seen.method, r->seen.url, what, named ? " (migration " : "",
             named ? healing->version : "", named && healing->name[0] != '\0' ? " " : "", named ? healing->name : "");
    if (named)
    {
        size_t length = strlen(message);
        snprintf(message + length, sizeof message - length, ")");
    }
    o->on_note(o->arg,
               &(amend_http_note){.kind = kind, .message = message, .request = &r->seen, .healing = healing, .error = error});
}

/* Heal the error that the handler told. True when something was cured. */
static bool http_heal(request *r)
{
    trail *t = r->trail;
    if (t->failed.size == 0)
    {
        return true; /* a wrapper has done it */
    }
    if (r->http->options.handle == NULL)
    {
        return false;
    }
    amend_error error = {0};
    t->failed.cured = t->count == 0 ? "" : t->versions[t->count - 1];
    t->cure = amend_heal_error(r->http->options.handle, &t->failed, &t->healing, &error);
    if (t->cure == AMEND_CURE_DONE || t->cure == AMEND_CURE_RERUN)
    {
        return true;
    }
    if (t->healing.object.kind != AMEND_OBJECT_NONE)
    {
        http_note(r, AMEND_HTTP_UNHEALED, &error, "a missing object could not be cured");
    }
    return false;
}

/* The handler told an error: is the request to be run again? Its answer is dropped then. */
static bool http_again(request *r)
{
    if (!http_heal(r))
    {
        return false;
    }
    if (r->seen.body == NULL)
    {
        http_note(r, AMEND_HTTP_NOT_KEPT, NULL, "cured, but not run again: its body was too large to be kept");
        return false;
    }
    if (!trail_advance(r->trail, r->http->options.max_reruns))
    {
        http_note(r, AMEND_HTTP_GAVE_UP, NULL, "cured, but not run again: it has been, to no avail");
        return false;
    }
    http_note(r, AMEND_HTTP_RERUN, NULL, "cured, run again");
    trail_next(r->trail, r->http->allocator);
    request_unanswer(r);
    r->seen.run++;
    return true;
}

static enum MHD_Result http_send(request *r)
{
    if (r->response == NULL)
    {
        return MHD_NO;
    }
    enum MHD_Result queued = MHD_queue_response(r->seen.connection, r->status, r->response);
    request_unanswer(r); /* the queue has a reference of its own */
    return queued;
}

/* The middleware's own answer to a body that it can't take. */
static enum MHD_Result http_refuse(request *r)
{
    static char too_large[] = "the request's body is too large\n";
    static char no_memory[] = "no memory for the request's body\n";
    bool large = r->way == REQUEST_TOO_LARGE;
    char *text = large ? too_large : no_memory;
    http_note(r, large ? AMEND_HTTP_TOO_LARGE : AMEND_HTTP_NO_MEMORY, NULL,
              large ? "its body is too large" : "no memory for its body");
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
    if (response != NULL)
    {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
        request_answer(r, large ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_SERVICE_UNAVAILABLE, response, false);
    }
    return http_send(r);
}

static enum MHD_Result http_run(request *r)
{
    const amend_http_options *o = &r->http->options;
    if (r->way == REQUEST_TOO_LARGE || r->way == REQUEST_NO_MEMORY)
    {
        return http_refuse(r);
    }
    request_ready(r);
    do
    {
        o->handler(o->arg, &r->seen);
    }
    while (r->trail != NULL && r->trail->told && http_again(r));
    return http_send(r);
}

/* ------------------------------------------------------------------------------------------------------- libmicrohttpd */

static const char *http_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The headers are here. A client that waits for leave to send what is too large gets its answer now. */
static enum MHD_Result http_begin(request *r)
{
    const char *length = http_header(r->seen.connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length == NULL)
    {
        return MHD_YES;
    }
    request_expect(r, strtoull(length, NULL, 10));
    bool waits = http_header(r->seen.connection, MHD_HTTP_HEADER_EXPECT) != NULL;
    return r->way == REQUEST_TOO_LARGE && waits ? http_refuse(r) : MHD_YES;
}

enum MHD_Result amend_http_handle(void *http, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload_data, size_t *upload_data_size, void **slot)
{
    request *r = *slot;
    bool first = r == NULL;
    if (first)
    {
        r = request_new(http);
        if (r == NULL)
        {
            return MHD_NO;
        }
        *slot = r;
    }
    r->seen.connection = connection;
    r->seen.url = url;
    r->seen.method = method;
    r->seen.version = version;
    if (first)
    {
        return http_begin(r);
    }
    if (*upload_data_size > 0)
    {
        bool goes_on = request_take(r, upload_data, *upload_data_size);
        *upload_data_size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return http_run(r);
}

void amend_http_completed(void *http, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode how)
{
    (void)http;
    (void)connection;
    request *r = *slot;
    if (r == NULL)
    {
        return;
    }
    const amend_http_options *o = &r->http->options;
    if (o->done != NULL)
    {
        o->done(o->arg, &r->seen, how);
    }
    request_free(r);
    *slot = NULL;
}
