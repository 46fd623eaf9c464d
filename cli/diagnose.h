/* SPDX-License-Identifier: MIT */
/* An error, a warning or a note as a good compiler prints it: what, where with a caret, detail, and what to do next. */
#ifndef AMEND_CLI_DIAGNOSE_H
#define AMEND_CLI_DIAGNOSE_H

#include "amend.h"
#include "look.h"
#include "pool.h"

/* `place` stands in for an error's file when it has none; may be NULL. */
void diagnose_error(FILE *out, const look *l, pool *p, const amend_error *error, const char *place);
/* `hint`: whether to print its hint (a row of equal ones needs it once). */
void diagnose_problem(FILE *out, const look *l, pool *p, const amend_problem *problem, bool hint);
/* "warning: text" on a line of its own; for AMEND_INFO just the text. */
void diagnose_remark(FILE *out, const look *l, pool *p, amend_severity severity, const char *text);

#endif
