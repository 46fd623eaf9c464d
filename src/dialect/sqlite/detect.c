/* SPDX-License-Identifier: MIT */
/*
 * Which object does SQLite's error miss? One code, SQLITE_ERROR, stands for all that is wrong with a statement, so the words
 * decide, and only the whole message counts (message.re). Other codes never do: RAISE(ABORT, 'no such table: x') is a
 * constraint's error, and the words are the user's own.
 *
 * SQLite writes names as they are, without quotes, so that a dot in a message may divide two names or belong to one:
 *
 *   tables   main. before a name is the schema, and left out: migrations work on no other, and what they make has none. With
 *            temp. before it the object is one of this connection alone: no migration makes those. Any other dot belongs to the
 *            name (of a database that was attached, it is then one that no migration provides).
 *   columns  SQLite says where the name stands in the query, and there the quotes tell. Else the first dot ends the qualifier.
 *
 * A qualifier that the query tells to be an alias becomes its table. "excluded" is the INSERT's table; "new" and "old" are that
 * of a trigger, which the query doesn't tell.
 */
#include "dialect/sqlite/detect.h"

#include "dialect/sqlite/message.h"
#include "dialect/sqlite/query.h"
#include "dialect/sqlite/token.h"

#include <sqlite3.h>

/* Only in use together with the slices that it is made of. */
typedef struct sqlite_column
{
    slice schema, qualifier, name;
} sqlite_column;

static bool sqlite_put(char *out, slice name)
{
    if (name.len >= AMEND_NAME_SIZE)
    {
        return false;
    }
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
    return name.len > 0;
}

static bool sqlite_starts_nocase(slice text, slice prefix)
{
    return text.len > prefix.len && slice_equal_nocase(slice_sub(text, 0, prefix.len), prefix);
}

/* Leave out main. False for a name in temp. */
static bool sqlite_in_main(slice *name)
{
    if (sqlite_starts_nocase(*name, SLICE("main.")))
    {
        *name = slice_sub(*name, 5, name->len);
    }
    return !sqlite_starts_nocase(*name, SLICE("temp."));
}

/* The parts of a column's full name. */
static sqlite_column sqlite_divide(slice whole, slice query, size_t position)
{
    size_t lengths[SQLITE_CHAIN];
    size_t parts = position > 0 && position <= query.len ? sqlite_chain_at(query, position - 1, whole, lengths) : 0;
    sqlite_column c = {.name = whole};
    if (parts == 0)
    {
        const char *dot = memchr(whole.data, '.', whole.len);
        size_t before = dot == NULL ? 0 : (size_t)(dot - whole.data);
        bool schema = dot != NULL && memchr(dot + 1, '.', whole.len - before - 1) != NULL &&
                      (slice_equal_nocase(slice_sub(whole, 0, before), SLICE("main")) ||
                       slice_equal_nocase(slice_sub(whole, 0, before), SLICE("temp")));
        if (schema)
        {
            c.schema = slice_sub(whole, 0, before);
            c.name = slice_sub(whole, before + 1, whole.len);
            dot = memchr(c.name.data, '.', c.name.len);
        }
        if (dot != NULL && dot > c.name.data && dot + 1 < whole.data + whole.len)
        {
            c.qualifier = slice_sub(c.name, 0, (size_t)(dot - c.name.data));
            c.name = slice_sub(c.name, c.qualifier.len + 1, c.name.len);
        }
        return c;
    }
    size_t last = parts - 1, at = 0;
    if (parts == SQLITE_CHAIN)
    {
        c.schema = slice_sub(whole, 0, lengths[0]);
        at = lengths[0] + 1;
    }
    if (parts > 1)
    {
        c.qualifier = slice_sub(whole, at, at + lengths[last - 1]);
        at += lengths[last - 1] + 1;
    }
    c.name = slice_sub(whole, at, whole.len);
    return c;
}

