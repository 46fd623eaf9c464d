/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct MHD_Response *answer_make(json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);
    json_decref(value);
    if (text == NULL)
    {
        return NULL;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
    {
        free(text);
        return NULL;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    return response;
}

void answer_json(amend_http_request *request, unsigned status, json_t *value)
{
    struct MHD_Response *response = answer_make(value);
    if (response == NULL)
    {
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
        response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    amend_http_answer(request, status, response);
}

void answer_empty(amend_http_request *request)
{
    amend_http_answer(request, MHD_HTTP_NO_CONTENT, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void answer_error(amend_http_request *request, unsigned status, const char *what)
{
    answer_json(request, status, json_pack("{s:s}", "error", what));
}

void answer_not_allowed(amend_http_request *request, const char *allowed)
{
    struct MHD_Response *response = answer_make(json_pack("{s:s}", "error", "method not allowed"));
    if (response != NULL)
    {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allowed);
    }
    amend_http_answer(request, MHD_HTTP_METHOD_NOT_ALLOWED, response);
}

void answer_db(amend_http_request *request, const db *d, db_status status)
{
    if (status == DB_FAILED)
    {
        fprintf(stderr, "%s %s: %s\n", request->method, request->url, d->message);
    }
    /* Its own words, since this is an example; a service that strangers use would keep them to its log. */
    answer_error(request, status == DB_CONFLICT ? MHD_HTTP_CONFLICT : MHD_HTTP_INTERNAL_SERVER_ERROR, d->message);
}
