/* SPDX-License-Identifier: MIT */
/* The difference of two snapshots in words: what is missing, extra, or other than expected. Pure. */
#ifndef AMEND_GUARD_DRIFT_H
#define AMEND_GUARD_DRIFT_H

#include "guard/snapshot.h"

typedef struct drift
{
    const char *object;  /* "column public.cards.title" */
    const char *message; /* "column public.cards.title is not as the last migration left it" */
    const char *detail;  /* "expected  text\nexisting  integer"; NULL when there is nothing to tell */
} drift;

typedef struct drifts
{
    drift *items; /* in the order of the objects */
    size_t count;
} drifts;

/*
 * One for each object; but what belongs to a table that is missing or extra itself (columns, constraints, triggers …) is named
 * in that one's detail. Of definitions with many lines the first that differs is told. Error: OUT_OF_MEMORY.
 */
amend_status drift_tell(arena *a, const differences *d, drifts *out, amend_error *error);

#endif
