/* SPDX-License-Identifier: MIT */
#include "guard/snapshot.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/sort.h"

#include <string.h>

static int snapshot_bytes(slice a, slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int snapshot_order(const void *a, const void *b)
{
    const fact *one = a, *other = b;
    int order = snapshot_bytes(one->object, other->object);
    return order != 0 ? order : snapshot_bytes(one->definition, other->definition);
}

/* -------------------------------------------------------------------------------------------------------------- as text */

static void print_escaped(buf *out, slice text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++)
    {
        char c = text.data[i];
        char letter = c == '\n' ? 'n' : c == '\t' ? 't' : c == '\\' ? '\\' : '\0';
        if (letter != '\0')
        {
            buf_add(out, slice_sub(text, start, i));
            buf_char(out, '\\');
            buf_char(out, letter);
            start = i + 1;
        }
    }
    buf_add(out, slice_sub(text, start, text.len));
}

void snapshot_print(const snapshot *s, buf *out)
{
    for (size_t i = 0; i < s->count; i++)
    {
        print_escaped(out, s->facts[i].object);
        buf_char(out, '\t');
        print_escaped(out, s->facts[i].definition);
        buf_char(out, '\n');
    }
}

/* The text without its escapes; no data: memory is short. */
static slice parse_escaped(arena *a, slice text)
{
    char *copy = arena_copy(a, text);
    size_t len = 0;
    for (size_t i = 0; i < text.len && copy != NULL; i++)
    {
        bool escape = text.data[i] == '\\' && i + 1 < text.len;
        i += escape;
        char c = text.data[i];
        copy[len++] = (char)(!escape ? c : c == 'n' ? '\n' : c == 't' ? '\t' : c);
    }
    return (slice){copy, len};
}

static amend_status parse_line(arena *a, slice line, unsigned number, fact_list *found, amend_error *error)
{
    if (memchr(line.data, '\t', line.len) == NULL)
    {
        amend_status status =
            error_set(error, AMEND_E_SNAPSHOT_FORM, "line %u of the snapshot has no tab between object and definition", number);
        if (error != NULL)
        {
            error->line = number;
        }
        return status;
    }
    fact *grown = arena_grow(a, found->items, found->count, sizeof *grown);
    slice object = slice_token(&line, '\t');
    fact f = {parse_escaped(a, object), parse_escaped(a, line)};
    if (grown == NULL || f.object.data == NULL || f.definition.data == NULL)
    {
        return error_memory(error);
    }
    grown[found->count++] = f;
    found->items = grown;
    return AMEND_OK;
}

amend_status snapshot_parse(arena *a, slice text, snapshot *out, amend_error *error)
{
    fact_list found = {0};
    amend_status status = AMEND_OK;
    for (unsigned number = 1; text.len > 0 && status == AMEND_OK; number++)
    {
        slice line = slice_token(&text, '\n');
        line.len -= line.len > 0 && line.data[line.len - 1] == '\r';
        if (line.len > 0 && line.data[0] != '#')
        {
            status = parse_line(a, line, number, &found, error);
        }
    }
    return status == AMEND_OK ? snapshot_make(a, found, out, error) : status;
}

/* -------------------------------------------------------------------------------------------------------------- making */

amend_status snapshot_make(arena *a, fact_list found, snapshot *out, amend_error *error)
{
    *out = (snapshot){.count = found.count};
    const void **order = arena_array(a, found.count + 1, sizeof *order);
    out->facts = arena_array(a, found.count + 1, sizeof *out->facts);
    for (size_t i = 0; i < found.count && order != NULL; i++)
    {
        order[i] = &found.items[i];
    }
    if (order == NULL || out->facts == NULL || !sort_pointers(a, order, found.count, snapshot_order))
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < found.count; i++)
    {
        out->facts[i] = *(const fact *)order[i];
    }
    buf text;
    buf_init(&text, arena_allocator(a));
    snapshot_print(out, &text);
    slice whole = buf_slice(&text);
    hash_hex(&whole, 1, out->fingerprint);
    bool failed = text.failed;
    buf_clear(&text);
    return failed ? error_memory(error) : AMEND_OK;
}

/* ----------------------------------------------------------------------------------------------------------- comparing */

/* Objects may have several facts (a function's overloads have names of their own, but nothing forbids it): equal ones pair. */
amend_status snapshot_diff(arena *a, const snapshot *before, const snapshot *after, differences *out, amend_error *error)
{
    *out = (differences){.items = arena_array(a, before->count + after->count + 1, sizeof(difference))};
    size_t i = 0, j = 0;
    while (out->items != NULL && (i < before->count || j < after->count))
    {
        const fact *one = i < before->count ? &before->facts[i] : NULL, *other = j < after->count ? &after->facts[j] : NULL;
        int order = one == NULL ? 1 : other == NULL ? -1 : snapshot_bytes(one->object, other->object);
        if (order == 0 && slice_equal(one->definition, other->definition))
        {
            i++, j++;
            continue;
        }
        difference d = {.kind = order < 0   ? DIFFERENCE_MISSING
                                : order > 0 ? DIFFERENCE_EXTRA
                                            : DIFFERENCE_OTHER,
                        .before = order <= 0 ? one : NULL,
                        .after = order >= 0 ? other : NULL};
        out->items[out->count++] = d;
        i += order <= 0;
        j += order >= 0;
    }
    return out->items == NULL ? error_memory(error) : AMEND_OK;
}
