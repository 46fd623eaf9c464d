/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <nettle/sha2.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(hasher), "a hasher has room for nettle's context");

void hash_begin(hasher *h)
{
    sha256_init((struct sha256_ctx *)h->state);
}

void hash_add(hasher *h, slice part)
{
    sha256_update((struct sha256_ctx *)h->state, part.len, (const uint8_t *)part.data);
}

void hash_end(hasher *h, char out[HASH_HEX])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest((struct sha256_ctx *)h->state, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
    {
        out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out[64] = '\0';
}

void hash_hex(const slice *parts, size_t count, char out[HASH_HEX])
{
    hasher h;
    hash_begin(&h);
    for (size_t i = 0; i < count; i++)
    {
        hash_add(&h, parts[i]);
    }
    hash_end(&h, out);
}
