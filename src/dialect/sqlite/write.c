/* SPDX-License-Identifier: MIT */
/*
 * All of it is SQL that the sqlite3 shell runs too, so that a dry run can be run by hand. Times are ISO 8601 in UTC with
 * milliseconds; those of the lock are the database's clock, which here is this machine's, those of the history the caller's.
 */
#include "dialect/sqlite/write.h"

#include <inttypes.h>

#define SQLITE_NOW "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

static void sqlite_write_quoted(buf *out, const char *text, char quote)
{
    buf_char(out, quote);
    for (const char *end; (end = strchr(text, quote)) != NULL; text = end + 1)
    {
        buf_add(out, (slice){text, (size_t)(end - text) + 1});
        buf_char(out, quote);
    }
    buf_text(out, text);
    buf_char(out, quote);
}

void sqlite_write_literal(buf *out, const char *text)
{
    if (text == NULL)
    {
        buf_text(out, "NULL");
        return;
    }
    sqlite_write_quoted(out, text, '\'');
}

void sqlite_write_name(buf *out, const char *schema, const char *name)
{
    if (schema != NULL && schema[0] != '\0')
    {
        sqlite_write_quoted(out, schema, '"');
        buf_char(out, '.');
    }
    sqlite_write_quoted(out, name, '"');
}

/* ", 'text'" */
static void sqlite_write_next(buf *out, const char *text)
{
    buf_text(out, ", ");
    sqlite_write_literal(out, text);
}

/* ---------------------------------------------------------------------------------------------------- reading the state */

/* The tables are looked up by name in the parsed schema: that takes the same time however many objects there are. */
#define SQLITE_HAS(table) "EXISTS (SELECT 1 FROM pragma_table_info('" table "'))"
/* clang-format off */
#define SQLITE_META                                                                                                            \
    "SELECT '' AS \"schema\",\n"                                                                                               \
    SQLITE_HAS(HISTORY_TABLE) " AS has_history,\n"                                                                             \
    SQLITE_HAS(EVENTS_TABLE) " AS has_events,\n"                                                                               \
    SQLITE_HAS(LOCK_TABLE) " AS has_lock,\n"                                                                                   \
    SQLITE_HAS(SCHEMA_TABLE) " AS has_schema,\n"                                                                               \
    "(SELECT coalesce(group_concat(lower(name) || ':0'), '') FROM pragma_table_info('" HISTORY_TABLE "')) AS columns;\n"
/* clang-format on */

/*
 * An existing history may lack id or applied_at. The natural join with an empty table that has both makes them NULL then; when
 * they are there, it does nothing. Other tools keep the time as seconds since 1970, or as CURRENT_TIMESTAMP has it.
 */
static const char *const sqlite_state_parts[STATE_PARTS] = {
    [STATE_META] = SQLITE_META,
    [STATE_HISTORY] = "SELECT m.*, CASE WHEN typeof(applied_at) IN ('integer', 'real') "
                      "THEN strftime('%Y-%m-%dT%H:%M:%fZ', applied_at, 'unixepoch') "
                      "WHEN length(applied_at) = 24 AND substr(applied_at, 24) = 'Z' THEN applied_at "
                      "ELSE coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', applied_at), applied_at) END AS applied_at_iso "
                      "FROM " HISTORY_TABLE " AS m NATURAL LEFT JOIN "
                      "(SELECT NULL AS applied_at, NULL AS id WHERE 0) ORDER BY id;\n",
    [STATE_LOCK] = "SELECT l.fence, l.holder, l.host, l.pid, l.since, l.heartbeat, "
                   "CAST(round((julianday('now') - julianday(l.heartbeat)) * 86400000) AS INTEGER) AS age_ms, "
                   "e.id AS last_id, e.hash AS last_hash, e.type AS last_type "
                   "FROM " LOCK_TABLE " AS l LEFT JOIN (SELECT id, hash, type FROM " EVENTS_TABLE
                   " ORDER BY id DESC LIMIT 1) AS e WHERE l.id = 1;\n",
};

unsigned sqlite_write_state(buf *out, unsigned part)
{
    buf_text(out, sqlite_state_parts[part]);
    return 1;
}

/* ------------------------------------------------------------------------------------------------------------ our tables */

static unsigned sqlite_write_table(buf *out, const ledger *l, bool there, const char *name, const char *columns)
{
    if (there)
    {
        return 0;
    }
    buf_text(out, "CREATE TABLE IF NOT EXISTS ");
    sqlite_write_name(out, l->schema, name);
    buf_format(out, " (\n%s;\n", columns);
    return 1;
}

