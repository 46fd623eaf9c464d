/* SPDX-License-Identifier: MIT */
/*
 * Names are written into messages as they are: not quoted by the rules of SQL, nor is a quote in them doubled. So a message can
 * be ambiguous, and then nothing is taken from it. Chinese, Japanese and Korean words touch the names without a space.
 */
#include "dialect/postgres/pg_message.h"

typedef struct quote
{
    const char *text;
    size_t len;
    const char *closing[2]; /* of the same length */
} quote;

/* »Deutsch«, « français », «español», "English", “…”, „…“, ”svenska”, 「日本語」 */
static const quote message_quotes[] = {
    {"\"", 1, {"\"", NULL}},
    {"\xC2\xBB", 2, {"\xC2\xAB", NULL}},
    {"\xC2\xAB", 2, {"\xC2\xBB", NULL}},
    {"\xE2\x80\x9C", 3, {"\xE2\x80\x9D", NULL}},
    {"\xE2\x80\x9E", 3, {"\xE2\x80\x9C", "\xE2\x80\x9D"}},
    {"\xE2\x80\x9D", 3, {"\xE2\x80\x9D", NULL}},
    {"\xE3\x80\x8C", 3, {"\xE3\x80\x8D", NULL}},
};

/* The quote that opens at `at`; NULL when none does. */
static const quote *message_quote_at(slice m, size_t at)
{
    unsigned char c = (unsigned char)m.data[at];
    if (c == '"')
    {
        return &message_quotes[0];
    }
    if (c != 0xC2 && c != 0xE2 && c != 0xE3)
    {
        return NULL;
    }
    for (size_t i = 1; i < sizeof message_quotes / sizeof message_quotes[0]; i++)
    {
        const quote *q = &message_quotes[i];
        if (m.len - at >= q->len && q->text[1] == m.data[at + 1] && memcmp(m.data + at, q->text, q->len) == 0)
        {
            return q;
        }
    }
    return NULL;
}

static bool message_closes_at(slice m, size_t at, const quote *q)
{
    const char *here = m.data + at;
    if (here[0] != q->closing[0][0]) /* the other closing quote begins with the same byte */
    {
        return false;
    }
    if (q->len == 1)
    {
        return true;
    }
    return m.len - at >= q->len &&
           (memcmp(here, q->closing[0], q->len) == 0 || (q->closing[1] != NULL && memcmp(here, q->closing[1], q->len) == 0));
}

/* How many bytes of one blank stand at the text's begin: a space, or one that doesn't break. */
static size_t message_blank_before(slice s)
{
    static const slice blanks[] = {{" ", 1}, {"\xC2\xA0", 2}, {"\xE2\x80\xAF", 3}};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
    {
        if (slice_starts(s, blanks[i]))
        {
            return blanks[i].len;
        }
    }
    return 0;
}

static size_t message_blank_behind(slice s)
{
    static const slice blanks[] = {{" ", 1}, {"\xC2\xA0", 2}, {"\xE2\x80\xAF", 3}};
    for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
    {
        if (slice_ends(s, blanks[i]))
        {
            return blanks[i].len;
        }
    }
    return 0;
}

/* What stands between two quotes: in « French » with a blank at both ends, which is not the name's. */
static slice message_inside(const quote *q, slice run)
{
    size_t before = message_blank_before(run);
    if (q->text[0] != '\xC2' || before == 0 || before == run.len)
    {
        return run;
    }
    size_t behind = message_blank_behind(run);
    return behind == 0 ? run : slice_sub(run, before, run.len - behind);
}

/*
 * "The table's column" rather than "the column of the table": in the languages whose order is this one (Chinese, Japanese), the
 * first name is followed by a particle that makes it the owner.
 */
