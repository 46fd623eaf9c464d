/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool slice_equal_nocase(slice a, slice b)
{
    if (a.len != b.len)
    {
        return false;
    }
    for (size_t i = 0; i < a.len; i++)
    {
        if (lower(a.data[i]) != lower(b.data[i]))
        {
            return false;
        }
    }
    return true;
}

bool slice_starts(slice s, slice prefix)
{
    return s.len >= prefix.len && slice_equal(slice_sub(s, 0, prefix.len), prefix);
}

bool slice_ends(slice s, slice suffix)
{
    return s.len >= suffix.len && slice_equal(slice_sub(s, s.len - suffix.len, s.len), suffix);
}

slice slice_trim(slice s)
{
    while (s.len > 0 && blank(s.data[0]))
    {
        s = slice_sub(s, 1, s.len);
    }
    while (s.len > 0 && blank(s.data[s.len - 1]))
    {
        s.len--;
    }
    return s;
}

slice slice_token(slice *rest, char separator)
{
    const char *at = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    slice token = *rest;
    if (at == NULL)
    {
        *rest = (slice){rest->data + rest->len, 0};
        return token;
    }
    token.len = (size_t)(at - rest->data);
    *rest = slice_sub(*rest, token.len + 1, rest->len);
    return token;
}

bool slice_has_nocase(slice s, slice word)
{
    for (size_t i = 0; word.len <= s.len && i <= s.len - word.len; i++)
    {
        char c = s.data[i];
        if ((c == word.data[0] || c == (word.data[0] | 0x20)) && slice_equal_nocase(slice_sub(s, i, i + word.len), word))
        {
            return true;
        }
    }
    return false;
}
