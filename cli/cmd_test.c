/* SPDX-License-Identifier: MIT */
#include "draft.h"
#include "fault.h"
#include "json.h"
#include "lint_print.h"
#include "test_print.h"

#include <string.h>
#include <time.h>

typedef struct test_reading
{
    cli *cli;
    test_list list;
} test_reading;

/* What is told is borrowed. */
static void test_on_result(void *arg, const amend_test_result *result)
{
    test_reading *r = arg;
    pool *p = &r->cli->pool;
    test_list *list = &r->list;
    list->items = pool_grow(p, list->items, list->count, sizeof *list->items);
    amend_test_result *copy = &list->items[list->count++];
    *copy = *result;
    copy->version = pool_text(p, result->version);
    copy->name = pool_text(p, result->name);
    copy->file = pool_text(p, result->file);
    copy->message = pool_text(p, result->message);
    copy->detail = pool_text(p, result->detail);
    list->passed += result->outcome == AMEND_TEST_PASSED;
    list->failed += result->outcome == AMEND_TEST_FAILED;
    list->skipped += result->outcome == AMEND_TEST_SKIPPED;
}

static int64_t test_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static amend_status test_write_junit(cli *c, const test_list *list, amend_error *error)
{
    draft d;
    if (!args_has(&c->args, OPTION_JUNIT))
    {
        return AMEND_OK;
    }
    amend_status status = draft_begin(&c->pool, c->args.values[OPTION_JUNIT], &d, error);
    if (status == AMEND_OK)
    {
        test_junit(&c->pool, list, d.file);
        status = draft_end(&d, AMEND_OK, error);
    }
    return status;
}

static void test_show(cli *c, const test_list *list, const amend_error *failed)
{
    const char *format = c->args.values[OPTION_FORMAT];
    if (c->json)
    {
        json_t *out = test_json(list);
        if (failed != NULL)
        {
            json_object_set_new(out, "error", json_error(failed));
            c->told = true;
        }
        json_print(out);
    }
    else if (format != NULL && strcmp(format, "github") == 0)
    {
        test_print_github(c, list);
    }
    else
    {
        test_print_text(c, list);
    }
}

static amend_status test_check_options(const cli *c, amend_error *error)
{
    const char *format = c->args.values[OPTION_FORMAT];
    if (format != NULL && strcmp(format, "sarif") == 0)
    {
        return fault_set(error, AMEND_E_OPTION, "--format sarif is lint's: what failed in a test has no rule");
    }
    if (c->json && format != NULL)
    {
        return fault_set(error, AMEND_E_OPTION, "--json is a format of its own: leave out --format");
    }
    return AMEND_OK;
}

/* All that lint has to say, with its places; among the tests only its errors count. */
static void test_show_lint(cli *c)
{
    amend_lint_report *report = NULL;
    if (!c->json)
    {
        (void)!amend_lint(c->handle, NULL, &report, NULL);
    }
    if (report != NULL)
    {
        const char *format = c->args.values[OPTION_FORMAT];
        bool github = format != NULL && strcmp(format, "github") == 0;
        (github ? lint_print_github : lint_print_text)(c, report);
    }
    amend_lint_report_free(report);
}

amend_status cmd_test(cli *c, amend_error *error)
{
    test_reading r = {.cli = c};
    amend_test_options options = AMEND_TEST_OPTIONS_INIT;
    options.scratch_url = c->settings.items[SETTING_SCRATCH_URL].value;
    const char *lint = c->args.values[OPTION_LINT];
    options.no_lint = args_has(&c->args, OPTION_LINT) && strcmp(lint, "off") == 0;
    amend_status status = test_check_options(c, error);
    status = status == AMEND_OK ? cli_open(c, error) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    int64_t start = test_clock_ms();
    status = amend_test(c->handle, &options, test_on_result, &r, error);
    r.list.elapsed_ms = test_clock_ms() - start;
    progress_clear(&c->progress);
    if (status != AMEND_OK && error->code != AMEND_E_TEST_FAILED && error->code != AMEND_E_LINT)
    {
        return status;
    }
    if (!options.no_lint)
    {
        test_show_lint(c);
    }
    amend_error unwritten = {0};
    amend_status written = test_write_junit(c, &r.list, &unwritten);
    test_show(c, &r.list, status == AMEND_OK ? NULL : error);
    if (written != AMEND_OK)
    {
        *error = unwritten;
        return written;
    }
    return status;
}