static bool sqlite_detect_column(slice whole, slice query, size_t position, amend_object *out)
{
    sqlite_column c = sqlite_divide(whole, query, position);
    if (c.schema.len > 0 && !slice_equal_nocase(c.schema, SLICE("main")))
    {
        return false;
    }
    out->table[0] = '\0';
    if (!sqlite_put(out->name, c.name) || c.qualifier.len >= AMEND_NAME_SIZE)
    {
        return false;
    }
    if (slice_equal_nocase(c.qualifier, SLICE("excluded")))
    {
        if (!sqlite_insert_target(query, out->table))
        {
            out->table[0] = '\0';
        }
        return true;
    }
    if (c.qualifier.len == 0 || slice_equal_nocase(c.qualifier, SLICE("new")) || slice_equal_nocase(c.qualifier, SLICE("old")))
    {
        return true;
    }
    return (c.schema.len == 0 && sqlite_table_of_alias(query, c.qualifier, out->table)) || sqlite_put(out->table, c.qualifier);
}

/* As sqlite_put, when the message may show the name with the quotes that it has in the query. */
static bool sqlite_detect_bare(slice name, amend_object *out)
{
    sqlite_token token = sqlite_token_next(name, 0);
    out->table[0] = '\0';
    if (token.kind == SQLITE_TOKEN_QUOTED && token.start == 0 && token.end == name.len && name.len > 2)
    {
        size_t len = sqlite_token_copy(name, token, out->name, AMEND_NAME_SIZE - 1);
        out->name[len] = '\0';
        return len > 0;
    }
    return sqlite_put(out->name, name);
}

static unsigned sqlite_number(slice digits)
{
    unsigned n = 0;
    for (size_t i = 0; i < digits.len; i++)
    {
        n = n * 10 + (unsigned)(digits.data[i] - '0');
    }
    return n;
}

static bool sqlite_detect_count(const sqlite_message *m, slice table, amend_object *out)
{
    unsigned has = sqlite_number(m->has), wants = sqlite_number(m->wants);
    out->name[0] = '\0';
    out->count = wants;
    return wants > has && sqlite_put(out->table, table);
}

/* Fills all that it needs; what is in the rest of *out is unknown. */
static bool sqlite_detect_message(const sqlite_message *m, const amend_db_error *error, amend_object *out)
{
    slice name = m->name, table = m->table, query = slice_of(error->query);
    bool column = m->kind == SQLITE_SAYS_NO_COLUMN || m->kind == SQLITE_SAYS_NO_BARE;
    if (!column && (!sqlite_in_main(&table) || (m->kind != SQLITE_SAYS_NO_COLUMN_IN && !sqlite_in_main(&name))))
    {
        return false;
    }
    switch (m->kind)
    {
    case SQLITE_SAYS_NO_TABLE:
        out->kind = AMEND_OBJECT_TABLE;
        return sqlite_put(out->name, name);
    case SQLITE_SAYS_NO_VIEW:
        out->kind = AMEND_OBJECT_VIEW;
        return sqlite_put(out->name, name);
    case SQLITE_SAYS_NO_INDEX:
        out->kind = AMEND_OBJECT_INDEX;
        return sqlite_put(out->name, name);
    case SQLITE_SAYS_NO_TRIGGER:
        out->kind = AMEND_OBJECT_TRIGGER;
        return sqlite_put(out->name, name);
    case SQLITE_SAYS_NO_COLUMN:
        out->kind = AMEND_OBJECT_COLUMN;
        return sqlite_detect_column(name, query, error->position, out);
    case SQLITE_SAYS_NO_BARE:
        out->kind = AMEND_OBJECT_COLUMN;
        return sqlite_detect_bare(name, out);
    case SQLITE_SAYS_NO_COLUMN_IN:
        out->kind = AMEND_OBJECT_COLUMN;
        return sqlite_put(out->table, table) && sqlite_put(out->name, name);
    case SQLITE_SAYS_FEW_COLUMNS:
        out->kind = AMEND_OBJECT_COLUMN;
        return sqlite_detect_count(m, table, out);
    case SQLITE_SAYS_NO_UNIQUE:
        out->kind = AMEND_OBJECT_UNIQUE;
        return sqlite_conflict_target(query, m->ordinal, out);
    case SQLITE_SAYS_NOTHING:
        break;
    }
    return false;
}

bool sqlite_detect(const amend_db_error *error, amend_object *out)
{
    int code = error->native & 0xff;
    if (error->message == NULL || (code != SQLITE_ERROR && error->native != 0))
    {
        return false;
    }
    sqlite_message m = sqlite_read_message(error->message);
    out->schema[0] = out->table[0] = out->name[0] = '\0';
    out->count = 0;
    if (m.kind != SQLITE_SAYS_NOTHING && sqlite_detect_message(&m, error, out))
    {
        return true;
    }
    return false;
}
