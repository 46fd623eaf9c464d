/* SPDX-License-Identifier: MIT */
#include "engine/depot.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

static void fill(depot *d, const char *dir, const char *database)
{
    amend_error error = {0};
    assert_int_equal(depot_begin(d, dir, database, &error), AMEND_OK);
    int fd = depot_make(d, "one", &error);
    assert_true(fd >= 0);
    assert_int_equal(depot_write(fd, SLICE("some text"), &error), AMEND_OK);
    assert_int_equal(depot_close(fd, &error), AMEND_OK);
}

static void test_kept(void **state)
{
    (void)state;
    tempdir t;
    depot d;
    amend_error error = {0};
    char path[DEPOT_PATH], hash[HASH_HEX], expected[HASH_HEX];
    int64_t bytes;
    tempdir_make(&t);
    fill(&d, tempdir_path(&t, "a/b"), "app.db");
    assert_true(is_there(d.partial));
    assert_false(is_there(d.path));
    assert_true(slice_ends(slice_of(d.partial), SLICE("Z-app.db.partial")));
    assert_int_equal(depot_make(&d, "one", &error), -1); /* is there already */
    assert_int_equal(error.code, AMEND_E_BACKUP);
    assert_int_equal(depot_keep(&d, &error), AMEND_OK);
    assert_false(is_there(d.partial));
    assert_true(depot_file(d.path, "one", path));
    slice text = SLICE("some text");
    hash_hex(&text, 1, expected);
    assert_int_equal(depot_hash(path, hash, &bytes, &error), AMEND_OK);
    assert_string_equal(hash, expected);
    assert_int_equal(bytes, 9);
    buf read;
    buf_init(&read, &alloc_default);
    assert_int_equal(depot_read(path, &read, &error), AMEND_OK);
    assert_true(slice_equal(buf_slice(&read), text));
    buf_clear(&read);
    char was[DEPOT_PATH];
    memcpy(was, d.path, sizeof was);
    depot_drop(&d);
    assert_false(is_there(was));
    depot_drop(&d); /* nothing to drop: nothing happens */
    tempdir_remove(&t);
}

/* However many in a second, each has its own. */
static void test_many_at_once(void **state)
{
    (void)state;
    enum
    {
        MANY = 12
    };
    tempdir t;
    depot d[MANY];
    amend_error error = {0};
    tempdir_make(&t);
    for (size_t i = 0; i < MANY; i++)
    {
        fill(&d[i], t.path, "x");
        if (i % 2 == 0)
        {
            assert_int_equal(depot_keep(&d[i], &error), AMEND_OK);
        }
        for (size_t k = 0; k < i; k++)
        {
            assert_string_not_equal(d[i].path, d[k].path);
        }
    }
    depot_drop(&d[1]);
    assert_true(is_there(d[0].path));
    tempdir_remove(&t);
}

static void test_names(void **state)
{
    static const struct
    {
        const char *database, *end;
    } cases[] = {
        {"app", "Z-app"}, {"../../etc", "Z-.._.._etc"}, {"a b\n\"c\"'$", "Z-a_b__c___"}, {"größe", "Z-größe"}, {"", "Z-"},
        {".", "Z-."},     {"x*?[~]\\|", "Z-x_______"}};
    (void)state;
    tempdir t;
    amend_error error = {0};
    tempdir_make(&t);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        depot d;
        assert_int_equal(depot_begin(&d, t.path, cases[i].database, &error), AMEND_OK);
        if (!slice_ends(slice_of(d.path), slice_of(cases[i].end)))
        {
            fail_msg("\"%s\": %s", cases[i].database, d.path);
        }
        depot_drop(&d);
    }
    char many[1000];
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    depot d;
    assert_int_equal(depot_begin(&d, t.path, many, &error), AMEND_OK);
    assert_true(strlen(strrchr(d.path, '/')) < 160);
    depot_drop(&d);
    tempdir_remove(&t);
}

/* No half of a character is left behind when a name is cut. */
static void test_refused(void **state)
{
    (void)state;
    tempdir t;
    depot d;
    amend_error error = {0};
    char longer[DEPOT_PATH + 100];
    int64_t bytes;
    char hash[HASH_HEX];
    buf read;
    tempdir_make(&t);
    tempdir_write(&t, "file", "x");
    static const char *const dirs[] = {"file", "file/in"};
    for (size_t i = 0; i < 2; i++)
    {
        assert_int_equal(depot_begin(&d, tempdir_path(&t, dirs[i]), "x", &error), AMEND_FAILED);
        assert_int_equal(error.code, AMEND_E_BACKUP);
        assert_non_null(strstr(error.message, "Not a directory"));
        assert_string_equal(d.path, "");
    }
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(depot_begin(&d, longer, "x", &error), AMEND_FAILED);
    assert_false(depot_file(longer, "x", (char[DEPOT_PATH]){0}));
    buf_init(&read, &alloc_default);
    assert_int_equal(depot_read(tempdir_path(&t, "absent"), &read, &error), AMEND_FAILED);
    assert_int_equal(depot_read(t.path, &read, &error), AMEND_FAILED); /* a directory */
    assert_int_equal(depot_hash(tempdir_path(&t, "absent"), hash, &bytes, &error), AMEND_FAILED);
    assert_int_equal(depot_hash(t.path, hash, &bytes, &error), AMEND_FAILED);
    buf_clear(&read);
    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(depot_write(full, SLICE("x"), &error), AMEND_FAILED);
    assert_non_null(strstr(error.message, "No space left"));
    assert_int_equal(depot_close(full, &error), AMEND_FAILED); /* it knows no fsync */
    /* taken away meanwhile */
    fill(&d, t.path, "gone");
    char was[DEPOT_PATH];
    memcpy(was, d.partial, sizeof was);
    depot_drop(&d);
    memcpy(d.partial, was, sizeof was);
    memcpy(d.path, was, sizeof was);
    assert_int_equal(depot_keep(&d, &error), AMEND_FAILED);
    assert_int_equal(depot_make(&d, "x", &error), -1);
    depot_drop(&d);
    tempdir_remove(&t);
}

static void test_memory_is_short(void **state)
{
    (void)state;
    tempdir t;
    faulty_alloc f;
    amend_error error = {0};
    buf read;
    tempdir_make(&t);
    tempdir_write(&t, "file", "x");
    buf_init(&read, faulty_alloc_init(&f, 1, FAULTY_ONCE));
    assert_int_equal(depot_read(tempdir_path(&t, "file"), &read, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    buf_clear(&read);
    tempdir_remove(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),    cmocka_unit_test(test_many_at_once),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
