/* SPDX-License-Identifier: MIT */
/* What a script does to rows that may be there (deed.c), and what of that is there in the live database (loss.c). */
#ifndef AMEND_DIALECT_SQLITE_DEED_H
#define AMEND_DIALECT_SQLITE_DEED_H

#include "dialect/dialect.h"

/* The slots of the dialect. */
amend_status sqlite_deed_list(arena *a, const script *script, deed_list *out, amend_error *error);
unsigned sqlite_loss_look(buf *out, const suspect *suspects, size_t count);
amend_status sqlite_loss_found(arena *a, const suspect *suspects, const amend_row *row, loss_list *out, amend_error *error);
unsigned sqlite_loss_count(buf *out, const loss *loss);

#endif
