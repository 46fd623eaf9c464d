/* SPDX-License-Identifier: MIT */
/*
 * The plan: catalog against history. Pure: values in, values out.
 *
 * First a view: every migration on disk or in the history, in running order, with its state. From it a plan for one purpose:
 * the steps to take, in order, and every conflict found.
 */
#ifndef AMEND_ENGINE_PLAN_H
#define AMEND_ENGINE_PLAN_H

#include "engine/history.h"
#include "migration/catalog.h"

typedef struct entry
{
    const migration *file; /* NULL: gone */
    const applied *row;    /* NULL: pending */
    amend_state state;
    const char *reason; /* NULL when the state says it all */
    bool reworded;      /* applied, and its file is another one, but only in white space and comments (engine/essence.h) */
} entry;

typedef struct view
{
    const catalog *catalog;
    const history *history;
    entry *entries;
    size_t count;
    size_t newest; /* position of the last applied entry, SIZE_MAX when none is applied */
    size_t applied, pending;
} view;

typedef enum action
{
    ACTION_UP,
    ACTION_DOWN,
    ACTION_BASELINE, /* record as applied */
    ACTION_REPAIR,   /* store the file's checksum */
    ACTION_REPLAY,   /* run some statements of an applied migration again; the history stays as it is */
    ACTION_KEEP,     /* nothing but what follows each run: the schema as it is now is written down (keep.c) */
} action;

/* Something that a step's script claims, found to be so before the run (engine/truth.h). */
typedef struct plan_check
{
    size_t statement;    /* of the script, from 0 */
    bool skip;           /* it is there and the same: the statement would only fail, and is not sent */
    const char *what;    /* "enum \"status\"" */
    slice hold;          /* inside the step's transaction: keep it so, and fail when it no longer is */
    unsigned statements; /* of hold */
} plan_check;

typedef struct step
{
    action action;
    entry *entry;
    const char *version, *name; /* of the file, or of the row when it is gone */
    const bool *only;           /* ACTION_REPLAY: one for each statement of the script: shall it run? Else NULL */
    plan_check *checks;
    size_t check_count;
    const char *lost; /* what it loses, and may: a JSON array; NULL: nothing */
} step;

typedef struct plan
{
    step *steps;
    size_t count;
    amend_problem *problems; /* of severity AMEND_ERROR: conflicts, nothing may run; others: for information */
    size_t problem_count;
    entry **skipped; /* rollback: no down script */
    size_t skipped_count;
    size_t conflicts;
} plan;

/* Errors of all of these: OUT_OF_MEMORY, and what is said. Everything is allocated in the arena. */
amend_status plan_view(arena *a, const catalog *c, const history *h, view *out, amend_error *error);
/* Conflicts: CHECKSUM, FILE_GONE, OUT_OF_ORDER, VERSION_WIDTH. Error: VERSION_UNKNOWN for run->to. */
amend_status plan_up(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
/* run->to (required) and what it depends on, as far as that is pending. With "depends" directives in the catalog the order of
   numbers means nothing: then OUT_OF_ORDER is no conflict. Conflicts and errors: as plan_up. */
amend_status plan_needed(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
/* Conflicts: FILE_GONE, NO_DOWN (strict). Error: VERSION_UNKNOWN. steps 0 and no `to`: one. */
amend_status plan_down(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
/* Down, then the same up again. */
amend_status plan_redo(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
amend_status plan_reset(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
/* Error: VERSION_UNKNOWN. */
amend_status plan_baseline(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);
/* Error: VERSION_UNKNOWN; ARGUMENT when run->to is not changed. */
amend_status plan_repair(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);

/* run->to (required), which must be applied and unchanged. Which of its statements shall run is for a gate to fill in. Errors:
   VERSION_UNKNOWN; ARGUMENT when it isn't applied. Conflicts: CHECKSUM, FILE_GONE. */
amend_status plan_replay(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);

/* The one step that takes the schema as it is now for what the migrations left. Error: ARGUMENT when none is applied. */
amend_status plan_keep(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);

/* What is different between files and history, for `status` and `verify`: CHECKSUM, REWORDED, FILE_GONE, OLDER_PROGRAM,
   OUT_OF_ORDER. */
amend_status plan_differences(arena *a, const view *v, plan *out, amend_error *error);

/* The file that the step runs; NULL: none. */
const char *step_file(const step *s);
/* "up", "down", "baseline" … */
const char *action_word(action action);

/* Add a finding; of severity AMEND_ERROR it is a conflict. version and file may be NULL and are borrowed. */
amend_status plan_problem(arena *a, plan *p, amend_severity severity, amend_code code, const char *version, const char *file,
                          amend_error *error, const char *format, ...) __attribute__((format(printf, 8, 9)));

/* The first conflict as an error; AMEND_OK when there is none. */
amend_status plan_conflict(const plan *p, amend_error *error);

#endif
