/* SPDX-License-Identifier: MIT */
#include "print.h"
#include "run.h"

static void redo_summary(cli *c, const amend_report *r, bool failed)
{
    if (failed)
    {
        if (r->done > 0)
        {
            print_line(c, STYLE_PLAIN, "stopped at the failure; %s", run_position(c, r));
        }
    }
    else if (r->done == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to redo; %s", run_position(c, r));
    }
    else
    {
        print_line(c, STYLE_BOLD, "done again in %s; %s", print_duration(&c->pool, r->elapsed_ms), run_position(c, r));
    }
}

amend_status cmd_redo(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    return status == AMEND_OK ? run_call(c, amend_redo, &run, redo_summary, error) : status;
}
