/* SPDX-License-Identifier: MIT */
#include "print.h"
#include "run.h"

static void baseline_summary(cli *c, const amend_report *r, bool failed)
{
    if (failed)
    {
        return;
    }
    if (r->done == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to record; %s", run_position(c, r));
        return;
    }
    print_line(c, STYLE_BOLD, "%zu recorded as applied, none was run; %s", r->done, run_position(c, r));
}

amend_status cmd_baseline(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    run.to = c->args.operands[0];
    return status == AMEND_OK ? run_call(c, amend_baseline, &run, baseline_summary, error) : status;
}
