/* SPDX-License-Identifier: MIT */
/*
 * DO blocks: which CREATE in them is passed over when the thing is there? One behind a condition (IF NOT EXISTS (SELECT …), IF
 * to_regtype(…) IS NULL), and one in a block with a handler of duplicate_object and its like. Statements of PL/pgSQL begin
 * behind a semicolon or a few words, and end at the next semicolon.
 */
#include "dialect/postgres/pg_claim.h"
#include "dialect/postgres/pg_split.h"

#include "base/error.h"

typedef struct claim_block
{
    pg_claims *claims;
    pg_lexer lexer;
    pg_token token;
    bool handled;       /* a handler goes on when the thing is there */
    unsigned condition; /* so many IFs are open */
} claim_block;

static void claim_block_next(claim_block *b)
{
    pg_lexer_next(&b->lexer, &b->token);
}

static bool claim_block_at(const claim_block *b, const char *word)
{
    return pg_lexer_is(&b->token, word);
}

static bool claim_block_over(const claim_block *b)
{
    return b->token.kind == PG_END || b->token.kind == PG_UNENDED;
}

/* EXCEPTION … WHEN duplicate_object … */
static bool claim_block_handles(slice body)
{
    static const char *const words[] = {"DUPLICATE_OBJECT", "DUPLICATE_TABLE", "DUPLICATE_SCHEMA", "UNIQUE_VIOLATION",
                                        "OTHERS"};
    static const char *const states[] = {"42710", "42P07", "42P06", "23505"};
    pg_lexer l = {.text = body};
    pg_token t;
    bool behind = false;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED; pg_lexer_next(&l, &t))
    {
        behind |= pg_lexer_is(&t, "EXCEPTION");
        for (size_t i = 0; behind && i < sizeof words / sizeof words[0]; i++)
        {
            if (pg_lexer_is(&t, words[i]))
            {
                return true;
            }
        }
        for (size_t i = 0; behind && t.kind == PG_STRING && i < sizeof states / sizeof states[0]; i++)
        {
            if (slice_equal(t.body, slice_of(states[i])))
            {
                return true;
            }
        }
    }
    return false;
}

/* The statement that begins at the token; behind it afterwards. */
static slice claim_block_statement(claim_block *b)
{
    size_t start = b->token.start;
    while (!claim_block_over(b) && !pg_lexer_is_symbol(&b->token, ';'))
    {
        claim_block_next(b);
    }
    slice text = slice_sub(b->lexer.text, start, b->token.start);
    claim_block_next(b);
    return text;
}

static void claim_block_until(claim_block *b, const char *word)
{
    while (!claim_block_over(b) && !claim_block_at(b, word))
    {
        claim_block_next(b);
    }
    claim_block_next(b);
}

static bool claim_block_guarded(const claim_block *b)
{
    return b->handled || b->condition > 0;
}

/* EXECUTE 'text': read as if it stood there. What is put together as it runs may do anything to anything. */
static void claim_block_execute(claim_block *b)
{
    claim_block_next(b);
    pg_token text = b->token;
    size_t quote = (size_t)(text.body.data - b->lexer.text.data);
    bool plain = text.kind == PG_DOLLAR || (text.kind == PG_STRING && text.start + 1 == quote);
    claim_block_next(b);
    plain = plain && pg_lexer_is_symbol(&b->token, ';');
    (void)claim_block_statement(b);
    if (!plain)
    {
        pg_claim_touch_all(b->claims);
        return;
    }
    char *copy = arena_copy(b->claims->arena, text.body);
    size_t len = 0;
    script inner;
    for (size_t i = 0; copy != NULL && i < text.body.len; i++)
    {
        copy[len++] = text.body.data[i];
        i += text.kind == PG_STRING && text.body.data[i] == '\'';
    }
    if (copy != NULL)
    {
        copy[len] = '\0';
    }
    amend_error error = {0};
    amend_status status = copy == NULL ? error_memory(&error) : pg_split(b->claims->arena, (slice){copy, len}, &inner, &error);
    b->claims->failed |= status != AMEND_OK && error.code == AMEND_E_OUT_OF_MEMORY;
    for (size_t i = 0; status == AMEND_OK && i < inner.count && !b->claims->failed; i++)
    {
        pg_claim_statement(b->claims, slice_sub(inner.text, inner.stmts[i].start, inner.stmts[i].end), claim_block_guarded(b));
    }
}

/* Words behind which another statement begins. */
static bool claim_block_opens(const claim_block *b)
{
    static const char *const words[] = {"BEGIN", "ELSE", "EXCEPTION"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (claim_block_at(b, words[i]))
        {
            return true;
        }
    }
    return false;
}

/* <<name>> */
static void claim_block_label(claim_block *b)
{
    while (!claim_block_over(b) && !pg_lexer_is_symbol(&b->token, '>'))
    {
        claim_block_next(b);
    }
    while (pg_lexer_is_symbol(&b->token, '>'))
    {
        claim_block_next(b);
    }
}

static void claim_block_one(claim_block *b)
{
    if (pg_lexer_is_symbol(&b->token, '<'))
    {
        claim_block_label(b);
    }
    else if (claim_block_opens(b))
    {
        claim_block_next(b);
    }
    else if (claim_block_at(b, "IF") || claim_block_at(b, "CASE"))
    {
        b->condition++;
        claim_block_until(b, "THEN");
    }
    else if (claim_block_at(b, "ELSIF") || claim_block_at(b, "ELSEIF") || claim_block_at(b, "WHEN"))
    {
        claim_block_until(b, "THEN");
    }
    else if (claim_block_at(b, "LOOP") || claim_block_at(b, "FOR") || claim_block_at(b, "FOREACH") ||
             claim_block_at(b, "WHILE"))
    {
        claim_block_until(b, "LOOP");
    }
    else if (claim_block_at(b, "END"))
    {
        claim_block_next(b);
        b->condition -= (claim_block_at(b, "IF") || claim_block_at(b, "CASE")) && b->condition > 0;
        (void)claim_block_statement(b);
    }
    else if (claim_block_at(b, "DECLARE"))
    {
        claim_block_until(b, "BEGIN");
    }
    else if (claim_block_at(b, "EXECUTE"))
    {
        claim_block_execute(b);
    }
    else
    {
        pg_claim_statement(b->claims, claim_block_statement(b), claim_block_guarded(b));
    }
}

void pg_claim_block(pg_claims *c, slice body)
{
    claim_block b = {.claims = c, .lexer = {.text = body}, .handled = claim_block_handles(body)};
    c->inside = true;
    for (claim_block_next(&b); !claim_block_over(&b) && !c->failed;)
    {
        claim_block_one(&b);
    }
    c->inside = false;
}
