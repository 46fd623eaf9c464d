/* SPDX-License-Identifier: MIT */
/*
 * A session: one connection with what belongs to it (driver, dialect, settings, who is told of events). Everything in the
 * engine that touches the database goes through here.
 */
#ifndef AMEND_ENGINE_SESSION_H
#define AMEND_ENGINE_SESSION_H

#include "dialect/dialect.h"
#include "event/event.h"

#include <stdatomic.h>

struct backup;

typedef struct session
{
    const amend_allocator *allocator;
    const amend_driver *driver;
    const dialect *dialect;
    const char *url;         /* with its password */
    const char *url_shown;   /* without */
    const char *application; /* these live as long as the session */
    const char *actor;
    const char *host;
    amend_event_fn on_event;
    void *on_event_arg;
    uint32_t connect_timeout_ms, lock_timeout_ms, lock_wait_ms, lease_ms;
    int64_t deadline_ms;     /* no step is tried again after it, by the monotonic clock; 0: there is none */
    amend_conn *conn;        /* NULL until session_connect */
    bool borrowed;           /* conn is the caller's: never opened, never closed here */
    bool scratch;            /* the database is thrown away: how runs leave its schema is not written down */
    bool inside;             /* conn is in a transaction of the caller's, and all work is done within it */
    const char *healing;     /* the error that this session's runs cure, for the audit trail; NULL for other runs */
    struct backup *backup;   /* what this session's runs save before their first step (engine/backup.h); NULL: nothing */
    bool read_only;          /* conn was opened for looking only */
    bool lost;               /* conn is: the next session_connect opens another */
    amend_conn *pulse;       /* a second connection, for the heartbeat; NULL until it is needed */
    atomic_bool cancelled;   /* of a session that is never copied while another thread may set it */
    const atomic_bool *stop; /* set by another thread or a signal handler, never taken back; NULL: nobody does */
} session;

/*
 * Connect unless connected, and anew when the connection was lost. A failure that may pass is tried again with exponential
 * backoff and jitter until `timeout_ms` are over, each try told as an event; a refusal is not, and neither is BUSY, which the
 * caller may wait for as for a lock. A session that was opened for looking is opened anew for writing.
 */
amend_status session_connect(session *s, bool read_only, uint32_t timeout_ms, amend_error *error);
/* Open the second connection, one try. */
amend_status session_open_pulse(session *s, amend_error *error);
void session_close(session *s);

/* The dialect's words around transactions, as they are for this session. */
const tx_words *session_words(const session *s);

/* Was the session asked to stop? What an idle hook returns. Error: CANCELLED. */
amend_status session_go_on(session *s, amend_error *error);
/* Sleep, but not for much longer when the session is asked to stop. Error: CANCELLED. */
amend_status session_pause(session *s, uint32_t ms, amend_error *error);

/* driver->exec on the session's connection, with notices told as events when hooks has none. */
amend_status session_exec(session *s, const amend_piece *pieces, size_t count, const amend_hooks *hooks, amend_fault *fault,
                          amend_error *error);
/* One text of `statements` statements. */
amend_status session_run(session *s, slice text, unsigned statements, const amend_hooks *hooks, amend_fault *fault,
                         amend_error *error);

/* Tell the callback. Fills type_name, audited and the time when they are not set. */
void session_tell(const session *s, amend_event *event);
/* A short way for what is only words. */
void session_say(const session *s, amend_event_type type, amend_severity severity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
