/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *default_resize(void *arg, void *block, size_t old_size, size_t new_size)
{
    (void)arg;
    (void)old_size;
    if (new_size == 0)
    {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const amend_allocator alloc_default = {.resize = default_resize};

void *alloc_resize(const amend_allocator *allocator, void *block, size_t old_size, size_t new_size)
{
    return allocator->resize(allocator->arg, block, old_size, new_size);
}

void *alloc_zeroed(const amend_allocator *allocator, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total == 0)
    {
        return NULL;
    }
    void *block = alloc_resize(allocator, NULL, 0, total);
    return block == NULL ? NULL : memset(block, 0, total);
}

void alloc_free(const amend_allocator *allocator, void *block, size_t size)
{
    if (block != NULL)
    {
        alloc_resize(allocator, block, size, 0);
    }
}
