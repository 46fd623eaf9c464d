/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), by nettle. */
#ifndef AMEND_BASE_HASH_H
#define AMEND_BASE_HASH_H

#include "base/slice.h"

#include <stdint.h>

enum
{
    HASH_HEX = 65, /* 64 digits and NUL */
};

/* The hash of the concatenated parts as lower-case hex digits. */
void hash_hex(const slice *parts, size_t count, char out[HASH_HEX]);

/* The same, bit by bit. */
typedef struct hasher
{
    uint64_t state[16];
} hasher;

void hash_begin(hasher *h);
void hash_add(hasher *h, slice part);
void hash_end(hasher *h, char out[HASH_HEX]);

#endif
