/* SPDX-License-Identifier: MIT */
/* What the server's error means: the kind of fault, the amend_error, and where in the pieces it is. */
#ifndef AMEND_DRIVER_POSTGRES_PG_FAULT_H
#define AMEND_DRIVER_POSTGRES_PG_FAULT_H

#include "driver/postgres/pg_conn.h"

#include "base/slice.h"

/* What stands between two pieces in the message: it ends a comment and a statement that lacks its semicolon. */
#define PG_FAULT_SEPARATOR SLICE("\n;\n")

/* What ran, as far as the results tell. */
typedef struct pg_place
{
    const amend_piece *pieces;
    size_t count;
    size_t piece;       /* where the next result belongs, */
    unsigned statement; /*   and to which of its statements, from 1 */
    bool fresh;         /* no result has come yet */
} pg_place;

/* Fill both from an error result. `place` says where the results had come to. */
amend_status pg_fault_set(const pg_conn *c, const PGresult *result, const pg_place *place, amend_fault *fault,
                          amend_error *error);

#endif
