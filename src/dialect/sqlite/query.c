/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/query.h"

#include "dialect/sqlite/split.h"
#include "dialect/sqlite/token.h"

static bool sqlite_token_is_any(slice text, sqlite_token token, const slice *words, size_t count)
{
    for (size_t i = 0; token.kind == SQLITE_TOKEN_WORD && i < count; i++)
    {
        if (sqlite_token_is(text, token, words[i]))
        {
            return true;
        }
    }
    return false;
}

#define SQLITE_IS_ANY_OF(text, token, words) sqlite_token_is_any(text, token, words, sizeof words / sizeof words[0])

/* Behind these stands a table: there 'a string' is a name, too. */
static const slice table_words[] = {{"FROM", 4}, {"JOIN", 4}, {"INTO", 4}, {"UPDATE", 6}, {"TABLE", 5}};

bool sqlite_mentions(slice query, const char *name)
{
    slice wanted = slice_of(name);
    bool table = false;
    for (sqlite_token t = sqlite_token_next(query, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_token_next(query, t.end))
    {
        bool is_name = t.kind == SQLITE_TOKEN_WORD || t.kind == SQLITE_TOKEN_QUOTED || (t.kind == SQLITE_TOKEN_STRING && table);
        if (is_name && sqlite_token_names(query, t, wanted))
        {
            return true;
        }
        table = t.kind == SQLITE_TOKEN_DOT || SQLITE_IS_ANY_OF(query, t, table_words);
    }
    return false;
}

/*
 * At most one statement: outside of a transaction each of several is a unit of its own, and with transaction control among
 * them nobody knows how far it came. A trigger ends with its "; END ;".
 */
bool sqlite_repeatable(slice query)
{
    bool trigger = false, semicolon = false, ending = false, ended = false, begun = false;
    for (sqlite_token t = sqlite_token_next(query, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_token_next(query, t.end))
    {
        bool here = t.kind == SQLITE_TOKEN_SEMICOLON;
        if (ended && !here)
        {
            return false;
        }
        if (!begun && !here)
        {
            trigger = sqlite_begins_trigger(query, t);
            begun = true;
        }
        ended |= begun && here && (!trigger || ending);
        ending = semicolon && sqlite_token_is(query, t, SLICE("END"));
        semicolon = here;
    }
    return true;
}

/* Read a token's name as a string of AMEND_NAME_SIZE bytes. */
static bool sqlite_copy_name(slice text, sqlite_token token, char *out)
{
    size_t len = sqlite_token_copy(text, token, out, AMEND_NAME_SIZE - 1);
    out[len] = '\0';
    return len > 0;
}

bool sqlite_parse_name(slice text, amend_object *out)
{
    sqlite_token parts[SQLITE_CHAIN];
    size_t count = 0, at = 0;
    for (;;)
    {
        sqlite_token t = sqlite_token_next(text, at);
        if (!sqlite_token_is_name(t) || count == SQLITE_CHAIN)
        {
            return false;
        }
        parts[count++] = t;
        t = sqlite_token_next(text, t.end);
        at = t.end;
        if (t.kind == SQLITE_TOKEN_END)
        {
            break;
        }
        if (t.kind != SQLITE_TOKEN_DOT)
        {
            return false;
        }
    }
    /* Migrations work on "main" alone, and what is found in them has no schema. */
    size_t first = count > 1 && sqlite_token_names(text, parts[0], SLICE("main")) ? 1 : 0;
    amend_object found = {.kind = AMEND_OBJECT_NONE};
    if (!sqlite_copy_name(text, parts[count - 1], found.name) ||
        (count - first > 1 && !sqlite_copy_name(text, parts[count - 2], found.table)) ||
        (count - first > 2 && !sqlite_copy_name(text, parts[0], found.schema)))
    {
        return false;
    }
    *out = found;
    return true;
}

size_t sqlite_chain_at(slice query, size_t at, slice whole, size_t lengths[SQLITE_CHAIN])
{
    size_t count = 0, done = 0;
    for (sqlite_token t = sqlite_token_next(query, at); count < SQLITE_CHAIN && sqlite_token_is_name(t); count++)
    {
        char name[AMEND_NAME_SIZE];
        size_t len = sqlite_token_copy(query, t, name, sizeof name);
        if ((count == 0 && t.start != at) || len == 0 || whole.len - done < len || memcmp(whole.data + done, name, len) != 0)
        {
            return 0;
        }
        lengths[count] = len;
        done += len;
        if (done == whole.len)
        {
            return count + 1;
        }
        t = sqlite_token_next(query, t.end);
        if (t.kind != SQLITE_TOKEN_DOT || whole.data[done] != '.')
        {
            return 0;
        }
        done++;
        t = sqlite_token_next(query, t.end);
    }
    return 0;
}

/* Step from the first token of name or schema.name to its last. */
static sqlite_token sqlite_last_of_name(slice text, sqlite_token token)
{
    sqlite_token dot = sqlite_token_next(text, token.end);
    if (dot.kind != SQLITE_TOKEN_DOT)
    {
        return token;
    }
    sqlite_token name = sqlite_token_next(text, dot.end);
    return sqlite_token_is_name(name) ? name : token;
}

static bool sqlite_is_comma(slice text, sqlite_token token)
{
    return token.kind == SQLITE_TOKEN_OTHER && text.data[token.start] == ',';
}

/* Between these and the next of the others, a comma is followed by another table. */
static const slice from_words[] = {{"FROM", 4}, {"JOIN", 4}, {"INTO", 4}, {"UPDATE", 6}};
static const slice clause_words[] = {{"SELECT", 6}, {"WHERE", 5}, {"GROUP", 5},  {"HAVING", 6},
                                     {"ORDER", 5},  {"LIMIT", 5}, {"SET", 3},    {"VALUES", 6},
                                     {"ON", 2},     {"USING", 5}, {"WINDOW", 6}, {"RETURNING", 9}};

bool sqlite_table_of_alias(slice query, slice alias, char *table)
{
    char found[AMEND_NAME_SIZE] = "";
    bool from = false;
    for (sqlite_token t = sqlite_token_next(query, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_token_next(query, t.end))
    {
        bool start = SQLITE_IS_ANY_OF(query, t, from_words);
        from = start || (from && !SQLITE_IS_ANY_OF(query, t, clause_words));
        if (!start && !(from && sqlite_is_comma(query, t)))
        {
            continue;
        }
        sqlite_token next = sqlite_token_next(query, t.end);
        if (!sqlite_token_is_name(next))
        {
            continue;
        }
        sqlite_token name = sqlite_last_of_name(query, next);
        t = name;
        next = sqlite_token_next(query, name.end);
        next = sqlite_token_is(query, next, SLICE("AS")) ? sqlite_token_next(query, next.end) : next;
        char here[AMEND_NAME_SIZE];
        bool goes_by =
            (sqlite_token_is_name(next) && sqlite_token_names(query, next, alias)) || sqlite_token_names(query, name, alias);
        if (!goes_by)
        {
            continue;
        }
        if (!sqlite_copy_name(query, name, here) || (found[0] != '\0' && !slice_equal_nocase(slice_of(found), slice_of(here))))
        {
            return false;
        }
        memcpy(found, here, sizeof found);
    }
    memcpy(table, found, sizeof found);
    return found[0] != '\0';
}

bool sqlite_insert_target(slice query, char *table)
{
    unsigned inserts = 0;
    bool good = false;
    for (sqlite_token t = sqlite_token_next(query, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_token_next(query, t.end))
    {
        if (sqlite_token_is(query, t, SLICE("INTO")))
        {
            t = sqlite_last_of_name(query, sqlite_token_next(query, t.end));
            good = sqlite_token_is_name(t) && sqlite_copy_name(query, t, table);
            inserts++;
        }
    }
    return good && inserts == 1;
}

typedef struct sqlite_columns
{
    char text[AMEND_NAME_SIZE];
    size_t used;
    slice names[AMEND_NAME_SIZE / 2];
    size_t count;
} sqlite_columns;

/* Put in a column's name, folded, at its place in the order. */
static bool sqlite_add_column(sqlite_columns *c, slice query, sqlite_token token)
{
    char *start = c->text + c->used;
    size_t len = sqlite_token_copy(query, token, start, sizeof c->text - c->used);
    if (len == 0 || c->used + len + c->count >= AMEND_NAME_SIZE || c->count == sizeof c->names / sizeof c->names[0])
    {
        return false;
    }
    for (size_t i = 0; i < len; i++)
    {
        start[i] = (char)(start[i] >= 'A' && start[i] <= 'Z' ? start[i] + 32 : start[i]);
    }
    c->used += len;
    size_t at = c->count++;
    for (; at > 0; at--)
    {
        slice before = c->names[at - 1];
        int order = memcmp(before.data, start, before.len < len ? before.len : len);
        if (order < 0 || (order == 0 && before.len <= len))
        {
            break;
        }
        c->names[at] = before;
    }
    c->names[at] = (slice){start, len};
    return true;
}

/* The columns between parentheses; *token is the opening one. What SQLite lets stand behind each name makes no difference. */
static bool sqlite_read_columns(slice query, sqlite_token token, sqlite_columns *c)
{
    static const slice order_words[] = {{"ASC", 3}, {"DESC", 4}};
    *c = (sqlite_columns){.used = 0};
    do
    {
        token = sqlite_token_next(query, token.end);
        if (!sqlite_token_is_name(token) || !sqlite_add_column(c, query, token))
        {
            return false;
        }
        token = sqlite_token_next(query, token.end);
        if (sqlite_token_is(query, token, SLICE("COLLATE")))
        {
            token = sqlite_token_next(query, sqlite_token_next(query, token.end).end);
        }
        if (SQLITE_IS_ANY_OF(query, token, order_words))
        {
            token = sqlite_token_next(query, token.end);
        }
    }
    while (sqlite_is_comma(query, token));
    return token.kind == SQLITE_TOKEN_CLOSE;
}

/* The opening parenthesis of the clause that is meant. END when it can't be told. */
static sqlite_token sqlite_find_conflict(slice query, unsigned ordinal)
{
    unsigned clauses = 0, targets = 0;
    const sqlite_token none = {SQLITE_TOKEN_END, query.len, query.len};
    sqlite_token found = none, before = none;
    for (sqlite_token t = sqlite_token_next(query, 0); t.kind != SQLITE_TOKEN_END; t = sqlite_token_next(query, t.end))
    {
        if (sqlite_token_is(query, t, SLICE("CONFLICT")) && sqlite_token_is(query, before, SLICE("ON")))
        {
            sqlite_token open = sqlite_token_next(query, t.end);
            bool target = open.kind == SQLITE_TOKEN_OPEN;
            clauses++;
            if (target && (ordinal == 0 || clauses == ordinal))
            {
                targets++;
                found = open;
            }
        }
        before = t;
    }
    return targets == 1 ? found : none;
}

bool sqlite_conflict_target(slice query, unsigned ordinal, amend_object *out)
{
    char table[AMEND_NAME_SIZE];
    sqlite_columns columns;
    sqlite_token open = sqlite_find_conflict(query, ordinal);
    if (open.kind == SQLITE_TOKEN_END || !sqlite_insert_target(query, table) || !sqlite_read_columns(query, open, &columns))
    {
        return false;
    }
    memcpy(out->table, table, strlen(table) + 1);
    size_t len = 0;
    for (size_t i = 0; i < columns.count; i++)
    {
        if (i > 0)
        {
            out->name[len++] = ',';
        }
        memcpy(out->name + len, columns.names[i].data, columns.names[i].len);
        len += columns.names[i].len;
    }
    out->name[len] = '\0';
    return true;
}
