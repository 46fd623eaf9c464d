/* SPDX-License-Identifier: MIT */
/* PostgreSQL, by the wrappers of amend/postgres.h: the calls are libpq's own with the handle in front. */
#include "db.h"

#include <amend/postgres.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    PQ_MOST_COLUMNS = 16,
};

extern const amend_file postgres_migrations[];
extern const size_t postgres_migrations_count;

typedef struct pq
{
    db db; /* first: a db * is a pq * */
    PGconn *conn;
} pq;

/* Times come as UTC, and what a migration notices is no news to the service's log. */
static const char PQ_SETTINGS[] = "SET TimeZone = 'UTC'; SET client_min_messages = warning";

static void pq_set(PGconn *conn)
{
    PQclear(PQexec(conn, PQ_SETTINGS));
}

static db *pq_open(const char *url, char *why, size_t room)
{
    pq *p = calloc(1, sizeof *p);
    if (p == NULL)
    {
        snprintf(why, room, "out of memory");
        return NULL;
    }
    p->conn = PQconnectdb(url);
    if (PQstatus(p->conn) != CONNECTION_OK)
    {
        snprintf(why, room, "%s", PQerrorMessage(p->conn));
        PQfinish(p->conn);
        free(p);
        return NULL;
    }
    pq_set(p->conn);
    return &p->db;
}

static void pq_close(db *d)
{
    PQfinish(((pq *)d)->conn);
    free(d);
}

/* A connection that was lost is made anew: by the next request, not by the one that lost it. */
static void pq_revive(pq *p)
{
    if (PQstatus(p->conn) == CONNECTION_BAD)
    {
        PQreset(p->conn);
        pq_set(p->conn);
    }
}

static db_status pq_fail(pq *p, const PGresult *result, const char *sql)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    db_fail(&p->db, message == NULL ? PQerrorMessage(p->conn) : message, sqlstate, 0, sql,
            position == NULL ? 0 : strtoul(position, NULL, 10));
    return sqlstate != NULL && strncmp(sqlstate, "23", 2) == 0 ? DB_CONFLICT : DB_FAILED;
}

static void pq_row(const PGresult *result, int i, db_row_fn row, void *arg)
{
    const char *values[PQ_MOST_COLUMNS] = {NULL};
    for (int c = 0; c < PQnfields(result) && c < PQ_MOST_COLUMNS; c++)
    {
        values[c] = PQgetisnull(result, i, c) ? NULL : PQgetvalue(result, i, c);
    }
    row(arg, values);
}

static db_status pq_query(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg)
{
    pq *p = (pq *)d;
    pq_revive(p);
    PGresult *result = amend_PQexecParams(d->healer, p->conn, sql, (int)count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    db_status came_to = DB_OK;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
    {
        came_to = pq_fail(p, result, sql);
    }
    else if (row != NULL)
    {
        for (int i = 0; i < PQntuples(result); i++)
        {
            pq_row(result, i, row, arg);
        }
    }
    PQclear(result);
    return came_to;
}

/* What amend_pq_transaction hands to our own kind of function. */
typedef struct pq_work
{
    pq *pq;
    db_work_fn work;
    void *arg;
    db_status status; /* of its last run */
} pq_work;

static amend_status pq_run(void *arg, PGconn *conn)
{
    (void)conn;
    pq_work *w = arg;
    w->status = w->work(&w->pq->db, w->arg);
    return w->status == DB_OK ? AMEND_OK : AMEND_FAILED;
}

static db_status pq_transaction(db *d, db_work_fn work, void *arg)
{
    pq_work w = {.pq = (pq *)d, .work = work, .arg = arg};
    amend_error error;
    pq_revive(w.pq);
    amend_status status = amend_pq_transaction(d->healer, w.pq->conn, pq_run, &w, &error);
    if (status != AMEND_OK && w.status == DB_OK)
    {
        /* BEGIN or COMMIT, not the work itself. */
        db_fail(d, error.message, error.sqlstate, 0, NULL, 0);
        return DB_FAILED;
    }
    return w.status;
}

const db_kind db_postgres = {
    .migrations = postgres_migrations,
    .migration_count = &postgres_migrations_count,
    .open = pq_open,
    .close = pq_close,
    .query = pq_query,
    .transaction = pq_transaction,
};
