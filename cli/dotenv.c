/* SPDX-License-Identifier: MIT */
#include "dotenv.h"

#include <ctype.h>
#include <string.h>

typedef struct reader
{
    pool *pool;
    const char *at;
    unsigned line;
} reader;

static bool is_key(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static void skip_blanks(reader *r)
{
    r->at += strspn(r->at, " \t\r");
}

static void skip_line(reader *r)
{
    r->at += strcspn(r->at, "\n");
    if (*r->at == '\n')
    {
        r->at++;
        r->line++;
    }
}

static char escaped(char c)
{
    switch (c)
    {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* A quoted value may go on over lines. In double quotes a backslash escapes; in single ones nothing does. */
static const char *dotenv_quoted(reader *r)
{
    char quote = *r->at;
    char *value = pool_alloc(r->pool, strlen(r->at) + 1);
    size_t length = 0;
    for (r->at++; *r->at != '\0' && *r->at != quote; r->at++)
    {
        char c = *r->at;
        if (c == '\n')
        {
            r->line++;
        }
        if (c == '\\' && quote == '"' && r->at[1] != '\0' && r->at[1] != '\n')
        {
            c = escaped(*++r->at);
        }
        value[length++] = c;
    }
    return value;
}

static const char *dotenv_bare(reader *r)
{
    size_t length = 0, end = strcspn(r->at, "\n");
    while (length < end && !(r->at[length] == '#' && (length == 0 || isspace((unsigned char)r->at[length - 1]))))
    {
        length++;
    }
    while (length > 0 && isspace((unsigned char)r->at[length - 1]))
    {
        length--;
    }
    return pool_copy(r->pool, r->at, length);
}

static void line(reader *r, dotenv *out)
{
    skip_blanks(r);
    if (strncmp(r->at, "export", 6) == 0 && (r->at[6] == ' ' || r->at[6] == '\t'))
    {
        r->at += 6;
        skip_blanks(r);
    }
    const char *key = r->at;
    while (is_key(*r->at))
    {
        r->at++;
    }
    size_t length = (size_t)(r->at - key);
    skip_blanks(r);
    if (length == 0 || *r->at != '=')
    {
        return;
    }
    r->at++;
    skip_blanks(r);
    dotenv_entry entry = {.key = pool_copy(r->pool, key, length), .line = r->line, .literal = *r->at == '\''};
    entry.value = *r->at == '"' || *r->at == '\'' ? dotenv_quoted(r) : dotenv_bare(r);
    out->entries = pool_grow(r->pool, out->entries, out->count, sizeof *out->entries);
    out->entries[out->count++] = entry;
}

void dotenv_parse(pool *p, const char *text, dotenv *out)
{
    reader r = {p, text, 1};
    *out = (dotenv){0};
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
    {
        r.at += 3;
    }
    while (*r.at != '\0')
    {
        line(&r, out);
        skip_line(&r);
    }
}

const dotenv_entry *dotenv_find(const dotenv *d, const char *key)
{
    for (size_t i = d->count; i > 0; i--)
    {
        if (strcmp(d->entries[i - 1].key, key) == 0)
        {
            return &d->entries[i - 1];
        }
    }
    return NULL;
}
