/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/token.h"

/* What a byte can begin, and whether a name may go on with it. */
enum
{
    BYTE_SPACE = 1,
    BYTE_NAME = 2, /* letters, _, and every byte of a character beyond ASCII */
    BYTE_DIGIT = 4,
    BYTE_DOLLAR = 8, /* may go on a name, but begins a parameter */
    BYTE_IN_NAME = BYTE_NAME | BYTE_DIGIT | BYTE_DOLLAR,
};

static const unsigned char bytes[256] = {
    ['\t'] = BYTE_SPACE,       ['\n'] = BYTE_SPACE, ['\v'] = BYTE_SPACE,        ['\f'] = BYTE_SPACE,
    ['\r'] = BYTE_SPACE,       [' '] = BYTE_SPACE,  ['0' ... '9'] = BYTE_DIGIT, ['A' ... 'Z'] = BYTE_NAME,
    ['a' ... 'z'] = BYTE_NAME, ['_'] = BYTE_NAME,   ['$'] = BYTE_DOLLAR,        [0x80 ... 0xff] = BYTE_NAME,
};

static bool sqlite_byte_is(slice text, size_t i, unsigned kinds)
{
    return i < text.len && (bytes[(unsigned char)text.data[i]] & kinds) != 0;
}

static bool sqlite_starts_with(slice text, size_t i, slice what)
{
    return text.len - i >= what.len && memcmp(text.data + i, what.data, what.len) == 0;
}

/* Behind the line's end, or the text's. */
static size_t sqlite_skip_line(slice text, size_t i)
{
    const char *end = memchr(text.data + i, '\n', text.len - i);
    return end == NULL ? text.len : (size_t)(end - text.data) + 1;
}

static size_t sqlite_skip_block(slice text, size_t i)
{
    const char *end = memmem(text.data + i, text.len - i, "*/", 2);
    return end == NULL ? text.len : (size_t)(end - text.data) + 2;
}

static size_t sqlite_skip_space(slice text, size_t i)
{
    while (i < text.len)
    {
        if (sqlite_byte_is(text, i, BYTE_SPACE))
        {
            i++;
        }
        else if (text.data[i] == '-' && sqlite_starts_with(text, i, SLICE("--")))
        {
            i = sqlite_skip_line(text, i);
        }
        /* SQLite takes these two characters at the very end of the text for operators */
        else if (text.data[i] == '/' && sqlite_starts_with(text, i, SLICE("/*")) && i + 2 < text.len)
        {
            i = sqlite_skip_block(text, i + 2);
        }
        else if (text.data[i] == '\xef' && sqlite_starts_with(text, i, SLICE("\xef\xbb\xbf"))) /* a byte-order mark */
        {
            i += 3;
        }
        else
        {
            break;
        }
    }
    return i;
}

/* Behind the closing quote; a doubled one stands for itself, but for ] which can't be doubled. */
static size_t sqlite_skip_quoted(slice text, size_t i, char quote)
{
    while (i < text.len)
    {
        const char *end = memchr(text.data + i, quote, text.len - i);
        if (end == NULL)
        {
            return text.len;
        }
        i = (size_t)(end - text.data) + 1;
        if (quote == ']' || i == text.len || text.data[i] != quote)
        {
            return i;
        }
        i++;
    }
    return text.len;
}

static size_t sqlite_skip_bytes(slice text, size_t i, unsigned kinds)
{
    while (sqlite_byte_is(text, i, kinds))
    {
        i++;
    }
    return i;
}

/* A parameter :a, @a, #a, $a. One of Tcl's, $a::b(c), may have a semicolon between its parentheses. */
static size_t sqlite_skip_parameter(slice text, size_t i)
{
    size_t start = i;
    for (;;)
    {
        i = sqlite_skip_bytes(text, i, BYTE_IN_NAME);
        if (!sqlite_starts_with(text, i, SLICE("::")))
        {
            break;
        }
        i += 2;
    }
    if (i > start && i < text.len && text.data[i] == '(')
    {
        do
        {
            i++;
        }
        while (i < text.len && text.data[i] != ')' && !sqlite_byte_is(text, i, BYTE_SPACE));
        i += i < text.len && text.data[i] == ')';
    }
    return i;
}

