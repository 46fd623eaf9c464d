/* SPDX-License-Identifier: MIT */
#include "migration/filename.h"

#include "base/error.h"
#include "migration/version.h"

#include <stdint.h>

/*
 * Which characters above ASCII are no part of a name: controls, spaces, punctuation, symbols, pictures, what changes the
 * direction of text, and what Unicode leaves to private use. The rest are letters, their marks and digits of some script, or
 * may become such: a list of what is out ages better than one of what is in.
 */
static const struct
{
    uint32_t first, last;
} not_letters[] = {
    {0x0080, 0x00a9}, {0x00ab, 0x00b4},   {0x00b6, 0x00b9},   {0x00bb, 0x00bf},    {0x00d7, 0x00d7}, {0x00f7, 0x00f7},
    {0x0600, 0x0605}, {0x060c, 0x060d},   {0x061b, 0x061f},   {0x066a, 0x066d},    {0x06d4, 0x06d4}, {0x06dd, 0x06dd},
    {0x1680, 0x1680}, {0x180e, 0x180e},   {0x2000, 0x206f},   {0x20a0, 0x20cf},    {0x2190, 0x2bff}, {0x2e00, 0x2e7f},
    {0x2ff0, 0x3004}, {0x3008, 0x3020},   {0x3030, 0x3030},   {0x303d, 0x303f},    {0xe000, 0xf8ff}, {0xfdd0, 0xfdef},
    {0xfe10, 0xfe1f}, {0xfe30, 0xfe6f},   {0xfeff, 0xff0f},   {0xff1a, 0xff20},    {0xff3b, 0xff40}, {0xff5b, 0xff65},
    {0xffe0, 0xffff}, {0x1d000, 0x1d2ff}, {0x1f000, 0x1faff}, {0xe0000, 0x10ffff},
};

static bool is_letter(uint32_t c)
{
    for (size_t i = 0; i < sizeof not_letters / sizeof not_letters[0]; i++)
    {
        if (c >= not_letters[i].first && c <= not_letters[i].last)
        {
            return false;
        }
    }
    return true;
}

static bool ascii_fits(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           c == ' ';
}

/* The character at *i of valid UTF-8, stepping over it. */
static uint32_t next_character(slice s, size_t *i)
{
    unsigned char lead = (unsigned char)s.data[(*i)++];
    uint32_t c = lead < 0xe0 ? lead & 0x1f : lead < 0xf0 ? lead & 0x0f : lead & 0x07;
    for (; *i < s.len && ((unsigned char)s.data[*i] & 0xc0) == 0x80; (*i)++)
    {
        c = c << 6 | ((unsigned char)s.data[*i] & 0x3f);
    }
    return c;
}

bool filename_name_is_valid(slice name)
{
    size_t bad;
    if (slice_trim(name).len == 0 || !text_is_utf8(name, &bad))
    {
        return false;
    }
    for (size_t i = 0; i < name.len;)
    {
        unsigned char c = (unsigned char)name.data[i];
        if (c >= 0x80)
        {
            if (!is_letter(next_character(name, &i)))
            {
                return false;
            }
            continue;
        }
        if (!ascii_fits(c))
        {
            return false;
        }
        i++;
    }
    return true;
}

/* Cut a suffix off, whatever its case. */
static bool cut(slice *s, slice suffix)
{
    if (s->len < suffix.len || !slice_equal_nocase(slice_sub(*s, s->len - suffix.len, s->len), suffix))
    {
        return false;
    }
    s->len -= suffix.len;
    return true;
}

/* The kind that the end of the name tells; what is left of the name goes on. */
static filename_kind cut_kind(filename_folder folder, slice *rest)
{
    if (folder == FOLDER_DOWN)
    {
        return cut(rest, SLICE("_down")) || cut(rest, SLICE(".down")) ? FILENAME_DOWN : FILENAME_UNFIT;
    }
    if (cut(rest, SLICE(".down")))
    {
        return FILENAME_DOWN;
    }
    cut(rest, SLICE(".up"));
    return FILENAME_UP;
}

static filename_kind unfit(filename *out, const char *reason)
{
    out->reason = reason;
    return FILENAME_UNFIT;
}

filename_kind filename_parse(filename_folder folder, slice base, filename *out)
{
    slice rest = base;
    *out = (filename){0};
    if (base.len == 0 || base.data[0] == '.' || !cut(&rest, SLICE(".sql")))
    {
        return FILENAME_OTHER;
    }
    size_t digits = 0;
    while (digits < rest.len && rest.data[digits] >= '0' && rest.data[digits] <= '9')
    {
        digits++;
    }
    if (digits == 0)
    {
        return unfit(out, "its name does not begin with a number");
    }
    if (digits > VERSION_DIGITS)
    {
        return unfit(out, "its number has more than 64 digits");
    }
    filename_kind kind = cut_kind(folder, &rest);
    if (kind == FILENAME_UNFIT)
    {
        return unfit(out, "a down script's name ends in \"_down.sql\"");
    }
    if (rest.len < digits + 2 || (rest.data[digits] != '_' && rest.data[digits] != '-'))
    {
        return unfit(out, "after its number, \"_\" and a name should follow");
    }
    out->version = slice_sub(rest, 0, digits);
    out->name = slice_sub(rest, digits + 1, rest.len);
    if (!filename_name_is_valid(out->name))
    {
        return unfit(out, "its name has more than letters, digits, \"_\", \"-\", \".\" and spaces");
    }
    return kind;
}
