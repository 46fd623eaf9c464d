/* SPDX-License-Identifier: MIT */
/*
 * A scratch database: empty, of the same kind as another one, gone afterwards. SQLite's is a file in a temporary directory.
 * PostgreSQL's is a database that is made on the same server with the encoding and locale of the first, and dropped; what a
 * killed run has left there is dropped by the next, an hour later. Or the user names one, which must be empty, and is emptied.
 */
#ifndef AMEND_ENGINE_SCRATCH_H
#define AMEND_ENGINE_SCRATCH_H

#include "engine/session.h"

typedef struct scratch
{
    session session; /* where it was made from, a connection of its own */
    char url[2048];  /* of the scratch database, with its password; "" until it is there */
    char dir[512];   /* the temporary directory; "" without one */
    char name[64];   /* of the database that was made; "" when none was */
    bool given;      /* the user's own */
} scratch;

/*
 * `model` says the kind, the server and the allocator; it is not touched. `url` is NULL unless the user names a database. *out
 * is to be given to scratch_close, whatever the status. Errors: SCRATCH, what connecting gives, OUT_OF_MEMORY.
 */
amend_status scratch_open(const session *model, const char *url, scratch *out, amend_error *error);
/* Empty again. For those that the user named; nothing else needs it. Failures are left for who finds it not empty. */
void scratch_clear(scratch *s);
void scratch_close(scratch *s);

#endif
