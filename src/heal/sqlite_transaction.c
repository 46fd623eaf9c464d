/* SPDX-License-Identifier: MIT */
/*
 * A transaction as a function that can be called again. The wrappers inside find their transaction by its connection, and note
 * there what they could have cured were it not for the transaction; when the function gives up, that is cured outside, and the
 * function called again.
 */
#include "base/error.h"
#include "driver/sqlite/borrow.h"
#include "driver/sqlite/conn.h"
#include "heal/sqlite.h"

enum
{
    TRANSACTION_TRIES = 16,
};

static sqlite_transaction *lite_tx_of(healer *h, sqlite3 *db)
{
    sqlite_transaction *t = h->transactions;
    while (t != NULL && t->db != db)
    {
        t = t->next;
    }
    return t;
}

void sqlite_transaction_block(healer *h, sqlite3 *db, sqlite_failure *f)
{
    pthread_mutex_lock(&h->mutex);
    sqlite_transaction *t = lite_tx_of(h, db);
    if (t != NULL)
    {
        sqlite_failure old = t->failed;
        t->blocked = true;
        t->failed = *f;
        *f = old;
    }
    pthread_mutex_unlock(&h->mutex);
}

static void lite_tx_enter(healer *h, sqlite_transaction *t)
{
    if (h != NULL)
    {
        pthread_mutex_lock(&h->mutex);
        t->next = h->transactions;
        h->transactions = t;
        pthread_mutex_unlock(&h->mutex);
    }
}

static void lite_tx_leave(healer *h, sqlite_transaction *t)
{
    if (h == NULL)
    {
        return;
    }
    pthread_mutex_lock(&h->mutex);
    sqlite_transaction **link = &h->transactions;
    while (*link != t)
    {
        link = &(*link)->next;
    }
    *link = t->next;
    pthread_mutex_unlock(&h->mutex);
}

/* BEGIN or COMMIT. */
static amend_status lite_tx_say(sqlite3 *db, const char *sql, amend_error *error)
{
    amend_fault fault;
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? AMEND_OK : sqlite_conn_fault(db, sqlite3_extended_errcode(db), &fault, error);
}

/* The function's word, and the database's last ones if they were an error's. */
static void lite_tx_explain(sqlite3 *db, amend_status status, amend_error *error)
{
    amend_fault fault;
    int code = sqlite3_extended_errcode(db);
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
    {
        error_set(error, AMEND_E_STATEMENT, "the transaction's function gave up");
    }
    else
    {
        (void)!sqlite_conn_fault(db, code, &fault, error);
    }
    if (error != NULL)
    {
        error->status = status;
    }
}

/* Once: AMEND_OK when it is committed. */
static amend_status lite_tx_try(healer *h, sqlite_transaction *t, unsigned flags, amend_sqlite_fn fn, void *arg,
                                amend_error *error)
{
    sqlite3 *db = t->db;
    amend_status status = lite_tx_say(db, (flags & AMEND_SQLITE_DEFERRED) != 0 ? "BEGIN" : "BEGIN IMMEDIATE", error);
    if (status != AMEND_OK)
    {
        return status;
    }
    lite_tx_enter(h, t);
    status = fn(arg, db);
    lite_tx_leave(h, t);
    if (status != AMEND_OK)
    {
        lite_tx_explain(db, status, error);
    }
    else
    {
        status = lite_tx_say(db, "COMMIT", error);
    }
    if (status != AMEND_OK && sqlite3_get_autocommit(db) == 0)
    {
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

/* Cure outside what could not be cured inside. Each time it must be another migration. */
static bool lite_tx_cure(healer *h, sqlite_transaction *t, char version[72])
{
    amend_healing healing;
    amend_db_error failed = sqlite_failure_error(&t->failed);
    failed.cured = version;
    heal_request request = {.failed = &failed, .conn = sqlite_borrow(h->session.allocator, t->db, false)};
    if (request.conn == NULL)
    {
        return false;
    }
    sqlite3_mutex *mutex = sqlite3_db_mutex(t->db);
    sqlite3_mutex_enter(mutex);
    amend_cure cure = heal(h, &request, &healing, NULL);
    request.conn->driver->close(request.conn);
    sqlite3_mutex_leave(mutex);
    bool another = strcmp(version, healing.version) != 0;
    memcpy(version, healing.version, sizeof healing.version);
    return cure == AMEND_CURE_DONE && another;
}

amend_status amend_sqlite_transaction(amend *handle, sqlite3 *db, unsigned flags, amend_sqlite_fn fn, void *arg,
                                      amend_error *error)
{
    healer *h = sqlite_healer(handle);
    char version[sizeof((amend_healing *)0)->version] = "";
    if (db == NULL || fn == NULL || (flags & ~(unsigned)AMEND_SQLITE_DEFERRED) != 0)
    {
        return error_set(error, AMEND_E_ARGUMENT,
                         "amend_sqlite_transaction needs a connection, a function and flags that it knows");
    }
    if (sqlite3_get_autocommit(db) == 0)
    {
        return error_set(error, AMEND_E_ARGUMENT, "the connection is in a transaction already");
    }
    for (unsigned try = 1;; try++)
    {
        sqlite_transaction t = {.db = db};
        amend_status status = lite_tx_try(h, &t, flags, fn, arg, error);
        bool rerun = status != AMEND_OK && t.blocked && try < TRANSACTION_TRIES && lite_tx_cure(h, &t, version);
        sqlite_failure_clear(&t.failed);
        if (!rerun)
        {
            return status;
        }
    }
}
