/* SPDX-License-Identifier: MIT */
/* The allocator behind everything: amend_allocator with the arithmetic checked. Blocks know no size: the caller does. */
#ifndef AMEND_BASE_ALLOC_H
#define AMEND_BASE_ALLOC_H

#include "amend.h"

/* malloc, realloc and free. */
extern const amend_allocator alloc_default;

/* NULL when memory is short. A new block is not cleared. */
void *alloc_resize(const amend_allocator *allocator, void *block, size_t old_size, size_t new_size);
/* count * size bytes, zeroed; NULL when that overflows or memory is short. */
void *alloc_zeroed(const amend_allocator *allocator, size_t count, size_t size);
void alloc_free(const amend_allocator *allocator, void *block, size_t size);

#endif
