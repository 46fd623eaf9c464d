/* SPDX-License-Identifier: MIT */
/*
 * Healing for a server made with libmicrohttpd: a request whose handler ran into a missing table, column, index … is run
 * again from its start once the migration that provides it has been applied. The client sees only the last answer.
 *
 *     static void handler(void *arg, amend_http_request *request)
 *     {
 *         ... one transaction; when the database said no: roll back, and
 *             amend_http_failed(request, &failed);              it is healed when the handler has returned, or
 *             amend_http_cured(request, cure, &healing);        a wrapper has healed it already ...
 *         amend_http_answer(request, status, response);         with the error's own answer, should nothing help
 *     }
 *
 *     amend_http_options options = AMEND_HTTP_OPTIONS_INIT;
 *     options.handle = handle;
 *     options.handler = handler;
 *     amend_http_open(&options, &http, &error);
 *     daemon = MHD_start_daemon(flags, port, NULL, NULL, amend_http_handle, http,
 *                               MHD_OPTION_NOTIFY_COMPLETED, amend_http_completed, http, MHD_OPTION_END);
 *
 * Link with libamend-http (pkg-config amend-http); libamend itself knows no HTTP.
 *
 * A request that is run again. What the handler did before it failed must be undone or harmless: its writes belong in one
 * transaction, which it has rolled back when it returns; what can't be rolled back (a mail, a call to another service) belongs
 * behind the commit. The middleware can't see whether that is so: by calling amend_http_failed or amend_http_cured the handler
 * promises it. A handler that calls neither is never run again.
 *
 * Which requests. Each cure that got further is followed by one more run: another migration each time, at most max_reruns. A
 * cure that names a migration which this request has had already has not helped; then, and when nothing can be cured, the
 * handler's own answer goes out, byte for byte as it made it.
 *
 * Bodies. Up to body_limit bytes are kept in memory, so that every run gets the whole body; chunked uploads too. Larger bodies
 * are not kept and such a request is not run again: with `upload` they are handed on in pieces as they arrive; without it the
 * client gets 413 Content Too Large (before it sends the body, if it asked by "Expect: 100-continue"). A missing object is
 * cured all the same, so that the next request works, and the note AMEND_HTTP_NOT_KEPT says that this one was not run again.
 * What a streaming response reads from the database (MHD_create_response_from_callback) comes after the handler, and is not
 * healed.
 *
 * Threads. All of libmicrohttpd's modes will do: internal polling, thread pool, a thread for each connection, external select
 * or epoll. A cure keeps the thread that it is made on (at most amend_options.heal_wait_ms, and as long as the migration
 * takes): in the modes where a thread serves many connections, they wait; a pool keeps the others going. A handler may not
 * suspend its connection.
 *
 * While nothing fails, this costs one small allocation for each request, and the body's.
 */
#ifndef AMEND_HTTP_H
#define AMEND_HTTP_H

#include "amend.h"

#include <microhttpd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------------------------------------------- request */

/*
 * A request, as its handler sees it. The middleware's: valid from the first callback until `done` has returned, to be used only
 * inside the callbacks. All but `state` is to be read only.
 */
typedef struct amend_http_request
{
    struct MHD_Connection *connection; /* for MHD_lookup_connection_value and the like */
    const char *method;                /* "GET" */
    const char *url;                   /* the path, without the query */
    const char *version;               /* "HTTP/1.1" */
    const char *body;                  /* `size` bytes, and a 0 behind them; NULL when it was not kept; "" without a body */
    size_t size;                       /* of the whole body, kept or not */
    unsigned run;                      /* 0 in the first run, 1 in the first that is run again … */
    void *state;                       /* the application's own, NULL at first; lives through all runs, released by `done` */
} amend_http_request;

/*
 * Answer the request: called once or more for each run of the handler, the last one counts. Without an answer the connection is
 * closed. The response becomes the middleware's, whatever comes of it; it is sent, and destroyed afterwards or, when the
 * request is run again, unsent. _shared leaves the response to the application, which keeps it until the daemon has stopped. A
 * NULL response is none.
 */
AMEND_API void amend_http_answer(amend_http_request *request, unsigned status, struct MHD_Response *response);
AMEND_API void amend_http_answer_shared(amend_http_request *request, unsigned status, struct MHD_Response *response);

/*
 * The database gave this error: heal it by amend_heal_error when the handler has returned, and run the request again if that
 * helped. To be called inside the handler; it must not be inside a transaction any more when it returns. All texts are copied.
 * The first error of a run is the one that counts: those behind it follow from it. Memory that can't be had: not healed.
 */
AMEND_API void amend_http_failed(amend_http_request *request, const amend_db_error *failed);

