/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of amend/postgres.h's wrappers. The caller's result is kept until it is certain that the call is done again:
 * nothing is sent on the caller's connection before that, so PQerrorMessage stays as it was, too. libpq is the program's own,
 * which it hands in.
 */
#include "heal/postgres.h"

#include "base/error.h"
#include "dialect/postgres/pg_lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    PQ_TYPES = 1664, /* so many parameters at most are prepared anew */
};

healer *pq_healer(amend *handle)
{
    healer *h = handle == NULL ? NULL : healer_of(handle);
    const dialect *d = h == NULL ? NULL : h->session.dialect;
    return d != NULL && h->policy != AMEND_HEAL_OFF && strcmp(d->name, "postgres") == 0 ? h : NULL;
}

bool pq_try(pq_tried *tried, const char *what)
{
    for (size_t i = 0; i < tried->count; i++)
    {
        if (strcmp(tried->what[i], what) == 0)
        {
            return false;
        }
    }
    if (tried->count == PQ_ROUNDS)
    {
        return false;
    }
    snprintf(tried->what[tried->count++], sizeof tried->what[0], "%s", what);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ outcomes */

void pq_outcome_set(healer *h, const PGconn *conn, amend_cure cure)
{
    pq_outcome *o = NULL;
    pthread_mutex_lock(&h->mutex);
    for (size_t i = 0; i < PQ_OUTCOMES && o == NULL; i++)
    {
        o = h->pq_outcomes[i].conn == conn ? &h->pq_outcomes[i] : NULL;
    }
    if (o == NULL && cure != AMEND_CURE_NONE)
    {
        o = &h->pq_outcomes[h->pq_next];
        h->pq_next = (h->pq_next + 1) % PQ_OUTCOMES;
    }
    if (o != NULL)
    {
        *o = (pq_outcome){.conn = conn, .cure = cure};
    }
    pthread_mutex_unlock(&h->mutex);
}

amend_cure amend_pq_outcome(amend *handle, const PGconn *conn)
{
    healer *h = pq_healer(handle);
    amend_cure cure = AMEND_CURE_NONE;
    if (h == NULL || conn == NULL)
    {
        return cure;
    }
    pthread_mutex_lock(&h->mutex);
    for (size_t i = 0; i < PQ_OUTCOMES; i++)
    {
        cure = h->pq_outcomes[i].conn == conn ? h->pq_outcomes[i].cure : cure;
    }
    pthread_mutex_unlock(&h->mutex);
    return cure;
}

/* ----------------------------------------------------------------------------------------------------------- the error */

static size_t pq_number(const char *text)
{
    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* A function of the server's source is the same in every language. */
static pq_kind pq_kind_of(const amend_db_error *e, const char *name, const char *query, const char *function)
{
    if (name == NULL || name[0] == '\0')
    {
        return PQ_MISSING;
    }
    if (strcmp(e->sqlstate, "0A000") == 0 && function != NULL && strcmp(function, "RevalidateCachedQuery") == 0)
    {
        return PQ_STALE;
    }
    if (strcmp(e->sqlstate, "42P05") == 0 && query != NULL)
    {
        return PQ_TWICE;
    }
    return strcmp(e->sqlstate, "42P10") == 0 && query == NULL ? PQ_UNTOLD : PQ_MISSING;
}

/* An error inside a function has its place in the function's own query. */
bool pq_read(const amend_libpq *pq, const PGresult *result, const char *query, const char *name, pq_failure *out)
{
    if (result == NULL || pq->PQresultStatus(result) != PGRES_FATAL_ERROR)
    {
        return false;
    }
    const char *internal = pq->PQresultErrorField(result, PG_DIAG_INTERNAL_QUERY);
    const char *function = pq->PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    const char *position =
        pq->PQresultErrorField(result, internal != NULL ? PG_DIAG_INTERNAL_POSITION : PG_DIAG_STATEMENT_POSITION);
    *out = (pq_failure){.error = AMEND_DB_ERROR_INIT, .name = name};
    out->error.message = pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    out->error.sqlstate = pq->PQresultErrorField(result, PG_DIAG_SQLSTATE);
    out->error.query = internal != NULL ? internal : query;
    out->error.position = pq_number(position);
    out->nested = internal != NULL || pq->PQresultErrorField(result, PG_DIAG_CONTEXT) != NULL;
    if (out->error.message == NULL || out->error.sqlstate == NULL)
    {
        return false; /* libpq's own */
    }
    out->kind = pq_kind_of(&out->error, name, query, function);
    return true;
}

bool pq_is_curable(const healer *h, const pq_failure *f)
{
    amend_object object;
    if (f->kind == PQ_MISSING)
    {
        return h->session.dialect->detect(&f->error, &object);
    }
    return f->kind == PQ_UNTOLD || h->policy != AMEND_HEAL_REPORT;
}

amend_cure pq_cure(healer *h, const pq_failure *f, pq_tried *tried, amend_error *error)
{
    amend_healing healing;
    amend_db_error failed = f->error;
    failed.cured = tried->count == 0 ? "" : tried->what[tried->count - 1];
    amend_cure cure = heal(h, &(heal_request){.failed = &failed}, &healing, error);
    if (cure == AMEND_CURE_DONE && !pq_try(tried, healing.version))
    {
        error_set(error, AMEND_E_HEAL_DRIFT, "%s %s is applied, but what it provides is still missing", healing.version,
                  healing.name);
        return AMEND_CURE_DRIFT;
    }
    return cure;
}

/* ------------------------------------------------------------------------------------------------- prepared statements */

/* What pg_prepared_statements has of a statement: its text, and its parameters' types as an array's text ("{23,25}"). */
static PGresult *pq_ask_statement(const amend_libpq *pq, PGconn *conn, const char *name)
{
    static const char query[] = "SELECT statement, parameter_types::pg_catalog.oid[]::pg_catalog.text"
                                " FROM pg_catalog.pg_prepared_statements WHERE name = $1 AND NOT from_sql";
    PGresult *result = pq->PQexecParams(conn, query, 1, NULL, &name, NULL, NULL, 0);
    if (pq->PQresultStatus(result) == PGRES_TUPLES_OK && pq->PQntuples(result) == 1)
    {
        return result;
    }
    pq->PQclear(result);
    return NULL;
}

/* False when there are more than there is room for. */
static bool pq_types(const char *text, Oid *types, int *count)
{
    *count = 0;
    for (char *at = (char *)text + 1; *at >= '0' && *at <= '9'; at += *at == ',')
    {
        if (*count == PQ_TYPES)
        {
            return false;
        }
        types[(*count)++] = (Oid)strtoul(at, &at, 10);
    }
    return true;
}

/* The server looks at a name's first 63 bytes only; one that is longer than this is none that anybody uses. */
static bool pq_deallocate(const amend_libpq *pq, PGconn *conn, const char *name)
{
    char sql[300] = "DEALLOCATE \"";
    size_t len = strlen(sql);
    for (const char *c = name; *c != '\0'; c++)
    {
        if (len + 4 > sizeof sql)
        {
            return false;
        }
        sql[len++] = *c;
        sql[len] = '"';
        len += *c == '"';
    }
    memcpy(sql + len, "\"", 2);
    PGresult *result = pq->PQexec(conn, sql);
    bool done = pq->PQresultStatus(result) == PGRES_COMMAND_OK;
    pq->PQclear(result);
    return done;
}

bool pq_prepare_anew(const amend_libpq *pq, PGconn *conn, const char *name)
{
    Oid types[PQ_TYPES];
    int count;
    PGresult *known = pq_ask_statement(pq, conn, name);
    bool done = known != NULL && pq_types(pq->PQgetvalue(known, 0, 1), types, &count) && pq_deallocate(pq, conn, name);
    if (done)
    {
        PGresult *result = pq->PQprepare(conn, name, pq->PQgetvalue(known, 0, 0), count, types);
        done = pq->PQresultStatus(result) == PGRES_COMMAND_OK;
        pq->PQclear(result);
    }
    pq->PQclear(known);
    return done;
}

bool pq_prepare_undo(const amend_libpq *pq, PGconn *conn, const char *name, const char *query)
{
    PGresult *known = pq_ask_statement(pq, conn, name);
    bool done = known != NULL && strcmp(pq->PQgetvalue(known, 0, 0), query) == 0 && pq_deallocate(pq, conn, name);
    pq->PQclear(known);
    return done;
}

PGresult *pq_read_text(const amend_libpq *pq, PGconn *conn, pq_failure *f)
{
    PGresult *known = pq_ask_statement(pq, conn, f->name);
    f->error.query = known == NULL ? NULL : pq->PQgetvalue(known, 0, 0);
    f->kind = PQ_MISSING;
    return known;
}

/* ------------------------------------------------------------------------------------------------------------ the calls */

/* A call that can be made again. */
typedef struct pq_call
{
    healer *healer;
    const amend_libpq *pq;
    PGconn *conn;
    PGresult *(*again)(const struct pq_call *call);
    const char *query; /* NULL when it isn't known */
    const char *name;  /* of the prepared statement */
    int count;         /* the rest as the wrappers have it */
    const Oid *types;
    const char *const *values;
    const int *lengths, *formats;
    int format;
    pq_tried tried;
    bool spoken; /* something else was sent on the connection since the call */
} pq_call;

static PGresult *pq_again_exec(const pq_call *c)
{
    return c->pq->PQexec(c->conn, c->query);
}

static PGresult *pq_again_params(const pq_call *c)
{
    return c->pq->PQexecParams(c->conn, c->query, c->count, c->types, c->values, c->lengths, c->formats, c->format);
}

static PGresult *pq_again_prepare(const pq_call *c)
{
    return c->pq->PQprepare(c->conn, c->name, c->query, c->count, c->types);
}

static PGresult *pq_again_prepared(const pq_call *c)
{
    return c->pq->PQexecPrepared(c->conn, c->name, c->count, c->values, c->lengths, c->formats, c->format);
}

/* CALL and DO may have committed before the error that came from inside of them. */
static bool pq_calls(const char *query)
{
    pg_lexer l = {.text = slice_of(query)};
    pg_token t;
    do
    {
        pg_lexer_next(&l, &t);
    }
    while (pg_lexer_is_symbol(&t, ';'));
    return pg_lexer_is(&t, "CALL") || pg_lexer_is(&t, "DO");
}

static bool pq_is_repeatable(const healer *h, const char *query, bool nested)
{
    return h->session.dialect->repeatable(slice_of(query)) && !(nested && pq_calls(query));
}

/* The text of a prepared statement has to be asked for, which only matters when something was called inside of it. */
static bool pq_may_repeat(pq_call *c, const pq_failure *f)
{
    pq_failure asked = *f;
    if (c->query != NULL || !f->nested)
    {
        return c->query == NULL || pq_is_repeatable(c->healer, c->query, f->nested);
    }
    PGresult *known = pq_read_text(c->pq, c->conn, &asked);
    bool may = known == NULL || pq_is_repeatable(c->healer, asked.error.query, true);
    c->pq->PQclear(known);
    return may;
}

static amend_cure pq_treat_stale(pq_call *c)
{
    c->spoken = true;
    return pq_try(&c->tried, "a stale statement") && pq_prepare_anew(c->pq, c->conn, c->name) ? AMEND_CURE_DONE
                                                                                              : AMEND_CURE_NONE;
}

static amend_cure pq_treat_untold(pq_call *c, const pq_failure *f)
{
    pq_failure told = *f;
    PGresult *known = pq_read_text(c->pq, c->conn, &told);
    bool curable = known != NULL && pq_is_curable(c->healer, &told);
    amend_cure cure = curable ? pq_cure(c->healer, &told, &c->tried, NULL) : AMEND_CURE_NONE;
    c->pq->PQclear(known);
    c->spoken = true;
    return cure;
}

/* DONE: the call is to be made again. */
static amend_cure pq_treat(pq_call *c, const pq_failure *f)
{
    if (!pq_is_curable(c->healer, f) || pq_transaction_note(c->healer, c->conn, f))
    {
        return AMEND_CURE_NONE;
    }
    PGTransactionStatusType state = c->pq->PQtransactionStatus(c->conn);
    if (f->kind != PQ_MISSING)
    {
        bool can = state == PQTRANS_IDLE && f->kind != PQ_TWICE;
        return !can ? AMEND_CURE_NONE : f->kind == PQ_STALE ? pq_treat_stale(c) : pq_treat_untold(c, f);
    }
    if (state != PQTRANS_IDLE && state != PQTRANS_INERROR)
    {
        return AMEND_CURE_NONE;
    }
    amend_cure cure = pq_cure(c->healer, f, &c->tried, NULL);
    bool spoilt = cure == AMEND_CURE_DONE && (state == PQTRANS_INERROR || !pq_may_repeat(c, f));
    return spoilt ? AMEND_CURE_RERUN : cure;
}

/* A call that could not be cured, but was spoken after, is made once more, for the connection's error message to be its own. */
static PGresult *pq_failed(pq_call *c, PGresult *result)
{
    pq_failure f;
    amend_cure cure = AMEND_CURE_NONE;
    if (c->healer == NULL)
    {
        return result;
    }
    while (c->pq->PQstatus(c->conn) == CONNECTION_OK && pq_read(c->pq, result, c->query, c->name, &f))
    {
        c->spoken = false;
        cure = pq_treat(c, &f);
        if (cure != AMEND_CURE_DONE && !c->spoken)
        {
            break;
        }
        c->pq->PQclear(result);
        result = c->again(c);
        if (cure != AMEND_CURE_DONE)
        {
            break;
        }
    }
    bool lost = cure == AMEND_CURE_DONE && c->pq->PQresultStatus(result) == PGRES_FATAL_ERROR;
    pq_outcome_set(c->healer, c->conn, lost ? AMEND_CURE_NONE : cure);
    return result;
}

PGresult *amend_PQexec_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *query, PGresult *result)
{
    pq_call c = {.healer = pq_healer(handle), .pq = libpq, .conn = conn, .again = pq_again_exec, .query = query};
    return pq_failed(&c, result);
}

PGresult *amend_PQexecParams_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *command, int count,
                                    const Oid *types, const char *const *values, const int *lengths, const int *formats,
                                    int format, PGresult *result)
{
    pq_call c = {.healer = pq_healer(handle),
                 .pq = libpq,
                 .conn = conn,
                 .again = pq_again_params,
                 .query = command,
                 .count = count,
                 .types = types,
                 .values = values,
                 .lengths = lengths,
                 .formats = formats,
                 .format = format};
    return pq_failed(&c, result);
}

