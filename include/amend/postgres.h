/* SPDX-License-Identifier: MIT */
/*
 * Healing for programs that use libpq: libpq's own calls, with the handle in front. A call that fails because a table, a
 * column, a function … isn't there yet has the migration that provides it applied, and is done again; the program sees it
 * succeed. A call that doesn't fail costs a look at its result's status, which the program's own look shares. docs/healing.md
 * tells the whole.
 *
 *     PGresult *result = amend_PQexec(handle, conn, "INSERT INTO cards (title) VALUES ('one')");
 *
 * Names, arguments, results and ownership are those of the calls of the same name
 * (https://www.postgresql.org/docs/current/libpq.html). A NULL handle means libpq's own call and nothing else; so does a handle
 * whose options.url is not a PostgreSQL one. The migrations are applied on a connection of amend's own, to options.heal_url or
 * options.url, which must be the database that `conn` is connected to: so the role of `conn` needs no right to change the
 * schema, and nothing changes on `conn`.
 *
 * libamend does not link libpq. These wrappers hand it the addresses of those functions of libpq that the program itself uses:
 * it does not matter whether libpq is linked as a shared object or statically. It must be libpq 14 or newer.
 *
 * What happens when a call fails
 *   - Only PGRES_FATAL_ERROR with an SQLSTATE of the server's that means a missing object is looked at. Anything else, a lost
 *     connection with it, is returned at once.
 *   - Outside a transaction the migration is applied and the call done again. When the new error is about another missing thing
 *     that another migration provides, that is cured as well, 16 times at most.
 *   - If it can't be cured (the policy, a broken migration, nobody provides it, somebody else is at work for longer than
 *     options.heal_wait_ms), the result is the one that the call had: the same PGresult, and PQerrorMessage(conn) as it was. An
 *     event tells why.
 *   - Several statements in one PQexec are one transaction, and done again as one. When they begin or end transactions
 *     themselves, or it was CALL or DO that failed and may have committed before, the migration is applied, but nothing done
 *     again: AMEND_CURE_RERUN.
 *   - Inside a transaction of the caller's the error has spoilt it. The migration is applied, the caller gets its own error,
 * and amend_pq_outcome says AMEND_CURE_RERUN: roll back and do all of it again. amend_pq_transaction does that by itself. What
 *     came before a SAVEPOINT still has its locks; a migration that wants the same tables waits for them in vain, up to
 *     options.heal_wait_ms: use amend_pq_transaction there.
 *   - A prepared statement whose columns are others since a migration (0A000, "cached plan must not change result type") is
 *     prepared anew under its name, and executed.
 *
 * What is not healed, and why
 *   - COPY once it runs, and large objects: the server has forgotten what came before. The COPY statement itself is.
 *   - PQdescribePrepared, PQdescribePortal: they name what was prepared, which was there.
 *   - PQexecPrepared has the statement's name only, not its text: what the server's message alone does not tell stays, but for
 *     ON CONFLICT outside of the caller's own transaction.
 *   - Names that are not ASCII when the client_encoding is not UTF8.
 *
 * Threads: any number of them may use one handle, each with a connection of its own, as libpq wants it.
 */
#ifndef AMEND_POSTGRES_H
#define AMEND_POSTGRES_H

#include "amend.h"

#include <libpq-fe.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Those functions of libpq that healing needs, by their addresses. */
typedef struct amend_libpq
{
    size_t size; /* sizeof(amend_libpq) */
    void (*PQclear)(PGresult *);
    char *(*PQcmdStatus)(PGresult *);
    char *(*PQerrorMessage)(const PGconn *);
    PGresult *(*PQexec)(PGconn *, const char *);
    PGresult *(*PQexecParams)(PGconn *, const char *, int, const Oid *, const char *const *, const int *, const int *, int);
    PGresult *(*PQexecPrepared)(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
    char *(*PQgetvalue)(const PGresult *, int, int);
    int (*PQntuples)(const PGresult *);
    PGpipelineStatus (*PQpipelineStatus)(const PGconn *);
    PGresult *(*PQprepare)(PGconn *, const char *, const char *, int, const Oid *);
    char *(*PQresultErrorField)(const PGresult *, int);
    ExecStatusType (*PQresultStatus)(const PGresult *);
    ConnStatusType (*PQstatus)(const PGconn *);
    PGTransactionStatusType (*PQtransactionStatus)(const PGconn *);
} amend_libpq;

/* --------------------------------------------------------------------------------------------------- transactions */

/*
 * The work of a transaction, on the connection that amend_pq_transaction was given. AMEND_OK: commit; anything else: roll back.
 * It may be called more than once, after a rollback each time: what it does outside of the database must bear that. It must
 * neither begin, commit nor roll back (savepoints are its own), and leave no COPY and no pipeline open. What it prepares
 * outlives the rollback; that the same text is prepared again under the same name, by amend_PQprepare, is taken care of.
 */
typedef amend_status (*amend_pq_fn)(void *arg, PGconn *conn);

/* What amend_pq_outcome answers for a connection: what became of the last call on it that failed and was looked at here; NONE
   when it is long ago, or none failed. Asked after a failed call. Thread-safe. */
AMEND_API amend_cure amend_pq_outcome(amend *handle, const PGconn *conn);

/* ------------------------------------------------------------------------------------------------- the slow halves */

/*
 * What the wrappers call when libpq's call came to PGRES_FATAL_ERROR: heal and do it again, or return `result`. Not for direct
 * use, but right for those who wrap libpq's calls themselves: to be called at once, before any other call on the connection.
 * `result` is taken; what comes back is the caller's to PQclear.
 */
AMEND_API PGresult *amend_PQexec_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *query,
                                        PGresult *result);
