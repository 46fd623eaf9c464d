/* SPDX-License-Identifier: MIT */
#include "engine/manifest.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>

static saved_column columns[] = {{.name = "id", .type = "integer", .key = 1},
                                 {.name = "it's \"a\"", .type = "text", .lost = true}};
static manifest_table tables[] = {
    {.saved = {.schema = "public", .name = "größe", .columns = columns, .column_count = 2},
     .object = "public.größe",
     .rows = 1204,
     .file = {.name = "1-public.größe.copy", .hash = "abc", .bytes = 98113}},
    {.saved = {.schema = "s", .name = "t"}, .object = "s.t", .file = {.name = "2-s.t.copy", .hash = "def"}},
};

static manifest of_tables(void)
{
    return (manifest){.dialect = "postgres",
                      .database = "app",
                      .made_at = "2026-11-21T17:06:12.481Z",
                      .version = "007",
                      .run = "007 down",
                      .tables = tables,
                      .table_count = 2};
}

static manifest of_file(void)
{
    return (manifest){.dialect = "sqlite",
                      .database = "app.db",
                      .path = "/srv/app.db",
                      .made_at = "2026-11-21T17:06:12.481Z",
                      .run = "001 up",
                      .whole = {.name = "database.sqlite", .hash = "123", .bytes = 4096}};
}

/* Static storage until the next call. */
static slice written(const manifest *m)
{
    static char text[8192];
    buf out;
    amend_error error = {0};
    buf_init(&out, &alloc_default);
    assert_int_equal(manifest_write(m, &out, &error), AMEND_OK);
    assert_true(out.len < sizeof text);
    memcpy(text, out.data, out.len + 1);
    slice s = {text, out.len};
    buf_clear(&out);
    return s;
}

static amend_status read_back(arena *a, slice text, manifest *out, amend_error *error)
{
    *error = (amend_error){0};
    return manifest_read(a, text, out, error);
}

static void test_tables_there_and_back(void **state)
{
    (void)state;
    manifest m = of_tables(), back;
    amend_error error;
    arena *a = arena_new(&alloc_default);
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_OK);
    assert_string_equal(back.dialect, "postgres");
    assert_string_equal(back.database, "app");
    assert_string_equal(back.version, "007");
    assert_string_equal(back.run, "007 down");
    assert_null(back.path);
    assert_null(back.whole.name);
    assert_int_equal(back.table_count, 2);
    const manifest_table *t = &back.tables[0];
    assert_string_equal(t->saved.name, "größe");
    assert_string_equal(t->object, "public.größe");
    assert_int_equal(t->rows, 1204);
    assert_string_equal(t->file.hash, "abc");
    assert_int_equal(t->file.bytes, 98113);
    assert_int_equal(t->saved.column_count, 2);
    assert_int_equal(t->saved.columns[0].key, 1);
    assert_false(t->saved.columns[0].lost);
    assert_string_equal(t->saved.columns[1].name, "it's \"a\"");
    assert_true(t->saved.columns[1].lost);
    assert_int_equal(back.tables[1].saved.column_count, 0);
    arena_free(a);
}

static void test_a_file_there_and_back(void **state)
{
    (void)state;
    manifest m = of_file(), back;
    amend_error error;
    arena *a = arena_new(&alloc_default);
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_OK);
    assert_string_equal(back.path, "/srv/app.db");
    assert_null(back.version);
    assert_string_equal(back.whole.name, "database.sqlite");
    assert_int_equal(back.whole.bytes, 4096);
    assert_int_equal(back.table_count, 0);
    arena_free(a);
}

/* Whatever is changed is found, but for white space between the values. */
static void test_edited(void **state)
{
    (void)state;
    manifest m = of_tables(), back;
    amend_error error;
    slice text = written(&m);
    arena *a = arena_new(&alloc_default);
    char *copy = malloc(text.len + 1);
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++)
    {
        memcpy(copy, text.data, text.len + 1);
        copy[i] = copy[i] == '0' ? '1' : '0';
        bool blank = text.data[i] == ' ' || text.data[i] == '\n';
        amend_status status = read_back(a, (slice){copy, text.len}, &back, &error);
        if (!blank)
        {
            assert_int_equal(status, AMEND_FAILED);
            assert_int_equal(error.code, AMEND_E_BACKUP);
            found++;
        }
    }
    assert_true(found > 500);
    for (size_t length = 0; length + 1 < text.len; length++)
    {
        assert_int_equal(read_back(a, (slice){text.data, length}, &back, &error), AMEND_FAILED);
    }
    free(copy);
    arena_free(a);
}

/* Sealed, but nothing that could be restored: only somebody who makes seals could write these. */
static void test_what_cannot_be(void **state)
{
    (void)state;
    amend_error error;
    manifest back, m = of_file();
    arena *a = arena_new(&alloc_default);
    m.whole.name = "../../etc/passwd";
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_FAILED);
    assert_non_null(strstr(error.message, "not a backup of amend's"));
    m = of_file();
    m.whole.name = NULL;
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_FAILED);
    m = of_file();
    m.whole.bytes = -1;
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_FAILED);
    m = of_file();
    m.database = NULL;
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_FAILED);
    m = of_tables();
    columns[0].type = NULL;
    assert_int_equal(read_back(a, written(&m), &back, &error), AMEND_FAILED);
    columns[0].type = "integer";
    arena_free(a);
}

static void test_names_that_are_not_utf8(void **state)
{
    (void)state;
    buf out;
    amend_error error = {0};
    manifest m = of_file();
    m.path = "/srv/\xff.db";
    buf_init(&out, &alloc_default);
    assert_int_equal(manifest_write(&m, &out, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_BACKUP);
    buf_clear(&out);
}

static void test_memory_is_short(void **state)
{
    (void)state;
    manifest m = of_tables(), back;
    slice text = written(&m);
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        amend_error error = {0};
        const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        arena *a = arena_new(allocator);
        amend_status status = a == NULL ? AMEND_FAILED : manifest_read(a, text, &back, &error);
        buf out;
        buf_init(&out, allocator);
        amend_status wrote = manifest_write(&m, &out, &error);
        assert_true(f.failures == 0 || status != AMEND_OK || wrote != AMEND_OK);
        buf_clear(&out);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_there_and_back),
        cmocka_unit_test(test_a_file_there_and_back),
        cmocka_unit_test(test_edited),
        cmocka_unit_test(test_what_cannot_be),
        cmocka_unit_test(test_names_that_are_not_utf8),
        cmocka_unit_test(test_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
