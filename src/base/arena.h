/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory that is given out piece by piece and freed at once. What a run needs (catalog, plan, report) lives in one.
 * A pointer from an arena is borrowed from it. Every function returns NULL when memory is short.
 */
#ifndef AMEND_BASE_ARENA_H
#define AMEND_BASE_ARENA_H

#include "amend.h"
#include "base/slice.h"

typedef struct arena arena;

arena *arena_new(const amend_allocator *allocator);
void arena_free(arena *a);
const amend_allocator *arena_allocator(const arena *a);

/* `size` bytes, zeroed, aligned for any type; size 0 gives a valid pointer too. */
void *arena_alloc(arena *a, size_t size);
/* count * size bytes, zeroed; NULL when that overflows. */
void *arena_array(arena *a, size_t count, size_t size);
/* A copy with a NUL behind it. */
char *arena_copy(arena *a, slice s);
/* The same; NULL gives NULL. */
char *arena_string(arena *a, const char *text);
char *arena_format(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Room for one more element in an array that grows: returns the (perhaps moved) array with at least count + 1 elements of
 * `size` bytes, the new one zeroed. Starts from NULL with count 0. The old array stays in the arena until it is freed.
 */
void *arena_grow(arena *a, void *array, size_t count, size_t size);

#endif
