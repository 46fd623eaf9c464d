/* SPDX-License-Identifier: MIT */
/* A merge sort from the bottom up. What is sorted already, as directories' listings often are, costs one pass. */
#include "base/sort.h"

static bool is_sorted(const void **items, size_t count, sort_compare compare)
{
    for (size_t i = 1; i < count; i++)
    {
        if (compare(items[i - 1], items[i]) > 0)
        {
            return false;
        }
    }
    return true;
}

/* Merge [start, middle) and [middle, end). */
static void merge(const void **from, const void **to, size_t start, size_t middle, size_t end, sort_compare compare)
{
    size_t left = start, right = middle;
    for (size_t i = start; i < end; i++)
    {
        bool take_left = right >= end || (left < middle && compare(from[left], from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool sort_pointers(arena *a, const void **items, size_t count, sort_compare compare)
{
    if (is_sorted(items, count, compare))
    {
        return true;
    }
    const void **other = arena_array(a, count, sizeof *other);
    if (other == NULL)
    {
        return false;
    }
    const void **from = items, **to = other;
    for (size_t width = 1; width < count; width *= 2)
    {
        for (size_t start = 0; start < count; start += 2 * width)
        {
            merge(from, to, start, least(start + width, count), least(start + 2 * width, count), compare);
        }
        const void **last = from;
        from = to;
        to = last;
    }
    if (from != items)
    {
        memcpy(items, from, count * sizeof *items);
    }
    return true;
}
