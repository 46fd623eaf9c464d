/* SPDX-License-Identifier: MIT */
/*
 * An application with an SQLite file, migrations that are compiled in, and a connection of its own. What amend tells is written
 * down.
 */
#ifndef AMEND_TEST_HEAL_SQLITE_APP_H
#define AMEND_TEST_HEAL_SQLITE_APP_H

#include "amend/sqlite.h"
#include "support/tempdir.h"

enum
{
    APP_FILES = 24,
};

typedef struct sqlite_app
{
    tempdir dir;
    char path[300], url[320];
    amend_file files[APP_FILES];
    amend_options options; /* may be changed before app_open */
    amend *handle;
    sqlite3 *db;
    unsigned told[AMEND_EVENT_TYPES];
    char steps[256];    /* "+001 +002 ", as they were applied */
    char message[1024]; /* of the last event of healing */
} sqlite_app;

/* A place for the database; no handle yet. Policy ALL, patience of 2 s. */
void app_make(sqlite_app *a);
/* "001_a.sql", "001_a.down.sql"; both borrowed. The same path again puts another text in its place. */
void app_file(sqlite_app *a, const char *path, const char *text);
/* The handle, and the application's connection. */
void app_open(sqlite_app *a);
/* The same in memory. */
void app_open_memory(sqlite_app *a);
/* Close what is open and remove it. */
void app_close(sqlite_app *a);

/* Up or down to that version, by another handle. */
void app_up(const sqlite_app *a, const char *to);
void app_down(const sqlite_app *a, const char *to);

/* On the application's connection, without amend: it must succeed. */
void app_do(const sqlite_app *a, const char *sql);
/* The rows as "a|b\n…"; static storage of four turns. */
const char *app_query(const sqlite_app *a, const char *sql);
/* On a connection of somebody else. */
const char *app_see(const sqlite_app *a, const char *sql);
void app_do_elsewhere(const sqlite_app *a, const char *sql);
/* The versions in the history, as somebody else sees it: "001 002 "; "" without a history. */
const char *app_history(const sqlite_app *a);

/* amend_sqlite3_exec, which must succeed, or fail with that message (in errmsg and on the connection). */
void app_heals(const sqlite_app *a, const char *sql);
void app_fails(const sqlite_app *a, const char *sql, const char *message);
/* The same on any connection. */
void app_heals_on(const sqlite_app *a, sqlite3 *db, const char *sql);
sqlite3 *app_connect(const sqlite_app *a);

#endif
