/* SPDX-License-Identifier: MIT */
/* The first half of planning: merge the catalog (in running order) with the history (in any order). */
#include "engine/plan.h"

#include "base/error.h"

#include <stdlib.h>

static int by_version(const void *a, const void *b)
{
    const applied *const *x = a, *const *y = b;
    return version_compare((*x)->version, (*y)->version);
}

/* The history's rows ordered by version. */
static const applied **sorted(arena *a, const history *h)
{
    const applied **rows = arena_array(a, h->count + 1, sizeof(applied *));
    if (rows == NULL)
    {
        return NULL;
    }
    bool ordered = true;
    for (size_t i = 0; i < h->count; i++)
    {
        rows[i] = &h->rows[i];
        ordered = ordered && (i == 0 || version_compare(rows[i - 1]->version, rows[i]->version) < 0);
    }
    if (!ordered)
    {
        qsort(rows, h->count, sizeof(applied *), by_version);
    }
    return rows;
}

static const char *highest(const catalog *c)
{
    const char *version = NULL;
    for (size_t i = 0; i < c->count; i++)
    {
        if (version == NULL || version_compare(c->items[i].version, version) > 0)
        {
            version = c->items[i].version;
        }
    }
    return version;
}

/* The row of that version, or NULL; marks it as taken. Rows and files mostly come in the same order, so try the next one first.
 */
static const applied *take(const applied **rows, bool *taken, size_t count, size_t *next, const char *version)
{
    size_t low = 0, high = count;
    if (*next < count && version_compare(rows[*next]->version, version) == 0)
    {
        low = *next;
    }
    else
    {
        while (low < high)
        {
            size_t middle = (low + high) / 2;
            if (version_compare(rows[middle]->version, version) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        if (low == count || version_compare(rows[low]->version, version) != 0)
        {
            return NULL;
        }
    }
    taken[low] = true;
    *next = low + 1;
    return rows[low];
}

/* Rows without a file go before the first file of a higher version, or to the end. */
static size_t insert_gone(view *v, const applied **rows, const bool *taken, size_t count)
{
    const char *newest_file = highest(v->catalog);
    size_t gone = 0;
    for (size_t i = 0; i < count; i++)
    {
        if (taken[i])
        {
            continue;
        }
        bool newer = newest_file == NULL || version_compare(rows[i]->version, newest_file) > 0;
        size_t at = 0;
        while (at < v->count && (newer || version_compare(v->entries[at].file != NULL ? v->entries[at].file->version
                                                                                      : v->entries[at].row->version,
                                                          rows[i]->version) < 0))
        {
            at++;
        }
        memmove(&v->entries[at + 1], &v->entries[at], (v->count - at) * sizeof(entry));
        v->entries[at] = (entry){.row = rows[i], .state = newer ? AMEND_STATE_NEWER : AMEND_STATE_MISSING};
        v->count++;
        gone++;
    }
    return gone;
}

static amend_status judge(arena *a, view *v, amend_error *error)
{
    v->newest = SIZE_MAX;
    for (size_t i = 0; i < v->count; i++)
    {
        if (v->entries[i].row != NULL)
        {
            v->newest = i;
            v->applied++;
        }
    }
    for (size_t i = 0; i < v->count; i++)
    {
        entry *e = &v->entries[i];
        if (e->row != NULL && e->file != NULL)
        {
            e->state = history_checksum_fits(e->row->checksum, e->file->checksum) ? AMEND_STATE_APPLIED : AMEND_STATE_CHANGED;
        }
        if (e->row != NULL)
        {
            continue;
        }
        v->pending++;
        e->state = AMEND_STATE_PENDING;
        if (v->newest != SIZE_MAX && i < v->newest)
        {
            e->state = AMEND_STATE_OUT_OF_ORDER;
            e->reason = arena_format(a, "%s is applied already", v->entries[v->newest].row->version);
            if (e->reason == NULL)
            {
                return error_memory(error);
            }
        }
    }
    return AMEND_OK;
}

amend_status plan_view(arena *a, const catalog *c, const history *h, view *out, amend_error *error)
{
    *out = (view){.catalog = c, .history = h};
    out->entries = arena_array(a, c->count + h->count + 1, sizeof(entry));
    const applied **rows = sorted(a, h);
    bool *taken = arena_alloc(a, h->count + 1);
    if (out->entries == NULL || rows == NULL || taken == NULL)
    {
        return error_memory(error);
    }
    size_t next = 0;
    for (size_t i = 0; i < c->count; i++)
    {
        out->entries[i] = (entry){.file = &c->items[i], .row = take(rows, taken, h->count, &next, c->items[i].version)};
    }
    out->count = c->count;
    insert_gone(out, rows, taken, h->count);
    return judge(a, out, error);
}
