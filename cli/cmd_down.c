/* SPDX-License-Identifier: MIT */
#include "print.h"
#include "run.h"

static void down_summary(cli *c, const amend_report *r, bool failed)
{
    if (failed)
    {
        print_line(c, STYLE_PLAIN, "%zu rolled back before the failure; %s", r->done, run_position(c, r));
    }
    else if (r->done == 0 && r->skipped == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to roll back; %s", run_position(c, r));
    }
    else
    {
        const char *skipped =
            r->skipped == 0 ? "" : pool_format(&c->pool, ", %zu skipped for want of a down script", r->skipped);
        print_line(c, STYLE_BOLD, "%zu rolled back in %s%s; %s", r->done, print_duration(&c->pool, r->elapsed_ms), skipped,
                   run_position(c, r));
    }
}

amend_status cmd_down(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    return status == AMEND_OK ? run_call(c, amend_down, &run, down_summary, error) : status;
}
