/* SPDX-License-Identifier: MIT */
/*
 * Every name carries its schema and every function pg_catalog, since a migration may have emptied search_path. Times come from
 * clock_timestamp(): now() is when the message began. There is little of it per migration, because it is run for each.
 *
 * The lock row's heartbeat is also the time when the step began: record measures from it.
 */
#include "dialect/postgres/pg_ledger.h"

#include "dialect/postgres/pg_text.h"

static const char NOW[] = "pg_catalog.clock_timestamp()";

static void create_history(buf *out, const ledger *l)
{
    buf_text(out, "CREATE TABLE IF NOT EXISTS ");
    pg_text_table(out, l, HISTORY_TABLE);
    buf_text(out, " (id SERIAL PRIMARY KEY, version VARCHAR(64) NOT NULL UNIQUE, name VARCHAR(255) NOT NULL, "
                  "checksum VARCHAR(64) NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT pg_catalog.now(), "
                  "execution_time_ms INTEGER NOT NULL, git_commit VARCHAR(40));\n");
}

static void create_events(buf *out, const ledger *l)
{
    buf_text(out, "CREATE TABLE IF NOT EXISTS ");
    pg_text_table(out, l, EVENTS_TABLE);
    buf_text(out,
             " (id UUID PRIMARY KEY, at TIMESTAMPTZ NOT NULL, type TEXT NOT NULL, version TEXT, checksum TEXT, actor TEXT, "
             "host TEXT, application TEXT, detail JSON, prev_hash TEXT, hash TEXT NOT NULL);\n");
}

