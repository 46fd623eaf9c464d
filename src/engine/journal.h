/* SPDX-License-Identifier: MIT */
/*
 * The journal of a migration whose statements don't all run in one transaction: the events statement.started and statement.done
 * tell how far it came, so that the next run goes on after the last one done. Reading it is pure.
 */
#ifndef AMEND_ENGINE_JOURNAL_H
#define AMEND_ENGINE_JOURNAL_H

#include "engine/segment.h"

typedef struct journal
{
    size_t done;    /* so many statements of the file are done */
    size_t started; /* this one (from 0) was begun and perhaps finished; SIZE_MAX: none */
    bool down;      /* of a rollback */
    bool any;
    bool wrong; /* what was done is not what the file says now */
} journal;

/* Which event, and the statements [first, last) it is about, as the event's detail. */
void journal_detail(const outline *o, bool down, size_t first, size_t last, buf *out);

/* Start from a zeroed journal with started = SIZE_MAX; then one call for each event of the version, oldest first. */
void journal_note(journal *j, const outline *o, amend_event_type type, const char *detail);

#endif
