/* SPDX-License-Identifier: MIT */
/* The dialect's bookkeeping run on a real server: tables made, lock taken and lost, rows recorded, hashes as we compute them.
 */
#include "driver/postgres/harness.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "dialect/dialects.h"
#include "driver/drivers.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dialect *const d = &dialect_postgres;

typedef struct state_read
{
    char schema[64], columns[512], history[4096];
    bool has_history, has_events, has_lock;
    int64_t fence, age_ms;
    char holder[64], heartbeat[64], last_id[64], last_hash[80];
    bool free_lock;
} state_read;

static const char *value(const amend_row *row, const char *name)
{
    for (unsigned i = 0; i < row->columns; i++)
    {
        if (strcmp(row->names[i], name) == 0)
        {
            return row->values[i];
        }
    }
    fail_msg("no column %s", name);
    return NULL;
}

static const char *text_of(const char *v)
{
    return v == NULL ? "-" : v;
}

static amend_status read_row(void *arg, size_t piece, const amend_row *row)
{
    state_read *s = arg;
    if (piece == STATE_META)
    {
        snprintf(s->schema, sizeof s->schema, "%s", value(row, "schema"));
        snprintf(s->columns, sizeof s->columns, "%s", text_of(value(row, "columns")));
        s->has_history = value(row, "has_history")[0] == '1';
        s->has_events = value(row, "has_events")[0] == '1';
        s->has_lock = value(row, "has_lock")[0] == '1';
    }
    else if (piece == STATE_HISTORY)
    {
        size_t len = strlen(s->history);
        const char *at = value(row, "applied_at_iso");
        assert_true(at == NULL || (strlen(at) == 24 && at[23] == 'Z'));
        snprintf(s->history + len, sizeof s->history - len, "%s %s\n", value(row, "version"), value(row, "checksum"));
    }
    else
    {
        s->fence = strtoll(value(row, "fence"), NULL, 10);
        s->free_lock = value(row, "holder") == NULL;
        s->age_ms = strtoll(text_of(value(row, "age_ms")), NULL, 10);
        snprintf(s->holder, sizeof s->holder, "%s", text_of(value(row, "holder")));
        snprintf(s->heartbeat, sizeof s->heartbeat, "%s", text_of(value(row, "heartbeat")));
        snprintf(s->last_id, sizeof s->last_id, "%s", text_of(value(row, "last_id")));
        snprintf(s->last_hash, sizeof s->last_hash, "%s", text_of(value(row, "last_hash")));
    }
    return AMEND_OK;
}

/* As the engine does it: three pieces, stopping early for a missing table. */
static void read_state(amend_conn *conn, state_read *s)
{
    buf texts[STATE_PARTS];
    amend_piece pieces[STATE_PARTS];
    for (unsigned part = 0; part < STATE_PARTS; part++)
    {
        buf_init(&texts[part], &alloc_default);
        unsigned n = d->state(&texts[part], part);
        pieces[part] = (amend_piece){.text = texts[part].data, .length = texts[part].len, .statements = n};
    }
    *s = (state_read){0};
    amend_hooks hooks = {.arg = s, .row = read_row};
    outcome o;
    harness_exec(conn, pieces, STATE_PARTS, &hooks, &o);
    if (o.status != AMEND_OK)
    {
        if (!d->missing_table(&o.error) || o.fault.piece == STATE_META)
        {
            fail_msg("%s %s", o.error.sqlstate, o.error.message);
        }
        assert_false(s->has_history && s->has_lock && s->has_events);
    }
    for (unsigned part = 0; part < STATE_PARTS; part++)
    {
        buf_clear(&texts[part]);
    }
}

static ledger ledger_of(const state_read *s)
{
    ledger l = {.has_history = s->has_history, .has_events = s->has_events, .has_lock = s->has_lock, .columns = HISTORY_ALL};
    snprintf(l.schema, sizeof l.schema, "%s", s->schema);
    return l;
}

static amend_conn *fresh(const char *database)
{
    amend_conn *conn = harness_connect("postgres");
    char sql[128];
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", database);
    harness_do(conn, sql);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
    harness_do(conn, sql);
    harness_close(conn);
    return harness_connect(database);
}

/* The pieces of a step, written by hand. */
typedef struct step
{
    buf text;
    unsigned n;
} step;

