/* SPDX-License-Identifier: MIT */
/* What several commands print: for people on standard output, remarks on standard error, or JSON. */
#ifndef AMEND_CLI_PRINT_H
#define AMEND_CLI_PRINT_H

#include "cli.h"
#include "table.h"

/* A line for people; nothing with --json or --quiet. */
void print_line(cli *c, style s, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A table for people; nothing with --json or --quiet. */
void print_table(cli *c, const table *t);
/* "warning: …" on standard error; nothing with --quiet. */
void print_note(cli *c, amend_severity severity, const char *format, ...) __attribute__((format(printf, 3, 4)));
/*
 * The report's findings on standard error; with --quiet only errors, with --json none (they are in the object). The one that
 * the call failed for (`error`, may be NULL) is left to be printed as the error.
 */
void print_problems(cli *c, const amend_report *report, const amend_error *error);
/* With --json: the report as one object, with the error in it when there is one. */
void print_report_json(cli *c, const amend_report *report, const amend_error *error);

style print_state_style(amend_state state);
/* "2026-11-03 12:00:00" of an ISO 8601 time. */
const char *print_time(pool *p, const char *iso);
/* "12 ms"; "" when unknown. */
const char *print_duration(pool *p, int64_t ms);
/* "1 migration", "3 migrations". */
const char *print_count(pool *p, size_t count, const char *noun);

#endif
