/* SPDX-License-Identifier: MIT */
/* Reading what keep.c wrote: the schema as the newest run left it. */
#ifndef AMEND_ENGINE_KEPT_H
#define AMEND_ENGINE_KEPT_H

#include "engine/history.h"
#include "guard/snapshot.h"

typedef struct kept
{
    bool there;
    const char *version; /* the newest applied one at that time; NULL: none was */
    const char *taken_at;
    char fingerprint[65];
    const char *facts; /* the snapshot's text */
} kept;

/* Connected already. No table or no row is no error: nothing is there then. Strings live in the arena. Writes nothing. */
amend_status kept_read(session *s, arena *a, const ledger *ledger, kept *out, amend_error *error);

#endif