static void run_step(amend_conn *conn, step *s, outcome *o, const amend_hooks *hooks)
{
    assert_false(s->text.failed);
    amend_piece piece = {.text = s->text.data, .length = s->text.len, .statements = s->n};
    harness_exec(conn, &piece, 1, hooks, o);
    buf_clear(&s->text);
}

static void expect_done(const outcome *o)
{
    if (o->status != AMEND_OK)
    {
        fail_msg("%s %s; %s", o->error.sqlstate, o->error.message, o->error.detail);
    }
}

static void add_words(step *s, const char *words)
{
    buf_text(&s->text, words);
    for (; *words != '\0'; words++)
    {
        s->n += *words == ';';
    }
}

static const lease first = {.seen = 0, .holder = "host:1:a", .host = "höst's", .pid = 1};
static const lease second = {.seen = 1, .holder = "host:2:b", .host = "h", .pid = 2};

static void take_lock(amend_conn *conn, const ledger *l, const lease *lease, outcome *o)
{
    step s = {0};
    buf_init(&s.text, &alloc_default);
    add_words(&s, d->words->lock_begin);
    s.n += d->create(&s.text, l);
    s.n += d->acquire(&s.text, l, lease);
    add_words(&s, d->words->lock_end);
    run_step(conn, &s, o, NULL);
}

typedef struct recorded
{
    char version[64], applied_at[40];
    int64_t ms;
    unsigned rows;
} recorded;

static amend_status read_record(void *arg, size_t piece, const amend_row *row)
{
    recorded *r = arg;
    (void)piece;
    if (row->columns == 3)
    {
        r->rows++;
        snprintf(r->version, sizeof r->version, "%s", value(row, "version"));
        snprintf(r->applied_at, sizeof r->applied_at, "%s", value(row, "applied_at"));
        r->ms = strtoll(value(row, "execution_time_ms"), NULL, 10);
    }
    return AMEND_OK;
}

static void apply(amend_conn *conn, const ledger *l, const lease *lease, const char *version, const char *sql, const char *id,
                  outcome *o, recorded *r)
{
    step s = {0};
    buf_init(&s.text, &alloc_default);
    history_row row = {.version = version, .name = "it's \\ näme", .checksum = "abc", .git_commit = NULL};
    event_row event = {.id = id,
                       .type = "migration.applied",
                       .version = version,
                       .checksum = "abc",
                       .actor = "mé",
                       .host = "h'",
                       .detail = "{\"ms\":%ms%,\"path\":\"a\\\\b\"}"};
    amend_hooks hooks = {.arg = r, .row = read_record};
    *r = (recorded){0};
    add_words(&s, d->words->step_begin_early);
    s.n += d->guard(&s.text, l, lease, 5000);
    add_words(&s, sql);
    s.n += d->reset_session(&s.text);
    s.n += d->record(&s.text, l, &row);
    s.n += d->event(&s.text, l, &event);
    add_words(&s, d->words->step_end);
    run_step(conn, &s, o, &hooks);
}

/* Every event's hash follows from its fields and the hash before it. */
typedef struct chain
{
    char before[80];
    unsigned count;
} chain;

static amend_status check_event(void *arg, size_t piece, const amend_row *row)
{
    static const char *const names[] = {"prev_hash", "id",    "at",   "type",        "version",
                                        "checksum",  "actor", "host", "application", "detail"};
    chain *c = arg;
    slice parts[20];
    (void)piece;
    for (size_t i = 0; i < 10; i++)
    {
        const char *v = value(row, names[i]);
        parts[2 * i] = slice_of(v == NULL ? "" : v);
        parts[2 * i + 1] = SLICE("\x1f");
    }
    char hash[HASH_HEX];
    hash_hex(parts, 19, hash);
    assert_string_equal(value(row, "hash"), hash);
    assert_string_equal(value(row, "prev_hash") == NULL ? "" : value(row, "prev_hash"), c->before);
    assert_int_equal(strlen(value(row, "at")), 27);
    assert_null(strstr(value(row, "detail"), "%ms%"));
    assert_non_null(strstr(value(row, "detail"), "\"path\":\"a\\\\b\"}"));
    snprintf(c->before, sizeof c->before, "%s", hash);
    c->count++;
    return AMEND_OK;
}

