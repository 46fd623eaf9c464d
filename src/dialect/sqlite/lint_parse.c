/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/lint_parse.h"

/* --------------------------------------------------------------------------------------------------------------- words */

bool sqlint_read_words(arena *a, const script *s, size_t statement, sqlint_words *out)
{
    const stmt *st = &s->stmts[statement];
    *out = (sqlint_words){.arena = a, .text = {s->text.data, st->end}};
    for (int pass = 0; pass < 2; pass++)
    {
        size_t count = 0;
        for (sqlite_token t = sqlite_token_next(out->text, st->start); t.kind != SQLITE_TOKEN_END;
             t = sqlite_token_next(out->text, t.end))
        {
            if (pass == 1)
            {
                out->items[count] = t;
            }
            count++;
        }
        if (pass == 0)
        {
            out->items = arena_array(a, count + 1, sizeof *out->items);
        }
        if (out->items == NULL)
        {
            return false;
        }
        out->count = count;
    }
    out->count -= out->count > 0 && out->items[out->count - 1].kind == SQLITE_TOKEN_SEMICOLON;
    return true;
}

bool sqlint_is(const sqlint_words *w, size_t i, const char *word)
{
    return i < w->count && sqlite_token_is(w->text, w->items[i], slice_of(word));
}

bool sqlint_kind(const sqlint_words *w, size_t i, sqlite_token_kind kind)
{
    return i < w->count && w->items[i].kind == kind;
}

bool sqlint_comma(const sqlint_words *w, size_t i)
{
    return sqlint_kind(w, i, SQLITE_TOKEN_OTHER) && w->text.data[w->items[i].start] == ',';
}

slice sqlint_name(const sqlint_words *w, size_t i)
{
    static const slice none = {"", 0};
    if (i >= w->count || !sqlite_token_is_name(w->items[i]))
    {
        return none;
    }
    slice name = sqlite_token_name(w->arena, w->text, w->items[i]);
    return name.data == NULL ? none : name;
}

size_t sqlint_behind(const sqlint_words *w, size_t i)
{
    size_t depth = 0;
    for (; i < w->count; i++)
    {
        depth += w->items[i].kind == SQLITE_TOKEN_OPEN;
        depth -= w->items[i].kind == SQLITE_TOKEN_CLOSE && depth > 0;
        if (depth == 0)
        {
            return i + 1;
        }
    }
    return w->count;
}

size_t sqlint_last_name(const sqlint_words *w, size_t i)
{
    return sqlint_kind(w, i + 1, SQLITE_TOKEN_DOT) ? i + 2 : i;
}

sqlite_names sqlint_names_at(const sqlint_words *w, size_t i, size_t *behind, bool *failed)
{
    sqlite_names names = {0};
    *behind = i;
    if (!sqlint_kind(w, i, SQLITE_TOKEN_OPEN))
    {
        return names;
    }
    *behind = sqlint_behind(w, i);
    bool first = true;
    for (size_t k = i + 1; k + 1 < *behind; k++)
    {
        if (first)
        {
            *failed |= !sqlite_names_add(w->arena, &names, sqlint_name(w, k));
        }
        first = sqlint_comma(w, k);
        k = sqlint_kind(w, k, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, k) - 1 : k;
    }
    return names;
}

/* --------------------------------------------------------------------------------------------------------------- tables */

static bool sqlint_begins_constraint(const sqlint_words *w, size_t i)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "NOT",        "NULL",      "UNIQUE", "CHECK",
                                        "DEFAULT",    "COLLATE", "REFERENCES", "GENERATED", "AS"};
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
    {
        if (sqlint_is(w, i, words[k]))
        {
            return true;
        }
    }
    return false;
}

static void sqlint_add_key(arena *a, sqlint_table *t, sqlite_names key, bool primary, bool *failed)
{
    sqlite_names *keys = arena_grow(a, t->keys, t->key_count, sizeof *keys);
    if (keys == NULL)
    {
        *failed = true;
        return;
    }
    keys[t->key_count] = primary ? keys[0] : key;
    if (primary)
    {
        keys[0] = key;
        t->has_primary = true;
    }
    t->key_count++;
    t->keys = keys;
}

