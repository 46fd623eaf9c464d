/* SPDX-License-Identifier: MIT */
#include "driver/sqlite/url.h"

#include "base/alloc.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>

static void expect(const test_line *l, size_t i, const char *actual)
{
    if (strcmp(l->fields[i], actual) != 0)
    {
        fail_msg("%s:%u: field %zu is \"%s\", not \"%s\"", l->file, l->line, i + 1, actual, l->fields[i]);
    }
}

static void check_parse(const test_line *l)
{
    sqlite_url u;
    amend_error error = {0};
    amend_status status = sqlite_url_parse(&alloc_default, l->fields[0], &u, &error);
    assert_true(sqlite_url_accepts(l->fields[0]));
    if (status != AMEND_OK)
    {
        assert_int_equal(error.code, AMEND_E_URL);
        assert_int_equal(status, AMEND_USAGE);
        expect(l, 1, "error");
        expect(l, 2, error.message);
    }
    else
    {
        char path[256];
        buf keys;
        snprintf(path, sizeof path, "%s%s", u.memory ? "(memory)" : "", buf_slice(&u.path).data);
        buf_init(&keys, &alloc_default);
        buf_format(&keys, "%s%s", u.uri ? "uri" : "path",
                   u.foreign_keys < 0    ? ""
                   : u.foreign_keys == 0 ? " keys=off"
                                         : " keys=on");
        if (u.synchronous >= 0)
        {
            buf_format(&keys, " synchronous=%d", u.synchronous);
        }
        expect(l, 1, path);
        expect(l, 2, u.filename.data);
        expect(l, 3, keys.data);
        buf_clear(&keys);
    }
    sqlite_url_clear(&u);
}

static void test_beside(void **state)
{
    char out[64];
    sqlite_url u;
    (void)state;
    assert_true(sqlite_url_beside("ignored.db", "/a?b/%41#c.db", out, sizeof out));
    assert_string_equal(out, "sqlite:/a%3fb/%2541%23c.db?synchronous=off");
    assert_int_equal(sqlite_url_parse(&alloc_default, out, &u, NULL), AMEND_OK);
    assert_string_equal(u.filename.data, "/a?b/%41#c.db");
    assert_int_equal(u.synchronous, 0);
    sqlite_url_clear(&u);
    assert_false(sqlite_url_beside("ignored.db", "/a?b/%41#c.db", out, strlen(out)));
}

static void check_describe(const test_line *l)
{
    char out[256], name[64];
    sqlite_url_describe(l->fields[0], out, sizeof out, name, sizeof name);
    expect(l, 1, out);
    expect(l, 2, name);
}

static void check_accepts(const test_line *l)
{
    expect(l, 1, sqlite_url_accepts(l->fields[0]) ? "yes" : "no");
}

static void urls_are_parsed(void **state)
{
    (void)state;
    cases_lines("sqlite/url.txt", check_parse);
}

static void urls_are_described(void **state)
{
    (void)state;
    cases_lines("sqlite/describe.txt", check_describe);
}

static void urls_are_told_apart(void **state)
{
    (void)state;
    cases_lines("sqlite/accepts.txt", check_accepts);
    assert_false(sqlite_url_accepts(""));
    assert_false(sqlite_url_accepts("host = localhost"));
}

/* Whatever the room, the result ends in NUL, and a password never shows. */
static void description_is_cut(void **state)
{
    (void)state;
    const char *url = "sqlite://user:secret@dir/file.db?key=secret&mode=ro";
    for (size_t size = 1; size < 60; size++)
    {
        char out[64], name[64];
        memset(out, 'x', sizeof out);
        memset(name, 'x', sizeof name);
        sqlite_url_describe(url, out, size, name, size);
        assert_true(strlen(out) < size && strlen(name) < size);
        assert_null(strstr(out, "secret"));
        assert_null(strstr(out, "s@"));
        const char *whole = "sqlite://user:***@dir/file.db?key=***&mode=ro";
        assert_memory_equal(out, whole, strlen(out));
    }
}

static void memory_may_be_short(void **state)
{
    (void)state;
    static const char *const urls[] = {"app.db", "sqlite:a%20b?mode=ro", "file:a?cache=shared"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
    {
        for (size_t n = 1, failures = 1; failures > 0; n++)
        {
            faulty_alloc f;
            const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
            sqlite_url u;
            amend_error error = {0};
            amend_status status = sqlite_url_parse(allocator, urls[i], &u, &error);
            assert_true(f.failures == 0 ? status == AMEND_OK : error.code == AMEND_E_OUT_OF_MEMORY);
            sqlite_url_clear(&u);
            failures = f.failures;
            assert_int_equal(faulty_alloc_clear(&f), 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside),         cmocka_unit_test(urls_are_parsed),    cmocka_unit_test(urls_are_described),
        cmocka_unit_test(urls_are_told_apart), cmocka_unit_test(description_is_cut), cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
