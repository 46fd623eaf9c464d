/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>

enum
{
    LONGEST = 40,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
    {
        return m > n ? m : n;
    }
    /* Three rows of the table of distances between beginnings: the one being filled and the two before it. */
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= n; j++)
    {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= m; i++)
    {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n; j++)
        {
            now[j] = least(least(before[j], now[j - 1]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            {
                now[j] = least(now[j], earlier[j - 2] + 1);
            }
        }
    }
    return rows[m % 3][n];
}

void suggest_consider(suggestion *s, const char *name)
{
    size_t length = strlen(s->word), distance = suggest_distance(s->word, name);
    /* One slip in three letters is still a slip; a beginning of three letters is enough by itself. */
    bool begins = length >= 3 && strncmp(s->word, name, length) == 0;
    if (!begins && distance > (length < 3 ? 1 : (length + 2) / 3))
    {
        return;
    }
    if (distance >= length && !begins)
    {
        return;
    }
    if (s->best == NULL || distance < s->distance)
    {
        s->best = name;
        s->distance = distance;
    }
}
