/* SPDX-License-Identifier: MIT */
/* What the dialect writes, run by the driver, and read back. */
#include "base/alloc.h"
#include "dialect/dialects.h"
#include "driver/drivers.h"
#include "driver/sqlite/harness.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const dialect *const d = &dialect_sqlite;
static const lease own = {.seen = 0, .holder = "boot/1/it's", .host = "höst", .pid = 42};
static const ledger nothing = {.columns = HISTORY_ALL};

/* Run what was written, with its statements counted, and empty the buffer. */
static amend_status run(amend_conn *conn, buf *text, unsigned statements, outcome *o)
{
    arena *a = arena_new(&alloc_default);
    script s;
    assert_false(text->failed);
    assert_int_equal(d->split(a, buf_slice(text), &s, NULL), AMEND_OK);
    assert_int_equal(s.count, statements);
    assert_true(statements == 0 || slice_ends(buf_slice(text), SLICE(";\n")));
    arena_free(a);
    harness_run(conn, buf_slice(text).data, NULL, o);
    buf_reset(text);
    return o->status;
}

static void run_well(amend_conn *conn, buf *text, unsigned statements)
{
    outcome o;
    if (run(conn, text, statements, &o) != AMEND_OK)
    {
        fail_msg("%s", o.error.message);
    }
}

static const char *query(amend_conn *conn, buf *text, unsigned statements)
{
    assert_true(statements > 0);
    const char *rows = harness_query(conn, buf_slice(text).data);
    buf_reset(text);
    return rows;
}

static const char *read_state(amend_conn *conn, buf *text, unsigned part)
{
    return query(conn, text, d->state(text, part));
}

/* A database with our tables. */
static amend_conn *start(buf *text)
{
    buf_init(text, &alloc_default);
    amend_conn *conn = harness_connect(":memory:");
    run_well(conn, text, d->create(text, &nothing));
    return conn;
}

static void an_empty_database(void **state)
{
    (void)state;
    buf text;
    buf_init(&text, &alloc_default);
    amend_conn *conn = harness_connect(":memory:");
    assert_string_equal(read_state(conn, &text, STATE_META), "|0|0|0|0|\n");
    for (unsigned part = STATE_HISTORY; part < STATE_PARTS; part++)
    {
        outcome o;
        assert_int_equal(run(conn, &text, d->state(&text, part), &o), AMEND_FAILED);
        assert_true(d->missing_table(&o.error));
    }
    run_well(conn, &text, d->create(&text, &nothing));
    assert_string_equal(read_state(conn, &text, STATE_META),
                        "|1|1|1|0|id:0,version:0,name:0,checksum:0,applied_at:0,execution_time_ms:0,git_commit:0\n");
    assert_string_equal(read_state(conn, &text, STATE_HISTORY), "");
    assert_string_equal(read_state(conn, &text, STATE_LOCK), "0|-|-|-|-|-|-|-|-|-\n");
    run_well(conn, &text, d->create(&text, &nothing)); /* again */
    buf_clear(&text);
    harness_close(conn);
}

static void only_what_lacks_is_made(void **state)
{
    (void)state;
    buf text;
    amend_conn *conn = start(&text);
    ledger all = nothing;
    all.has_history = all.has_events = all.has_lock = true;
    harness_do(conn, "DELETE FROM _migrations_lock");
    assert_int_equal(d->create(&text, &all), 1);
    run_well(conn, &text, 1);
    assert_string_equal(harness_query(conn, "SELECT id, fence FROM _migrations_lock"), "1|0\n");
    all.has_events = false;
    assert_int_equal(d->create(&text, &all), 2);
    buf_clear(&text);
    harness_close(conn);
}

static void times_are_the_databases(amend_conn *conn)
{
    assert_string_equal(harness_query(conn, "SELECT since LIKE '____-__-__T__:__:__.___Z', heartbeat >= since, "
                                            "abs(julianday('now') - julianday(heartbeat)) < 0.001 FROM _migrations_lock"),
                        "1|1|1\n");
}

