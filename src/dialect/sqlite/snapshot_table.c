/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/snapshot_table.h"

/* "kind table (column)" */
static void table_column_object(table_reading *t, const char *kind, const table_column *column)
{
    snapshot_table_object(t, kind);
    buf_text(&t->facts->object, " (");
    sqlite_canon_name(&t->facts->object, column->name);
    buf_char(&t->facts->object, ')');
}

/* Behind PRIMARY KEY or UNIQUE. */
static void table_column_key(table_reading *t, table_column *column, bool primary)
{
    sqlite_reader *r = &t->r;
    bool descending = primary && sqlite_reader_at(r, "DESC");
    if (descending || sqlite_reader_at(r, "ASC"))
    {
        sqlite_reader_advance(r);
    }
    const char *conflict = snapshot_table_conflict(r);
    if (primary)
    {
        column->key = true;
        t->rowid = !descending && snapshot_table_is_integer(t, column);
        t->autoincrement |= sqlite_reader_eat(r, "AUTOINCREMENT");
        snapshot_table_object(t, "primary key");
    }
    else
    {
        table_column_object(t, "unique", column);
    }
    snapshot_table_column_list(t, column, descending ? " desc" : "");
    buf_text(&t->facts->definition, conflict);
    sqlite_facts_add(t->facts);
}

/* Behind DEFAULT: in parentheses, or a sign and a value, or a value. A bare word is a string, unless it is a constant. */
static void table_default(table_reading *t, table_column *column)
{
    static const char *const constants[] = {"NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"};
    sqlite_reader *r = &t->r;
    if (r->token.kind == SQLITE_TOKEN_OPEN)
    {
        column->value = snapshot_table_parens(r);
        column->word_value = false;
        return;
    }
    column->word_value = r->token.kind == SQLITE_TOKEN_QUOTED || r->token.kind == SQLITE_TOKEN_WORD;
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++)
    {
        column->word_value &= !sqlite_reader_at(r, constants[i]);
    }
    size_t from = r->token.start;
    if (r->token.kind == SQLITE_TOKEN_OTHER)
    {
        sqlite_reader_advance(r);
    }
    column->value = (table_range){from, r->token.end};
    sqlite_reader_advance(r);
}

/* Behind [GENERATED ALWAYS] AS. */
static bool table_generated(table_reading *t, table_column *column)
{
    if (t->r.token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    column->generated = snapshot_table_parens(&t->r);
    column->stored = sqlite_reader_eat(&t->r, "STORED");
    if (!column->stored)
    {
        sqlite_reader_eat(&t->r, "VIRTUAL");
    }
    return true;
}

static bool table_column_reference(table_reading *t, const table_column *column)
{
    table_column_object(t, "foreign key", column);
    return snapshot_table_references(t);
}

/* One constraint of a column; false for what is none. */
static bool table_column_constraint(table_reading *t, table_column *column)
{
    sqlite_reader *r = &t->r;
    bool ignored;
    if (sqlite_reader_at(r, "REFERENCES"))
    {
        return table_column_reference(t, column);
    }
    if (snapshot_table_deferrable(r, &ignored))
    {
        return true;
    }
    if (sqlite_reader_eat(r, "NOT"))
    {
        column->not_null = true;
        bool whole = sqlite_reader_eat(r, "NULL");
        column->not_null_conflict = snapshot_table_conflict(r);
        return whole;
    }
    if (sqlite_reader_eat(r, "NULL"))
    {
        snapshot_table_conflict(r);
        return true;
    }
    if (sqlite_reader_eat(r, "DEFAULT"))
    {
        table_default(t, column);
        return true;
    }
    if (sqlite_reader_eat(r, "COLLATE"))
    {
        column->collation = r->token;
        sqlite_reader_advance(r);
        return sqlite_token_is_name(column->collation);
    }
    if (sqlite_reader_eat(r, "PRIMARY"))
    {
        bool whole = sqlite_reader_eat(r, "KEY");
        table_column_key(t, column, true);
        return whole;
    }
    if (sqlite_reader_eat(r, "UNIQUE"))
    {
        table_column_key(t, column, false);
        return true;
    }
    if (sqlite_reader_eat(r, "GENERATED"))
    {
        return sqlite_reader_eat(r, "ALWAYS") && sqlite_reader_eat(r, "AS") && table_generated(t, column);
    }
    if (sqlite_reader_eat(r, "AS"))
    {
        return table_generated(t, column);
    }
    return sqlite_reader_at_constraint(r) && snapshot_table_constraint(t);
}

static bool table_at_type_end(const sqlite_reader *r)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "NOT",        "NULL", "UNIQUE",    "CHECK",
                                        "DEFAULT",    "COLLATE", "REFERENCES", "AS",   "DEFERRABLE"};
    sqlite_reader look = *r;
    if (sqlite_reader_eat(&look, "GENERATED") && sqlite_reader_at(&look, "ALWAYS"))
    {
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (sqlite_reader_at(r, words[i]))
        {
            return true;
        }
    }
    return !sqlite_token_is_name(r->token);
}