/* REFERENCES at `i`, for these columns; returns the word behind it. */
static size_t sqlint_add_reference(arena *a, const sqlint_words *w, size_t i, sqlite_names columns, size_t at, sqlint_table *t,
                                   bool *failed)
{
    sqlint_reference *list = arena_grow(a, t->references, t->reference_count, sizeof *list);
    if (list == NULL)
    {
        *failed = true;
        return i + 1;
    }
    sqlint_reference *r = &list[t->reference_count++];
    size_t behind;
    t->references = list;
    *r = (sqlint_reference){.columns = columns, .parent = sqlint_name(w, i + 1), .at = at};
    r->keys = sqlint_names_at(w, i + 2, &behind, failed);
    while (sqlint_is(w, behind, "ON"))
    {
        behind += sqlint_is(w, behind + 2, "CASCADE") || sqlint_is(w, behind + 2, "RESTRICT") ? 3 : 4;
    }
    return behind;
}

static slice sqlint_span(const sqlint_words *w, size_t first, size_t end)
{
    return end > first ? slice_sub(w->text, w->items[first].start, w->items[end - 1].end) : (slice){"", 0};
}

void sqlint_read_column(arena *a, const sqlint_words *w, size_t first, size_t end, sqlint_table *out, bool *failed)
{
    sqlint_column *list = arena_grow(a, out->columns, out->column_count, sizeof *list);
    sqlite_names self = {0};
    if (list == NULL || !sqlite_names_add(a, &self, sqlint_name(w, first)))
    {
        *failed = true;
        return;
    }
    sqlint_column *c = &list[out->column_count++];
    out->columns = list;
    *c = (sqlint_column){.name = sqlint_name(w, first), .first = first, .end = end, .type_at = first};
    size_t i = first + 1;
    while (i < end && !sqlint_begins_constraint(w, i))
    {
        i = sqlint_kind(w, i, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, i) : i + 1;
    }
    c->type = sqlint_span(w, first + 1, i);
    c->type_at = i > first + 1 ? first + 1 : first;
    while (i < end)
    {
        bool primary = sqlint_is(w, i, "PRIMARY"), unique = sqlint_is(w, i, "UNIQUE");
        c->not_null |= sqlint_is(w, i, "NOT") && sqlint_is(w, i + 1, "NULL");
        c->autoincrement |= sqlint_is(w, i, "AUTOINCREMENT");
        c->primary_key |= primary;
        c->unique |= unique;
        if (primary || unique)
        {
            sqlint_add_key(a, out, self, primary, failed);
        }
        if (sqlint_is(w, i, "REFERENCES"))
        {
            i = sqlint_add_reference(a, w, i, self, w->items[i].start, out, failed);
            continue;
        }
        i = sqlint_kind(w, i, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, i) : i + 1;
    }
}

static void sqlint_read_constraint(arena *a, const sqlint_words *w, size_t i, sqlint_table *out, bool *failed)
{
    size_t behind;
    bool primary = sqlint_is(w, i, "PRIMARY"), foreign = sqlint_is(w, i, "FOREIGN");
    if (primary || sqlint_is(w, i, "UNIQUE"))
    {
        sqlite_names key = sqlint_names_at(w, i + 1 + primary, &behind, failed);
        sqlint_add_key(a, out, key, primary, failed);
    }
    if (foreign)
    {
        sqlite_names columns = sqlint_names_at(w, i + 2, &behind, failed);
        if (sqlint_is(w, behind, "REFERENCES"))
        {
            sqlint_add_reference(a, w, behind, columns, w->items[i].start, out, failed);
        }
    }
}

