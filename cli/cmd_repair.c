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

static void replay_summary(cli *c, const amend_report *r, bool failed)
{
    if (!failed && r->done == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to replay: all is there that the migration made");
    }
    else if (!failed)
    {
        print_line(c, STYLE_BOLD, "%s %s: what was absent is there again", r->items[0].version, r->items[0].name);
    }
}

static void schema_summary(cli *c, const amend_report *r, bool failed)
{
    if (!failed)
    {
        print_line(c, STYLE_BOLD, "the schema as it is now is taken for what %s left", r->current);
    }
}

/* Which of its ways is wanted? Exactly one. */
static amend_status repair_usage(const cli *c, amend_error *error)
{
    unsigned ways = (unsigned)args_has(&c->args, OPTION_ALL) + (unsigned)args_has(&c->args, OPTION_REPLAY) +
                    (unsigned)args_has(&c->args, OPTION_SCHEMA) + (unsigned)(c->args.operand_count > 0);
    if (ways == 1)
    {
        return AMEND_OK;
    }
    amend_status wrong = fault_set(error, AMEND_E_OPTION,
                                   ways > 1 ? "a version, --all, --replay and --schema exclude each other"
                                            : "\"amend repair\" needs a version, --all, --replay or --schema");
    fault_hint(error, "\"amend verify\" lists what has changed, and what is absent.");
    return wrong;
}

amend_status cmd_repair(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = repair_usage(c, error);
    if (status == AMEND_OK)
    {
        status = run_options(c, &run, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    run.to = c->args.operand_count > 0 ? c->args.operands[0] : c->args.values[OPTION_REPLAY];
    if (args_has(&c->args, OPTION_SCHEMA))
    {
        return run_call(c, amend_accept, &run, schema_summary, error);
    }
    return args_has(&c->args, OPTION_REPLAY) ? run_call(c, amend_replay, &run, replay_summary, error)
                                             : run_call(c, amend_repair, &run, repair_summary, error);
}
