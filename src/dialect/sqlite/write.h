/* SPDX-License-Identifier: MIT */
/* amend's own bookkeeping as SQLite's SQL: the slots of the dialect that write. They are described in dialect/dialect.h. */
#ifndef AMEND_DIALECT_SQLITE_WRITE_H
#define AMEND_DIALECT_SQLITE_WRITE_H

#include "dialect/dialect.h"

/* 'text' with its quotes doubled; NULL gives NULL. */
void sqlite_write_literal(buf *out, const char *text);
/* "name" with its quotes doubled, behind "schema". when there is one. */
void sqlite_write_name(buf *out, const char *schema, const char *name);

unsigned sqlite_write_state(buf *out, unsigned part);
unsigned sqlite_write_create(buf *out, const ledger *l);
unsigned sqlite_write_acquire(buf *out, const ledger *l, const lease *own);
unsigned sqlite_write_guard(buf *out, const ledger *l, const lease *own, uint32_t lock_timeout_ms);
unsigned sqlite_write_release(buf *out, const ledger *l, const lease *own);
unsigned sqlite_write_record(buf *out, const ledger *l, const history_row *row);
unsigned sqlite_write_forget(buf *out, const ledger *l, const history_row *row);
unsigned sqlite_write_checksum(buf *out, const ledger *l, const history_row *row);
unsigned sqlite_write_event(buf *out, const ledger *l, const event_row *row);
unsigned sqlite_write_events(buf *out, const ledger *l, const char *version, size_t limit);
unsigned sqlite_write_keep_schema(buf *out, const ledger *l, const schema_row *row);
unsigned sqlite_write_kept_schema(buf *out, const ledger *l);
unsigned sqlite_write_reset(buf *out);

#endif
