/* SPDX-License-Identifier: MIT */
/*
 * How one script is run: split by the dialect, its own outer BEGIN … COMMIT taken off, and cut into segments: runs of
 * statements that share a transaction, and single statements that run outside one. Pure.
 */
#ifndef AMEND_ENGINE_SEGMENT_H
#define AMEND_ENGINE_SEGMENT_H

#include "dialect/dialect.h"
#include "migration/catalog.h"

typedef struct segment
{
    size_t first, last; /* statements of the script, last excluded */
    size_t begin; /* the script's own BEGIN when it has modes ("BEGIN ISOLATION LEVEL …"); SIZE_MAX: an ordinary one will do */
    bool bare;    /* one statement, outside any transaction */
} segment;

typedef struct outline
{
    script script;
    segment *segments;
    size_t count;
    size_t statements; /* without the absorbed BEGIN and COMMIT */
    amend_mode mode;   /* TRANSACTION: at most one segment, not bare */
    size_t begin; /* TRANSACTION: its own BEGIN when that has modes ("BEGIN ISOLATION LEVEL …"); SIZE_MAX: an ordinary one */
} outline;

/* text must live as long as the arena. Errors: what split says, and TX_CONTROL with its place. */
amend_status outline_make(arena *a, const dialect *d, const char *file, slice text, const directives *head, outline *out,
                          amend_error *error);

/* Statement i is not to be sent at all. */
void outline_skip(outline *o, size_t i);

/* Does statement i come before anything of ours in its transaction: "SET TRANSACTION ISOLATION LEVEL …"? */
bool outline_leads(const outline *o, size_t i);

/*
 * The statements [first, last) as pieces for the driver: cut where COPY data or an absorbed statement stands between. Absorbed
 * and leading statements are left out, unless it is the only one asked for. Returns how many there are, at most last - first;
 * `pieces` may be NULL to count. copies has room for last - first.
 */
size_t outline_pieces(const outline *o, size_t first, size_t last, amend_piece *pieces, amend_copy *copies);

/* Which statement of the script (from 0) the byte offset lies in. */
size_t outline_statement_at(const outline *o, size_t offset);

#endif
