/* SPDX-License-Identifier: MIT */
/* The forms of an answer, all of them JSON. */
#ifndef ANSWER_H
#define ANSWER_H

#include "db.h"

#include <amend/http.h>
#include <jansson.h>

/* Takes `value`; NULL (no memory) is an answer of 500. */
void answer_json(amend_http_request *request, unsigned status, json_t *value);
/* 204, and nothing else. */
void answer_empty(amend_http_request *request);
/* {"error": …} */
void answer_error(amend_http_request *request, unsigned status, const char *what);
/* 405, with what is allowed. */
void answer_not_allowed(amend_http_request *request, const char *allowed);
/* The database said no: 409 with its words when a constraint did, 500 otherwise. */
void answer_db(amend_http_request *request, const db *d, db_status status);

#endif
