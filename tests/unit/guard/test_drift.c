/* SPDX-License-Identifier: MIT */
#include "guard/drift.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static amend_status tell(arena *a, const char *before, const char *after, drifts *out, amend_error *error)
{
    snapshot x, y;
    differences d;
    amend_status status = snapshot_parse(a, slice_of(before), &x, error);
    status = status == AMEND_OK ? snapshot_parse(a, slice_of(after), &y, error) : status;
    status = status == AMEND_OK ? snapshot_diff(a, &x, &y, &d, error) : status;
    return status == AMEND_OK ? drift_tell(a, &d, out, error) : status;
}

/* Each drift as "message|detail", line ends in the detail as "/", one a line. */
static void expect(const char *before, const char *after, const char *wanted)
{
    arena *a = arena_new(&alloc_default);
    drifts found;
    char text[8192] = "";
    assert_int_equal(tell(a, before, after, &found, NULL), AMEND_OK);
    for (size_t i = 0; i < found.count; i++)
    {
        size_t used = strlen(text);
        const drift *d = &found.items[i];
        assert_non_null(strstr(d->message, d->object));
        snprintf(text + used, sizeof text - used, "%s|%s\n", d->message, d->detail == NULL ? "" : d->detail);
        for (char *c = strchr(text + used, '|'); c != NULL && c[1] != '\0'; c++)
        {
            *c = *c == '\n' && c[1] != '\0' ? '/' : *c;
        }
    }
    assert_string_equal(text, wanted);
    arena_free(a);
}

static void test_one_object(void **state)
{
    (void)state;
    expect("", "", "");
    expect("view v\tSELECT 1\n", "view v\tSELECT 1\n", "");
    expect("index i\tON t (a)\n", "", "index i is missing|expected  ON t (a)\n");
    expect("", "schema s\t\n", "schema s is there, but no migration left it|\n");
    expect("column t.a\ttext\n", "column t.a\tinteger\n",
           "column t.a is not as the last migration left it|expected  text/existing  integer\n");
}

static void test_tables(void **state)
{
    (void)state;
    static const char table[] =
        "table app.t\tUNLOGGED\ncolumn app.t.a\ttext\nconstraint app.t.k\tUNIQUE (a)\n"
        "trigger app.t.g\t…\npolicy app.t.p\t…\nindex app.t_a\t…\ntable app.t2\t\ncolumn app.t2.a\ttext\n";
    expect(table, "table app.t2\t\ncolumn app.t2.a\ttext\n",
           "index app.t_a is missing|expected  …\n"
           "table app.t is missing|expected  UNLOGGED/with      column a, constraint k, policy p, trigger g\n");
    expect("", "table t\t\ncolumn t.a\ttext\nprimary key t\t(a)\nunique t (a, b)\t(a, b)\ncheck t.good\ta > 0\n",
           "table t is there, but no migration left it|with      check good, column a, primary key, unique (a, b)\n");
    /* of a table that stays, each part is told by itself; so is one whose name only begins alike */
    expect("table t\t\ncolumn t.a\ttext\n", "table t\t\n", "column t.a is missing|expected  text\n");
    expect("", "foreign table t\tSERVER s\ncolumn ta.a\ttext\n",
           "column ta.a is there, but no migration left it|existing  text\n"
           "foreign table t is there, but no migration left it|existing  SERVER s\n");
    /* missing and extra are not one */
    expect("table t\t\ncolumn t.a\ttext\n", "column t.b\ttext\n",
           "column t.b is there, but no migration left it|existing  text\n"
           "table t is missing|with      column a\n");
}

static void test_long_definitions(void **state)
{
    (void)state;
    expect("function f()\tBEGIN\\n  one\\nEND\n", "function f()\tBEGIN\\n  two\\nEND\n",
           "function f() is not as the last migration left it|expected  line 2:   one/existing  line 2:   two\n");
    expect("function f()\tBEGIN\n", "function f()\tBEGIN\\nEND\n",
           "function f() is not as the last migration left it|expected  line 2: /existing  line 2: END\n");
    expect("view v\tx\\ny\n", "view v\tz\n",
           "view v is not as the last migration left it|expected  line 1: x/existing  line 1: z\n");
    expect("function f()\tBEGIN\\nEND\n", "", "function f() is missing|expected  BEGIN …\n");
    char line[1500], after[1600];
    for (size_t i = 0; i + 1 < sizeof line; i += 2)
    {
        memcpy(line + i, "\xc3\xa4", 2);
    }
    line[sizeof line - 2] = '\0';
    snprintf(after, sizeof after, "view v\tx%s\n", line);
    arena *a = arena_new(&alloc_default);
    drifts found;
    assert_int_equal(tell(a, "", after, &found, NULL), AMEND_OK);
    assert_int_equal(strlen(found.items[0].detail), strlen("existing  ") + 599); /* cut between two letters */
    arena_free(a);
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t n = 1, failures = 1; failures > 0; n++)
    {
        faulty_alloc f;
        amend_error error = {0};
        drifts found;
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        amend_status status =
            a == NULL ? AMEND_FAILED
                      : tell(a, "table t\t\ncolumn t.a\ttext\nview v\tx\\ny\n", "view v\tx\\nz\nindex i\t…\n", &found, &error);
        assert_true(a == NULL || status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        assert_true(status == AMEND_OK || f.failures > 0);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        failures = f.failures;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_object),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_long_definitions),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
