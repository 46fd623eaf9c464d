/* SPDX-License-Identifier: MIT */
#include "driver/postgres/pg_url.h"

#include "driver/drivers.h"
#include "support/cases.h"
#include "support/testing.h"

#include <string.h>

static void describe(const test_line *l)
{
    char out[512], name[128];
    const char *expected_name = l->count > 2 ? l->fields[2] : "";
    driver_postgres.describe(l->fields[0], out, sizeof out, name, sizeof name);
    if (strcmp(out, l->fields[1]) != 0 || strcmp(name, expected_name) != 0)
    {
        fail_msg("%s:%u: %s gives %s and %s", l->file, l->line, l->fields[0], out, name);
    }
    assert_null(strstr(out, "heim"));
    assert_null(strstr(name, "heim"));
    /* Cut anywhere, it stays within its room and ends in NUL. */
    for (size_t size = 1; size < sizeof out && size < strlen(out) + 2; size++)
    {
        char less[512], least[1];
        memset(less, 'x', sizeof less);
        driver_postgres.describe(l->fields[0], less, size, least, sizeof least);
        assert_int_equal(strlen(less), strlen(out) < size ? strlen(out) : size - 1);
        assert_int_equal(strncmp(less, out, size - 1), 0);
    }
}

static void test_describe(void **state)
{
    (void)state;
    cases_lines("postgres/describe.txt", describe);
}

static void accepts(const test_line *l)
{
    if (driver_postgres.accepts(l->fields[0]) != (strcmp(l->fields[1], "yes") == 0))
    {
        fail_msg("%s:%u: %s", l->file, l->line, l->fields[0]);
    }
}

static void test_accepts(void **state)
{
    (void)state;
    cases_lines("postgres/accepts.txt", accepts);
}

static void test_ambiguous(void **state)
{
    (void)state;
    assert_true(pg_url_is_ambiguous("postgres://u:p@ss@host/db"));
    assert_true(pg_url_is_ambiguous("postgres://u:p/ss@host/db"));
    assert_true(pg_url_is_ambiguous("postgres://u:secret"));
    assert_true(pg_url_is_ambiguous("postgres://h:99x/db"));
    assert_false(pg_url_is_ambiguous("postgres://u:p%40@h:1,i:2/db?user=a@b"));
    assert_false(pg_url_is_ambiguous("host=h password=p@ss"));
    assert_null(pg_url_conninfo("postgres:"));
    assert_string_equal(pg_url_conninfo("service=x"), "service=x");
}

static void beside(const test_line *l)
{
    char out[512], name[128], shown[512];
    assert_true(driver_postgres.beside(l->fields[0], "other", out, sizeof out));
    if (strcmp(out, l->fields[1]) != 0)
    {
        fail_msg("%s:%u: %s gives %s", l->file, l->line, l->fields[0], out);
    }
    driver_postgres.describe(out, shown, sizeof shown, name, sizeof name);
    assert_string_equal(name, "other");
    /* One byte too few: it says so. */
    char less[512];
    assert_false(driver_postgres.beside(l->fields[0], "other", less, strlen(out)));
    assert_true(driver_postgres.beside(l->fields[0], "other", less, strlen(out) + 1));
}

static void test_beside(void **state)
{
    (void)state;
    cases_lines("postgres/beside.txt", beside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_describe), cmocka_unit_test(test_accepts),
                                       cmocka_unit_test(test_ambiguous), cmocka_unit_test(test_beside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
