/* SPDX-License-Identifier: MIT */
/*
 * Unquoting must not make a keyword of a name: a word that the grammar reads as a keyword wherever it stands keeps its quotes.
 * Most of SQLite's keywords are names where a name fits, and need none; the table has the others.
 */
#include "dialect/sqlite/canon.h"

/* Sorted. true, false and the CURRENT_ words are values when bare; cross … right join tables. */
static const char *const canon_reserved[] = {
    "add",
    "all",
    "alter",
    "and",
    "as",
    "autoincrement",
    "between",
    "case",
    "check",
    "collate",
    "commit",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "deferrable",
    "delete",
    "distinct",
    "drop",
    "else",
    "escape",
    "except",
    "exists",
    "false",
    "foreign",
    "from",
    "full",
    "group",
    "having",
    "in",
    "index",
    "indexed",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "left",
    "limit",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "set",
    "table",
    "then",
    "to",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
};

enum
{
    CANON_WORD = 18, /* longer than any of them */
};

static bool canon_is_reserved(slice word)
{
    char key[CANON_WORD + 1] = {0};
    if (word.len == 0 || word.len > CANON_WORD)
    {
        return false;
    }
    for (size_t i = 0; i < word.len; i++)
    {
        key[i] = (char)(word.data[i] >= 'A' && word.data[i] <= 'Z' ? word.data[i] + 32 : word.data[i]);
    }
    size_t low = 0, high = sizeof canon_reserved / sizeof canon_reserved[0];
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        int order = strcmp(key, canon_reserved[middle]);
        if (order == 0)
        {
            return true;
        }
        low = order > 0 ? middle + 1 : low;
        high = order < 0 ? middle : high;
    }
    return false;
}

/* Is it one word when it stands bare? */
static bool canon_is_bare(slice name)
{
    sqlite_token token = sqlite_token_next(name, 0);
    return token.kind == SQLITE_TOKEN_WORD && token.start == 0 && token.end == name.len;
}

