/* SPDX-License-Identifier: MIT */
#include "db.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct
{
    const db_kind *kind;
    const char *url;
    amend *healer;
    pthread_key_t mine;
} setup;

const db_kind *db_kind_of(const char *url)
{
#ifdef WITH_POSTGRES
    if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0)
    {
        return &db_postgres;
    }
#endif
    return strncmp(url, "sqlite:", 7) == 0 ? &db_sqlite : NULL;
}

static void db_close(void *connection)
{
    db *d = connection;
    d->kind->close(d);
}

static db *db_open(char *why, size_t room)
{
    db *d = setup.kind->open(setup.url, why, room);
    if (d != NULL)
    {
        d->kind = setup.kind;
        d->healer = setup.healer;
        pthread_setspecific(setup.mine, d);
    }
    return d;
}

bool db_setup(const char *url, amend *healer, char *why, size_t room)
{
    setup.kind = db_kind_of(url);
    setup.url = url;
    setup.healer = healer;
    if (pthread_key_create(&setup.mine, db_close) != 0)
    {
        snprintf(why, room, "no thread-specific storage");
        return false;
    }
    /* Try it: whoever starts the service wants to know now, not with the first request. */
    db *d = db_open(why, room);
    if (d == NULL)
    {
        return false;
    }
    pthread_setspecific(setup.mine, NULL);
    db_close(d);
    return true;
}

db *db_mine(void)
{
    db *d = pthread_getspecific(setup.mine);
    if (d == NULL)
    {
        char why[512];
        d = db_open(why, sizeof why);
        if (d == NULL)
        {
            fprintf(stderr, "no connection: %s\n", why);
        }
    }
    return d;
}

db_status db_query(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg)
{
    return d->kind->query(d, sql, values, count, row, arg);
}

db_status db_query_bare(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg)
{
    amend *healer = d->healer;
    d->healer = NULL;
    db_status status = d->kind->query(d, sql, values, count, row, arg);
    d->healer = healer;
    return status;
}

db_status db_transaction(db *d, db_work_fn work, void *arg)
{
    return d->kind->transaction(d, work, arg);
}

void db_fail(db *d, const char *message, const char *sqlstate, int native, const char *query, size_t position)
{
    snprintf(d->message, sizeof d->message, "%s", message == NULL ? "unknown error" : message);
    snprintf(d->sqlstate, sizeof d->sqlstate, "%s", sqlstate == NULL ? "" : sqlstate);
    d->failed = (amend_db_error)AMEND_DB_ERROR_INIT;
    d->failed.message = d->message;
    d->failed.sqlstate = sqlstate == NULL ? NULL : d->sqlstate;
    d->failed.native = native;
    d->failed.query = query;
    d->failed.position = position;
}