static unsigned count_events(amend_conn *conn, const ledger *l, const char *version, size_t limit, bool check)
{
    buf text;
    buf_init(&text, &alloc_default);
    unsigned n = d->events(&text, l, version, limit);
    chain c = {0};
    amend_hooks hooks = {.arg = &c, .row = check ? check_event : NULL};
    outcome o;
    harness_run(conn, text.data, n, &hooks, &o);
    expect_done(&o);
    unsigned rows = 0;
    for (const char *at = harness_rows(conn, text.data); (at = strchr(at, '\n')) != NULL; at++)
    {
        rows++;
    }
    assert_true(!check || rows == c.count);
    buf_clear(&text);
    return rows;
}

static void test_round(void **state)
{
    (void)state;
    amend_conn *conn = fresh("round");
    state_read s;
    outcome o;
    recorded r;
    read_state(conn, &s);
    assert_string_equal(s.schema, "public");
    assert_false(s.has_history || s.has_events || s.has_lock);
    ledger l = ledger_of(&s);
    take_lock(conn, &l, &first, &o);
    expect_done(&o);
    apply(conn, &l, &first, "001", "SELECT pg_catalog.set_config('search_path', '', false); SELECT pg_sleep(0.03);",
          "018f0000-0000-7000-8000-000000000001", &o, &r);
    expect_done(&o);
    assert_string_equal(r.version, "001");
    assert_int_equal(strlen(r.applied_at), 24);
    assert_in_range(r.ms, 30, 5000);
    apply(conn, &l, &first, "002", "SET standard_conforming_strings = off; SET ROLE pg_read_all_data;",
          "018f0000-0000-7000-8000-000000000002", &o, &r);
    expect_done(&o);
    assert_int_equal(r.rows, 1);
    read_state(conn, &s);
    assert_true(s.has_history && s.has_events && s.has_lock);
    assert_string_equal(s.history, "001 abc\n002 abc\n");
    assert_string_equal(s.columns, "id:0,version:64,name:255,checksum:64,applied_at:0,execution_time_ms:0,git_commit:40");
    assert_true(s.fence == 1 && !s.free_lock);
    assert_string_equal(s.holder, first.holder);
    assert_string_equal(s.last_id, "018f0000-0000-7000-8000-000000000002");
    assert_int_equal(strlen(s.last_hash), 64);
    assert_in_range(s.age_ms, 0, 5000);
    assert_string_equal(harness_rows(conn, "SELECT name FROM _migrations WHERE id = 1"), "it's \\ näme\n");
    assert_int_equal(count_events(conn, &l, NULL, 0, true), 2);
    assert_int_equal(count_events(conn, &l, "002", 0, false), 1);
    assert_int_equal(count_events(conn, &l, NULL, 1, false), 1);
    harness_close(conn);
}

static void write_release(step *s, const ledger *l, const lease *lease)
{
    buf_init(&s->text, &alloc_default);
    add_words(s, d->words->lock_begin);
    s->n += d->release(&s->text, l, lease);
    add_words(s, d->words->lock_end);
}

static void test_lock(void **state)
{
    (void)state;
    amend_conn *one = fresh("lock"), *two = harness_connect("lock");
    state_read s;
    outcome o;
    recorded r;
    read_state(one, &s);
    ledger l = ledger_of(&s);
    take_lock(one, &l, &first, &o);
    expect_done(&o);
    /* Seen free, but taken since. */
    take_lock(two, &l, &(lease){.seen = 0, .holder = "late", .host = "h"}, &o);
    assert_int_equal(o.fault.kind, AMEND_FAULT_STATEMENT);
    assert_true(d->not_null(&o.error));
    harness_do(two, "ROLLBACK");
    /* Seen as taken, but the holder has given a sign of life since. */
    read_state(two, &s);
    lease over = second;
    over.heartbeat = s.heartbeat;
    apply(one, &l, &first, "001", "SELECT 1;", "018f0000-0000-7000-8000-000000000001", &o, &r);
    expect_done(&o);
    take_lock(two, &l, &over, &o);
    assert_true(o.status != AMEND_OK && d->not_null(&o.error));
    harness_do(two, "ROLLBACK");
    /* Taken over: the first one's guard says so, and its release changes nothing. */
    read_state(two, &s);
    take_lock(two, &l, &over, &o);
    expect_done(&o);
    apply(one, &l, &first, "002", "CREATE TABLE ran (a int);", "018f0000-0000-7000-8000-000000000001", &o, &r);
    assert_true(o.status != AMEND_OK && d->not_null(&o.error));
    harness_do(one, "ROLLBACK");
    step release = {0};
    write_release(&release, &l, &first);
    run_step(one, &release, &o, NULL);
    expect_done(&o);
    read_state(one, &s);
    assert_string_equal(s.holder, second.holder);
    assert_string_equal(s.history, "001 abc\n");
    assert_string_equal(harness_rows(one, "SELECT to_regclass('ran')"), "-\n");
    release = (step){0};
    write_release(&release, &l, &second);
    run_step(two, &release, &o, NULL);
    expect_done(&o);
    read_state(one, &s);
    assert_true(s.free_lock && s.fence == 2);
    /* Without the row nothing is recorded. */
    harness_do(one, "DELETE FROM _migrations_lock");
    apply(one, &l, &second, "002", "SELECT 1;", "018f0000-0000-7000-8000-000000000001", &o, &r);
    assert_true(o.status != AMEND_OK && d->not_null(&o.error));
    harness_do(one, "ROLLBACK");
    /* The next to take the lock makes the row anew. */
    read_state(one, &s);
    assert_true(s.free_lock && s.fence == 0);
    take_lock(one, &l, &first, &o);
    expect_done(&o);
    read_state(one, &s);
    assert_string_equal(s.holder, first.holder);
    harness_close(one);
    harness_close(two);
}

