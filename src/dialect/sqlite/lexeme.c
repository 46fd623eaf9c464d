/* SPDX-License-Identifier: MIT */
/*
 * The essence of a text is its lexemes, each followed by a separator that none of them can begin with. Semicolons are written
 * late, when something follows: so empty statements and the last semicolon fall away.
 */
#include "dialect/sqlite/lexeme.h"

static bool sqlite_digit_at(slice text, size_t i)
{
    return i < text.len && text.data[i] >= '0' && text.data[i] <= '9';
}

static size_t sqlite_skip_digits(slice text, size_t i)
{
    while (sqlite_digit_at(text, i) || (i < text.len && text.data[i] == '_'))
    {
        i++;
    }
    return i;
}

/* Behind what goes on a number that reaches to `end` as token.h has it: 0x1F is whole, 1e only begins 1e-5. */
static size_t sqlite_number_end(slice text, size_t start, size_t end)
{
    size_t i = sqlite_skip_digits(text, start);
    if (i < text.len && text.data[i] == '.')
    {
        i = sqlite_skip_digits(text, i + 1);
    }
    bool exponent = i < text.len && (text.data[i] == 'e' || text.data[i] == 'E');
    if (exponent && i + 1 < text.len && (text.data[i + 1] == '+' || text.data[i + 1] == '-') && sqlite_digit_at(text, i + 2))
    {
        i = sqlite_skip_digits(text, i + 2);
    }
    else if (exponent && sqlite_digit_at(text, i + 1))
    {
        i = sqlite_skip_digits(text, i + 1);
    }
    return i > end ? i : end;
}

static size_t sqlite_operator_end(slice text, sqlite_token token)
{
    static const slice operators[] = {{"->>", 3}, {"->", 2}, {"==", 2}, {"<=", 2}, {"<>", 2},
                                      {"<<", 2},  {">=", 2}, {">>", 2}, {"!=", 2}, {"||", 2}};
    slice rest = slice_sub(text, token.start, text.len);
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
    {
        if (slice_starts(rest, operators[i]))
        {
            return token.start + operators[i].len;
        }
    }
    return rest.data[0] == '?' ? sqlite_skip_digits(text, token.end) : token.end;
}

sqlite_token sqlite_lexeme_next(slice text, size_t from)
{
    sqlite_token token = sqlite_token_next(text, from);
    switch (token.kind)
    {
    case SQLITE_TOKEN_WORD:
        if (token.end < text.len && text.data[token.end] == '\'' && sqlite_token_is(text, token, SLICE("x")))
        {
            token = (sqlite_token){SQLITE_TOKEN_STRING, token.start, sqlite_token_next(text, token.end).end};
        }
        break;
    case SQLITE_TOKEN_NUMBER:
        token.end = sqlite_number_end(text, token.start, token.end);
        break;
    case SQLITE_TOKEN_DOT:
        if (sqlite_digit_at(text, token.end))
        {
            token.kind = SQLITE_TOKEN_NUMBER;
            token.end = sqlite_number_end(text, token.start, token.end);
        }
        break;
    case SQLITE_TOKEN_EQUALS:
    case SQLITE_TOKEN_OTHER:
        token.end = sqlite_operator_end(text, token);
        break;
    default:
        break;
    }
    return token;
}

void sqlite_essence(slice text, buf *out)
{
    bool begun = false, pending = false;
    for (sqlite_token t = sqlite_lexeme_next(text, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_lexeme_next(text, t.end))
    {
        if (t.kind == SQLITE_TOKEN_SEMICOLON)
        {
            pending = begun;
            continue;
        }
        if (pending)
        {
            buf_text(out, ";\x1f");
        }
        slice token = slice_sub(text, t.start, t.end);
        if (t.kind == SQLITE_TOKEN_WORD || t.kind == SQLITE_TOKEN_NUMBER)
        {
            buf_lower(out, token);
        }
        else
        {
            buf_add(out, token);
        }
        buf_char(out, '\x1f');
        begun = true;
        pending = false;
    }
}
