/* SPDX-License-Identifier: MIT */
/*
 * Once, or with --watch again and again: then a round speaks only when it found something else than the one before it. The
 * handle, and with it the connection, is kept between the rounds; one that was lost is made anew by the next round.
 */
#include "diagnose.h"
#include "duration.h"
#include "fault.h"
#include "json.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum
{
    WATCH_EVERY_MS = 60000,
};

static void verify_agrees(cli *c, const char *at, const amend_report *r)
{
    print_line(c, STYLE_GREEN, "%s%s verified: files, history, audit trail and schema agree", at,
               print_count(&c->pool, r->applied, "migration"));
}

static amend_status verify_once(cli *c, amend_error *error)
{
    amend_report *r = NULL;
    amend_status status = amend_verify(c->handle, &r, error);
    progress_clear(&c->progress);
    if (r == NULL)
    {
        return status;
    }
    print_report_json(c, r, status == AMEND_OK ? NULL : error);
    print_problems(c, r, error);
    if (status == AMEND_OK)
    {
        verify_agrees(c, "", r);
    }
    amend_report_free(r);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ watching */

static const char *watch_now(pool *p)
{
    char text[32];
    struct tm tm;
    time_t now = time(NULL);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    return pool_text(p, text);
}

/* What a round found, as one text: two of the same found the same. */
static const char *watch_findings(pool *p, const amend_report *r, amend_status status, const amend_error *error)
{
    const char *text = pool_format(p, "%d %s", (int)status, status == AMEND_OK ? "" : error->message);
    for (size_t i = 0; r != NULL && i < r->problem_count; i++)
    {
        const amend_problem *problem = &r->problems[i];
        text = pool_format(p, "%s\n%d %s %s", text, (int)problem->code, problem->message,
                           problem->detail == NULL ? "" : problem->detail);
    }
    return text;
}

static void watch_print_json(const char *at, const amend_report *r, amend_status status, const amend_error *error)
{
    static const amend_report nothing = {0};
    json_t *line = json_object(), *rest = json_report("verify", r == NULL ? &nothing : r);
    json_add(line, "at", at);
    json_add_number(line, "status", (int64_t)status);
    json_object_update_missing(line, rest);
    json_decref(rest);
    if (status != AMEND_OK)
    {
        json_object_set_new(line, "error", json_error(error));
    }
    json_print(line);
}

static void watch_speak(cli *c, const char *at, const amend_report *r, amend_status status, const amend_error *error)
{
    const char *when = pool_format(&c->pool, "%s ", print_time(&c->pool, at));
    if (r != NULL)
    {
        print_problems(c, r, status == AMEND_OK ? NULL : error);
    }
    if (status == AMEND_OK)
    {
        verify_agrees(c, when, r);
    }
    else
    {
        print_line(c, STYLE_RED, "%s%s", when, error->message);
        if (status != AMEND_UNVERIFIED)
        {
            diagnose_error(stderr, &c->err, &c->pool, error, NULL);
        }
    }
    fflush(stdout);
}

/* Each round has a pool of its own: a watch may run for months. */
static amend_status watch_round(cli *c, char **before, bool *stop, amend_error *error)
{
    amend_report *r = NULL;
    pool all = c->pool;
    c->pool = (pool){0};
    amend_status status = amend_verify(c->handle, &r, error);
    const char *at = watch_now(&c->pool), *found = watch_findings(&c->pool, r, status, error);
    *stop = status != AMEND_OK && error->code == AMEND_E_CANCELLED;
    progress_clear(&c->progress);
    if (!*stop && c->json)
    {
        watch_print_json(at, r, status, error);
    }
    else if (!*stop && (*before == NULL || strcmp(*before, found) != 0))
    {
        watch_speak(c, at, r, status, error);
    }
    free(*before);
    *before = strdup(found);
    amend_report_free(r);
    pool_clear(&c->pool);
    c->pool = all;
    return status;
}

static amend_status watch(cli *c, uint32_t every, amend_error *error)
{
    char *before = NULL;
    amend_status last = AMEND_OK;
    bool stop = false;
    do
    {
        *error = (amend_error){0};
        amend_status status = watch_round(c, &before, &stop, error);
        last = stop ? last : status;
        /* What is wrong with the settings or the directory does not change by itself. */
        stop |= status == AMEND_USAGE;
    }
    while (!stop && cli_pause(every));
    free(before);
    c->told = true;
    return last;
}

amend_status cmd_verify(cli *c, amend_error *error)
{
    uint32_t every = WATCH_EVERY_MS;
    bool watches = args_has(&c->args, OPTION_WATCH);
    const char *time = c->args.operand_count > 0 ? c->args.operands[0] : NULL;
    const char *wrong = time == NULL ? NULL : duration_parse(time, &every);
    if (time != NULL && !watches)
    {
        return fault_set(error, AMEND_E_OPTION, "\"%s\" is a time for --watch, which is not given", time);
    }
    if (wrong != NULL)
    {
        return fault_set(error, AMEND_E_OPTION, "--watch: \"%s\" %s", time, wrong);
    }
    amend_status status = cli_open(c, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    return watches ? watch(c, every, error) : verify_once(c, error);
}
