/* SPDX-License-Identifier: MIT */
/*
 * A healer over a SQLite file and a directory of migrations. Its dialect is SQLite's, but for the survey, which reads simple
 * statements only, one object or objection each, so that a test sees at once what is in the index:
 *
 *     CREATE TABLE t (a, b)      CREATE INDEX i ON t          ALTER TABLE t ADD COLUMN c
 *     DROP TABLE t               ALTER TABLE t RENAME TO u    objections DROPS, RENAMES
 *     INSERT INTO t, UPDATE t, DELETE FROM t                  objection CHANGES_DATA
 *
 * What is told is written down, by any thread.
 */
#ifndef AMEND_TEST_HEAL_HARNESS_H
#define AMEND_TEST_HEAL_HARNESS_H

#include "heal/heal.h"
#include "support/tempdir.h"

#include <sqlite3.h>

typedef struct harness
{
    tempdir dir;
    char database[300], migrations[300];
    dialect dialect;
    healer healer;
    amend_healing healing; /* of the last harness_heal */
    amend_error error;
    pthread_mutex_t mutex;  /* guards what follows */
    pthread_cond_t changed; /* something was told */
    char told[8192];        /* "type version: message", one event a line */
    unsigned count[AMEND_EVENT_TYPES];
    void (*hook)(struct harness *h, const amend_event *e); /* called after that, without the mutex; may be NULL */
    void *hook_arg;
    sqlite3 *db;       /* a connection of the caller's, NULL until harness_connect */
    const char *cured; /* what the next requests say of their operation's last cure; NULL: nothing */
} harness;

/* No migrations yet. Patience of 10 s, a cool-down of an hour. */
void harness_make(harness *h);
void harness_remove(harness *h);
/* The healer anew, as another program has it: it knows nothing. */
void harness_again(harness *h, const amend_allocator *allocator);
/* Write a migration "001_a.sql"; the directory is there with the first. */
void harness_write(harness *h, const char *file, const char *text);
void harness_unlink(harness *h, const char *file);

/* As if so much time had passed since the files were looked at, and since everything that is remembered. */
void harness_age(harness *h, int64_t ms);

/* Heal "no such table: t" and its like on a connection of the healer's own. What was told begins anew. */
amend_cure harness_heal(harness *h, const char *message);
/* The same for any request; may be called by any thread: nothing of the harness is written. */
amend_cure harness_request(harness *h, const char *message, const char *query, amend_conn *conn, bool inside,
                           amend_healing *healing, amend_error *error);
/* The caller's connection, and a cure on it. */
void harness_connect(harness *h);
amend_cure harness_heal_here(harness *h, const char *message);
/* On the caller's connection. */
void harness_do(harness *h, const char *sql);

void harness_expect(const harness *h, amend_cure cure, amend_cure wanted);
/* The types of events told, with " " between them. */
void harness_expect_told(harness *h, const char *types);
/* Wait until so many events of the type were told, for at most ten seconds. */
void harness_await(harness *h, amend_event_type type, unsigned count);
/* The rows, each as "a|b\n", read on the caller's connection or on one of its own; static storage. */
const char *harness_query_here(harness *h, const char *sql);
const char *harness_query(harness *h, const char *sql);

/* The knowledge of the directory as it is; to be released. */
knowledge *harness_knowledge(harness *h);

/* "cards.title" as an object. */
amend_object harness_object(amend_object_kind kind, const char *name);

#endif
