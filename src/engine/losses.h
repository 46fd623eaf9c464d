/* SPDX-License-Identifier: MIT */
/*
 * The gate before data is lost: what the plan's scripts would take away from what is there is found (guard/loss.h), looked up
 * and counted in two messages, before anything runs. A plan in which no script has a word that could lose anything costs
 * nothing.
 */
#ifndef AMEND_ENGINE_LOSSES_H
#define AMEND_ENGINE_LOSSES_H

#include "engine/run.h"
#include "guard/loss.h"

/* One thing that would be lost. */
typedef struct loss_entry
{
    const loss *loss;
    const step *step;
    const char *file;
    slice text;               /* of the file */
    size_t offset;            /* where the statement begins */
    unsigned line, statement; /* from 1 */
    const char *object, *what;
    const char
        *permission; /* who allowed it: "--allow-destructive", or the reason of the script's own directive; NULL: nobody */
} loss_entry;

typedef struct losses
{
    session *session;
    const catalog *catalog;
    bool allowed; /* whatever is lost is meant */
    bool looking; /* nothing will be run: nothing is refused */
    loss_entry *entries;
    size_t count;
} losses;

/*
 * A gate's check; `arg` is a losses. What was found is in the plan's arena, and replaces what was found before; what is allowed
 * is also put into each step's `lost`. Errors: DESTRUCTIVE when something would be lost and that was not allowed, and what
 * reading the files and the database may say.
 */
amend_status losses_check(void *arg, arena *a, plan *plan, amend_error *error);

#endif
