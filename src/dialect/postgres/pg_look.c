/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_look.h"

#include "dialect/postgres/pg_text.h"

/*
 * The tables belong together: where the first of them is found on the search path, the others are looked for, and made. The
 * widths come from atttypmod, which is 4 more than the length of a varchar (1043) or char (1042).
 *
 * A session that just began pays for each catalog, operator and aggregate that it touches first: asking functions that read
 * the system's caches (1259 is pg_class) in place of joins halves the time of a run that finds nothing to do.
 */
static const char META[] =
    "WITH place AS (SELECT COALESCE((pg_catalog.pg_identify_object_as_address(1259,"
    " COALESCE(pg_catalog.to_regclass('" HISTORY_TABLE "'), pg_catalog.to_regclass('" LOCK_TABLE "'),"
    " pg_catalog.to_regclass('" EVENTS_TABLE "')), 0)).object_names[1], pg_catalog.current_schema()) AS schema),\n"
    "found AS (SELECT schema,"
    " pg_catalog.to_regclass(pg_catalog.quote_ident(schema) || '." HISTORY_TABLE "') AS history,"
    " pg_catalog.to_regclass(pg_catalog.quote_ident(schema) || '." EVENTS_TABLE "') AS events,"
    " pg_catalog.to_regclass(pg_catalog.quote_ident(schema) || '." LOCK_TABLE "') AS lock,"
    " pg_catalog.to_regclass(pg_catalog.quote_ident(schema) || '." SCHEMA_TABLE "') AS kept FROM place)\n"
    "SELECT COALESCE(schema, '') AS schema, (history IS NOT NULL)::pg_catalog.int4 AS has_history,"
    " (events IS NOT NULL)::pg_catalog.int4 AS has_events, (lock IS NOT NULL)::pg_catalog.int4 AS has_lock,"
    " (kept IS NOT NULL)::pg_catalog.int4 AS has_schema,"
    " pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.concat(a.attname, ':', CASE WHEN a.atttypid IN (1042, 1043)"
    " AND a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 0 END) FROM pg_catalog.pg_attribute AS a"
    " WHERE a.attrelid = found.history AND a.attnum > 0 AND NOT a.attisdropped), ',') AS columns FROM found;\n";

/*
 * A table of another tool's making may lack id or applied_at. Within the inner SELECT a bare name means the table's column when
 * it has one, and else the column of the row of NULLs beside it.
 */
static const char HISTORY[] =
    "SELECT q.* FROM (SELECT NULL::pg_catalog.int8 AS id, NULL::pg_catalog.timestamptz AS applied_at) AS absent,"
    " LATERAL (SELECT m.*, pg_catalog.to_char(applied_at::pg_catalog.timestamptz AT TIME ZONE 'UTC',"
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS applied_at_iso, id AS amend_order FROM " HISTORY_TABLE " AS m) AS q"
    " ORDER BY q.amend_order;\n";

static const char LOCK[] =
    "SELECT COALESCE(l.fence, 0) AS fence, l.holder, l.host, l.pid,"
    " pg_catalog.to_char(l.since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS since,"
    " pg_catalog.to_char(l.heartbeat AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS heartbeat,"
    " (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - l.heartbeat) * 1000)::pg_catalog.int8 AS age_ms,"
    " e.id AS last_id, e.hash AS last_hash, e.type AS last_type FROM (SELECT) AS one LEFT JOIN " LOCK_TABLE " AS l ON l.id = 1"
    " LEFT JOIN (SELECT id, hash, type FROM " EVENTS_TABLE " ORDER BY id DESC LIMIT 1) AS e ON true;\n";

unsigned pg_look_state(buf *out, unsigned part)
{
    static const char *const texts[STATE_PARTS] = {[STATE_META] = META, [STATE_HISTORY] = HISTORY, [STATE_LOCK] = LOCK};
    buf_text(out, texts[part]);
    return 1;
}

unsigned pg_look_kept_schema(buf *out, const ledger *l)
{
    buf_text(out, "SELECT k.version, k.fingerprint, ");
    pg_text_iso(out, "k.taken_at", "MS");
    buf_text(out, " AS taken_at, k.facts FROM ");
    pg_text_table(out, l, SCHEMA_TABLE);
    buf_text(out, " AS k WHERE k.id = 1;\n");
    return 1;
}

unsigned pg_look_events(buf *out, const ledger *l, const char *version, size_t limit)
{
    buf_text(out, "SELECT * FROM (SELECT e.id, ");
    pg_text_iso(out, "e.at", "US");
    buf_text(out, " AS at, e.type, e.version, e.checksum, e.actor, e.host, e.application, e.detail, e.prev_hash, e.hash FROM ");
    pg_text_table(out, l, EVENTS_TABLE);
    buf_text(out, " AS e");
    if (version != NULL)
    {
        buf_text(out, " WHERE e.version = ");
        pg_text_literal(out, version);
    }
    if (limit != 0)
    {
        buf_format(out, " ORDER BY e.id DESC LIMIT %zu", limit);
    }
    buf_text(out, ") AS newest ORDER BY id;\n");
    return 1;
}

/* Names are cut to 63 bytes by the server: the cast to name does the same to ours. */
static void name_is(buf *out, const char *column, slice name)
{
    buf_format(out, " AND %s = ", column);
    char *copy = buf_reserve(out, 0); /* remembers a failure before */
    if (copy == NULL)
    {
        return;
    }
    buf_char(out, '\'');
    for (size_t i = 0; i < name.len; i++)
    {
        if (name.data[i] == '\'')
        {
            buf_char(out, '\'');
        }
        buf_char(out, name.data[i]);
    }
    buf_text(out, "'::pg_catalog.name");
}

unsigned pg_look_invalid_index(buf *out, const stmt *s)
{
    if (s->object.len == 0)
    {
        return 0;
    }
    buf_text(out, "SELECT n.nspname AS schema, c.relname AS name FROM pg_catalog.pg_index AS i"
                  " JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid"
                  " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE NOT i.indisvalid AND c.relkind = 'i'");
    name_is(out, "c.relname", s->object);
    if (s->table.len > 0)
    {
        name_is(out, "t.relname", s->table);
    }
    if (s->schema.len > 0)
    {
        name_is(out, "n.nspname", s->schema);
    }
    else
    {
        buf_text(out, " AND pg_catalog.pg_table_is_visible(t.oid)");
    }
    buf_text(out, ";\n");
    return 1;
}
