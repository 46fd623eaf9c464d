/* SPDX-License-Identifier: MIT */
/* Objects of a database in words and in JSON: what a migration provides, what an error misses. */
#ifndef AMEND_CLI_OBJECT_H
#define AMEND_CLI_OBJECT_H

#include "amend.h"
#include "pool.h"

#include <jansson.h>

/* "cards", "cards.title", "cards (a, b)" of a unique index; the table where its column has no name. */
const char *object_name(pool *p, const amend_object *object);
/* {"kind": …, "schema": …, "table": …, "name": …, "count": …}: what is known. A new reference. */
json_t *object_json(const amend_object *object);

/*
 * The object among those that the handle's migrations provide whose name is nearest to that one, as "table cards"; NULL when
 * none is near, or it can't be told.
 */
const char *object_nearest(amend *handle, pool *p, const char *name);

#endif
