/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_text.h"

void pg_text_literal(buf *out, const char *text)
{
    if (text == NULL)
    {
        buf_text(out, "NULL");
        return;
    }
    bool escapes = strchr(text, '\\') != NULL;
    buf_text(out, escapes ? " E'" : "'");
    for (; *text != '\0'; text++)
    {
        if (*text == '\'' || *text == '\\')
        {
            buf_char(out, *text);
        }
        buf_char(out, *text);
    }
    buf_char(out, '\'');
}

void pg_text_name(buf *out, slice name)
{
    buf_char(out, '"');
    for (size_t i = 0; i < name.len; i++)
    {
        if (name.data[i] == '"')
        {
            buf_char(out, '"');
        }
        buf_char(out, name.data[i]);
    }
    buf_char(out, '"');
}

void pg_text_table(buf *out, const ledger *l, const char *table)
{
    if (l->schema[0] != '\0')
    {
        pg_text_name(out, slice_of(l->schema));
        buf_char(out, '.');
    }
    pg_text_name(out, slice_of(table));
}

void pg_text_iso(buf *out, const char *expression, const char *digits)
{
    buf_format(out, "pg_catalog.to_char((%s) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.%s\"Z\"')", expression, digits);
}
