/* SPDX-License-Identifier: MIT */
/*
 * A walk over the comments at the head; each line comment that begins with "amend:" is looked up in a table of directives,
 * whose function reads the value. An unknown word or a value that can't be is an error: a directive that was meant and not
 * obeyed would be worse than none.
 */
#include "migration/directives.h"

#include "base/error.h"
#include "migration/nearest.h"
#include "migration/version.h"

#include <limits.h>

enum
{
    SHOWN = 200,          /* how much of a wrong value a message shows */
    LONGEST_OBJECT = 512, /* two quoted names of PostgreSQL's and more */
};

/* What the functions of one call share. */
typedef struct reader
{
    arena *arena;
    const char *file;
    slice text;
    directives *out;
    amend_error *error;
} reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static slice trim_left(slice s)
{
    while (s.len > 0 && is_space(s.data[0]))
    {
        s = slice_sub(s, 1, s.len);
    }
    return s;
}

/* The run of characters up to white space or `stop`; *rest becomes what follows. */
static slice take_word(slice *rest, char stop)
{
    size_t len = 0;
    while (len < rest->len && !is_space(rest->data[len]) && rest->data[len] != stop)
    {
        len++;
    }
    slice word = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len);
    return word;
}

/* `at` is the slice of the text that the caret shall point to. */
static amend_status point(reader *r, slice at, amend_status status)
{
    error_at(r->error, r->file, r->text, (size_t)(at.data - r->text.data));
    return status;
}

static amend_status bad_value(reader *r, slice value, const char *directive, const char *expected)
{
    char shown[SHOWN];
    error_copy(shown, sizeof shown, value);
    amend_status status =
        error_set(r->error, AMEND_E_DIRECTIVE, "directive \"%s\" wants %s, not \"%s\"", directive, expected, shown);
    error_hint(r->error, "Correct the line; \"amend explain 106\" lists the directives and their values.");
    return point(r, value, status);
}

/* ------------------------------------------------------------------------------------------------------ the directives */

static amend_status add_depends(reader *r, slice version)
{
    directives *out = r->out;
    size_t n = out->depends_count;
    char *copy = arena_copy(r->arena, version);
    const char **depends = arena_grow(r->arena, out->depends, n, sizeof *depends);
    size_t *places = arena_grow(r->arena, out->depends_at, n, sizeof *places);
    if (copy == NULL || depends == NULL || places == NULL)
    {
        return error_memory(r->error);
    }
    depends[n] = copy;
    places[n] = (size_t)(version.data - r->text.data);
    out->depends = depends;
    out->depends_at = places;
    out->depends_count = n + 1;
    return AMEND_OK;
}

static bool all_digits(slice s)
{
    for (size_t i = 0; i < s.len; i++)
    {
        if (s.data[i] < '0' || s.data[i] > '9')
        {
            return false;
        }
    }
    return s.len > 0 && s.len <= VERSION_DIGITS;
}

static amend_status read_depends(reader *r, slice value)
{
    const char *expected = "versions (\"001, 004\") or \"none\"";
    bool none = slice_equal(value, SLICE("none"));
    if (value.len == 0 || (none && r->out->depends_count > 0) || (r->out->has_depends && r->out->depends_count == 0))
    {
        return bad_value(r, value, "depends", expected);
    }
    r->out->has_depends = true;
    slice rest = none ? slice_sub(value, 0, 0) : value;
    while (rest.len > 0)
    {
        slice version = take_word(&rest, ',');
        if (!all_digits(version))
        {
            return bad_value(r, version.len == 0 ? value : version, "depends", expected);
        }
        amend_status status = add_depends(r, version);
        if (status != AMEND_OK)
        {
            return status;
        }
        rest = trim_left(rest);
        if (rest.len > 0 && rest.data[0] == ',')
        {
            rest = trim_left(slice_sub(rest, 1, rest.len));
        }
    }
    return AMEND_OK;
}

static amend_status read_transaction(reader *r, slice value)
{
    if (!slice_equal(value, SLICE("off")))
    {
        return bad_value(r, value, "transaction", "\"off\"");
    }
    r->out->transaction_off = true;
    return AMEND_OK;
}

