/* SPDX-License-Identifier: MIT */
/* Versions: digits as text, ordered as natural numbers of any length. */
#ifndef AMEND_MIGRATION_VERSION_H
#define AMEND_MIGRATION_VERSION_H

#include "base/slice.h"

#include <stdint.h>

enum
{
    VERSION_DIGITS = 64, /* the longest version; the history's column is as wide */
};

/*
 * Natural order of two versions: as numbers, whatever the padding and the length. 0 means the same version ("9" and "009").
 * Texts that are no versions (of a history that another tool wrote) have a place in the order too.
 */
int version_compare(const char *a, const char *b);
/* Digits only, and not too long (64). */
bool version_is_valid(const char *version);
/* The number, or UINT64_MAX when it has more than 19 digits: for sorting without looking at the text. */
uint64_t version_number(slice version);

#endif
