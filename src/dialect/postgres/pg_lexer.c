/* SPDX-License-Identifier: MIT */
/*
 * The rules are those of the server's scan.l: dollar quotes with tags, E'' strings with escapes, strings that go on after a
 * line break, comments in comments. Operators come out byte by byte, which nobody here minds.
 */
#include "dialect/postgres/pg_lexer.h"

#include <stdint.h>

static bool starts_word(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool continues_word(unsigned char c)
{
    return starts_word(c) || is_digit(c) || c == '$';
}

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned char peek(const pg_lexer *l, size_t at)
{
    return at < l->text.len ? (unsigned char)l->text.data[at] : 0;
}

static size_t find(const pg_lexer *l, size_t from, char c)
{
    const char *found = from < l->text.len ? memchr(l->text.data + from, c, l->text.len - from) : NULL;
    return found == NULL ? l->text.len : (size_t)(found - l->text.data);
}

/* Behind the nested comment that opens at `at`; SIZE_MAX when it doesn't end. */
static size_t skip_block_comment(const pg_lexer *l, size_t at)
{
    unsigned depth = 0;
    while (at + 1 < l->text.len)
    {
        char a = l->text.data[at], b = l->text.data[at + 1];
        if (a == '/' && b == '*')
        {
            depth++;
            at += 2;
        }
        else if (a == '*' && b == '/')
        {
            at += 2;
            if (--depth == 0)
            {
                return at;
            }
        }
        else
        {
            at++;
        }
    }
    return SIZE_MAX;
}

/* Skip white space and comments. False at a comment that doesn't end. */
static bool skip_blank(pg_lexer *l)
{
    for (;;)
    {
        while (l->at < l->text.len && is_space((unsigned char)l->text.data[l->at]))
        {
            l->at++;
        }
        unsigned char c = peek(l, l->at), d = peek(l, l->at + 1);
        if (c == '-' && d == '-')
        {
            l->at = find(l, l->at, '\n');
        }
        else if (c == '/' && d == '*')
        {
            size_t end = skip_block_comment(l, l->at);
            if (end == SIZE_MAX)
            {
                return false;
            }
            l->at = end;
        }
        else
        {
            return true;
        }
    }
}

/* A string goes on when only white space with a line break (and -- comments) stands before the next quote: where that is. */
static size_t continued(const pg_lexer *l, size_t at)
{
    bool broken = false;
    for (;;)
    {
        unsigned char c = peek(l, at);
        if (at < l->text.len && is_space(c))
        {
            broken |= c == '\n' || c == '\r';
            at++;
        }
        else if (c == '-' && peek(l, at + 1) == '-')
        {
            at = find(l, at, '\n');
        }
        else
        {
            return broken && c == '\'' ? at : SIZE_MAX;
        }
    }
}

/* The closing quote of what opens before `at`; the text's length when there is none. */
static size_t close_quote(const pg_lexer *l, size_t at, char quote, bool escapes)
{
    while (at < l->text.len)
    {
        char c = l->text.data[at];
        if (c == quote && peek(l, at + 1) != (unsigned char)quote)
        {
            return at;
        }
        at += c == quote || (escapes && c == '\\') ? 2 : 1;
    }
    return l->text.len;
}

static void unended(pg_lexer *l, pg_token *t, size_t opening)
{
    t->kind = PG_UNENDED;
    t->body = slice_sub(l->text, t->start, t->start + opening);
    t->end = l->at = l->text.len;
}

/* A quoted thing whose quote stands `prefix` bytes behind the token's start. */
static void lex_quoted(pg_lexer *l, pg_token *t, size_t prefix, char quote, bool escapes)
{
    size_t open = t->start + prefix + 1;
    size_t close = close_quote(l, open, quote, escapes);
    t->kind = quote == '"' ? PG_NAME : PG_STRING;
    while (close < l->text.len && quote == '\'')
    {
        size_t more = continued(l, close + 1);
        if (more == SIZE_MAX)
        {
            break;
        }
        close = close_quote(l, more + 1, quote, escapes);
    }
    if (close >= l->text.len)
    {
        unended(l, t, prefix + 1);
        return;
    }
    t->body = slice_sub(l->text, open, close);
    t->end = l->at = close + 1;
}

/* $tag$ … $tag$, or a lone $. */
static void lex_dollar(pg_lexer *l, pg_token *t)
{
    size_t at = t->start + 1;
    while (continues_word(peek(l, at)) && peek(l, at) != '$')
    {
        at++;
    }
    if (peek(l, at) != '$' || is_digit(peek(l, t->start + 1)))
    {
        t->kind = at > t->start + 1 ? PG_NUMBER : PG_SYMBOL; /* a parameter */
        t->body = slice_sub(l->text, t->start, at);
        t->end = l->at = at;
        return;
    }
    slice tag = slice_sub(l->text, t->start, at + 1);
    const char *close = memmem(l->text.data + at + 1, l->text.len - at - 1, tag.data, tag.len);
    if (close == NULL)
    {
        unended(l, t, tag.len);
        return;
    }
    size_t end = (size_t)(close - l->text.data);
    t->kind = PG_DOLLAR;
    t->body = slice_sub(l->text, at + 1, end);
    t->end = l->at = end + tag.len;
}

static void lex_word(pg_lexer *l, pg_token *t)
{
    unsigned char c = peek(l, t->start) | 0x20, next = peek(l, t->start + 1), third = peek(l, t->start + 2);
    if (next == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'))
    {
        lex_quoted(l, t, 1, '\'', c == 'e');
        return;
    }
    if (c == 'u' && next == '&' && (third == '\'' || third == '"'))
    {
        lex_quoted(l, t, 2, (char)third, false);
        return;
    }
    size_t at = t->start;
    while (at < l->text.len && continues_word((unsigned char)l->text.data[at]))
    {
        at++;
    }
    t->kind = PG_WORD;
    t->body = slice_sub(l->text, t->start, at);
    t->end = l->at = at;
}

void pg_lexer_next(pg_lexer *l, pg_token *t)
{
    bool whole = skip_blank(l);
    *t = (pg_token){.start = l->at, .end = l->at};
    if (!whole)
    {
        unended(l, t, 2);
        return;
    }
    if (l->at >= l->text.len)
    {
        return;
    }
    unsigned char c = (unsigned char)l->text.data[l->at];
    if (starts_word(c))
    {
        lex_word(l, t);
        return;
    }
    if (c == '\'' || c == '"')
    {
        lex_quoted(l, t, 0, (char)c, false);
        return;
    }
    if (c == '$')
    {
        lex_dollar(l, t);
        return;
    }
    size_t end = l->at + 1;
    t->kind = c == '\\' ? PG_BACKSLASH : PG_SYMBOL;
    if (is_digit(c))
    {
        t->kind = PG_NUMBER;
        while (starts_word(peek(l, end)) || is_digit(peek(l, end)))
        {
            end++;
        }
    }
    t->body = slice_sub(l->text, t->start, end);
    t->end = l->at = end;
}

bool pg_lexer_is(const pg_token *t, const char *word)
{
    return t->kind == PG_WORD && slice_equal_nocase(t->body, slice_of(word));
}

bool pg_lexer_is_symbol(const pg_token *t, char symbol)
{
    return t->kind == PG_SYMBOL && t->body.data[0] == symbol;
}

slice pg_lexer_name(arena *arena, const pg_token *t)
{
    char *name = arena_copy(arena, t->body);
    if (name == NULL)
    {
        return (slice){NULL, 0};
    }
    if (t->kind == PG_WORD)
    {
        for (size_t i = 0; i < t->body.len; i++)
        {
            name[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
        }
        return (slice){name, t->body.len};
    }
    size_t len = 0;
    for (size_t i = 0; i < t->body.len; i++)
    {
        name[len++] = name[i];
        i += name[i] == '"';
    }
    name[len] = '\0';
    return (slice){name, len};
}
