/* SPDX-License-Identifier: MIT */
/*
 * heal_storm FILE DIR THREADS HOW: so many threads with a connection each insert a row, all at once, into a schema that lacks
 * something. HOW: "plain" (no transaction), "mixed" (each third in a transaction, each third prepared). Says "ready", waits for
 * a line, works, and prints what came of it as JSON.
 */
#include "amend/sqlite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char insert[] = "INSERT INTO cards(title, color) VALUES('storm', 'blue')";

typedef struct storm
{
    amend *handle;
    const char *path;
    bool mixed;
    pthread_barrier_t start;
    atomic_uint next, good, bad, failed, applied;
    pthread_mutex_t mutex;
    char words[300]; /* of the last error; errors that differ are marked */
    bool differ;
} storm;

static void on_event(void *arg, const amend_event *event)
{
    storm *s = arg;
    s->failed += event->type == AMEND_EVENT_MIGRATION_FAILED;
    s->applied += event->type == AMEND_EVENT_MIGRATION_APPLIED;
}

static amend_status in_transaction(void *arg, sqlite3 *db)
{
    storm *s = arg;
    int code = amend_sqlite3_exec(s->handle, db, "INSERT INTO log VALUES('before')", NULL, NULL, NULL);
    code = code == SQLITE_OK ? amend_sqlite3_exec(s->handle, db, insert, NULL, NULL, NULL) : code;
    return code == SQLITE_OK ? AMEND_OK : AMEND_FAILED;
}

static int prepared(storm *s, sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int code = amend_sqlite3_prepare_v2(s->handle, db, insert, -1, &stmt, NULL);
    code = code == SQLITE_OK ? amend_sqlite3_step(s->handle, stmt) : code;
    sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void note(storm *s, bool good, const char *words)
{
    pthread_mutex_lock(&s->mutex);
    s->good += good;
    s->bad += !good;
    if (!good)
    {
        s->differ |= s->words[0] != '\0' && strcmp(s->words, words) != 0;
        snprintf(s->words, sizeof s->words, "%.250s", words);
    }
    pthread_mutex_unlock(&s->mutex);
}

static void *work(void *arg)
{
    storm *s = arg;
    sqlite3 *db = NULL;
    amend_error error = {.message = ""};
    bool good = sqlite3_open(s->path, &db) == SQLITE_OK && sqlite3_busy_timeout(db, 60000) == SQLITE_OK &&
                sqlite3_exec(db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL) == SQLITE_OK;
    unsigned how = s->mixed ? s->next++ % 3 : 0;
    pthread_barrier_wait(&s->start);
    if (good && how == 1)
    {
        good = amend_sqlite_transaction(s->handle, db, 0, in_transaction, s, &error) == AMEND_OK;
    }
    else if (good)
    {
        good = (how == 2 ? prepared(s, db) : amend_sqlite3_exec(s->handle, db, insert, NULL, NULL, NULL)) == SQLITE_OK;
    }
    note(s, good, how == 1 ? error.message : sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5)
    {
        fprintf(stderr, "usage: heal_storm FILE DIR THREADS plain|mixed\n");
        return 2;
    }
    static storm s;
    char url[600];
    unsigned count = (unsigned)atoi(argv[3]);
    pthread_t *threads = calloc(count, sizeof *threads);
    amend_options options = AMEND_OPTIONS_INIT;
    amend_error error;
    s.path = argv[1];
    s.mixed = strcmp(argv[4], "mixed") == 0;
    pthread_mutex_init(&s.mutex, NULL);
    pthread_barrier_init(&s.start, NULL, count + 1);
    snprintf(url, sizeof url, "sqlite:%s", argv[1]);
    options.url = url;
    options.dir = argv[2];
    options.on_event = on_event;
    options.on_event_arg = &s;
    options.heal_wait_ms = 60000;
    options.lock_timeout_ms = 60000;
    if (threads == NULL || amend_open(&options, &s.handle, &error) != AMEND_OK)
    {
        return 1;
    }
    for (unsigned i = 0; i < count; i++)
    {
        if (pthread_create(&threads[i], NULL, work, &s) != 0)
        {
            return 1;
        }
    }
    puts("ready");
    fflush(stdout);
    bool told = getchar() != EOF;
    pthread_barrier_wait(&s.start);
    for (unsigned i = 0; i < count; i++)
    {
        pthread_join(threads[i], NULL);
    }
    printf("{\"good\": %u, \"bad\": %u, \"failed\": %u, \"applied\": %u, \"differ\": %s, \"words\": \"%s\"}\n", s.good, s.bad,
           s.failed, s.applied, s.differ ? "true" : "false", s.words);
    amend_close(s.handle);
    pthread_barrier_destroy(&s.start);
    pthread_mutex_destroy(&s.mutex);
    free(threads);
    return told ? 0 : 1;
}
