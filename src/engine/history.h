/* SPDX-License-Identifier: MIT */
/* The history: what the database says has been applied, and the state of the runner's lock, read in one go. */
#ifndef AMEND_ENGINE_HISTORY_H
#define AMEND_ENGINE_HISTORY_H

#include "engine/session.h"

/* One row of _migrations. Strings live in the arena; NULL for SQL's NULL or an absent column. */
typedef struct applied
{
    const char *version, *name, *checksum, *applied_at, *git_commit;
    int64_t execution_time_ms; /* -1 when unknown */
} applied;

typedef struct history
{
    ledger ledger;
    applied *rows; /* by id */
    size_t count;
    int64_t fence;
    const char *holder; /* NULL: the lock is free */
    const char *holder_host;
    int64_t holder_pid;
    const char *holder_since;
    const char *heartbeat;                       /* the lock's last, as text */
    int64_t holder_age_ms;                       /* since its last heartbeat */
    const char *last_id, *last_hash, *last_type; /* of the newest event, NULL when there is none */
} history;

/* Errors: HISTORY_FORM when a foreign table has the name, and what the database says. Writes nothing. */
amend_status history_read(session *s, arena *a, history *out, amend_error *error);

/* Does the stored checksum (a prefix of 16 digits or more, any case) fit the file's? An absent or empty one does. */
bool history_checksum_fits(const char *stored, const char *checksum);

/* Put the end of the chain into a trail. */
void history_trail(const history *h, const session *s, trail *out);

#endif
