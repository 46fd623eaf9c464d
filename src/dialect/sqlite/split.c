/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/split.h"

#include "base/error.h"

#include <sqlite3.h>

/* The token behind CREATE [TEMP] of the statement that begins with this one; EXPLAIN may stand before. END when it is no
 * CREATE. */
static sqlite_token sqlite_what_is_created(slice text, sqlite_token token)
{
    if (sqlite_token_is(text, token, SLICE("EXPLAIN")))
    {
        token = sqlite_token_next(text, token.end);
        if (sqlite_token_is(text, token, SLICE("QUERY")))
        {
            token = sqlite_token_next(text, sqlite_token_next(text, token.end).end);
        }
    }
    if (!sqlite_token_is(text, token, SLICE("CREATE")))
    {
        return (sqlite_token){SQLITE_TOKEN_END, text.len, text.len};
    }
    token = sqlite_token_next(text, token.end);
    if (sqlite_token_is(text, token, SLICE("TEMP")) || sqlite_token_is(text, token, SLICE("TEMPORARY")))
    {
        token = sqlite_token_next(text, token.end);
    }
    return token;
}

bool sqlite_begins_trigger(slice text, sqlite_token token)
{
    return sqlite_token_is(text, sqlite_what_is_created(text, token), SLICE("TRIGGER"));
}

/* sqlite3_complete() wants a NUL behind the text. */
static bool sqlite_is_complete(buf *scratch, slice statement)
{
    buf_reset(scratch);
    buf_add(scratch, statement);
    return !scratch->failed && sqlite3_complete(scratch->data) != 0;
}

/*
 * The end of the trigger that begins with `token`. sqlite3_complete() reads from the statement's start, so it is asked only
 * where it can say yes: at the last semicolon of "; END ;".
 */
static size_t sqlite_end_of_trigger(buf *scratch, slice text, sqlite_token token)
{
    size_t start = token.start, end = token.end;
    bool semicolon = false, ending = false; /* the token before was a semicolon; was END behind a semicolon */
    for (; token.kind != SQLITE_TOKEN_END; token = sqlite_token_next(text, end))
    {
        end = token.end;
        if (token.kind == SQLITE_TOKEN_SEMICOLON && ending && sqlite_is_complete(scratch, slice_sub(text, start, end)))
        {
            break;
        }
        ending = semicolon && sqlite_token_is(text, token, SLICE("END"));
        semicolon = token.kind == SQLITE_TOKEN_SEMICOLON;
    }
    return end;
}

static size_t sqlite_end_of_statement(buf *scratch, slice text, sqlite_token token)
{
    sqlite_token what = sqlite_what_is_created(text, token);
    if (sqlite_token_is(text, what, SLICE("TRIGGER")))
    {
        return sqlite_end_of_trigger(scratch, text, token);
    }
    bool virtual = sqlite_token_is(text, what, SLICE("VIRTUAL")); /* its module's arguments may be any tokens */
    size_t end = token.end, depth = 0;
    while (token.kind != SQLITE_TOKEN_END && (token.kind != SQLITE_TOKEN_SEMICOLON || depth > 0))
    {
        end = token.end;
        depth += virtual && token.kind == SQLITE_TOKEN_OPEN;
        depth -= depth > 0 && token.kind == SQLITE_TOKEN_CLOSE;
        token = sqlite_token_next(text, end);
    }
    return token.kind == SQLITE_TOKEN_END ? end : token.end;
}

static bool sqlite_add_statement(sqlite_reading *r, size_t start, size_t end)
{
    script *s = r->script;
    stmt *grown = arena_grow(r->arena, s->stmts, s->count, sizeof *grown);
    if (grown == NULL)
    {
        return false;
    }
    s->stmts = grown;
    s->stmts[s->count++] = (stmt){.start = start, .end = end};
    sqlite_classify(r, s->count - 1);
    return !r->failed;
}

amend_status sqlite_split(arena *a, slice text, script *out, amend_error *error)
{
    script found = {.text = text};
    sqlite_reading r = {.arena = a, .script = &found};
    buf scratch;
    buf_init(&scratch, arena_allocator(a));
    bool good = true;
    for (size_t i = 0; good;)
    {
        sqlite_token token = sqlite_token_next(text, i);
        if (token.kind == SQLITE_TOKEN_END)
        {
            break;
        }
        i = token.end;
        if (token.kind != SQLITE_TOKEN_SEMICOLON)
        {
            i = sqlite_end_of_statement(&scratch, text, token);
            good = !scratch.failed && sqlite_add_statement(&r, token.start, i);
        }
    }
    buf_clear(&scratch);
    if (!good)
    {
        return error_memory(error);
    }
    if (sqlite_rebuilds(r.changes, r.change_count))
    {
        found.flags |= SCRIPT_REBUILDS;
    }
    *out = found;
    return AMEND_OK;
}
