/* SPDX-License-Identifier: MIT */
/*
 * Putting a backup back, because a person asked for it. What is checked before anything changes: that it is whole and as it was
 * made, that it is one of this database, that no other runner is at work. A file takes the place of all that the database has;
 * tables are dealt with one by one (restore_tables.c).
 */
#ifndef AMEND_ENGINE_RESTORE_H
#define AMEND_ENGINE_RESTORE_H

#include "engine/manifest.h"
#include "engine/run.h"

/* What becomes of one table. */
typedef struct restored
{
    const char *object;              /* where its rows go: "public.cards" */
    int64_t rows;                    /* in the backup */
    int64_t inserted, updated, left; /* left: they were as they are, or have changed in what was not lost */
} restored;

typedef struct restore
{
    const char *dir;  /* the backup */
    const char *into; /* a schema for the tables, made when it is absent; NULL: each goes where it was */
    bool looking;     /* change nothing */
    manifest manifest;
    restored *tables; /* one for each of the manifest's */
    runner runner;    /* what holds the lock */
    history history;
    char holder[LOCK_HOLDER_SIZE];
} restore;

/* Everything in *r but the first three lives in the arena. Errors: BACKUP, LOCKED, and what the database says. */
amend_status restore_run(session *s, arena *a, restore *r, amend_error *error);

/* --- restore_tables.c: with the lock held, unless one only looks */
amend_status restore_tables(session *s, arena *a, restore *r, amend_error *error);
/* {"path": …, "tables": …} for the audit trail. */
void restore_detail(const restore *r, buf *out);

#endif
