/* SPDX-License-Identifier: MIT */
/*
 * The calls of amend/http.h without the middleware: what a service would write by hand, a state for each request, the body in
 * one buffer, and its one answer. bench/http links examples/http-cards with this in place of libamend-http, and measures both.
 */
#include "amend/http.h"

#include <stdlib.h>
#include <string.h>

struct amend_http
{
    amend_http_options options;
};

typedef struct state
{
    amend_http_request seen; /* first */
    char *body;
    unsigned status;
    struct MHD_Response *response;
} state;

amend_status amend_http_open(const amend_http_options *options, amend_http **out, amend_error *error)
{
    (void)error;
    *out = malloc(sizeof **out);
    if (*out == NULL)
    {
        return AMEND_FAILED;
    }
    (*out)->options = *options;
    return AMEND_OK;
}

void amend_http_close(amend_http *http)
{
    free(http);
}

void amend_http_answer(amend_http_request *request, unsigned status, struct MHD_Response *response)
{
    state *s = (state *)request;
    s->status = status;
    s->response = response;
}

void amend_http_failed(amend_http_request *request, const amend_db_error *failed)
{
    (void)request;
    (void)failed;
}

static enum MHD_Result take(state *s, const char *data, size_t *size)
{
    char *body = realloc(s->body, s->seen.size + *size + 1);
    if (body == NULL)
    {
        return MHD_NO;
    }
    memcpy(body + s->seen.size, data, *size);
    s->body = body;
    s->seen.size += *size;
    body[s->seen.size] = '\0';
    *size = 0;
    return MHD_YES;
}

enum MHD_Result amend_http_handle(void *http, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload_data, size_t *upload_data_size, void **slot)
{
    const amend_http_options *o = &((amend_http *)http)->options;
    state *s = *slot;
    if (s == NULL)
    {
        *slot = calloc(1, sizeof *s);
        return *slot == NULL ? MHD_NO : MHD_YES;
    }
    if (*upload_data_size > 0)
    {
        return take(s, upload_data, upload_data_size);
    }
    s->seen.connection = connection;
    s->seen.url = url;
    s->seen.method = method;
    s->seen.version = version;
    s->seen.body = s->body == NULL ? "" : s->body;
    o->handler(o->arg, &s->seen);
    enum MHD_Result queued = MHD_queue_response(connection, s->status, s->response);
    MHD_destroy_response(s->response);
    return queued;
}

void amend_http_completed(void *http, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode how)
{
    (void)http;
    (void)connection;
    (void)how;
    state *s = *slot;
    if (s != NULL)
    {
        free(s->body);
        free(s);
        *slot = NULL;
    }
}
