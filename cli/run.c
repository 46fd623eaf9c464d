/* SPDX-License-Identifier: MIT */
#include "run.h"

#include "fault.h"
#include "json.h"
#include "losses.h"
#include "print.h"

#include <string.h>

amend_status run_options(const cli *c, amend_run *run, amend_error *error)
{
    uint32_t steps = 0;
    amend_status status = args_number(&c->args, OPTION_STEPS, &steps, error);
    run->to = c->args.values[OPTION_TO];
    run->steps = steps;
    run->flags = (args_has(&c->args, OPTION_DRY_RUN) ? AMEND_DRY_RUN : 0u) |
                 (args_has(&c->args, OPTION_OUT_OF_ORDER) ? AMEND_OUT_OF_ORDER : 0u) |
                 (args_has(&c->args, OPTION_STRICT) ? AMEND_STRICT : 0u) |
                 (c->settings.items[SETTING_ALLOW_DESTRUCTIVE].on ? AMEND_ALLOW_DESTRUCTIVE : 0u);
    bool takes = (c->args.command->options & O(BACKUP)) != 0; /* the setting is there for every command */
    if (takes && (c->settings.items[SETTING_BACKUP].on || args_has(&c->args, OPTION_BACKUP_DIR)))
    {
        const char *dir = c->settings.items[SETTING_BACKUP_DIR].value;
        run->backup = dir == NULL ? "" : dir;
    }
    if (c->args.command->id == COMMAND_up)
    {
        const char *lint = c->settings.items[SETTING_LINT].value;
        run->lint = strcmp(lint, "off") == 0 ? AMEND_LINT_OFF : strcmp(lint, "warn") == 0 ? AMEND_LINT_WARN : AMEND_LINT_ERROR;
    }
    return status;
}

/* The stream's last line. A run that failed before its plan has no report. */
static void finish_stream(cli *c, const amend_report *report, amend_status status, const amend_error *error)
{
    static const amend_report nothing = {0};
    json_t *line = json_object();
    json_add(line, "type", amend_event_type_name(AMEND_EVENT_RUN_FINISHED));
    json_add_number(line, "status", status);
    json_t *rest = json_report(c->args.command->name, report == NULL ? &nothing : report);
    json_object_update_missing(line, rest);
    json_decref(rest);
    if (status != AMEND_OK)
    {
        json_object_set_new(line, "error", json_error(error));
        c->told = true;
    }
    json_print(line);
}

static void speak(cli *c, const amend_report *report, const amend_error *error, run_summary_fn summary)
{
    print_problems(c, report, error);
    if (error != NULL ? error->code == AMEND_E_DESTRUCTIVE : report->sql != NULL || c->verbose)
    {
        losses_print(c, report);
    }
    if (report->sql != NULL)
    {
        fputs(report->sql, stdout);
    }
    else
    {
        summary(c, report, error != NULL);
    }
}

/* The table has said it all; what is left to say is what to type. */
static void say_how(const cli *c, amend_error *error)
{
    if (cli_speaks(c))
    {
        error->detail[0] = '\0';
    }
    fault_hint(error,
               "Nothing was run. If this is meant, type: amend %s%s --allow-destructive (or write -- amend:destructive "
               "\"why\" at the head of %s); --backup saves it first.",
               c->args.command->name, c->args.command->id == COMMAND_reset ? " --yes" : "", error->file);
}

amend_status run_call(cli *c, run_fn fn, const amend_run *run, run_summary_fn summary, amend_error *error)
{
    amend_report *report = NULL;
    bool streams = (c->args.command->traits & COMMAND_STREAM) != 0;
    amend_status status = c->handle == NULL ? cli_open(c, error) : AMEND_OK;
    if (status != AMEND_OK)
    {
        return status;
    }
    c->stream = c->json && streams;
    status = fn(c->handle, run, &report, error);
    progress_clear(&c->progress);
    if (c->stream)
    {
        finish_stream(c, report, status, error);
    }
    else if (report != NULL && c->json)
    {
        print_report_json(c, report, status == AMEND_OK ? NULL : error);
    }
    else if (report != NULL)
    {
        speak(c, report, status == AMEND_OK ? NULL : error, summary);
    }
    if (status != AMEND_OK && error->code == AMEND_E_DESTRUCTIVE)
    {
        say_how(c, error);
    }
    amend_report_free(report);
    return status;
}

const char *run_position(cli *c, const amend_report *report)
{
    return report->current == NULL ? "nothing is applied now" : pool_format(&c->pool, "now at %s", report->current);
}

void run_rolled_back(cli *c, const amend_report *report, bool failed)
{
    const char *skipped =
        report->skipped == 0 ? "" : pool_format(&c->pool, ", %zu skipped for want of a down script", report->skipped);
    if (failed)
    {
        if (report->done > 0)
        {
            print_line(c, STYLE_PLAIN, "%zu rolled back before the failure; %s", report->done, run_position(c, report));
        }
    }
    else if (report->done == 0)
    {
        print_line(c, STYLE_BOLD, "nothing rolled back%s; %s", skipped, run_position(c, report));
    }
    else
    {
        print_line(c, STYLE_BOLD, "%zu rolled back in %s%s; %s", report->done, print_duration(&c->pool, report->elapsed_ms),
                   skipped, run_position(c, report));
    }
}

amend_status run_judge(const amend_report *r, amend_error *error)
{
    for (size_t i = 0; i < r->problem_count; i++)
    {
        const amend_problem *p = &r->problems[i];
        if (p->severity != AMEND_ERROR)
        {
            continue;
        }
        amend_status status = fault_set(error, p->code, "%s", p->message);
        snprintf(error->version, sizeof error->version, "%s", p->version == NULL ? "" : p->version);
        fault_hint(error, "%s", p->hint == NULL ? "" : p->hint);
        if (p->file != NULL)
        {
            fault_at(error, p->file, p->line);
        }
        return status;
    }
    return AMEND_OK;
}