static bool message_owns_next(slice rest)
{
    static const slice particles[] = {
        {"\xE3\x81\xAE", 3}, {"\xE3\x81\xAB", 3}, {"\xE7\x94\xA8", 3}, {"\xE7\x9A\x84", 3}, {"\xE4\xB8\xAD\xE7\x9A\x84", 6},
    };
    rest = slice_sub(rest, message_blank_before(rest), rest.len);
    for (size_t i = 0; i < sizeof particles / sizeof particles[0]; i++)
    {
        if (slice_starts(rest, particles[i]))
        {
            return true;
        }
    }
    return false;
}

void pg_message_runs(slice m, pg_runs *out)
{
    bool swapped = false;
    out->count = 0;
    for (size_t at = 0; at < m.len; at++)
    {
        bool plain = (unsigned char)m.data[at] < 0x80 && m.data[at] != '"';
        const quote *q = plain ? NULL : message_quote_at(m, at);
        if (q == NULL)
        {
            continue;
        }
        size_t open = at + q->len, close = open;
        while (close < m.len && !message_closes_at(m, close, q))
        {
            close++;
        }
        if (close >= m.len || out->count == PG_RUNS)
        {
            out->count = PG_RUNS + 1;
            return;
        }
        at = close + q->len;
        swapped |= out->count == 0 && message_owns_next(slice_sub(m, at, m.len));
        out->runs[out->count++] = message_inside(q, slice_sub(m, open, close));
        at--;
    }
    if (swapped && out->count == PG_RUNS)
    {
        slice owner = out->runs[0];
        out->runs[0] = out->runs[1];
        out->runs[1] = owner;
    }
}

static bool message_joins_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

bool pg_message_has(slice m, slice text)
{
    for (size_t at = 0; text.len > 0 && at < m.len;)
    {
        const char *found = memmem(m.data + at, m.len - at, text.data, text.len);
        if (found == NULL)
        {
            return false;
        }
        size_t start = (size_t)(found - m.data), end = start + text.len;
        bool joined = (start > 0 && message_joins_word(m.data[start - 1]) && message_joins_word(text.data[0])) ||
                      (end < m.len && message_joins_word(m.data[end]) && message_joins_word(text.data[text.len - 1]));
        if (!joined)
        {
            return true;
        }
        at = start + 1;
    }
    return false;
}

/* Does a character of Chinese, Japanese or Korean begin, or go on, here? Only to be asked of a character's first byte. */
static bool message_is_cjk(char c)
{
    return (unsigned char)c >= 0xE3 && (unsigned char)c <= 0xED;
}

/* How many bytes of such characters stand at the begin. */
static size_t message_cjk_before(slice s)
{
    size_t len = 0;
    while (len + 3 <= s.len && message_is_cjk(s.data[len]))
    {
        len += 3;
    }
    return len;
}

/* … and at the end. */
static size_t message_cjk_behind(slice s)
{
    size_t len = 0;
    while (len + 3 <= s.len && message_is_cjk(s.data[s.len - len - 3]))
    {
        len += 3;
    }
    return len;
}

static bool message_has_cjk(slice s)
{
    for (size_t i = 0; i < s.len; i++)
    {
        if (message_is_cjk(s.data[i]))
        {
            return true;
        }
    }
    return false;
}

/* Cut off Japanese words at both ends of a name. No data when what is left could be a part of a name only. */
static slice message_unglue(slice word)
{
    size_t before = message_cjk_before(word);
    word = slice_sub(word, before, word.len);
    word = slice_sub(word, 0, word.len - message_cjk_behind(word));
    return message_has_cjk(word) || word.len == 0 ? (slice){NULL, 0} : word;
}

/* The next word between spaces; a blank that doesn't break is one, too. No data at the end. */
static slice message_next_word(slice *rest)
{
    *rest = slice_trim(*rest);
    const char *space = memchr(rest->data, ' ', rest->len);
    size_t len = space == NULL ? rest->len : (size_t)(space - rest->data);
    slice word = slice_sub(*rest, 0, len);
    *rest = slice_sub(*rest, len, rest->len);
    return word.len == 0 ? (slice){NULL, 0} : word;
}

