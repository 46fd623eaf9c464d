/* SPDX-License-Identifier: MIT */
/* What amend reads in PostgreSQL: the state, the events, invalid indexes. */
#ifndef AMEND_DIALECT_POSTGRES_PG_LOOK_H
#define AMEND_DIALECT_POSTGRES_PG_LOOK_H

#include "dialect/dialect.h"

unsigned pg_look_state(buf *out, unsigned part);
/* The schema as it was kept: dialect.kept_schema. */
unsigned pg_look_kept_schema(buf *out, const ledger *l);
unsigned pg_look_events(buf *out, const ledger *l, const char *version, size_t limit);
unsigned pg_look_invalid_index(buf *out, const stmt *s);

#endif
