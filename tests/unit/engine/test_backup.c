/* SPDX-License-Identifier: MIT */
#include "engine/backup.h"

#include "base/alloc.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many directories there are: whole ones, and halves. */
static unsigned count(const char *dir, bool partial)
{
    unsigned found = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
    {
        found += e->d_name[0] != '.' && slice_ends(slice_of(e->d_name), SLICE(".partial")) == partial;
    }
    if (d != NULL)
    {
        closedir(d);
    }
    return found;
}

/* ---------------------------------------------------------------------------------------------------------- the whole file */

static void three_files(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_one.sql", "CREATE TABLE one (id INT); INSERT INTO one VALUES (1);");
    assert_int_equal(harness_up(h), AMEND_OK);
    harness_file(h, "002_two.sql", "INSERT INTO one VALUES (2); CREATE TABLE two (id INT);");
    harness_file(h, "003_three.sql", "INSERT INTO nowhere VALUES (1);");
}

static amend_status up_with(harness *h, backup *b, char dir[300])
{
    snprintf(dir, 300, "%s", tempdir_path(&h->dir, "backups"));
    *b = (backup){.dir = dir};
    h->session.backup = b;
    amend_status status = harness_up(h);
    h->session.backup = NULL;
    return status;
}

static void test_put_back(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    three_files(&h);
    assert_int_equal(up_with(&h, &b, dir), AMEND_FAILED);
    assert_true(b.made);
    assert_true(b.restored);
    assert_int_equal(h.error.code, AMEND_E_STATEMENT);
    assert_non_null(strstr(h.error.hint, "as it was before the run"));
    harness_expect(&h, "SELECT id FROM one", "1\n");
    harness_expect(&h, "SELECT count(*) FROM sqlite_schema WHERE name = 'two'", "0\n");
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    harness_expect(&h, "SELECT type, version FROM _migration_events ORDER BY id DESC LIMIT 2",
                   "backup.restored|\nmigration.failed|003\n");
    harness_expect(&h, "SELECT count(*) FROM _migrations_lock WHERE holder IS NULL", "1\n");
    assert_int_equal(h.told[AMEND_EVENT_BACKUP_MADE], 1);
    assert_int_equal(h.told[AMEND_EVENT_BACKUP_RESTORED], 1);
    assert_int_equal(h.outcome.done, 0);
    assert_int_equal(h.outcome.results[0].state, AMEND_STATE_APPLIED); /* none */
    assert_null(h.outcome.results[0].step);
    assert_int_equal(count(dir, false), 1);
    harness_close(&h);
}

/* The second step, as it begins, finds that somebody has written. */
static void write_meanwhile(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_MIGRATION_FAILED)
    {
        harness_sql(h, "CREATE TABLE theirs (x)");
    }
}

static void test_not_put_back(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    three_files(&h);
    h.hook = write_meanwhile;
    assert_int_equal(up_with(&h, &b, dir), AMEND_FAILED);
    assert_true(b.made);
    assert_false(b.restored);
    assert_non_null(strstr(h.said, "another program has written to the database since the backup"));
    assert_non_null(strstr(h.said, "amend restore"));
    harness_expect(&h, "SELECT version FROM _migrations", "001\n002\n");
    harness_close(&h);
}

static void spoil_backup(harness *h, const amend_event *e)
{
    char path[DEPOT_PATH];
    if (e->type == AMEND_EVENT_MIGRATION_FAILED)
    {
        const backup *b = h->session.backup;
        assert_true(depot_file(b->depot.path, "database.sqlite", path));
        assert_int_equal(truncate(path, 100), 0);
    }
}

static void test_cannot_be_put_back(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    three_files(&h);
    h.hook = spoil_backup;
    assert_int_equal(up_with(&h, &b, dir), AMEND_FAILED);
    assert_false(b.restored);
    assert_non_null(strstr(h.said, "could not be put back as it was"));
    harness_expect(&h, "SELECT version FROM _migrations", "001\n002\n");
    harness_expect(&h, "PRAGMA integrity_check", "ok\n");
    harness_close(&h);
}

