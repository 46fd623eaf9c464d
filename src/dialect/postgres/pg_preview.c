/* SPDX-License-Identifier: MIT */
/*
 * The server itself counts the rows that a transaction has changed, by whatever way (pg_stat_get_xact_…, chapter "The
 * Cumulative Statistics System"). Locks that let others read and write are not worth a word. A table that gets a new file was
 * rewritten, or emptied by TRUNCATE.
 */
#include "dialect/postgres/pg_preview.h"

#define PG_PREVIEW_OBJECT                                                                                                      \
    "CASE c.relkind WHEN 'm' THEN 'materialized view ' ELSE 'table ' END"                                                      \
    " || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"
#define PG_PREVIEW_TABLES                                                                                                      \
    "tables AS (SELECT c.oid, " PG_PREVIEW_OBJECT " AS object FROM pg_catalog.pg_class AS c"                                   \
    " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')"                          \
    " AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"                                                           \
    " AND c.relname NOT IN ('" HISTORY_TABLE "', '" EVENTS_TABLE "', '" LOCK_TABLE "', '" SCHEMA_TABLE "'))"
#define PG_PREVIEW_ROWS(what)                                                                                                  \
    "SELECT '" what "', t.object, pg_catalog.pg_stat_get_xact_tuples_" what "(t.oid) FROM tables AS t\n"                       \
    "WHERE pg_catalog.pg_stat_get_xact_tuples_" what "(t.oid) > 0\n"

static const char PG_PREVIEW_MEASURE[] =
    "WITH " PG_PREVIEW_TABLES ",\n"
    "modes AS (SELECT ARRAY['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'] AS names,\n"
    " ARRAY['SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'] AS words)\n"
    "SELECT 'file' AS what, t.object, COALESCE(pg_catalog.pg_relation_filenode(t.oid), 0)::pg_catalog.int8 AS value"
    " FROM tables AS t\n"
    "UNION ALL " PG_PREVIEW_ROWS("inserted") "UNION ALL " PG_PREVIEW_ROWS("updated") "UNION ALL " PG_PREVIEW_ROWS(
        "deleted") "UNION ALL SELECT 'lock ' || m.words[pg_catalog.max(pg_catalog.array_position(m.names, l.mode))], t.object, "
                   "1"
                   " FROM pg_catalog.pg_locks AS l JOIN tables AS t ON t.oid = l.relation CROSS JOIN modes AS m\n"
                   "WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.mode = ANY "
                   "(m.names)\n"
                   "GROUP BY t.object, m.words\n"
                   "ORDER BY 2, 1;\n";

unsigned pg_preview_begin(buf *out, uint32_t lock_timeout_ms)
{
    buf_format(out, "BEGIN;\nSET LOCAL lock_timeout = %u;\n", lock_timeout_ms);
    return 2;
}

unsigned pg_preview_end(buf *out)
{
    buf_text(out, "SET CONSTRAINTS ALL IMMEDIATE;\n");
    return 1;
}

unsigned pg_preview_measure(buf *out, fact_list schema)
{
    (void)schema;
    buf_text(out, PG_PREVIEW_MEASURE);
    return 1;
}
