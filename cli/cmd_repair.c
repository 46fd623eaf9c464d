/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "print.h"
#include "run.h"

static void repair_summary(cli *c, const amend_report *r, bool failed)
{
    if (failed)
    {
        return;
    }
    if (r->done == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to repair: the files are what was applied");
        return;
    }
    print_line(c, STYLE_BOLD, "%s accepted", print_count(&c->pool, r->done, "changed file"));
}

amend_status cmd_repair(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    bool all = args_has(&c->args, OPTION_ALL);
    if (all == (c->args.operand_count > 0))
    {
        amend_status wrong =
            fault_set(error, AMEND_E_OPTION,
                      all ? "a version and --all exclude each other" : "\"amend repair\" needs a version, or --all");
        fault_hint(error, "\"amend verify\" lists what has changed.");
        return wrong;
    }
    amend_status status = run_options(c, &run, error);
    run.to = all ? NULL : c->args.operands[0];
    return status == AMEND_OK ? run_call(c, amend_repair, &run, repair_summary, error) : status;
}
