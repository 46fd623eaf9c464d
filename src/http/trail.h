/* SPDX-License-Identifier: MIT */
/*
 * What a failing request went through: the error that its handler told in the current run, and the migrations that its cures
 * have named so far. From them comes the decision whether it is run again. Made when the first error is told; most requests
 * never have one.
 */
#ifndef AMEND_HTTP_TRAIL_H
#define AMEND_HTTP_TRAIL_H

#include "amend.h"

enum
{
    TRAIL_RERUNS = 16,
};

typedef struct trail
{
    bool told;             /* something was told in this run: either */
    amend_db_error failed; /*   an error to be healed, its texts in `texts`; size 0: none, */
    amend_cure cure;       /*   or what a wrapper came to, */
    amend_healing healing; /*   with its particulars */
    char *texts;
    size_t texts_size;
    unsigned count; /* cures so far */
    char versions[TRAIL_RERUNS][72];
} trail;

/* NULL when there is no memory. */
trail *trail_new(const amend_allocator *allocator);
void trail_free(trail *t, const amend_allocator *allocator); /* NULL is allowed */

/* Both keep the first of a run. An error that can't be copied is as if it was not told. */
void trail_failed(trail *t, const amend_allocator *allocator, const amend_db_error *failed);
void trail_cured(trail *t, amend_cure cure, const amend_healing *healing);

/* The cure of this run is known: note it. False when it is no use to run again: the same migration as before, or too often. */
bool trail_advance(trail *t, unsigned max_reruns);
/* The next run begins: nothing is told yet. */
void trail_next(trail *t, const amend_allocator *allocator);

#endif