/* The lock's one row is looked after even when the table is there: somebody may have emptied it. */
unsigned sqlite_write_create(buf *out, const ledger *l)
{
    unsigned count = 0;
    count += sqlite_write_table(out, l, l->has_history, HISTORY_TABLE,
                                "    id INTEGER PRIMARY KEY,\n"
                                "    version TEXT NOT NULL UNIQUE,\n"
                                "    name TEXT NOT NULL,\n"
                                "    checksum TEXT NOT NULL,\n"
                                "    applied_at TEXT NOT NULL DEFAULT (" SQLITE_NOW "),\n"
                                "    execution_time_ms INTEGER NOT NULL,\n"
                                "    git_commit TEXT\n"
                                ")");
    count += sqlite_write_table(out, l, l->has_events, EVENTS_TABLE,
                                "    id TEXT NOT NULL PRIMARY KEY,\n"
                                "    at TEXT NOT NULL,\n"
                                "    type TEXT NOT NULL,\n"
                                "    version TEXT,\n"
                                "    checksum TEXT,\n"
                                "    actor TEXT,\n"
                                "    host TEXT,\n"
                                "    application TEXT,\n"
                                "    detail TEXT,\n"
                                "    prev_hash TEXT,\n"
                                "    hash TEXT NOT NULL\n"
                                ") WITHOUT ROWID");
    count += sqlite_write_table(out, l, l->has_lock, LOCK_TABLE,
                                "    id INTEGER PRIMARY KEY CHECK (id = 1),\n"
                                "    fence INTEGER NOT NULL,\n"
                                "    holder TEXT,\n"
                                "    host TEXT,\n"
                                "    pid INTEGER,\n"
                                "    since TEXT,\n"
                                "    heartbeat TEXT\n"
                                ")");
    buf_text(out, "INSERT OR IGNORE INTO ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_text(out, " (id, fence) VALUES (1, 0);\n");
    return count + 1;
}

/* -------------------------------------------------------------------------------------------------------------- the lock */

/*
 * An upsert and not an UPDATE, which would find nothing wrong with a row that is gone: the number is NULL then, as it is when
 * somebody else has raised it, and NOT NULL refuses it.
 */
unsigned sqlite_write_acquire(buf *out, const ledger *l, const lease *own)
{
    buf_text(out, "INSERT INTO ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_text(out, " (id, fence, holder, host, pid, since, heartbeat) VALUES (1, (SELECT fence + 1 FROM ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_format(out, " WHERE id = 1 AND fence = %" PRId64 " AND heartbeat IS ", own->seen);
    sqlite_write_literal(out, own->heartbeat);
    buf_char(out, ')');
    sqlite_write_next(out, own->holder);
    sqlite_write_next(out, own->host);
    buf_format(out, ", %" PRId64, own->pid);
    buf_text(out, ", " SQLITE_NOW ", " SQLITE_NOW ") ON CONFLICT (id) DO UPDATE SET fence = excluded.fence, "
                  "holder = excluded.holder, host = excluded.host, pid = excluded.pid, since = excluded.since, "
                  "heartbeat = excluded.heartbeat;\n");
    return 1;
}

/*
 * It runs with every migration, so it is an UPDATE, at half the cost. That a row which is gone passes does no harm: whoever
 * makes it again begins with another number.
 */
unsigned sqlite_write_guard(buf *out, const ledger *l, const lease *own, uint32_t lock_timeout_ms)
{
    (void)lock_timeout_ms; /* one lock guards the whole file, and BEGIN IMMEDIATE has it */
    buf_text(out, "UPDATE ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_format(out, " SET fence = CASE fence WHEN %" PRId64 " THEN fence END", own->seen + 1);
    buf_text(out, ", heartbeat = " SQLITE_NOW " WHERE id = 1;\n");
    return 1;
}

unsigned sqlite_write_release(buf *out, const ledger *l, const lease *own)
{
    buf_text(out, "UPDATE ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_format(out,
               " SET holder = NULL, host = NULL, pid = NULL, since = NULL, heartbeat = NULL"
               " WHERE id = 1 AND fence = %" PRId64 ";\n",
               own->seen + 1);
    return 1;
}

/* ----------------------------------------------------------------------------------------------------------- the history */

static void sqlite_write_row_back(buf *out, const history_row *row)
{
    buf_text(out, "SELECT ");
    sqlite_write_literal(out, row->version);
    buf_text(out, " AS version, ");
    sqlite_write_literal(out, row->applied_at);
    buf_format(out, " AS applied_at, %" PRId64 " AS execution_time_ms;\n", row->execution_time_ms);
}

unsigned sqlite_write_record(buf *out, const ledger *l, const history_row *row)
{
    bool name = (l->columns & HISTORY_NAME) != 0, at = (l->columns & HISTORY_APPLIED_AT) != 0;
    bool took = (l->columns & HISTORY_EXECUTION_TIME) != 0, commit = (l->columns & HISTORY_GIT_COMMIT) != 0;
    buf_text(out, "INSERT INTO ");
    sqlite_write_name(out, l->schema, HISTORY_TABLE);
    buf_format(out, " (version, checksum%s%s%s%s) VALUES (", name ? ", name" : "", at ? ", applied_at" : "",
               took ? ", execution_time_ms" : "", commit ? ", git_commit" : "");
    sqlite_write_literal(out, row->version);
    sqlite_write_next(out, row->checksum);
    if (name)
    {
        sqlite_write_next(out, row->name);
    }
    if (at)
    {
        sqlite_write_next(out, row->applied_at);
    }
    if (took)
    {
        buf_format(out, ", %" PRId64, row->execution_time_ms);
    }
    if (commit)
    {
        sqlite_write_next(out, row->git_commit);
    }
    buf_text(out, ");\n");
    sqlite_write_row_back(out, row);
    return 2;
}

static void sqlite_write_where_version(buf *out, const char *version)
{
    buf_text(out, " WHERE version = ");
    sqlite_write_literal(out, version);
}

unsigned sqlite_write_forget(buf *out, const ledger *l, const history_row *row)
{
    buf_text(out, "DELETE FROM ");
    sqlite_write_name(out, l->schema, HISTORY_TABLE);
    sqlite_write_where_version(out, row->version);
    buf_text(out, ";\n");
    sqlite_write_row_back(out, row);
    return 2;
}

unsigned sqlite_write_checksum(buf *out, const ledger *l, const history_row *row)
{
    buf_text(out, "UPDATE ");
    sqlite_write_name(out, l->schema, HISTORY_TABLE);
    buf_text(out, " SET checksum = ");
    sqlite_write_literal(out, row->checksum);
    sqlite_write_where_version(out, row->version);
    buf_text(out, ";\n");
    return 1;
}

/* ------------------------------------------------------------------------------------------------------------ the schema */

unsigned sqlite_write_keep_schema(buf *out, const ledger *l, const schema_row *row)
{
    unsigned count = sqlite_write_table(out, l, l->has_schema, SCHEMA_TABLE,
                                        "    id INTEGER PRIMARY KEY CHECK (id = 1),\n"
                                        "    version TEXT,\n"
                                        "    fingerprint TEXT NOT NULL,\n"
                                        "    taken_at TEXT NOT NULL,\n"
                                        "    facts TEXT NOT NULL\n"
                                        ")");
    buf_text(out, "INSERT OR REPLACE INTO ");
    sqlite_write_name(out, l->schema, SCHEMA_TABLE);
    buf_text(out, " (id, version, fingerprint, taken_at, facts) SELECT 1");
    sqlite_write_next(out, row->version);
    sqlite_write_next(out, row->fingerprint);
    sqlite_write_next(out, row->taken_at);
    sqlite_write_next(out, row->facts);
    buf_text(out, " FROM ");
    sqlite_write_name(out, l->schema, LOCK_TABLE);
    buf_format(out, " WHERE id = 1 AND fence = %" PRId64 ";\n", row->fence);
    return count + 1;
}

unsigned sqlite_write_kept_schema(buf *out, const ledger *l)
{
    buf_text(out, "SELECT version, fingerprint, taken_at, facts FROM ");
    sqlite_write_name(out, l->schema, SCHEMA_TABLE);
    buf_text(out, " WHERE id = 1;\n");
    return 1;
}

/* ------------------------------------------------------------------------------------------------------------ the events */

#define SQLITE_EVENT_COLUMNS "id, at, type, version, checksum, actor, host, application, detail, prev_hash, hash"

unsigned sqlite_write_event(buf *out, const ledger *l, const event_row *row)
{
    buf_text(out, "INSERT INTO ");
    sqlite_write_name(out, l->schema, EVENTS_TABLE);
    buf_text(out, " (" SQLITE_EVENT_COLUMNS ") VALUES (");
    sqlite_write_literal(out, row->id);
    const char *const values[] = {row->at,   row->type,        row->version, row->checksum,  row->actor,
                                  row->host, row->application, row->detail,  row->prev_hash, row->hash};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
    {
        sqlite_write_next(out, values[i]);
    }
    buf_text(out, ");\n");
    return 1;
}

unsigned sqlite_write_events(buf *out, const ledger *l, const char *version, size_t limit)
{
    buf_text(out, limit == 0 ? "" : "SELECT * FROM (");
    buf_text(out, "SELECT " SQLITE_EVENT_COLUMNS " FROM ");
    sqlite_write_name(out, l->schema, EVENTS_TABLE);
    if (version != NULL)
    {
        sqlite_write_where_version(out, version);
    }
    if (limit != 0)
    {
        buf_format(out, " ORDER BY id DESC LIMIT %zu)", limit > INT64_MAX ? (size_t)INT64_MAX : limit);
    }
    buf_text(out, " ORDER BY id;\n");
    return 1;
}

/* What STMT_SESSION is found for; all of these are off when a connection is opened. */
unsigned sqlite_write_reset(buf *out)
{
    buf_text(out, "PRAGMA case_sensitive_like = OFF;\nPRAGMA defer_foreign_keys = OFF;\n"
                  "PRAGMA ignore_check_constraints = OFF;\nPRAGMA legacy_alter_table = OFF;\n"
                  "PRAGMA recursive_triggers = OFF;\nPRAGMA writable_schema = OFF;\n");
    return 6;
}
