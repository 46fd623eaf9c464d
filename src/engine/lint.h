/* SPDX-License-Identifier: MIT */
/*
 * Linting a catalog: read, split, survey, look. Up scripts in running order, then down scripts in the reverse order, so that
 * the survey stands where each of them would be run; scripts that nobody asked about are read for what they make.
 */
#ifndef AMEND_ENGINE_LINT_H
#define AMEND_ENGINE_LINT_H

#include "engine/run.h"
#include "guard/lint.h"

enum
{
    LINT_WANT_UP = 1 << 0,
    LINT_WANT_DOWN = 1 << 1,
    LINT_WANT_BOTH = LINT_WANT_UP | LINT_WANT_DOWN,
    LINT_ALONE = 1 << 2, /* up_file is a down script whose up script isn't known */
};

/* One script's results. `text` lives as long as the arena. */
typedef struct linted
{
    const migration *migration;
    bool down;
    const char *file;
    slice text;
    lint_results results;
} linted;

typedef struct lint_job
{
    const dialect *dialect;
    const catalog *catalog;
    const unsigned *wanted;           /* LINT_WANT_…, one for each migration; NULL: all */
    const amend_severity *severities; /* LINT_RULES of them */
    linted *scripts;                  /* out: those that were asked for, ups in order, then downs */
    size_t count;
} lint_job;

/*
 * Everything is in the arena. Errors: those of catalog_read, of directives_parse and of the dialect's split, with the version;
 * OUT_OF_MEMORY.
 */
amend_status lint_run(arena *a, lint_job *job, amend_error *error);

/* A gate (run.h) that adds what lint says of the plan's up steps to its problems, and tells it before they run. */
typedef struct lint_gate
{
    const session *session;
    const dialect *dialect;
    const catalog *catalog;
    const amend_severity *severities;
    amend_lint_mode mode;
    const view *view; /* of the run, when the gate is asked */
    lint_job job;     /* of the first plan: a run that waits plans again and again */
    bool looked, told;
} lint_gate;

amend_status lint_gate_check(void *arg, arena *a, plan *plan, amend_error *error);

#endif
