/* SPDX-License-Identifier: MIT */
/* Static knowledge of PostgreSQL's surroundings: what extensions bring, what functions do. */
#ifndef AMEND_DIALECT_POSTGRES_PG_KNOWN_H
#define AMEND_DIALECT_POSTGRES_PG_KNOWN_H

#include "amend.h"
#include "base/slice.h"

typedef struct pg_brings
{
    const char *extension;
    amend_object_kind kind;
    const char *names; /* with spaces between */
} pg_brings;

extern const pg_brings pg_known_extensions[];
extern const size_t pg_known_extension_count;

/* A function of the server's own that gives the same for all rows of one statement (STABLE or IMMUTABLE), or only reads. */
bool pg_known_steady(slice function);
/* One that may be called for its result alone: steady, or at most different at each call (random, aggregates). */
bool pg_known_harmless(slice function);
/* One of the server's own, or of an extension, that changes something. */
bool pg_known_harmful(slice function);

#endif
