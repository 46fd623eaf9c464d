/* SPDX-License-Identifier: MIT */
/*
 * Before a plan runs: is what its scripts take for given (IF NOT EXISTS …) so? One query finds what is there of all that they
 * claim; what exists and is no enumeration is built beside it and compared; each type that is to be dropped is asked for what
 * depends on it. What was compared becomes a check of its step: held inside the step's transaction, and looked at once more.
 */
#ifndef AMEND_ENGINE_TRUTH_H
#define AMEND_ENGINE_TRUTH_H

#include "engine/plan.h"
#include "engine/session.h"
#include "guard/truth.h"

/*
 * Fills the checks of the plan's steps. Writes nothing that stays. On a session that only looks, what needs building is passed
 * over. Errors: EXISTS_OTHER, IN_USE with the place in the file; what the database says. A script that can't be read or split
 * is passed over: its own run will tell.
 */
amend_status truth_check(session *s, arena *a, const catalog *c, plan *p, amend_error *error);

/* Find what is there of the claims. `settings` are statements that are run before, undone afterwards; NULL: none. */
typedef struct truth_settings
{
    const amend_piece *pieces;
    size_t count;
} truth_settings;
amend_status truth_look(session *s, arena *a, const truth_settings *settings, const claim *const *claims, claim_found *found,
                        size_t count, amend_error *error);
/* What depends on the type. */
amend_status truth_dependents(session *s, arena *a, const truth_settings *settings, slice schema, slice name,
                              dependent_list *out, amend_error *error);
/* The facts of the claim's object, built beside the one that is there, and that one's; all is undone. `attempt`: the slot's. */
typedef struct truth_pair
{
    fact_list expected, existing;
} truth_pair;
amend_status truth_build(session *s, arena *a, const truth_settings *settings, const claim *c, const claim_found *found,
                         unsigned attempt, truth_pair *out, amend_fault *fault, amend_error *error);

#endif
