/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/snapshot.h"

#include "base/error.h"

/*
 * type, name, sql, and of an index the table's sql. What SQLite made itself (sqlite_…, and indexes without a text) says nothing
 * that the CREATE TABLE doesn't. A virtual table's own tables are known by the names that the usual modules give them: asking
 * SQLite would need the modules. The table that a full-text table names as its content is the user's.
 */
unsigned sqlite_snapshot(buf *out, bool inside)
{
    (void)inside; /* one statement sees one state of the database, in a transaction or not */
    buf_text(out,
             "WITH amend_suffix (module, suffix) AS (VALUES"
             " ('fts5', '_content'), ('fts5', '_data'), ('fts5', '_idx'), ('fts5', '_docsize'), ('fts5', '_config'),"
             " ('fts3', '_content'), ('fts3', '_segments'), ('fts3', '_segdir'), ('fts4', '_content'), ('fts4', '_segments'),"
             " ('fts4', '_segdir'), ('fts4', '_docsize'), ('fts4', '_stat'),"
             " ('rtree', '_node'), ('rtree', '_parent'), ('rtree', '_rowid'),"
             " ('geopoly', '_node'), ('geopoly', '_parent'), ('geopoly', '_rowid'), ('spellfix', '_vocab')),\n"
             "amend_shadow (name) AS (SELECT lower(v.name || s.suffix) FROM main.sqlite_master v JOIN amend_suffix s"
             " ON v.sql LIKE '%using%' || s.module || '%' WHERE v.type = 'table' AND v.sql LIKE 'CREATE VIRTUAL%'"
             " AND (s.suffix <> '_content' OR replace(v.sql, ' ', '') NOT LIKE '%content=%'))\n"
             "SELECT m.type, m.name, m.sql, t.sql FROM main.sqlite_master m LEFT JOIN main.sqlite_master t"
             " ON m.type = 'index' AND t.type = 'table' AND t.name = m.tbl_name\n"
             "WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
             " AND lower(m.tbl_name) NOT IN ('" HISTORY_TABLE "', '" EVENTS_TABLE "', '" LOCK_TABLE "', '" SCHEMA_TABLE "')"
             " AND lower(m.tbl_name) NOT IN (SELECT name FROM amend_shadow);\n");
    return 1;
}

/* ---------------------------------------------------------------------------------------------------------------- facts */

static slice facts_copy(sqlite_facts *f, const buf *text)
{
    slice whole = slice_trim(buf_slice(text));
    char *copy = arena_copy(f->arena, whole);
    f->failed |= copy == NULL || text->failed;
    if (copy != NULL)
    {
        text_mend(copy);
    }
    return (slice){copy, copy == NULL ? 0 : whole.len};
}

static bool facts_have(const sqlite_facts *f, slice object, slice definition)
{
    for (size_t i = f->first; i < f->list->count; i++)
    {
        if (slice_equal(f->list->items[i].object, object) && slice_equal(f->list->items[i].definition, definition))
        {
            return true;
        }
    }
    return false;
}

void sqlite_facts_add(sqlite_facts *f)
{
    fact made = {facts_copy(f, &f->object), facts_copy(f, &f->definition)};
    bool again = !f->failed && facts_have(f, made.object, made.definition);
    fact *grown = f->failed || again ? f->list->items : arena_grow(f->arena, f->list->items, f->list->count, sizeof *grown);
    f->failed |= grown == NULL;
    if (!f->failed && !again)
    {
        f->list->items = grown;
        f->list->items[f->list->count++] = made;
    }
    buf_reset(&f->object);
    buf_reset(&f->definition);
}

/* -------------------------------------------------------------------------------------------------- all but plain tables */

static void snapshot_object(sqlite_facts *f, const char *kind, slice name)
{
    buf_text(&f->object, kind);
    buf_char(&f->object, ' ');
    sqlite_canon_name(&f->object, name);
}

/* A name in the definition, with a space behind it. */
static void snapshot_word(sqlite_facts *f, sqlite_reader *r)
{
    sqlite_canon_name_token(&f->definition, r->text, r->token);
    buf_char(&f->definition, ' ');
    sqlite_reader_advance(r);
}

static bool snapshot_virtual(sqlite_facts *f, slice sql, slice name)
{
    sqlite_reader r = {.text = sql};
    if (!sqlite_reader_head(&r, "TABLE") || !sqlite_reader_eat(&r, "USING") || !sqlite_token_is_name(r.token))
    {
        return false;
    }
    snapshot_object(f, "table", name);
    buf_text(&f->definition, "VIRTUAL USING ");
    sqlite_canon_name_token(&f->definition, sql, r.token);
    sqlite_reader_advance(&r);
    sqlite_canon_text(&f->definition, sql, r.token.start, sql.len, &(sqlite_scope){.quotes = QUOTES_RAW});
    sqlite_facts_add(f);
    return true;
}

