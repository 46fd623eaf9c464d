/* SPDX-License-Identifier: MIT */
/*
 * The command `amend`. It parses the command line, reads the settings that the command needs, runs it, and turns its status
 * into an exit status and its error into words. Nothing is prepared before it is needed: `amend --version` reads no file.
 */
#include "cli.h"
#include "diagnose.h"
#include "help.h"
#include "json.h"
#include "print.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

typedef amend_status (*command_fn)(cli *c, amend_error *error);

static const command_fn commands[COMMANDS] = {
#define AMEND_COMMAND(id, arguments, fewest, most, traits, options, summary, description, examples) cmd_##id,
#include "commands.def"
#undef AMEND_COMMAND
};

/* The database, for errors about it that don't name it: who works on several must see which one it was. */
static const char *database(const cli *c, const amend_error *error)
{
    bool about = error->code >= AMEND_E_UNREACHABLE && error->code < AMEND_E_DIFFERENT;
    if (c->handle == NULL || !about || strstr(error->message, amend_database_name(c->handle)) != NULL)
    {
        return NULL;
    }
    return amend_database(c->handle);
}

static void report(cli *c, const amend_error *error)
{
    progress_clear(&c->progress);
    if (!c->json)
    {
        fflush(stdout);
        diagnose_error(stderr, &c->err, &c->pool, error, database(c, error));
        return;
    }
    json_t *object = json_object();
    if (c->args.command != NULL && (c->args.command->traits & COMMAND_STREAM) != 0)
    {
        json_add(object, "type", amend_event_type_name(AMEND_EVENT_RUN_FINISHED));
        json_add_number(object, "status", error->status);
    }
    json_add(object, "command", c->args.command == NULL ? NULL : c->args.command->name);
    json_object_set_new(object, "error", json_error(error));
    json_print(object);
}

static amend_status run(cli *c, amend_error *error)
{
    const command *chosen = c->args.command;
    if (args_has(&c->args, OPTION_VERSION))
    {
        return cmd_version(c, error);
    }
    if (chosen == NULL)
    {
        (args_has(&c->args, OPTION_HELP) ? help_all : help_short)(stdout, &c->out);
        return AMEND_OK;
    }
    if (args_has(&c->args, OPTION_HELP))
    {
        help_command(stdout, &c->out, chosen);
        return AMEND_OK;
    }
    if ((chosen->traits & (COMMAND_SETTINGS | COMMAND_DATABASE)) != 0)
    {
        amend_status status = settings_load(&c->pool, &c->args, &c->settings, error);
        if (status != AMEND_OK)
        {
            return status;
        }
        if (c->settings.warning != NULL)
        {
            print_note(c, AMEND_WARNING, "%s", c->settings.warning);
        }
    }
    return commands[chosen->id](c, error);
}

/* A full disk or a reader that is gone must not look like success. */
static int finish(int status)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed)
    {
        fprintf(stderr, "error: can't write to standard output: %s\n", strerror(errno));
    }
    return failed && status == AMEND_OK ? AMEND_FAILED : status;
}

int main(int argc, char **argv)
{
    cli c = {0};
    amend_error error = {0};
    /* A reader that goes away shall not stop a migration half-way: writing fails in its place, and finish() says so. */
    signal(SIGPIPE, SIG_IGN);
    amend_status status = args_parse(&c.pool, argc, argv, &c.args, &error);
    c.json = args_has(&c.args, OPTION_JSON);
    c.quiet = args_has(&c.args, OPTION_QUIET);
    c.verbose = args_has(&c.args, OPTION_VERBOSE);
    c.out = look_at(stdout, c.args.values[OPTION_COLOR]);
    c.err = look_at(stderr, c.args.values[OPTION_COLOR]);
    progress_init(&c.progress, c.quiet || c.json ? NULL : stderr, &c.err);
    if (status == AMEND_OK)
    {
        status = run(&c, &error);
    }
    progress_clear(&c.progress);
    if (status != AMEND_OK && error.code != 0 && !c.told)
    {
        report(&c, &error);
    }
    cli_close(&c);
    pool_clear(&c.pool);
    return finish((int)status);
}
