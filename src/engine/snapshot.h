/* SPDX-License-Identifier: MIT */
/* Reading the live schema through a session. */
#ifndef AMEND_ENGINE_SNAPSHOT_H
#define AMEND_ENGINE_SNAPSHOT_H

#include "engine/session.h"
#include "guard/snapshot.h"

/*
 * Connected already. `inside`: a transaction is open on the connection; after an error it is the caller's to roll back. Writes
 * nothing. Errors: SCHEMA_UNREADABLE with what the database says, BUSY behind a lock, those of the connection, OUT_OF_MEMORY.
 */
amend_status snapshot_read(session *s, arena *a, bool inside, snapshot *out, amend_error *error);

#endif