AMEND_API PGresult *amend_PQexecParams_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *command,
                                              int count, const Oid *types, const char *const *values, const int *lengths,
                                              const int *formats, int format, PGresult *result);
AMEND_API PGresult *amend_PQprepare_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *name,
                                           const char *query, int count, const Oid *types, PGresult *result);
AMEND_API PGresult *amend_PQexecPrepared_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *name,
                                                int count, const char *const *values, const int *lengths, const int *formats,
                                                int format, PGresult *result);
AMEND_API amend_cure amend_pq_heal_with(amend *handle, const amend_libpq *libpq, PGconn *conn, const PGresult *result,
                                        const char *query, amend_error *error);
AMEND_API AMEND_CHECKED amend_status amend_pq_transaction_with(amend *handle, const amend_libpq *libpq, PGconn *conn,
                                                               amend_pq_fn fn, void *arg, amend_error *error);

#ifdef __cplusplus
}
#endif

/* ---------------------------------------------------------------------------------------------------- the wrappers */

#if defined(__GNUC__)
#define AMEND_PQ_SELDOM(condition) __builtin_expect(!!(condition), 0)
/* It reads its argument and does nothing else. The compiler knowing that, a program that asks for the status of its result, as
   it should, shares the wrapper's question, and pays three instructions for being healed. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#ifdef __cplusplus
extern "C" {
#endif
extern ExecStatusType PQresultStatus(const PGresult *result) __attribute__((pure));
#ifdef __cplusplus
}
#endif
#pragma GCC diagnostic pop
#else
#define AMEND_PQ_SELDOM(condition) (condition)
#endif

/* This program's libpq. */
static inline const amend_libpq *amend_libpq_here(void)
{
    static const amend_libpq here = {
        sizeof(amend_libpq), PQclear,    PQcmdStatus,        PQerrorMessage,   PQexec,    PQexecParams,
        PQexecPrepared,      PQgetvalue, PQntuples,          PQpipelineStatus, PQprepare, PQresultErrorField,
        PQresultStatus,      PQstatus,   PQtransactionStatus};
    return &here;
}

static inline PGresult *amend_PQexec(amend *handle, PGconn *conn, const char *query)
{
    PGresult *result = PQexec(conn, query);
    return AMEND_PQ_SELDOM(PQresultStatus(result) == PGRES_FATAL_ERROR)
               ? amend_PQexec_failed(handle, amend_libpq_here(), conn, query, result)
               : result;
}

static inline PGresult *amend_PQexecParams(amend *handle, PGconn *conn, const char *command, int count, const Oid *types,
                                           const char *const *values, const int *lengths, const int *formats, int format)
{
    PGresult *result = PQexecParams(conn, command, count, types, values, lengths, formats, format);
    return AMEND_PQ_SELDOM(PQresultStatus(result) == PGRES_FATAL_ERROR)
               ? amend_PQexecParams_failed(handle, amend_libpq_here(), conn, command, count, types, values, lengths, formats,
                                           format, result)
               : result;
}

static inline PGresult *amend_PQprepare(amend *handle, PGconn *conn, const char *name, const char *query, int count,
                                        const Oid *types)
{
    PGresult *result = PQprepare(conn, name, query, count, types);
    return AMEND_PQ_SELDOM(PQresultStatus(result) == PGRES_FATAL_ERROR)
               ? amend_PQprepare_failed(handle, amend_libpq_here(), conn, name, query, count, types, result)
               : result;
}

