/* SPDX-License-Identifier: MIT */
/* Reading the audit trail, and checking its chain of hashes. */
#ifndef AMEND_ENGINE_AUDIT_H
#define AMEND_ENGINE_AUDIT_H

#include "engine/history.h"
#include "engine/plan.h"

/* Oldest first, only the newest `limit` unless it is 0. No table is no event. */
amend_status audit_read(session *s, const ledger *ledger, size_t limit, amend_event_fn fn, void *arg, amend_error *error);

typedef struct audit
{
    size_t count;
    char broken[40]; /* the id of the first event that doesn't fit, "" when all do */
} audit;

/* Read it all and check that each hash follows from the event and from the hash before it. */
amend_status audit_check(session *s, const ledger *ledger, audit *out, amend_error *error);

/*
 * The history is the projection of the events: replay them and compare. Adds a problem PROJECTION to `out` for each version
 * that the events say is applied and the history lacks, or the other way round. A row without any event is another tool's, and
 * fine.
 */
amend_status audit_project(session *s, arena *a, const history *h, plan *out, amend_error *error);

/* Migrations that the events leave half-way: some of their statements ran outside a transaction, and nothing ended that. */
typedef struct half
{
    const char *version;
    bool done; /* a statement of it; else one was only begun */
} half;

typedef struct halves
{
    half *items;
    size_t count;
} halves;

amend_status audit_halves(session *s, arena *a, const ledger *ledger, halves *out, amend_error *error);
bool audit_is_half(const halves *list, const char *version);

#endif
