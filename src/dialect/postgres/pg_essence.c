/* SPDX-License-Identifier: MIT */
/*
 * What of a script counts for the server: the lexer's tokens, put together to the numbers and operators that the server sees
 * (a @-1 has another operator than a @ -1), and the data of COPY as it stands. Semicolons are written late, when something
 * follows: so empty statements and the last semicolon fall away.
 */
#include "dialect/postgres/pg_essence.h"

#include "dialect/postgres/pg_lexer.h"

typedef struct essence
{
    pg_lexer lexer;
    pg_token token; /* the next one */
    buf *out;
    bool begun, pending; /* something was written; a semicolon waits */
    bool first;          /* a statement's first token is the next */
    bool copy, from;     /* it begins with COPY, and FROM has not come yet; FROM was the last token */
    bool data;           /* COPY … FROM STDIN: data stands behind the semicolon's line */
    int parens;
} essence;

static void essence_advance(essence *e)
{
    pg_lexer_next(&e->lexer, &e->token);
}

/* Of a run of operator characters, without a comment in it: the server leaves a + or - at the end to what follows unless there
   is one of ~ ! @ # % ^ & | ` ? in the run. */
static size_t essence_operator(slice run)
{
    size_t len = run.len;
    for (size_t i = 0; i < run.len; i++)
    {
        if (strchr("~!@#%^&|`?", run.data[i]) != NULL)
        {
            return len;
        }
    }
    while (len > 1 && (run.data[len - 1] == '+' || run.data[len - 1] == '-'))
    {
        len--;
    }
    return len;
}

static bool essence_is_operator(const pg_token *t)
{
    return t->kind == PG_SYMBOL && t->body.data[0] != '\0' && strchr("+-*/<>=~!@#%^&|`?", t->body.data[0]) != NULL;
}

/* Behind the operator that begins with the current token. */
static size_t essence_operator_end(essence *e)
{
    size_t start = e->token.start, end = e->token.end;
    pg_lexer look = e->lexer;
    for (pg_token t = e->token; essence_is_operator(&t) && (t.start == start || t.start == end); pg_lexer_next(&look, &t))
    {
        end = t.end;
    }
    return start + essence_operator(slice_sub(e->lexer.text, start, end));
}

/* 1.5, 1., 1e-5: `end` is behind the first digits. */
static size_t essence_number_end(slice text, size_t start, size_t end)
{
    slice rest = slice_sub(text, end, text.len);
    bool range = slice_starts(rest, SLICE("..")); /* 1..10 */
    if (rest.len > 0 && rest.data[0] == '.' && !range && text.data[start] != '.' && text.data[start] != '$')
    {
        end++;
        while (end < text.len && ((text.data[end] >= '0' && text.data[end] <= '9') || text.data[end] == '_' ||
                                  text.data[end] == 'e' || text.data[end] == 'E'))
        {
            end++;
        }
    }
    bool hex = end > start + 1 && (text.data[start + 1] == 'x' || text.data[start + 1] == 'X');
    char last = text.data[end - 1];
    if (!hex && (last == 'e' || last == 'E') && end + 1 < text.len && (text.data[end] == '-' || text.data[end] == '+') &&
        text.data[end + 1] >= '0' && text.data[end + 1] <= '9')
    {
        end++;
        while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9')
        {
            end++;
        }
    }
    return end;
}

static size_t essence_symbol_end(essence *e)
{
    slice text = e->lexer.text;
    size_t start = e->token.start, end = e->token.end;
    slice rest = slice_sub(text, start, text.len);
    if (essence_is_operator(&e->token))
    {
        return essence_operator_end(e);
    }
    if (slice_starts(rest, SLICE("::")) || slice_starts(rest, SLICE(":=")) || slice_starts(rest, SLICE("..")))
    {
        return start + 2;
    }
    if (rest.data[0] != '.')
    {
        return end;
    }
    pg_lexer look = e->lexer;
    pg_token next;
    pg_lexer_next(&look, &next);
    bool number = next.kind == PG_NUMBER && next.start == end && next.body.data[0] != '$';
    return number ? essence_number_end(text, start, next.end) : end;
}

/* The data of COPY begins on the next line and ends before the line "\."; the scan goes on behind that. */
static void essence_copy(essence *e)
{
    slice text = e->lexer.text;
    const char *line = memchr(text.data + e->token.end, '\n', text.len - e->token.end);
    size_t start = line == NULL ? text.len : (size_t)(line - text.data) + 1, end = start, next = start;
    while (end < text.len)
    {
        line = memchr(text.data + end, '\n', text.len - end);
        next = line == NULL ? text.len : (size_t)(line - text.data) + 1;
        slice whole = slice_sub(text, end, next);
        if (slice_starts(whole, SLICE("\\.")) && slice_trim(whole).len == 2)
        {
            break;
        }
        end = next;
    }
    buf_text(e->out, ";\x1f");
    buf_add(e->out, slice_sub(text, start, end));
    buf_text(e->out, "\\.\x1f");
    e->lexer.at = next;
    e->pending = false;
}

static void essence_semicolon(essence *e)
{
    e->pending = e->begun;
    if (e->data)
    {
        essence_copy(e);
    }
    e->first = true;
    e->copy = e->from = e->data = false;
    e->parens = 0;
    essence_advance(e);
}

/* COPY … FROM STDIN, not within the parentheses of COPY (query) TO. */
static void essence_notice(essence *e)
{
    e->parens += pg_lexer_is_symbol(&e->token, '(') - pg_lexer_is_symbol(&e->token, ')');
    e->data |= e->from && pg_lexer_is(&e->token, "STDIN");
    e->from = e->copy && e->parens == 0 && pg_lexer_is(&e->token, "FROM");
    e->copy = e->first ? pg_lexer_is(&e->token, "COPY") : e->copy && !e->from;
    e->first = false;
}

static void essence_token(essence *e)
{
    slice text = e->lexer.text;
    size_t start = e->token.start, end = e->token.end;
    bool fold = e->token.kind == PG_WORD || e->token.kind == PG_NUMBER;
    if (e->pending)
    {
        buf_text(e->out, ";\x1f");
    }
    essence_notice(e);
    end = e->token.kind == PG_SYMBOL ? essence_symbol_end(e) : end;
    end = e->token.kind == PG_NUMBER ? essence_number_end(text, start, end) : end;
    if (fold)
    {
        buf_lower(e->out, slice_sub(text, start, end));
    }
    else
    {
        buf_add(e->out, slice_sub(text, start, end));
    }
    buf_char(e->out, '\x1f');
    e->begun = true;
    e->pending = false;
    e->lexer.at = end;
    essence_advance(e);
}

void pg_essence(slice text, buf *out)
{
    essence e = {.lexer = {.text = text}, .out = out, .first = true};
    e.lexer.at = slice_starts(text, SLICE("\xef\xbb\xbf")) ? 3 : 0;
    essence_advance(&e);
    while (e.token.kind != PG_END)
    {
        if (pg_lexer_is_symbol(&e.token, ';'))
        {
            essence_semicolon(&e);
        }
        else
        {
            essence_token(&e);
        }
    }
}
