/* SPDX-License-Identifier: MIT */
#include "http/memory.h"

#include <stdlib.h>

static void *http_memory_standard(void *arg, void *block, size_t old_size, size_t new_size)
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

const amend_allocator http_memory_default = {.resize = http_memory_standard};

void *http_memory_resize(const amend_allocator *allocator, void *block, size_t old_size, size_t new_size)
{
    return allocator->resize(allocator->arg, block, old_size, new_size);
}

void http_memory_free(const amend_allocator *allocator, void *block, size_t size)
{
    if (block != NULL)
    {
        allocator->resize(allocator->arg, block, size, 0);
    }
}
