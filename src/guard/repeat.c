/* SPDX-License-Identifier: MIT */
/*
 * The words are looked for where they are about the statement itself: the body of a trigger, a column's own ON CONFLICT, or
 * ALTER TABLE IF EXISTS before an ADD COLUMN say nothing of a second run.
 */
#include "guard/repeat.h"

#include "base/error.h"

/* Take the next word of an essence. */
static slice repeat_word(slice *rest)
{
    return slice_token(rest, '\x1f');
}

/* Do these words, separated in the same way, begin the essence? Then they are taken. */
static bool repeat_take(slice *rest, slice words)
{
    bool taken = slice_starts(*rest, words);
    *rest = taken ? slice_sub(*rest, words.len, rest->len) : *rest;
    return taken;
}

#define IF_NOT_EXISTS                                                                                                          \
    SLICE("if\x1fnot\x1f"                                                                                                      \
          "exists\x1f")
#define IF_EXISTS                                                                                                              \
    SLICE("if\x1f"                                                                                                             \
          "exists\x1f")

/* Do the words stand somewhere before a "(", an "as" or an "on"? With `whole`: anywhere. */
static bool repeat_has(slice rest, slice words, bool whole)
{
    while (rest.len > 0)
    {
        if (slice_starts(rest, words))
        {
            return true;
        }
        slice word = repeat_word(&rest);
        if (!whole && (slice_equal(word, SLICE("(")) || slice_equal(word, SLICE("as")) || slice_equal(word, SLICE("on"))))
        {
            return false;
        }
    }
    return false;
}

static bool repeat_says(slice essence)
{
    slice rest = essence, first = repeat_word(&rest);
    if (slice_equal(first, SLICE("create")))
    {
        return slice_starts(rest, SLICE("or\x1freplace\x1f")) || repeat_has(rest, IF_NOT_EXISTS, false);
    }
    if (slice_equal(first, SLICE("drop")))
    {
        return repeat_has(rest, IF_EXISTS, false);
    }
    if (slice_equal(first, SLICE("alter")))
    {
        repeat_word(&rest);
        (void)repeat_take(&rest, IF_EXISTS); /* of the table, not of what is done to it */
        return repeat_has(rest, IF_NOT_EXISTS, true) || repeat_has(rest, IF_EXISTS, true);
    }
    if (slice_equal(first, SLICE("insert")) || slice_equal(first, SLICE("with")))
    {
        return slice_starts(rest, SLICE("or\x1fignore\x1f")) || slice_starts(rest, SLICE("or\x1freplace\x1f")) ||
               repeat_has(rest,
                          SLICE("on\x1f"
                                "conflict\x1f"),
                          true);
    }
    return false;
}

/* A block that swallows what is there already. */
static bool repeat_swallows(const claim_list *claims, size_t statement)
{
    for (size_t i = 0; i < claims->count; i++)
    {
        const claim *c = &claims->items[i];
        if (c->statement == statement && c->kind == CLAIM_MAKES && !c->plain)
        {
            return true;
        }
    }
    return false;
}

amend_status repeat_claimed(arena *a, const dialect *d, const script *s, bool *out, amend_error *error)
{
    claim_list claims = {0};
    amend_status status = d->claims == NULL ? AMEND_OK : d->claims(a, s, &claims, error);
    bool all = s->count > 0;
    for (size_t i = 0; i < s->count && all && status == AMEND_OK; i++)
    {
        const stmt *at = &s->stmts[i];
        buf essence;
        if ((at->flags & (STMT_BEGIN | STMT_COMMIT | STMT_SETTING | STMT_QUERY)) != 0)
        {
            continue;
        }
        buf_init(&essence, arena_allocator(a));
        d->essence(slice_sub(s->text, at->start, at->end), &essence);
        status = essence.failed ? error_memory(error) : AMEND_OK;
        all = repeat_says(buf_slice(&essence)) || repeat_swallows(&claims, i);
        buf_clear(&essence);
    }
    if (status == AMEND_OK)
    {
        *out = all;
    }
    return status;
}