static amend_status read_provides(reader *r, slice value)
{
    static const char *const kinds[] = {"table",      "column",   "index",    "trigger", "view",      "type",
                                        "enum value", "function", "sequence", "schema",  "extension", "collation"};
    directives *out = r->out;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    {
        slice kind = slice_of(kinds[i]);
        if (value.len > LONGEST_OBJECT || value.len < kind.len + 2 ||
            !slice_equal_nocase(slice_sub(value, 0, kind.len), kind) || !is_blank(value.data[kind.len]))
        {
            continue;
        }
        slice object = trim_left(slice_sub(value, kind.len, value.len));
        char *line = arena_format(r->arena, "%s %.*s", kinds[i], (int)object.len, object.data);
        const char **provides = arena_grow(r->arena, out->provides, out->provides_count, sizeof *provides);
        if (line == NULL || provides == NULL)
        {
            return error_memory(r->error);
        }
        provides[out->provides_count++] = line;
        out->provides = provides;
        return AMEND_OK;
    }
    return bad_value(r, value, "provides",
                     "a kind and a name (kinds: table, column, index, trigger, view, type, enum value, function, sequence, "
                     "schema, extension, collation)");
}

static amend_status read_destructive(reader *r, slice value)
{
    size_t last = value.len - 1; /* not used when there is nothing */
    if (value.len < 3 || value.data[0] != '"' || value.data[last] != '"' || slice_trim(slice_sub(value, 1, last)).len == 0 ||
        memchr(value.data + 1, '"', last - 1) != NULL || r->out->destructive != NULL)
    {
        return bad_value(r, value, "destructive", "the reason once, in double quotes");
    }
    r->out->destructive = arena_copy(r->arena, slice_trim(slice_sub(value, 1, last)));
    return r->out->destructive == NULL ? error_memory(r->error) : AMEND_OK;
}

