/* SPDX-License-Identifier: MIT */
/*
 * A query that misses what the newest migration makes: cure MODE URL DIR SCRIPT QUERY, timed from the query's failure to its
 * success, in milliseconds. MODE: hand (the script is run by hand, on the connection that failed), connect (on a connection of
 * its own, as a person with psql does), cold (amend, the first failure of the process), warm (amend, the migrations known
 * already).
 */
#include "amend/sqlite.h"
#ifdef BENCH_POSTGRES
#include "amend/postgres.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double milliseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static char *script(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    size_t length = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    return text;
}

static void check(bool ok, const char *what, const char *message)
{
    if (!ok)
    {
        fprintf(stderr, "%s: %s\n", what, message);
        exit(1);
    }
}

static void run_sqlite(sqlite3 *db, const char *sql)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    check(code == SQLITE_OK, sql, sqlite3_errmsg(db));
}

static double cure_sqlite(amend *handle, const char *path, const char *by_hand, const char *query)
{
    sqlite3 *db;
    check(sqlite3_open(path, &db) == SQLITE_OK, path, "can't be opened");
    run_sqlite(db, "SELECT count(*) FROM sqlite_schema");
    check(sqlite3_exec(db, query, NULL, NULL, NULL) != SQLITE_OK, query, "works already");
    double start = milliseconds();
    if (by_hand != NULL)
    {
        run_sqlite(db, "BEGIN IMMEDIATE");
        run_sqlite(db, by_hand);
        run_sqlite(db, "COMMIT");
        run_sqlite(db, query);
    }
    else
    {
        int code = amend_sqlite3_exec(handle, db, query, NULL, NULL, NULL);
        check(code == SQLITE_OK, query, sqlite3_errmsg(db));
    }
    double took = milliseconds() - start;
    sqlite3_close(db);
    return took;
}

#ifdef BENCH_POSTGRES
static PGconn *connect_to(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    check(PQstatus(conn) == CONNECTION_OK, url, PQerrorMessage(conn));
    return conn;
}

static void run_postgres(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    check(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, sql, PQerrorMessage(conn));
    PQclear(result);
}

static double cure_postgres(amend *handle, const char *url, const char *by_hand, bool connect, const char *query)
{
    PGconn *conn = connect_to(url);
    run_postgres(conn, "SELECT 1");
    double start = milliseconds();
    if (by_hand != NULL)
    {
        char *text = malloc(strlen(by_hand) + 20);
        sprintf(text, "BEGIN;%s;COMMIT", by_hand);
        PQclear(PQexec(conn, query));
        PGconn *other = connect ? connect_to(url) : conn;
        run_postgres(other, text);
        if (connect)
        {
            PQfinish(other);
        }
        run_postgres(conn, query);
        free(text);
    }
    else
    {
        PGresult *result = amend_PQexec(handle, conn, query);
        check(PQresultStatus(result) == PGRES_TUPLES_OK, query, PQerrorMessage(conn));
        PQclear(result);
    }
    double took = milliseconds() - start;
    PQfinish(conn);
    return took;
}
#endif

int main(int argc, char **argv)
{
    amend_options options = AMEND_OPTIONS_INIT;
    amend *handle;
    check(argc == 6, "cure", "MODE URL DIR SCRIPT QUERY");
    bool postgres = strncmp(argv[2], "postgres", 8) == 0;
    bool hand = strcmp(argv[1], "hand") == 0 || strcmp(argv[1], "connect") == 0;
    options.url = argv[2];
    options.dir = argv[3];
    check(amend_open(&options, &handle, NULL) == AMEND_OK, argv[2], "amend_open");
    if (strcmp(argv[1], "warm") == 0)
    {
        amend_db_error nobody = AMEND_DB_ERROR_INIT;
        nobody.message = postgres ? "relation \"nobody_makes_this\" does not exist" : "no such table: nobody_makes_this";
        nobody.sqlstate = "42P01";
        nobody.native = 1;
        check(amend_heal_error(handle, &nobody, NULL, NULL) == AMEND_CURE_NONE, "warm", "cured what nobody makes");
    }
    const char *by_hand = hand ? script(argv[4]) : NULL;
#ifdef BENCH_POSTGRES
    double took = postgres ? cure_postgres(handle, argv[2], by_hand, strcmp(argv[1], "connect") == 0, argv[5])
                           : cure_sqlite(handle, argv[2], by_hand, argv[5]);
#else
    double took = cure_sqlite(handle, argv[2], by_hand, argv[5]);
#endif
    printf("%.4f\n", took);
    amend_close(handle);
    return 0;
}
