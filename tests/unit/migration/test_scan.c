/* SPDX-License-Identifier: MIT */
/* What scan makes of real directories. Which names are what is in test_filename.c, the layouts in
 * tests/cases/migration/catalogs.txt. */
#include "migration/scan.h"

#include "base/alloc.h"
#include "base/error.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct fixture
{
    tempdir dir;
    arena *a;
    scan s;
    amend_error error;
} fixture;

static int set_up(void **state)
{
    static fixture x;
    tempdir_make(&x.dir);
    x.a = arena_new(&alloc_default);
    x.s = (scan){0};
    *state = &x;
    return x.a == NULL;
}

static int tear_down(void **state)
{
    fixture *x = *state;
    scan_close(&x->s);
    arena_free(x->a);
    tempdir_remove(&x->dir);
    return 0;
}

static amend_status open_at(fixture *x, const char *dir)
{
    scan_close(&x->s);
    return scan_open(&x->s, x->a, x->a, dir, NULL, 0, &x->error);
}

static void test_lists_a_directory(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "versions/002_b.sql", "");
    tempdir_write(&x->dir, "versions/001_a.sql", "");
    tempdir_write(&x->dir, "versions/.hidden.sql", "");
    tempdir_write(&x->dir, "down/001_a_down.sql", "");
    assert_int_equal(open_at(x, x->dir.path), AMEND_OK);
    assert_false(x->s.flat);
    assert_int_equal(x->s.ups.count, 2);
    assert_string_equal(x->s.ups.items[0]->version, "001");
    assert_string_equal(x->s.ups.items[0]->name, "a");
    assert_string_equal(x->s.ups.items[0]->base, "001_a.sql");
    assert_string_equal(x->s.ups.items[0]->path, tempdir_path(&x->dir, "versions/001_a.sql"));
    assert_int_equal(x->s.ups.items[0]->folder, FOLDER_VERSIONS);
    assert_int_equal(x->s.downs.count, 1);
    assert_int_equal(x->s.skipped.count, 0);
    assert_true(x->s.folders[FOLDER_DOWN] != NULL);
}

static void test_slashes_at_the_directorys_end(void **state)
{
    fixture *x = *state;
    char dir[300];
    tempdir_write(&x->dir, "001_a.sql", "");
    snprintf(dir, sizeof dir, "%s//", x->dir.path);
    assert_int_equal(open_at(x, dir), AMEND_OK);
    assert_true(x->s.flat);
    assert_string_equal(x->s.ups.items[0]->path, tempdir_path(&x->dir, "001_a.sql"));
    assert_int_equal(open_at(x, "/"), AMEND_OK);
}

static void test_names_with_quotes_and_spaces(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "it's \"it\"/001_a name.sql", "");
    tempdir_write(&x->dir, "it's \"it\"/002_a'name.sql", "");
    assert_int_equal(open_at(x, tempdir_path(&x->dir, "it's \"it\"")), AMEND_OK);
    assert_int_equal(x->s.ups.count, 1);
    assert_string_equal(x->s.ups.items[0]->name, "a name");
    assert_int_equal(x->s.skipped.count, 1);
    assert_non_null(strstr(x->s.skipped.items[0]->path, "002_a'name.sql"));
}

static void test_missing_directory(void **state)
{
    fixture *x = *state;
    assert_int_equal(open_at(x, tempdir_path(&x->dir, "absent")), AMEND_USAGE);
    assert_int_equal(x->error.code, AMEND_E_DIR_MISSING);
    assert_string_equal(x->error.file, tempdir_path(&x->dir, "absent"));
    assert_int_equal(scan_open(&x->s, x->a, x->a, "/nowhere/at/all", NULL, 0, NULL), AMEND_USAGE);
}

static void test_a_file_in_the_directorys_place(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "file", "");
    assert_int_equal(open_at(x, tempdir_path(&x->dir, "file")), AMEND_FAILED);
    assert_int_equal(x->error.code, AMEND_E_DIR_READ);
    assert_non_null(strstr(x->error.message, strerror(ENOTDIR)));
}

/* A link that leads to itself can't be opened by root either. */
static void test_folders_that_can_not_be_opened(void **state)
{
    fixture *x = *state;
    assert_int_equal(symlink("versions", tempdir_path(&x->dir, "versions")), 0);
    assert_int_equal(open_at(x, x->dir.path), AMEND_FAILED);
    assert_int_equal(x->error.code, AMEND_E_DIR_READ);
    assert_non_null(strstr(x->error.message, "/versions\": "));
    assert_int_equal(unlink(tempdir_path(&x->dir, "versions")), 0);
    assert_int_equal(symlink("down", tempdir_path(&x->dir, "down")), 0);
    assert_int_equal(open_at(x, x->dir.path), AMEND_FAILED);
    assert_non_null(strstr(x->error.message, "/down\": "));
}

static void test_a_file_in_a_folders_place_is_no_folder(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "versions", "");
    tempdir_write(&x->dir, "001_a.sql", "");
    assert_int_equal(open_at(x, x->dir.path), AMEND_OK);
    assert_true(x->s.flat);
}

static void test_knows_regular_files(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "001_a.sql", "");
    tempdir_folder(&x->dir, "002_b.sql");
    assert_int_equal(open_at(x, x->dir.path), AMEND_OK);
    assert_int_equal(x->s.ups.count, 2);
    assert_false(x->s.ups.items[1]->regular);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_lists_a_directory),
        WITH_DIR(test_slashes_at_the_directorys_end),
        WITH_DIR(test_names_with_quotes_and_spaces),
        WITH_DIR(test_missing_directory),
        WITH_DIR(test_a_file_in_the_directorys_place),
        WITH_DIR(test_folders_that_can_not_be_opened),
        WITH_DIR(test_a_file_in_a_folders_place_is_no_folder),
        WITH_DIR(test_knows_regular_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
