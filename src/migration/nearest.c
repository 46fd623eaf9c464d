/* SPDX-License-Identifier: MIT */
/* Levenshtein's distance, one row at a time; words longer than the row are near to nothing. */
#include "migration/nearest.h"

enum
{
    LONGEST = 32,
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c == '_' ? '-' : c);
}

static size_t distance(slice a, slice b)
{
    size_t row[LONGEST + 1];
    for (size_t k = 0; k <= b.len; k++)
    {
        row[k] = k;
    }
    for (size_t i = 1; i <= a.len; i++)
    {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++)
        {
            size_t change = diagonal + (lower(a.data[i - 1]) != lower(b.data[k - 1]));
            diagonal = row[k];
            row[k] = least(change, least(row[k], row[k - 1]) + 1);
        }
    }
    return row[b.len];
}

const char *nearest(slice word, const char *const *words, size_t count)
{
    const char *best = NULL;
    size_t best_distance = word.len / 3 + 2; /* short words are near to everything: allow them less */
    for (size_t i = 0; i < count && word.len <= LONGEST; i++)
    {
        slice candidate = slice_of(words[i]);
        size_t d = candidate.len > LONGEST ? LONGEST : distance(word, candidate);
        if (d < best_distance && d < candidate.len)
        {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
