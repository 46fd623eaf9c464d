/* SPDX-License-Identifier: MIT */
/* Which request goes where. */
#ifndef SERVICE_H
#define SERVICE_H

#include "db.h"

#include <amend/http.h>

/* The amend_http_handler. */
void service_handle(void *arg, amend_http_request *request);

/*
 * The routes' handlers. `id` is the key in the path, checked for its form; NULL where the route has none. `d` is this thread's
 * connection.
 */
void workspaces_create(amend_http_request *request, db *d, const char *id);
void cards_list(amend_http_request *request, db *d, const char *id);
void cards_create(amend_http_request *request, db *d, const char *id);
void cards_show(amend_http_request *request, db *d, const char *id);
void cards_change(amend_http_request *request, db *d, const char *id);
void cards_write_body(amend_http_request *request, db *d, const char *id);
void cards_delete(amend_http_request *request, db *d, const char *id);

#endif
