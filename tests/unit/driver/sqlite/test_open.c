/* SPDX-License-Identifier: MIT */
/* Opening files in every state that they can be in, and what looking at them leaves behind. */
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"
#include "driver/sqlite/harness.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct place
{
    tempdir dir;
    char path[512], url[600];
} place;

static int set_up(void **state)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    tempdir_make(&p->dir);
    snprintf(p->path, sizeof p->path, "%s", tempdir_path(&p->dir, "app.db"));
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    tempdir_remove(&p->dir);
    free(p);
    return 0;
}

/* The names and sizes of all files in it, sorted. Static storage. */
static const char *listing(const place *p)
{
    static char text[2048];
    struct dirent **names;
    size_t len = 0;
    int count = scandir(p->dir.path, &names, NULL, alphasort);
    assert_true(count >= 0);
    text[0] = '\0';
    for (int i = 0; i < count; i++)
    {
        struct stat st;
        assert_int_equal(stat(tempdir_path(&p->dir, names[i]->d_name), &st), 0);
        if (S_ISREG(st.st_mode))
        {
            len += (size_t)snprintf(text + len, sizeof text - len, "%s %lld\n", names[i]->d_name, (long long)st.st_size);
        }
        free(names[i]);
    }
    free(names);
    return text;
}

static void expect_failure(const char *url, bool read_only, amend_code code, const char *message)
{
    outcome o;
    amend_conn *conn = harness_open(url, read_only, &o);
    if (conn != NULL)
    {
        fail_msg("%s was opened", url);
    }
    assert_int_equal(o.error.code, code);
    assert_int_equal(o.fault.kind, code == AMEND_E_BUSY ? AMEND_FAULT_BUSY : AMEND_FAULT_DENIED);
    if (strstr(o.error.message, message) == NULL)
    {
        fail_msg("\"%s\" is not in \"%s\"", message, o.error.message);
    }
}

static void a_file_is_made(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    assert_string_equal(harness_query_in(p->path, "SELECT * FROM t"), "1\n");
    snprintf(p->url, sizeof p->url, "sqlite://%s", p->path);
    assert_string_equal(harness_query_in(p->url, "SELECT * FROM t"), "1\n");
    snprintf(p->url, sizeof p->url, "file:%s?mode=ro", p->path);
    assert_string_equal(harness_query_in(p->url, "SELECT * FROM t"), "1\n");
}

static void names_may_be_odd(void **state)
{
    place *p = *state;
    static const char *const names[] = {"it's \"a\" file.db", "100%.db", "a?b#c.db", "ä ü.db", "-x", "a;b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        harness_do_in(tempdir_path(&p->dir, names[i]), "CREATE TABLE t(x)");
        assert_int_equal(access(tempdir_path(&p->dir, names[i]), F_OK), 0);
    }
    snprintf(p->url, sizeof p->url, "sqlite:%s/q%%3fh%%23p%%25.db?mode=rwc&foreign_keys=on", p->dir.path);
    harness_do_in(p->url, "CREATE TABLE t(x)");
    assert_int_equal(access(tempdir_path(&p->dir, "q?h#p%.db"), F_OK), 0);
}

static void memory_leaves_no_file(void **state)
{
    place *p = *state;
    assert_int_equal(chdir(p->dir.path), 0);
    harness_do_in(":memory:", "CREATE TABLE t(x)");
    harness_do_in("sqlite::memory:?foreign_keys=on", "CREATE TABLE t(x)");
    harness_do_in("file::memory:", "CREATE TABLE t(x)");
    harness_do_in("sqlite:x?mode=memory", "CREATE TABLE t(x)");
    assert_string_equal(listing(p), "");
    harness_do_in("here.db", "CREATE TABLE t(x)");
    harness_do_in("sqlite:file:odd.db", "CREATE TABLE t(x)");
    assert_int_equal(access("here.db", F_OK), 0);
    assert_int_equal(access("file:odd.db", F_OK), 0);
    expect_failure("sqlite:no/such/app.db", false, AMEND_E_OPEN_FILE, "the directory \"no/such\" does not exist");
    assert_int_equal(chdir("/"), 0);
}

