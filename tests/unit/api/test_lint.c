/* SPDX-License-Identifier: MIT */
#include "amend/lint.h"

#include "api/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

/* 004 takes something away, 005 lets lint be; both after the harness's three. */
static void make(harness *h)
{
    harness_make(h);
    harness_write(h, "versions/004_drop.sql", "DROP TABLE posts;\n");
    harness_write(h, "versions/005_more.sql",
                  "-- amend:allow select-star \"the same columns\"\n"
                  "CREATE TABLE copies (id INTEGER PRIMARY KEY, name TEXT);\n"
                  "INSERT INTO copies SELECT * FROM users;\n");
}

static amend_status lint(harness *h, const amend_lint_options *options, amend_lint_report **out)
{
    return amend_lint(h->handle, options, out, &h->error);
}

static void test_all(void **state)
{
    (void)state;
    harness h;
    amend_lint_report *r = NULL;
    make(&h);
    harness_open(&h);
    harness_expect_ok(&h, lint(&h, NULL, &r));
    assert_int_equal(r->size, sizeof *r);
    assert_string_equal(r->dialect, "sqlite");
    assert_int_equal(r->allowed, 1);
    assert_int_equal(r->scripts, 7);
    assert_int_equal(r->errors + r->warnings + r->notes, r->finding_count);
    const amend_lint_finding *f = NULL;
    for (size_t i = 0; i < r->finding_count; i++)
    {
        f = r->findings[i].rule == amend_lint_rule_find("destructive") ? &r->findings[i] : f;
    }
    assert_non_null(f);
    assert_string_equal(f->version, "004");
    assert_string_equal(f->name, "drop");
    assert_string_equal(f->object, "posts");
    assert_string_equal(f->excerpt, "DROP TABLE posts;");
    assert_int_equal(f->line, 1);
    assert_int_equal(f->statement, 1);
    assert_int_equal(f->direction, AMEND_UP);
    assert_int_equal(f->severity, AMEND_WARNING);
    amend_lint_report_free(r);
    amend_lint_report_free(NULL);
    harness_remove(&h);
}

static void test_severities(void **state)
{
    (void)state;
    harness h;
    amend_lint_report *r = NULL;
    const amend_lint_setting severities[] = {{"AL004", AMEND_ERROR}};
    make(&h);
    h.options.lint = severities;
    h.options.lint_count = 1;
    harness_open(&h);
    assert_int_equal(lint(&h, NULL, &r), AMEND_REFUSED);
    assert_int_equal(h.error.code, AMEND_E_LINT);
    assert_string_equal(h.error.message, "lint found 1 error");
    assert_int_equal(r->errors, 1);
    amend_lint_report_free(r);
    amend_run run = AMEND_RUN_INIT;
    run.lint = AMEND_LINT_ERROR;
    assert_int_equal(amend_up(h.handle, &run, NULL, &h.error), AMEND_REFUSED);
    assert_int_equal(h.error.code, AMEND_E_LINT);
    assert_int_equal(h.error.line, 1);
    assert_string_equal(h.error.version, "004");
    run.lint = (amend_lint_mode)9;
    assert_int_equal(amend_up(h.handle, &run, NULL, &h.error), AMEND_USAGE);
    harness_remove(&h);
}