static inline PGresult *amend_PQexecPrepared(amend *handle, PGconn *conn, const char *name, int count,
                                             const char *const *values, const int *lengths, const int *formats, int format)
{
    PGresult *result = PQexecPrepared(conn, name, count, values, lengths, formats, format);
    return AMEND_PQ_SELDOM(PQresultStatus(result) == PGRES_FATAL_ERROR)
               ? amend_PQexecPrepared_failed(handle, amend_libpq_here(), conn, name, count, values, lengths, formats, format,
                                             result)
               : result;
}

/*
 * For what was sent with PQsendQuery and its like: cure the error that PQgetResult gave. `query` is the text that failed, NULL
 * when it isn't known (a prepared statement). Call it when PQgetResult has returned NULL, in a pipeline when it has returned
 * PGRES_PIPELINE_SYNC: only then libpq knows of the transaction. `result` stays the caller's. `error` may be NULL, and is
 * written as amend_heal_error does it.
 *
 *   DONE   send the same again, once. When a row of the statement has been used already (single-row mode), sending it again
 *          gives it a second time: that is the caller's to know.
 *   RERUN  cured, but the error has undone more than the one statement: in a pipeline all since the last PQpipelineSync, in a
 *          transaction all of it, which is to be rolled back first. Or results are still unread, and it can't be told.
 *   NONE   the error stands; so it does inside amend_pq_transaction, which cures when its function has returned.
 *
 * It blocks for as long as the cure takes, whatever PQsetnonblocking says. A program with an event loop calls amend_heal_error
 * on a thread of its own, with the fields PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_SQLSTATE and PG_DIAG_STATEMENT_POSITION (or, where
 * there is one, PG_DIAG_INTERNAL_QUERY as the query, and PG_DIAG_INTERNAL_POSITION) of the result.
 */
static inline amend_cure amend_pq_heal(amend *handle, PGconn *conn, const PGresult *result, const char *query,
                                       amend_error *error)
{
    return amend_pq_heal_with(handle, amend_libpq_here(), conn, result, query, error);
}

/*
 * BEGIN, fn, COMMIT; ROLLBACK when fn fails. When a call in fn failed for something missing, the transaction is rolled back,
 * the cure made, and fn called again from its start: the whole transaction, or nothing. Each repetition is for another
 * migration, 16 at most. Within fn the wrappers below and above only take note; the caller sees its own error and returns it.
 * An error that fn has got over by itself (ROLLBACK TO a savepoint, then AMEND_OK) is its own affair.
 *
 * `handle` may be NULL: then nothing is healed. `conn` must not be in a transaction. For another isolation level, let fn begin
 * with SET TRANSACTION.
 *
 * Returns AMEND_OK when it is committed. Otherwise *error has the database's words, and in `detail` why there was no cure; and
 * the status is what fn returned, or
 *   ARGUMENT         no fn, in a transaction already; fn has ended the transaction by itself: what it did before is done
 *   STATEMENT, BUSY  BEGIN or COMMIT was refused, nothing is committed. A serialization failure (40001) is the caller's to
 *                    repeat. fn said AMEND_OK, but one of its statements has failed
 *   CONNECTION_LOST  nothing is committed; but when it was lost during COMMIT, that isn't known, and the message says so.
 *                    Never run again
 */
AMEND_CHECKED static inline amend_status amend_pq_transaction(amend *handle, PGconn *conn, amend_pq_fn fn, void *arg,
                                                              amend_error *error)
{
    return amend_pq_transaction_with(handle, amend_libpq_here(), conn, fn, arg, error);
}

/* -------------------------------------------------------------------------------------------------- without editing */

/*
 * Programs that stay as they are: compile them with -DAMEND_PQ_REDIRECT=my_handle -include amend/postgres.h, and their calls
 * are these. my_handle is a variable that one file of the program defines (amend *my_handle;) and sets before, or after, it
 * connects; while it is NULL nothing is healed. The address of a function stays libpq's.
 */
#ifdef AMEND_PQ_REDIRECT
#ifdef __cplusplus
extern "C" {
#endif
extern amend *AMEND_PQ_REDIRECT;
#ifdef __cplusplus
}
#endif
#define PQexec(conn, query) amend_PQexec(AMEND_PQ_REDIRECT, conn, query)
#define PQexecParams(conn, command, count, types, values, lengths, formats, format)                                            \
    amend_PQexecParams(AMEND_PQ_REDIRECT, conn, command, count, types, values, lengths, formats, format)
#define PQprepare(conn, name, query, count, types) amend_PQprepare(AMEND_PQ_REDIRECT, conn, name, query, count, types)
#define PQexecPrepared(conn, name, count, values, lengths, formats, format)                                                    \
    amend_PQexecPrepared(AMEND_PQ_REDIRECT, conn, name, count, values, lengths, formats, format)
#endif

#endif
