/* SPDX-License-Identifier: MIT */
/*
 * A transaction as a function that can be called again. PostgreSQL's transaction is spoilt by its first error, and may have
 * locks of what came before a savepoint: so the wrappers inside only note what failed. When the function has returned, all is
 * rolled back, cured on another connection, and begun anew.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "heal/postgres.h"

#include <string.h>

/* One call of amend_pq_transaction. */
typedef struct pq_work
{
    healer *healer; /* NULL: nothing is healed */
    const amend_libpq *pq;
    PGconn *conn;
    amend_pq_fn fn;
    void *arg;
    pq_transaction entry;
    pq_tried tried, statements;
    amend_error error; /* what failed in the last try */
} pq_work;

/* --------------------------------------------------------------------------------------------------------------- notes */

static void pq_tx_forget(const healer *h, pq_transaction *t)
{
    alloc_free(h->session.allocator, t->text, t->size);
    t->text = NULL;
    t->noted = false;
}

/* Copy a text to *at, and move *at behind it. */
static const char *pq_tx_put(char **at, const char *text)
{
    if (text == NULL)
    {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static size_t pq_tx_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* What can't be kept for want of memory is not cured. */
static void pq_tx_keep(const healer *h, pq_transaction *t, const pq_failure *f)
{
    const amend_db_error *e = &f->error;
    pq_tx_forget(h, t);
    t->size = pq_tx_size(e->message) + pq_tx_size(e->sqlstate) + pq_tx_size(e->query) + pq_tx_size(f->name);
    t->text = alloc_resize(h->session.allocator, NULL, 0, t->size);
    if (t->text == NULL)
    {
        return;
    }
    char *at = t->text;
    t->failure = *f;
    t->failure.error.message = pq_tx_put(&at, e->message);
    t->failure.error.sqlstate = pq_tx_put(&at, e->sqlstate);
    t->failure.error.query = pq_tx_put(&at, e->query);
    t->failure.name = pq_tx_put(&at, f->name);
    t->noted = true;
}

/* Only the thread that uses the connection, which is the entry's, gets so far as to write it. */
bool pq_transaction_note(healer *h, const PGconn *conn, const pq_failure *f)
{
    pthread_mutex_lock(&h->mutex);
    pq_transaction *t = h->pq_transactions;
    while (t != NULL && t->conn != conn)
    {
        t = t->next;
    }
    pthread_mutex_unlock(&h->mutex);
    if (t != NULL)
    {
        pq_tx_keep(h, t, f);
    }
    return t != NULL;
}

static void pq_tx_enter(pq_work *w)
{
    w->entry.conn = w->conn;
    if (w->healer != NULL)
    {
        pthread_mutex_lock(&w->healer->mutex);
        w->entry.next = w->healer->pq_transactions;
        w->healer->pq_transactions = &w->entry;
        pthread_mutex_unlock(&w->healer->mutex);
    }
}

static void pq_tx_leave(pq_work *w)
{
    if (w->healer == NULL)
    {
        return;
    }
    pthread_mutex_lock(&w->healer->mutex);
    pq_transaction **link = &w->healer->pq_transactions;
    while (*link != &w->entry)
    {
        link = &(*link)->next;
    }
    *link = w->entry.next;
    pthread_mutex_unlock(&w->healer->mutex);
    pq_tx_forget(w->healer, &w->entry);
}

/* -------------------------------------------------------------------------------------------------------------- errors */

/* What the connection said last, without the line's end. */
static amend_status pq_tx_error(pq_work *w, amend_code code, const char *prefix)
{
    slice words = slice_trim(slice_of(w->pq->PQerrorMessage(w->conn)));
    return error_set(&w->error, code, "%s%.*s", prefix, (int)(words.len > 4096 ? 4096 : words.len), words.data);
}

static void pq_tx_copy(char *field, size_t size, const char *text)
{
    error_copy(field, size, slice_of(text == NULL ? "" : text));
}

/* BEGIN's or COMMIT's error: the server's own, or the connection's. */
static amend_status pq_tx_refused(pq_work *w, const PGresult *result, const char *lost)
{
    const char *message = w->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *state = w->pq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (w->pq->PQstatus(w->conn) != CONNECTION_OK)
    {
        return pq_tx_error(w, AMEND_E_CONNECTION_LOST, lost);
    }
    if (message == NULL || state == NULL)
    {
        return pq_tx_error(w, AMEND_E_STATEMENT, ""); /* libpq's own: nothing was sent */
    }
    bool busy = strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0;
    amend_status status = error_set(&w->error, busy ? AMEND_E_BUSY : AMEND_E_STATEMENT, "%s", message);
    pq_tx_copy(w->error.sqlstate, sizeof w->error.sqlstate, state);
    pq_tx_copy(w->error.detail, sizeof w->error.detail, w->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    pq_tx_copy(w->error.hint, sizeof w->error.hint, w->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    return status;
}

/* The function said no, or its transaction is spoilt: in the words of what was noted, else of the connection. */
static void pq_tx_explain(pq_work *w, amend_status status)
{
    if (w->entry.noted)
    {
        error_set(&w->error, AMEND_E_STATEMENT, "%s", w->entry.failure.error.message);
        pq_tx_copy(w->error.sqlstate, sizeof w->error.sqlstate, w->entry.failure.error.sqlstate);
    }
    else if (w->pq->PQerrorMessage(w->conn)[0] != '\0')
    {
        pq_tx_error(w, AMEND_E_STATEMENT, "");
    }
    else
    {
        error_set(&w->error, AMEND_E_STATEMENT, "the transaction's function failed, and none of its statements did");
    }
    w->error.status = status;
}

/* ----------------------------------------------------------------------------------------------------------- one try */

static bool pq_tx_say(pq_work *w, const char *sql, const char *tag)
{
    PGresult *result = w->pq->PQexec(w->conn, sql);
    bool done = w->pq->PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(w->pq->PQcmdStatus(result), tag) == 0;
    w->pq->PQclear(result);
    return done;
}

static amend_status pq_tx_begin(pq_work *w)
{
    PGresult *result = w->pq->PQexec(w->conn, "BEGIN");
    bool begun = w->pq->PQresultStatus(result) == PGRES_COMMAND_OK;
    amend_status status = begun ? AMEND_OK : pq_tx_refused(w, result, "");
    w->pq->PQclear(result);
    return status;
}

/*
 * What is deferred to the end may fail there for something missing, too: that is noted like any other, for a server that
 * answers COMMIT with an error has rolled back. *over: the transaction is.
 */
static amend_status pq_tx_commit(pq_work *w, bool *over)
{
    pq_failure f;
    PGresult *result = w->pq->PQexec(w->conn, "COMMIT");
    bool answered = w->pq->PQresultStatus(result) == PGRES_COMMAND_OK;
    bool committed = answered && strcmp(w->pq->PQcmdStatus(result), "COMMIT") == 0;
    amend_status status = AMEND_OK;
    if (answered && !committed)
    {
        status = error_set(&w->error, AMEND_E_STATEMENT, "a statement of the transaction failed, so it was rolled back");
    }
    else if (!committed)
    {
        status = pq_tx_refused(w, result, "the connection was lost during COMMIT, it is not known whether it was done: ");
        if (w->healer != NULL && pq_read(w->pq, result, NULL, NULL, &f) && pq_is_curable(w->healer, &f))
        {
            pq_tx_keep(w->healer, &w->entry, &f);
        }
    }
    w->pq->PQclear(result);
    *over = w->pq->PQtransactionStatus(w->conn) == PQTRANS_IDLE;
    return status;
}

/* BEGIN, fn, and what belongs behind it. *again: all is rolled back, and there is something to cure. */
static amend_status pq_tx_once(pq_work *w, bool *again)
{
    *again = false;
    if (w->healer != NULL)
    {
        pq_tx_forget(w->healer, &w->entry);
    }
    amend_status status = pq_tx_begin(w);
    if (status != AMEND_OK)
    {
        return status;
    }
    status = w->fn(w->arg, w->conn);
    PGTransactionStatusType state = w->pq->PQtransactionStatus(w->conn);
    if (state == PQTRANS_UNKNOWN)
    {
        amend_status lost = pq_tx_error(w, AMEND_E_CONNECTION_LOST, "the connection was lost: ");
        return status == AMEND_OK ? lost : status;
    }
    if (state == PQTRANS_IDLE)
    {
        amend_status ended = error_set(&w->error, AMEND_E_ARGUMENT, "the transaction's function ended the transaction itself");
        return status == AMEND_OK ? ended : status;
    }
    bool over = false;
    if (status == AMEND_OK && state != PQTRANS_INERROR)
    {
        status = pq_tx_commit(w, &over);
    }
    else
    {
        status = status == AMEND_OK ? AMEND_FAILED : status;
        pq_tx_explain(w, status);
    }
    over = over || (w->pq->PQstatus(w->conn) == CONNECTION_OK && pq_tx_say(w, "ROLLBACK", "ROLLBACK"));
    *again = status != AMEND_OK && over && w->entry.noted;
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ all tries */

/* What was prepared in the last try is still there: it may be prepared again. */
static bool pq_tx_undo(pq_work *w, const pq_failure *f)
{
    return w->tried.count > 0 && pq_try(&w->statements, f->name) && pq_prepare_undo(w->pq, w->conn, f->name, f->error.query);
}

/* Outside of the transaction now. */
static bool pq_tx_cure(pq_work *w)
{
    pq_failure f = w->entry.failure;
    amend_error reason = {.message = ""};
    amend_cure cure = AMEND_CURE_NONE;
    if (f.kind == PQ_STALE)
    {
        return pq_try(&w->statements, f.name) && pq_prepare_anew(w->pq, w->conn, f.name);
    }
    if (f.kind == PQ_TWICE)
    {
        return pq_tx_undo(w, &f);
    }
    PGresult *known = f.kind == PQ_UNTOLD ? pq_read_text(w->pq, w->conn, &f) : NULL;
    if (pq_is_curable(w->healer, &f))
    {
        cure = pq_cure(w->healer, &f, &w->tried, &reason);
    }
    w->pq->PQclear(known);
    pq_outcome_set(w->healer, w->conn, cure);
    if (reason.message[0] != '\0')
    {
        error_detail(&w->error, "not cured: %s", reason.message);
    }
    return cure == AMEND_CURE_DONE;
}

amend_status amend_pq_transaction_with(amend *handle, const amend_libpq *libpq, PGconn *conn, amend_pq_fn fn, void *arg,
                                       amend_error *error)
{
    if (libpq == NULL || libpq->size != sizeof *libpq || conn == NULL || fn == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "a connection and a function are needed");
    }
    pq_work w = {.healer = pq_healer(handle), .pq = libpq, .conn = conn, .fn = fn, .arg = arg};
    PGTransactionStatusType state = libpq->PQtransactionStatus(conn);
    if (state != PQTRANS_IDLE && state != PQTRANS_UNKNOWN)
    {
        return error_set(error, AMEND_E_ARGUMENT, "the connection is in a transaction, or busy, already");
    }
    bool again;
    amend_status status;
    pq_tx_enter(&w);
    do
    {
        status = pq_tx_once(&w, &again);
    }
    while (again && pq_tx_cure(&w));
    pq_tx_leave(&w);
    if (status != AMEND_OK && error != NULL)
    {
        *error = w.error;
    }
    return status;
}