/* Somebody takes the lock as soon as it can be had again: the trail is theirs then, and what it lacks is said. */
static void take_lock(harness *h, const amend_event *e)
{
    if (e->type == AMEND_EVENT_BACKUP_MADE)
    {
        const backup *b = h->session.backup;
        char sql[DEPOT_PATH + 200];
        snprintf(sql, sizeof sql,
                 "ATTACH '%s/database.sqlite' AS b; UPDATE b._migrations_lock SET holder = 'x/1/2/3', fence = 'text'",
                 b->depot.path);
        harness_sql(h, sql);
    }
}

static void test_the_trail_cannot_be_written(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    three_files(&h);
    harness_sql(&h, "CREATE TRIGGER t BEFORE INSERT ON _migration_events WHEN NEW.type = 'backup.restored'"
                    " BEGIN SELECT RAISE(ABORT, 'no more'); END");
    assert_int_equal(up_with(&h, &b, dir), AMEND_FAILED);
    assert_true(b.restored);
    assert_non_null(strstr(h.said, "the audit trail does not tell of it: no more"));
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    harness_close(&h);
    three_files(&h);
    h.hook = take_lock;
    assert_int_equal(up_with(&h, &b, dir), AMEND_FAILED);
    assert_true(b.restored);
    harness_close(&h);
}

static void test_not_made(void **state)
{
    (void)state;
    harness h;
    backup b = {.dir = "/proc/nowhere"};
    three_files(&h);
    h.session.backup = &b;
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_BACKUP);
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    harness_expect(&h, "SELECT count(*) FROM _migrations_lock WHERE holder IS NULL", "1\n");
    assert_int_equal(h.told[AMEND_EVENT_MIGRATION_FAILED], 0);
    b = (backup){.dir = tempdir_path(&h.dir, "backups")};
    atomic_store(&h.session.cancelled, true);
    assert_int_equal(harness_up(&h), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_CANCELLED);
    harness_expect(&h, "SELECT version FROM _migrations", "001\n");
    h.session.backup = NULL;
    harness_close(&h);
}

static void test_contended(void **state)
{
    (void)state;
    harness h;
    backup b;
    char dir[300];
    sqlite3 *other;
    three_files(&h);
    sqlite3_open(h.url, &other);
    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    assert_int_equal(up_with(&h, &b, dir), AMEND_LOCKED);
    assert_false(b.made);
    assert_int_equal(count(dir, false) + count(dir, true), 0);
    sqlite3_close(other);
    harness_close(&h);
}

