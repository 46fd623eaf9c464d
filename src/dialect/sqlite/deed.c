/* SPDX-License-Identifier: MIT */
/*
 * What a script does to rows that may be there, by its tokens. SQLite's ALTER TABLE is small, so tables are rebuilt: made anew,
 * filled from the old one, the old one dropped. What such a copy leaves behind is the loss, not the drop; so a copy says which
 * columns it takes over and on which condition. A column counts as taken over when the select list has its name, whatever it
 * does with it. A copy from more than one table, or one that is no plain SELECT, is none.
 *
 * What is in temp, or in an attached database, is left out.
 */
#include "dialect/sqlite/deed.h"

#include "base/error.h"
#include "dialect/sqlite/survey.h"
#include "dialect/sqlite/token.h"

typedef struct sqlite_doer
{
    arena *arena;
    deed_list *out;
    size_t statement;
    slice text; /* of the statement */
    sqlite_token token;
    bool failed; /* out of memory */
} sqlite_doer;

static const slice deed_none = {"", 0};

static void sqlite_do_next(sqlite_doer *r)
{
    r->token = sqlite_token_next(r->text, r->token.end);
}

static bool sqlite_do_at(const sqlite_doer *r, const char *word)
{
    return sqlite_token_is(r->text, r->token, slice_of(word));
}

static bool sqlite_do_eat(sqlite_doer *r, const char *word)
{
    bool there = sqlite_do_at(r, word);
    if (there)
    {
        sqlite_do_next(r);
    }
    return there;
}

static bool sqlite_do_end(const sqlite_doer *r)
{
    return r->token.kind == SQLITE_TOKEN_END || r->token.kind == SQLITE_TOKEN_SEMICOLON;
}

static bool sqlite_do_comma(const sqlite_doer *r)
{
    return r->token.kind == SQLITE_TOKEN_OTHER && r->text.data[r->token.start] == ',';
}

static void sqlite_do_depth(const sqlite_doer *r, size_t *depth)
{
    *depth += r->token.kind == SQLITE_TOKEN_OPEN;
    *depth -= r->token.kind == SQLITE_TOKEN_CLOSE && *depth > 0;
}

static slice sqlite_do_name(sqlite_doer *r)
{
    if (!sqlite_token_is_name(r->token))
    {
        return deed_none;
    }
    slice name = sqlite_token_name(r->arena, r->text, r->token);
    r->failed |= name.data == NULL;
    sqlite_do_next(r);
    return r->failed ? deed_none : name;
}

/* [schema.]name; empty when it is not in main. */
static slice sqlite_do_table(sqlite_doer *r)
{
    slice schema = deed_none, name = sqlite_do_name(r);
    if (r->token.kind == SQLITE_TOKEN_DOT)
    {
        sqlite_do_next(r);
        schema = name;
        name = sqlite_do_name(r);
    }
    return schema.len == 0 || slice_equal_nocase(schema, SLICE("main")) ? name : deed_none;
}

static void sqlite_do_add(sqlite_doer *r, deed d)
{
    if (d.table.len == 0)
    {
        return;
    }
    deed *grown = arena_grow(r->arena, r->out->items, r->out->count, sizeof *grown);
    r->failed |= grown == NULL;
    if (grown != NULL)
    {
        d.statement = r->statement;
        d.schema = d.to_schema = deed_none;
        r->out->items = grown;
        r->out->items[r->out->count++] = d;
    }
}

/* Up to one of the words outside of parentheses, or the end. */
static void sqlite_do_skip(sqlite_doer *r, const char *const *words, size_t count)
{
    for (size_t depth = 0; !sqlite_do_end(r); sqlite_do_next(r))
    {
        sqlite_do_depth(r, &depth);
        for (size_t i = 0; depth == 0 && i < count; i++)
        {
            if (sqlite_do_at(r, words[i]))
            {
                return;
            }
        }
    }
}

/* ---------------------------------------------------------------------------------------------------------- what goes away */

