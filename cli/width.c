/* SPDX-License-Identifier: MIT */
#include "width.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct range
{
    uint32_t first, last;
} range;

/* Unicode's combining marks and format characters that people's names have; not all, but all that is likely. */
static const range zero[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},   {0x06d6, 0x06dc},
    {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31},   {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x202a, 0x202e},   {0x2060, 0x2064},
    {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0100, 0xe01ef},
};

/* East Asian Width W and F (Unicode Standard Annex 11), in coarse ranges. */
static const range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2614, 0x2615},   {0x26a1, 0x26a1}, {0x2705, 0x2705},
    {0x274c, 0x274c},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60}, {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static bool in(const range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count && ranges[i].first <= character; i++)
    {
        if (character <= ranges[i].last)
        {
            return true;
        }
    }
    return false;
}

uint32_t width_next(const char **at)
{
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)*at;
    unsigned more = s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : 1;
    *at += 1;
    if (s[0] < 0x80)
    {
        return s[0];
    }
    if (s[0] < 0xc2 || s[0] > 0xf4)
    {
        return 0xfffd;
    }
    uint32_t value = s[0] & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++)
    {
        if ((s[i] & 0xc0) != 0x80)
        {
            return 0xfffd;
        }
        value = value << 6 | (s[i] & 0x3fu);
    }
    if (value < smallest[more] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
    {
        return 0xfffd;
    }
    *at += more;
    return value;
}

unsigned width_of(uint32_t character)
{
    if (character < 0x300)
    {
        return 1;
    }
    if (in(zero, sizeof zero / sizeof zero[0], character))
    {
        return 0;
    }
    return in(wide, sizeof wide / sizeof wide[0], character) ? 2 : 1;
}

size_t width_text(const char *text)
{
    size_t width = 0;
    while (*text != '\0')
    {
        width += width_of(width_next(&text));
    }
    return width;
}

/* What stands in for a character that may not reach a terminal; NULL when it may. */
static const char *replacement(uint32_t character, bool broken, bool lines)
{
    if (broken)
    {
        return "\xef\xbf\xbd";
    }
    if (character == '\n')
    {
        return lines ? NULL : " ";
    }
    if (character == '\t' || character == '\r')
    {
        return " ";
    }
    /* C0, DEL, C1, and the characters that turn the direction of writing round. */
    bool control = character < 0x20 || (character >= 0x7f && character < 0xa0) ||
                   (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
    return control ? "?" : NULL;
}

static const char *clean(pool *p, const char *text, bool lines)
{
    char *copy = NULL;
    size_t length = 0;
    for (const char *at = text; *at != '\0';)
    {
        const char *start = at;
        uint32_t character = width_next(&at);
        const char *other = replacement(character, character == 0xfffd && at - start == 1, lines);
        if (other != NULL && copy == NULL)
        {
            /* The worst case: each byte becomes the three of U+FFFD. */
            copy = pool_alloc(p, strlen(text) * 3 + 1);
            length = (size_t)(start - text);
            memcpy(copy, text, length);
        }
        if (copy != NULL)
        {
            size_t size = other != NULL ? strlen(other) : (size_t)(at - start);
            memcpy(copy + length, other != NULL ? other : start, size);
            length += size;
        }
    }
    return copy == NULL ? text : copy;
}

const char *width_clean(pool *p, const char *text)
{
    return clean(p, text, false);
}

const char *width_clean_lines(pool *p, const char *text)
{
    return clean(p, text, true);
}

const char *width_cut(pool *p, const char *text, size_t columns)
{
    if (width_text(text) <= columns)
    {
        return text;
    }
    size_t width = 0;
    const char *at = text, *end = text;
    while (*at != '\0' && width < columns)
    {
        end = at;
        width += width_of(width_next(&at));
    }
    return columns == 0 ? "" : pool_format(p, "%.*s…", (int)(end - text), text);
}
