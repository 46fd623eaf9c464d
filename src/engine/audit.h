/* SPDX-License-Identifier: MIT */
/* Reading the audit trail, and checking its chain of hashes. */
#ifndef AMEND_ENGINE_AUDIT_H
#define AMEND_ENGINE_AUDIT_H

#include "engine/history.h"

/* Oldest first, only the newest `limit` unless it is 0. No table is no event. */
amend_status audit_read(session *s, const ledger *ledger, size_t limit, amend_event_fn fn, void *arg, amend_error *error);

typedef struct audit
{
    size_t count;
    char broken[40]; /* the id of the first event that doesn't fit, "" when all do */
} audit;

/* Read it all and check that each hash follows from the event and from the hash before it. */
amend_status audit_check(session *s, const ledger *ledger, audit *out, amend_error *error);

#endif
