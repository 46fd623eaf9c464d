/* SPDX-License-Identifier: MIT */
#include "engine/restore.h"

#include "base/error.h"

amend_status restore_tables(session *s, arena *a, restore *r, amend_error *error)
{
    (void)s, (void)a, (void)r;
    return error_memory(error);
}
