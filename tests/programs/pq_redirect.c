/* SPDX-License-Identifier: MIT */
/*
 * A program that knows nothing of amend, compiled with its calls redirected:
 *
 *     -DAMEND_PQ_REDIRECT=my_handle -include amend/postgres.h
 *
 * Only main does: pq_redirect URL DIRECTORY
 */
#include <libpq-fe.h>
#include <stdio.h>

amend *my_handle;

static int report(PGresult *result)
{
    int bad = PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK;
    printf("%s%s", PQresStatus(PQresultStatus(result)), bad ? PQresultErrorMessage(result) : "\n");
    PQclear(result);
    return bad;
}

static int old_program(PGconn *conn)
{
    const char *const values[] = {"two"};
    int bad = report(PQexec(conn, "INSERT INTO cards (title) VALUES ('one')"));
    bad += report(PQexecParams(conn, "INSERT INTO cards (body) VALUES ($1)", 1, NULL, values, NULL, NULL, 0));
    bad += report(PQprepare(conn, "late", "INSERT INTO cards (late) VALUES ($1)", 1, NULL));
    bad += report(PQexecPrepared(conn, "late", 1, values, NULL, NULL, 0));
    return bad;
}

int main(int argc, char **argv)
{
    amend_options options = AMEND_OPTIONS_INIT;
    if (argc != 3)
    {
        return 2;
    }
    options.url = argv[1];
    options.dir = argv[2];
    PGconn *conn = PQconnectdb(argv[1]);
    PGresult *(*unchanged)(PGconn *, const char *) = PQexec; /* the address stays libpq's */
    PGresult *result = unchanged(conn, "SELECT * FROM cards");
    int bad = PQresultStatus(result) != PGRES_FATAL_ERROR;
    PQclear(result);
    result = PQexec(conn, "SELECT * FROM cards"); /* no handle yet */
    bad += PQresultStatus(result) != PGRES_FATAL_ERROR;
    PQclear(result);
    bad += amend_open(&options, &my_handle, NULL) != AMEND_OK;
    bad += old_program(conn);
    PQfinish(conn);
    amend_close(my_handle);
    return bad;
}
