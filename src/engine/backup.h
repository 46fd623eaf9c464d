/* SPDX-License-Identifier: MIT */
/*
 * A backup before a run: of the whole database where it is one file (the driver has `save`), else of the tables that the run
 * takes something away from (the dialect has backup_look). It is made under the runner's lock, before the first step; a failure
 * to make it is the run's failure, and nothing has run. When the run fails later, a database that is one file is put back as it
 * was, unless somebody else has written to it meanwhile.
 *
 * backup.c makes the one of the whole file, puts it back, and tells; backup_tables.c is about tables; restore.c is what a
 * person asks for later.
 */
#ifndef AMEND_ENGINE_BACKUP_H
#define AMEND_ENGINE_BACKUP_H

#include "engine/depot.h"
#include "engine/losses.h"

/* What a session's runs do besides (session.backup). */
typedef struct backup
{
    const char *dir;            /* where backups go */
    const losses *losses;       /* what the run takes away */
    depot depot;                /* of the one that was made */
    bool begun, made, restored; /* begun: the lock is taken, and the copying begins */
    int64_t others;             /* driver->others as it was then */
} backup;

/* Before the first step. With AMEND_OK the lock is held, if that is what it takes; nothing is made when there is nothing that
   would be lost. Errors: BACKUP, and with r->again those of a lock that somebody else has taken. */
amend_status backup_make(runner *r, amend_error *error);
/* The run failed: put the database back, if that can be done, and tell. `failed`: the step at fault, SIZE_MAX for none. */
void backup_undo(runner *r, size_t failed, const amend_error *error);
/* Another runner was quicker: it was made for nothing. */
void backup_drop(runner *r);
/* Say what would be saved, and where. */
void backup_foretell(session *s, const backup *b);

/* --- for restore.c */
/* Write events to the trail, under the lock, in a transaction of its own; with `error`, first that step `failed` of r's plan.
 */
amend_status backup_note(session *s, const runner *r, size_t failed, const amend_error *reason, amend_event_type type,
                         const char *detail, amend_error *error);

/* --- for backup_tables.c */
/* What is saved has been written to the depot: write down what it is, and give it its name. */
amend_status backup_finish(runner *r, const manifest *m, amend_error *error);
/* {"path": …, "tables": […]} */
void backup_detail(const backup *b, const manifest *m, buf *out);

/* --- backup_tables.c */
/* Is anything to be lost that can be saved? Error: BACKUP, when something would be lost of which nobody can tell what it is. */
amend_status backup_tables_wanted(const losses *l, size_t *count, amend_error *error);
/* Take the lock, save them and note it in the trail; *m and what it points to lives in the arena. */
amend_status backup_tables_save(runner *r, arena *a, manifest *m, amend_error *error);

#endif
