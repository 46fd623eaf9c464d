/* SPDX-License-Identifier: MIT */
/*
 * Does a script say of itself that it may run twice? Pure. It does when each of its statements says so: CREATE … IF NOT EXISTS
 * or OR REPLACE, DROP … IF EXISTS, ADD COLUMN IF NOT EXISTS, INSERT … ON CONFLICT or OR IGNORE, a block that swallows what is
 * there already. Settings, queries and BEGIN … COMMIT count for neither side. Whether it is true, running it shows.
 */
#ifndef AMEND_GUARD_REPEAT_H
#define AMEND_GUARD_REPEAT_H

#include "dialect/dialect.h"

/* *out is set on AMEND_OK. Error: OUT_OF_MEMORY. */
amend_status repeat_claimed(arena *a, const dialect *d, const script *s, bool *out, amend_error *error);

#endif
