/* SPDX-License-Identifier: MIT */
/* What a script does to rows that may be there (pg_deed.c), and what of that is there on the live database (pg_loss.c). */
#ifndef AMEND_DIALECT_POSTGRES_PG_DEED_H
#define AMEND_DIALECT_POSTGRES_PG_DEED_H

#include "dialect/dialect.h"

/* The slots of the dialect. */
amend_status pg_deed_list(arena *a, const script *script, deed_list *out, amend_error *error);
unsigned pg_loss_look(buf *out, const suspect *suspects, size_t count);
amend_status pg_loss_found(arena *a, const suspect *suspects, const amend_row *row, loss_list *out, amend_error *error);
unsigned pg_loss_count(buf *out, const loss *loss);

#define PG_COUNT_BEGIN "BEGIN READ ONLY;\nSET LOCAL row_security = off;\n"
#define PG_COUNT_END "ROLLBACK;\n"

#endif
