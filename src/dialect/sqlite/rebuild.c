/* SPDX-License-Identifier: MIT */
/*
 * Finding table rebuilds: a table is dropped and its name is given to another one, so that rows which refer to it would be lost
 * with foreign keys on. Three forms are in use:
 *
 *     CREATE TABLE new … DROP TABLE t … ALTER TABLE new RENAME TO t       (SQLite's own advice)
 *     ALTER TABLE t RENAME TO old … CREATE TABLE t … DROP TABLE old
 *     CREATE TABLE backup AS … DROP TABLE t … CREATE TABLE t
 */
#include "dialect/sqlite/split.h"

#include <stdlib.h>

static int sqlite_compare_slices(slice a, slice b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By name, then by the place in the script. */
static int sqlite_compare_changes(const void *left, const void *right)
{
    const sqlite_change *a = left, *b = right;
    int order = sqlite_compare_slices(a->name, b->name);
    return order != 0 ? order : (a->statement > b->statement) - (a->statement < b->statement);
}

/* Is a table of this name made by a statement behind number `after`? The changes are sorted. */
static bool sqlite_creates_after(const sqlite_change *changes, size_t count, slice name, size_t after)
{
    size_t low = 0, high = count;
    while (low < high)
    {
        size_t middle = low + (high - low) / 2;
        bool before = sqlite_compare_slices(changes[middle].name, name) < 0;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    for (; low < count && slice_equal(changes[low].name, name); low++)
    {
        if (changes[low].kind == SQLITE_CREATES && changes[low].statement > after)
        {
            return true;
        }
    }
    return false;
}

bool sqlite_rebuilds(sqlite_change *changes, size_t count)
{
    if (count < 2)
    {
        return false;
    }
    qsort(changes, count, sizeof *changes, sqlite_compare_changes);
    const sqlite_change *drop = NULL, *rename = NULL; /* of the name at hand */
    for (size_t i = 0; i < count; i++)
    {
        const sqlite_change *c = &changes[i];
        if (i > 0 && !slice_equal(c->name, changes[i - 1].name))
        {
            drop = rename = NULL;
        }
        if (c->kind != SQLITE_DROPS)
        {
            if (drop != NULL)
            {
                return true;
            }
            rename = c->kind == SQLITE_RENAMES ? c : rename;
            continue;
        }
        if (rename != NULL && sqlite_creates_after(changes, count, rename->source, rename->statement))
        {
            return true;
        }
        drop = c;
    }
    return false;
}
