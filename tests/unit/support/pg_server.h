/* SPDX-License-Identifier: MIT */
/*
 * A PostgreSQL server of a test's own: made with initdb in a temporary directory, on a private socket there and on a loopback
 * port, run as "nobody" when the test is root. Everybody is trusted, but for the role "guarded", which needs its password.
 */
#ifndef AMEND_TEST_PG_SERVER_H
#define AMEND_TEST_PG_SERVER_H

#include "support/tempdir.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct pg_server
{
    tempdir dir;
    char bin[256];
    pid_t pid; /* 0 while it doesn't run */
    int port;
} pg_server;

/* Has this machine a server? If not, the program is to end with 77: skipped. Everything else that fails, fails the test. */
bool pg_server_found(void);
void pg_server_make(pg_server *s);
/* Start it, and wait until it is ready. */
void pg_server_start(pg_server *s);
/* Stop it with this signal (SIGINT: at once; SIGQUIT: like a crash), and wait for its end. */
void pg_server_stop(pg_server *s, int signal);
/* Stop it if it runs, and remove all. */
void pg_server_remove(pg_server *s);
/* "host=… port=… user=postgres dbname=…"; static storage of four turns. */
const char *pg_server_url(const pg_server *s, const char *database);

#endif