/* While one runner holds the row in a transaction, another one's try ends soon, and is worth repeating. */
static void test_held(void **state)
{
    (void)state;
    amend_conn *one = fresh("held"), *two = harness_connect("held");
    state_read s;
    outcome o;
    read_state(one, &s);
    ledger l = ledger_of(&s);
    take_lock(one, &l, &first, &o);
    expect_done(&o);
    step guard = {0};
    buf_init(&guard.text, &alloc_default);
    add_words(&guard, d->words->step_begin);
    guard.n += d->guard(&guard.text, &l, &first, 5000);
    run_step(one, &guard, &o, NULL);
    expect_done(&o);
    take_lock(two, &l, &second, &o);
    assert_int_equal(o.fault.kind, AMEND_FAULT_BUSY);
    harness_do(one, "COMMIT");
    harness_do(two, "ROLLBACK");
    harness_close(one);
    harness_close(two);
}

static void test_forget(void **state)
{
    (void)state;
    amend_conn *conn = fresh("forget");
    state_read s;
    outcome o;
    recorded r;
    read_state(conn, &s);
    ledger l = ledger_of(&s);
    take_lock(conn, &l, &first, &o);
    apply(conn, &l, &first, "001", "SELECT 1;", "018f0000-0000-7000-8000-000000000001", &o, &r);
    expect_done(&o);
    history_row row = {.version = "001", .checksum = "other"};
    step change = {0};
    buf_init(&change.text, &alloc_default);
    change.n = d->amend_checksum(&change.text, &l, &row);
    run_step(conn, &change, &o, NULL);
    expect_done(&o);
    assert_string_equal(harness_rows(conn, "SELECT checksum FROM _migrations"), "other\n");
    step forget = {0};
    buf_init(&forget.text, &alloc_default);
    forget.n = d->forget(&forget.text, &l, &row);
    amend_hooks hooks = {.arg = &r, .row = read_record};
    r = (recorded){0};
    run_step(conn, &forget, &o, &hooks);
    expect_done(&o);
    assert_int_equal(r.rows, 1);
    assert_string_equal(r.version, "001");
    assert_string_equal(harness_rows(conn, "SELECT count(*) FROM _migrations"), "0\n");
    harness_close(conn);
}

/* Another tool's table: narrower, without our extra columns, in a schema of its own with a name that needs quotes. */
static void test_foreign(void **state)
{
    (void)state;
    amend_conn *conn = fresh("foreign_table");
    harness_do(conn, "CREATE SCHEMA \"My Schema\"");
    harness_do(conn, "ALTER DATABASE foreign_table SET search_path = \"My Schema\", public");
    harness_close(conn);
    conn = harness_connect("foreign_table");
    harness_do(conn, "CREATE TABLE _migrations (version VARCHAR(10) PRIMARY KEY, checksum CHAR(16))");
    harness_do(conn, "INSERT INTO _migrations VALUES ('001', '0123456789abcdef')");
    state_read s;
    outcome o;
    recorded r;
    read_state(conn, &s);
    assert_string_equal(s.schema, "My Schema");
    assert_true(s.has_history && !s.has_events && !s.has_lock);
    assert_string_equal(s.columns, "version:10,checksum:16");
    assert_string_equal(s.history, ""); /* the lock, which isn't there, ends the reading */
    ledger l = ledger_of(&s);
    l.columns = HISTORY_VERSION | HISTORY_CHECKSUM;
    take_lock(conn, &l, &first, &o);
    expect_done(&o);
    apply(conn, &l, &first, "002", "SELECT 1;", "018f0000-0000-7000-8000-000000000001", &o, &r);
    expect_done(&o);
    assert_string_equal(r.version, "002");
    assert_in_range(r.ms, 0, 5000);
    read_state(conn, &s);
    assert_true(s.has_events && s.has_lock);
    assert_string_equal(s.history, "001 0123456789abcdef\n002 abc             \n");
    harness_do(conn, "ALTER TABLE _migrations ADD COLUMN applied_at TIMESTAMP DEFAULT now()");
    read_state(conn, &s);
    assert_non_null(strstr(s.history, "001 "));
    harness_close(conn);
}

