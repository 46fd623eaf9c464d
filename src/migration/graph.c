/* SPDX-License-Identifier: MIT */
/*
 * Kahn's algorithm with a heap of what is ready, so that the lowest version goes first. Nearly always every migration depends
 * on lower ones only: then the order by version is the running order, and nothing is moved.
 *
 * A "node" is a migration's place by version.
 */
#include "migration/graph.h"

#include "base/error.h"

#include <stdint.h>

/* ---------------------------------------------------------------------------------------------------------------- edges */

/* The node of that version; SIZE_MAX when there is none. */
static size_t find(const migration *items, size_t count, const char *version)
{
    size_t low = 0, high = count;
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        int difference = version_compare(items[middle].version, version);
        if (difference == 0)
        {
            return middle;
        }
        low = difference < 0 ? middle + 1 : low;
        high = difference < 0 ? high : middle;
    }
    return SIZE_MAX;
}

static void place(amend_error *error, const migration *m, size_t offset)
{
    if (error == NULL)
    {
        return;
    }
    error_copy(error->version, sizeof error->version, slice_of(m->version));
    error_copy(error->file, sizeof error->file, slice_of(m->up_file));
    error->offset = offset;
}

static bool contains(const size_t *nodes, size_t count, size_t node)
{
    for (size_t i = 0; i < count; i++)
    {
        if (nodes[i] == node)
        {
            return true;
        }
    }
    return false;
}

/* What the directive names, as nodes. */
static amend_status explicit_edges(arena *a, migration *items, size_t count, migration *m, amend_error *error)
{
    size_t *nodes = arena_array(a, m->head.depends_count, sizeof *nodes);
    if (nodes == NULL)
    {
        return error_memory(error);
    }
    size_t n = 0;
    for (size_t i = 0; i < m->head.depends_count; i++)
    {
        size_t node = find(items, count, m->head.depends[i]);
        if (node == SIZE_MAX)
        {
            amend_status status =
                error_set(error, AMEND_E_DEPENDS_UNKNOWN, "\"%s\" depends on version \"%s\", which no file has", m->version,
                          m->head.depends[i]);
            place(error, m, m->head.depends_at[i]);
            return status;
        }
        if (!contains(nodes, n, node))
        {
            nodes[n++] = node;
        }
    }
    m->depends = nodes;
    m->depends_count = n;
    return AMEND_OK;
}

static amend_status add_edges(arena *a, migration *items, size_t count, bool *in_order, amend_error *error)
{
    size_t *line = arena_array(a, count, sizeof *line); /* the node before each: what a migration without a directive has */
    if (line == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < count; i++)
    {
        migration *m = &items[i];
        line[i] = i;
        if (!m->head.has_depends)
        {
            m->depends = i == 0 ? NULL : &line[i - 1];
            m->depends_count = i == 0 ? 0 : 1;
            continue;
        }
        amend_status status = explicit_edges(a, items, count, m, error);
        if (status != AMEND_OK)
        {
            return status;
        }
        for (size_t k = 0; k < m->depends_count; k++)
        {
            *in_order = *in_order && m->depends[k] < i;
        }
    }
    return AMEND_OK;
}

/* ----------------------------------------------------------------------------------------------------------------- order */

typedef struct heap
{
    size_t *nodes;
    size_t count;
} heap;

static void swap(size_t *a, size_t *b)
{
    size_t kept = *a;
    *a = *b;
    *b = kept;
}

static void heap_push(heap *h, size_t node)
{
    size_t i = h->count++;
    h->nodes[i] = node;
    for (; i > 0 && h->nodes[(i - 1) / 2] > h->nodes[i]; i = (i - 1) / 2)
    {
        swap(&h->nodes[(i - 1) / 2], &h->nodes[i]);
    }
}

static size_t heap_pop(heap *h)
{
    size_t lowest = h->nodes[0];
    h->nodes[0] = h->nodes[--h->count];
    for (size_t i = 0;;)
    {
        size_t child = 2 * i + 1;
        child += child + 1 < h->count && h->nodes[child + 1] < h->nodes[child];
        if (child >= h->count || h->nodes[i] <= h->nodes[child])
        {
            return lowest;
        }
        swap(&h->nodes[i], &h->nodes[child]);
        i = child;
    }
}

/* The edges turned round: who waits for each node, all lists in one array. */
typedef struct waiters
{
    size_t *starts; /* of each node's list; count + 1 of them */
    size_t *nodes;
    size_t *missing; /* how many each node still waits for */
} waiters;

static bool find_waiters(arena *a, const migration *items, size_t count, waiters *w)
{
    size_t edges = 0;
    for (size_t i = 0; i < count; i++)
    {
        edges += items[i].depends_count;
    }
    w->starts = arena_array(a, count + 2, sizeof *w->starts);
    w->nodes = arena_array(a, edges, sizeof *w->nodes);
    w->missing = arena_array(a, count, sizeof *w->missing);
    if (w->starts == NULL || w->nodes == NULL || w->missing == NULL)
    {
        return false;
    }
    for (size_t i = 0; i < count; i++)
    {
        w->missing[i] = items[i].depends_count;
        for (size_t k = 0; k < items[i].depends_count; k++)
        {
            w->starts[items[i].depends[k] + 2]++;
        }
    }
    for (size_t i = 2; i < count + 2; i++)
    {
        w->starts[i] += w->starts[i - 1];
    }
    for (size_t i = 0; i < count; i++) /* moves each start to the next node's, where it belongs */
    {
        for (size_t k = 0; k < items[i].depends_count; k++)
        {
            w->nodes[w->starts[items[i].depends[k] + 1]++] = i;
        }
    }
    return true;
}