PGresult *amend_PQprepare_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *name, const char *query,
                                 int count, const Oid *types, PGresult *result)
{
    pq_call c = {.healer = pq_healer(handle),
                 .pq = libpq,
                 .conn = conn,
                 .again = pq_again_prepare,
                 .query = query,
                 .name = name,
                 .count = count,
                 .types = types};
    return pq_failed(&c, result);
}

PGresult *amend_PQexecPrepared_failed(amend *handle, const amend_libpq *libpq, PGconn *conn, const char *name, int count,
                                      const char *const *values, const int *lengths, const int *formats, int format,
                                      PGresult *result)
{
    pq_call c = {.healer = pq_healer(handle),
                 .pq = libpq,
                 .conn = conn,
                 .again = pq_again_prepared,
                 .name = name,
                 .count = count,
                 .values = values,
                 .lengths = lengths,
                 .formats = formats,
                 .format = format};
    return pq_failed(&c, result);
}

/* ------------------------------------------------------------------------------------------------- results by themselves */

amend_cure amend_pq_heal_with(amend *handle, const amend_libpq *libpq, PGconn *conn, const PGresult *result, const char *query,
                              amend_error *error)
{
    healer *h = pq_healer(handle);
    pq_failure f;
    amend_healing healing;
    if (h == NULL || libpq->PQstatus(conn) != CONNECTION_OK || !pq_read(libpq, result, query, NULL, &f) ||
        !pq_is_curable(h, &f) || pq_transaction_note(h, conn, &f))
    {
        return AMEND_CURE_NONE;
    }
    amend_cure cure = heal(h, &(heal_request){.failed = &f.error}, &healing, error);
    bool alone = libpq->PQtransactionStatus(conn) == PQTRANS_IDLE && libpq->PQpipelineStatus(conn) == PQ_PIPELINE_OFF &&
                 (query == NULL || pq_is_repeatable(h, query, f.nested));
    cure = cure == AMEND_CURE_DONE && !alone ? AMEND_CURE_RERUN : cure;
    pq_outcome_set(h, conn, cure);
    return cure;
}
