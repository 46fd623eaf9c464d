/* SPDX-License-Identifier: MIT */
/*
 * The command's memory: given out piece by piece, freed at once at the end. A pointer from a pool is borrowed from it. None of
 * these functions returns NULL: a command that can't even keep its own words says so and exits.
 */
#ifndef AMEND_CLI_POOL_H
#define AMEND_CLI_POOL_H

#include <stddef.h>

typedef struct pool
{
    struct pool_block *blocks;
} pool;

/* `size` bytes, zeroed. */
void *pool_alloc(pool *p, size_t size);
/* Room for one more element in an array that grows, zeroed; the old array stays in the pool. */
void *pool_grow(pool *p, void *array, size_t count, size_t size);
/* A copy of `length` bytes with a NUL behind it. */
char *pool_copy(pool *p, const char *text, size_t length);
/* The same for a whole string; NULL gives NULL. */
char *pool_text(pool *p, const char *text);
char *pool_format(pool *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void pool_clear(pool *p);

#endif
