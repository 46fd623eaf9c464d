/* SPDX-License-Identifier: MIT */
#include "migration/source.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/hash.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static amend_error error;

static amend_status normalise(slice raw, buf *out, char checksum[CHECKSUM_HEX])
{
    buf_init(out, &alloc_default);
    buf_add(out, raw);
    return source_normalise("f.sql", out, checksum, &error);
}

static void test_normalises(void **state)
{
    (void)state;
    static const struct
    {
        slice raw;
        const char *text;
    } cases[] = {
        {{"", 0}, ""},
        {{"a\nb\n", 4}, "a\nb\n"},
        {{"\xef\xbb\xbf", 3}, ""},
        {{"\xef\xbb\xbf"
          "a\r\nb\r\n",
          9},
         "a\nb\n"},
        {{"a\r\n", 3}, "a\n"},
        {{"\r\n\r\n", 4}, "\n\n"},
        {{"a\rb\r\nc\r", 7}, "a\rb\nc\r"},
        {{"\r", 1}, "\r"},
        {{"a\r\r\nb", 5}, "a\r\nb"},
        {{"a\xef\xbb\xbf"
          "b",
          5},
         "a\xef\xbb\xbf"
         "b"}, /* only at the beginning it is a mark */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        buf out;
        char checksum[CHECKSUM_HEX], hex[HASH_HEX];
        assert_int_equal(normalise(cases[i].raw, &out, checksum), AMEND_OK);
        slice expected = slice_of(cases[i].text);
        assert_true(slice_equal(buf_slice(&out), expected));
        assert_true(out.data == NULL || out.data[out.len] == '\0');
        hash_hex(&expected, 1, hex);
        assert_int_equal(strlen(checksum), 32);
        assert_memory_equal(checksum, hex, 32);
        buf_clear(&out);
    }
}

static void test_says_where_it_is_no_utf8(void **state)
{
    (void)state;
    buf out;
    slice raw = SLICE("\xef\xbb\xbfone\r\ntwo gr\xf6\xdf"
                      "e x\r\n");
    assert_int_equal(normalise(raw, &out, NULL), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_UTF8);
    assert_string_equal(error.message, "\"f.sql\" is not UTF-8: byte 0xF6");
    assert_string_equal(error.file, "f.sql");
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 7);
    assert_int_equal(error.caret, 7);
    assert_string_equal(error.excerpt, "two gr??e x");
    assert_int_equal(source_normalise("f.sql", &out, NULL, NULL), AMEND_FAILED);
    buf_clear(&out);
}

static void test_refuses_nul_bytes(void **state)
{
    (void)state;
    buf out;
    assert_int_equal(normalise(SLICE("a\nb\0c"), &out, NULL), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_UTF8);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 2);
    buf_clear(&out);
    assert_int_equal(normalise(SLICE("\xff\xfe"
                                     "a\0b\0"),
                               &out, NULL),
                     AMEND_FAILED);
    assert_int_equal(error.column, 1);
    buf_clear(&out);
}

static void test_a_buffer_without_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    buf out;
    buf_init(&out, faulty_alloc_init(&f, 1, FAULTY_ONCE));
    buf_text(&out, "x");
    assert_int_equal(source_normalise("f.sql", &out, NULL, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
}

typedef struct fixture
{
    tempdir dir;
    int fd;
    buf text;
} fixture;

static int set_up(void **state)
{
    static fixture x;
    tempdir_make(&x.dir);
    x.fd = open(x.dir.path, O_RDONLY | O_DIRECTORY);
    buf_init(&x.text, &alloc_default);
    *state = &x;
    return x.fd < 0;
}

static int tear_down(void **state)
{
    fixture *x = *state;
    close(x->fd);
    buf_clear(&x->text);
    tempdir_remove(&x->dir);
    return 0;
}

static void test_reads(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "a", "text\n");
    tempdir_write(&x->dir, "b", "");
    for (int regular = 0; regular < 2; regular++)
    {
        assert_int_equal(source_read(x->fd, "a", regular, "p", &x->text, &error), AMEND_OK);
        assert_string_equal(x->text.data, "text\n");
        assert_int_equal(source_read(x->fd, "b", regular, "p", &x->text, &error), AMEND_OK);
        assert_string_equal(x->text.data, "");
    }
    assert_int_equal(source_read(AT_FDCWD, tempdir_path(&x->dir, "a"), false, "p", &x->text, &error), AMEND_OK);
    assert_int_equal(x->text.len, 5);
}

static void test_reads_large_files(void **state)
{
    fixture *x = *state;
    size_t size = 5000000;
    char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++)
    {
        bytes[i] = (char)('a' + i % 23);
    }
    tempdir_write_bytes(&x->dir, "large", bytes, size);
    assert_int_equal(source_read(x->fd, "large", true, "p", &x->text, &error), AMEND_OK);
    assert_int_equal(x->text.len, size);
    assert_memory_equal(x->text.data, bytes, size);
    free(bytes);
}

static void expect_unread(fixture *x, const char *name, bool regular, const char *why)
{
    assert_int_equal(source_read(x->fd, name, regular, "dir/x.sql", &x->text, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_READ);
    assert_string_equal(error.file, "dir/x.sql");
    assert_non_null(strstr(error.message, "can't read \"dir/x.sql\": "));
    assert_non_null(strstr(error.message, why));
    assert_int_equal(source_read(x->fd, name, regular, "dir/x.sql", &x->text, NULL), AMEND_FAILED);
}

static void test_says_why_a_file_can_not_be_read(void **state)
{
    fixture *x = *state;
    tempdir_folder(&x->dir, "folder");
    assert_int_equal(symlink("nowhere", tempdir_path(&x->dir, "dangling")), 0);
    assert_int_equal(mkfifo(tempdir_path(&x->dir, "pipe"), 0666), 0);
    expect_unread(x, "absent", true, strerror(ENOENT));
    expect_unread(x, "dangling", false, strerror(ENOENT));
    expect_unread(x, "folder", true, strerror(EISDIR));
    expect_unread(x, "folder", false, "not a regular file");
    expect_unread(x, "pipe", false, "not a regular file"); /* and does not wait for its writer */
}

static void test_follows_links(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "a", "text");
    assert_int_equal(symlink("a", tempdir_path(&x->dir, "link")), 0);
    assert_int_equal(source_read(x->fd, "link", false, "p", &x->text, &error), AMEND_OK);
    assert_string_equal(x->text.data, "text");
}

static void test_reads_without_memory(void **state)
{
    fixture *x = *state;
    faulty_alloc f;
    buf text;
    tempdir_write(&x->dir, "a", "text");
    buf_init(&text, faulty_alloc_init(&f, 1, FAULTY_ONCE));
    assert_int_equal(source_read(x->fd, "a", true, "p", &text, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalises),
        cmocka_unit_test(test_says_where_it_is_no_utf8),
        cmocka_unit_test(test_refuses_nul_bytes),
        cmocka_unit_test(test_a_buffer_without_memory),
        WITH_DIR(test_reads),
        WITH_DIR(test_reads_large_files),
        WITH_DIR(test_says_why_a_file_can_not_be_read),
        WITH_DIR(test_follows_links),
        WITH_DIR(test_reads_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