/* The text between `quote`s, where one inside is doubled. */
static void canon_quote(buf *out, slice text, char quote, bool fold)
{
    buf_char(out, quote);
    for (size_t i = 0; i < text.len; i++)
    {
        char c = text.data[i];
        if (c == quote)
        {
            buf_char(out, quote);
        }
        buf_char(out, (char)(fold && c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
    buf_char(out, quote);
}

void sqlite_canon_name(buf *out, slice name)
{
    if (canon_is_bare(name))
    {
        buf_lower(out, name);
    }
    else
    {
        canon_quote(out, name, '"', true);
    }
}

/* A token without its quotes in a buffer of its own; a bare or plainly quoted one points into the text. */
static slice canon_unquoted(buf *room, slice text, sqlite_token token)
{
    if (token.kind == SQLITE_TOKEN_WORD)
    {
        return slice_sub(text, token.start, token.end);
    }
    size_t size = token.end - token.start;
    char *plain = buf_reserve(room, size);
    return (slice){plain, plain == NULL ? 0 : sqlite_token_copy(text, token, plain, size)};
}

void sqlite_canon_name_token(buf *out, slice text, sqlite_token token)
{
    buf room;
    buf_init(&room, out->allocator);
    sqlite_canon_name(out, canon_unquoted(&room, text, token));
    out->failed |= room.failed;
    buf_clear(&room);
}

void sqlite_canon_string_token(buf *out, slice text, sqlite_token token)
{
    buf room;
    buf_init(&room, out->allocator);
    canon_quote(out, canon_unquoted(&room, text, token), '\'', false);
    out->failed |= room.failed;
    buf_clear(&room);
}

/* -------------------------------------------------------------------------------------------------------- token by token */

typedef struct canon_writer
{
    buf *out;
    slice text;
    const sqlite_scope *scope;
    sqlite_token before, next; /* around the current one; END when there is none */
    bool first, tight;         /* nothing was written; no space before the next */
    bool value;                /* the last one was a value or name: a sign behind it is an operator, a ( its arguments' */
} canon_writer;

static bool canon_has_upper(slice name)
{
    for (size_t i = 0; i < name.len; i++)
    {
        if (name.data[i] >= 'A' && name.data[i] <= 'Z')
        {
            return true;
        }
    }
    return false;
}

/* Does what stands around it show that a quoted word is a name? */
static bool canon_place_of_name(const canon_writer *w)
{
    static const char *const before[] = {"from", "join", "into", "update", "as", "collate"};
    if (w->before.kind == SQLITE_TOKEN_DOT || w->next.kind == SQLITE_TOKEN_DOT || w->next.kind == SQLITE_TOKEN_OPEN)
    {
        return true;
    }
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
    {
        if (sqlite_token_is(w->text, w->before, slice_of(before[i])))
        {
            return true;
        }
    }
    return false;
}

static void canon_quoted(canon_writer *w, sqlite_token token)
{
    buf room;
    buf_init(&room, w->out->allocator);
    slice name = canon_unquoted(&room, w->text, token);
    bool doubtful = w->text.data[token.start] == '"' && w->scope->quotes != QUOTES_NAME && !canon_place_of_name(w);
    if (doubtful && w->scope->quotes == QUOTES_KNOWN && !sqlite_names_have(w->scope->names, name))
    {
        canon_quote(w->out, name, '\'', false);
    }
    else if (doubtful && w->scope->quotes == QUOTES_MAYBE && canon_has_upper(name))
    {
        canon_quote(w->out, name, '"', false);
    }
    else if (canon_is_reserved(name))
    {
        canon_quote(w->out, name, '"', true);
    }
    else
    {
        sqlite_canon_name(w->out, name);
    }
    w->out->failed |= room.failed;
    buf_clear(&room);
}

static bool canon_wants_space(const canon_writer *w, sqlite_token token)
{
    char c = w->text.data[token.start];
    bool call = token.kind == SQLITE_TOKEN_OPEN && w->value;
    return !w->first && !w->tight && !call && token.kind != SQLITE_TOKEN_CLOSE && token.kind != SQLITE_TOKEN_DOT &&
           token.kind != SQLITE_TOKEN_SEMICOLON && c != ',';
}

/* Write the token itself; returns whether it is a value or name. */
static bool canon_token(canon_writer *w, sqlite_token token)
{
    slice raw = slice_sub(w->text, token.start, token.end);
    bool words = w->scope->quotes != QUOTES_RAW;
    if (token.kind == SQLITE_TOKEN_QUOTED && words)
    {
        canon_quoted(w, token);
        return true;
    }
    if ((token.kind == SQLITE_TOKEN_WORD || token.kind == SQLITE_TOKEN_NUMBER) && words)
    {
        buf_lower(w->out, raw);
        return !canon_is_reserved(raw);
    }
    if (token.kind == SQLITE_TOKEN_STRING && raw.data[0] != '\'' && words)
    {
        buf_char(w->out, 'x');
        raw = slice_sub(raw, 1, raw.len);
    }
    buf_add(w->out, raw);
    return token.kind != SQLITE_TOKEN_OTHER && token.kind != SQLITE_TOKEN_EQUALS && token.kind != SQLITE_TOKEN_OPEN &&
           token.kind != SQLITE_TOKEN_SEMICOLON;
}

void sqlite_canon_text(buf *out, slice text, size_t from, size_t to, const sqlite_scope *scope)
{
    slice range = slice_sub(text, 0, to);
    canon_writer w = {.out = out, .text = range, .scope = scope, .before = {SQLITE_TOKEN_END, to, to}, .first = true};
    for (sqlite_token t = sqlite_lexeme_next(range, from); t.kind != SQLITE_TOKEN_END; t = w.next)
    {
        w.next = sqlite_lexeme_next(range, t.end);
        if (canon_wants_space(&w, t))
        {
            buf_char(out, ' ');
        }
        char c = range.data[t.start];
        bool sign = t.kind == SQLITE_TOKEN_OTHER && t.end == t.start + 1 && (c == '-' || c == '+') && !w.value;
        w.tight = sign || t.kind == SQLITE_TOKEN_OPEN || t.kind == SQLITE_TOKEN_DOT;
        w.value = canon_token(&w, t);
        w.before = t;
        w.first = false;
    }
}

/* Behind the parenthesis that closes the one at `token`; 0 when there is none. */
static size_t canon_close(slice text, sqlite_token token)
{
    size_t depth = 0;
    for (; token.kind != SQLITE_TOKEN_END; token = sqlite_lexeme_next(text, token.end))
    {
        depth += token.kind == SQLITE_TOKEN_OPEN;
        depth -= token.kind == SQLITE_TOKEN_CLOSE;
        if (depth == 0)
        {
            return token.end;
        }
    }
    return 0;
}

size_t sqlite_canon_skip(slice text, sqlite_token token)
{
    size_t end = canon_close(text, token);
    return end == 0 ? text.len : end;
}

void sqlite_canon_unwrap(slice text, size_t *from, size_t *to)
{
    slice range = slice_sub(text, 0, *to);
    for (;;)
    {
        sqlite_token open = sqlite_lexeme_next(range, *from);
        if (open.kind != SQLITE_TOKEN_OPEN)
        {
            return;
        }
        size_t end = canon_close(range, open);
        if (end == 0 || sqlite_lexeme_next(range, end).kind != SQLITE_TOKEN_END)
        {
            return;
        }
        range.len = end - 1;
        *from = open.end;
        *to = range.len;
    }
}