/* Each allocation fails in turn: the database is what it was, or the run says that nothing was put back. */
static void test_short_of_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        harness h;
        faulty_alloc f;
        outcome out;
        amend_run run = AMEND_RUN_INIT;
        amend_error error = {0};
        three_files(&h);
        harness_ready(&h);
        backup b = {.dir = tempdir_path(&h.dir, "backups")};
        session s = h.session;
        s.conn = NULL;
        s.backup = &b;
        s.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
        arena *a = arena_new(s.allocator);
        f.fail_at = f.calls + n;
        amend_status status = apply(&s, a, &h.catalog, plan_up, NULL, &run, &out, &error);
        bool failed = f.failures > 0;
        assert_int_equal(status, AMEND_FAILED);
        if (b.made && !b.restored)
        {
            bool said = strstr(h.said, "could not be put back") != NULL;
            const char *rows = harness_query(&h, "SELECT count(*) FROM _migrations");
            assert_true(said || strcmp(rows, "1\n") == 0);
        }
        else
        {
            harness_expect(&h, "SELECT version FROM _migrations", "001\n");
        }
        assert_int_equal(count(b.dir, true), 0);
        session_close(&s);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_close(&h);
        if (!failed)
        {
            assert_int_equal(error.code, AMEND_E_STATEMENT);
            return;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------------- tables */

#define SAVE_LOOK "WITH RECURSIVE w(n, nsp"
static const char *const column_names[] = {"n", "attname", "type", "key"};
#define COLUMN(...)                                                                                                            \
    {                                                                                                                          \
        .match = SAVE_LOOK, .columns = 4, .names = column_names, .values = (const char *const[]){__VA_ARGS__}, .times = 1      \
    }
#define DATA                                                                                                                   \
    {                                                                                                                          \
        .match = "COPY (SELECT", .copied = "1\tone\n"                                                                          \
    }

static const deed dropped = {.kind = DEED_DROP_TABLE};
static const suspect about = {.deed = &dropped};
static loss lost[] = {
    {.kind = LOSS_COLUMN, .of = &about, .schema = {"public", 6}, .table = {"t", 1}, .column = {"a", 1}, .rows = 3},
    {.kind = LOSS_VALUES, .of = &about, .schema = {"public", 6}, .table = {"t", 1}, .column = {"b", 1}, .rows = 3},
    {.kind = LOSS_ROWS, .of = &about, .schema = {"public", 6}, .table = {"empty", 5}, .rows = 0},
};
static loss_entry entries[] = {
    {.loss = &lost[0], .file = "f"}, {.loss = &lost[1], .file = "f"}, {.loss = &lost[2], .file = "f"}};

/* A run of one migration; what it loses is told by `l`, and the backup goes to `t`. */
static amend_status fake_up(harness *h, tempdir *t, backup *b, losses *l)
{
    tempdir_make(t);
    *l = (losses){.entries = entries, .count = 3};
    *b = (backup){.dir = t->path, .losses = l};
    harness_file(h, "001_one.sql", "ALTER TABLE t DROP COLUMN a;");
    h->session.backup = b;
    return harness_up(h);
}

static void test_tables(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, COLUMN("0", "a", "integer", "0"), DATA);
    tempdir t;
    backup b;
    losses l;
    assert_int_equal(fake_up(&h, &t, &b, &l), AMEND_OK);
    assert_true(b.made);
    assert_int_equal(count(t.path, false), 1);
    char name[DEPOT_PATH];
    assert_true(depot_file(b.depot.path, "1-public.t.copy", name));
    char *text = tempdir_read(&t, name + strlen(t.path) + 1);
    assert_string_equal(text, "1\tone\n");
    free(text);
    const char *begin = strstr(h.script.log, "BEGIN ISOLATION LEVEL REPEATABLE READ"), *end = strstr(begin, "ROLLBACK\n");
    assert_non_null(end);
    assert_true(strstr(begin, "COPY (SELECT \"a\" FROM \"public\".\"t\") TO STDOUT") < end);
    assert_true(strstr(h.script.log, "ALTER TABLE t") > end);
    harness_close(&h);
    tempdir_remove(&t);
}

static void test_nothing_to_save(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH);
    tempdir t;
    backup b;
    losses l;
    for (size_t i = 0; i < 2; i++)
    {
        lost[i].rows = 0;
    }
    assert_int_equal(fake_up(&h, &t, &b, &l), AMEND_OK);
    assert_false(b.made);
    assert_non_null(strstr(h.said, "nothing to back up"));
    backup_foretell(&h.session, &b);
    lost[0].kind = LOSS_UNCLEAR;
    lost[0].measure = LOSS_UNKNOWN;
    entries[0].what = "it";
    backup_foretell(&h.session, &b);
    assert_non_null(strstr(h.said, "can't be told, so it can't be backed up"));
    assert_int_equal(fake_up(&h, &t, &b, &l), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_BACKUP);
    lost[0].kind = LOSS_COLUMN;
    lost[0].measure = LOSS_EXACT;
    lost[0].rows = lost[1].rows = 3;
    backup_foretell(&h.session, &b);
    assert_non_null(strstr(h.said, "1 table would be backed up"));
    harness_close(&h);
    tempdir_remove(&t);
}

