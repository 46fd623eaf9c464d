/* SPDX-License-Identifier: MIT */
/*
 * The forms of SQLite's messages about missing objects, compiled by re2c. A pattern covers the whole message, up to its NUL:
 * a form inside of other words is not that form.
 *
 * SQLite puts names in raw. A name can therefore hold anything, words of the form too: a message that can be read in two ways is
 * not read at all.
 */
#include "dialect/sqlite/message.h"

static slice sqlite_between(const char *start, const char *end)
{
    return (slice){start, (size_t)(end - start)};
}

static bool sqlite_has_words(slice text, const char *words)
{
    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

/* "error in view v after drop column: …" is about what shall go away, and keeps it from going. */
static bool sqlite_is_aftermath(const char *start, const char *end)
{
    return start != NULL && sqlite_has_words(sqlite_between(start, end), " after ");
}

sqlite_message sqlite_read_message(const char *message)
{
    const sqlite_message nothing = {.kind = SQLITE_SAYS_NOTHING};
    const char *YYCURSOR = message, *YYMARKER;
    const char *s, *e, *t, *f, *g, *h, *i, *j, *o, *p;
    /*!stags:re2c format = "const char *@@;"; separator = "\n    "; */
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:yyfill:enable = 0;
    re2c:tags = 1;

    end = [\x00];
    any = [^\x00]+;
    digits = [0-9]{1,9};
    where = ("error in " ("view" | "trigger") " " @o [^:\x00]+ @p ": ")?;
    literal = " - should this be a string literal in single-quotes?";
    unmatched = "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint";

    where "no such table: " @s any @e end
    {
        return sqlite_is_aftermath(o, p) ? nothing : (sqlite_message){SQLITE_SAYS_NO_TABLE, .name = sqlite_between(s, e)};
    }
    "no such view: " @s any @e end
    {
        return (sqlite_message){SQLITE_SAYS_NO_VIEW, .name = sqlite_between(s, e)};
    }
    "no such index: " @s any @e end
    {
        return (sqlite_message){SQLITE_SAYS_NO_INDEX, .name = sqlite_between(s, e)};
    }
    "no such trigger: " @s any @e end
    {
        return (sqlite_message){SQLITE_SAYS_NO_TRIGGER, .name = sqlite_between(s, e)};
    }
    where "no such column: " ["] @s any @e ["] literal? end
    {
        return sqlite_is_aftermath(o, p) ? nothing : (sqlite_message){SQLITE_SAYS_NO_BARE, .name = sqlite_between(s, e)};
    }
    where "no such column: " @s any @e end
    {
        return sqlite_is_aftermath(o, p) ? nothing : (sqlite_message){SQLITE_SAYS_NO_COLUMN, .name = sqlite_between(s, e)};
    }
    "cannot join using column " @s any @e " - column not present in both tables" end
    {
        return (sqlite_message){SQLITE_SAYS_NO_BARE, .name = sqlite_between(s, e)};
    }
    where "table " @t any @f " has no column named " @s any @e end
    {
        const slice table = sqlite_between(t, f), name = sqlite_between(s, e);
        return sqlite_is_aftermath(o, p) || sqlite_has_words(table, " has no column named ")
                   ? nothing
                   : (sqlite_message){SQLITE_SAYS_NO_COLUMN_IN, .table = table, .name = name};
    }
    where "table " @t any @f " has " @g digits @h " columns but " @i digits @j " values were supplied" end
    {
        return sqlite_is_aftermath(o, p) ? nothing
                                         : (sqlite_message){SQLITE_SAYS_FEW_COLUMNS,
                                                            .table = sqlite_between(t, f),
                                                            .has = sqlite_between(g, h),
                                                            .wants = sqlite_between(i, j)};
    }
    unmatched end
    {
        return (sqlite_message){SQLITE_SAYS_NO_UNIQUE, .ordinal = 0};
    }
    @s [1-9] ("st" | "nd" | "rd" | "th") " " unmatched end
    {
        return (sqlite_message){SQLITE_SAYS_NO_UNIQUE, .ordinal = (unsigned)(*s - '0')};
    }
    *
    {
        return nothing;
    }
    */
}
