/* SPDX-License-Identifier: MIT */
/* Where SQLite's lint rules fire, and those of every dialect that need its grammar (registry/amend/lint.def). */
#ifndef AMEND_DIALECT_SQLITE_LINT_H
#define AMEND_DIALECT_SQLITE_LINT_H

#include "dialect/lint.h"

/* The slot `lint`. */
amend_status sqlite_lint(survey *s, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error);

#endif
