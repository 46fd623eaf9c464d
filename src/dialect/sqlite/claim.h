/* SPDX-License-Identifier: MIT */
/* The slots of the dialect about claims: what CREATE … IF NOT EXISTS takes for given. */
#ifndef AMEND_DIALECT_SQLITE_CLAIM_H
#define AMEND_DIALECT_SQLITE_CLAIM_H

#include "dialect/dialect.h"

bool sqlite_claim_may(slice text);
amend_status sqlite_claim_read(arena *arena, const script *script, claim_list *out, amend_error *error);
unsigned sqlite_claim_look(buf *out, const claim *const *claims, size_t count);
amend_status sqlite_claim_row(arena *arena, const amend_row *row, claim_found *found, size_t count, amend_error *error);
amend_status sqlite_claim_facts(arena *arena, const claim *c, const claim_found *found, fact_list *expected,
                                fact_list *existing, amend_error *error);
unsigned sqlite_claim_hold(buf *out, const claim *c, const claim_found *found);

#endif
