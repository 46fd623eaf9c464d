/* SPDX-License-Identifier: MIT */
/* Which migration depends on which, and the order that follows. Pure. */
#ifndef AMEND_MIGRATION_GRAPH_H
#define AMEND_MIGRATION_GRAPH_H

#include "migration/catalog.h"

/*
 * `items` come ordered by version and leave in running order: nothing before what it depends on, and among what could run
 * next, the lowest version first. Fills depends and depends_count (in the arena) and *by_version: the positions of the items
 * by version, NULL when the running order is that order. Errors: DEPENDS_UNKNOWN and DEPENDS_CYCLE with version, file, and
 * the offset of the version that the directive names (line and column are for the caller, who has the text), OUT_OF_MEMORY.
 */
amend_status graph_order(arena *a, migration *items, size_t count, const size_t **by_version, amend_error *error);

#endif
