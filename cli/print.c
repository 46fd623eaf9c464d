/* SPDX-License-Identifier: MIT */
#include "print.h"

#include "diagnose.h"
#include "duration.h"
#include "json.h"

#include <stdarg.h>
#include <string.h>

enum
{
    LINE = 2048,
};

void print_line(cli *c, style s, const char *format, ...)
{
    if (!cli_speaks(c))
    {
        return;
    }
    va_list args;
    progress_clear(&c->progress);
    fputs(look_on(&c->out, s), stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("%s\n", look_off(&c->out, s));
}

void print_table(cli *c, const table *t)
{
    if (cli_speaks(c))
    {
        progress_clear(&c->progress);
        table_print(t, stdout, &c->out);
    }
}

void print_note(cli *c, amend_severity severity, const char *format, ...)
{
    char text[LINE];
    if (c->quiet)
    {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    progress_clear(&c->progress);
    /* On a terminal both streams meet: what was said before must stand above. */
    fflush(stdout);
    diagnose_remark(stderr, &c->err, &c->pool, severity, text);
}

static bool same_hint(const amend_problem *a, const amend_problem *b)
{
    return a->code == b->code && a->hint != NULL && b->hint != NULL && strcmp(a->hint, b->hint) == 0;
}

static bool is_error(const amend_problem *problem, const amend_error *error)
{
    return error != NULL && problem->code == error->code && strcmp(problem->message, error->message) == 0;
}

/* A gap in the numbers is worth a word where one looks, not in each run. */
static bool is_wanted(const cli *c, const amend_problem *problem)
{
    if (c->quiet)
    {
        return problem->severity == AMEND_ERROR;
    }
    if (problem->code == AMEND_E_LINT && problem->severity == AMEND_WARNING && c->found != NULL)
    {
        return false; /* it was said before anything ran */
    }
    bool runs = (c->args.command->traits & COMMAND_STREAM) != 0;
    return c->verbose || !runs || problem->code != AMEND_E_VERSION_GAP;
}

void print_problems(cli *c, const amend_report *report, const amend_error *error)
{
    if (c->json)
    {
        return;
    }
    progress_clear(&c->progress);
    fflush(stdout);
    for (size_t i = 0; i < report->problem_count; i++)
    {
        const amend_problem *problem = &report->problems[i];
        bool last_of_kind = i + 1 == report->problem_count || !same_hint(problem, problem + 1);
        if (is_wanted(c, problem) && !is_error(problem, error))
        {
            diagnose_problem(stderr, &c->err, &c->pool, problem, last_of_kind);
        }
    }
}

void print_report_json(cli *c, const amend_report *report, const amend_error *error)
{
    if (!c->json)
    {
        return;
    }
    json_t *object = json_report(c->args.command->name, report);
    if (error != NULL && error->code != 0)
    {
        json_object_set_new(object, "error", json_error(error));
        c->told = true;
    }
    json_print(object);
}

style print_state_style(amend_state state)
{
    static const style styles[] = {
        [AMEND_STATE_APPLIED] = STYLE_GREEN, [AMEND_STATE_PENDING] = STYLE_YELLOW, [AMEND_STATE_CHANGED] = STYLE_RED,
        [AMEND_STATE_MISSING] = STYLE_RED,   [AMEND_STATE_NEWER] = STYLE_BLUE,     [AMEND_STATE_OUT_OF_ORDER] = STYLE_RED,
        [AMEND_STATE_PARTIAL] = STYLE_RED,   [AMEND_STATE_SKIPPED] = STYLE_YELLOW, [AMEND_STATE_DONE] = STYLE_GREEN,
        [AMEND_STATE_FAILED] = STYLE_RED,
    };
    return (size_t)state < sizeof styles / sizeof styles[0] ? styles[state] : STYLE_PLAIN;
}

const char *print_time(pool *p, const char *iso)
{
    if (iso == NULL || strlen(iso) < 19)
    {
        return iso == NULL ? "" : iso;
    }
    char *text = pool_copy(p, iso, 19);
    text[10] = ' ';
    return text;
}

const char *print_duration(pool *p, int64_t ms)
{
    if (ms < 0)
    {
        return "";
    }
    char *text = pool_alloc(p, DURATION_TEXT);
    duration_print(ms, text);
    return text;
}

const char *print_count(pool *p, size_t count, const char *noun)
{
    return pool_format(p, "%zu %s%s", count, noun, count == 1 ? "" : "s");
}
