/* SPDX-License-Identifier: MIT */
/*
 * The server makes the text that guard/snapshot.c would make of the same rows, byte for byte: sorted by the bytes of their
 * UTF-8, whatever the database's encoding and collation, with the same escapes. A test compares the two.
 *
 * The query wants settings of its own (pg_snapshot.c), which stay until the transaction ends.
 */
#include "dialect/postgres/pg_keep.h"

#include "dialect/postgres/pg_snapshot.h"
#include "dialect/postgres/pg_text.h"

static void create_schema(buf *out, const ledger *l)
{
    buf_text(out, "CREATE TABLE IF NOT EXISTS ");
    pg_text_table(out, l, SCHEMA_TABLE);
    buf_text(out, " (id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT, fingerprint TEXT NOT NULL, "
                  "taken_at TIMESTAMPTZ NOT NULL, facts TEXT NOT NULL);\n");
}

/* A value with CRLF made LF, as rows are read, is a line end away from what is sorted; its escapes come after. */
#define PG_KEEP_LINES(column) "pg_catalog.replace(" column ", E'\\r\\n', E'\\n')"
#define PG_KEEP_ESCAPED(column)                                                                                                \
    "pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(" column ", E'\\\\', E'\\\\\\\\'), E'\\t', E'\\\\t'), "          \
    "E'\\n', E'\\\\n')"

unsigned pg_keep_schema(buf *out, const ledger *l, const schema_row *row)
{
    unsigned count = l->has_schema ? 0 : 1;
    if (!l->has_schema)
    {
        create_schema(out, l);
    }
    count += pg_snapshot_settings(out);
    buf_text(out, "INSERT INTO ");
    pg_text_table(out, l, SCHEMA_TABLE);
    buf_text(out, " AS k (id, version, fingerprint, taken_at, facts) SELECT 1, ");
    pg_text_literal(out, row->version);
    buf_text(out, ", pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(t.facts, 'UTF8')), 'hex'), "
                  "pg_catalog.clock_timestamp(), t.facts FROM (SELECT COALESCE(pg_catalog.string_agg("
                  "" PG_KEEP_ESCAPED("s.object") " || E'\\t' || " PG_KEEP_ESCAPED(
                      "s.definition") " || E'\\n', '' "
                                      "ORDER BY pg_catalog.convert_to(s.object, 'UTF8'), pg_catalog.convert_to(s.definition, "
                                      "'UTF8')), '') AS facts "
                                      "FROM (SELECT " PG_KEEP_LINES("f.object") " AS object, " PG_KEEP_LINES(
                                          "f.definition") " AS definition FROM (SELECT * FROM (\n");
    pg_snapshot_query(out);
    /* OFFSET 0: the conditions on what is told must not be tried on all that the catalogs have before it is chosen. */
    buf_text(out,
             ") AS q OFFSET 0) AS f (object, definition) WHERE f.object IS NOT NULL AND f.definition IS NOT NULL) AS s) AS t "
             "WHERE EXISTS (SELECT FROM ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_format(out,
               " AS l WHERE l.id = 1 AND l.fence = %lld) ON CONFLICT (id) DO UPDATE SET version = excluded.version, "
               "fingerprint = excluded.fingerprint, taken_at = excluded.taken_at, facts = excluded.facts;\n",
               (long long)row->fence);
    return count + 1;
}
