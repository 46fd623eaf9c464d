/* SPDX-License-Identifier: MIT */
/*
 * What the server does with a name (scansup.c): unquoted ones are folded, in UTF-8 the ASCII letters only; all are cut off at
 * 63 bytes, between characters.
 */
#include "dialect/postgres/pg_name.h"

#include <stdint.h>

/* Is the byte one inside a character of UTF-8? */
static bool name_continues(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* A part of a path, but not U&"…", whose escapes may mean anything. */
static bool name_is_part(const pg_lexer *l, const pg_token *t)
{
    return t->kind == PG_WORD || (t->kind == PG_NAME && l->text.data[t->start] == '"' && t->body.len > 0);
}

bool pg_path_read(pg_lexer *l, pg_path *out)
{
    pg_token *next = &out->next;
    out->count = 0;
    out->star = false;
    do
    {
        pg_lexer_next(l, next);
        if (out->count > 0 && pg_lexer_is_symbol(next, '*'))
        {
            out->star = true;
            pg_lexer_next(l, next);
            return true;
        }
        if (out->count == PG_PATH_PARTS || !name_is_part(l, next))
        {
            return false;
        }
        out->parts[out->count++] = *next;
        pg_lexer_next(l, next);
    }
    while (pg_lexer_is_symbol(next, '.'));
    return true;
}

bool pg_path_whole(slice text, pg_path *out)
{
    pg_lexer l = {.text = text};
    return pg_path_read(&l, out) && out->next.kind == PG_END && !out->star;
}

/* The name at the token; `size` is how much of it may be kept. */
static size_t name_copy_part(const pg_token *t, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < t->body.len && len < size; i++)
    {
        char c = t->body.data[i];
        if (t->kind == PG_WORD)
        {
            c = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        }
        else if (c == '"')
        {
            i++;
        }
        out[len++] = c;
    }
    return len;
}

size_t pg_path_name(const pg_token *t, char out[AMEND_NAME_SIZE])
{
    size_t len = name_copy_part(t, out, PG_NAME_BYTES + 1); /* one byte more, to see whether a character ends there */
    if (len > PG_NAME_BYTES)
    {
        for (len = PG_NAME_BYTES; len > 0 && name_continues(out[len]);)
        {
            len--;
        }
    }
    out[len] = '\0';
    return len;
}

/* Eight bytes at once: how many of them begin a character. */
static size_t name_count_leads(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t inside = (word >> 7) & (~word >> 6) & 0x0101010101010101U;
    return 8 - (size_t)((inside * 0x0101010101010101U) >> 56);
}

size_t pg_name_offset(slice text, size_t position)
{
    size_t left = position - 1, at = 0;
    if (position == 0 || left >= text.len)
    {
        return SIZE_MAX;
    }
    while (at + 8 <= text.len)
    {
        size_t leads = name_count_leads(text.data + at);
        if (leads > left)
        {
            break;
        }
        left -= leads;
        at += 8;
    }
    for (; at < text.len; at++)
    {
        bool begins = !name_continues(text.data[at]);
        if (begins && left == 0)
        {
            return at;
        }
        left -= begins;
    }
    return SIZE_MAX;
}

bool pg_name_mentioned(slice query, const char *name)
{
    pg_lexer l = {.text = query};
    pg_token t;
    size_t wanted = strlen(name);
    for (pg_lexer_next(&l, &t); t.kind != PG_END; pg_lexer_next(&l, &t))
    {
        char text[AMEND_NAME_SIZE];
        if ((t.kind == PG_WORD && t.body.len >= wanted) || (t.kind == PG_NAME && name_is_part(&l, &t)))
        {
            size_t len = pg_path_name(&t, text);
            if (len == wanted && memcmp(text, name, len) == 0)
            {
                return true;
            }
        }
    }
    return false;
}

bool pg_name_parse(slice text, amend_object *out)
{
    pg_path path;
    if (!pg_path_whole(text, &path))
    {
        return false;
    }
    *out = (amend_object){0};
    pg_path_name(&path.parts[path.count - 1], out->name);
    if (path.count > 1)
    {
        pg_path_name(&path.parts[path.count - 2], out->table);
    }
    if (path.count > 2)
    {
        pg_path_name(&path.parts[0], out->schema);
    }
    return true;
}
