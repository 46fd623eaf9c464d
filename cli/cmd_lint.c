/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "json.h"
#include "lint_print.h"

#include <string.h>

static amend_status lint_check_dialect(cli *c, amend_error *error)
{
    if (c->settings.items[SETTING_URL].value != NULL || args_has(&c->args, OPTION_DIALECT))
    {
        return AMEND_OK;
    }
    amend_status status =
        fault_set(error, AMEND_E_NO_DATABASE, "no database given, and it tells which kind of SQL the files are");
    fault_hint(error, "Nothing is connected to, so that the kind is enough: --dialect sqlite or --dialect postgres");
    return status;
}

static void lint_show(cli *c, const amend_lint_report *report, const amend_error *failed)
{
    const char *format = c->args.values[OPTION_FORMAT];
    if (format != NULL && strcmp(format, "sarif") == 0)
    {
        json_print(lint_sarif(&c->pool, report));
    }
    else if (c->json)
    {
        json_t *out = lint_json(report);
        if (failed != NULL)
        {
            json_object_set_new(out, "error", json_error(failed));
            c->told = true;
        }
        json_print(out);
    }
    else if (format != NULL && strcmp(format, "github") == 0)
    {
        lint_print_github(c, report);
    }
    else
    {
        lint_print_text(c, report);
    }
}

amend_status cmd_lint(cli *c, amend_error *error)
{
    amend_lint_options options = AMEND_LINT_INIT;
    options.dialect = c->args.values[OPTION_DIALECT];
    options.files = c->args.operands;
    options.file_count = c->args.operand_count;
    options.pending = args_has(&c->args, OPTION_PENDING);
    if (options.pending && options.file_count > 0)
    {
        return fault_set(error, AMEND_E_OPTION, "--pending and files at once: which are meant?");
    }
    if (c->json && args_has(&c->args, OPTION_FORMAT))
    {
        return fault_set(error, AMEND_E_OPTION, "--json is a format of its own: leave out --format");
    }
    amend_status status = lint_check_dialect(c, error);
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    amend_lint_report *report = NULL;
    if (status == AMEND_OK)
    {
        status = amend_lint(c->handle, &options, &report, error);
    }
    progress_clear(&c->progress);
    if (report != NULL)
    {
        lint_show(c, report, status == AMEND_OK ? NULL : error);
    }
    amend_lint_report_free(report);
    return status;
}
