/* SPDX-License-Identifier: MIT */
/*
 * The pieces go out as one simple-query message; the results that come back one by one are matched with the statements by
 * counting. The socket never blocks us: while nothing comes, the idle hook is called, and may cancel.
 */
#include "driver/postgres/pg_conn.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "driver/postgres/pg_fault.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum
{
    IDLE_MS = 250,
    CANCEL_AGAIN_MS = 1000, /* a cancel that comes between two statements is lost */
    GIVE_UP_MS = 10000,     /* after a cancel without any answer */
    COPY_CHUNK = 1 << 16,
};

typedef struct run
{
    pg_conn *c;
    const amend_hooks *hooks;
    pg_place place;
    size_t copy; /* which COPY of the piece comes next */
    amend_status status;
    amend_fault *fault;
    amend_error *error;
    amend_status stop; /* what a hook returned, AMEND_OK while none stopped us */
    int64_t asked_ms;  /* when the idle hook was called last */
    int64_t stopped_ms, cancelled_ms;
    bool abandoned; /* the server does not even answer the cancel */
} run;

/* ------------------------------------------------------------------------------------------------------------- stopping */

static void cancel(run *r, int64_t now)
{
    char words[256];
    PGcancel *request = r->c->pq->PQgetCancel(r->c->handle);
    if (request != NULL)
    {
        (void)r->c->pq->PQcancel(request, words, sizeof words); /* tried again when nothing comes of it */
        r->c->pq->PQfreeCancel(request);
    }
    r->cancelled_ms = now;
}

static void stop(run *r, amend_status status)
{
    if (status == AMEND_OK || r->stop != AMEND_OK)
    {
        return;
    }
    r->stop = status;
    r->stopped_ms = clock_monotonic_ms();
    cancel(r, r->stopped_ms);
}

static void ask_idle(run *r)
{
    int64_t now = clock_monotonic_ms();
    if (now - r->asked_ms < IDLE_MS)
    {
        return;
    }
    r->asked_ms = now;
    if (r->stop == AMEND_OK)
    {
        stop(r, r->hooks->idle == NULL ? AMEND_OK : r->hooks->idle(r->hooks->arg));
        return;
    }
    r->abandoned = now - r->stopped_ms >= GIVE_UP_MS;
    if (now - r->cancelled_ms >= CANCEL_AGAIN_MS && !r->abandoned)
    {
        cancel(r, now);
    }
}

/* Wait for the socket, a little while at most. False when it can't be waited for. */
static bool wait_socket(run *r, bool to_write)
{
    struct pollfd fd = {.fd = r->c->pq->PQsocket(r->c->handle), .events = (short)(POLLIN | (to_write ? POLLOUT : 0))};
    int n = fd.fd < 0 ? -1 : poll(&fd, 1, IDLE_MS);
    ask_idle(r);
    if (n < 0)
    {
        return fd.fd >= 0 && errno == EINTR;
    }
    return (fd.revents & ~POLLOUT) == 0 || r->c->pq->PQconsumeInput(r->c->handle) == 1;
}

