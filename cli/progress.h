/* SPDX-License-Identifier: MIT */
/*
 * What takes over a second is told on standard error: on a terminal in one line that is drawn again in place, elsewhere in a
 * line after the first second and then every ten.
 */
#ifndef AMEND_CLI_PROGRESS_H
#define AMEND_CLI_PROGRESS_H

#include "amend.h"
#include "look.h"
#include "pool.h"

typedef struct progress
{
    FILE *out; /* NULL: silent */
    look look;
    bool drawn;      /* a line stands on the terminal that must go before anything else is printed */
    int64_t next_ms; /* elsewhere: the elapsed time from which the next line is due */
    int64_t last_ms; /* the elapsed time of the last event: a smaller one is the beginning of something else */
} progress;

void progress_init(progress *p, FILE *out, const look *l);
/* migration.progress, lock.waiting, or another event that lasts: draw it when it is time. */
void progress_show(progress *p, pool *memory, const amend_event *event);
/* Wipe the line away. To be called before anything is printed, to either stream. */
void progress_clear(progress *p);
/* The words: "011 robot_logs: statement 3 of 12, 4.2 s (migration 11 of 11)". */
const char *progress_text(pool *memory, const amend_event *event);

#endif