/* One part between the commas. */
static void sqlint_read_part(arena *a, const sqlint_words *w, size_t first, size_t end, sqlint_table *out, bool *failed)
{
    size_t i = sqlint_is(w, first, "CONSTRAINT") ? first + 2 : first;
    bool constraint = i > first || sqlint_is(w, i, "CHECK") ||
                      ((sqlint_is(w, i, "PRIMARY") || sqlint_is(w, i, "FOREIGN")) && sqlint_is(w, i + 1, "KEY")) ||
                      (sqlint_is(w, i, "UNIQUE") && sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN));
    if (constraint)
    {
        sqlint_read_constraint(a, w, i, out, failed);
    }
    else if (i < end)
    {
        sqlint_read_column(a, w, first, end, out, failed);
    }
}

bool sqlint_read_table(arena *a, const sqlint_words *w, sqlint_table *out)
{
    bool failed = false;
    size_t i = 1;
    *out = (sqlint_table){.opaque = true};
    while (i < w->count && !sqlint_is(w, i, "TABLE"))
    {
        i++;
    }
    bool virtual = i > 0 && sqlint_is(w, i - 1, "VIRTUAL");
    i += sqlint_is(w, i + 1, "IF") ? 4 : 1;
    i = sqlint_last_name(w, i);
    out->name = sqlint_name(w, i);
    if (virtual || !sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN))
    {
        return true;
    }
    out->opaque = false;
    size_t behind = sqlint_behind(w, i + 1), first = i + 2;
    for (size_t k = first; k < behind && !failed; k++)
    {
        if (sqlint_comma(w, k) || k + 1 == behind)
        {
            sqlint_read_part(a, w, first, k, out, &failed);
            first = k + 1;
        }
        k = sqlint_kind(w, k, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, k) - 1 : k;
    }
    for (; behind < w->count; behind++)
    {
        out->strict |= sqlint_is(w, behind, "STRICT");
        out->without_rowid |= sqlint_is(w, behind, "WITHOUT");
    }
    return !failed;
}

/* ----------------------------------------------------------------------------------------------------------- ALTER TABLE */

/* ADD and DROP of what isn't a column. */
static bool sqlint_is_constraint(const sqlint_words *w, size_t i)
{
    bool key = (sqlint_is(w, i, "PRIMARY") || sqlint_is(w, i, "FOREIGN")) && sqlint_is(w, i + 1, "KEY");
    bool open = (sqlint_is(w, i, "UNIQUE") || sqlint_is(w, i, "CHECK")) && sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN);
    return sqlint_is(w, i, "CONSTRAINT") || sqlint_is(w, i, "INDEX") || key || open;
}

/* A comma outside of parentheses: several changes at once. */
static bool sqlint_has_comma(const sqlint_words *w, size_t i)
{
    for (; i < w->count; i++)
    {
        i = sqlint_kind(w, i, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, i) - 1 : i;
        if (sqlint_comma(w, i))
        {
            return true;
        }
    }
    return false;
}

const char *sqlint_unsupported(const sqlint_words *w)
{
    size_t table = sqlint_last_name(w, 2);
    if (sqlint_is(w, 2, "IF") && sqlint_is(w, 3, "EXISTS"))
    {
        return "SQLite's ALTER TABLE has no IF EXISTS";
    }
    size_t verb = table + 1, what = verb + 1;
    bool add = sqlint_is(w, verb, "ADD"), drop = sqlint_is(w, verb, "DROP");
    if (!add && !drop && !sqlint_is(w, verb, "RENAME"))
    {
        return "SQLite's ALTER TABLE can only RENAME, ADD COLUMN and DROP COLUMN";
    }
    if ((add || drop) && sqlint_is_constraint(w, what))
    {
        return "SQLite can't add or drop constraints: the table must be built anew";
    }
    what += sqlint_is(w, what, "COLUMN");
    if ((add || drop) && sqlint_is(w, what, "IF"))
    {
        return "SQLite's ADD COLUMN and DROP COLUMN have no IF EXISTS";
    }
    return sqlint_has_comma(w, what) ? "SQLite changes one column in a statement" : NULL;
}