static void the_lock_is_taken_and_given_back(void **state)
{
    (void)state;
    buf text;
    amend_conn *conn = start(&text);
    outcome o;
    assert_int_equal(run(conn, &text, d->guard(&text, &nothing, &own, 0), &o), AMEND_FAILED); /* not ours yet */
    assert_true(d->not_null(&o.error));
    run_well(conn, &text, d->acquire(&text, &nothing, &own));
    assert_string_equal(harness_query(conn, "SELECT fence, holder, host, pid FROM _migrations_lock"),
                        "1|boot/1/it's|höst|42\n");
    times_are_the_databases(conn);
    const char *held = read_state(conn, &text, STATE_LOCK);
    assert_memory_equal(held, "1|boot/1/it's|höst|42|20", strlen("1|boot/1/it's|höst|42|20"));
    /* whoever saw the same number comes too late */
    assert_int_equal(run(conn, &text, d->acquire(&text, &nothing, &own), &o), AMEND_FAILED);
    assert_true(d->not_null(&o.error));
    assert_false(d->missing_table(&o.error));
    harness_do(conn, "UPDATE _migrations_lock SET heartbeat = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 seconds')");
    int64_t age =
        atoll(harness_query(conn, "SELECT CAST(round((julianday('now') - julianday(heartbeat)) * 86400000) AS INTEGER) "
                                  "FROM _migrations_lock"));
    assert_true(age >= 9999 && age < 15000);
    run_well(conn, &text, d->guard(&text, &nothing, &own, 2000));
    times_are_the_databases(conn);
    /* taking over from a silent holder, unless it has been heard of since */
    harness_do(conn, "UPDATE _migrations_lock SET heartbeat = 'then'");
    lease over = {.seen = 1, .heartbeat = "before", .holder = "other", .host = "other", .pid = 7};
    assert_int_equal(run(conn, &text, d->acquire(&text, &nothing, &over), &o), AMEND_FAILED);
    assert_true(d->not_null(&o.error));
    over.heartbeat = "then";
    run_well(conn, &text, d->acquire(&text, &nothing, &over));
    harness_do(conn, "UPDATE _migrations_lock SET fence = 1");
    run_well(conn, &text, d->release(&text, &nothing, &own));
    assert_string_equal(read_state(conn, &text, STATE_LOCK), "1|-|-|-|-|-|-|-|-|-\n");
    /* the next one */
    lease next = own;
    next.seen = 1;
    run_well(conn, &text, d->acquire(&text, &nothing, &next));
    assert_int_equal(run(conn, &text, d->guard(&text, &nothing, &own, 0), &o), AMEND_FAILED);
    run_well(conn, &text, d->release(&text, &nothing, &own)); /* not ours any more: nothing happens */
    assert_string_equal(harness_query(conn, "SELECT fence, holder IS NULL FROM _migrations_lock"), "2|0\n");
    /* the row is gone: nobody else has the lock, but it can't be taken before the row is made again */
    harness_do(conn, "DELETE FROM _migrations_lock");
    run_well(conn, &text, d->guard(&text, &nothing, &next, 0));
    assert_int_equal(run(conn, &text, d->acquire(&text, &nothing, &next), &o), AMEND_FAILED);
    assert_true(d->not_null(&o.error));
    buf_clear(&text);
    harness_close(conn);
}

static const history_row first = {.version = "001",
                                  .name = "it's; \"first\"",
                                  .checksum = "00112233445566778899aabbccddeeff",
                                  .git_commit = "0123456789012345678901234567890123456789",
                                  .applied_at = "2026-11-03T12:00:00.123Z",
                                  .execution_time_ms = 17};
static const history_row second = {.version = "002", .name = "two", .checksum = "ff", .applied_at = "2026-11-03T12:00:01.000Z"};

static void history_is_written_and_read(void **state)
{
    (void)state;
    buf text;
    amend_conn *conn = start(&text);
    assert_string_equal(query(conn, &text, d->record(&text, &nothing, &first)), "001|2026-11-03T12:00:00.123Z|17\n");
    assert_string_equal(query(conn, &text, d->record(&text, &nothing, &second)), "002|2026-11-03T12:00:01.000Z|0\n");
    assert_string_equal(read_state(conn, &text, STATE_HISTORY),
                        "1|001|it's; \"first\"|00112233445566778899aabbccddeeff|2026-11-03T12:00:00.123Z|17|"
                        "0123456789012345678901234567890123456789|2026-11-03T12:00:00.123Z\n"
                        "2|002|two|ff|2026-11-03T12:00:01.000Z|0|-|2026-11-03T12:00:01.000Z\n");
    history_row changed = second;
    changed.checksum = "aa'";
    run_well(conn, &text, d->amend_checksum(&text, &nothing, &changed));
    assert_string_equal(harness_query(conn, "SELECT version, checksum FROM _migrations WHERE id = 2"), "002|aa'\n");
    assert_string_equal(query(conn, &text, d->forget(&text, &nothing, &first)), "001|2026-11-03T12:00:00.123Z|17\n");
    assert_string_equal(harness_query(conn, "SELECT version FROM _migrations"), "002\n");
    outcome o;
    run(conn, &text, d->record(&text, &nothing, &second), &o);
    assert_string_equal(o.error.message, "UNIQUE constraint failed: _migrations.version");
    assert_false(d->not_null(&o.error));
    buf_clear(&text);
    harness_close(conn);
}

