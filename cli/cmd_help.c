/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "fault.h"
#include "help.h"
#include "suggest.h"

amend_status cmd_help(cli *c, amend_error *error)
{
    if (c->args.operand_count == 0)
    {
        help_all(stdout, &c->out);
        return AMEND_OK;
    }
    const char *name = c->args.operands[0];
    const command *found = command_find(name);
    if (found != NULL)
    {
        help_command(stdout, &c->out, found);
        return AMEND_OK;
    }
    suggestion near = {.word = name};
    for (size_t i = 0; i < COMMANDS; i++)
    {
        suggest_consider(&near, commands_table[i].name);
    }
    amend_status status = fault_set(error, AMEND_E_OPTION, "no command \"%s\"", name);
    fault_hint(error, near.best == NULL ? "\"amend help\" lists all commands." : "Did you mean \"amend help %s\"?", near.best);
    return status;
}
