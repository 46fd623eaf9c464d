/* SPDX-License-Identifier: MIT */
/*
 * Is what the applied migrations made still there? And, of a migration that lacks something: which of its statements make it
 * again, and only that. Decided from texts and snapshots; no database is asked.
 */
#ifndef AMEND_HEAL_PRESENCE_H
#define AMEND_HEAL_PRESENCE_H

#include "engine/plan.h"
#include "guard/roster.h"
#include "heal/knowledge.h"

/* Of one migration of the catalog. */
typedef enum standing
{
    STANDING_PENDING,
    STANDING_HALF,    /* some of its statements have run */
    STANDING_CHANGED, /* applied, but from another text */
    STANDING_APPLIED,
} standing;

typedef struct presence
{
    arena *arena;
    const dialect *dialect;
    const view *view;
    knowledge knowledge; /* of all but the pending ones */
    standing *standings; /* one for each migration of the catalog */
    bool blind;          /* files of applied migrations are gone: nobody knows what those dropped or renamed */
    const roster *live;  /* the schema as it is */
    const roster *kept;  /* as the last migration left it; NULL: not known */
    slice home;          /* the schema that names without one are in; empty: not known, or none */
} presence;

typedef struct absence
{
    const provision *provision;
    bool doubtful; /* a migration whose statements can't be read may have taken it away */
    bool within;   /* what it belongs to is absent, too, and of the same migration */
} absence;

typedef struct absences
{
    absence *items; /* in the order of the migrations */
    size_t count;
} absences;

/* Read the migrations of the view's catalog. `kept` may be NULL. Asks no database. Errors: as knowledge_make. */
amend_status presence_load(const session *s, arena *a, const view *v, const snapshot *live, const snapshot *kept, presence *out,
                           amend_error *error);

/*
 * What applied migrations made, no later one dropped or renamed, and is not there. Kinds of objects that snapshots don't tell
 * are taken for present, and so is what a changed file makes, unless it was there after the last migration. Errors: FILE_READ,
 * OUT_OF_MEMORY.
 */
amend_status presence_check(presence *p, absences *out, amend_error *error);

/* "table cards", "column cards.title": as a person calls it. NULL: out of memory. */
const char *presence_name(arena *a, const provision *p);

/*
 * Which statements of this migration make what is absent of it? `only` gets one bool for each statement of its script; with
 * them go the settings, and those that complete an absent object (comments, rights, constraints). Problems REPLAY_REFUSED, with
 * their lines, are added to the plan when that can't be done by running statements. False in *any: nothing is absent. Errors:
 * FILE_READ, what split gives, OUT_OF_MEMORY.
 */
amend_status replay_choose(const presence *p, const absences *absent, size_t migration, plan *plan, bool **only, bool *any,
                           amend_error *error);

#endif
