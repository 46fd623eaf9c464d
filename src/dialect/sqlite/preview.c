/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/preview.h"

#include "dialect/sqlite/write.h"

unsigned sqlite_preview_copy(buf *out, const char *path)
{
    /* A connection for looking only takes VACUUM for writing, though INTO writes elsewhere. */
    buf_text(out, "PRAGMA query_only = OFF;\nVACUUM INTO ");
    sqlite_write_literal(out, path);
    buf_text(out, ";\nPRAGMA query_only = ON;\n");
    return 3;
}

static void preview_write_literal(buf *out, slice text)
{
    buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++)
    {
        buf_char(out, text.data[i]);
        if (text.data[i] == '\'')
        {
            buf_char(out, '\'');
        }
    }
    buf_char(out, '\'');
}

/* A fact's name is quoted where it must be. */
unsigned sqlite_preview_measure(buf *out, fact_list schema)
{
    unsigned count = 0;
    for (size_t i = 0; i < schema.count; i++)
    {
        slice object = schema.items[i].object;
        if (slice_starts(object, SLICE("table ")))
        {
            buf_text(out, "SELECT 'rows', ");
            preview_write_literal(out, object);
            buf_text(out, ", count(*) FROM main.");
            buf_add(out, slice_sub(object, strlen("table "), object.len));
            buf_text(out, ";\n");
            count++;
        }
    }
    return count;
}
