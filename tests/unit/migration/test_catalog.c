/* SPDX-License-Identifier: MIT */
/* Cases: tests/cases/migration/catalogs.txt, each run compiled in and from a directory. */
#include "migration/catalog.h"

#include "base/alloc.h"
#include "base/diagnostic.h"
#include "base/error.h"
#include "base/hash.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

static amend_error error;

/* ------------------------------------------------------------------------------------------------------------------ cases */

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

static void write_migration(buf *out, const catalog *c, const migration *m)
{
    buf_format(out, "%s %s %s %s", m->version, m->name, m->up_file, or_dash(m->down_file));
    for (size_t k = 0; m->head.has_depends && k < m->depends_count; k++)
    {
        buf_format(out, "%s%s", k == 0 ? " depends " : " ", c->items[m->depends[k]].version);
    }
    buf_char(out, '\n');
}

static void write_catalog(buf *out, const catalog *c)
{
    static const char *const severities[] = {"info", "note", "warning", "error"};
    buf_text(out, c->flat ? "flat\n" : "");
    for (size_t i = 0; i < c->count; i++)
    {
        write_migration(out, c, &c->items[i]);
    }
    for (size_t i = 0; i < c->problem_count; i++)
    {
        const amend_problem *p = &c->problems[i];
        bool empty = p->code == AMEND_E_DIR_EMPTY; /* its message names the directory, where there is one */
        buf_format(out, "%s %s %s %s:%u %.*s\n", severities[p->severity], diagnostic_find((int)p->code)->name,
                   or_dash(p->version), or_dash(p->file), p->line, empty ? 13 : 1000, p->message);
    }
}

static void write_error(buf *out, const test_case *c)
{
    buf_format(out, "error %s %s:%u:%u %s\n", diagnostic_find((int)error.code)->name, error.file, error.line, error.column,
               error.message);
    const char *hint = strstr(cases_part(c, "expect"), "\nhint: ");
    if (hint != NULL && strncmp(error.hint, "", 1) != 0)
    {
        char part[256];
        snprintf(part, sizeof part, "%.*s", (int)strcspn(hint + 7, "\n"), hint + 7);
        buf_format(out, "hint: %s\n", strstr(error.hint, part) == NULL ? error.hint : part);
    }
}

/* Every migration is found again, and reads as it was hashed. */
static void check_use(const catalog *c)
{
    buf text;
    buf_init(&text, &alloc_default);
    for (size_t i = 0; i < c->count; i++)
    {
        char checksum[CHECKSUM_HEX];
        assert_int_equal(catalog_find(c, c->items[i].version), i);
        assert_int_equal(catalog_read(c, c->items[i].up_file, &text, checksum, &error), AMEND_OK);
        assert_string_equal(checksum, c->items[i].checksum);
    }
    assert_true(catalog_find(c, "424242") == SIZE_MAX);
    buf_clear(&text);
}

/* Take the directory out of the paths. */
static void drop_directory(char *text, const char *dir)
{
    size_t len = strlen(dir);
    for (char *at = text; (at = strstr(at, dir)) != NULL;)
    {
        memmove(at, at + len + 1, strlen(at + len + 1) + 1);
    }
}

static void expect_load(const test_case *c, const char *dir, const amend_file *files, size_t count)
{
    arena *a = arena_new(&alloc_default);
    buf out;
    buf_init(&out, &alloc_default);
    buf_text(&out, "");
    catalog loaded;
    memset(&error, 0, sizeof error);
    if (catalog_load(a, dir, files, count, &loaded, &error) == AMEND_OK)
    {
        write_catalog(&out, &loaded);
        check_use(&loaded);
    }
    else
    {
        write_error(&out, c);
    }
    if (dir != NULL)
    {
        drop_directory(out.data, dir);
    }
    cases_expect(c, out.data, cases_part(c, "expect"));
    buf_clear(&out);
    arena_free(a);
}

