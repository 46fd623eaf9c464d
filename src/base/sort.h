/* SPDX-License-Identifier: MIT */
/* Sorting without the C library's qsort, which takes memory of its own and keeps no order among equals. */
#ifndef AMEND_BASE_SORT_H
#define AMEND_BASE_SORT_H

#include "base/arena.h"

/* Below, at or above zero, as strcmp; given two of the items. */
typedef int (*sort_compare)(const void *a, const void *b);

/* Sort an array of pointers; equals keep their order. The arena lends room for `count` pointers. False when memory is short. */
bool sort_pointers(arena *a, const void **items, size_t count, sort_compare compare);

#endif
