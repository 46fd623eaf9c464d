/* SPDX-License-Identifier: MIT */
/*
 * Connecting, and telling apart what may pass (no answer, starting up, too many connections) from what will not (a wrong
 * password, no such database).
 *
 * libpq gives no SQLSTATE for a refused connection, and its words and the server's come in any language. But asked to be
 * verbose it puts the SQLSTATE into its message; and where there is none, how far the connection had come and whether the other
 * side hung up tell enough.
 */
#include "driver/postgres/pg_conn.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "driver/drivers.h"
#include "driver/postgres/pg_url.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum
{
    MIN_SERVER = 110000, /* sha256() */
};

typedef struct attempt
{
    const libpq *pq;
    const amend_connect *how;
    const char *keywords[5], *values[5];
    PGconn *handle;
    bool early;   /* it failed before anything was waited for */
    bool hung_up; /* the other side closed the connection */
    bool timed_out;
    int64_t patience_ms;    /* how long this try may take */
    ConnStatusType reached; /* how far it had come */
} attempt;

/* -------------------------------------------------------------------------------------------------------- what went wrong */

static bool is_state(const char *s)
{
    for (size_t i = 0; i < 5; i++)
    {
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'A' && s[i] <= 'Z')))
        {
            return false;
        }
    }
    return s[5] == ':' && s[6] == ' ';
}

/* The server's words in libpq's verbose message "…: FATAL:  28P01: words"; NULL when there are none. *state points to the code.
 */
static const char *find_state(const char *message, const char **state)
{
    const char *found = NULL;
    for (const char *at = strstr(message, ":  "); at != NULL; at = strstr(at + 1, ":  "))
    {
        if (is_state(at + 3))
        {
            *state = at + 3;
            found = at + 10; /* the last one counts: libpq stops at the host that refuses in earnest */
        }
    }
    return found;
}

static slice first_line(const char *text)
{
    return (slice){text, strcspn(text, "\n")};
}

/* Does the server's code say that another try may do? Shutting down, starting up, full, or something with the connection. */
static bool may_pass(const char *state)
{
    return strncmp(state, "57P", 3) == 0 || strncmp(state, "53", 2) == 0 || strncmp(state, "08", 2) == 0;
}