static void expect_case(const test_case *c)
{
    amend_file files[CASES_PARTS];
    size_t count = 0;
    tempdir dir;
    tempdir_make(&dir);
    for (size_t i = 0; i < c->count; i++)
    {
        if (strncmp(c->titles[i], "file ", 5) == 0)
        {
            tempdir_write(&dir, c->titles[i] + 5, c->texts[i]);
            files[count++] = (amend_file){.path = c->titles[i] + 5, .text = c->texts[i], .length = strlen(c->texts[i])};
        }
    }
    expect_load(c, NULL, files, count);
    expect_load(c, dir.path, NULL, 0);
    tempdir_remove(&dir);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("migration/catalogs.txt", expect_case);
}

/* ------------------------------------------------------------------------------------------------------------ directories */

typedef struct fixture
{
    tempdir dir;
    arena *a;
    buf text;
    catalog c;
} fixture;

static int set_up(void **state)
{
    static fixture x;
    tempdir_make(&x.dir);
    x.a = arena_new(&alloc_default);
    buf_init(&x.text, &alloc_default);
    x.c = (catalog){0};
    *state = &x;
    return x.a == NULL;
}

static int tear_down(void **state)
{
    fixture *x = *state;
    buf_clear(&x->text);
    arena_free(x->a);
    tempdir_remove(&x->dir);
    return 0;
}

static amend_status load(fixture *x)
{
    return catalog_load(x->a, x->dir.path, NULL, 0, &x->c, &error);
}

static void test_checksum_is_over_the_normalised_text(void **state)
{
    fixture *x = *state;
    char hex[HASH_HEX];
    slice text = SLICE("SELECT 1;\nSELECT 2;\n");
    hash_hex(&text, 1, hex);
    hex[32] = '\0';
    tempdir_write(&x->dir, "001_plain.sql", "SELECT 1;\nSELECT 2;\n");
    tempdir_write(&x->dir, "002_crlf.sql", "SELECT 1;\r\nSELECT 2;\r\n");
    tempdir_write(&x->dir, "003_mark.sql", "\xef\xbb\xbfSELECT 1;\nSELECT 2;\n");
    tempdir_write(&x->dir, "004_both.sql", "\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\n");
    assert_int_equal(load(x), AMEND_OK);
    assert_int_equal(x->c.count, 4);
    for (size_t i = 0; i < 4; i++)
    {
        assert_string_equal(x->c.items[i].checksum, hex);
        assert_int_equal(catalog_read(&x->c, x->c.items[i].up_file, &x->text, NULL, &error), AMEND_OK);
        assert_string_equal(x->text.data, text.data);
    }
}

static void test_text_that_is_not_utf8(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "versions/001_a.sql", "SELECT 1;\n");
    tempdir_write(&x->dir, "versions/002_b.sql", "SELECT 1;\r\nSELECT 'gr\xfc\xdf';\r\n");
    assert_int_equal(load(x), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_UTF8);
    assert_string_equal(error.file, tempdir_path(&x->dir, "versions/002_b.sql"));
    assert_string_equal(error.version, "002");
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 11);
    assert_string_equal(error.excerpt, "SELECT 'gr?\?';");
}

static void expect_unread(fixture *x, const char *name, int reason)
{
    assert_int_equal(load(x), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_READ);
    assert_string_equal(error.file, tempdir_path(&x->dir, name));
    assert_string_equal(error.version, "001");
    assert_true(reason == 0 || strstr(error.message, strerror(reason)) != NULL);
}

static void test_files_that_can_not_be_read(void **state)
{
    fixture *x = *state;
    assert_int_equal(symlink("nowhere", tempdir_path(&x->dir, "001_a.sql")), 0);
    expect_unread(x, "001_a.sql", ENOENT);
    assert_int_equal(catalog_load(x->a, x->dir.path, NULL, 0, &x->c, NULL), AMEND_FAILED);
    assert_int_equal(unlink(tempdir_path(&x->dir, "001_a.sql")), 0);
    tempdir_folder(&x->dir, "001_a.sql");
    expect_unread(x, "001_a.sql", 0);
}

static void test_file_names_that_are_not_utf8(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir,
                  "001_gr\xf6\xdf"
                  "e.sql",
                  "");
    assert_int_equal(load(x), AMEND_OK);
    assert_int_equal(x->c.problems[0].code, AMEND_E_FILE_SKIPPED);
    assert_non_null(strstr(x->c.problems[0].message, "/001_gr??e.sql\" is skipped"));
}

