/* SPDX-License-Identifier: MIT */
/* amend's own bookkeeping in PostgreSQL's SQL: the writers of dialect.h. */
#ifndef AMEND_DIALECT_POSTGRES_PG_LEDGER_H
#define AMEND_DIALECT_POSTGRES_PG_LEDGER_H

#include "dialect/dialect.h"

unsigned pg_ledger_create(buf *out, const ledger *l);
unsigned pg_ledger_acquire(buf *out, const ledger *l, const lease *lease);
unsigned pg_ledger_guard(buf *out, const ledger *l, const lease *lease, uint32_t lock_timeout_ms);
unsigned pg_ledger_release(buf *out, const ledger *l, const lease *lease);
unsigned pg_ledger_record(buf *out, const ledger *l, const history_row *row);
unsigned pg_ledger_forget(buf *out, const ledger *l, const history_row *row);
unsigned pg_ledger_checksum(buf *out, const ledger *l, const history_row *row);
unsigned pg_ledger_event(buf *out, const ledger *l, const event_row *row);
unsigned pg_ledger_reset_session(buf *out);
unsigned pg_ledger_drop_index(buf *out, const char *schema, const char *name);

#endif