static const char *hint_of(const char *state)
{
    static const struct
    {
        const char *state, *hint;
    } hints[] = {
        {"28P01", "Check user and password; a password can also stand in ~/.pgpass or PGPASSWORD."},
        {"28000", "Check the user's name, and that pg_hba.conf of the server lets this user in from this machine."},
        {"3D000", "Check the database's name; \"createdb\" makes a new one."},
        {"42501", "Grant the user CONNECT on the database, or use another user."},
        {"53300", "The server has no free connection; raise max_connections or close others."},
        {"57P03", "The server is starting, stopping or recovering; \"amend wait\" waits until it answers."},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
    {
        if (strncmp(state, hints[i].state, 5) == 0)
        {
            return hints[i].hint;
        }
    }
    return NULL;
}

static amend_status by_state(const char *state, const char *words, amend_fault *fault, amend_error *error)
{
    slice line = first_line(words);
    bool passes = may_pass(state);
    fault->kind = passes ? AMEND_FAULT_LOST : AMEND_FAULT_DENIED;
    amend_code code = passes ? AMEND_E_UNREACHABLE : AMEND_E_DENIED;
    amend_status status = error_set(error, code, "%.*s", (int)line.len, line.data);
    if (error != NULL)
    {
        error_copy(error->sqlstate, sizeof error->sqlstate, (slice){state, 5});
    }
    const char *hint = hint_of(state);
    if (hint != NULL)
    {
        error_hint(error, "%s", hint);
    }
    return status;
}

/* libpq's own words on one line. */
static amend_status by_words(const attempt *a, bool passes, amend_fault *fault, amend_error *error)
{
    char words[900];
    error_copy(words, sizeof words, slice_trim(slice_of(a->pq->PQerrorMessage(a->handle))));
    for (char *c = words; *c != '\0'; c++)
    {
        *c = *c == '\n' || *c == '\t' ? ' ' : *c;
    }
    fault->kind = passes ? AMEND_FAULT_LOST : AMEND_FAULT_DENIED;
    return error_set(error, passes ? AMEND_E_UNREACHABLE : AMEND_E_DENIED, "%s", words[0] == '\0' ? "no answer" : words);
}

/* A setting's value as libpq has it, from the string, the environment or a service; copied into out. */
static void find_setting(const attempt *a, const char *keyword, char *out, size_t size)
{
    out[0] = '\0';
    PQconninfoOption *options = a->pq->PQconninfo(a->handle);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
    {
        if (strcmp(o->keyword, keyword) == 0 && o->val != NULL)
        {
            error_copy(out, size, slice_of(o->val));
        }
    }
    if (options != NULL)
    {
        a->pq->PQconninfoFree(options);
    }
}

/* Ports are looked at so late by libpq that they would seem to be servers that are not there. */
static bool ports_are_wrong(const attempt *a)
{
    char ports[256];
    find_setting(a, "port", ports, sizeof ports);
    slice rest = slice_of(ports);
    while (rest.len > 0)
    {
        slice port = slice_trim(slice_token(&rest, ','));
        char *end;
        long number = port.len == 0 ? 1 : strtol(port.data, &end, 10);
        if (number < 1 || number > 65535 || (port.len > 0 && end != port.data + port.len))
        {
            return true;
        }
    }
    return false;
}

/*
 * It failed at once: were the settings wrong, or is nobody there (no such socket, an unknown host)? A ping knows; it is only
 * asked when there is no server to wait for, so that it costs nothing.
 */
static bool settings_are_wrong(const attempt *a)
{
    const char *keywords[6], *values[6];
    size_t n = 0;
    for (; a->keywords[n] != NULL; n++)
    {
        keywords[n] = a->keywords[n];
        values[n] = a->values[n];
    }
    keywords[n] = "connect_timeout";
    values[n++] = "5";
    keywords[n] = values[n] = NULL;
    return ports_are_wrong(a) || a->pq->PQpingParams(keywords, values, 1) == PQPING_NO_ATTEMPT;
}

static amend_status explain(const attempt *a, amend_fault *fault, amend_error *error)
{
    const char *state = "";
    const char *words = find_state(a->pq->PQerrorMessage(a->handle), &state);
    if (words != NULL)
    {
        return by_state(state, words, fault, error);
    }
    if (a->timed_out)
    {
        fault->kind = AMEND_FAULT_LOST;
        return error_set(error, AMEND_E_UNREACHABLE, "no answer within %.1f s", (double)a->patience_ms / 1000);
    }
    if (a->pq->PQconnectionNeedsPassword(a->handle))
    {
        fault->kind = AMEND_FAULT_DENIED;
        amend_status status = error_set(error, AMEND_E_DENIED, "the server asks for a password, and there is none");
        error_hint(error, "Put it into the URL, into ~/.pgpass or into PGPASSWORD.");
        return status;
    }
    if (a->early)
    {
        return by_words(a, !settings_are_wrong(a), fault, error);
    }
    /* While identities are proven, only a hang-up is an accident: all else is a certificate, a method or a host that isn't
     * liked. */
    bool proving = a->reached == CONNECTION_MADE || a->reached == CONNECTION_AWAITING_RESPONSE ||
                   a->reached == CONNECTION_SSL_STARTUP || a->reached == CONNECTION_GSS_STARTUP;
    return by_words(a, a->hung_up || !proving, fault, error);
}

/* -------------------------------------------------------------------------------------------------------------- connecting */

static bool has_hung_up(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* The time for this try: ours, or the user's connect_timeout when it is shorter. */
static int64_t patience(const attempt *a)
{
    char seconds[32];
    find_setting(a, "connect_timeout", seconds, sizeof seconds);
    int64_t ms = a->how->timeout_ms, theirs = strtol(seconds, NULL, 10);
    theirs = theirs == 1 ? 2 : theirs; /* as libpq does */
    return theirs > 0 && theirs * 1000 < ms ? theirs * 1000 : ms;
}

static bool wait_for(attempt *a, PostgresPollingStatusType wants, int64_t until)
{
    for (;;)
    {
        int64_t left = until - clock_monotonic_ms();
        struct pollfd fd = {.fd = a->pq->PQsocket(a->handle), .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int n = left <= 0 ? 0 : poll(&fd, 1, (int)(left > INT32_MAX ? INT32_MAX : left));
        if (n > 0)
        {
            a->hung_up = wants == PGRES_POLLING_READING && has_hung_up(fd.fd);
            return true;
        }
        if (n == 0)
        {
            a->timed_out = true;
            return false;
        }
        if (errno != EINTR)
        {
            return false;
        }
    }
}

static bool connect_within(attempt *a)
{
    if (a->pq->PQstatus(a->handle) == CONNECTION_BAD)
    {
        a->early = true;
        return false;
    }
    a->patience_ms = patience(a);
    int64_t until = clock_monotonic_ms() + a->patience_ms;
    PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    while (wants == PGRES_POLLING_READING || wants == PGRES_POLLING_WRITING)
    {
        a->reached = a->pq->PQstatus(a->handle);
        if (!wait_for(a, wants, until))
        {
            return false;
        }
        wants = a->pq->PQconnectPoll(a->handle);
    }
    return wants == PGRES_POLLING_OK;
}

static void on_notice(void *arg, const PGresult *result)
{
    pg_conn *c = arg;
    if (c->hooks == NULL || c->hooks->notice == NULL)
    {
        return;
    }
    const char *severity = c->pq->PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *primary = c->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = c->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    buf text;
    buf_init(&text, c->allocator);
    buf_text(&text, primary == NULL ? c->pq->PQresultErrorMessage(result) : primary);
    if (detail != NULL)
    {
        buf_char(&text, '\n');
        buf_text(&text, detail);
    }
    c->hooks->notice(c->hooks->arg, severity == NULL ? "NOTICE" : severity,
                     text.failed ? "a notice too long to show" : text.data);
    buf_clear(&text);
}

/* libpq's words about a string that doesn't parse may repeat it, password and all: ours don't. */
static amend_status check_string(const libpq *pq, const char *url, amend_fault *fault, amend_error *error)
{
    const char *conninfo = pg_url_conninfo(url);
    PQconninfoOption *options = NULL;
    fault->kind = AMEND_FAULT_DENIED;
    if (pg_url_is_ambiguous(url))
    {
        amend_status status =
            error_set(error, AMEND_E_URL, "the URL's user, password or port has a character with another meaning");
        error_hint(error, "Write @ as %%40, / as %%2F, : as %%3A, ? as %%3F and %% as %%25 in user names and passwords.");
        return status;
    }
    if (conninfo != NULL && (options = pq->PQconninfoParse(conninfo, NULL)) == NULL)
    {
        amend_status status = error_set(error, AMEND_E_URL, "libpq can't read the connection string");
        error_hint(
            error,
            "Use postgres://USER:PASSWORD@HOST:PORT/DATABASE?KEYWORD=VALUE, or \"host=… dbname=…\", with libpq's keywords.");
        return status;
    }
    if (options != NULL)
    {
        pq->PQconninfoFree(options);
    }
    fault->kind = AMEND_FAULT_NONE;
    return AMEND_OK;
}

static void prepare(attempt *a)
{
    const struct
    {
        const char *keyword, *value;
    } settings[] = {
        {"dbname", pg_url_conninfo(a->how->url)}, /* the whole string, which libpq takes apart */
        {"fallback_application_name", a->how->application},
        {"client_encoding", "UTF8"},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
    {
        if (settings[i].value != NULL)
        {
            a->keywords[n] = settings[i].keyword;
            a->values[n++] = settings[i].value;
        }
    }
}

static amend_status accept_server(const attempt *a, amend_fault *fault, amend_error *error)
{
    int version = a->pq->PQserverVersion(a->handle);
    if (version >= MIN_SERVER)
    {
        return AMEND_OK;
    }
    fault->kind = AMEND_FAULT_DENIED;
    amend_status status = error_set(error, AMEND_E_DENIED, "the server is PostgreSQL %d, which is too old", version / 10000);
    error_hint(error, "amend needs PostgreSQL %d or newer.", MIN_SERVER / 10000);
    return status;
}

static amend_status make(const attempt *a, amend_conn **out, amend_error *error)
{
    pg_conn *c = alloc_zeroed(a->how->allocator, 1, sizeof *c);
    if (c == NULL)
    {
        return error_memory(error);
    }
    const char *encoding = a->pq->PQparameterStatus(a->handle, "server_encoding");
    *c = (pg_conn){.base = {.driver = &driver_postgres},
                   .pq = a->pq,
                   .handle = a->handle,
                   .allocator = a->how->allocator,
                   .byte_positions = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0};
    a->pq->PQsetErrorVerbosity(c->handle, PQERRORS_DEFAULT);
    a->pq->PQsetnonblocking(c->handle, 1);
    a->pq->PQsetNoticeReceiver(c->handle, on_notice, c);
    *out = &c->base;
    return AMEND_OK;
}

amend_status pg_connect_open(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error)
{
    attempt a = {.pq = libpq_load(), .how = how};
    *fault = (amend_fault){.kind = AMEND_FAULT_DENIED};
    if (a.pq == NULL)
    {
        amend_status missing = error_set(error, AMEND_E_DRIVER_MISSING, "libpq, PostgreSQL's client library, can't be loaded");
        error_hint(error, "Install it: the package is libpq5 on Debian and Ubuntu, libpq on Fedora and Homebrew.");
        return missing;
    }
    amend_status status = check_string(a.pq, how->url, fault, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    prepare(&a);
    a.handle = a.pq->PQconnectStartParams(a.keywords, a.values, 1);
    if (a.handle == NULL)
    {
        return error_memory(error);
    }
    a.pq->PQsetErrorVerbosity(a.handle, PQERRORS_VERBOSE);
    status = connect_within(&a) ? accept_server(&a, fault, error) : explain(&a, fault, error);
    status = status == AMEND_OK ? make(&a, out, error) : status;
    if (status != AMEND_OK)
    {
        a.pq->PQfinish(a.handle);
    }
    return status;
}

void pg_connect_close(amend_conn *conn)
{
    pg_conn *c = (pg_conn *)conn;
    c->pq->PQfinish(c->handle);
    alloc_free(c->allocator, c->cells, c->cell_room * sizeof *c->cells);
    alloc_free(c->allocator, c, sizeof *c);
}
