/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: the live schema as sorted facts. Pure: what the dialect read goes in, text and differences come out.
 *
 * As text it is one fact a line, "object<tab>definition", sorted by their bytes; a tab, line end or backslash within either is
 * "\\t", "\\n", "\\\\". The fingerprint is the SHA-256 of that text, as 64 hex digits. So equal schemas give equal texts.
 */
#ifndef AMEND_GUARD_SNAPSHOT_H
#define AMEND_GUARD_SNAPSHOT_H

#include "dialect/dialect.h"

typedef struct snapshot
{
    fact *facts; /* sorted by object, then definition */
    size_t count;
    char fingerprint[65];
} snapshot;

/* Sort the facts (in place) and compute the fingerprint. Error: OUT_OF_MEMORY. */
amend_status snapshot_make(arena *a, fact_list found, snapshot *out, amend_error *error);
/* The text of it, as above; memory is kept by the buf. */
void snapshot_print(const snapshot *s, buf *out);
/* The reverse. Lines in any order; an empty line and one that begins with "#" are passed over. Everything is copied into the
   arena. Errors: SNAPSHOT_FORM with the line, OUT_OF_MEMORY. */
amend_status snapshot_parse(arena *a, slice text, snapshot *out, amend_error *error);

typedef enum difference_kind
{
    DIFFERENCE_MISSING, /* only the first has it */
    DIFFERENCE_EXTRA,   /* only the second has it */
    DIFFERENCE_OTHER,   /* both have it, and it is not the same */
} difference_kind;

typedef struct difference
{
    difference_kind kind;
    const fact *before, *after; /* NULL where there is none */
} difference;

typedef struct differences
{
    difference *items;
    size_t count;
} differences;

/* From `before` (what is expected) to `after` (what is there), in the order of the objects. Error: OUT_OF_MEMORY. */
amend_status snapshot_diff(arena *a, const snapshot *before, const snapshot *after, differences *out, amend_error *error);

#endif