static bool table_read_column(table_reading *t)
{
    table_column *column = &t->columns[t->count];
    sqlite_reader *r = &t->r;
    *column = (table_column){.name = t->names.columns.names[t->count], .not_null_conflict = ""};
    t->count++;
    sqlite_reader_advance(r);
    column->type.from = r->token.start;
    while (!table_at_type_end(r))
    {
        column->type.to = r->token.end;
        sqlite_reader_advance(r);
    }
    if (r->token.kind == SQLITE_TOKEN_OPEN && column->type.to > 0)
    {
        column->type.to = sqlite_canon_skip(r->text, r->token);
        sqlite_reader_skip_parens(r);
    }
    while (r->token.kind != SQLITE_TOKEN_END && r->token.kind != SQLITE_TOKEN_CLOSE && r->text.data[r->token.start] != ',')
    {
        if (!table_column_constraint(t, column))
        {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- the table */

/* In upper case, as types are mostly written. */
static void table_type(buf *out, slice text, table_range range)
{
    size_t start = out->len;
    sqlite_canon_text(out, text, range.from, range.to, &(sqlite_scope){.quotes = QUOTES_RAW});
    for (size_t i = start; i < out->len; i++)
    {
        out->data[i] = (char)(out->data[i] >= 'a' && out->data[i] <= 'z' ? out->data[i] - 32 : out->data[i]);
    }
}

static bool table_is_null(const table_reading *t, table_range range)
{
    return slice_equal_nocase(slice_sub(t->r.text, range.from, range.to), SLICE("null"));
}

static void table_write_default(table_reading *t, const table_column *c, buf *out)
{
    if (c->value.to > 0 && !table_is_null(t, c->value))
    {
        buf_text(out, " DEFAULT ");
        if (c->word_value)
        {
            sqlite_canon_string_token(out, t->r.text, sqlite_lexeme_next(t->r.text, c->value.from));
        }
        else
        {
            snapshot_table_text(out, t, c->value);
        }
    }
}

static void table_write_column(table_reading *t, const table_column *c)
{
    buf *out = &t->facts->definition;
    snapshot_table_object(t, "column");
    buf_char(&t->facts->object, '.');
    sqlite_canon_name(&t->facts->object, c->name);
    if (c->type.to > 0)
    {
        buf_char(out, ' ');
        table_type(out, t->r.text, c->type);
    }
    if (c->not_null || (c->key && !t->rowid && (t->names.rowid_less || t->names.strict)))
    {
        buf_text(out, " NOT NULL");
        buf_text(out, c->not_null_conflict);
    }
    table_write_default(t, c, out);
    if (c->collation.kind != SQLITE_TOKEN_END && !sqlite_token_names(t->r.text, c->collation, SLICE("binary")))
    {
        buf_text(out, " COLLATE ");
        sqlite_canon_name_token(out, t->r.text, c->collation);
    }
    if (c->generated.to > 0)
    {
        buf_text(out, " GENERATED ALWAYS AS (");
        snapshot_table_text(out, t, c->generated);
        buf_text(out, c->stored ? ") STORED" : ") VIRTUAL");
    }
    sqlite_facts_add(t->facts);
}

/* A UNIQUE that says the same as the primary key's index is no index of its own. */
static void table_drop_repeated(sqlite_facts *f)
{
    fact *items = f->list->items, *key = NULL;
    for (size_t i = f->first; i < f->list->count; i++)
    {
        key = slice_starts(items[i].object, SLICE("primary key ")) ? &items[i] : key;
    }
    slice said = key == NULL ? SLICE("") : key->definition;
    size_t count = f->first;
    for (size_t i = f->first; i < f->list->count; i++)
    {
        bool repeats = slice_starts(items[i].object, SLICE("unique ")) && slice_equal(items[i].definition, said);
        items[count] = items[i];
        count += !repeats;
    }
    f->list->count = count;
}

static void table_write(table_reading *t)
{
    if (!t->rowid && !t->facts->failed)
    {
        table_drop_repeated(t->facts);
    }
    for (size_t i = 0; i < t->count; i++)
    {
        table_write_column(t, &t->columns[i]);
    }
    snapshot_table_object(t, "table");
    buf *out = &t->facts->definition;
    buf_text(out, t->names.rowid_less ? " WITHOUT ROWID" : "");
    buf_text(out, t->names.strict ? " STRICT" : "");
    buf_text(out, t->autoincrement ? " AUTOINCREMENT" : "");
    sqlite_facts_add(t->facts);
}

bool sqlite_snapshot_table(sqlite_facts *f, slice sql, slice table)
{
    table_reading t = {.facts = f, .r = {.text = sql}, .name = table};
    if (!sqlite_snapshot_names(f, sql, table, &t.names))
    {
        return false;
    }
    t.scope = (sqlite_scope){.quotes = QUOTES_KNOWN, .names = &t.names.all};
    t.columns = arena_array(f->work, t.names.columns.count, sizeof *t.columns);
    f->failed |= t.columns == NULL;
    bool read = t.columns != NULL;
    sqlite_reader_head(&t.r, "TABLE");
    while (read && t.r.token.kind != SQLITE_TOKEN_CLOSE && t.r.token.kind != SQLITE_TOKEN_END)
    {
        sqlite_reader_advance(&t.r);
        t.constraint = (sqlite_token){0};
        if (t.count < t.names.columns.count)
        {
            read = table_read_column(&t);
            continue;
        }
        while (read && t.r.token.kind != SQLITE_TOKEN_CLOSE && t.r.token.kind != SQLITE_TOKEN_END &&
               sql.data[t.r.token.start] != ',')
        {
            read = snapshot_table_constraint(&t);
        }
    }
    if (!read || t.r.token.kind != SQLITE_TOKEN_CLOSE)
    {
        return false;
    }
    table_write(&t);
    return true;
}
