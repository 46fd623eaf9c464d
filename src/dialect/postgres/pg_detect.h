/* SPDX-License-Identifier: MIT */
/* Which object a failed query misses, and whether the query may be run again: the dialect's `detect` and `repeatable`. */
#ifndef AMEND_DIALECT_POSTGRES_PG_DETECT_H
#define AMEND_DIALECT_POSTGRES_PG_DETECT_H

#include "amend.h"
#include "base/slice.h"

bool pg_detect(const amend_db_error *error, amend_object *out);
bool pg_detect_repeatable(slice query);

#endif
