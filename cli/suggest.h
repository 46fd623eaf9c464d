/* SPDX-License-Identifier: MIT */
/* "Did you mean …?": the nearest of some names. Pure. */
#ifndef AMEND_CLI_SUGGEST_H
#define AMEND_CLI_SUGGEST_H

#include <stddef.h>

/* How many letters must be added, taken out, changed or swapped with their neighbour to get from a to b. */
size_t suggest_distance(const char *a, const char *b);

/* Keeps the nearest of the names it is shown. Starts as {word}. */
typedef struct suggestion
{
    const char *word;
    const char *best; /* NULL while none is near enough to be meant */
    size_t distance;
} suggestion;

void suggest_consider(suggestion *s, const char *name);

#endif
