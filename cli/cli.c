/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "events.h"
#include "fault.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

/*
 * Ctrl-C and a service manager's stop: the running statement is cancelled and its migration undone, where simply dying would
 * leave a server to go on with it. A second signal ends the process at once. These are the variables that a signal handler
 * needs.
 */
static amend *volatile running;
static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    int before = errno;
    (void)number;
    asked_to_stop = 1;
    amend_cancel(running);
    errno = before;
}

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

static void heed_signals(amend *handle)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    running = handle;
    for (size_t i = 0; i < sizeof stop_signals / sizeof stop_signals[0]; i++)
    {
        struct sigaction before;
        if (sigaction(stop_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) /* nohup's choice stays */
        {
            (void)sigaction(stop_signals[i], &action, NULL);
        }
    }
}

bool cli_pause(uint32_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    sigset_t held, before;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof stop_signals / sizeof stop_signals[0]; i++)
    {
        sigaddset(&held, stop_signals[i]);
    }
    /* Held back, so that none comes between looking and sleeping: ppoll lets them in and wakes up at once. */
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    if (!asked_to_stop)
    {
        (void)ppoll(NULL, 0, &time, &before);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return !asked_to_stop;
}

void cli_close(cli *c)
{
    running = NULL;
    amend_close(c->handle);
    c->handle = NULL;
}

bool cli_speaks(const cli *c)
{
    return !c->json && !c->quiet;
}

/* The library reads them for programs that heal. The command doesn't, so that what is wrong with them must not stop it. */
static void forget_healing(const cli *c)
{
    unsetenv("AMEND_HEAL_URL");
    if (c->args.command->id != COMMAND_explain)
    {
        unsetenv("AMEND_HEAL");
    }
}

amend_status cli_open(cli *c, amend_error *error)
{
    const char *url = c->settings.items[SETTING_URL].value;
    bool connects = (c->args.command->traits & COMMAND_DATABASE) != 0;
    if (url == NULL && connects)
    {
        return fault_set(error, AMEND_E_NO_DATABASE, "no database given");
    }
    return cli_open_at(c, (c->args.command->traits & (COMMAND_DATABASE | COMMAND_URL)) == 0 ? NULL : url, error);
}

amend_status cli_open_at(cli *c, const char *url, amend_error *error)
{
    amend_options options = AMEND_OPTIONS_INIT;
    settings_apply(&c->settings, &options);
    options.url = url;
    options.on_event = events_handle;
    options.on_event_arg = c;
    options.own_process = true;
    forget_healing(c);
    amend_status status = amend_open(&options, &c->handle, error);
    if (status == AMEND_OK && (c->args.command->traits & COMMAND_DATABASE) != 0)
    {
        heed_signals(c->handle);
    }
    return status;
}
