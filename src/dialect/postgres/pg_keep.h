/* SPDX-License-Identifier: MIT */
/* Writing the schema down on the server itself, so that it need not travel: the facts never leave it. */
#ifndef AMEND_DIALECT_POSTGRES_PG_KEEP_H
#define AMEND_DIALECT_POSTGRES_PG_KEEP_H

#include "dialect/dialect.h"

unsigned pg_keep_schema(buf *out, const ledger *l, const schema_row *row);

#endif