static void test_wrong_severities(void **state)
{
    (void)state;
    const amend_lint_setting wrong[] = {{"nonsense", AMEND_ERROR}, {"rename", (amend_severity)7}, {NULL, AMEND_NOTE}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    {
        amend_options options = AMEND_OPTIONS_INIT;
        amend *handle = NULL;
        amend_error error = {0};
        options.lint = &wrong[i];
        options.lint_count = 1;
        assert_int_equal(amend_open(&options, &handle, &error), AMEND_USAGE);
        assert_int_equal(error.code, AMEND_E_SETTINGS);
    }
}

static void test_arguments(void **state)
{
    (void)state;
    harness h;
    amend_lint_report *r = NULL;
    make(&h);
    h.options.url = NULL;
    harness_open(&h);
    amend_lint_options options = AMEND_LINT_INIT;
    assert_int_equal(lint(&h, &options, NULL), AMEND_USAGE);
    assert_int_equal(lint(&h, &options, &r), AMEND_USAGE); /* of which dialect? */
    options.dialect = "klingon";
    assert_int_equal(lint(&h, &options, &r), AMEND_USAGE);
    options.dialect = "sqlite";
    options.file_count = 1;
    assert_int_equal(lint(&h, &options, &r), AMEND_USAGE);
    options.file_count = 0;
    options.pending = true;
    assert_int_equal(lint(&h, &options, &r), AMEND_USAGE);
    assert_int_equal(h.error.code, AMEND_E_NO_DATABASE);
    options.size = 1;
    assert_int_equal(lint(&h, &options, &r), AMEND_USAGE);
    assert_null(r);
    harness_remove(&h);
}

static void test_rules(void **state)
{
    (void)state;
    size_t count = 0;
    for (const amend_lint_rule *rule; (rule = amend_lint_rule_at(count)) != NULL; count++)
    {
        assert_ptr_equal(amend_lint_rule_find(rule->name), rule);
    }
    assert_true(count >= 40);
    assert_null(amend_lint_rule_find(NULL));
    assert_null(amend_lint_rule_find("nonsense"));
}

/* Each allocation fails in turn. */
static void sweep(const harness *h, const amend_lint_options *what, amend_status wanted)
{
    for (size_t n = 1, failed = 1; failed > 0; n++)
    {
        faulty_alloc f;
        amend *handle = NULL;
        amend_lint_report *r = NULL;
        amend_error error = {0};
        amend_options options = h->options;
        options.allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        amend_status status = amend_open(&options, &handle, &error);
        status = status == AMEND_OK ? amend_lint(handle, what, &r, &error) : status;
        amend_lint_report_free(r);
        amend_close(handle);
        failed = f.failures;
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (status != (failed > 0 ? AMEND_FAILED : wanted))
        {
            fail_msg("call %zu: %d AM%04d %s", n, (int)status, (int)error.code, error.message);
        }
        assert_true(failed == 0 || error.code == AMEND_E_OUT_OF_MEMORY);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    harness h;
    make(&h);
    harness_write(&h, "elsewhere.sql", "SELECT 1;");
    char other[600], known[600];
    snprintf(other, sizeof other, "%s/elsewhere.sql", h.migrations);
    snprintf(known, sizeof known, "%s/versions/004_drop.sql", h.migrations);
    const char *const files[] = {other, known};
    amend_lint_options what = AMEND_LINT_INIT;
    what.files = files;
    what.file_count = 2;
    sweep(&h, &what, AMEND_OK);
    harness_remove(&h);
}

/* So many files and findings that each list has to grow. */
static void test_no_memory_for_many(void **state)
{
    (void)state;
    harness h;
    make(&h);
    static char text[20000], names[60][600];
    const char *files[60];
    for (int i = 0; i < 150; i++)
    {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "ALTER TABLE users RENAME COLUMN a%d TO b%d;\nDROP TABLE gone%d;\n", i, i, i);
    }
    harness_write(&h, "versions/006_many.sql", text);
    for (int i = 0; i < 60; i++)
    {
        char name[64];
        snprintf(name, sizeof name, "other/%d_down.sql", i);
        harness_write(&h, name, "DROP TABLE x;");
        snprintf(names[i], sizeof names[i], "%s/other/%d_down.sql", h.migrations, i);
        files[i] = names[i];
    }
    amend_lint_options what = AMEND_LINT_INIT;
    sweep(&h, &what, AMEND_OK);
    what.files = files;
    what.file_count = 60;
    sweep(&h, &what, AMEND_OK);
    harness_remove(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_severities),
        cmocka_unit_test(test_wrong_severities),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_memory_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