/* The nodes in running order; returns how many could be ordered. What is left has `missing` above zero. */
static size_t run_order(const waiters *w, size_t count, heap *ready, size_t *order)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
    {
        if (w->missing[i] == 0)
        {
            heap_push(ready, i);
        }
    }
    while (ready->count > 0)
    {
        size_t node = heap_pop(ready);
        order[n++] = node;
        for (size_t k = w->starts[node]; k < w->starts[node + 1]; k++)
        {
            if (--w->missing[w->nodes[k]] == 0)
            {
                heap_push(ready, w->nodes[k]);
            }
        }
    }
    return n;
}

/* ---------------------------------------------------------------------------------------------------------------- circles */

/* Something that `node` depends on and that is in or behind a circle itself. */
static size_t stuck_dependency(const migration *items, const size_t *missing, size_t node, size_t *which)
{
    for (*which = 0; missing[items[node].depends[*which]] == 0; (*which)++)
    {
    }
    return items[node].depends[*which];
}

/* Follow the stuck ones until one comes again: it is on a circle. Then find the lowest of that circle, to begin with it. */
static size_t find_circle(const migration *items, size_t count, const size_t *missing)
{
    size_t node = 0, which, steps;
    while (missing[node] == 0)
    {
        node++;
    }
    for (steps = 0; steps < count; steps++)
    {
        node = stuck_dependency(items, missing, node, &which);
    }
    size_t lowest = node;
    for (size_t next = stuck_dependency(items, missing, node, &which); next != node;
         next = stuck_dependency(items, missing, next, &which))
    {
        lowest = next < lowest ? next : lowest;
    }
    return lowest;
}

/* Why each of the circle depends on the next. Returns the second of it. */
static size_t explain_circle(buf *chain, buf *why, const migration *items, const size_t *missing, size_t start)
{
    size_t node = start, which, second = SIZE_MAX;
    buf_text(chain, items[start].version);
    do
    {
        const migration *m = &items[node];
        node = stuck_dependency(items, missing, node, &which);
        second = second == SIZE_MAX ? node : second;
        buf_format(chain, " → %s", items[node].version);
        buf_format(why, "%s\"%s\" depends on \"%s\": %s", why->len == 0 ? "" : "\n", m->version, items[node].version,
                   m->head.has_depends ? m->up_file : "it has no directive, so it follows the one before it");
    }
    while (node != start);
    return second;
}

/* The lowest of a circle has a directive: one without depends on a lower one. */
static size_t directive_offset(const migration *m, const char *version)
{
    size_t i = 0;
    while (version_compare(m->head.depends[i], version) != 0)
    {
        i++;
    }
    return m->head.depends_at[i];
}

static amend_status circle(arena *a, const migration *items, size_t count, const size_t *missing, amend_error *error)
{
    buf chain, why;
    buf_init(&chain, arena_allocator(a));
    buf_init(&why, arena_allocator(a));
    size_t start = find_circle(items, count, missing);
    size_t second = explain_circle(&chain, &why, items, missing, start);
    amend_status status;
    if (chain.failed || why.failed)
    {
        status = error_memory(error);
    }
    else
    {
        status = error_set(error, AMEND_E_DEPENDS_CYCLE, "migrations depend on each other in a circle: %s", chain.data);
        error_detail(error, "%s", why.data);
        place(error, &items[start], directive_offset(&items[start], items[second].version));
    }
    buf_clear(&chain);
    buf_clear(&why);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- reordering */

/* Put the items into the running order, and make their edges positions in it. */
static amend_status reorder(arena *a, migration *items, size_t count, const size_t *order, size_t *positions,
                            amend_error *error)
{
    migration *copy = arena_array(a, count, sizeof *copy);
    if (copy == NULL)
    {
        return error_memory(error);
    }
    memcpy(copy, items, count * sizeof *copy);
    for (size_t i = 0; i < count; i++)
    {
        positions[order[i]] = i;
    }
    for (size_t i = 0; i < count; i++)
    {
        items[i] = copy[order[i]];
        size_t *depends = arena_array(a, items[i].depends_count, sizeof *depends);
        if (depends == NULL)
        {
            return error_memory(error);
        }
        for (size_t k = 0; k < items[i].depends_count; k++)
        {
            depends[k] = positions[items[i].depends[k]];
        }
        items[i].depends = depends;
    }
    return AMEND_OK;
}

amend_status graph_order(arena *a, migration *items, size_t count, const size_t **by_version, amend_error *error)
{
    bool in_order = true;
    *by_version = NULL;
    amend_status status = add_edges(a, items, count, &in_order, error);
    if (status != AMEND_OK || in_order)
    {
        return status;
    }
    waiters w;
    heap ready = {arena_array(a, count, sizeof(size_t)), 0};
    size_t *order = arena_array(a, count, sizeof *order);
    size_t *positions = arena_array(a, count, sizeof *positions);
    if (!find_waiters(a, items, count, &w) || ready.nodes == NULL || order == NULL || positions == NULL)
    {
        return error_memory(error);
    }
    if (run_order(&w, count, &ready, order) < count)
    {
        return circle(a, items, count, w.missing, error);
    }
    *by_version = positions;
    return reorder(a, items, count, order, positions, error);
}
