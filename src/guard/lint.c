/* SPDX-License-Identifier: MIT */
#include "guard/lint.h"

#include "base/error.h"
#include "base/sort.h"

lint_rule lint_find(slice name)
{
    bool coded = name.len > 2 && slice_equal_nocase(slice_sub(name, 0, 2), SLICE("AL"));
    int number = 0;
    for (size_t i = 2; coded && i < name.len; i++)
    {
        coded = name.data[i] >= '0' && name.data[i] <= '9' && number < 100000;
        number = coded ? number * 10 + (name.data[i] - '0') : 0;
    }
    for (size_t i = 0; i < LINT_RULES; i++)
    {
        if (coded ? lint_rules[i].number == number : slice_equal_nocase(slice_of(lint_rules[i].name), name))
        {
            return (lint_rule)i;
        }
    }
    return LINT_RULES;
}

void lint_reader_init(lint_reader *r, arena *a, bool nocase)
{
    *r = (lint_reader){.arena = a, .nocase = nocase};
    for (size_t i = 0; i < LINT_RULES; i++)
    {
        r->severities[i] = lint_rules[i].severity;
    }
}

static void lint_append(arena *a, lint_findings *out, const lint_finding *f)
{
    lint_finding *items = arena_grow(a, out->items, out->count, sizeof *items);
    if (items == NULL)
    {
        out->failed = true;
        return;
    }
    items[out->count++] = *f;
    out->items = items;
}

/* Where a finding is shown: a whole script by its first statement, so that an editor does not point at a licence. */
static size_t lint_place(const script *s, const lint_finding *f)
{
    if (f->offset > 0 || s->count == 0)
    {
        return f->offset;
    }
    return s->stmts[f->statement < s->count ? f->statement : 0].start;
}

static int lint_compare(const void *x, const void *y)
{
    const lint_result *a = x, *b = y;
    if (a->finding.offset != b->finding.offset)
    {
        return a->finding.offset < b->finding.offset ? -1 : 1;
    }
    return (int)a->finding.rule - (int)b->finding.rule;
}

static bool lint_twice(const lint_results *r, const lint_finding *f)
{
    for (size_t i = r->count; i > 0 && r->items[i - 1].finding.offset == f->offset; i--)
    {
        const lint_finding *before = &r->items[i - 1].finding;
        if (before->rule == f->rule && slice_equal(before->object, f->object))
        {
            return true;
        }
    }
    return false;
}

static amend_status lint_sort(arena *a, const lint_results *from, lint_results *out, amend_error *error)
{
    const void **sorted = arena_array(a, from->count + 1, sizeof *sorted);
    out->items = arena_array(a, from->count + 1, sizeof *out->items);
    if (sorted == NULL || out->items == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < from->count; i++)
    {
        sorted[i] = &from->items[i];
    }
    if (!sort_pointers(a, sorted, from->count, lint_compare))
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < from->count; i++)
    {
        const lint_result *r = sorted[i];
        if (!lint_twice(out, &r->finding))
        {
            out->items[out->count++] = *r;
        }
    }
    return AMEND_OK;
}

/* Take over what is neither off nor allowed. */
static void lint_take(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *all, lint_allowances *allowed,
                      size_t from, lint_results *kept)
{
    for (size_t i = from; i < all->count && !all->failed; i++)
    {
        const lint_finding *f = &all->items[i];
        if (lint_allow_covers(allowed, f))
        {
            kept->allowed++;
            continue;
        }
        if (r->severities[f->rule] == LINT_OFF)
        {
            continue;
        }
        lint_result *items = arena_grow(a, kept->items, kept->count, sizeof *items);
        if (items == NULL)
        {
            all->failed = true;
            return;
        }
        items[kept->count] = (lint_result){.finding = *f, .severity = r->severities[f->rule]};
        items[kept->count++].finding.offset = lint_place(&subject->script->script, f);
        kept->items = items;
    }
}

amend_status lint_judge(const lint_reader *r, arena *a, const lint_subject *subject, const lint_findings *found,
                        lint_results *out, amend_error *error)
{
    const script *s = &subject->script->script;
    lint_findings all = {0};
    lint_allowances allowed = {0};
    lint_results kept = {0};
    *out = (lint_results){0};
    for (size_t i = 0; i < found->count; i++)
    {
        lint_append(a, &all, &found->items[i]);
    }
    lint_common(r, a, subject, &all);
    if (subject->up != NULL)
    {
        lint_undo(r, a, subject, &all);
    }
    lint_allow_read(a, s, &allowed, &all);
    lint_take(r, a, subject, &all, &allowed, 0, &kept);
    size_t before = all.count;
    lint_allow_unused(a, s, &allowed, &all);
    lint_take(r, a, subject, &all, &(lint_allowances){0}, before, &kept);
    out->allowed = kept.allowed;
    return all.failed ? error_memory(error) : lint_sort(a, &kept, out, error);
}
