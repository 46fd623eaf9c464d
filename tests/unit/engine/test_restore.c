/* SPDX-License-Identifier: MIT */
#include "engine/restore.h"

#include "base/alloc.h"
#include "engine/backup.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A backup that a run has left, of a database that went on. */
static void make(harness *h, backup *b, char dir[300])
{
    harness_sqlite(h);
    snprintf(dir, 300, "%s", tempdir_path(&h->dir, "backups"));
    harness_file(h, "001_one.sql", "CREATE TABLE one (id INT); INSERT INTO one VALUES (1);");
    assert_int_equal(harness_up(h), AMEND_OK);
    harness_file(h, "002_two.sql", "DELETE FROM one;");
    *b = (backup){.dir = dir};
    h->session.backup = b;
    assert_int_equal(harness_up(h), AMEND_OK);
    h->session.backup = NULL;
    session_close(&h->session);
}

static amend_status back(harness *h, const char *dir, bool looking)
{
    restore r = {.dir = dir, .looking = looking};
    h->error = (amend_error){0};
    h->said[0] = '\0';
    return restore_run(&h->session, h->arena, &r, &h->error);
}

static void test_the_whole_file(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    make(&h, &b, dir);
    assert_int_equal(back(&h, b.depot.path, true), AMEND_OK);
    harness_expect(&h, "SELECT version FROM _migrations", "001\n002\n");
    assert_int_equal(back(&h, b.depot.path, false), AMEND_OK);
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    harness_expect(&h, "SELECT type FROM _migration_events ORDER BY id DESC LIMIT 1", "backup.restored\n");
    harness_expect(&h, "SELECT count(*) FROM _migrations_lock WHERE holder IS NULL", "1\n");
    harness_close(&h);
}

static void test_another_is_at_work(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300], holder[LOCK_HOLDER_SIZE], sql[500];
    sqlite3 *other;
    make(&h, &b, dir);
    lock_holder(holder);
    snprintf(sql, sizeof sql,
             "UPDATE _migrations_lock SET holder = '%s', heartbeat = strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', 'now', '+1 hour')",
             holder);
    harness_sql(&h, sql);
    assert_int_equal(back(&h, b.depot.path, false), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCKED);
    harness_sql(&h, "UPDATE _migrations_lock SET holder = NULL, heartbeat = NULL");
    sqlite3_open(h.url, &other);
    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    assert_int_equal(back(&h, b.depot.path, false), AMEND_LOCKED);
    sqlite3_exec(other, "ROLLBACK; BEGIN; SELECT * FROM one", NULL, NULL, NULL);
    assert_int_not_equal(back(&h, b.depot.path, false), AMEND_OK); /* a reader keeps writers out, in this journal mode */
    sqlite3_close(other);
    harness_expect(&h, "SELECT version FROM _migrations", "001\n002\n");
    assert_int_equal(back(&h, b.depot.path, false), AMEND_OK);
    harness_close(&h);
}

static void test_the_trail_cannot_be_written(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    harness_sqlite(&h);
    harness_file(&h, "001_one.sql", "CREATE TABLE one (id INT);");
    assert_int_equal(harness_up(&h), AMEND_OK);
    harness_sql(&h, "CREATE TRIGGER t BEFORE INSERT ON _migration_events WHEN NEW.type = 'backup.restored'"
                    " BEGIN SELECT RAISE(ABORT, 'no more'); END");
    snprintf(dir, sizeof dir, "%s", tempdir_path(&h.dir, "backups"));
    harness_file(&h, "002_two.sql", "CREATE TABLE two (id INT);");
    b = (backup){.dir = dir};
    h.session.backup = &b;
    assert_int_equal(harness_up(&h), AMEND_OK);
    h.session.backup = NULL;
    assert_int_equal(back(&h, b.depot.path, false), AMEND_OK);
    assert_non_null(strstr(h.said, "the audit trail does not tell of it: no more"));
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    harness_close(&h);
}

