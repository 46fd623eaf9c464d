/* SPDX-License-Identifier: MIT */
/* Two schemas side by side: what is expected, and what exists. */
#include "json.h"
#include "origin.h"
#include "print.h"

#include <string.h>

typedef struct diff_list
{
    cli *cli;
    json_t *rows;
    size_t counts[3];
} diff_list;

static const struct
{
    char sign;
    style style;
} diff_marks[] = {
    [AMEND_DIFFERENCE_MISSING] = {'-', STYLE_RED},
    [AMEND_DIFFERENCE_EXTRA] = {'+', STYLE_GREEN},
    [AMEND_DIFFERENCE_OTHER] = {'~', STYLE_YELLOW},
};

static void diff_add_json(diff_list *list, const amend_difference *d)
{
    json_t *row = json_object();
    json_add(row, "kind", amend_difference_name(d->kind));
    json_add(row, "object", d->object);
    json_add(row, "expected", d->expected);
    json_add(row, "existing", d->existing);
    json_array_append_new(list->rows, row);
}

/* A definition's first line, the rest of a longer one only hinted at. */
static const char *first_line(pool *p, const char *text)
{
    size_t length = strcspn(text, "\n");
    return text[length] == '\0' ? text : pool_format(p, "%.*s …", (int)length, text);
}

/* Bytes in which both texts begin, and end, alike: whole lines only. */
static void common_lines(const char *one, const char *other, size_t *head, size_t *tail)
{
    size_t a = strlen(one), b = strlen(other), shorter = a < b ? a : b;
    *head = *tail = 0;
    for (size_t i = 0; i < shorter && one[i] == other[i]; i++)
    {
        *head = one[i] == '\n' ? i + 1 : *head;
    }
    for (size_t i = 0; i < shorter - *head && one[a - 1 - i] == other[b - 1 - i]; i++)
    {
        *tail = one[a - 1 - i] == '\n' ? i + 1 : *tail;
    }
}

/* The lines of one side that are not also the other's, the word before the first. */
static void print_side(cli *c, const char *word, style s, const char *text, size_t head, size_t tail)
{
    const char *end = text + strlen(text) - tail;
    for (const char *at = text + head;;)
    {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop == NULL ? end : stop;
        print_line(c, s, "    %-8s  %.*s", at == text + head ? word : "", (int)(stop - at), at);
        if (stop >= end)
        {
            return;
        }
        at = stop + 1;
    }
}

static void print_other(cli *c, const amend_difference *d)
{
    size_t head, tail;
    common_lines(d->expected, d->existing, &head, &tail);
    print_line(c, STYLE_YELLOW, "~ %s", d->object);
    if (head > 0)
    {
        unsigned same = 0;
        for (size_t i = 0; i < head; i++)
        {
            same += d->expected[i] == '\n';
        }
        print_line(c, STYLE_DIM, "    (after %s that are the same)", print_count(&c->pool, same, "line"));
    }
    print_side(c, "expected", STYLE_RED, d->expected, head, tail);
    print_side(c, "existing", STYLE_GREEN, d->existing, head, tail);
}

static void diff_add(void *arg, const amend_difference *d)
{
    diff_list *list = arg;
    cli *c = list->cli;
    list->counts[d->kind]++;
    if (c->json)
    {
        diff_add_json(list, d);
    }
    else if (d->kind == AMEND_DIFFERENCE_OTHER)
    {
        print_other(c, d);
    }
    else
    {
        const char *text = d->expected == NULL ? d->existing : d->expected;
        text = c->verbose ? text : first_line(&c->pool, text);
        print_line(c, diff_marks[d->kind].style, "%c %s%s%s", diff_marks[d->kind].sign, d->object, *text == '\0' ? "" : "  ",
                   text);
    }
}

static json_t *side_json(const origin *s)
{
    json_t *out = json_object();
    json_add(out, "source", s->shown);
    json_add(out, "dialect", s->snapshot->dialect);
    json_add(out, "fingerprint", s->snapshot->fingerprint);
    json_add_number(out, "count", (int64_t)s->snapshot->count);
    return out;
}

static amend_status diff_print_json(diff_list *list, const origin sides[2], amend_status status, const amend_error *error)
{
    cli *c = list->cli;
    json_t *out = json_object();
    json_add(out, "command", "diff");
    json_object_set_new(out, "expected", side_json(&sides[0]));
    json_object_set_new(out, "existing", side_json(&sides[1]));
    json_object_set(out, "differences", list->rows);
    if (status != AMEND_OK)
    {
        json_object_set_new(out, "error", json_error(error));
        c->told = true;
    }
    json_print(out);
    return status;
}

static amend_status diff_compare(cli *c, const origin sides[2], amend_error *error)
{
    diff_list list = {.cli = c, .rows = c->json ? json_array() : NULL};
    amend_status status = amend_snapshot_compare(sides[0].snapshot, sides[1].snapshot, NULL, NULL, error);
    if (status == AMEND_UNVERIFIED)
    {
        print_line(c, STYLE_BOLD, "--- %s (expected)", sides[0].shown);
        print_line(c, STYLE_BOLD, "+++ %s (existing)", sides[1].shown);
        status = amend_snapshot_compare(sides[0].snapshot, sides[1].snapshot, diff_add, &list, error);
    }
    if (c->json && (status == AMEND_OK || status == AMEND_UNVERIFIED))
    {
        status = diff_print_json(&list, sides, status, error);
    }
    else if (status == AMEND_UNVERIFIED)
    {
        print_line(c, STYLE_BOLD, "%zu missing, %zu extra, %zu different", list.counts[AMEND_DIFFERENCE_MISSING],
                   list.counts[AMEND_DIFFERENCE_EXTRA], list.counts[AMEND_DIFFERENCE_OTHER]);
        c->told = true; /* as diff(1) does: the list is the answer */
    }
    else if (status == AMEND_OK)
    {
        print_line(c, STYLE_GREEN, "the same: %s, fingerprint %.16s", print_count(&c->pool, sides[0].snapshot->count, "object"),
                   sides[0].snapshot->fingerprint);
    }
    json_decref(list.rows);
    return status;
}

amend_status cmd_diff(cli *c, amend_error *error)
{
    origin sides[2] = {0};
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < 2 && status == AMEND_OK; i++)
    {
        status = i < c->args.operand_count ? origin_find(c, c->args.operands[i], &sides[i], error)
                 : i == 0                  ? origin_catalog(c, &sides[i], error)
                                           : origin_configured(c, &sides[i], error);
    }
    size_t first = sides[0].kind == ORIGIN_CATALOG ? 1 : 0; /* the other side may say which kind of catalog */
    for (size_t i = 0; i < 2 && status == AMEND_OK; i++)
    {
        size_t at = i == 0 ? first : 1 - first;
        status = origin_read(c, &sides[at], &sides[1 - at], error);
        cli_close(c);
    }
    progress_clear(&c->progress);
    if (status == AMEND_OK)
    {
        status = diff_compare(c, sides, error);
    }
    amend_snapshot_free(sides[0].snapshot);
    amend_snapshot_free(sides[1].snapshot);
    return status;
}
