/* SPDX-License-Identifier: MIT */
#include "migration/create.h"

#include "base/alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

static tempdir dir;
static arena *a;
static amend_created made;
static amend_error error;

static int set_up(void **state)
{
    (void)state;
    tempdir_make(&dir);
    a = arena_new(&alloc_default);
    return a == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(a);
    tempdir_remove(&dir);
    return 0;
}

/* With the catalog as the directory is now; without one when it is absent. */
static amend_status create_in(const char *path, const char *name, unsigned flags)
{
    catalog c;
    amend_status status = catalog_load(a, path, NULL, 0, &c, &error);
    if (status != AMEND_OK)
    {
        assert_int_equal(error.code, AMEND_E_DIR_MISSING);
    }
    return migration_create(status == AMEND_OK ? &c : NULL, path, name, flags, &made, &error);
}

static void expect_made(const char *version, const char *up, const char *down)
{
    assert_string_equal(made.version, version);
    assert_string_equal(made.up, tempdir_path(&dir, up));
    assert_string_equal(made.down, tempdir_path(&dir, down));
    assert_int_equal(access(made.up, R_OK), 0);
    assert_int_equal(access(made.down, R_OK), 0);
}

static void test_makes_the_directories(void **state)
{
    (void)state;
    assert_int_equal(create_in(tempdir_path(&dir, "db/migrations"), "add users", 0), AMEND_OK);
    expect_made("001", "db/migrations/versions/001_add_users.sql", "db/migrations/down/001_add_users_down.sql");
    assert_int_equal(create_in(tempdir_path(&dir, "db/migrations"), "größe-2.0", 0), AMEND_OK);
    expect_made("002", "db/migrations/versions/002_größe-2.0.sql", "db/migrations/down/002_größe-2.0_down.sql");
}

static void test_what_it_makes_can_be_loaded(void **state)
{
    (void)state;
    assert_int_equal(create_in(dir.path, "first", 0), AMEND_OK);
    assert_int_equal(create_in(dir.path, "second", 0), AMEND_OK);
    catalog c;
    assert_int_equal(catalog_load(a, dir.path, NULL, 0, &c, &error), AMEND_OK);
    assert_int_equal(c.count, 2);
    assert_int_equal(c.problem_count, 0);
    assert_string_equal(c.items[1].name, "second");
    assert_non_null(c.items[1].down_file);
    assert_false(c.items[1].head.has_depends || c.items[1].head.transaction_off || c.items[1].head.stray_line != 0);
    char *text = tempdir_read(&dir, "versions/002_second.sql");
    assert_non_null(strstr(text, "-- 002 second: "));
    free(text);
}

static void test_flat_layout_and_padding(void **state)
{
    (void)state;
    tempdir_write(&dir, "00008_a.sql", "");
    tempdir_write(&dir, "00009_b.sql", "");
    assert_int_equal(create_in(dir.path, "c", 0), AMEND_OK);
    expect_made("00010", "00010_c.sql", "00010_c.down.sql");
    assert_int_equal(access(tempdir_path(&dir, "versions"), F_OK), -1);
}

static void test_flat_layout_with_up_in_the_names(void **state)
{
    (void)state;
    tempdir_write(&dir, "9_a.up.sql", "");
    assert_int_equal(create_in(dir.path, "b", 0), AMEND_OK);
    expect_made("10", "10_b.up.sql", "10_b.down.sql");
}

static void test_next_is_above_a_lone_down_script(void **state)
{
    (void)state;
    tempdir_write(&dir, "versions/001_a.sql", "");
    tempdir_write(&dir, "down/002_gone_down.sql", "");
    assert_int_equal(create_in(dir.path, "b", 0), AMEND_OK);
    assert_string_equal(made.version, "003");
}

static void test_next_of_a_reordered_catalog(void **state)
{
    (void)state;
    tempdir_write(&dir, "001_a.sql", "-- amend:depends 003");
    tempdir_write(&dir, "003_b.sql", "-- amend:depends none");
    assert_int_equal(create_in(dir.path, "c", 0), AMEND_OK);
    assert_string_equal(made.version, "004");
}

static void test_timestamps(void **state)
{
    (void)state;
    assert_int_equal(create_in(dir.path, "a", AMEND_NEW_TIMESTAMP), AMEND_OK);
    assert_int_equal(strlen(made.version), 14);
    assert_int_equal(strncmp(made.version, "20", 2), 0);
    /* once there are timestamps, the next is one too; in the same second it counts on */
    char last[72];
    for (int i = 0; i < 3; i++)
    {
        memcpy(last, made.version, sizeof last);
        assert_int_equal(create_in(dir.path, "b", 0), AMEND_OK);
        assert_int_equal(strlen(made.version), 14);
        assert_true(version_compare(made.version, last) > 0);
    }
}

static void test_timestamp_above_a_later_one(void **state)
{
    (void)state;
    tempdir_write(&dir, "versions/20991231235959_a.sql", "");
    assert_int_equal(create_in(dir.path, "b", AMEND_NEW_TIMESTAMP), AMEND_OK);
    assert_string_equal(made.version, "20991231235960");
}