static void test_paths(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300], longer[DEPOT_PATH + 10];
    make(&h, &b, dir);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(back(&h, longer, false), AMEND_FAILED);
    assert_int_equal(back(&h, "/", false), AMEND_FAILED);
    assert_int_equal(back(&h, "//", false), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_BACKUP);
    restore r = {.dir = b.depot.path, .into = "x"};
    assert_int_equal(restore_run(&h.session, h.arena, &r, NULL), AMEND_USAGE);
    harness_close(&h);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        harness h;
        faulty_alloc f;
        backup b;
        char dir[300];
        amend_error error = {0};
        make(&h, &b, dir);
        session s = h.session;
        s.conn = NULL;
        s.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
        arena *a = arena_new(s.allocator);
        restore r = {.dir = b.depot.path};
        f.fail_at = f.calls + n;
        amend_status status = restore_run(&s, a, &r, &error);
        bool failed = f.failures > 0;
        if (status != AMEND_OK)
        {
            assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
        }
        harness_expect(&h, "SELECT count(*) FROM _migrations", status == AMEND_OK ? "1\n" : "2\n");
        session_close(&s);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_close(&h);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            return;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------------- tables */

static const char *const live_names[] = {"n", "attname", "writable", "sequence"}, *const filled_names[] = {"filled"};
#define LIVE(...)                                                                                                              \
    {                                                                                                                          \
        .match = "CASE WHEN a.attgenerated", .columns = 4, .names = live_names, .values = (const char *const[]){__VA_ARGS__},  \
        .times = 1                                                                                                             \
    }
#define FILLED(value)                                                                                                          \
    {                                                                                                                          \
        .match = "SELECT CASE WHEN EXISTS", .columns = 1, .names = filled_names, .values = (const char *const[])               \
        {                                                                                                                      \
            value                                                                                                              \
        }                                                                                                                      \
    }

/* The backup of a table with a key `id`, which lost its rows. */
static const char *tables_backup(const tempdir *t, unsigned key)
{
    static saved_column columns[] = {{.name = "id", .type = "integer"}};
    static char dir[DEPOT_PATH], name[256];
    char path[DEPOT_PATH], shown[100], hash[HASH_HEX];
    int64_t bytes;
    amend_error error = {0};
    buf text;
    columns[0].key = key;
    tempdir_write(t, "b/1.copy", "1\n2\n");
    snprintf(dir, sizeof dir, "%s", tempdir_path(t, "b"));
    assert_true(depot_file(dir, "1.copy", path));
    assert_int_equal(depot_hash(path, hash, &bytes, &error), AMEND_OK);
    fake_driver.describe("", shown, sizeof shown, name, sizeof name);
    manifest_table table = {.saved = {.schema = "public", .name = "t", .columns = columns, .column_count = 1},
                            .object = "public.t",
                            .rows = 2,
                            .file = {.name = "1.copy", .hash = hash, .bytes = bytes}};
    const manifest m = {
        .dialect = "postgres", .database = name, .made_at = "then", .run = "001 up", .tables = &table, .table_count = 1};
    buf_init(&text, &alloc_default);
    assert_int_equal(manifest_write(&m, &text, &error), AMEND_OK);
    tempdir_write(t, "b/manifest.json", text.data);
    buf_clear(&text);
    return dir;
}

static void test_tables_that_fail(void **state)
{
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_code code;
    } cases[] = {
        {"BEGIN READ WRITE", AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT},
        {"CASE WHEN a.attgenerated", AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT},
        {"LOCK TABLE", AMEND_FAULT_BUSY, AMEND_E_BUSY},
        {"COPY \"public\"", AMEND_FAULT_STATEMENT, AMEND_E_BACKUP},
        {"COPY \"public\"", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
        {"pg_catalog.setval", AMEND_FAULT_STATEMENT, AMEND_E_BACKUP},
        {"backup.restored", AMEND_FAULT_STATEMENT, AMEND_E_STATEMENT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, {.match = cases[i].match, .fault = cases[i].fault}, HARNESS_FRESH, LIVE("0", "id", "1", "s"),
                     FILLED("0"));
        tempdir t;
        tempdir_make(&t);
        assert_int_not_equal(back(&h, tables_backup(&t, 1), false), AMEND_OK);
        if (h.error.code != cases[i].code)
        {
            fail_msg("%zu: AM%04d %s", i, (int)h.error.code, h.error.message);
        }
        bool lost = cases[i].fault == AMEND_FAULT_LOST;
        assert_true(lost || !h.script.in_tx);
        assert_true((strstr(h.script.log, "ROLLBACK\n") != NULL) != lost);
        harness_close(&h);
        tempdir_remove(&t);
    }
}

