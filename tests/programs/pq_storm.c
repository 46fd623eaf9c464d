/* SPDX-License-Identifier: MIT */
/*
 * Many threads, a connection each and one handle for all, that run the same statement at the same moment.
 *
 *     pq_storm URL DIRECTORY THREADS TURNS SQL
 *
 * Says "ready", waits for a line, and then tells in one line how many calls succeeded and failed, how many cures were tried and
 * failed, and the first error. With TRANSACTION set in the environment each call is one of amend_pq_transaction.
 */
#include "amend/postgres.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static amend *handle;
static const char *url, *sql;
static int turns;
static pthread_barrier_t start;
static atomic_int succeeded, failed, tried, broken;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char first[2000];

static void on_event(void *arg, const amend_event *event)
{
    (void)arg;
    tried += event->type == AMEND_EVENT_MIGRATION_FAILED;
    broken += event->type == AMEND_EVENT_HEAL_FAILED;
}

static void count(bool ok, const char *message)
{
    if (ok)
    {
        succeeded++;
        return;
    }
    failed++;
    pthread_mutex_lock(&mutex);
    if (first[0] == '\0')
    {
        snprintf(first, sizeof first, "%s", message);
    }
    pthread_mutex_unlock(&mutex);
}

static bool run(PGconn *conn)
{
    PGresult *result = amend_PQexec(handle, conn, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return ok;
}

static amend_status run_in_transaction(void *arg, PGconn *conn)
{
    (void)arg;
    return run(conn) ? AMEND_OK : AMEND_FAILED;
}

static void *thread(void *arg)
{
    PGconn *conn = arg;
    bool transaction = getenv("TRANSACTION") != NULL;
    pthread_barrier_wait(&start);
    for (int i = 0; i < turns; i++)
    {
        amend_error error = {.message = ""};
        bool ok = transaction ? amend_pq_transaction(handle, conn, run_in_transaction, NULL, &error) == AMEND_OK : run(conn);
        count(ok, transaction ? error.message : PQerrorMessage(conn));
    }
    return NULL;
}

int main(int argc, char **argv)
{
    amend_options options = AMEND_OPTIONS_INIT;
    pthread_t threads[256];
    PGconn *conns[256];
    if (argc != 6)
    {
        return 2;
    }
    url = options.url = argv[1];
    options.dir = argv[2];
    options.on_event = on_event;
    options.heal_wait_ms = 60000;
    int size = atoi(argv[3]);
    turns = atoi(argv[4]);
    sql = argv[5];
    if (size > 256 || amend_open(&options, &handle, NULL) != AMEND_OK)
    {
        return 2;
    }
    pthread_barrier_init(&start, NULL, (unsigned)size);
    for (int i = 0; i < size; i++)
    {
        conns[i] = PQconnectdb(url);
        if (PQstatus(conns[i]) != CONNECTION_OK)
        {
            fprintf(stderr, "%s", PQerrorMessage(conns[i]));
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    (void)getchar();
    for (int i = 0; i < size; i++)
    {
        pthread_create(&threads[i], NULL, thread, conns[i]);
    }
    for (int i = 0; i < size; i++)
    {
        pthread_join(threads[i], NULL);
        PQfinish(conns[i]);
    }
    printf("%d %d %d %d %s\n", succeeded, failed, tried, broken, first);
    amend_close(handle);
    return 0;
}
