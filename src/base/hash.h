/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), by nettle. */
#ifndef AMEND_BASE_HASH_H
#define AMEND_BASE_HASH_H

#include "base/slice.h"

enum
{
    HASH_HEX = 65, /* 64 digits and NUL */
};

/* The hash of the concatenated parts as lower-case hex digits. */
void hash_hex(const slice *parts, size_t count, char out[HASH_HEX]);

#endif
