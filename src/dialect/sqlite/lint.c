/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/lint.h"

amend_status sqlite_lint(survey *s, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error)
{
    (void)s, (void)a, (void)subject, (void)error;
    *out = (lint_findings){0};
    return AMEND_OK;
}
