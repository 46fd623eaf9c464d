/* SPDX-License-Identifier: MIT */
/*
 * Finding and counting in the live database what a script would take away. A table that isn't there is not asked for its rows:
 * SQLite would refuse the text. So first the names are looked up, then what is there is counted.
 */
#include "base/error.h"
#include "dialect/sqlite/deed.h"

#include <stdlib.h>

static void loss_quoted(buf *out, slice text, char quote)
{
    buf_char(out, quote);
    for (size_t i = 0; i < text.len; i++)
    {
        if (text.data[i] == quote)
        {
            buf_char(out, quote);
        }
        buf_char(out, text.data[i]);
    }
    buf_char(out, quote);
}

/* One row for each table, and one for each of its columns that holds data, where columns are wanted. */
unsigned sqlite_loss_look(buf *out, const suspect *suspects, size_t count)
{
    buf_text(out, "WITH s(n, name, columns) AS (VALUES\n");
    for (size_t i = 0; i < count; i++)
    {
        const suspect *s = &suspects[i];
        bool columns = s->copied || s->column.len > 0;
        buf_format(out, "%s (%zu, ", i == 0 ? "" : ",\n", i);
        loss_quoted(out, s->table, '\'');
        buf_format(out, ", %d)", columns);
    }
    buf_text(out, "),\nt AS (SELECT s.n, m.name, s.columns FROM s JOIN main.sqlite_master AS m"
                  " ON m.name = s.name COLLATE NOCASE AND m.type = 'table')\n"
                  "SELECT n, name, NULL, -1 FROM t\n"
                  "UNION ALL SELECT t.n, t.name, c.name, c.cid FROM t JOIN pragma_table_xinfo(t.name) AS c"
                  " WHERE t.columns AND c.hidden = 0\nORDER BY 1, 4;\n");
    return 1;
}

static bool loss_was_kept(const suspect *s, slice column)
{
    for (size_t i = 0; i < s->kept_count; i++)
    {
        if (slice_equal_nocase(s->kept[i], column))
        {
            return true;
        }
    }
    return s->all;
}

/* Which loss a row stands for; LOSS_KINDS: none. */
static loss_kind loss_of(const suspect *s, slice column)
{
    bool table = column.data == NULL;
    if (s->copied)
    {
        bool rows = table && (s->condition_count > 0 || s->some);
        return rows ? LOSS_SOME_ROWS : !table && !loss_was_kept(s, column) ? LOSS_COLUMN : LOSS_KINDS;
    }
    switch (s->deed->kind)
    {
    case DEED_DROP_COLUMN:
        return !table && slice_equal_nocase(s->column, column) ? LOSS_COLUMN : LOSS_KINDS;
    case DEED_SET:
        return !table && slice_equal_nocase(s->column, column) ? LOSS_VALUES : LOSS_KINDS;
    case DEED_EMPTY:
        return LOSS_ROWS;
    default:
        return LOSS_TABLE;
    }
}

amend_status sqlite_loss_found(arena *a, const suspect *suspects, const amend_row *row, loss_list *out, amend_error *error)
{
    const suspect *s = &suspects[strtoull(row->values[0], NULL, 10)];
    loss_kind kind = loss_of(s, slice_of(row->values[2]));
    if (kind == LOSS_KINDS)
    {
        return AMEND_OK;
    }
    loss *grown = arena_grow(a, out->items, out->count, sizeof *grown);
    const char *table = arena_string(a, row->values[1]), *column = arena_string(a, row->values[2]);
    if (grown == NULL || table == NULL || (column == NULL && row->values[2] != NULL))
    {
        return error_memory(error);
    }
    loss l = {.kind = kind, .of = s, .table = slice_of(table), .column = slice_of(column), .schema = {"", 0}};
    l.type = kind == LOSS_VALUES ? s->deed->value : l.schema;
    l.measure = kind == LOSS_SOME_ROWS && s->some ? LOSS_AT_MOST : LOSS_EXACT;
    out->items = grown;
    out->items[out->count++] = l;
    return AMEND_OK;
}

unsigned sqlite_loss_count(buf *out, const loss *l)
{
    bool values = l->kind == LOSS_COLUMN || l->kind == LOSS_VALUES;
    buf_text(out, "SELECT count(");
    if (values)
    {
        loss_quoted(out, l->column, '"');
    }
    buf_text(out, values ? ") FROM main." : "*) FROM main.");
    loss_quoted(out, l->table, '"');
    if (l->kind == LOSS_VALUES)
    {
        buf_text(out, " WHERE ");
        loss_quoted(out, l->column, '"');
        buf_text(out, " IS NOT ");
        buf_add(out, l->type);
    }
    for (size_t i = 0; l->kind == LOSS_SOME_ROWS && l->measure == LOSS_EXACT && i < l->of->condition_count; i++)
    {
        buf_text(out, i == 0 ? " WHERE NOT coalesce((" : " AND NOT coalesce((");
        buf_add(out, l->of->conditions[i]);
        buf_text(out, "\n), 0)");
    }
    buf_text(out, ";\n");
    return 1;
}
