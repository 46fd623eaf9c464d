/* SPDX-License-Identifier: MIT */
/* What the commands share that change the database: the dry run, the stream of events, the summary, the error. */
#ifndef AMEND_CLI_RUN_H
#define AMEND_CLI_RUN_H

#include "cli.h"

typedef amend_status (*run_fn)(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Prints the summary for people. `failed`: the run stopped at an error, which is printed behind it. */
typedef void (*run_summary_fn)(cli *c, const amend_report *report, bool failed);

/* --to, --steps, --dry-run and the other flags of a run. */
amend_status run_options(const cli *c, amend_run *run, amend_error *error);
/* Open the database unless it is open, run, and report. */
amend_status run_call(cli *c, run_fn fn, const amend_run *run, run_summary_fn summary, amend_error *error);
/* The summary of down and reset. */
void run_rolled_back(cli *c, const amend_report *report, bool failed);
/* The first conflict of a plan as an error: what can't be carried out is a failure where one only looks, too. */
amend_status run_judge(const amend_report *report, amend_error *error);
/* "now at 011", "nothing is applied now". */
const char *run_position(cli *c, const amend_report *report);

#endif
