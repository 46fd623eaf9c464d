/* SPDX-License-Identifier: MIT */
/* Memory by the application's allocator. The middleware sees libamend's public headers only, so it has its own few lines. */
#ifndef AMEND_HTTP_MEMORY_H
#define AMEND_HTTP_MEMORY_H

#include "amend.h"

/* malloc and its kin. */
extern const amend_allocator http_memory_default;

/* NULL when there is none. */
void *http_memory_resize(const amend_allocator *allocator, void *block, size_t old_size, size_t new_size);
/* `block` may be NULL. */
void http_memory_free(const amend_allocator *allocator, void *block, size_t size);

#endif
