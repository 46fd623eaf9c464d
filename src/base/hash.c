/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <nettle/sha2.h>

#include <stdint.h>

void hash_hex(const slice *parts, size_t count, char out[HASH_HEX])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    for (size_t i = 0; i < count; i++)
    {
        sha256_update(&context, parts[i].len, (const uint8_t *)parts[i].data);
    }
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
    {
        out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out[64] = '\0';
}