slice pg_message_dotted(slice m)
{
    for (slice word = message_next_word(&m); word.data != NULL; word = message_next_word(&m))
    {
        const char *dot = memchr(word.data, '.', word.len);
        if (dot == NULL || dot == word.data || dot + 1 == word.data + word.len)
        {
            continue;
        }
        return message_cjk_before(word) > 0 && message_cjk_behind(word) > 0 ? message_unglue(word) : word;
    }
    return (slice){NULL, 0};
}

slice pg_message_called(slice m)
{
    const char *open = m.len == 0 ? NULL : memchr(m.data, '(', m.len);
    const char *close = m.len == 0 ? NULL : memrchr(m.data, ')', m.len);
    if (open == NULL || close == NULL)
    {
        return (slice){NULL, 0};
    }
    slice word = slice_sub(m, 0, (size_t)(open - m.data)), behind = slice_sub(m, (size_t)(close + 1 - m.data), m.len);
    const char *space = memrchr(word.data, ' ', word.len);
    word = space == NULL ? word : slice_sub(word, (size_t)(space + 1 - word.data), word.len);
    if (message_cjk_before(word) > 0 && message_cjk_before(behind) > 0)
    {
        return message_unglue(word);
    }
    for (size_t at = 0; at < word.len; at++)
    {
        const quote *q = message_quote_at(word, at);
        if (q != NULL)
        {
            word = slice_sub(word, at + q->len, word.len);
            break;
        }
    }
    bool name = word.len > 0 && (word.data[0] < '0' || word.data[0] > '9');
    return name ? word : (slice){NULL, 0};
}

/* From the first double quote to the last, and what belongs to it: app."My Status". No data: there are none. */
static slice message_quoted_type(slice head)
{
    const char *open = memchr(head.data, '"', head.len), *close = memrchr(head.data, '"', head.len);
    if (open == NULL)
    {
        return (slice){NULL, 0};
    }
    while (open > head.data && (message_joins_word(open[-1]) || open[-1] == '.'))
    {
        open--;
    }
    for (close++; close < head.data + head.len && (message_joins_word(*close) || *close == '.');)
    {
        close++;
    }
    return (slice){open, (size_t)(close - open)};
}

/*
 * The type among the words before the value: the last one; but in a language that has its own script, the one or two (double
 * precision) that are not of that.
 */
static slice message_find_type(slice head)
{
    slice quoted = message_quoted_type(head), first = {NULL, 0}, last = {NULL, 0}, word;
    size_t foreign = 0;
    if (quoted.data != NULL)
    {
        return quoted;
    }
    while ((word = message_next_word(&head)).data != NULL)
    {
        slice name = message_unglue(word);
        last = word;
        foreign += name.data != NULL;
        first = foreign == 1 && name.data != NULL ? name : first;
    }
    return foreign <= 1 ? first : foreign == 2 ? (slice){NULL, 0} : last;
}

/* The quote that the value opens with: the first behind a colon. */
static const quote *message_value_quote(slice m, size_t *colon, size_t *at)
{
    const char *found = m.len == 0 ? NULL : memchr(m.data, ':', m.len);
    while (found != NULL)
    {
        *colon = (size_t)(found - m.data);
        slice rest = slice_sub(m, *colon + 1, m.len);
        *at = *colon + 1 + message_blank_before(rest);
        const quote *q = *at < m.len ? message_quote_at(m, *at) : NULL;
        if (q != NULL)
        {
            return q;
        }
        found = memchr(rest.data, ':', rest.len);
    }
    return NULL;
}

bool pg_message_value(slice m, slice *type, slice *value)
{
    size_t colon = 0, at = 0;
    const quote *q = message_value_quote(m, &colon, &at);
    if (q == NULL || m.len < at + 2 * q->len || !message_closes_at(m, m.len - q->len, q))
    {
        return false;
    }
    *value = message_inside(q, slice_sub(m, at + q->len, m.len - q->len));
    slice head = slice_sub(m, 0, colon);
    *type = message_find_type(slice_sub(head, 0, head.len - message_blank_behind(head)));
    return type->data != NULL;
}
