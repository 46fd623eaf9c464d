/* SPDX-License-Identifier: MIT */
/*
 * The audit trail: making events, and the chain of hashes that ties each one to the one before it.
 *
 * The hash of an event is the SHA-256 of these texts joined by the byte 0x1f, in hex: the hash of the event before it (empty
 * for the first), id, at, type, version, checksum, actor, host, application, detail; an absent one counts as empty. Dialects
 * with DIALECT_SERVER_HASH compute it on the server, over the server's clock; for the others it is done here.
 */
#ifndef AMEND_EVENT_EVENT_H
#define AMEND_EVENT_EVENT_H

#include "base/hash.h"
#include "dialect/dialect.h"

/* Who is acting, and the end of the chain. A plain value: copy it to be able to go back. */
typedef struct trail
{
    const char *actor, *host, *application;
    bool server_hash;
    char last_id[40];         /* of the newest event, "" when there is none */
    char last_hash[HASH_HEX]; /* likewise; not kept when the server hashes */
} trail;

/* An event's row and the storage that it points into. */
typedef struct event_record
{
    event_row row;
    char id[40];
    char at[28];
    char prev_hash[HASH_HEX];
    char hash[HASH_HEX];
} event_record;

/*
 * Make the next event of the chain and advance the trail. version, checksum and detail may be NULL and are borrowed; "%ms%" in
 * the detail must have been replaced already unless the server hashes.
 */
void event_make(trail *t, amend_event_type type, const char *version, const char *checksum, const char *detail,
                event_record *out);

/* The hash of a row as read or made: over its prev_hash and all the rest. */
void event_hash(const event_row *row, char out[HASH_HEX]);

/* The type of that text; AMEND_EVENT_TYPES when there is none. */
amend_event_type event_type_of(const char *text);
const char *event_type_text(amend_event_type type);
bool event_is_audited(amend_event_type type);

#endif
