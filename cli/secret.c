/* SPDX-License-Identifier: MIT */
#include "secret.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct span
{
    size_t start, end;
} span;

/* user:PASSWORD@ of a URL. A password may hold an unescaped "@" or "/", so it goes on to the last "@". */
static bool in_authority(const char *text, size_t from, span *out)
{
    const char *scheme = strstr(text + from, "://");
    if (scheme == NULL)
    {
        return false;
    }
    const char *user = scheme + 3, *colon = user + strcspn(user, ":/?#@"), *at = strrchr(user, '@');
    if (*colon != ':' || at == NULL || at <= colon)
    {
        return false;
    }
    *out = (span){(size_t)(colon + 1 - text), (size_t)(at - text)};
    return true;
}

/* The value behind "password=" of a conninfo string or of a URL's query. */
static span value_at(const char *text, size_t start)
{
    size_t end = start;
    if (text[start] == '\'')
    {
        for (end = ++start; text[end] != '\0' && text[end] != '\''; end++)
        {
            if (text[end] == '\\' && text[end + 1] != '\0')
            {
                end++;
            }
        }
        return (span){start, end};
    }
    while (text[end] != '\0' && text[end] != '&' && !isspace((unsigned char)text[end]))
    {
        end++;
    }
    return (span){start, end};
}

static bool in_keyword(const char *text, size_t from, span *out)
{
    static const char *const words[] = {"password", "authtoken"};
    for (size_t i = from; text[i] != '\0'; i++)
    {
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        {
            size_t length = strlen(words[w]);
            if (strncasecmp(text + i, words[w], length) != 0)
            {
                continue;
            }
            size_t equals = i + length + strspn(text + i + length, " \t");
            if (text[equals] == '=')
            {
                *out = value_at(text, equals + 1 + strspn(text + equals + 1, " \t"));
                return true;
            }
        }
    }
    return false;
}

/* The first password at or behind `from`. */
static bool next(const char *text, size_t from, span *out)
{
    span authority, keyword;
    bool has_authority = in_authority(text, from, &authority), has_keyword = in_keyword(text, from, &keyword);
    if (has_authority && (!has_keyword || authority.start <= keyword.start))
    {
        *out = authority;
        return true;
    }
    *out = keyword;
    return has_keyword;
}

const char *secret_mask(pool *p, const char *text)
{
    const char *masked = "";
    size_t from = 0;
    span found;
    while (text[from] != '\0' && next(text, from, &found))
    {
        masked = pool_format(p, "%s%.*s***", masked, (int)(found.start - from), text + from);
        from = found.end;
    }
    return from == 0 ? text : pool_format(p, "%s%s", masked, text + from);
}

void secret_wipe(char *text)
{
    span found;
    for (size_t from = 0; text[from] != '\0' && next(text, from, &found); from = found.end)
    {
        memset(text + found.start, '*', found.end - found.start);
    }
}