/* Until a result can be taken without blocking; what went wrong is in that result. */
static void await(run *r)
{
    bool there = true;
    while (there && !r->abandoned)
    {
        int unsent = r->c->pq->PQflush(r->c->handle);
        if (!r->c->pq->PQisBusy(r->c->handle))
        {
            return;
        }
        there = wait_socket(r, unsent > 0);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- COPY */

/* Until libpq has nothing left to send; a failure shows in the next result. */
static void drain(run *r)
{
    while (r->c->pq->PQflush(r->c->handle) > 0 && !r->abandoned && wait_socket(r, true))
    {
    }
}

static void end_copy(run *r, const char *reason)
{
    while (r->c->pq->PQputCopyEnd(r->c->handle, reason) == 0 && !r->abandoned && wait_socket(r, true))
    {
    }
}

static void feed(run *r)
{
    const amend_piece *piece = &r->place.pieces[r->place.piece];
    if (r->copy >= piece->copy_count)
    {
        end_copy(r, "there is no data for this COPY");
        return;
    }
    const amend_copy *copy = &piece->copies[r->copy++];
    for (size_t at = 0; at < copy->length && r->stop == AMEND_OK;)
    {
        size_t len = copy->length - at < COPY_CHUNK ? copy->length - at : COPY_CHUNK;
        int sent = r->c->pq->PQputCopyData(r->c->handle, copy->data + at, (int)len);
        if (sent < 0)
        {
            return;
        }
        at += sent > 0 ? len : 0;
        drain(r);
    }
    end_copy(r, r->stop == AMEND_OK ? NULL : "stopped");
}

/* COPY … TO stdout: to whom wants it. */
static void take_copy(run *r)
{
    char *line;
    int n;
    while ((n = r->c->pq->PQgetCopyData(r->c->handle, &line, 1)) >= 0 && !r->abandoned)
    {
        if (n > 0)
        {
            if (r->hooks->copied != NULL && r->stop == AMEND_OK)
            {
                stop(r, r->hooks->copied(r->hooks->arg, r->place.piece, line, (size_t)n));
            }
            r->c->pq->PQfreemem(line);
        }
        else if (!wait_socket(r, false))
        {
            return;
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- results */

/* Where the next result belongs. More results than announced count for the last piece. */
static void find_place(run *r)
{
    pg_place *p = &r->place;
    while (p->piece + 1 < p->count && p->statement > p->pieces[p->piece].statements)
    {
        p->piece++;
        p->statement = 1;
        r->copy = 0;
    }
}

static void finish_statement(run *r, const PGresult *result)
{
    const char *rows = r->c->pq->PQcmdTuples((PGresult *)result);
    if (r->hooks->done != NULL)
    {
        r->hooks->done(r->hooks->arg, r->place.piece, r->place.statement, rows[0] == '\0' ? -1 : strtoll(rows, NULL, 10));
    }
    r->place.statement++;
    r->place.fresh = false;
}

static bool make_room(pg_conn *c, size_t columns)
{
    if (2 * columns <= c->cell_room)
    {
        return true;
    }
    const char **cells = alloc_resize(c->allocator, c->cells, c->cell_room * sizeof *cells, 2 * columns * sizeof *cells);
    if (cells == NULL)
    {
        return false;
    }
    c->cells = cells;
    c->cell_room = 2 * columns;
    return true;
}

static void give_rows(run *r, const PGresult *result)
{
    pg_conn *c = r->c;
    int columns = c->pq->PQnfields(result), rows = c->pq->PQntuples(result);
    if (r->hooks->row == NULL || rows == 0)
    {
        return;
    }
    if (!make_room(c, (size_t)columns))
    {
        stop(r, error_memory(NULL));
        return;
    }
    const char **names = c->cells, **values = c->cells + columns;
    for (int i = 0; i < rows && r->stop == AMEND_OK; i++)
    {
        for (int k = 0; k < columns; k++)
        {
            names[k] = c->pq->PQfname(result, k);
            values[k] = c->pq->PQgetisnull(result, i, k) ? NULL : c->pq->PQgetvalue(result, i, k);
        }
        amend_row row = {.columns = (unsigned)columns, .names = names, .values = values};
        stop(r, r->hooks->row(r->hooks->arg, r->place.piece, &row));
    }
}

static void take_result(run *r, const PGresult *result)
{
    find_place(r);
    switch (r->c->pq->PQresultStatus(result))
    {
    case PGRES_SINGLE_TUPLE:
        r->place.fresh = false;
        give_rows(r, result);
        return;
    case PGRES_TUPLES_OK:
        give_rows(r, result);
        finish_statement(r, result);
        return;
    case PGRES_COMMAND_OK:
        finish_statement(r, result);
        return;
    case PGRES_COPY_IN:
        r->place.fresh = false;
        feed(r);
        return;
    case PGRES_COPY_OUT:
        r->place.fresh = false;
        take_copy(r);
        return;
    case PGRES_EMPTY_QUERY:
        return;
    default:
        if (r->status == AMEND_OK) /* the first one tells why */
        {
            r->status = pg_fault_set(r->c, result, &r->place, r->fault, r->error);
        }
    }
}

/* -------------------------------------------------------------------------------------------------------------- sending */

static bool send_message(run *r)
{
    buf message;
    size_t length = 0;
    for (size_t i = 0; i < r->place.count; i++)
    {
        length += r->place.pieces[i].length + PG_FAULT_SEPARATOR.len;
    }
    buf_init(&message, r->c->allocator);
    bool sent = buf_reserve(&message, length) != NULL;
    for (size_t i = 0; i < r->place.count; i++)
    {
        buf_add(&message, (slice){r->place.pieces[i].text, r->place.pieces[i].length});
        buf_add(&message, PG_FAULT_SEPARATOR);
    }
    sent = sent && !message.failed && r->c->pq->PQsendQuery(r->c->handle, message.data) == 1;
    if (message.failed)
    {
        r->status = error_memory(r->error);
        r->fault->kind = AMEND_FAULT_UNRUN;
    }
    buf_clear(&message);
    return sent;
}

static amend_status not_sent(run *r)
{
    if (r->status != AMEND_OK)
    {
        return r->status;
    }
    slice words = slice_trim(slice_of(r->c->pq->PQerrorMessage(r->c->handle)));
    r->fault->kind = AMEND_FAULT_LOST;
    return error_set(r->error, AMEND_E_CONNECTION_LOST, "the connection was lost: %.*s", (int)words.len, words.data);
}

static amend_status stopped(run *r)
{
    *r->fault = (amend_fault){.kind = r->abandoned ? AMEND_FAULT_LOST : AMEND_FAULT_CANCELLED,
                              .piece = r->place.piece,
                              .statement = r->place.statement};
    (void)error_set(r->error, AMEND_E_CANCELLED, "stopped");
    return r->stop;
}

amend_status pg_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks, amend_fault *fault,
                     amend_error *error)
{
    static const amend_hooks none = {0};
    pg_conn *c = (pg_conn *)conn;
    run r = {.c = c, .hooks = hooks == NULL ? &none : hooks, .fault = fault, .error = error};
    r.place = (pg_place){.pieces = pieces, .count = count, .statement = 1, .fresh = true};
    r.asked_ms = clock_monotonic_ms();
    *fault = (amend_fault){0};
    if (count == 0)
    {
        return AMEND_OK;
    }
    if (!send_message(&r))
    {
        return not_sent(&r);
    }
    c->hooks = r.hooks;
    c->pq->PQsetSingleRowMode(c->handle);
    PGresult *result;
    for (await(&r); !r.abandoned && (result = c->pq->PQgetResult(c->handle)) != NULL; await(&r))
    {
        take_result(&r, result);
        c->pq->PQclear(result);
    }
    c->hooks = NULL;
    return r.stop != AMEND_OK && fault->kind != AMEND_FAULT_LOST ? stopped(&r) : r.status;
}
