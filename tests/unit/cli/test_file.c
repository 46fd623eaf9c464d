/* SPDX-License-Identifier: MIT */
#include "cli/file.h"

#include "support/tempdir.h"
#include "support/testing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_read(void **state)
{
    pool p = {0};
    tempdir d;
    (void)state;
    tempdir_make(&d);
    tempdir_write(&d, "small", "text");
    assert_string_equal(file_read(&p, tempdir_path(&d, "small")), "text");
    tempdir_write(&d, "empty", "");
    assert_string_equal(file_read(&p, tempdir_path(&d, "empty")), "");
    for (size_t size = 4094; size < 4098; size++)
    {
        char *text = pool_alloc(&p, size + 1);
        memset(text, 'x', size);
        tempdir_write(&d, "page", text);
        assert_string_equal(file_read(&p, tempdir_path(&d, "page")), text);
    }
    assert_null(file_read(&p, tempdir_path(&d, "none")));
    assert_int_equal(errno, ENOENT);
    assert_null(file_read(&p, d.path));
    assert_int_equal(errno, EISDIR);
    size_t huge = (size_t)2 << 20;
    char *text = pool_alloc(&p, huge + 1);
    memset(text, 'x', huge);
    tempdir_write(&d, "huge", text);
    assert_null(file_read(&p, tempdir_path(&d, "huge")));
    assert_int_equal(errno, EFBIG);
    tempdir_remove(&d);
    pool_clear(&p);
}

static void test_load(void **state)
{
    pool p = {0};
    tempdir d;
    size_t length = 0;
    (void)state;
    tempdir_make(&d);
    size_t size = 10000;
    char *text = pool_alloc(&p, size + 1);
    memset(text, 'x', size);
    tempdir_write(&d, "long", text);
    assert_string_equal(file_load(&p, tempdir_path(&d, "long"), NULL, 20000, &length), text);
    assert_int_equal(length, size);
    assert_non_null(file_load(&p, tempdir_path(&d, "long"), "xxx", 20000, &length)); /* only its beginning */
    assert_in_range(length, 3, size - 1);
    assert_non_null(file_load(&p, tempdir_path(&d, "long"), "xxy", 20000, &length));
    assert_int_equal(length, size);
    assert_null(file_load(&p, tempdir_path(&d, "long"), NULL, 9000, &length));
    assert_int_equal(errno, EFBIG);
    tempdir_remove(&d);
    pool_clear(&p);
}

static void test_directories(void **state)
{
    pool p = {0};
    tempdir d;
    bool made;
    (void)state;
    tempdir_make(&d);
    assert_true(file_make_directories(&p, tempdir_path(&d, "a/b/c"), &made));
    assert_true(made);
    assert_true(file_make_directories(&p, tempdir_path(&d, "a/b/c"), &made));
    assert_false(made);
    tempdir_write(&d, "file", "");
    assert_false(file_make_directories(&p, tempdir_path(&d, "file"), &made));
    assert_int_equal(errno, ENOTDIR);
    assert_false(file_make_directories(&p, tempdir_path(&d, "file/x"), &made));
    assert_int_equal(errno, ENOTDIR);
    tempdir_remove(&d);
    pool_clear(&p);
}

static void test_pool(void **state)
{
    pool p = {0};
    int *numbers = NULL;
    (void)state;
    for (int i = 0; i < 100; i++)
    {
        numbers = pool_grow(&p, numbers, (size_t)i, sizeof *numbers);
        numbers[i] = i;
    }
    for (int i = 0; i < 100; i++)
    {
        assert_int_equal(numbers[i], i);
    }
    assert_null(pool_text(&p, NULL));
    assert_string_equal(pool_copy(&p, "abc", 2), "ab");
    assert_string_equal(pool_format(&p, "%s", ""), "");
    pool_clear(&p);
    assert_null(p.blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_load),
                                       cmocka_unit_test(test_directories), cmocka_unit_test(test_pool)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