static void foreign_keys_as_asked(void **state)
{
    (void)state;
    assert_string_equal(harness_query_in("sqlite::memory:?foreign_keys=on", "PRAGMA foreign_keys"), "1\n");
    assert_string_equal(harness_query_in("sqlite::memory:?foreign_keys=off", "PRAGMA foreign_keys"), "0\n");
    assert_string_equal(harness_query_in("sqlite::memory:?synchronous=off", "PRAGMA synchronous"), "0\n");
    assert_string_equal(harness_query_in("sqlite::memory:?synchronous=Extra&foreign_keys=on", "PRAGMA synchronous"), "3\n");
    assert_string_equal(harness_query_in("sqlite::memory:", "PRAGMA synchronous"), "2\n");
}

static void wrong_urls_are_refused(void **state)
{
    (void)state;
    expect_failure("sqlite:app.db?colour=red", false, AMEND_E_URL, "\"colour\"");
    expect_failure("sqlite:", true, AMEND_E_URL, "no path");
    expect_failure("sqlite:x.db?mode=nosuch", false, AMEND_E_STATEMENT, "no such access mode: nosuch");
    expect_failure("sqlite:x.db?vfs=nosuch", false, AMEND_E_STATEMENT, "no such vfs: nosuch");
}

/* A directory with a name of that many letters. */
static void expect_too_long(size_t length)
{
    char path[6000];
    memset(path, 'd', length);
    memcpy(path, "/tmp/", 5);
    memcpy(path + length, "/a.db", 6);
    expect_failure(path, false, AMEND_E_OPEN_FILE,
                   length < 1000 ? "can't be used: File name too long" : "the directory \"/tmp/");
}

static void what_is_missing_is_named(void **state)
{
    place *p = *state;
    char message[600];
    for (int read_only = 0; read_only < 2; read_only++)
    {
        snprintf(p->url, sizeof p->url, "%s/no/app.db", p->dir.path);
        snprintf(message, sizeof message, "the directory \"%s/no\" does not exist", p->dir.path);
        expect_failure(p->url, read_only, AMEND_E_OPEN_FILE, message);
        expect_failure(p->dir.path, read_only, AMEND_E_OPEN_FILE, "is a directory");
        tempdir_write(&p->dir, "plain", "text");
        snprintf(p->url, sizeof p->url, "%s/plain/app.db", p->dir.path);
        expect_failure(p->url, read_only, AMEND_E_OPEN_FILE, "plain\" is not a directory");
        snprintf(p->url, sizeof p->url, "%s/plain/more/app.db", p->dir.path);
        expect_failure(p->url, read_only, AMEND_E_OPEN_FILE, "plain/more\" can't be used: Not a directory");
    }
    snprintf(p->url, sizeof p->url, "sqlite:%s?mode=rw", p->path);
    expect_failure(p->url, false, AMEND_E_OPEN_FILE, "app.db\" does not exist");
    expect_too_long(300);
    expect_too_long(5000);
}

