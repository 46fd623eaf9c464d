/* SPDX-License-Identifier: MIT */
/*
 * Is what exists what a migration says it is? Pure: a claim and what was found of it go in; AMEND_OK, or the difference in
 * words.
 *
 * The error's detail is lines of a word and what it is about, in columns: expected, existing, missing, extra.
 */
#ifndef AMEND_GUARD_TRUTH_H
#define AMEND_GUARD_TRUTH_H

#include "dialect/dialect.h"

/* 'enum "status"', 'table "app.cards"'. In the arena; NULL when memory is short. */
const char *truth_what(arena *a, const claim *c);

/*
 * Something extra that a later statement of the script names (claim.later) is no difference: that statement may have run
 * before.
 *
 * The values of an enumeration: as a set, or with `strict` as a list. Errors: EXISTS_OTHER, OUT_OF_MEMORY. */
amend_status truth_judge_enum(arena *a, const claim *c, const claim_found *found, bool strict, amend_error *error);

/* Everything else: facts by their names. Errors: EXISTS_OTHER, OUT_OF_MEMORY. */
amend_status truth_judge_facts(arena *a, const claim *c, const fact_list *expected, const fact_list *existing,
                               amend_error *error);

/* What takes a dependent along when it goes away: a column's table, a partition's parent. */
typedef struct dependent_owner
{
    const char *schema, *name;
    const struct dependent_owner *next;
} dependent_owner;

/* One thing that depends on a type. */
typedef struct dependent
{
    const char *kind; /* "column", "view" … */
    const char *name; /* "public.cards.state" */
    const dependent_owner *owners;
} dependent;

typedef struct dependent_list
{
    dependent *items;
    size_t count;
} dependent_list;

/* IN_USE with the list. `name` is the type's as a person writes it. */
amend_status truth_refuse_drop(const char *name, const dependent_list *list, amend_error *error);

#endif
