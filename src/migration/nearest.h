/* SPDX-License-Identifier: MIT */
/* "Did you mean …?" */
#ifndef AMEND_MIGRATION_NEAREST_H
#define AMEND_MIGRATION_NEAREST_H

#include "base/slice.h"

/* Of the words, the one that a slip or two of the keyboard turns into `word`; NULL when none is near enough. */
const char *nearest(slice word, const char *const *words, size_t count);

#endif