static unsigned columns_of(const char *meta)
{
    static const struct
    {
        const char *name;
        unsigned flag;
    } known[] = {{"id:", HISTORY_ID},
                 {"version:", HISTORY_VERSION},
                 {"name:", HISTORY_NAME},
                 {"checksum:", HISTORY_CHECKSUM},
                 {"applied_at:", HISTORY_APPLIED_AT},
                 {"execution_time_ms:", HISTORY_EXECUTION_TIME},
                 {"git_commit:", HISTORY_GIT_COMMIT}};
    unsigned columns = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    {
        columns |= strstr(meta, known[i].name) == NULL ? 0 : known[i].flag;
    }
    return columns;
}

/* Tables that other tools, or people, have made. */
static void existing_histories_are_used(void **state)
{
    (void)state;
    static const struct
    {
        const char *sql, *rows;
    } tables[] = {
        {"CREATE TABLE _migrations(version TEXT, checksum TEXT); INSERT INTO _migrations VALUES('000', 'x')",
         "000|x|-\n001|00112233445566778899aabbccddeeff|-\n"},
        {"CREATE TABLE _migrations(Checksum VARCHAR(32), Version VARCHAR(10) PRIMARY KEY) WITHOUT ROWID",
         "00112233445566778899aabbccddeeff|001|-\n"},
        {"CREATE TABLE _migrations(id INTEGER PRIMARY KEY, version INTEGER, checksum TEXT, applied_at INTEGER, "
         "name TEXT DEFAULT 'n'); INSERT INTO _migrations VALUES(9, 7, 'x', 1700000000, 'a'), (8, 6, 'y', 1700000000.5, 'b')",
         "8|6|y|1700000000.5|b|2023-11-14T22:13:20.500Z\n9|7|x|1700000000|a|2023-11-14T22:13:20.000Z\n"
         "10|1|00112233445566778899aabbccddeeff|2026-11-03T12:00:00.123Z|it's; \"first\"|2026-11-03T12:00:00.123Z\n"},
        {"CREATE TABLE _migrations(version TEXT, checksum TEXT, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, extra);"
         "INSERT INTO _migrations VALUES('a', 'x', '2020-02-03 04:05:06', 1), ('b', 'x', '2020-02-03T04:05:06.123456Z', 1),"
         "('c', 'x', '2020-02-03 04:05:06+02:00', 1), ('d', 'x', 'once', 1), ('e', 'x', NULL, 1)",
         "a|x|2020-02-03 04:05:06|1|2020-02-03T04:05:06.000Z\nb|x|2020-02-03T04:05:06.123456Z|1|2020-02-03T04:05:06.123Z\n"
         "c|x|2020-02-03 04:05:06+02:00|1|2020-02-03T02:05:06.000Z\nd|x|once|1|once\ne|x|-|1|-\n"
         "001|00112233445566778899aabbccddeeff|2026-11-03T12:00:00.123Z|-|2026-11-03T12:00:00.123Z\n"},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
    {
        buf text;
        buf_init(&text, &alloc_default);
        amend_conn *conn = harness_connect(":memory:");
        harness_do(conn, tables[i].sql);
        ledger have = {.has_history = true, .columns = columns_of(read_state(conn, &text, STATE_META))};
        run_well(conn, &text, d->create(&text, &have));
        assert_string_equal(query(conn, &text, d->record(&text, &have, &first)), "001|2026-11-03T12:00:00.123Z|17\n");
        assert_string_equal(read_state(conn, &text, STATE_HISTORY), tables[i].rows);
        run_well(conn, &text, d->amend_checksum(&text, &have, &second));
        run_well(conn, &text, d->forget(&text, &have, &first));
        assert_string_equal(harness_query(conn, "SELECT 1 FROM _migrations WHERE version = '001'"), "");
        buf_clear(&text);
        harness_close(conn);
    }
}

static void write_event(amend_conn *conn, buf *text, const char *id, const char *version)
{
    const event_row row = {.id = id,
                           .type = "migration.applied",
                           .version = version,
                           .actor = "it's me",
                           .detail = "{\"a\":\"b;'\"}",
                           .at = "2026-11-03T12:00:00.123456Z",
                           .hash = "hash"};
    run_well(conn, text, d->event(text, &nothing, &row));
}

static void events_are_written_and_read(void **state)
{
    (void)state;
    buf text;
    amend_conn *conn = start(&text);
    write_event(conn, &text, "03", "001");
    write_event(conn, &text, "01", NULL);
    write_event(conn, &text, "02", "0'1");
#define EVENT(id, version)                                                                                                     \
    id "|2026-11-03T12:00:00.123456Z|migration.applied|" version "|-|it's me|-|-|{\"a\":\"b;'\"}|-|hash\n"
    assert_string_equal(query(conn, &text, d->events(&text, &nothing, NULL, 0)),
                        EVENT("01", "-") EVENT("02", "0'1") EVENT("03", "001"));
    assert_string_equal(query(conn, &text, d->events(&text, &nothing, NULL, 2)), EVENT("02", "0'1") EVENT("03", "001"));
    assert_string_equal(query(conn, &text, d->events(&text, &nothing, "0'1", 2)), EVENT("02", "0'1"));
    assert_string_equal(query(conn, &text, d->events(&text, &nothing, "9", 0)), "");
    assert_string_equal(query(conn, &text, d->events(&text, &nothing, "001", SIZE_MAX)), EVENT("03", "001"));
    assert_string_equal(read_state(conn, &text, STATE_LOCK), "0|-|-|-|-|-|-|03|hash|migration.applied\n");
    buf_clear(&text);
    harness_close(conn);
}

/* A ledger with a schema: the same tables in an attached database. */
static void names_are_qualified(void **state)
{
    (void)state;
    buf text;
    buf_init(&text, &alloc_default);
    amend_conn *conn = harness_connect(":memory:");
    harness_do(conn, "ATTACH ':memory:' AS \"a\"\"b\"");
    ledger there = {.schema = "a\"b", .columns = HISTORY_ALL};
    run_well(conn, &text, d->create(&text, &there));
    run_well(conn, &text, d->acquire(&text, &there, &own));
    run_well(conn, &text, d->record(&text, &there, &first));
    assert_string_equal(harness_query(conn, "SELECT version FROM \"a\"\"b\"._migrations"), "001\n");
    assert_string_equal(harness_query(conn, "SELECT count(*) FROM main.sqlite_master"), "0\n");
    buf_clear(&text);
    harness_close(conn);
}

static void session_settings_are_put_back(void **state)
{
    (void)state;
    buf text;
    amend_conn *conn = start(&text);
    harness_do(conn, "BEGIN; PRAGMA legacy_alter_table=ON; PRAGMA recursive_triggers=ON; PRAGMA writable_schema=ON;"
                     "PRAGMA ignore_check_constraints=ON; PRAGMA defer_foreign_keys=ON; PRAGMA case_sensitive_like=ON");
    run_well(conn, &text, d->reset_session(&text));
    assert_string_equal(harness_query(conn,
                                      "PRAGMA legacy_alter_table; PRAGMA recursive_triggers; PRAGMA writable_schema; PRAGMA "
                                      "ignore_check_constraints; PRAGMA defer_foreign_keys; SELECT 'a' LIKE 'A'"),
                        "0\n0\n0\n0\n0\n1\n");
    buf_clear(&text);
    harness_close(conn);
}

/* The words in the order in which the engine uses them: a failed step leaves nothing, those before it stay. */
static void steps_are_savepoints(void **state)
{
    (void)state;
    const tx_words *w = d->words;
    for (int rebuild = 0; rebuild < 2; rebuild++)
    {
        amend_conn *conn = harness_connect(":memory:");
        harness_do(conn, rebuild ? w->batch_begin_rebuild : w->batch_begin);
        assert_false(driver_sqlite.idle(conn));
        harness_do(conn, w->step_begin);
        harness_do(conn, "CREATE TABLE one(x)");
        harness_do(conn, w->step_end);
        harness_do(conn, w->step_begin);
        harness_do(conn, "CREATE TABLE two(x)");
        harness_do(conn, w->step_abort);
        harness_do(conn, rebuild ? w->batch_end_rebuild : w->batch_end);
        assert_true(driver_sqlite.idle(conn));
        assert_string_equal(harness_query(conn, "SELECT name FROM sqlite_master"), "one\n");
        harness_do(conn, w->batch_begin);
        harness_do(conn, "CREATE TABLE three(x)");
        harness_do(conn, w->batch_abort);
        assert_string_equal(harness_query(conn, "SELECT name FROM sqlite_master"), "one\n");
        harness_close(conn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_database),
        cmocka_unit_test(only_what_lacks_is_made),
        cmocka_unit_test(the_lock_is_taken_and_given_back),
        cmocka_unit_test(history_is_written_and_read),
        cmocka_unit_test(existing_histories_are_used),
        cmocka_unit_test(events_are_written_and_read),
        cmocka_unit_test(names_are_qualified),
        cmocka_unit_test(session_settings_are_put_back),
        cmocka_unit_test(steps_are_savepoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
