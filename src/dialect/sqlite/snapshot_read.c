/* SPDX-License-Identifier: MIT */
/*
 * Going over a CREATE statement's text: its head, a table's names, lists in parentheses. The names come first, in a pass of
 * their own: an expression may name a column that stands behind it.
 */
#include "dialect/sqlite/snapshot.h"

void sqlite_reader_advance(sqlite_reader *r)
{
    r->token = sqlite_lexeme_next(r->text, r->token.end);
}

bool sqlite_reader_at(const sqlite_reader *r, const char *word)
{
    return sqlite_token_is(r->text, r->token, slice_of(word));
}

bool sqlite_reader_eat(sqlite_reader *r, const char *word)
{
    bool found = sqlite_reader_at(r, word);
    if (found)
    {
        sqlite_reader_advance(r);
    }
    return found;
}

bool sqlite_reader_head(sqlite_reader *r, const char *what)
{
    r->token = sqlite_lexeme_next(r->text, 0);
    if (!sqlite_reader_eat(r, "CREATE"))
    {
        return false;
    }
    bool qualified = sqlite_reader_eat(r, "TEMP") || sqlite_reader_eat(r, "TEMPORARY") || sqlite_reader_eat(r, "UNIQUE") ||
                     sqlite_reader_eat(r, "VIRTUAL");
    (void)qualified;
    if (!sqlite_reader_eat(r, what))
    {
        return false;
    }
    if (sqlite_reader_eat(r, "IF"))
    {
        sqlite_reader_eat(r, "NOT");
        sqlite_reader_eat(r, "EXISTS");
    }
    bool named = sqlite_token_is_name(r->token);
    sqlite_reader_advance(r);
    if (r->token.kind == SQLITE_TOKEN_DOT)
    {
        sqlite_reader_advance(r);
        named &= sqlite_token_is_name(r->token);
        sqlite_reader_advance(r);
    }
    return named;
}

/* ---------------------------------------------------------------------------------------------------------------- names */

bool sqlite_reader_at_constraint(const sqlite_reader *r)
{
    return sqlite_reader_at(r, "CONSTRAINT") || sqlite_reader_at(r, "PRIMARY") || sqlite_reader_at(r, "UNIQUE") ||
           sqlite_reader_at(r, "CHECK") || sqlite_reader_at(r, "FOREIGN");
}

void sqlite_reader_skip_parens(sqlite_reader *r)
{
    r->token.end = sqlite_canon_skip(r->text, r->token);
    sqlite_reader_advance(r);
}

/* To the comma or parenthesis that ends this entry of the list. */
void sqlite_reader_skip_entry(sqlite_reader *r)
{
    while (r->token.kind != SQLITE_TOKEN_END && r->token.kind != SQLITE_TOKEN_CLOSE && r->text.data[r->token.start] != ',')
    {
        if (r->token.kind == SQLITE_TOKEN_OPEN)
        {
            sqlite_reader_skip_parens(r);
        }
        else
        {
            sqlite_reader_advance(r);
        }
    }
}

static void reader_note(sqlite_facts *f, sqlite_names *to, slice name)
{
    f->failed |= name.data == NULL || !sqlite_names_add(f->work, to, name);
}

static void reader_options(sqlite_reader *r, sqlite_names_of *out)
{
    while (r->token.kind != SQLITE_TOKEN_END)
    {
        out->rowid_less |= sqlite_reader_at(r, "WITHOUT");
        out->strict |= sqlite_reader_at(r, "STRICT");
        sqlite_reader_advance(r);
    }
}

bool sqlite_snapshot_names(sqlite_facts *f, slice sql, slice table, sqlite_names_of *out)
{
    sqlite_reader r = {.text = sql};
    *out = (sqlite_names_of){0};
    if (!sqlite_reader_head(&r, "TABLE") || r.token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    do
    {
        sqlite_reader_advance(&r);
        if (sqlite_reader_at_constraint(&r) || !sqlite_token_is_name(r.token))
        {
            break;
        }
        slice name = sqlite_token_name(f->work, sql, r.token);
        reader_note(f, &out->columns, name);
        reader_note(f, &out->all, name);
        sqlite_reader_advance(&r);
        sqlite_reader_skip_entry(&r);
    }
    while (r.token.kind != SQLITE_TOKEN_END && r.token.kind != SQLITE_TOKEN_CLOSE);
    while (r.token.kind != SQLITE_TOKEN_END && r.token.kind != SQLITE_TOKEN_CLOSE)
    {
        sqlite_reader_skip_entry(&r);
        if (r.token.kind != SQLITE_TOKEN_CLOSE)
        {
            sqlite_reader_advance(&r);
        }
    }
    bool closed = r.token.kind == SQLITE_TOKEN_CLOSE;
    sqlite_reader_advance(&r);
    reader_options(&r, out);
    reader_note(f, &out->all, table);
    reader_note(f, &out->all, SLICE("rowid"));
    reader_note(f, &out->all, SLICE("oid"));
    reader_note(f, &out->all, SLICE("_rowid_"));
    return closed && out->columns.count > 0 && !f->failed;
}

/* ---------------------------------------------------------------------------------------------------------------- lists */

/* One entry, up to its comma or parenthesis: a name in whatever quotes, or an expression; ASC says nothing. */
static void reader_entry(buf *out, sqlite_reader *r, const sqlite_scope *scope)
{
    sqlite_reader entry = *r;
    sqlite_reader_skip_entry(r);
    size_t from = entry.token.start, to = r->token.start, last = from;
    for (sqlite_token t = entry.token; t.end <= to && t.kind != SQLITE_TOKEN_END; t = sqlite_lexeme_next(r->text, t.end))
    {
        last = t.start < to ? t.start : last;
    }
    sqlite_token tail = sqlite_lexeme_next(r->text, last);
    if (last > from && sqlite_token_is(r->text, tail, SLICE("ASC")))
    {
        to = last;
    }
    if (entry.token.kind == SQLITE_TOKEN_STRING)
    {
        sqlite_canon_name_token(out, r->text, entry.token);
        from = entry.token.end;
        buf_text(out, sqlite_lexeme_next(slice_sub(r->text, 0, to), from).kind == SQLITE_TOKEN_END ? "" : " ");
    }
    sqlite_canon_text(out, r->text, from, to, scope);
}

void sqlite_reader_list(sqlite_reader *r, const sqlite_scope *scope, buf *out)
{
    const char *before = "(";
    do
    {
        sqlite_reader_advance(r);
        buf_text(out, before);
        before = ", ";
        reader_entry(out, r, scope);
    }
    while (r->token.kind != SQLITE_TOKEN_END && r->token.kind != SQLITE_TOKEN_CLOSE);
    sqlite_reader_advance(r);
    buf_char(out, ')');
}