static bool snapshot_index(sqlite_facts *f, slice sql, slice table, slice name)
{
    sqlite_reader r = {.text = sql, .token = sqlite_lexeme_next(sql, 0)};
    sqlite_names_of names = {0};
    sqlite_reader_advance(&r);
    bool unique = sqlite_reader_at(&r, "UNIQUE");
    if (!sqlite_reader_head(&r, "INDEX") || !sqlite_reader_eat(&r, "ON") || !sqlite_token_is_name(r.token))
    {
        return false;
    }
    slice on = sqlite_token_name(f->work, sql, r.token);
    f->failed |= on.data == NULL;
    bool known = sqlite_snapshot_names(f, table, on, &names);
    sqlite_scope scope = {.quotes = known ? QUOTES_KNOWN : QUOTES_MAYBE, .names = &names.all};
    snapshot_object(f, "index", name);
    buf_text(&f->definition, unique ? "UNIQUE ON " : "ON ");
    snapshot_word(f, &r);
    sqlite_reader_list(&r, &scope, &f->definition);
    if (sqlite_reader_eat(&r, "WHERE"))
    {
        size_t from = r.token.start, to = sql.len;
        sqlite_canon_unwrap(sql, &from, &to);
        buf_text(&f->definition, " WHERE ");
        sqlite_canon_text(&f->definition, sql, from, to, &scope);
    }
    sqlite_facts_add(f);
    return true;
}

static bool snapshot_view(sqlite_facts *f, slice sql, slice name)
{
    sqlite_reader r = {.text = sql};
    if (!sqlite_reader_head(&r, "VIEW"))
    {
        return false;
    }
    snapshot_object(f, "view", name);
    sqlite_canon_text(&f->definition, sql, r.token.start, sql.len, &(sqlite_scope){.quotes = QUOTES_MAYBE});
    sqlite_facts_add(f);
    return true;
}

/* BEFORE and FOR EACH ROW are what holds without a word, too. */
static bool snapshot_trigger(sqlite_facts *f, slice sql, slice name)
{
    sqlite_reader r = {.text = sql};
    sqlite_scope names = {.quotes = QUOTES_NAME}, maybe = {.quotes = QUOTES_MAYBE};
    if (!sqlite_reader_head(&r, "TRIGGER"))
    {
        return false;
    }
    bool after = sqlite_reader_eat(&r, "AFTER"), instead = !after && sqlite_reader_eat(&r, "INSTEAD");
    sqlite_reader_eat(&r, instead ? "OF" : "BEFORE");
    snapshot_object(f, "trigger", name);
    buf_text(&f->definition, after ? "AFTER " : instead ? "INSTEAD OF " : "BEFORE ");
    size_t event = r.token.start;
    while (r.token.kind != SQLITE_TOKEN_END && !sqlite_reader_at(&r, "ON"))
    {
        sqlite_reader_advance(&r);
    }
    sqlite_canon_text(&f->definition, sql, event, r.token.start, &names);
    buf_text(&f->definition, " ON ");
    sqlite_reader_eat(&r, "ON");
    if (!sqlite_token_is_name(r.token))
    {
        return false;
    }
    snapshot_word(f, &r);
    if (sqlite_reader_eat(&r, "FOR"))
    {
        sqlite_reader_eat(&r, "EACH");
        sqlite_reader_eat(&r, "ROW");
    }
    sqlite_canon_text(&f->definition, sql, r.token.start, sql.len, &maybe);
    sqlite_facts_add(f);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------ rows */

static bool snapshot_read_row(sqlite_facts *f, slice type, slice name, slice sql, slice table)
{
    if (slice_equal(type, SLICE("table")))
    {
        return snapshot_virtual(f, sql, name) || sqlite_snapshot_table(f, sql, name);
    }
    if (slice_equal(type, SLICE("index")))
    {
        return snapshot_index(f, sql, table, name);
    }
    if (slice_equal(type, SLICE("view")))
    {
        return snapshot_view(f, sql, name);
    }
    return snapshot_trigger(f, sql, name);
}

static slice snapshot_value(const amend_row *row, unsigned column)
{
    const char *value = column < row->columns ? row->values[column] : NULL;
    return slice_of(value == NULL ? "" : value);
}

/* A text that can't be read, since somebody wrote into sqlite_schema or SQLite has learnt something new, counts as it stands.
 */
static void snapshot_unread(sqlite_facts *f, const char *type, slice name, slice sql)
{
    f->failed |= f->object.failed || f->definition.failed;
    f->list->count = f->first;
    buf_reset(&f->object);
    buf_reset(&f->definition);
    snapshot_object(f, type, name);
    sqlite_canon_text(&f->definition, sql, 0, sql.len, &(sqlite_scope){.quotes = QUOTES_MAYBE});
    sqlite_facts_add(f);
}

amend_status sqlite_snapshot_row(arena *a, const amend_row *row, fact_list *out, amend_error *error)
{
    arena *work = arena_new(arena_allocator(a));
    if (work == NULL)
    {
        return error_memory(error);
    }
    sqlite_facts f = {.arena = a, .work = work, .list = out, .first = out->count};
    buf_init(&f.object, arena_allocator(a));
    buf_init(&f.definition, arena_allocator(a));
    slice type = snapshot_value(row, 0), name = snapshot_value(row, 1), sql = snapshot_value(row, 2);
    if (!snapshot_read_row(&f, type, name, sql, snapshot_value(row, 3)) && !f.failed)
    {
        snapshot_unread(&f, type.data, name, sql);
    }
    bool failed = f.failed || f.object.failed || f.definition.failed;
    buf_clear(&f.object);
    buf_clear(&f.definition);
    arena_free(work);
    return failed ? error_memory(error) : AMEND_OK;
}