static void test_missing_directory_and_output_untouched(void **state)
{
    fixture *x = *state;
    x->c.count = 42;
    assert_int_equal(catalog_load(x->a, tempdir_path(&x->dir, "absent"), NULL, 0, &x->c, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_DIR_MISSING);
    assert_int_equal(x->c.count, 42);
}

static void test_knows_the_commit(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, ".git/HEAD", "0123456789abcdef0123456789abcdef01234567\n");
    tempdir_write(&x->dir, "001_a.sql", "");
    assert_int_equal(load(x), AMEND_OK);
    assert_string_equal(x->c.git_commit, "0123456789abcdef0123456789abcdef01234567");
    assert_string_equal(x->c.dir, x->dir.path);
}

static void test_a_file_that_changes_after_loading(void **state)
{
    fixture *x = *state;
    char checksum[CHECKSUM_HEX];
    tempdir_write(&x->dir, "001_a.sql", "SELECT 1;");
    assert_int_equal(load(x), AMEND_OK);
    tempdir_write(&x->dir, "001_a.sql", "SELECT 2;");
    assert_int_equal(catalog_read(&x->c, x->c.items[0].up_file, &x->text, checksum, &error), AMEND_OK);
    assert_string_not_equal(checksum, x->c.items[0].checksum);
    assert_int_equal(unlink(tempdir_path(&x->dir, "001_a.sql")), 0);
    assert_int_equal(catalog_read(&x->c, x->c.items[0].up_file, &x->text, checksum, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_READ);
}

static void test_a_directives_line_is_shown(void **state)
{
    fixture *x = *state;
    tempdir_write(&x->dir, "001_a.sql", "-- first\r\n-- amend:depends 001, 007\r\n");
    assert_int_equal(load(x), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_DEPENDS_UNKNOWN);
    assert_string_equal(error.excerpt, "-- amend:depends 001, 007");
    assert_int_equal(error.caret, 23);
    assert_int_equal(error.line, 2);
    assert_int_equal(catalog_load(x->a, x->dir.path, NULL, 0, &x->c, NULL), AMEND_FAILED);
}

static void test_a_large_file(void **state)
{
    fixture *x = *state;
    size_t size = 8 * 1024 * 1024;
    char *text = malloc(size);
    memset(text, 'x', size);
    for (size_t i = 100; i < size; i += 100)
    {
        memcpy(text + i, "\r\n", 2);
    }
    tempdir_write_bytes(&x->dir, "001_large.sql", text, size);
    free(text);
    assert_int_equal(load(x), AMEND_OK);
    assert_int_equal(catalog_read(&x->c, x->c.items[0].up_file, &x->text, NULL, &error), AMEND_OK);
    assert_int_equal(x->text.len, size - (size - 1) / 100);
    assert_null(strchr(x->text.data, '\r'));
}

static void test_ten_thousand_files(void **state)
{
    fixture *x = *state;
    enum
    {
        COUNT = 10000
    };
    for (unsigned i = 0; i < COUNT; i++)
    {
        unsigned version = i * 7919 % COUNT + 1; /* in an order of their own */
        char name[64], text[64];
        snprintf(name, sizeof name, "versions/%u_table_%u.sql", version, version);
        snprintf(text, sizeof text, "CREATE TABLE t%u (id INTEGER);\n", version);
        tempdir_write(&x->dir, name, text);
    }
    assert_int_equal(load(x), AMEND_OK);
    assert_int_equal(x->c.count, COUNT);
    assert_int_equal(x->c.problem_count, 0);
    for (unsigned i = 0; i < COUNT; i++)
    {
        assert_int_equal(strtoul(x->c.items[i].version, NULL, 10), i + 1);
    }
    assert_int_equal(catalog_find(&x->c, "0777"), 776);
}

/* ------------------------------------------------------------------------------------------------------------ compiled in */

static void test_compiled_in_files(void **state)
{
    fixture *x = *state;
    const amend_file files[] = {
        {"versions/002_b.sql", "\xef\xbb\xbfSELECT 2;\r\n", 14},
        {"down/001_a_down.sql", "SELECT 0;\n", 10},
        {"versions/001_a.sql", "SELECT 1;\nnot in it", 10},
        {"versions/003_c.sql", NULL, 0},
    };
    assert_int_equal(catalog_load(x->a, "ignored", files, 4, &x->c, &error), AMEND_OK);
    assert_string_equal(x->c.dir, "");
    assert_int_equal(x->c.count, 3);
    assert_int_equal(catalog_read(&x->c, x->c.items[0].down_file, &x->text, NULL, &error), AMEND_OK);
    assert_string_equal(x->text.data, "SELECT 0;\n");
    assert_int_equal(catalog_read(&x->c, "versions/002_b.sql", &x->text, NULL, &error), AMEND_OK);
    assert_string_equal(x->text.data, "SELECT 2;\n");
    assert_int_equal(catalog_read(&x->c, "versions/001_a.sql", &x->text, NULL, &error), AMEND_OK);
    assert_string_equal(x->text.data, "SELECT 1;\n");
    assert_int_equal(catalog_read(&x->c, "versions/009_z.sql", &x->text, NULL, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_FILE_READ);
}

/* ----------------------------------------------------------------------------------------------------------------- faults */

/* Enough of everything that each list outgrows its block. */
static void write_many(const tempdir *dir)
{
    char name[160];
    for (int i = 1; i < 150; i++)
    {
        snprintf(name, sizeof name, "versions/%03d_%0100d.sql", i, i);
        tempdir_write(dir, name, i == 2 ? "-- amend:depends 3\n" : i == 3 ? "-- amend:depends 1\n" : "SELECT 1;\n-- amend:x");
        snprintf(name, sizeof name, "versions/x%d.sql", i);
        tempdir_write(dir, name, "");
    }
    tempdir_write(dir, "000_beside.sql", "");
    tempdir_write(dir, "down/999_x_down.sql", "");
    tempdir_write(dir, ".git/HEAD", "0123456789abcdef0123456789abcdef01234567\n");
}

static void sweep(const char *dir, const amend_file *files, size_t count, faulty_mode mode)
{
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, n, mode));
        catalog c = {0};
        amend_status status = a == NULL ? AMEND_FAILED : catalog_load(a, dir, files, count, &c, &error);
        assert_int_equal(status, f.failures == 0 ? AMEND_OK : AMEND_FAILED);
        assert_true(a == NULL || status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_true(n > 5);
            return;
        }
    }
}

