/* SPDX-License-Identifier: MIT */
#include "migration/version.h"

static const char *skip_zeros(const char *version)
{
    while (version[0] == '0' && version[1] != '\0')
    {
        version++;
    }
    return version;
}

int version_compare(const char *a, const char *b)
{
    a = skip_zeros(a);
    b = skip_zeros(b);
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len != b_len)
    {
        return a_len < b_len ? -1 : 1;
    }
    int difference = memcmp(a, b, a_len);
    return (difference > 0) - (difference < 0);
}

bool version_is_valid(const char *version)
{
    size_t len = 0;
    while (version[len] >= '0' && version[len] <= '9' && len <= VERSION_DIGITS)
    {
        len++;
    }
    return len > 0 && len <= VERSION_DIGITS && version[len] == '\0';
}

uint64_t version_number(slice version)
{
    while (version.len > 0 && version.data[0] == '0')
    {
        version = slice_sub(version, 1, version.len);
    }
    if (version.len > 19)
    {
        return UINT64_MAX;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < version.len; i++)
    {
        number = number * 10 + (uint64_t)(version.data[i] - '0');
    }
    return number;
}