static void test_tables_that_fail(void **state)
{
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_code code;
    } cases[] = {
        {"BEGIN ISOLATION", AMEND_FAULT_STATEMENT, AMEND_E_BACKUP}, {SAVE_LOOK, AMEND_FAULT_STATEMENT, AMEND_E_BACKUP},
        {SAVE_LOOK, AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},     {"COPY (", AMEND_FAULT_STATEMENT, AMEND_E_BACKUP},
        {"COPY (", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},      {"COPY (", AMEND_FAULT_BUSY, AMEND_E_BACKUP},
        {"backup.made", AMEND_FAULT_STATEMENT, AMEND_E_BACKUP},     {"backup.made", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, {.match = cases[i].match, .fault = cases[i].fault}, HARNESS_FRESH, COLUMN("0", "a", "integer", "0"),
                     DATA);
        tempdir t;
        backup b;
        losses l;
        assert_int_not_equal(fake_up(&h, &t, &b, &l), AMEND_OK);
        if (h.error.code != cases[i].code)
        {
            fail_msg("%zu: AM%04d %s", i, (int)h.error.code, h.error.message);
        }
        assert_false(b.made);
        assert_int_equal(count(t.path, true) + count(t.path, false), 0);
        assert_true(cases[i].fault == AMEND_FAULT_LOST || !h.script.in_tx);
        assert_null(strstr(h.script.log, "ALTER TABLE t"));
        harness_close(&h);
        tempdir_remove(&t);
    }
    HARNESS_FAKE(h, HARNESS_FRESH); /* no column: the table is gone */
    tempdir t;
    backup b;
    losses l;
    assert_int_equal(fake_up(&h, &t, &b, &l), AMEND_FAILED);
    assert_non_null(strstr(h.error.message, "is gone, or has no column to save"));
    harness_close(&h);
    tempdir_remove(&t);
}

/* The copy lasts for longer than the lease: it is renewed; and when another runner has taken the lock, nothing runs. */
static void test_a_long_copy(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HARNESS_FRESH, COLUMN("0", "a", "integer", "0"),
                 {.match = HARNESS_GUARD, .fault = AMEND_FAULT_STATEMENT, .sqlstate = "23502", .conn = 2},
                 {.match = "COPY (SELECT", .copied = "1\n", .idle = 1});
    tempdir t;
    backup b;
    losses l;
    assert_int_equal(fake_up(&h, &t, &b, &l), AMEND_LOCKED);
    assert_int_equal(h.error.code, AMEND_E_LOCK_LOST);
    assert_false(b.made);
    assert_int_equal(h.script.opened, 2);
    harness_close(&h);
    tempdir_remove(&t);
}

static void test_tables_short_of_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        HARNESS_FAKE(h, HARNESS_FRESH, COLUMN("0", "a", "integer", "0"), DATA);
        faulty_alloc f;
        outcome out;
        amend_run run = AMEND_RUN_INIT;
        amend_error error = {0};
        tempdir t;
        tempdir_make(&t);
        harness_file(&h, "001_one.sql", "ALTER TABLE t DROP COLUMN a;");
        harness_ready(&h);
        losses l = {.entries = entries, .count = 3};
        backup b = {.dir = t.path, .losses = &l};
        session s = h.session;
        s.conn = NULL;
        s.backup = &b;
        s.allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
        arena *a = arena_new(s.allocator);
        f.fail_at = f.calls + n;
        amend_status status = apply(&s, a, &h.catalog, plan_up, NULL, &run, &out, &error);
        bool failed = f.failures > 0;
        assert_true(status == AMEND_OK || !b.made || count(t.path, false) == 1);
        assert_int_equal(count(t.path, true), 0);
        assert_true(b.made || strstr(h.script.log, "ALTER TABLE t") == NULL);
        session_close(&s);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        harness_close(&h);
        tempdir_remove(&t);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_back),           cmocka_unit_test(test_not_put_back),
        cmocka_unit_test(test_cannot_be_put_back), cmocka_unit_test(test_the_trail_cannot_be_written),
        cmocka_unit_test(test_not_made),           cmocka_unit_test(test_contended),
        cmocka_unit_test(test_short_of_memory),    cmocka_unit_test(test_tables),
        cmocka_unit_test(test_nothing_to_save),    cmocka_unit_test(test_tables_that_fail),
        cmocka_unit_test(test_a_long_copy),        cmocka_unit_test(test_tables_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
