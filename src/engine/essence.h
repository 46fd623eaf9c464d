/* SPDX-License-Identifier: MIT */
/*
 * The essence of a script: what is left of it without white space, line ends and comments, as the dialect's tokens have it. A
 * hash of it goes into the events that record a step, so that a file whose checksum is another one can be told apart: was its
 * SQL changed, or only its form? Only a file that was changed costs anything.
 */
#ifndef AMEND_ENGINE_ESSENCE_H
#define AMEND_ENGINE_ESSENCE_H

#include "engine/plan.h"

enum
{
    ESSENCE_HEX = 33, /* the first 32 hex digits of the SHA-256, and NUL */
};

/* Error: OUT_OF_MEMORY. */
amend_status essence_hash(const dialect *d, const amend_allocator *allocator, slice text, char out[ESSENCE_HEX],
                          amend_error *error);

/*
 * plan_view, and then for each applied file that has changed: is it the same but for its form? Then it counts as applied, and
 * is marked as reworded. That needs the newest event that recorded the migration, with the checksum that the history has and
 * with an essence; without it the file counts as changed. Errors: what the database says, FILE_READ, OUT_OF_MEMORY.
 */
amend_status essence_view(session *s, arena *a, const catalog *c, const history *h, view *out, amend_error *error);

#endif
