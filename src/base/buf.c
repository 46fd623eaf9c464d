/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

void buf_init(buf *b, const amend_allocator *allocator)
{
    *b = (buf){.allocator = allocator};
}

void buf_clear(buf *b)
{
    if (b->data != NULL)
    {
        alloc_free(b->allocator, b->data, b->capacity);
    }
    *b = (buf){.allocator = b->allocator};
}

void buf_reset(buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL)
    {
        b->data[0] = '\0';
    }
}

char *buf_reserve(buf *b, size_t extra)
{
    size_t need;
    if (b->failed || __builtin_add_overflow(b->len, extra, &need) || need >= SIZE_MAX / 2)
    {
        b->failed = true;
        return NULL;
    }
    need++; /* the NUL */
    if (need > b->capacity)
    {
        size_t capacity = b->capacity < 256 ? 256 : b->capacity + b->capacity / 2;
        capacity = capacity < need ? need : capacity;
        char *data = alloc_resize(b->allocator, b->data, b->capacity, capacity);
        if (data == NULL)
        {
            b->failed = true;
            return NULL;
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->len;
}

void buf_add(buf *b, slice s)
{
    char *room = buf_reserve(b, s.len);
    if (room == NULL)
    {
        return;
    }
    if (s.len > 0)
    {
        memcpy(room, s.data, s.len);
    }
    b->len += s.len;
    b->data[b->len] = '\0';
}

void buf_lower(buf *b, slice s)
{
    size_t start = b->len;
    buf_add(b, s);
    for (size_t i = start; i < b->len; i++)
    {
        char c = b->data[i];
        b->data[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
}

void buf_text(buf *b, const char *text)
{
    buf_add(b, slice_of(text));
}

void buf_char(buf *b, char c)
{
    buf_add(b, (slice){&c, 1});
}

void buf_format(buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = len < 0 ? NULL : buf_reserve(b, (size_t)len);
    if (room == NULL)
    {
        b->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

void buf_json(buf *b, const char *text)
{
    if (text == NULL)
    {
        buf_text(b, "null");
        return;
    }
    buf_char(b, '"');
    for (; *text != '\0'; text++)
    {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
        {
            buf_char(b, '\\');
            buf_char(b, (char)c);
        }
        else if (c < 0x20 || c == 0x7f)
        {
            buf_format(b, "\\u%04x", c);
        }
        else
        {
            buf_char(b, (char)c);
        }
    }
    buf_char(b, '"');
}