/* Short enough that PostgreSQL makes no TOAST table for it. */
static unsigned create_lock(buf *out, const ledger *l)
{
    buf_text(out, "CREATE TABLE IF NOT EXISTS ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_text(out, " (id INTEGER PRIMARY KEY CHECK (id = 1), fence BIGINT NOT NULL, holder VARCHAR(160), host VARCHAR(255), "
                  "pid BIGINT, since TIMESTAMPTZ, heartbeat TIMESTAMPTZ);\n");
    buf_text(out, "INSERT INTO ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_text(out, " (id, fence) VALUES (1, 0) ON CONFLICT DO NOTHING;\n");
    return 2;
}

/*
 * IF NOT EXISTS does not save two sessions that create the same table at once: the later one fails on the catalog's own index,
 * or on the sequence. So they queue at an advisory lock, which the transaction's end gives back, also behind a pooler.
 */
unsigned pg_ledger_create(buf *out, const ledger *l)
{
    if (l->has_history && l->has_events && l->has_lock)
    {
        return 0;
    }
    buf_text(out, "SET LOCAL client_min_messages = warning;\n"
                  "DO $amend$BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(7020390438274); END$amend$;\n");
    unsigned count = 2;
    if (!l->has_history)
    {
        create_history(out, l);
        count++;
    }
    if (!l->has_events)
    {
        create_events(out, l);
        count++;
    }
    return l->has_lock ? count : count + create_lock(out, l);
}

/* The holder counts, too: after somebody made the table anew, numbers would begin again. */
static void mine(buf *out, const lease *lease)
{
    buf_format(out, "l.fence = %lld AND l.holder = ", (long long)lease->seen + 1);
    pg_text_literal(out, lease->holder);
}

/*
 * Only whoever has read the lock as it still is gets it. A row that somebody has deleted is made again by this; the condition
 * is looked at again when another session's change was waited for.
 *
 * The commit need not wait for the disk: a crash of the server that takes the lock back also ends its holder's session, and
 * what the holder commits waits for everything before it.
 */
unsigned pg_ledger_acquire(buf *out, const ledger *l, const lease *lease)
{
    buf_text(out, "SET LOCAL synchronous_commit = off;\nINSERT INTO ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_format(out, " AS l (id, fence, holder, host, pid, since, heartbeat) VALUES (1, %lld, ", (long long)lease->seen + 1);
    pg_text_literal(out, lease->holder);
    buf_text(out, ", ");
    pg_text_literal(out, lease->host);
    buf_format(out, ", %lld, %s, %s) ON CONFLICT (id) DO UPDATE SET fence = CASE WHEN l.fence = %lld AND l.heartbeat",
               (long long)lease->pid, NOW, NOW, (long long)lease->seen);
    buf_text(out, lease->heartbeat == NULL ? " IS NULL" : " = ");
    if (lease->heartbeat != NULL)
    {
        pg_text_literal(out, lease->heartbeat);
        buf_text(out, "::pg_catalog.timestamptz");
    }
    buf_text(out, " THEN l.fence + 1 END, holder = excluded.holder, host = excluded.host, pid = excluded.pid, "
                  "since = excluded.since, heartbeat = excluded.heartbeat;\n");
    return 2;
}

/* An UPDATE would find nothing wrong with a row that is gone: the insert it becomes here has no fence then, and is refused. */
unsigned pg_ledger_guard(buf *out, const ledger *l, const lease *lease, uint32_t lock_timeout_ms)
{
    buf_format(out, "SET LOCAL lock_timeout = %u;\nINSERT INTO ", lock_timeout_ms);
    pg_text_table(out, l, LOCK_TABLE);
    buf_text(out, " AS l (id, fence, heartbeat) VALUES (1, (SELECT fence FROM ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_format(out, " WHERE id = 1), %s) ON CONFLICT (id) DO UPDATE SET fence = CASE WHEN ", NOW);
    mine(out, lease);
    buf_text(out, " THEN l.fence END, heartbeat = excluded.heartbeat;\n");
    return 2;
}

unsigned pg_ledger_release(buf *out, const ledger *l, const lease *lease)
{
    buf_text(out, "UPDATE ");
    pg_text_table(out, l, LOCK_TABLE);
    buf_text(out, " AS l SET holder = NULL, host = NULL, pid = NULL, since = NULL WHERE l.id = 1 AND ");
    mine(out, lease);
    buf_text(out, ";\n");
    return 1;
}

/* The milliseconds since the lock row's heartbeat. */
static void elapsed(buf *out, const ledger *l)
{
    buf_format(out, "(SELECT LEAST(pg_catalog.date_part('epoch', %s - l.heartbeat) * 1000, 2147483647)::pg_catalog.int4 FROM ",
               NOW);
    pg_text_table(out, l, LOCK_TABLE);
    buf_text(out, " AS l WHERE l.id = 1)");
}

static void insert_columns(buf *out, const ledger *l)
{
    static const struct
    {
        unsigned bit;
        const char *name;
    } columns[] = {{HISTORY_NAME, ", name"},
                   {HISTORY_CHECKSUM, ", checksum"},
                   {HISTORY_APPLIED_AT, ", applied_at"},
                   {HISTORY_EXECUTION_TIME, ", execution_time_ms"},
                   {HISTORY_GIT_COMMIT, ", git_commit"}};
    buf_text(out, " AS m (version");
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
    {
        buf_text(out, (l->columns & columns[i].bit) != 0 ? columns[i].name : "");
    }
}

static void insert_values(buf *out, const ledger *l, const history_row *row)
{
    const struct
    {
        unsigned bit;
        const char *text;
    } texts[] = {{HISTORY_NAME, row->name}, {HISTORY_CHECKSUM, row->checksum}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    {
        if ((l->columns & texts[i].bit) != 0)
        {
            buf_text(out, ", ");
            pg_text_literal(out, texts[i].text);
        }
    }
    buf_format(out, (l->columns & HISTORY_APPLIED_AT) != 0 ? ", %s" : "", NOW);
    if ((l->columns & HISTORY_EXECUTION_TIME) != 0 && row->timed)
    {
        buf_format(out, ", %lld", (long long)row->execution_time_ms);
    }
    else if ((l->columns & HISTORY_EXECUTION_TIME) != 0)
    {
        buf_text(out, ", ");
        elapsed(out, l);
    }
    if ((l->columns & HISTORY_GIT_COMMIT) != 0)
    {
        buf_text(out, ", ");
        pg_text_literal(out, row->git_commit);
    }
}

static void returning(buf *out, const ledger *l, const history_row *row, const char *applied_at, bool stored)
{
    buf_text(out, " RETURNING m.version, ");
    pg_text_iso(out, applied_at, "MS");
    buf_text(out, " AS applied_at, ");
    if (stored)
    {
        buf_text(out, "m.execution_time_ms");
    }
    else if (row->timed)
    {
        buf_format(out, "%lld", (long long)row->execution_time_ms);
    }
    else
    {
        elapsed(out, l);
    }
    buf_text(out, " AS execution_time_ms;\n");
}

/* Without the lock's row there is no execution time, and the row is refused: we would not know whose turn it is. */
unsigned pg_ledger_record(buf *out, const ledger *l, const history_row *row)
{
    buf_text(out, "INSERT INTO ");
    pg_text_table(out, l, HISTORY_TABLE);
    insert_columns(out, l);
    buf_text(out, ") VALUES (");
    pg_text_literal(out, row->version);
    insert_values(out, l, row);
    buf_char(out, ')');
    returning(out, l, row, (l->columns & HISTORY_APPLIED_AT) != 0 ? "m.applied_at::pg_catalog.timestamptz" : NOW,
              (l->columns & HISTORY_EXECUTION_TIME) != 0);
    return 1;
}

unsigned pg_ledger_forget(buf *out, const ledger *l, const history_row *row)
{
    buf_text(out, "DELETE FROM ");
    pg_text_table(out, l, HISTORY_TABLE);
    buf_text(out, " AS m WHERE m.version = ");
    pg_text_literal(out, row->version);
    returning(out, l, row, NOW, false);
    return 1;
}

unsigned pg_ledger_checksum(buf *out, const ledger *l, const history_row *row)
{
    buf_text(out, "UPDATE ");
    pg_text_table(out, l, HISTORY_TABLE);
    buf_text(out, " SET checksum = ");
    pg_text_literal(out, row->checksum);
    buf_text(out, " WHERE version = ");
    pg_text_literal(out, row->version);
    buf_text(out, ";\n");
    return 1;
}

/* The detail; when it asks for the execution time or the fingerprint, an expression that puts it in. */
static void detail(buf *out, const ledger *l, const event_row *row)
{
    if (row->detail != NULL && strstr(row->detail, "%fingerprint%") != NULL)
    {
        buf_text(out, "pg_catalog.replace(");
        pg_text_literal(out, row->detail);
        buf_text(out, ", '%fingerprint%', COALESCE((SELECT k.fingerprint FROM ");
        pg_text_table(out, l, SCHEMA_TABLE);
        buf_text(out, " AS k WHERE k.id = 1), ''))");
        return;
    }
    if (row->detail == NULL || strstr(row->detail, "%ms%") == NULL)
    {
        pg_text_literal(out, row->detail);
        buf_text(out, "::pg_catalog.text");
        return;
    }
    buf_text(out, "pg_catalog.replace(");
    pg_text_literal(out, row->detail);
    buf_text(out, ", '%ms%', COALESCE(");
    elapsed(out, l);
    buf_text(out, "::pg_catalog.text, '0'))");
}

/* The fields that are known here become one literal, as the hash wants them: each behind a 0x1f, NULL like ''. */
static void known_fields(buf *out, const char *const *fields, size_t count)
{
    buf text;
    buf_init(&text, out->allocator);
    for (size_t i = 0; i < count; i++)
    {
        buf_char(&text, '\x1f');
        buf_text(&text, fields[i] == NULL ? "" : fields[i]);
    }
    buf_char(&text, '\x1f');
    out->failed |= text.failed;
    pg_text_literal(out, text.failed ? "" : text.data);
    buf_clear(&text);
}

unsigned pg_ledger_event(buf *out, const ledger *l, const event_row *row)
{
    const char *fields[] = {row->type, row->version, row->checksum, row->actor, row->host, row->application};
    buf_text(out, "INSERT INTO ");
    pg_text_table(out, l, EVENTS_TABLE);
    buf_text(out, " (id, at, type, version, checksum, actor, host, application, detail, prev_hash, hash) SELECT e.id, e.at, ");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
    {
        pg_text_literal(out, fields[i]);
        buf_text(out, ", ");
    }
    buf_text(out, "e.detail::pg_catalog.json, e.prev, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to("
                  "pg_catalog.concat(e.prev, E'\\x1f', e.id, E'\\x1f', ");
    pg_text_iso(out, "e.at", "US");
    buf_text(out, ", ");
    known_fields(out, fields, sizeof fields / sizeof fields[0]);
    buf_text(out, ", e.detail), 'UTF8')), 'hex') FROM (SELECT ");
    pg_text_literal(out, row->id);
    buf_format(out, "::pg_catalog.uuid AS id, %s AS at, ", NOW);
    detail(out, l, row);
    buf_text(out, " AS detail, (SELECT p.hash FROM ");
    pg_text_table(out, l, EVENTS_TABLE);
    buf_text(out, " AS p ORDER BY p.id DESC LIMIT 1) AS prev) AS e;\n");
    return 1;
}

/* The encoding is set again because behind a pooler the session's own default may be another than the one we asked for. */
unsigned pg_ledger_reset_session(buf *out)
{
    buf_text(out, "RESET SESSION AUTHORIZATION;\nRESET ROLE;\nRESET ALL;\nSET client_encoding = 'UTF8';\n");
    return 4;
}

unsigned pg_ledger_drop_index(buf *out, const char *schema, const char *name)
{
    buf_text(out, "DROP INDEX CONCURRENTLY IF EXISTS ");
    pg_text_name(out, slice_of(schema));
    buf_char(out, '.');
    pg_text_name(out, slice_of(name));
    buf_text(out, ";\n");
    return 1;
}
