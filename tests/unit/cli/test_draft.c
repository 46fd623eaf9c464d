/* SPDX-License-Identifier: MIT */
#include "cli/draft.h"

#include "support/tempdir.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void expect_text(const tempdir *dir, const char *text)
{
    char *found = tempdir_read(dir, "out");
    assert_string_equal(found, text);
    free(found);
}

static void test_replaces_when_whole(void **state)
{
    pool p = {0};
    tempdir dir;
    draft d;
    amend_error error = {0};
    (void)state;
    tempdir_make(&dir);
    tempdir_write(&dir, "out", "before");
    const char *path = pool_text(&p, tempdir_path(&dir, "out"));
    assert_int_equal(draft_begin(&p, path, &d, &error), AMEND_OK);
    fputs("after", d.file);
    expect_text(&dir, "before");
    assert_int_equal(draft_end(&d, AMEND_OK, &error), AMEND_OK);
    expect_text(&dir, "after");
    assert_int_equal(access(d.name, F_OK), -1);
    tempdir_remove(&dir);
    pool_clear(&p);
}

static void test_keeps_what_was_there(void **state)
{
    pool p = {0};
    tempdir dir;
    draft d;
    amend_error error = {0};
    (void)state;
    tempdir_make(&dir);
    tempdir_write(&dir, "out", "before");
    const char *path = pool_text(&p, tempdir_path(&dir, "out"));
    assert_int_equal(draft_begin(&p, path, &d, &error), AMEND_OK);
    assert_int_equal(draft_end(&d, AMEND_FAILED, &error), AMEND_FAILED);
    expect_text(&dir, "before");
    assert_int_equal(access(d.name, F_OK), -1);
    assert_int_equal(error.code, 0);
    tempdir_remove(&dir);
    pool_clear(&p);
}

static void test_refused(void **state)
{
    pool p = {0};
    tempdir dir;
    draft d;
    amend_error error = {0};
    (void)state;
    tempdir_make(&dir);
    assert_int_equal(draft_begin(&p, tempdir_path(&dir, "no/such/file"), &d, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_CREATE);
    assert_int_equal(draft_begin(&p, pool_text(&p, dir.path), &d, &error), AMEND_OK); /* a directory: seen by the rename */
    assert_int_equal(draft_end(&d, AMEND_OK, &error), AMEND_FAILED);
    assert_non_null(strstr(error.message, "can't write"));
    assert_int_equal(access(d.name, F_OK), -1);
    tempdir_remove(&dir);
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaces_when_whole),
        cmocka_unit_test(test_keeps_what_was_there),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
