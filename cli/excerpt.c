/* SPDX-License-Identifier: MIT */
#include "excerpt.h"

#include "width.h"

#include <stdio.h>
#include <string.h>

enum
{
    TAB = 4,
    LEAD = 3, /* how much of a long line stays before the caret: a third */
};

/* Tabs become blanks up to the next stop. *column is where the caret's character begins. */
static char *excerpt_expand(pool *p, const char *line, unsigned caret, size_t *column)
{
    char *out = pool_alloc(p, strlen(line) * TAB + 1);
    size_t length = 0, width = 0;
    unsigned position = 1;
    *column = 0;
    for (const char *at = line; *at != '\0'; position++)
    {
        const char *start = at;
        uint32_t character = width_next(&at);
        if (position == caret)
        {
            *column = width;
        }
        if (character == '\t')
        {
            size_t blanks = TAB - width % TAB;
            memset(out + length, ' ', blanks);
            length += blanks;
            width += blanks;
            continue;
        }
        memcpy(out + length, start, (size_t)(at - start));
        length += (size_t)(at - start);
        width += width_of(character);
    }
    if (caret >= position)
    {
        *column = width;
    }
    return out;
}

/* The text from the character that holds or follows `columns`; *skipped is how wide the part before is. */
static const char *skip(const char *text, size_t columns, size_t *skipped)
{
    *skipped = 0;
    while (*text != '\0' && *skipped < columns)
    {
        *skipped += width_of(width_next(&text));
    }
    return text;
}

excerpt excerpt_make(pool *p, const char *line, unsigned caret, size_t columns)
{
    excerpt out = {.has_caret = caret > 0};
    const char *text = width_clean(p, excerpt_expand(p, line, caret, &out.caret));
    size_t skipped = 0;
    size_t width = width_text(text);
    if (columns > 0 && width > columns && out.caret + columns / LEAD >= columns)
    {
        /* No more than what the rest of the line can fill again. */
        size_t wanted = out.caret - columns / LEAD + 1, most = width - columns + 1;
        text = skip(text, wanted < most ? wanted : most, &skipped);
        text = pool_format(p, "…%s", text);
        out.caret = out.caret - skipped + 1;
    }
    out.text = columns == 0 ? text : width_cut(p, text, columns);
    return out;
}
