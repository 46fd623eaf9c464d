/* SPDX-License-Identifier: MIT */
/*
 * Claims: what scripts make only if it isn't there.
 *
 *   pg_claim.c        a statement's words → its claim; the statement written again for a schema beside
 *   pg_claim_block.c  the same for what stands in DO blocks
 *   pg_truth.c        the SQL that finds, builds beside, holds; who depends on a type
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_CLAIM_H
#define AMEND_DIALECT_POSTGRES_PG_CLAIM_H

#include "dialect/dialect.h"
#include "dialect/postgres/pg_name.h"

/* What the parts that read share. */
typedef struct pg_claims
{
    arena *arena;
    claim_list *out;
    size_t statement;
    bool inside; /* a DO block: there, what isn't guarded fails by itself */
    bool failed; /* memory is short: all that follows is void */
} pg_claims;

/* One statement. `guarded`: it stands in a block that goes on when the thing is there. */
void pg_claim_statement(pg_claims *c, slice text, bool guarded);
void pg_claim_touch_all(pg_claims *c);
/* The body of a DO block. */
void pg_claim_block(pg_claims *c, slice body);

/* How a claim's statement is written for another schema. */
typedef struct pg_beside
{
    slice schema;
    bool stubs; /* tables that it refers to are there, too: those written with the same schema as the thing itself */
} pg_beside;

/* CREATE … for that schema, without IF NOT EXISTS and rows; one statement. */
void pg_claim_write(buf *out, const claim *c, const pg_beside *beside);
/* Called for each table that the statement refers to and that `stubs` is about. */
void pg_claim_references(const claim *c, void (*tell)(void *arg, slice name), void *arg);

/* The slots. */
bool pg_claim_may(slice text);
amend_status pg_claim_read(arena *arena, const script *script, claim_list *out, amend_error *error);

unsigned pg_truth_look(buf *out, const claim *const *claims, size_t count);
amend_status pg_truth_row(arena *arena, const amend_row *row, claim_found *found, size_t count, amend_error *error);
unsigned pg_truth_build(buf *out, const claim *c, const claim_found *found, uint32_t tag, unsigned attempt);
unsigned pg_truth_hold(buf *out, const claim *c, const claim_found *found);
unsigned pg_truth_dependents(buf *out, slice schema, slice name);
unsigned pg_truth_enum_create(buf *out, const claim *c);
unsigned pg_truth_type_drop(buf *out, slice schema, slice name, bool cascade);

#endif
