/* SPDX-License-Identifier: MIT */
/* A borrowed run of bytes with its length: text that lives elsewhere. */
#ifndef AMEND_BASE_SLICE_H
#define AMEND_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct slice
{
    const char *data;
    size_t len;
} slice;

/* For a string literal. */
#define SLICE(literal) ((slice){literal, sizeof(literal) - 1})

static inline slice slice_of(const char *text)
{
    return (slice){text, text == NULL ? 0 : strlen(text)};
}

/* The bytes [start, end) of s. */
static inline slice slice_sub(slice s, size_t start, size_t end)
{
    return (slice){s.data + start, end - start};
}

static inline bool slice_equal(slice a, slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
bool slice_equal_nocase(slice a, slice b);
/* Is the word somewhere in it, in any case of ASCII letters? The word begins with a letter, and is in upper case. */
bool slice_has_nocase(slice s, slice word);
bool slice_starts(slice s, slice prefix);
bool slice_ends(slice s, slice suffix);
/* Without ASCII white space at both ends. */
slice slice_trim(slice s);
/* Cut off what stands before the first `separator` and return it; *rest becomes what stands behind it. */
slice slice_token(slice *rest, char separator);

#endif
