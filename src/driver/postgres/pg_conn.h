/* SPDX-License-Identifier: MIT */
/* A connection to PostgreSQL, as the files of this driver share it. */
#ifndef AMEND_DRIVER_POSTGRES_PG_CONN_H
#define AMEND_DRIVER_POSTGRES_PG_CONN_H

#include "amend/driver.h"
#include "driver/postgres/libpq.h"

typedef struct pg_conn
{
    amend_conn base;
    const libpq *pq;
    PGconn *handle;
    const amend_allocator *allocator;
    const amend_hooks *hooks; /* of the running exec, for notices; NULL between */
    const char **cells;       /* room for one row's names and values */
    size_t cell_room;
    bool byte_positions; /* the server counts error positions in bytes, not characters */
} pg_conn;

/* amend_driver.open and close */
amend_status pg_connect_open(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error);
void pg_connect_close(amend_conn *conn);

/* amend_driver.exec */
amend_status pg_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks, amend_fault *fault,
                     amend_error *error);

#endif
