/* SPDX-License-Identifier: MIT */
/* A list of blocks; the newest has the free room. A request larger than a block gets a block of its own behind the newest. */
#include "base/arena.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum
{
    BLOCK_SIZE = 16 * 1024,
    ALIGN = _Alignof(max_align_t),
};

typedef struct block
{
    struct block *next;
    size_t size, used; /* of data */
    max_align_t data[];
} block;

struct arena
{
    const amend_allocator *allocator;
    block *newest;
};

arena *arena_new(const amend_allocator *allocator)
{
    arena *a = alloc_zeroed(allocator, 1, sizeof *a);
    if (a != NULL)
    {
        a->allocator = allocator;
    }
    return a;
}

void arena_free(arena *a)
{
    if (a == NULL)
    {
        return;
    }
    for (block *b = a->newest, *next; b != NULL; b = next)
    {
        next = b->next;
        alloc_free(a->allocator, b, sizeof *b + b->size);
    }
    alloc_free(a->allocator, a, sizeof *a);
}

const amend_allocator *arena_allocator(const arena *a)
{
    return a->allocator;
}

static block *add_block(arena *a, size_t size)
{
    bool large = size > BLOCK_SIZE / 4;
    size_t room = large ? size : BLOCK_SIZE;
    block *b = alloc_resize(a->allocator, NULL, 0, sizeof *b + room);
    if (b == NULL)
    {
        return NULL;
    }
    b->size = room;
    b->used = 0;
    if (large && a->newest != NULL) /* keep the free room of the newest in use */
    {
        b->next = a->newest->next;
        a->newest->next = b;
    }
    else
    {
        b->next = a->newest;
        a->newest = b;
    }
    return b;
}

void *arena_alloc(arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
    {
        return NULL;
    }
    size = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
    block *b = a->newest;
    if (b == NULL || b->size - b->used < size)
    {
        b = add_block(a, size);
        if (b == NULL)
        {
            return NULL;
        }
    }
    void *p = (char *)b->data + b->used;
    b->used += size;
    return memset(p, 0, size);
}

void *arena_array(arena *a, size_t count, size_t size)
{
    size_t total;
    return __builtin_mul_overflow(count, size, &total) ? NULL : arena_alloc(a, total);
}

char *arena_copy(arena *a, slice s)
{
    char *copy = arena_alloc(a, s.len + 1);
    if (copy != NULL && s.len > 0)
    {
        memcpy(copy, s.data, s.len);
    }
    return copy;
}

char *arena_string(arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, slice_of(text));
}

char *arena_format(arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc(a, (size_t)len + 1);
    if (text != NULL)
    {
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    return text;
}

void *arena_grow(arena *a, void *array, size_t count, size_t size)
{
    bool full = count == 0 || (count >= 8 && (count & (count - 1)) == 0);
    if (!full)
    {
        return array;
    }
    size_t capacity = count < 8 ? 8 : count * 2;
    void *grown = arena_array(a, capacity, size);
    if (grown != NULL && count > 0)
    {
        memcpy(grown, array, count * size);
    }
    return grown;
}