static void sqlite_do_drop(sqlite_doer *r)
{
    if (sqlite_do_eat(r, "TABLE"))
    {
        if (sqlite_do_eat(r, "IF"))
        {
            sqlite_do_eat(r, "EXISTS");
        }
        sqlite_do_add(r, (deed){.kind = DEED_DROP_TABLE, .table = sqlite_do_table(r)});
    }
}

static void sqlite_do_alter(sqlite_doer *r)
{
    sqlite_do_eat(r, "TABLE");
    deed d = {.kind = DEED_DROP_COLUMN, .table = sqlite_do_table(r)};
    bool renames = sqlite_do_eat(r, "RENAME");
    if (!renames && !sqlite_do_eat(r, "DROP"))
    {
        return;
    }
    if (renames && sqlite_do_eat(r, "TO"))
    {
        d.kind = DEED_RENAME_TABLE;
        d.to = sqlite_do_name(r);
        sqlite_do_add(r, d);
        return;
    }
    sqlite_do_eat(r, "COLUMN");
    d.column = sqlite_do_name(r);
    if (renames)
    {
        d.kind = DEED_RENAME_COLUMN;
        sqlite_do_eat(r, "TO");
        d.to = sqlite_do_name(r);
    }
    sqlite_do_add(r, d);
}

/* WHERE true, WHERE 1, WHERE 1 = 1 */
static bool sqlite_do_is_true(sqlite_doer *r)
{
    slice first = slice_sub(r->text, r->token.start, r->token.end);
    bool plain = sqlite_do_at(r, "TRUE") || slice_equal(first, SLICE("1")), number = r->token.kind == SQLITE_TOKEN_NUMBER;
    sqlite_do_next(r);
    if (number && r->token.kind == SQLITE_TOKEN_EQUALS)
    {
        while (r->token.kind == SQLITE_TOKEN_EQUALS)
        {
            sqlite_do_next(r);
        }
        plain = slice_equal(first, slice_sub(r->text, r->token.start, r->token.end));
        sqlite_do_next(r);
    }
    return plain && (sqlite_do_end(r) || sqlite_do_at(r, "RETURNING"));
}

static void sqlite_do_delete(sqlite_doer *r)
{
    static const char *const words[] = {"WHERE", "LIMIT"};
    sqlite_do_eat(r, "FROM");
    deed d = {.kind = DEED_EMPTY, .table = sqlite_do_table(r)};
    sqlite_do_skip(r, words, 2);
    if (sqlite_do_end(r) || (sqlite_do_eat(r, "WHERE") && sqlite_do_is_true(r)))
    {
        sqlite_do_add(r, d);
    }
}

/* A constant that is all of an assignment; data is NULL when it is something else. */
static slice sqlite_do_constant(sqlite_doer *r)
{
    size_t start = r->token.start, end = r->token.end;
    bool minus = r->token.kind == SQLITE_TOKEN_OTHER && r->text.data[start] == '-';
    if (minus)
    {
        sqlite_do_next(r);
        end = r->token.end;
    }
    bool word = sqlite_do_at(r, "NULL") || sqlite_do_at(r, "TRUE") || sqlite_do_at(r, "FALSE");
    bool plain = r->token.kind == SQLITE_TOKEN_NUMBER || (!minus && (word || r->token.kind == SQLITE_TOKEN_STRING));
    if (plain)
    {
        sqlite_do_next(r);
    }
    plain = plain && (sqlite_do_end(r) || sqlite_do_comma(r) || sqlite_do_at(r, "RETURNING"));
    return plain ? slice_sub(r->text, start, end) : (slice){NULL, 0};
}

