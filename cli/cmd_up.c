/* SPDX-License-Identifier: MIT */
#include "preview.h"
#include "print.h"
#include "run.h"

static void up_summary(cli *c, const amend_report *r, bool failed)
{
    if (failed)
    {
        if (r->done > 0)
        {
            print_line(c, STYLE_PLAIN, "%zu applied before the failure; %zu pending", r->done, r->pending);
        }
        return;
    }
    if (r->done > 0)
    {
        const char *pending = r->pending == 0 ? "" : pool_format(&c->pool, " (%zu pending)", r->pending);
        print_line(c, STYLE_BOLD, "%zu applied in %s; %s%s", r->done, print_duration(&c->pool, r->elapsed_ms),
                   run_position(c, r), pending);
    }
    else if (r->pending > 0)
    {
        print_line(c, STYLE_BOLD, "nothing to apply; %s (%zu pending)", run_position(c, r), r->pending);
    }
    else if (r->current == NULL)
    {
        print_line(c, STYLE_BOLD, "nothing to apply: no migrations in %s", r->dir);
    }
    else
    {
        print_line(c, STYLE_BOLD, "up to date at %s (%zu applied)", r->current, r->applied);
    }
}

amend_status cmd_up(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    if (status == AMEND_OK && args_has(&c->args, OPTION_PREVIEW))
    {
        return preview_call(c, &run, error);
    }
    return status == AMEND_OK ? run_call(c, amend_up, &run, up_summary, error) : status;
}
