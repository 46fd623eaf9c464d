/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "run.h"

#include <string.h>
#include <unistd.h>

/* Has the user typed the database's name? */
static bool asked(cli *c)
{
    char line[1024];
    const char *name = amend_database_name(c->handle);
    fprintf(stderr, "%sThis rolls back every migration of %s; what they hold is lost.%s\n", look_on(&c->err, STYLE_RED),
            amend_database(c->handle), look_off(&c->err, STYLE_RED));
    fprintf(stderr, "Type the database's name (%s) to go on: ", name);
    fflush(stderr);
    if (fgets(line, sizeof line, stdin) == NULL)
    {
        fputc('\n', stderr);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, name) == 0;
}

static amend_status confirm(cli *c, amend_error *error)
{
    if (args_has(&c->args, OPTION_YES) || args_has(&c->args, OPTION_DRY_RUN))
    {
        return AMEND_OK;
    }
    bool person = isatty(STDIN_FILENO) == 1 && c->err.terminal && !c->json;
    if (person && asked(c))
    {
        return AMEND_OK;
    }
    amend_status status =
        fault_set(error, AMEND_E_NOT_CONFIRMED, "reset of \"%s\" was not confirmed", amend_database_name(c->handle));
    fault_hint(error,
               person ? "That was not the database's name: nothing was changed." : "Where nobody can be asked, give --yes.");
    return status;
}

amend_status cmd_reset(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    if (status == AMEND_OK)
    {
        status = confirm(c, error);
    }
    return status == AMEND_OK ? run_call(c, amend_reset, &run, run_rolled_back, error) : status;
}
