/* SPDX-License-Identifier: MIT */
/* Where PostgreSQL's lint rules fire, and those of every dialect that need its grammar (registry/amend/lint.def). */
#ifndef AMEND_DIALECT_POSTGRES_PG_LINT_H
#define AMEND_DIALECT_POSTGRES_PG_LINT_H

#include "dialect/lint.h"

/* The slot `lint`. Reads the script a second time, with a memory of its own: who only heals pays nothing for it. */
amend_status pg_lint(survey *s, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error);

#endif
