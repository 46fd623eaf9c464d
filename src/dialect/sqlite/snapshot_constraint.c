/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/snapshot_table.h"

const char *snapshot_table_conflict(sqlite_reader *r)
{
    static const char *const words[][2] = {{"ROLLBACK", " ON CONFLICT ROLLBACK"},
                                           {"FAIL", " ON CONFLICT FAIL"},
                                           {"IGNORE", " ON CONFLICT IGNORE"},
                                           {"REPLACE", " ON CONFLICT REPLACE"},
                                           {"ABORT", ""}};
    sqlite_reader look = *r;
    if (!sqlite_reader_eat(&look, "ON") || !sqlite_reader_eat(&look, "CONFLICT"))
    {
        return "";
    }
    *r = look;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (sqlite_reader_eat(r, words[i][0]))
        {
            return words[i][1];
        }
    }
    return "";
}

table_range snapshot_table_parens(sqlite_reader *r)
{
    table_range range = {r->token.end, sqlite_canon_skip(r->text, r->token) - 1};
    r->token.end = range.to + 1;
    sqlite_reader_advance(r);
    sqlite_canon_unwrap(r->text, &range.from, &range.to);
    return range;
}

void snapshot_table_text(buf *out, const table_reading *t, table_range range)
{
    sqlite_canon_text(out, t->r.text, range.from, range.to, &t->scope);
}

void snapshot_table_object(table_reading *t, const char *kind)
{
    buf_text(&t->facts->object, kind);
    buf_char(&t->facts->object, ' ');
    sqlite_canon_name(&t->facts->object, t->name);
}

static table_column *table_find(const table_reading *t, slice name)
{
    for (size_t i = 0; i < t->count; i++)
    {
        if (slice_equal_nocase(t->columns[i].name, name))
        {
            return &t->columns[i];
        }
    }
    return NULL;
}

bool snapshot_table_is_integer(const table_reading *t, const table_column *c)
{
    slice type = c->type.to == 0 ? SLICE("") : slice_sub(t->r.text, c->type.from, c->type.to);
    return slice_equal_nocase(type, SLICE("integer")) && !t->names.rowid_less;
}

void snapshot_table_column_list(table_reading *t, const table_column *c, const char *order)
{
    buf_char(&t->facts->definition, '(');
    sqlite_canon_name(&t->facts->definition, c->name);
    buf_text(&t->facts->definition, order);
    buf_char(&t->facts->definition, ')');
}

/* Over the list of one column, which AUTOINCREMENT may end. */
static void table_skip_rowid(table_reading *t)
{
    t->rowid = true;
    while (t->r.token.kind != SQLITE_TOKEN_CLOSE && t->r.token.kind != SQLITE_TOKEN_END)
    {
        t->autoincrement |= sqlite_reader_at(&t->r, "AUTOINCREMENT");
        sqlite_reader_advance(&t->r);
    }
    sqlite_reader_advance(&t->r);
}

/* The first names of the list's entries: its columns, without order and collation. */
static void table_columns_of(table_reading *t, sqlite_reader list, buf *out)
{
    const char *before = " (";
    do
    {
        sqlite_reader_advance(&list);
        buf_text(out, before);
        before = ", ";
        if (sqlite_token_is_name(list.token))
        {
            sqlite_canon_name_token(out, t->r.text, list.token);
        }
        sqlite_reader_skip_entry(&list);
    }
    while (list.token.kind != SQLITE_TOKEN_END && list.token.kind != SQLITE_TOKEN_CLOSE);
    buf_char(out, ')');
}

/* --------------------------------------------------------------------------------------------------------- constraints */

static bool table_check(table_reading *t)
{
    bool named = t->constraint.kind != SQLITE_TOKEN_END;
    table_range range = snapshot_table_parens(&t->r);
    snapshot_table_object(t, "check");
    if (named)
    {
        buf_char(&t->facts->object, '.');
        sqlite_canon_name_token(&t->facts->object, t->r.text, t->constraint);
    }
    else
    {
        buf_text(&t->facts->object, " (");
        snapshot_table_text(&t->facts->object, t, range);
        buf_char(&t->facts->object, ')');
    }
    snapshot_table_text(&t->facts->definition, t, range);
    snapshot_table_conflict(&t->r); /* the grammar allows it, and nothing heeds it */
    sqlite_facts_add(t->facts);
    return true;
}

static const char *table_action(sqlite_reader *r)
{
    if (sqlite_reader_eat(r, "SET"))
    {
        bool null = sqlite_reader_eat(r, "NULL");
        return null || !sqlite_reader_eat(r, "DEFAULT") ? "SET NULL" : "SET DEFAULT";
    }
    if (sqlite_reader_eat(r, "NO"))
    {
        sqlite_reader_eat(r, "ACTION");
        return NULL;
    }
    if (sqlite_reader_eat(r, "CASCADE"))
    {
        return "CASCADE";
    }
    return sqlite_reader_eat(r, "RESTRICT") ? "RESTRICT" : NULL;
}

bool snapshot_table_deferrable(sqlite_reader *r, bool *deferred)
{
    sqlite_reader look = *r;
    bool not = sqlite_reader_eat(&look, "NOT"), initially = false;
    if (!sqlite_reader_eat(&look, "DEFERRABLE"))
    {
        return false;
    }
    if (sqlite_reader_eat(&look, "INITIALLY"))
    {
        initially = sqlite_reader_at(&look, "DEFERRED");
        sqlite_reader_advance(&look);
    }
    *deferred = !not &&initially;
    *r = look;
    return true;
}

