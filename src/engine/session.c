/* SPDX-License-Identifier: MIT */
#include "engine/session.h"

#include "base/clock.h"
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum
{
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MOST_MS = 3000,
    NAP_MS = 50, /* so soon a cancelled pause ends */
};

void session_tell(const session *s, amend_event *event)
{
    if (s->on_event == NULL)
    {
        return;
    }
    char at[28];
    if (event->at == NULL)
    {
        clock_format(clock_now_us(), 3, at);
        event->at = at;
    }
    event->type_name = event_type_text(event->type);
    event->audited = event_is_audited(event->type);
    event->actor = s->actor;
    event->host = s->host;
    event->application = s->application;
    s->on_event(s->on_event_arg, event);
    if (event->at == at)
    {
        event->at = NULL;
    }
}

void session_say(const session *s, amend_event_type type, amend_severity severity, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    amend_event event = {.type = type, .severity = severity, .message = message};
    session_tell(s, &event);
}

const tx_words *session_words(const session *s)
{
    return s->inside ? s->dialect->words_inside : s->dialect->words;
}

amend_status session_go_on(session *s, amend_error *error)
{
    bool stop = atomic_load(&s->cancelled) || (s->stop != NULL && atomic_load(s->stop));
    return stop ? error_set(error, AMEND_E_CANCELLED, "stopped") : AMEND_OK;
}

amend_status session_pause(session *s, uint32_t ms, amend_error *error)
{
    int64_t end = clock_monotonic_ms() + ms;
    amend_status status = session_go_on(s, error);
    for (int64_t left = ms; left > 0 && status == AMEND_OK; left = end - clock_monotonic_ms())
    {
        clock_sleep_ms(left < NAP_MS ? (uint32_t)left : NAP_MS);
        status = session_go_on(s, error);
    }
    return status;
}

static amend_status open_once(session *s, bool read_only, uint32_t timeout_ms, uint32_t busy_ms, amend_conn **out,
                              amend_fault *fault, amend_error *error)
{
    amend_connect how = {.url = s->url,
                         .application = s->application,
                         .allocator = s->allocator,
                         .timeout_ms = timeout_ms,
                         .busy_ms = busy_ms,
                         .read_only = read_only};
    *fault = (amend_fault){0};
    return s->driver->open(&how, out, fault, error);
}

amend_status session_connect(session *s, bool read_only, uint32_t timeout_ms, amend_error *error)
{
    if (s->borrowed || (s->conn != NULL && !s->lost && (read_only || !s->read_only)))
    {
        return AMEND_OK;
    }
    session_close(s);
    int64_t start = clock_monotonic_ms();
    uint32_t backoff = BACKOFF_FIRST_MS;
    amend_error reason = {0};
    for (unsigned try = 1;; try++)
    {
        amend_fault fault;
        int64_t left = (int64_t)timeout_ms - (clock_monotonic_ms() - start);
        uint32_t patience = left < 1000 ? 1000 : (uint32_t)left;
        amend_status status = open_once(s, read_only, patience, s->lock_timeout_ms, &s->conn, &fault, &reason);
        if (status == AMEND_OK)
        {
            s->read_only = read_only;
            return AMEND_OK;
        }
        bool passing = fault.kind == AMEND_FAULT_LOST;
        uint32_t pause = backoff / 2 + clock_random(backoff / 2 + 1);
        if (!passing || clock_monotonic_ms() - start + pause > (int64_t)timeout_ms)
        {
            if (error != NULL)
            {
                *error = reason;
            }
            return status;
        }
        session_say(s, AMEND_EVENT_CONNECT_RETRY, AMEND_WARNING, "try %u to connect failed (%s); trying again in %u ms", try,
                    reason.message, pause);
        status = session_pause(s, pause, error);
        if (status != AMEND_OK)
        {
            return status;
        }
        backoff = backoff * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : backoff * 2;
    }
}

amend_status session_open_pulse(session *s, amend_error *error)
{
    amend_fault fault;
    return s->pulse != NULL ? AMEND_OK : open_once(s, false, 5000, 0, &s->pulse, &fault, error);
}

void session_close(session *s)
{
    if (s->pulse != NULL)
    {
        s->driver->close(s->pulse);
        s->pulse = NULL;
    }
    if (s->conn != NULL && !s->borrowed)
    {
        s->driver->close(s->conn);
        s->conn = NULL;
    }
    s->lost = false;
}

static void tell_notice(void *arg, const char *severity, const char *text)
{
    session_say(arg, AMEND_EVENT_NOTICE, AMEND_NOTE, "%s: %s", severity, text);
}

amend_status session_exec(session *s, const amend_piece *pieces, size_t count, const amend_hooks *hooks, amend_fault *fault,
                          amend_error *error)
{
    assert(s->conn != NULL);
    amend_hooks all = {.arg = s, .notice = tell_notice};
    amend_fault ignored;
    amend_error reason = {0};
    fault = fault == NULL ? &ignored : fault;
    *fault = (amend_fault){0};
    amend_status status = s->driver->exec(s->conn, pieces, count, hooks == NULL ? &all : hooks, fault, &reason);
    s->lost |= status != AMEND_OK && fault->kind == AMEND_FAULT_LOST;
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}

amend_status session_run(session *s, slice text, unsigned statements, const amend_hooks *hooks, amend_fault *fault,
                         amend_error *error)
{
    amend_piece piece = {.text = text.data, .length = text.len, .statements = statements};
    return session_exec(s, &piece, 1, hooks, fault, error);
}
