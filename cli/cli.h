/* SPDX-License-Identifier: MIT */
/*
 * What a run of the command carries around, and the commands' entry points. A command parses its own options, calls the library
 * and prints; it returns a status, and fills *error when that is a failure. main.c prints the error, unless `told` says that
 * the command did so already.
 */
#ifndef AMEND_CLI_CLI_H
#define AMEND_CLI_CLI_H

#include "amend.h"
#include "args.h"
#include "look.h"
#include "progress.h"
#include "settings.h"

typedef struct cli
{
    pool pool;
    arguments args;
    settings settings;
    amend *handle; /* closed by cli_close */
    bool json, quiet, verbose;
    bool stream;       /* print events as JSON lines */
    bool told;         /* the error, if there is one, is printed */
    const char *found; /* what lint found was printed before the run; the last rule of it, by name */
    look out, err;
    progress progress;
} cli;

/* Open the handle with the settings. Errors: NO_DATABASE, and those of amend_open. */
amend_status cli_open(cli *c, amend_error *error);
/* The same on another database than the configured one; NULL: on none. */
amend_status cli_open_at(cli *c, const char *url, amend_error *error);
/* Close it again. */
void cli_close(cli *c);
/* Sleep. False, and at once, when a signal has asked the command to stop. */
bool cli_pause(uint32_t ms);
/* Are words for people wanted on standard output? */
bool cli_speaks(const cli *c);

#define AMEND_COMMAND(id, arguments, fewest, most, traits, options, summary, description, examples)                            \
    amend_status cmd_##id(cli *c, amend_error *error);
#include "commands.def"
#undef AMEND_COMMAND

#endif