static void test_without_memory(void **state)
{
    fixture *x = *state;
    write_many(&x->dir);
    sweep(x->dir.path, NULL, 0, FAULTY_ONCE);
    sweep(x->dir.path, NULL, 0, FAULTY_FOR_GOOD);
}

static void test_compiled_in_without_memory(void **state)
{
    (void)state;
    static char paths[3000][32];
    static amend_file files[3000];
    for (unsigned i = 0; i < 3000; i++)
    {
        snprintf(paths[i], sizeof paths[i], i % 2 == 0 ? "%u_name.sql" : "%u_name.down.sql", 3000 - i / 2);
        files[i] = (amend_file){paths[i], "SELECT 1;", 9};
    }
    sweep(NULL, files, 3000, FAULTY_ONCE);
}

static void test_reads_without_memory(void **state)
{
    fixture *x = *state;
    const amend_file files[] = {{"001_a.sql", "SELECT 1;", 9}};
    assert_int_equal(catalog_load(x->a, NULL, files, 1, &x->c, &error), AMEND_OK);
    faulty_alloc f;
    buf text;
    buf_init(&text, faulty_alloc_init(&f, 1, FAULTY_ONCE));
    assert_int_equal(catalog_read(&x->c, "001_a.sql", &text, NULL, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        WITH_DIR(test_checksum_is_over_the_normalised_text),
        WITH_DIR(test_text_that_is_not_utf8),
        WITH_DIR(test_files_that_can_not_be_read),
        WITH_DIR(test_file_names_that_are_not_utf8),
        WITH_DIR(test_missing_directory_and_output_untouched),
        WITH_DIR(test_knows_the_commit),
        WITH_DIR(test_a_file_that_changes_after_loading),
        WITH_DIR(test_a_directives_line_is_shown),
        WITH_DIR(test_a_large_file),
        WITH_DIR(test_ten_thousand_files),
        WITH_DIR(test_compiled_in_files),
        WITH_DIR(test_without_memory),
        cmocka_unit_test(test_compiled_in_without_memory),
        WITH_DIR(test_reads_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