/* What is said of the foreign key's deferral, perhaps behind other constraints of the column. */
static bool table_deferred(sqlite_reader look)
{
    bool deferred = false;
    while (look.token.kind != SQLITE_TOKEN_END && look.token.kind != SQLITE_TOKEN_CLOSE &&
           look.text.data[look.token.start] != ',' && !sqlite_reader_at(&look, "REFERENCES") &&
           !sqlite_reader_at(&look, "FOREIGN"))
    {
        if (look.token.kind == SQLITE_TOKEN_OPEN)
        {
            sqlite_reader_skip_parens(&look);
        }
        else if (!snapshot_table_deferrable(&look, &deferred))
        {
            sqlite_reader_advance(&look);
        }
    }
    return deferred;
}

static void table_actions(table_reading *t)
{
    const char *on_delete = NULL, *on_update = NULL;
    for (;;)
    {
        if (sqlite_reader_eat(&t->r, "MATCH"))
        {
            sqlite_reader_advance(&t->r); /* SQLite does not heed it */
        }
        else if (sqlite_reader_eat(&t->r, "ON"))
        {
            bool deleted = sqlite_reader_at(&t->r, "DELETE"), updated = sqlite_reader_at(&t->r, "UPDATE");
            sqlite_reader_advance(&t->r);
            const char *action = table_action(&t->r);
            on_delete = deleted ? action : on_delete;
            on_update = updated ? action : on_update;
        }
        else
        {
            break;
        }
    }
    buf_format(&t->facts->definition, "%s%s%s%s", on_delete == NULL ? "" : " ON DELETE ", on_delete == NULL ? "" : on_delete,
               on_update == NULL ? "" : " ON UPDATE ", on_update == NULL ? "" : on_update);
}

bool snapshot_table_references(table_reading *t)
{
    buf *out = &t->facts->definition;
    if (!sqlite_reader_eat(&t->r, "REFERENCES") || !sqlite_token_is_name(t->r.token))
    {
        return false;
    }
    buf_text(out, "REFERENCES ");
    sqlite_canon_name_token(out, t->r.text, t->r.token);
    sqlite_reader_advance(&t->r);
    if (t->r.token.kind == SQLITE_TOKEN_OPEN)
    {
        buf_char(out, ' ');
        sqlite_reader_list(&t->r, &(sqlite_scope){.quotes = QUOTES_NAME}, out);
    }
    table_actions(t);
    buf_text(out, table_deferred(t->r) ? " DEFERRABLE INITIALLY DEFERRED" : "");
    sqlite_facts_add(t->facts);
    return true;
}

/* Mark the columns of a primary key; returns the one that is another name of the rowid, whatever order is asked of it. */
static const table_column *table_mark_key(table_reading *t, sqlite_reader list)
{
    const table_column *only = NULL;
    size_t count = 0;
    do
    {
        sqlite_reader_advance(&list);
        slice name = sqlite_token_is_name(list.token) ? sqlite_token_name(t->facts->work, list.text, list.token) : SLICE("");
        table_column *column = table_find(t, name);
        t->facts->failed |= name.data == NULL;
        count++;
        only = column;
        if (column != NULL)
        {
            column->key = true;
        }
        sqlite_reader_skip_entry(&list);
    }
    while (list.token.kind != SQLITE_TOKEN_END && list.token.kind != SQLITE_TOKEN_CLOSE);
    return count == 1 && only != NULL && snapshot_table_is_integer(t, only) ? only : NULL;
}

/* PRIMARY KEY (…) and UNIQUE (…) of a table; the reader is at the parenthesis. */
static bool table_unique(table_reading *t, bool primary)
{
    if (t->r.token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    const table_column *rowid = primary ? table_mark_key(t, t->r) : NULL;
    snapshot_table_object(t, primary ? "primary key" : "unique");
    if (!primary)
    {
        table_columns_of(t, t->r, &t->facts->object);
    }
    if (rowid == NULL)
    {
        sqlite_reader_list(&t->r, &(sqlite_scope){.quotes = QUOTES_NAME}, &t->facts->definition);
    }
    else
    {
        snapshot_table_column_list(t, rowid, "");
        table_skip_rowid(t);
    }
    buf_text(&t->facts->definition, snapshot_table_conflict(&t->r));
    sqlite_facts_add(t->facts);
    return true;
}

bool snapshot_table_constraint(table_reading *t)
{
    sqlite_reader *r = &t->r;
    if (sqlite_reader_eat(r, "CONSTRAINT"))
    {
        t->constraint = r->token;
        sqlite_reader_advance(r);
        return true;
    }
    if (sqlite_reader_eat(r, "PRIMARY"))
    {
        return sqlite_reader_eat(r, "KEY") && table_unique(t, true);
    }
    if (sqlite_reader_eat(r, "UNIQUE"))
    {
        return table_unique(t, false);
    }
    if (sqlite_reader_eat(r, "CHECK"))
    {
        return r->token.kind == SQLITE_TOKEN_OPEN && table_check(t);
    }
    bool ignored;
    if (snapshot_table_deferrable(r, &ignored))
    {
        return true;
    }
    if (!sqlite_reader_eat(r, "FOREIGN") || !sqlite_reader_eat(r, "KEY") || r->token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    snapshot_table_object(t, "foreign key");
    buf_char(&t->facts->object, ' ');
    sqlite_reader_list(r, &(sqlite_scope){.quotes = QUOTES_NAME}, &t->facts->object);
    return snapshot_table_references(t);
}
