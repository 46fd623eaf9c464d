/* SPDX-License-Identifier: MIT */
/* What pending migrations would do, found out by doing it and undoing it. */
#ifndef AMEND_PREVIEW_H
#define AMEND_PREVIEW_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One statement of a preview. */
typedef struct amend_previewed
{
    const char *version, *name, *file;
    unsigned line, statement; /* where in the file, from 1 */
    const char *text;         /* its first line, cut */
    bool ran;                 /* false: it runs outside of transactions, and could not be previewed */
    int64_t rows;             /* changed or returned; -1 when unknown */
    int64_t elapsed_us;
} amend_previewed;

/* What the statements together did: "inserted", "table public.cards", 3. */
typedef struct amend_effect
{
    const char *what; /* PostgreSQL: inserted, updated, deleted; rewritten; "lock ACCESS EXCLUSIVE" and other modes that keep
                         others from reading or writing a table that was there before. SQLite: rows, which may be fewer */
    const char *object;
    int64_t value; /* rows; 1 for what is not counted */
} amend_effect;

typedef struct amend_preview
{
    size_t size;
    const amend_report *report; /* its items: the migrations that would be applied */
    const amend_previewed *statements;
    size_t statement_count;
    bool cut_short; /* behind a statement that could not be previewed another failed: what comes after it is not known, and
                       there are no effects and changes */
    const amend_effect *effects;
    size_t effect_count;
    const amend_difference *changes; /* of the schema: `expected` before, `existing` after */
    size_t change_count;
} amend_preview;

/*
 * What up would do, found out by doing it: on PostgreSQL in a transaction that is rolled back (it takes the locks that it tells
 * of, for as long as it takes; numbers drawn from sequences are gone), on SQLite on a copy in the temporary directory. Nothing
 * is left behind. `run` may be NULL. *out is the caller's, to be given to amend_preview_free; it is set on AMEND_OK, and also
 * when a statement failed, which up would fail with, too. Errors: as amend_up; OPEN_FILE when no copy can be made.
 */
AMEND_API AMEND_CHECKED amend_status amend_preview_up(amend *handle, const amend_run *run, amend_preview **out,
                                                      amend_error *error);
/* NULL is allowed. */
AMEND_API void amend_preview_free(amend_preview *preview);

#ifdef __cplusplus
}
#endif

#endif
