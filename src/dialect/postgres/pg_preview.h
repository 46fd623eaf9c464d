/* SPDX-License-Identifier: MIT */
/* Trying migrations in a transaction that is rolled back: what it has changed and locked so far. */
#ifndef AMEND_DIALECT_POSTGRES_PG_PREVIEW_H
#define AMEND_DIALECT_POSTGRES_PG_PREVIEW_H

#include "dialect/dialect.h"

unsigned pg_preview_begin(buf *out, uint32_t lock_timeout_ms);
unsigned pg_preview_end(buf *out);
unsigned pg_preview_measure(buf *out, fact_list schema);

#endif
