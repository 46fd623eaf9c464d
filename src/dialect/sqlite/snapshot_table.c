/* SPDX-License-Identifier: MIT */
/*
 * Reading CREATE TABLE as SQLite's grammar has it (parse.y: columnlist, ccons, tcons). Whatever is not in the grammar makes the
 * whole table unread.
 */
#include "dialect/sqlite/snapshot.h"

typedef struct table_range
{
    size_t from, to; /* nothing: to is 0 */
} table_range;

typedef struct table_column
{
    slice name;
    table_range type, value, generated; /* value: of DEFAULT */
    sqlite_token collation;             /* kind END: none */
    bool word_value;                    /* DEFAULT word: a string */
    bool not_null, key, stored;
    const char *not_null_conflict;
} table_column;

typedef struct table_reading
{
    sqlite_facts *facts;
    sqlite_reader r;
    slice name; /* the table's */
    sqlite_names_of names;
    sqlite_scope scope;
    table_column *columns;
    size_t count;
    sqlite_token constraint; /* the last CONSTRAINT's name: it stays until the next comma */
    bool autoincrement;
    bool rowid; /* the primary key is another name of the rowid: SQLite gives it a value when it is NULL */
} table_reading;

/* --------------------------------------------------------------------------------------------------------------- pieces */

/* ON CONFLICT, as words to append; "" for what holds anyway. */
static const char *table_conflict(sqlite_reader *r)
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

/* What is between the parentheses at the reader, which goes behind them. */
static table_range table_parens(sqlite_reader *r)
{
    table_range range = {r->token.end, sqlite_canon_skip(r->text, r->token) - 1};
    r->token.end = range.to + 1;
    sqlite_reader_advance(r);
    sqlite_canon_unwrap(r->text, &range.from, &range.to);
    return range;
}

static void table_text(buf *out, const table_reading *t, table_range range)
{
    sqlite_canon_text(out, t->r.text, range.from, range.to, &t->scope);
}

/* "kind table", the begin of a constraint's fact. */
static void table_object(table_reading *t, const char *kind)
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

/* The type that makes a primary key another name of the rowid. */
static bool table_is_integer(const table_reading *t, const table_column *c)
{
    slice type = c->type.to == 0 ? SLICE("") : slice_sub(t->r.text, c->type.from, c->type.to);
    return slice_equal_nocase(type, SLICE("integer")) && !t->names.rowid_less;
}

/* "(column)", with what is said of its order. */
static void table_column_list(table_reading *t, const table_column *c, const char *order)
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
    table_range range = table_parens(&t->r);
    table_object(t, "check");
    if (named)
    {
        buf_char(&t->facts->object, '.');
        sqlite_canon_name_token(&t->facts->object, t->r.text, t->constraint);
    }
    else
    {
        buf_text(&t->facts->object, " (");
        table_text(&t->facts->object, t, range);
        buf_char(&t->facts->object, ')');
    }
    table_text(&t->facts->definition, t, range);
    table_conflict(&t->r); /* the grammar allows it, and nothing heeds it */
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

/* [NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE]: *deferred is what it says. False when it isn't there. */
static bool table_deferrable(sqlite_reader *r, bool *deferred)
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
        else if (!table_deferrable(&look, &deferred))
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

/* REFERENCES t [(…)] and what is said of it; the fact's object is written already. */
static bool table_references(table_reading *t)
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
        slice name = sqlite_token_is_name(list.token) ? sqlite_token_name(t->facts->arena, list.text, list.token) : SLICE("");
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
    return count == 1 && only != NULL && table_is_integer(t, only) ? only : NULL;
}

/* PRIMARY KEY (…) and UNIQUE (…) of a table; the reader is at the parenthesis. */
static bool table_unique(table_reading *t, bool primary)
{
    if (t->r.token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    const table_column *rowid = primary ? table_mark_key(t, t->r) : NULL;
    table_object(t, primary ? "primary key" : "unique");
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
        table_column_list(t, rowid, "");
        table_skip_rowid(t);
    }
    buf_text(&t->facts->definition, table_conflict(&t->r));
    sqlite_facts_add(t->facts);
    return true;
}

static bool table_constraint(table_reading *t)
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
    if (table_deferrable(r, &ignored))
    {
        return true;
    }
    if (!sqlite_reader_eat(r, "FOREIGN") || !sqlite_reader_eat(r, "KEY") || r->token.kind != SQLITE_TOKEN_OPEN)
    {
        return false;
    }
    table_object(t, "foreign key");
    buf_char(&t->facts->object, ' ');
    sqlite_reader_list(r, &(sqlite_scope){.quotes = QUOTES_NAME}, &t->facts->object);
    return table_references(t);
}

/* --------------------------------------------------------------------------------------------------------------- columns */

/* "kind table (column)" */
static void table_column_object(table_reading *t, const char *kind, const table_column *column)
{
    table_object(t, kind);
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
    const char *conflict = table_conflict(r);
    if (primary)
    {
        column->key = true;
        t->rowid = !descending && table_is_integer(t, column);
        t->autoincrement |= sqlite_reader_eat(r, "AUTOINCREMENT");
        table_object(t, "primary key");
    }
    else
    {
        table_column_object(t, "unique", column);
    }
    table_column_list(t, column, descending ? " desc" : "");
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
        column->value = table_parens(r);
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
    column->generated = table_parens(&t->r);
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
    return table_references(t);
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
    if (table_deferrable(r, &ignored))
    {
        return true;
    }
    if (sqlite_reader_eat(r, "NOT"))
    {
        column->not_null = true;
        bool whole = sqlite_reader_eat(r, "NULL");
        column->not_null_conflict = table_conflict(r);
        return whole;
    }
    if (sqlite_reader_eat(r, "NULL"))
    {
        table_conflict(r);
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
    return sqlite_reader_at_constraint(r) && table_constraint(t);
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
            table_text(out, t, c->value);
        }
    }
}

static void table_write_column(table_reading *t, const table_column *c)
{
    buf *out = &t->facts->definition;
    table_object(t, "column");
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
        table_text(out, t, c->generated);
        buf_text(out, c->stored ? ") STORED" : ") VIRTUAL");
    }
    sqlite_facts_add(t->facts);
}

static void table_write(table_reading *t)
{
    for (size_t i = 0; i < t->count; i++)
    {
        table_write_column(t, &t->columns[i]);
    }
    table_object(t, "table");
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
    t.columns = arena_array(f->arena, t.names.columns.count, sizeof *t.columns);
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
            read = table_constraint(&t);
        }
    }
    if (!read || t.r.token.kind != SQLITE_TOKEN_CLOSE)
    {
        return false;
    }
    table_write(&t);
    return true;
}