static void test_what_becomes_of_tables(void **state)
{
    (void)state;
    static const struct
    {
        const char *writable, *filled;
        unsigned key;
        amend_status status;
        const char *words;
    } cases[] = {
        {"1", "0", 0, AMEND_OK, "COPY \"public\".\"t\" (\"id\") FROM STDIN"},
        {"1", "1", 1, AMEND_OK, "INSERT INTO \"public\".\"t\" (\"id\") OVERRIDING SYSTEM VALUE"},
        {"0", "0", 1, AMEND_FAILED, "has no column that could take \"id\""},
        {"1", "1", 0, AMEND_FAILED, "has rows, and no primary key"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        for (int looking = 0; looking < 2; looking++)
        {
            HARNESS_FAKE(h, HARNESS_FRESH, LIVE("0", "id", cases[i].writable, NULL), FILLED(cases[i].filled));
            tempdir t;
            tempdir_make(&t);
            assert_int_equal(back(&h, tables_backup(&t, cases[i].key), looking == 1), cases[i].status);
            const char *in = cases[i].status == AMEND_OK ? h.script.log : h.error.message;
            if (strstr(in, cases[i].words) == NULL)
            {
                fail_msg("%zu: %s", i, in);
            }
            assert_false(h.script.in_tx);
            bool kept = cases[i].status == AMEND_OK && looking == 0;
            assert_true((strstr(h.script.log, "ROLLBACK\n") == NULL) == kept);
            assert_int_equal(strstr(h.script.log, HARNESS_RELEASE) != NULL || looking == 1, true);
            harness_close(&h);
            tempdir_remove(&t);
        }
    }
}

static void test_the_lease_is_lost(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, LIVE("0", "id", "1", NULL), FILLED("0"),
                 {.match = HARNESS_GUARD, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502", .conn = 2},
                 {.match = "COPY \"public\"", .idle = 1});
    tempdir t;
    tempdir_make(&t);
    assert_int_equal(back(&h, tables_backup(&t, 1), false), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    harness_close(&h);
    tempdir_remove(&t);
}

static void test_tables_short_of_memory(void **state)
{
    (void)state;
    for (int into = 0; into < 2; into++)
    {
        bool more = true;
        for (size_t n = 1; more; n++)
        {
            HARNESS_FAKE(h, HARNESS_FRESH, LIVE("0", "id", "1", "s"), FILLED("1"));
            faulty_alloc f;
            tempdir t;
            amend_error error = {0};
            tempdir_make(&t);
            const char *dir = tables_backup(&t, 1);
            session s = h.session;
            s.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
            arena *a = arena_new(s.allocator);
            restore r = {.dir = dir, .into = into == 1 ? "rescued" : NULL};
            f.fail_at = f.calls + n;
            amend_status status = restore_run(&s, a, &r, &error);
            more = f.failures > 0;
            assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
            assert_true(more || status == AMEND_OK);
            assert_false(h.script.in_tx);
            session_close(&s);
            arena_free(a);
            assert_int_equal(faulty_alloc_clear(&f), 0);
            harness_close(&h);
            tempdir_remove(&t);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_file),
        cmocka_unit_test(test_another_is_at_work),
        cmocka_unit_test(test_the_trail_cannot_be_written),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_short_of_memory),
        cmocka_unit_test(test_tables_that_fail),
        cmocka_unit_test(test_what_becomes_of_tables),
        cmocka_unit_test(test_the_lease_is_lost),
        cmocka_unit_test(test_tables_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