static void test_nowhere(void **state)
{
    (void)state;
    amend_conn *conn = fresh("nowhere");
    state_read s;
    outcome o;
    harness_do(conn, "SET search_path = ''");
    read_state(conn, &s);
    assert_string_equal(s.schema, "");
    ledger l = ledger_of(&s);
    take_lock(conn, &l, &first, &o);
    assert_string_equal(o.error.sqlstate, "3F000");
    harness_close(conn);
}

static void test_invalid_index(void **state)
{
    (void)state;
    amend_conn *conn = fresh("invalid");
    outcome o;
    harness_do(conn, "CREATE TABLE public.t (a int); INSERT INTO t VALUES (1), (1); CREATE INDEX good ON t (a)");
    harness_run(conn, "CREATE UNIQUE INDEX CONCURRENTLY \"B'ad\" ON t (a)", 1, NULL, &o);
    assert_string_equal(o.error.sqlstate, "23505");
    arena *a = arena_new(&alloc_default);
    static const char *const scripts[] = {"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"B'ad\" ON t (a)",
                                          "CREATE UNIQUE INDEX CONCURRENTLY \"B'ad\" ON public.t (a)"};
    for (size_t i = 0; i < 2; i++)
    {
        script s;
        buf text;
        buf_init(&text, &alloc_default);
        assert_int_equal(d->split(a, slice_of(scripts[i]), &s, NULL), AMEND_OK);
        assert_int_equal(d->invalid_index(&text, &s.stmts[0]), 1);
        assert_string_equal(harness_rows(conn, text.data), "public|B'ad\n");
        buf_clear(&text);
    }
    buf drop;
    buf_init(&drop, &alloc_default);
    assert_int_equal(d->drop_index(&drop, "public", "B'ad"), 1);
    harness_do(conn, drop.data);
    assert_string_equal(harness_rows(conn, "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), "1\n");
    buf_clear(&drop);
    arena_free(a);
    harness_close(conn);
}

static void test_already_done(void **state)
{
    (void)state;
    amend_conn *conn = fresh("done");
    outcome o;
    static const struct
    {
        const char *sql;
        bool done;
    } rows[] = {{"CREATE INDEX CONCURRENTLY i ON t (a)", true},
                {"DROP INDEX CONCURRENTLY gone", true},
                {"CREATE INDEX CONCURRENTLY j ON gone (a)", false},
                {"CREATE INDEX CONCURRENTLY j ON t USING gone (a)", false},
                {"CREATE DATABASE done", true},
                {"VACUUM gone", false}};
    harness_do(conn, "CREATE TABLE t (a int); CREATE INDEX i ON t (a)");
    arena *a = arena_new(&alloc_default);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        script s;
        assert_int_equal(d->split(a, slice_of(rows[i].sql), &s, NULL), AMEND_OK);
        assert_true((s.stmts[0].flags & STMT_NO_TX) != 0);
        harness_run(conn, rows[i].sql, 1, NULL, &o);
        assert_int_equal(o.status, AMEND_FAILED);
        assert_int_equal(d->already_done(&s.stmts[0], &o.error), rows[i].done);
    }
    arena_free(a);
    harness_close(conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),         cmocka_unit_test(test_lock),         cmocka_unit_test(test_held),
        cmocka_unit_test(test_forget),        cmocka_unit_test(test_foreign),      cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_invalid_index), cmocka_unit_test(test_already_done),
    };
    return pg_server_found() ? cmocka_run_group_tests(tests, harness_start, harness_end) : 77;
}