/*
 * A wrapper of amend/sqlite.h or amend/postgres.h, or amend_heal_error, came to this: with AMEND_CURE_DONE or AMEND_CURE_RERUN
 * the request is run again when the handler has returned; all others are ignored. `healing` (may be NULL) tells the migration.
 */
AMEND_API void amend_http_cured(amend_http_request *request, amend_cure cure, const amend_healing *healing);

/* ------------------------------------------------------------------------------------------------------------- open */

/* Answers a request. Called when the whole body is there, once for each run, on the thread that serves the connection. */
typedef void (*amend_http_handler)(void *arg, amend_http_request *request);

/*
 * Takes the next piece of a body larger than body_limit, in order, none empty; the first one may be all that was kept until
 * then. False: no more of it, please; the rest is read and dropped. Either way the handler is called at the end.
 */
typedef bool (*amend_http_upload)(void *arg, amend_http_request *request, const char *piece, size_t size);

/*
 * The last that is heard of a request: its answer is sent, or its client is gone, whether or not its handler was ever called.
 * Releases request->state. No answer can be given any more.
 */
typedef void (*amend_http_done)(void *arg, amend_http_request *request, enum MHD_RequestTerminationCode how);

typedef enum amend_http_note_kind
{
    AMEND_HTTP_RERUN,     /* cured: the request is run again */
    AMEND_HTTP_NOT_KEPT,  /* cured, but its body was not kept: the client gets the handler's own answer */
    AMEND_HTTP_GAVE_UP,   /* cured, but not run again: the same migration as before, or max_reruns were made */
    AMEND_HTTP_UNHEALED,  /* a missing object that could not be cured; healing->cure tells why */
    AMEND_HTTP_TOO_LARGE, /* the body is larger than body_limit, and there is no `upload`: 413 */
    AMEND_HTTP_NO_MEMORY, /* no memory for the body: 503 */
} amend_http_note_kind;

/* What the middleware did other than handing a request on. Everything is borrowed until the callback returns. */
typedef struct amend_http_note
{
    amend_http_note_kind kind;
    const char *message; /* one line for people */
    const amend_http_request *request;
    const amend_healing *healing; /* NULL with TOO_LARGE and NO_MEMORY */
    const amend_error *error;     /* UNHEALED: why; else NULL */
} amend_http_note;

typedef void (*amend_http_note_fn)(void *arg, const amend_http_note *note);

/* Zero means default in every field. */
typedef struct amend_http_options
{
    size_t size;                      /* sizeof(amend_http_options): AMEND_HTTP_OPTIONS_INIT sets it */
    amend *handle;                    /* borrowed until amend_http_close; NULL: amend_http_failed heals nothing */
    amend_http_handler handler;       /* required */
    amend_http_upload upload;         /* NULL: bodies larger than body_limit are refused */
    amend_http_done done;             /* may be NULL */
    amend_http_note_fn on_note;       /* may be NULL */
    void *arg;                        /* goes to all four, which are called by all of the daemon's threads at once */
    size_t body_limit;                /* bytes; default 1 MiB */
    unsigned max_reruns;              /* of one request; default and most 16 */
    const amend_allocator *allocator; /* default malloc; borrowed until amend_http_close; called by all threads at once */
} amend_http_options;

#define AMEND_HTTP_OPTIONS_INIT                                                                                                \
    {                                                                                                                          \
        .size = sizeof(amend_http_options)                                                                                     \
    }

typedef struct amend_http amend_http;

/*
 * *out is the caller's, to be given to amend_http_close. Errors: ARGUMENT (no handler, a wrong size, more than 16 reruns),
 * OUT_OF_MEMORY. Touches no database.
 */
AMEND_API AMEND_CHECKED amend_status amend_http_open(const amend_http_options *options, amend_http **out, amend_error *error);

/* When the daemon has stopped. NULL is allowed. */
AMEND_API void amend_http_close(amend_http *http);

/* --------------------------------------------------------------------------------------------- given to libmicrohttpd */

/* The daemon's MHD_AccessHandlerCallback; its closure is the amend_http *. */
AMEND_API enum MHD_Result amend_http_handle(void *http, struct MHD_Connection *connection, const char *url, const char *method,
                                            const char *version, const char *upload_data, size_t *upload_data_size,
                                            void **request);

/* The daemon's MHD_OPTION_NOTIFY_COMPLETED; its closure is the amend_http *. Without it requests are never released. */
AMEND_API void amend_http_completed(void *http, struct MHD_Connection *connection, void **request,
                                    enum MHD_RequestTerminationCode how);

#ifdef __cplusplus
}
#endif

#endif