static void test_large_numbers(void **state)
{
    (void)state;
    tempdir_write(&dir, "versions/99999999999999999999_a.sql", "");
    assert_int_equal(create_in(dir.path, "b", 0), AMEND_OK);
    assert_string_equal(made.version, "100000000000000000000");
    tempdir_write(&dir, "versions/9999999999999999999999999999999999999999999999999999999999999999_a.sql", "");
    assert_int_equal(create_in(dir.path, "c", 0), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "  ",  ".",    "..",     ".hidden", "a/b",     "../a", "it's", "a\"b",
                                      "a\nb", "a;b", "x.up", "x.down", ".sql",    "gr\xf6n", "a\\b", "…",    "😀"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    {
        if (create_in(dir.path, bad[i], 0) != AMEND_USAGE || error.code != AMEND_E_NAME_INVALID)
        {
            fail_msg("\"%s\" was taken", bad[i]);
        }
    }
    assert_int_equal(access(tempdir_path(&dir, "versions"), F_OK), -1);
    assert_int_equal(create_in(dir.path, "  scale down.sql ", 0), AMEND_OK);
    expect_made("001", "versions/001_scale_down.sql", "down/001_scale_down_down.sql");
}

static void test_names_that_are_too_long(void **state)
{
    (void)state;
    char name[400];
    memset(name, 'x', sizeof name);
    name[300] = '\0';
    assert_int_equal(create_in(dir.path, name, 0), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_NAME_INVALID);
    name[252] = '\0'; /* the system's limit is 255 for the whole */
    assert_int_equal(create_in(dir.path, name, 0), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    name[240] = '\0';
    char deep[1024];
    snprintf(deep, sizeof deep, "%s/%0300d", dir.path, 1);
    assert_int_equal(migration_create(NULL, deep, name, 0, &made, &error), AMEND_USAGE);
    assert_non_null(strstr(error.message, "too long"));
    assert_int_equal(migration_create(NULL, deep, name, 0, &made, NULL), AMEND_USAGE);
}

static void test_never_overwrites(void **state)
{
    (void)state;
    tempdir_write(&dir, "versions/001_a.sql", "-- mine");
    assert_int_equal(migration_create(NULL, dir.path, "a", 0, &made, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    assert_non_null(strstr(error.message, strerror(EEXIST)));
    assert_string_equal(error.file, tempdir_path(&dir, "versions/001_a.sql"));
    char *text = tempdir_read(&dir, "versions/001_a.sql");
    assert_string_equal(text, "-- mine");
    free(text);
}

/* The second file is in the way: the first goes again. */
static void test_leaves_nothing_when_it_fails(void **state)
{
    (void)state;
    tempdir_folder(&dir, "down/001_a_down.sql");
    assert_int_equal(migration_create(NULL, dir.path, "a", 0, &made, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    assert_int_equal(access(tempdir_path(&dir, "versions/001_a.sql"), F_OK), -1);
}

static void test_directory_that_can_not_be_made(void **state)
{
    (void)state;
    tempdir_write(&dir, "file", "");
    assert_int_equal(migration_create(NULL, tempdir_path(&dir, "file/migrations"), "a", 0, &made, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    assert_non_null(strstr(error.message, strerror(ENOTDIR)));
    assert_int_equal(migration_create(NULL, tempdir_path(&dir, "file"), "a", 0, &made, NULL), AMEND_FAILED);
    static char path[5000];
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(migration_create(NULL, path, "a", 0, &made, &error), AMEND_USAGE);
}

/* A limit on files' sizes stands in for a full disk. */
static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit before, none = {0, 0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    amend_status status = migration_create(NULL, dir.path, "a", 0, &made, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    assert_int_equal(access(tempdir_path(&dir, "versions/001_a.sql"), F_OK), -1);
}

static void test_compiled_in_files_have_no_directory(void **state)
{
    (void)state;
    const amend_file files[] = {{"001_a.sql", "", 0}};
    catalog c;
    assert_int_equal(catalog_load(a, NULL, files, 1, &c, &error), AMEND_OK);
    assert_int_equal(migration_create(&c, dir.path, "b", 0, &made, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_makes_the_directories),
        WITH_DIR(test_what_it_makes_can_be_loaded),
        WITH_DIR(test_flat_layout_and_padding),
        WITH_DIR(test_flat_layout_with_up_in_the_names),
        WITH_DIR(test_next_is_above_a_lone_down_script),
        WITH_DIR(test_next_of_a_reordered_catalog),
        WITH_DIR(test_timestamps),
        WITH_DIR(test_timestamp_above_a_later_one),
        WITH_DIR(test_large_numbers),
        WITH_DIR(test_names),
        WITH_DIR(test_names_that_are_too_long),
        WITH_DIR(test_never_overwrites),
        WITH_DIR(test_leaves_nothing_when_it_fails),
        WITH_DIR(test_directory_that_can_not_be_made),
        WITH_DIR(test_full_disk),
        WITH_DIR(test_compiled_in_files_have_no_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
