/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_lint.h"

#include "base/error.h"

enum
{
    PG_NAME_KEPT = 63, /* bytes */
};

static void pg_lint_names(arena *a, const lint_script *s, lint_findings *out)
{
    for (size_t i = 0; i < s->found.change_count; i++)
    {
        const change *c = &s->found.changes[i];
        slice name = c->kind == CHANGE_RENAME ? c->to : c->name;
        if (c->kind != CHANGE_DROP && name.len > PG_NAME_KEPT && c->object != AMEND_OBJECT_UNIQUE)
        {
            lint_add(a, out, LINT_LONG_NAME, c->statement, 0, name, "the name has %zu bytes", name.len);
        }
    }
}

amend_status pg_lint(survey *s, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error)
{
    (void)s;
    lint_findings found = {0};
    pg_lint_names(a, subject->script, &found);
    if (found.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}
