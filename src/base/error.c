/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include "base/diagnostic.h"

#include <stdarg.h>
#include <stdio.h>

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

void error_copy(char *field, size_t size, slice text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;
    if (len < text.len)
    {
        while (len > 0 && continues(text.data[len]))
        {
            len--;
        }
    }
    if (len > 0)
    {
        memcpy(field, text.data, len);
    }
    field[len] = '\0';
}

/* Format into a field; what snprintf cut in the middle of a character is cut before it. */
static void error_print(char *field, size_t size, const char *format, va_list args)
{
    int len = vsnprintf(field, size, format, args);
    if (len < 0 || (size_t)len < size)
    {
        return;
    }
    size_t end = size - 1, start = end;
    while (start > 0 && continues(field[start - 1]))
    {
        start--;
    }
    if (start > 0 && (unsigned char)field[start - 1] >= 0xc0)
    {
        unsigned char lead = (unsigned char)field[start - 1];
        size_t need = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
        if (end - start < need)
        {
            field[start - 1] = '\0';
        }
    }
}

amend_status error_set(amend_error *error, amend_code code, const char *format, ...)
{
    const amend_explanation *known = diagnostic_find(code);
    amend_status status = known == NULL ? AMEND_FAILED : known->status;
    if (error == NULL)
    {
        return status;
    }
    memset(error, 0, sizeof *error);
    error->status = status;
    error->code = code;
    va_list args;
    va_start(args, format);
    error_print(error->message, sizeof error->message, format, args);
    va_end(args);
    if (known != NULL)
    {
        error_copy(error->hint, sizeof error->hint, slice_of(known->remedy));
    }
    return status;
}

amend_status error_memory(amend_error *error)
{
    return error_set(error, AMEND_E_OUT_OF_MEMORY, "out of memory");
}

void error_hint(amend_error *error, const char *format, ...)
{
    if (error == NULL)
    {
        return;
    }
    va_list args;
    va_start(args, format);
    error_print(error->hint, sizeof error->hint, format, args);
    va_end(args);
}

void error_detail(amend_error *error, const char *format, ...)
{
    if (error == NULL)
    {
        return;
    }
    va_list args;
    va_start(args, format);
    error_print(error->detail, sizeof error->detail, format, args);
    va_end(args);
}

void text_position(slice text, size_t offset, unsigned *line, unsigned *column)
{
    offset = offset > text.len ? text.len : offset;
    *line = 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++)
    {
        if (text.data[i] == '\n')
        {
            (*line)++;
            start = i + 1;
        }
    }
    *column = 1;
    for (size_t i = start; i < offset; i++)
    {
        *column += !continues(text.data[i]);
    }
}

/* A window of the line around the offset that fits the excerpt; the caret is counted in it. */
static void set_excerpt(amend_error *error, slice text, size_t offset)
{
    size_t start = offset, end = offset;
    while (start > 0 && text.data[start - 1] != '\n')
    {
        start--;
    }
    while (end < text.len && text.data[end] != '\n' && text.data[end] != '\r')
    {
        end++;
    }
    size_t room = sizeof error->excerpt - 1;
    if (offset - start > room / 2)
    {
        start = offset - room / 2;
        while (start < offset && continues(text.data[start]))
        {
            start++;
        }
    }
    error_copy(error->excerpt, sizeof error->excerpt, slice_sub(text, start, end));
    error->caret = 1;
    for (size_t i = start; i < offset; i++)
    {
        error->caret += !continues(text.data[i]);
    }
}

void error_at(amend_error *error, const char *file, slice text, size_t offset)
{
    if (error == NULL)
    {
        return;
    }
    offset = offset > text.len ? text.len : offset;
    if (file != NULL)
    {
        error_copy(error->file, sizeof error->file, slice_of(file));
    }
    error->offset = offset;
    text_position(text, offset, &error->line, &error->column);
    set_excerpt(error, text, offset);
}

/* How many bytes the character at text.data[i] takes; 0 when it isn't one (RFC 3629 section 4). */
static size_t character(slice text, size_t i)
{
    const unsigned char *p = (const unsigned char *)text.data + i;
    size_t left = text.len - i;
    if (p[0] < 0x80)
    {
        return 1;
    }
    if (p[0] < 0xc2 || p[0] > 0xf4)
    {
        return 0;
    }
    size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (left < need || p[1] < low || p[1] > high)
    {
        return 0;
    }
    for (size_t k = 2; k < need; k++)
    {
        if (!continues((char)p[k]))
        {
            return 0;
        }
    }
    return need;
}

bool text_is_utf8(slice text, size_t *bad)
{
    size_t i = 0;
    while (i < text.len)
    {
        unsigned long long word;
        if (text.len - i >= sizeof word) /* eight ASCII bytes at a time */
        {
            memcpy(&word, text.data + i, sizeof word);
            if ((word & 0x8080808080808080ULL) == 0)
            {
                i += sizeof word;
                continue;
            }
        }
        size_t n = character(text, i);
        if (n == 0)
        {
            *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}

void text_mend(char *text)
{
    size_t bad;
    for (slice rest = slice_of(text); !text_is_utf8(rest, &bad); rest = slice_sub(rest, bad + 1, rest.len))
    {
        text[(size_t)(rest.data - text) + bad] = '?';
    }
}
