/* SPDX-License-Identifier: MIT */
/*
 * The floor of running SQL on PostgreSQL: connect, send a whole script as one message, read the answers.
 *
 *     floor_pg URL FILE        floor_pg URL -c SQL
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *text = NULL;
    if (fseek(file, 0, SEEK_END) == 0)
    {
        long size = ftell(file);
        rewind(file);
        text = size < 0 ? NULL : malloc((size_t)size + 1);
        if (text != NULL)
            text[fread(text, 1, (size_t)size, file)] = '\0';
    }
    fclose(file);
    return text;
}

/* Every result is read; the first error is printed. */
static int drain(PGconn *conn)
{
    int failed = 0;
    for (PGresult *result; (result = PQgetResult(conn)) != NULL; PQclear(result))
    {
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !failed)
        {
            fputs(PQresultErrorMessage(result), stderr);
            failed = 1;
        }
    }
    return failed;
}

static void ignore(void *arg, const PGresult *notice)
{
    (void)arg;
    (void)notice;
}

int main(int argc, char **argv)
{
    if (argc < 3)
    {
        fputs("usage: floor_pg URL FILE | URL -c SQL\n", stderr);
        return 2;
    }
    char *text = strcmp(argv[2], "-c") == 0 && argc > 3 ? strdup(argv[3]) : read_file(argv[2]);
    if (text == NULL)
    {
        perror(argv[2]);
        return 1;
    }
    PGconn *conn = PQconnectdb(argv[1]);
    int failed = PQstatus(conn) != CONNECTION_OK || (PQsetNoticeReceiver(conn, ignore, NULL), !PQsendQuery(conn, text));
    if (failed)
        fputs(PQerrorMessage(conn), stderr);
    else
        failed = drain(conn);
    PQfinish(conn);
    free(text);
    return failed;
}
