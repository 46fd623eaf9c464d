/* SPDX-License-Identifier: MIT */
/* What a run takes away from what is there, or would: the entries of amend_report.losses. docs/safety.md tells the whole. */
#ifndef AMEND_LOSS_H
#define AMEND_LOSS_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How sure a count is. */
typedef enum amend_measure
{
    AMEND_MEASURE_EXACT,
    AMEND_MEASURE_ABOUT,   /* the planner's estimate, of a table too large to be counted */
    AMEND_MEASURE_AT_MOST, /* perhaps fewer */
    AMEND_MEASURE_UNKNOWN, /* could not be counted: taken for a loss */
} amend_measure;

/* "exact", "about", "at most", "unknown" */
AMEND_API const char *amend_measure_name(amend_measure measure);

/* Something that is in the database, and that a run takes away, or would. */
typedef struct amend_loss
{
    const char *version; /* of the migration whose script does it */
    amend_direction direction;
    const char *file;
    unsigned line;
    unsigned statement;    /* of the script, from 1 */
    const char *object;    /* "public.cards", "public.cards.title" */
    const char *what;      /* "the table with its rows", for people */
    const char *rows_kind; /* what is counted: "rows" or "values" */
    int64_t rows;          /* 0: nothing is lost; -1 when unknown */
    amend_measure measure;
    const char *permission; /* who allowed it: "--allow-destructive", or the reason that the script gives; NULL: nobody */
    const char *reason;     /* why it could not be counted, NULL when it could */
} amend_loss;

#ifdef __cplusplus
}
#endif

#endif