static void what_is_no_database_is_said(void **state)
{
    place *p = *state;
    char text[5000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    tempdir_write(&p->dir, "app.db", text);
    for (int read_only = 0; read_only < 2; read_only++)
    {
        expect_failure(p->path, read_only, AMEND_E_FILE_NOT_DATABASE, "app.db\" is not a SQLite database");
    }
    char *after = tempdir_read(&p->dir, "app.db");
    assert_string_equal(after, text);
    free(after);
    assert_string_equal(listing(p), "app.db 4999\n");
}

static void damage(const place *p, long offset, const char *with, size_t size)
{
    FILE *f = fopen(p->path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(with, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static void damage_is_said(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "PRAGMA page_size=512; CREATE TABLE t(x); CREATE TABLE u(x)");
    damage(p, 100, "\xff\xff\xff\xff", 4); /* the schema's first page */
    for (int read_only = 0; read_only < 2; read_only++)
    {
        expect_failure(p->path, read_only, AMEND_E_DATABASE_CORRUPT, "app.db\" is damaged: ");
    }
}

/* A table's page, which opening does not read. */
static void damage_is_said_when_it_is_met(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "PRAGMA page_size=512; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    damage(p, 512, "\xff\xff\xff\xff", 4);
    amend_conn *conn = harness_connect(p->path);
    outcome o;
    harness_run(conn, "SELECT * FROM t", NULL, &o);
    assert_int_equal(o.error.code, AMEND_E_DATABASE_CORRUPT);
    assert_int_equal(o.fault.kind, AMEND_FAULT_STATEMENT);
    harness_close(conn);
}

static void a_locked_database_is_busy(void **state)
{
    place *p = *state;
    amend_conn *first = harness_connect(p->path);
    harness_do(first, "CREATE TABLE t(x); BEGIN EXCLUSIVE");
    expect_failure(p->path, false, AMEND_E_BUSY, "database is locked");
    expect_failure(p->path, true, AMEND_E_BUSY, "database is locked");
    harness_close(first);
    harness_close(harness_connect(p->path));
}

/* ----------------------------------------------------------------------------------------------------------- only looking */

static amend_conn *look(const char *url)
{
    outcome o;
    amend_conn *conn = harness_open(url, true, &o);
    if (conn == NULL)
    {
        fail_msg("%s: %s", url, o.error.message);
    }
    return conn;
}

static void expect_no_writing(amend_conn *conn)
{
    outcome o;
    harness_run(conn, "CREATE TABLE not_made(x)", NULL, &o);
    assert_int_equal(o.error.code, AMEND_E_READ_ONLY);
}

static void looking_makes_no_file(void **state)
{
    place *p = *state;
    static const char *const forms[] = {"%s", "sqlite:%s", "sqlite:%s?foreign_keys=on", "sqlite:%s?mode=rwc", "file:%s"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    {
        snprintf(p->url, sizeof p->url, forms[i], p->path);
        amend_conn *conn = look(p->url);
        assert_string_equal(harness_query(conn, "SELECT count(*) FROM sqlite_master"), "0\n");
        expect_no_writing(conn);
        harness_close(conn);
        assert_string_equal(listing(p), "");
    }
}

static void looking_changes_nothing(void **state)
{
    place *p = *state;
    tempdir_write(&p->dir, "app.db", ""); /* an empty file is an empty database */
    amend_conn *conn = look(p->path);
    expect_no_writing(conn);
    harness_close(conn);
    assert_string_equal(listing(p), "app.db 0\n");
    harness_do_in(p->path, "CREATE TABLE t(x); INSERT INTO t VALUES(5)");
    char before[256];
    snprintf(before, sizeof before, "%s", listing(p));
    conn = look(p->path);
    assert_string_equal(harness_query(conn, "SELECT * FROM t"), "5\n");
    expect_no_writing(conn);
    assert_string_equal(listing(p), before);
    harness_close(conn);
    assert_string_equal(listing(p), before);
}

static void looking_at_a_wal_database_leaves_no_files(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(5)");
    char before[256];
    snprintf(before, sizeof before, "%s", listing(p));
    assert_null(strstr(before, "-wal"));
    amend_conn *conn = look(p->path);
    assert_string_equal(harness_query(conn, "SELECT * FROM t; PRAGMA journal_mode"), "5\nwal\n");
    expect_no_writing(conn);
    harness_close(conn);
    assert_string_equal(listing(p), before);
}

/* What a killed program left in its -wal is read, and left where it is. */
static void looking_keeps_a_wal(void **state)
{
    place *p = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
    {
        harness_do(harness_connect(p->path), "PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(5)");
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    char before[256];
    snprintf(before, sizeof before, "%s", listing(p));
    assert_non_null(strstr(before, "-wal"));
    amend_conn *conn = look(p->path);
    assert_string_equal(harness_query(conn, "SELECT * FROM t"), "5\n");
    harness_close(conn);
    assert_string_equal(listing(p), before);
    assert_string_equal(harness_query_in(p->path, "SELECT * FROM t"), "5\n");
    assert_null(strstr(listing(p), "-wal"));
}

static void the_journal_mode_is_left_as_found(void **state)
{
    place *p = *state;
    static const char *const modes[] = {"delete", "wal", "truncate"};
    for (size_t i = 0; i < 2; i++)
    {
        char sql[100], expected[20];
        snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", modes[i]);
        snprintf(expected, sizeof expected, "%s\n", modes[i]);
        harness_do_in(p->path, sql);
        harness_do_in(p->path, "CREATE TABLE IF NOT EXISTS t(x)");
        assert_string_equal(harness_query_in(p->path, "PRAGMA journal_mode"), expected);
    }
}

/* --------------------------------------------------------------------------------------------------------- no permission */

/* Root may do everything: run `work` as nobody, in a child. It returns how many of its expectations failed. */
static void run_as_nobody(place *p, int (*work)(place *p))
{
    assert_int_equal(chmod(p->dir.path, 0777), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
    {
        _exit(geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0) ? 99 : work(p));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool failed_with(const outcome *o, amend_code code, const char *message)
{
    bool good = o->error.code == code && strstr(o->error.message, message) != NULL;
    if (!good)
    {
        fprintf(stderr, "%d: %s\n", o->error.code, o->error.message);
    }
    return good;
}

static int write_as_nobody(place *p)
{
    outcome o;
    amend_conn *conn = harness_open(p->path, false, &o);
    if (conn == NULL)
    {
        fprintf(stderr, "%s\n", o.error.message);
        return 1;
    }
    harness_run(conn, "BEGIN IMMEDIATE; CREATE TABLE u(x)", NULL, &o);
    bool good = failed_with(&o, AMEND_E_READ_ONLY, "readonly database");
    harness_close(conn);
    return !good;
}

static void a_read_only_file_is_said_when_writing(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "CREATE TABLE t(x)");
    assert_int_equal(chmod(p->path, 0444), 0);
    run_as_nobody(p, write_as_nobody);
}

static int write_beside_as_nobody(place *p)
{
    outcome o;
    amend_conn *conn = harness_open(p->path, false, &o);
    if (conn == NULL)
    {
        return 1;
    }
    harness_run(conn, "CREATE TABLE u(x)", NULL, &o); /* the journal can't be made */
    bool good = failed_with(&o, AMEND_E_READ_ONLY, "");
    harness_close(conn);
    return !good;
}

static int open_as_nobody(place *p)
{
    outcome o;
    amend_conn *conn = harness_open(p->path, false, &o);
    return conn != NULL || !failed_with(&o, AMEND_E_OPEN_FILE, "app.db\" can't be opened: Permission denied");
}

static int make_as_nobody(place *p)
{
    outcome o;
    amend_conn *conn = harness_open(tempdir_path(&p->dir, "closed/new.db"), false, &o);
    return conn != NULL || !failed_with(&o, AMEND_E_OPEN_FILE, "new.db\" can't be made: Permission denied");
}

static void no_permission_is_said(void **state)
{
    place *p = *state;
    harness_do_in(p->path, "CREATE TABLE t(x)");
    assert_int_equal(chmod(p->path, 0), 0);
    run_as_nobody(p, open_as_nobody);
    tempdir_folder(&p->dir, "closed");
    const char *closed = tempdir_path(&p->dir, "closed");
    assert_int_equal(chmod(closed, 0555), 0);
    run_as_nobody(p, make_as_nobody);
    /* Open while the file is made, and again for the end: only root could do without. */
    assert_int_equal(chmod(closed, 0755), 0);
    snprintf(p->path, sizeof p->path, "%s", tempdir_path(&p->dir, "closed/app.db"));
    harness_do_in(p->path, "CREATE TABLE t(x)");
    assert_int_equal(chmod(p->path, 0666), 0);
    assert_int_equal(chmod(closed, 0555), 0);
    run_as_nobody(p, write_beside_as_nobody);
    assert_int_equal(chmod(closed, 0755), 0);
}

/* The library's count of its memory is off in a process of our own, and asking too late is harmless. */
static void memory_is_not_counted(void **state)
{
    place *p = *state;
    sqlite3_shutdown();
    driver_sqlite.own_process();
    harness_do_in(p->path, "CREATE TABLE t(x)");
    driver_sqlite.own_process();
    amend_conn *conn = harness_connect(p->path);
    assert_int_equal(sqlite3_memory_used(), 0);
    harness_close(conn);
    sqlite3_shutdown();
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_may_be_odd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_leaves_no_file, set_up, tear_down),
        cmocka_unit_test(foreign_keys_as_asked),
        cmocka_unit_test(wrong_urls_are_refused),
        cmocka_unit_test_setup_teardown(what_is_missing_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_said_when_it_is_met, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_locked_database_is_busy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_makes_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_at_a_wal_database_leaves_no_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(looking_keeps_a_wal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_journal_mode_is_left_as_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_read_only_file_is_said_when_writing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_permission_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_not_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
