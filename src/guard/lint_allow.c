/* SPDX-License-Identifier: MIT */
/*
 * -- amend:allow RULE[, RULE…] "why"
 *
 * In the comments before the first statement it counts for the whole script. Elsewhere it counts for one statement: the one
 * that it stands in, the one that ends on its line, or else the one behind it. Inside a statement only a line of its own is
 * taken for a directive: there it may be a part of a text.
 */
#include "guard/lint.h"

typedef struct lint_directive
{
    size_t start, end; /* "--" … the line's end */
    size_t value;      /* behind "amend:allow" */
} lint_directive;

static bool lint_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool lint_is_space(char c)
{
    return lint_is_blank(c) || (c >= '\n' && c <= '\r');
}

/* The next directive at or behind `from`. Found by its colon: most scripts have few. */
static bool lint_next_directive(slice text, size_t from, lint_directive *out)
{
    static const slice before = {"amend", 5}, word = {"allow", 5};
    const char *end = text.data + text.len;
    for (const char *at = text.data + from, *colon; at < end && (colon = memchr(at, ':', (size_t)(end - at))) != NULL;
         at = colon + 1)
    {
        size_t c = (size_t)(colon - text.data);
        if (c < 7 || text.len - c <= word.len || !slice_equal_nocase(slice_sub(text, c - before.len, c), before) ||
            !slice_equal_nocase(slice_sub(text, c + 1, c + 1 + word.len), word))
        {
            continue;
        }
        size_t dash = c - before.len, value = c + 1 + word.len;
        while (dash > 0 && lint_is_blank(text.data[dash - 1]))
        {
            dash--;
        }
        if (dash < 2 || text.data[dash - 1] != '-' || text.data[dash - 2] != '-' ||
            (value < text.len && !lint_is_space(text.data[value])))
        {
            continue;
        }
        const char *line = memchr(text.data + value, '\n', text.len - value);
        *out = (lint_directive){.start = dash - 2, .end = line == NULL ? text.len : (size_t)(line - text.data), .value = value};
        return true;
    }
    return false;
}

/* Does it stand on a line of its own? */
static bool lint_begins_line(slice text, size_t at)
{
    while (at > 0 && lint_is_blank(text.data[at - 1]))
    {
        at--;
    }
    return at == 0 || text.data[at - 1] == '\n';
}

/* The statement that a directive is about: SIZE_MAX for the whole script, s->count for none. False: it is no directive. */
static bool lint_statement_of(const script *s, const lint_directive *d, size_t *out)
{
    size_t i = 0;
    while (i < s->count && s->stmts[i].end <= d->start)
    {
        i++;
    }
    bool inside = i < s->count && s->stmts[i].start < d->start;
    if (inside && !lint_begins_line(s->text, d->start))
    {
        return false;
    }
    *out = i;
    if (i == 0 && !inside)
    {
        *out = SIZE_MAX;
    }
    else if (!inside && !lint_begins_line(s->text, d->start) &&
             memchr(s->text.data + s->stmts[i - 1].end, '\n', d->start - s->stmts[i - 1].end) == NULL)
    {
        *out = i - 1;
    }
    return true;
}

static void lint_allow_add(arena *a, lint_allowances *list, lint_findings *out, lint_allowance item)
{
    lint_allowance *items = arena_grow(a, list->items, list->count, sizeof *items);
    if (items == NULL)
    {
        out->failed = true;
        return;
    }
    items[list->count++] = item;
    list->items = items;
}

/* "why", at the end of the value, and not empty; *rules becomes what stands before it. */
static bool lint_has_reason(slice value, slice *rules)
{
    size_t open = 0;
    while (open < value.len && value.data[open] != '"')
    {
        open++;
    }
    *rules = slice_sub(value, 0, open);
    return open + 2 < value.len && value.data[value.len - 1] == '"' &&
           slice_trim(slice_sub(value, open + 1, value.len - 1)).len > 0;
}

static void lint_allow_directive(arena *a, const script *s, const lint_directive *d, size_t statement, lint_allowances *list,
                                 lint_findings *out)
{
    slice rules, value = slice_trim(slice_sub(s->text, d->value, d->end));
    size_t place = statement < s->count ? statement : SIZE_MAX;
    bool reason = lint_has_reason(value, &rules);
    rules = slice_trim(rules);
    if (!reason || rules.len == 0)
    {
        lint_add(a, out, LINT_ALLOW_FORM, place, d->value - 5, rules,
                 rules.len == 0 ? "the directive names no rule" : "the directive gives no reason in double quotes");
        return;
    }
    while (rules.len > 0)
    {
        size_t length = 0;
        while (length < rules.len && rules.data[length] != ',' && !lint_is_space(rules.data[length]))
        {
            length++;
        }
        slice name = slice_sub(rules, 0, length);
        lint_rule rule = lint_find(name);
        size_t offset = (size_t)(name.data - s->text.data);
        if (rule == LINT_RULES && length > 0)
        {
            lint_add(a, out, LINT_ALLOW_UNKNOWN, place, offset, name, "there is no rule \"%.*s\"", (int)name.len, name.data);
        }
        else if (length > 0)
        {
            lint_allow_add(a, list, out, (lint_allowance){.rule = rule, .statement = statement, .offset = offset});
        }
        rules = slice_trim(slice_sub(rules, length + (length < rules.len), rules.len));
    }
}

void lint_allow_read(arena *a, const script *s, lint_allowances *list, lint_findings *out)
{
    lint_directive d = {0};
    for (size_t from = 0, statement; lint_next_directive(s->text, from, &d); from = d.end)
    {
        if (lint_statement_of(s, &d, &statement))
        {
            lint_allow_directive(a, s, &d, statement, list, out);
        }
    }
}

bool lint_allow_covers(lint_allowances *list, const lint_finding *f)
{
    bool covers = false;
    for (size_t i = 0; i < list->count; i++)
    {
        lint_allowance *item = &list->items[i];
        if (item->rule == f->rule && (item->statement == SIZE_MAX || item->statement == f->statement))
        {
            item->used = covers = true;
        }
    }
    return covers;
}

void lint_allow_unused(arena *a, const script *s, const lint_allowances *list, lint_findings *out)
{
    for (size_t i = 0; i < list->count; i++)
    {
        const lint_allowance *item = &list->items[i];
        if (!item->used)
        {
            const char *rule = lint_rules[item->rule].name;
            bool whole = item->statement == SIZE_MAX;
            lint_add(a, out, LINT_ALLOW_UNUSED, item->statement < s->count ? item->statement : SIZE_MAX, item->offset,
                     slice_of(rule), "\"%s\" does not fire %s", rule,
                     whole                         ? "anywhere in this script"
                     : item->statement == s->count ? "here: no statement follows"
                                                   : "on this statement");
        }
    }
}
