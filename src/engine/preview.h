/* SPDX-License-Identifier: MIT */
/*
 * What the pending migrations would do, found out by doing it: in a transaction that is rolled back, or on a copy of the
 * database where the dialect has a way to make one. Before and after, the schema is read and things are measured (rows, locks,
 * a table's file); each statement is sent by itself, so that its time is its own.
 */
#ifndef AMEND_ENGINE_PREVIEW_H
#define AMEND_ENGINE_PREVIEW_H

#include "engine/plan.h"
#include "engine/snapshot.h"

typedef struct previewed
{
    const step *step;
    const char *file;
    unsigned statement, line; /* from 1 */
    const char *words;        /* its first line, cut */
    bool ran;                 /* false: it can't be previewed, since it runs outside of transactions */
    int64_t rows;             /* changed or returned, -1 when unknown */
    int64_t elapsed_us;
} previewed;

/* "rows of table cards", 3; "lock ACCESS EXCLUSIVE on table cards", 1. */
typedef struct measure
{
    const char *what, *object;
    int64_t value; /* in an effect: how much it has changed */
} measure;

typedef struct measures
{
    measure *items;
    size_t count;
} measures;

typedef struct preview
{
    history history;
    view view;
    plan plan;
    previewed *statements;
    size_t count;
    bool cut_short; /* a statement failed behind one that could not be previewed: the rest is not known */
    measures effects;
    snapshot before, after;
    differences changes;
} preview;

/*
 * Preview what `up` would apply. *out is filled as far as it came, whatever the status; all of it lives in the arena. Nothing
 * is left behind, but sequences of PostgreSQL's that the migrations draw from go on. Errors: what a plan says, what the
 * database says of a statement (with its place), OPEN_FILE when no copy can be made.
 */
amend_status preview_run(session *s, arena *a, const catalog *c, const amend_run *run, preview *out, amend_error *error);

#endif
