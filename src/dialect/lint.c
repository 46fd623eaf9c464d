/* SPDX-License-Identifier: MIT */
#include "dialect/lint.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

const amend_lint_rule lint_rules[LINT_RULES] = {
#define AMEND_LINT(number, name, rule, severity, title, why, scale, safe, bad, good)                                           \
    {number, rule, (number) < 100 ? NULL : (number) < 200 ? "postgres" : "sqlite", severity, title, why, scale, safe,          \
     bad,    good},
#include "amend/lint.def"
#undef AMEND_LINT
};

void lint_add(arena *a, lint_findings *out, lint_rule rule, size_t statement, size_t offset, slice object, const char *format,
              ...)
{
    char room[1100], line[1024]; /* what is cut off in the first is behind the second's edge */
    va_list args;
    va_start(args, format);
    vsnprintf(room, sizeof room, format, args);
    va_end(args);
    error_copy(line, sizeof line, slice_of(room));
    size_t kept = strlen(line);
    lint_finding *items = arena_grow(a, out->items, out->count, sizeof *items);
    char *name = arena_copy(a, object), *detail = arena_copy(a, (slice){line, kept});
    if (items == NULL || name == NULL || detail == NULL)
    {
        out->failed = true;
        return;
    }
    items[out->count++] = (lint_finding){rule, statement, offset, {name, object.len}, {detail, kept}};
    out->items = items;
}

static bool lint_same(slice a, slice b, bool nocase)
{
    return nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

bool lint_made(const lint_script *s, slice schema, slice table, size_t before, bool nocase)
{
    for (size_t i = 0; i < s->found.change_count; i++)
    {
        const change *c = &s->found.changes[i];
        bool makes = c->kind == CHANGE_ADD && c->statement <= before &&
                     (c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW || c->object == AMEND_OBJECT_RELATION);
        if (makes && (s->notes == NULL || !s->notes[i].existed) && lint_same(c->name, table, nocase) &&
            (schema.len == 0 || c->schema.len == 0 || lint_same(c->schema, schema, nocase)))
        {
            return true;
        }
    }
    return false;
}

slice lint_text(const script *s, size_t statement)
{
    return slice_sub(s->text, s->stmts[statement].start, s->stmts[statement].end);
}
