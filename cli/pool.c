/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pool_block
{
    struct pool_block *next;
    max_align_t data[];
};

void *pool_alloc(pool *p, size_t size)
{
    struct pool_block *block = calloc(1, sizeof *block + size);
    if (block == NULL)
    {
        fputs("error: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    block->next = p->blocks;
    p->blocks = block;
    return block->data;
}

void *pool_grow(pool *p, void *array, size_t count, size_t size)
{
    /* Full at every power of two: the array then doubles. */
    if ((count & (count - 1)) != 0)
    {
        return array;
    }
    void *wider = pool_alloc(p, (count == 0 ? 1 : count * 2) * size);
    if (count > 0)
    {
        memcpy(wider, array, count * size);
    }
    return wider;
}

char *pool_copy(pool *p, const char *text, size_t length)
{
    char *copy = pool_alloc(p, length + 1);
    if (length > 0)
    {
        memcpy(copy, text, length);
    }
    return copy;
}

char *pool_text(pool *p, const char *text)
{
    return text == NULL ? NULL : pool_copy(p, text, strlen(text));
}

char *pool_format(pool *p, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = pool_alloc(p, (length < 0 ? 0 : (size_t)length) + 1);
    if (length > 0)
    {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

void pool_clear(pool *p)
{
    while (p->blocks != NULL)
    {
        struct pool_block *next = p->blocks->next;
        free(p->blocks);
        p->blocks = next;
    }
}