static void sqlite_do_update(sqlite_doer *r)
{
    static const char *const words[] = {"SET"}, *const limits[] = {"WHERE", "FROM", "LIMIT"};
    if (sqlite_do_eat(r, "OR"))
    {
        sqlite_do_next(r);
    }
    slice table = sqlite_do_table(r);
    sqlite_do_skip(r, words, 1);
    sqlite_do_next(r);
    size_t from = r->out->count;
    while (!sqlite_do_end(r))
    {
        deed d = {.kind = DEED_SET, .table = table, .column = sqlite_do_name(r)};
        if (d.column.len > 0 && r->token.kind == SQLITE_TOKEN_EQUALS)
        {
            sqlite_do_next(r);
            d.value = sqlite_do_constant(r);
        }
        if (d.value.data != NULL)
        {
            sqlite_do_add(r, d);
        }
        for (size_t depth = 0; !sqlite_do_end(r) && (depth > 0 || !sqlite_do_comma(r)); sqlite_do_next(r))
        {
            sqlite_do_depth(r, &depth);
            for (size_t i = 0; depth == 0 && i < sizeof limits / sizeof limits[0]; i++)
            {
                if (sqlite_do_at(r, limits[i]))
                {
                    r->out->count = from;
                    return;
                }
            }
        }
        if (!sqlite_do_end(r))
        {
            sqlite_do_next(r);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------- copies */

static void sqlite_do_column(sqlite_doer *r, sqlite_names *to, slice name)
{
    r->failed |= !sqlite_names_add(r->arena, to, name);
}

/* One expression of the select list: the names in it. Behind AS comes a new one. */
static void sqlite_do_item(sqlite_doer *r, slice target, sqlite_names *from, sqlite_names *to, bool *all)
{
    size_t depth = 0, count = from->count;
    bool star = false, as = false, plain = true;
    for (; !sqlite_do_end(r) && (depth > 0 || (!sqlite_do_comma(r) && !sqlite_do_at(r, "FROM"))); sqlite_do_next(r))
    {
        sqlite_do_depth(r, &depth);
        star = depth == 0 && r->token.kind == SQLITE_TOKEN_OTHER && r->text.data[r->token.start] == '*'; /* the last one */
        if (sqlite_token_is_name(r->token) && !as && !sqlite_do_at(r, "AS"))
        {
            slice name = sqlite_token_name(r->arena, r->text, r->token);
            r->failed |= name.data == NULL;
            sqlite_do_column(r, from, name);
            sqlite_do_column(r, to, deed_none);
        }
        plain &= sqlite_token_is_name(r->token);
        as = sqlite_do_at(r, "AS");
    }
    *all |= star && from->count <= count + 1; /* *, or table.* */
    if (plain && from->count == count + 1 && !r->failed)
    {
        to->names[count] = target;
    }
}

/* Behind the table that is copied from: the condition, and whether it is all that keeps rows back. */
static void sqlite_do_condition(sqlite_doer *r, deed *d)
{
    static const char *const ends[] = {"GROUP",     "ORDER",  "LIMIT",  "UNION", "EXCEPT",
                                       "INTERSECT", "HAVING", "WINDOW", "ON",    "RETURNING"};
    if (sqlite_do_eat(r, "AS") || (sqlite_token_is_name(r->token) && !sqlite_do_at(r, "WHERE") && !sqlite_do_at(r, "ORDER") &&
                                   !sqlite_do_at(r, "GROUP") && !sqlite_do_at(r, "LIMIT")))
    {
        d->some = true; /* by another name, or a join: its condition can't be asked of the table alone */
    }
    if (sqlite_do_eat(r, "WHERE"))
    {
        size_t start = r->token.start;
        sqlite_do_skip(r, ends, sizeof ends / sizeof ends[0]);
        d->expression = slice_trim(slice_sub(r->text, start, r->token.start));
        d->some |= d->expression.len == 0;
    }
    if (sqlite_do_eat(r, "ORDER"))
    {
        static const char *const limit[] = {"LIMIT"};
        sqlite_do_skip(r, limit, 1);
    }
    d->some |= !sqlite_do_end(r) && !sqlite_do_at(r, "RETURNING");
}

/* SELECT … FROM one table */
static void sqlite_do_copy(sqlite_doer *r, deed d, const sqlite_names *targets)
{
    sqlite_names from = {0}, to = {0};
    if (!sqlite_do_eat(r, "SELECT") || d.to.len == 0)
    {
        return;
    }
    d.some |= sqlite_do_eat(r, "DISTINCT");
    sqlite_do_eat(r, "ALL");
    for (size_t i = 0; !sqlite_do_end(r) && !sqlite_do_at(r, "FROM") && !r->failed; i++)
    {
        sqlite_do_item(r, i < targets->count ? targets->names[i] : deed_none, &from, &to, &d.all);
        if (!sqlite_do_end(r) && !sqlite_do_at(r, "FROM"))
        {
            sqlite_do_next(r);
        }
    }
    if (!sqlite_do_eat(r, "FROM"))
    {
        return;
    }
    d.table = sqlite_do_table(r);
    d.columns = from.names;
    d.targets = to.names;
    d.column_count = from.count;
    sqlite_do_condition(r, &d);
    sqlite_do_add(r, d);
}

static void sqlite_do_insert(sqlite_doer *r)
{
    sqlite_names targets = {0};
    deed d = {.kind = DEED_COPY};
    if (sqlite_do_eat(r, "OR"))
    {
        d.some = true; /* IGNORE, REPLACE: rows that are in the way of others */
        sqlite_do_next(r);
    }
    sqlite_do_eat(r, "INTO");
    d.to = sqlite_do_table(r);
    if (r->token.kind == SQLITE_TOKEN_OPEN)
    {
        while (!sqlite_do_end(r) && r->token.kind != SQLITE_TOKEN_CLOSE)
        {
            sqlite_do_next(r);
            sqlite_do_column(r, &targets, sqlite_do_name(r));
        }
        sqlite_do_next(r);
    }
    sqlite_do_copy(r, d, &targets);
}

/* CREATE [TEMP] TABLE [IF NOT EXISTS] name AS SELECT … */
static void sqlite_do_create(sqlite_doer *r)
{
    const sqlite_names none = {0};
    if (!sqlite_do_eat(r, "TEMP"))
    {
        sqlite_do_eat(r, "TEMPORARY");
    }
    if (!sqlite_do_eat(r, "TABLE"))
    {
        return;
    }
    if (sqlite_do_eat(r, "IF"))
    {
        sqlite_do_eat(r, "NOT");
        sqlite_do_eat(r, "EXISTS");
    }
    slice name = sqlite_do_name(r);
    if (r->token.kind == SQLITE_TOKEN_DOT)
    {
        sqlite_do_next(r);
        name = sqlite_do_name(r);
    }
    if (sqlite_do_eat(r, "AS"))
    {
        sqlite_do_copy(r, (deed){.kind = DEED_COPY, .to = name}, &none);
    }
}

/* WITH …: the verb outside of its parentheses. */
static void sqlite_do_with(sqlite_doer *r)
{
    static const char *const verbs[] = {"SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE"};
    sqlite_do_skip(r, verbs, sizeof verbs / sizeof verbs[0]);
    if (sqlite_do_eat(r, "DELETE"))
    {
        sqlite_do_delete(r);
    }
    else if (sqlite_do_eat(r, "UPDATE"))
    {
        sqlite_do_update(r);
    }
}

static const struct
{
    const char *word;
    void (*read)(sqlite_doer *r); /* called behind the word */
} sqlite_deeds[] = {
    {"DROP", sqlite_do_drop},     {"ALTER", sqlite_do_alter},    {"DELETE", sqlite_do_delete}, {"UPDATE", sqlite_do_update},
    {"INSERT", sqlite_do_insert}, {"REPLACE", sqlite_do_insert}, {"CREATE", sqlite_do_create}, {"WITH", sqlite_do_with},
};

amend_status sqlite_deed_list(arena *a, const script *script, deed_list *out, amend_error *error)
{
    deed_list found = {0};
    sqlite_doer r = {.arena = a, .out = &found};
    for (size_t i = 0; i < script->count && !r.failed; i++)
    {
        r.statement = i;
        r.text = slice_sub(script->text, script->stmts[i].start, script->stmts[i].end);
        r.token = sqlite_token_next(r.text, 0);
        for (size_t k = 0; k < sizeof sqlite_deeds / sizeof sqlite_deeds[0]; k++)
        {
            if (sqlite_do_eat(&r, sqlite_deeds[k].word))
            {
                sqlite_deeds[k].read(&r);
                break;
            }
        }
    }
    *out = found;
    return r.failed ? error_memory(error) : AMEND_OK;
}