static sqlite_token sqlite_token_punctuation(slice text, size_t i)
{
    switch (text.data[i])
    {
    case ';':
        return (sqlite_token){SQLITE_TOKEN_SEMICOLON, i, i + 1};
    case '(':
        return (sqlite_token){SQLITE_TOKEN_OPEN, i, i + 1};
    case ')':
        return (sqlite_token){SQLITE_TOKEN_CLOSE, i, i + 1};
    case '.':
        return (sqlite_token){SQLITE_TOKEN_DOT, i, i + 1};
    case '=':
        return (sqlite_token){SQLITE_TOKEN_EQUALS, i, i + 1};
    case '\'':
        return (sqlite_token){SQLITE_TOKEN_STRING, i, sqlite_skip_quoted(text, i + 1, '\'')};
    case '"':
    case '`':
        return (sqlite_token){SQLITE_TOKEN_QUOTED, i, sqlite_skip_quoted(text, i + 1, text.data[i])};
    case '[':
        return (sqlite_token){SQLITE_TOKEN_QUOTED, i, sqlite_skip_quoted(text, i + 1, ']')};
    case ':':
    case '@':
    case '#':
    case '$':
        return (sqlite_token){SQLITE_TOKEN_OTHER, i, sqlite_skip_parameter(text, i + 1)};
    default:
        return (sqlite_token){SQLITE_TOKEN_OTHER, i, i + 1};
    }
}

sqlite_token sqlite_token_next(slice text, size_t from)
{
    size_t i = sqlite_skip_space(text, from);
    if (i >= text.len)
    {
        return (sqlite_token){SQLITE_TOKEN_END, text.len, text.len};
    }
    if (sqlite_byte_is(text, i, BYTE_NAME))
    {
        return (sqlite_token){SQLITE_TOKEN_WORD, i, sqlite_skip_bytes(text, i, BYTE_IN_NAME)};
    }
    if (sqlite_byte_is(text, i, BYTE_DIGIT))
    {
        return (sqlite_token){SQLITE_TOKEN_NUMBER, i, sqlite_skip_bytes(text, i, BYTE_IN_NAME)};
    }
    return sqlite_token_punctuation(text, i);
}

bool sqlite_token_is(slice text, sqlite_token token, slice word)
{
    return token.kind == SQLITE_TOKEN_WORD && slice_equal_nocase(slice_sub(text, token.start, token.end), word);
}

bool sqlite_token_is_name(sqlite_token token)
{
    return token.kind == SQLITE_TOKEN_WORD || token.kind == SQLITE_TOKEN_QUOTED || token.kind == SQLITE_TOKEN_STRING;
}

/* What stands between the quotes, doubled ones still doubled; *quote is 0 when none can be doubled. */
static slice sqlite_token_inner(slice text, sqlite_token token, char *quote)
{
    slice name = slice_sub(text, token.start, token.end);
    *quote = 0;
    if (token.kind == SQLITE_TOKEN_WORD)
    {
        return name;
    }
    char end = name.data[0] == '[' ? ']' : name.data[0];
    bool ended = name.len > 1 && name.data[name.len - 1] == end;
    slice inner = slice_sub(name, 1, name.len - ended);
    *quote = (char)(end != ']' && memchr(inner.data, end, inner.len) != NULL ? end : 0);
    return inner;
}

bool sqlite_token_names(slice text, sqlite_token token, slice name)
{
    char quote;
    slice inner = sqlite_token_inner(text, token, &quote);
    if (quote == 0)
    {
        return slice_equal_nocase(inner, name);
    }
    size_t at = 0;
    for (size_t i = 0; i < inner.len; i++, at++)
    {
        if (at == name.len || !slice_equal_nocase((slice){inner.data + i, 1}, (slice){name.data + at, 1}))
        {
            return false;
        }
        i += inner.data[i] == quote;
    }
    return at == name.len;
}

size_t sqlite_token_copy(slice text, sqlite_token token, char *out, size_t size)
{
    char quote;
    slice inner = sqlite_token_inner(text, token, &quote);
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++)
    {
        if (len == size)
        {
            return 0;
        }
        out[len++] = inner.data[i];
        i += quote != 0 && inner.data[i] == quote;
    }
    return len;
}

slice sqlite_token_name(arena *a, slice text, sqlite_token token)
{
    char quote;
    slice inner = sqlite_token_inner(text, token, &quote);
    if (quote == 0)
    {
        return inner;
    }
    char *plain = arena_alloc(a, inner.len);
    return (slice){plain, plain == NULL ? 0 : sqlite_token_copy(text, token, plain, inner.len)};
}
