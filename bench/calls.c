/* SPDX-License-Identifier: MIT */
/*
 * The happy path of the wrappers: calls KIND WRAPPED COUNT [CONNINFO] makes COUNT calls of one kind that don't fail, wrapped
 * (1) or bare (0). bench/heal runs it under callgrind and divides the difference by COUNT.
 */
#include "amend/sqlite.h"
#ifdef BENCH_POSTGRES
#include "amend/postgres.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static sqlite3 *memory(void)
{
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
    {
        exit(1);
    }
    return db;
}

/* `good` is what the call must come to; a program looks at that, too. A loop for each way: no test shared but the program's. */
#define CALLS(good, wrapped, bare, after)                                                                                      \
    do                                                                                                                         \
    {                                                                                                                          \
        for (long i = 0; handle != NULL && i < count; i++)                                                                     \
        {                                                                                                                      \
            if ((wrapped) != (good))                                                                                           \
            {                                                                                                                  \
                exit(1);                                                                                                       \
            }                                                                                                                  \
            after;                                                                                                             \
        }                                                                                                                      \
        for (long i = 0; handle == NULL && i < count; i++)                                                                     \
        {                                                                                                                      \
            if ((bare) != (good))                                                                                              \
            {                                                                                                                  \
                exit(1);                                                                                                       \
            }                                                                                                                  \
            after;                                                                                                             \
        }                                                                                                                      \
    }                                                                                                                          \
    while (0)

static void calls_exec(amend *handle, long count)
{
    sqlite3 *db = memory();
    CALLS(SQLITE_OK, amend_sqlite3_exec(handle, db, "SELECT 1", NULL, NULL, NULL),
          sqlite3_exec(db, "SELECT 1", NULL, NULL, NULL), (void)0);
    sqlite3_close(db);
}

static void calls_step(amend *handle, long count)
{
    sqlite3 *db = memory();
    sqlite3_stmt *made;
    if (sqlite3_prepare_v2(db, "SELECT 1", -1, &made, NULL) != SQLITE_OK)
    {
        exit(1);
    }
    sqlite3_stmt *stmt = made; /* in a register, as where a program has it as an argument */
    CALLS(SQLITE_ROW, amend_sqlite3_step(handle, stmt), sqlite3_step(stmt), sqlite3_reset(stmt));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void calls_prepare(amend *handle, long count)
{
    sqlite3 *db = memory();
    sqlite3_stmt *stmt;
    CALLS(SQLITE_OK, amend_sqlite3_prepare_v2(handle, db, "SELECT 1", -1, &stmt, NULL),
          sqlite3_prepare_v2(db, "SELECT 1", -1, &stmt, NULL), sqlite3_finalize(stmt));
    sqlite3_close(db);
}

#ifdef BENCH_POSTGRES
static void calls_pqexec(amend *handle, const char *conninfo, long count)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *result;
    if (PQstatus(conn) != CONNECTION_OK)
    {
        exit(1);
    }
    CALLS(PGRES_TUPLES_OK, (result = amend_PQexec(handle, conn, "SELECT 1"), PQresultStatus(result)),
          (result = PQexec(conn, "SELECT 1"), PQresultStatus(result)), PQclear(result));
    PQfinish(conn);
}
#endif

int main(int argc, char **argv)
{
    amend_options options = AMEND_OPTIONS_INIT;
    amend *handle;
    bool postgres = argc > 4;
    options.url = postgres ? argv[4] : "sqlite::memory:";
    if (argc < 4 || amend_open(&options, &handle, NULL) != AMEND_OK)
    {
        return 2;
    }
    amend *given = argv[2][0] == '1' ? handle : NULL;
    long count = strtol(argv[3], NULL, 10);
    if (strcmp(argv[1], "exec") == 0)
    {
        calls_exec(given, count);
    }
    else if (strcmp(argv[1], "step") == 0)
    {
        calls_step(given, count);
    }
    else if (strcmp(argv[1], "prepare") == 0)
    {
        calls_prepare(given, count);
    }
#ifdef BENCH_POSTGRES
    else if (strcmp(argv[1], "pqexec") == 0)
    {
        calls_pqexec(given, argv[4], count);
    }
#endif
    amend_close(handle);
    return 0;
}
