/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "events.h"
#include "fault.h"

bool cli_speaks(const cli *c)
{
    return !c->json && !c->quiet;
}

amend_status cli_open(cli *c, amend_error *error)
{
    amend_options options = AMEND_OPTIONS_INIT;
    settings_apply(&c->settings, &options);
    bool connects = (c->args.command->traits & COMMAND_DATABASE) != 0;
    if (options.url == NULL && connects)
    {
        return fault_set(error, AMEND_E_NO_DATABASE, "no database given");
    }
    if (!connects)
    {
        options.url = NULL;
    }
    options.on_event = events_handle;
    options.on_event_arg = c;
    return amend_open(&options, &c->handle, error);
}
