/* SPDX-License-Identifier: MIT */
/*
 * Data is not lost by accident. Pure: which deeds of a run may hit what is there now (loss_trace), and what of that is lost and
 * may not be (loss_judge). What lies between, looking and counting, is engine/losses.c.
 *
 * A run's later statements know tables by names that its earlier ones gave them: they are followed back. What the run itself
 * makes was not there before it, so nothing is lost with it: no name of it is found on the live database, or it was dropped
 * before, and is counted there.
 */
#ifndef AMEND_GUARD_LOSS_H
#define AMEND_GUARD_LOSS_H

#include "dialect/dialect.h"

/* One step's deeds. */
typedef struct loss_step
{
    size_t step; /* of the plan */
    deed_list deeds;
} loss_step;

typedef struct suspect_list
{
    suspect *items;
    size_t count;
} suspect_list;

/* The deeds that may lose something, in order, with the names of before the run. `nocase`: names that differ only in the case
   of letters are one. Error: OUT_OF_MEMORY. */
amend_status loss_trace(arena *a, const loss_step *steps, size_t count, bool nocase, suspect_list *out, amend_error *error);

/* Take out, in place, what is lost twice, and keeps for the first: a column of a table that is gone already. */
void loss_once(loss_list *losses, bool nocase);

/* Is there anything to lose? Rows, or what could not be counted. */
bool loss_matters(const loss *l);

/* "public.cards.title": names as they would be written where that is without doubt. NULL when memory is short. */
const char *loss_object(arena *a, const loss *l);
/* What goes, for people: "the table", "the column's values" … NULL when memory is short. */
const char *loss_words(arena *a, const loss *l);

#endif