static amend_status read_lock_timeout(reader *r, slice value)
{
    static const struct
    {
        slice unit;
        uint64_t ms;
    } units[] = {{{"ms", 2}, 1}, {{"s", 1}, 1000}, {{"min", 3}, 60000}};
    uint64_t number = 0;
    size_t i = 0;
    for (; i < value.len && value.data[i] >= '0' && value.data[i] <= '9' && number <= INT32_MAX; i++)
    {
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    slice unit = trim_left(slice_sub(value, i, value.len));
    for (size_t k = 0; k < sizeof units / sizeof units[0]; k++)
    {
        uint64_t ms = number * units[k].ms;
        if (slice_equal(unit, units[k].unit) && ms > 0 && ms <= INT32_MAX && r->out->lock_timeout_ms == 0)
        {
            r->out->lock_timeout_ms = (uint32_t)ms;
            return AMEND_OK;
        }
    }
    return bad_value(r, value, "lock-timeout", "one time above zero (\"500ms\", \"2s\", \"1min\")");
}

/* Lint reads it, wherever it stands, and tells what is wrong with it. */
static amend_status read_allow(reader *r, slice value)
{
    (void)r, (void)value;
    return AMEND_OK;
}

static amend_status read_enum_order(reader *r, slice value)
{
    if (!slice_equal(value, SLICE("strict")))
    {
        return bad_value(r, value, "enum-order", "\"strict\"");
    }
    r->out->enum_order_strict = true;
    return AMEND_OK;
}

static const struct
{
    const char *word;
    amend_status (*read)(reader *r, slice value);
} known[] = {
    {"depends", read_depends},         {"transaction", read_transaction},   {"provides", read_provides},
    {"destructive", read_destructive}, {"lock-timeout", read_lock_timeout}, {"allow", read_allow},
    {"enum-order", read_enum_order},
};

enum
{
    KNOWN = sizeof known / sizeof known[0],
};

static amend_status unknown(reader *r, slice word)
{
    const char *words[KNOWN];
    for (size_t i = 0; i < KNOWN; i++)
    {
        words[i] = known[i].word;
    }
    char shown[SHOWN];
    error_copy(shown, sizeof shown, word);
    amend_status status = error_set(r->error, AMEND_E_DIRECTIVE, "unknown directive \"%s\"", shown);
    const char *near = nearest(word, words, KNOWN);
    if (near != NULL)
    {
        error_hint(r->error,
                   "Did you mean \"%s\"? The known directives are depends, transaction, provides, destructive, lock-timeout, "
                   "enum-order and allow.",
                   near);
    }
    return point(r, word, status);
}

/* --------------------------------------------------------------------------------------------------------------- walking */

/* What stands behind "amend:" when the line (from its "--" on) is a directive; data is NULL when it is not. */
static slice directive_of(slice line)
{
    slice prefix = SLICE("amend:");
    slice rest = trim_left(slice_sub(line, 2, line.len));
    if (rest.len < prefix.len || !slice_equal_nocase(slice_sub(rest, 0, prefix.len), prefix))
    {
        return (slice){0};
    }
    return slice_trim(slice_sub(rest, prefix.len, rest.len));
}

static amend_status directives_read_line(reader *r, slice line)
{
    slice rest = directive_of(line);
    if (rest.data == NULL)
    {
        return AMEND_OK;
    }
    slice word = take_word(&rest, '\0');
    for (size_t i = 0; i < KNOWN; i++)
    {
        if (slice_equal(word, slice_of(known[i].word)))
        {
            return known[i].read(r, slice_trim(rest));
        }
    }
    return unknown(r, word);
}

static size_t line_end(slice text, size_t from)
{
    const char *end = memchr(text.data + from, '\n', text.len - from);
    return end == NULL ? text.len : (size_t)(end - text.data);
}

/* Behind the block comment that begins at `from`; the text's end when it has no end. */
static size_t block_end(slice text, size_t from)
{
    const char *end = memmem(text.data + from + 2, text.len - from - 2, "*/", 2);
    return end == NULL ? text.len : (size_t)(end - text.data) + 2;
}

static const char *skip_blanks_back(const char *start, const char *at)
{
    while (at > start && is_blank(at[-1]))
    {
        at--;
    }
    return at;
}

static bool is_allow(const char *at, const char *end)
{
    slice rest = trim_left((slice){at, (size_t)(end - at)});
    return slice_equal(take_word(&rest, '\0'), SLICE("allow"));
}

/* A directive below the head does nothing (but for "allow"), and its author should know. Found by its colon: most scripts have
   few. */
static unsigned find_stray(slice text, size_t head_end)
{
    const char *end = text.data + text.len;
    const char *from = text.data + head_end;
    for (const char *colon; from < end && (colon = memchr(from, ':', (size_t)(end - from))) != NULL; from = colon + 1)
    {
        if (colon - text.data < 8 || !slice_equal_nocase((slice){colon - 5, 5}, SLICE("amend")) || is_allow(colon + 1, end))
        {
            continue;
        }
        const char *start = skip_blanks_back(text.data, colon - 5);
        if (start - text.data < 2 || start[-1] != '-' || start[-2] != '-')
        {
            continue;
        }
        start = skip_blanks_back(text.data, start - 2);
        if (start == text.data || start[-1] == '\n')
        {
            unsigned number, column;
            text_position(text, (size_t)(start - text.data), &number, &column);
            return number;
        }
    }
    return 0;
}

amend_status directives_parse(arena *a, const char *file, slice text, directives *out, amend_error *error)
{
    *out = (directives){0};
    reader r = {.arena = a, .file = file, .text = text, .out = out, .error = error};
    size_t i = 0;
    while (i < text.len)
    {
        char c = text.data[i], next = i + 1 < text.len ? text.data[i + 1] : '\0';
        if (c == '-' && next == '-')
        {
            size_t end = line_end(text, i);
            amend_status status = directives_read_line(&r, slice_sub(text, i, end));
            if (status != AMEND_OK)
            {
                return status;
            }
            i = end;
        }
        else if (c == '/' && next == '*')
        {
            i = block_end(text, i);
        }
        else if (is_space(c))
        {
            i++;
        }
        else
        {
            break;
        }
    }
    out->stray_line = find_stray(text, i);
    return AMEND_OK;
}
