/* SPDX-License-Identifier: MIT */
/* The driver of PostgreSQL, over libpq. */
#include "driver/drivers.h"

#include "driver/postgres/pg_conn.h"
#include "driver/postgres/pg_url.h"

static bool idle(amend_conn *conn)
{
    const pg_conn *c = (const pg_conn *)conn;
    return c->pq->PQtransactionStatus(c->handle) == PQTRANS_IDLE;
}

const amend_driver driver_postgres = {
    .version = AMEND_DRIVER_VERSION,
    .name = "postgres",
    .dialect = "postgres",
    .accepts = pg_url_accepts,
    .describe = pg_url_describe,
    .open = pg_connect_open,
    .close = pg_connect_close,
    .exec = pg_exec,
    .idle = idle,
    .beside = pg_url_beside,
};
