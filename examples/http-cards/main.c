/* SPDX-License-Identifier: MIT */
/*
 * A service that brings its own database up to date while it serves: start it on an empty one, and the first request that needs
 * a table has it made. README.md shows a session.
 *
 *     http-cards [--port N] [--threads N] [--migrations DIR]      DATABASE_URL, PORT
 */
#include "db.h"
#include "service.h"

#include <amend/http.h>
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct settings
{
    const char *url, *migrations; /* migrations: NULL for those compiled in */
    unsigned long port, threads;
} settings;

enum
{
    IDLE_SECONDS = 30,
    OTHER_FILES = 100, /* descriptors that are no connection's: databases, the log … */
    BACKLOG = 4096,
};

static const char USAGE[] = "usage: http-cards [--port N] [--threads N] [--migrations DIR]\n"
                            "DATABASE_URL: sqlite:PATH (default sqlite:cards.db) or postgres://…; PORT: as --port (0: any)\n";

/* ------------------------------------------------------------------------------------------------------------ settings */

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most)
    {
        fprintf(stderr, "http-cards: \"%s\" is no number from %lu to %lu\n", text, least, most);
        return false;
    }
    *out = value;
    return true;
}

static bool read_settings(int argc, char **argv, settings *s)
{
    static const struct option OPTIONS[] = {{"port", required_argument, NULL, 'p'},
                                            {"threads", required_argument, NULL, 't'},
                                            {"migrations", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    const char *url = getenv("DATABASE_URL"), *port = getenv("PORT");
    *s = (settings){.url = url == NULL ? "sqlite:cards.db" : url, .port = 8080, .threads = 4};
    bool good = port == NULL || number(port, 0, 65535, &s->port);
    for (int option; good && (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;)
    {
        switch (option)
        {
        case 'p':
            good = number(optarg, 0, 65535, &s->port);
            break;
        case 't':
            good = number(optarg, 1, 64, &s->threads);
            break;
        case 'm':
            s->migrations = optarg;
            break;
        default:
            good = false;
        }
    }
    if (!good || optind < argc)
    {
        fputs(USAGE, stderr);
        return false;
    }
    return true;
}

/* ----------------------------------------------------------------------------------------------------------- what is told */

/* Called by any of the threads. One call of fprintf is one line. */
static void tell_event(void *arg, const amend_event *e)
{
    (void)arg;
    switch (e->type)
    {
    case AMEND_EVENT_MIGRATION_APPLIED:
        fprintf(stderr, "applied %s %s (%lld ms)\n", e->version, e->name, (long long)e->elapsed_ms);
        break;
    case AMEND_EVENT_HEAL_CURED:
        fprintf(stderr, "healed: %s\n", e->message);
        break;
    case AMEND_EVENT_HEAL_REFUSED:
    case AMEND_EVENT_HEAL_REPORTED:
    case AMEND_EVENT_HEAL_FAILED:
    case AMEND_EVENT_HEAL_DRIFT:
        fprintf(stderr, "not healed: %s\n", e->message);
        break;
    default:
        break;
    }
}

static void tell_note(void *arg, const amend_http_note *note)
{
    (void)arg;
    fprintf(stderr, "%s\n", note->message);
}

static bool fail(const amend_error *e)
{
    fprintf(stderr, "http-cards: %s\n%s\n", e->message, e->hint);
    return false;
}

/* ----------------------------------------------------------------------------------------------------------- the parts */

static bool open_amend(const settings *s, amend **out)
{
    const db_kind *kind = db_kind_of(s->url);
    if (kind == NULL)
    {
        fputs("http-cards: DATABASE_URL is neither sqlite:PATH nor, in a build that has it, postgres://…\n", stderr);
        return false;
    }
    amend_options options = AMEND_OPTIONS_INIT;
    amend_error error;
    options.url = s->url;
    options.application = "http-cards";
    options.dir = s->migrations;
    options.files = s->migrations == NULL ? kind->migrations : NULL;
    options.file_count = s->migrations == NULL ? *kind->migration_count : 0;
    options.on_event = tell_event;
    /* The second migration numbers the cards that are there, which the default, AMEND_HEAL_ADDITIVE, leaves to `amend up`. */
    options.heal = AMEND_HEAL_ALL;
    return amend_open(&options, out, &error) == AMEND_OK || fail(&error);
}

static bool open_http(amend *handle, amend_http **out)
{
    amend_http_options options = AMEND_HTTP_OPTIONS_INIT;
    amend_error error;
    options.handle = handle;
    options.handler = service_handle;
    options.on_note = tell_note;
    return amend_http_open(&options, out, &error) == AMEND_OK || fail(&error);
}

/* As many connections as the system lets us have. */
static unsigned connection_limit(void)
{
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t most = files.rlim_cur > 100000 ? 100000 : files.rlim_cur;
    return most > 2 * OTHER_FILES ? (unsigned)most - OTHER_FILES : OTHER_FILES;
}

static struct MHD_Daemon *start(const settings *s, amend_http *http)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    unsigned polling = MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES ? MHD_USE_EPOLL : MHD_USE_AUTO;
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | polling | MHD_USE_ERROR_LOG, (uint16_t)s->port, NULL, NULL,
                            amend_http_handle, http, MHD_OPTION_NOTIFY_COMPLETED, amend_http_completed, http,
                            MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)s->threads,
                            MHD_OPTION_CONNECTION_LIMIT, connection_limit(), MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)IDLE_SECONDS, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG, MHD_OPTION_END);
}

/* Serve until somebody says that it is enough. */
static bool serve(const settings *s, amend_http *http)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before there are threads, which inherit it */
    signal(SIGPIPE, SIG_IGN);
    struct MHD_Daemon *daemon = start(s, http);
    if (daemon == NULL)
    {
        fprintf(stderr, "http-cards: can't listen on port %lu\n", s->port);
        return false;
    }
    printf("listening on http://127.0.0.1:%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    int which;
    sigwait(&ends, &which);
    MHD_stop_daemon(daemon); /* its threads have ended then, and closed their connections */
    return true;
}

int main(int argc, char **argv)
{
    settings s;
    if (!read_settings(argc, argv, &s))
    {
        return 2;
    }
    amend *handle = NULL;
    amend_http *http = NULL;
    char why[512];
    bool good = open_amend(&s, &handle) && open_http(handle, &http);
    if (good && !db_setup(s.url, handle, why, sizeof why))
    {
        fprintf(stderr, "http-cards: %s\n", why);
        good = false;
    }
    good = good && serve(&s, http);
    amend_http_close(http);
    amend_close(handle);
    return good ? 0 : 1;
}
