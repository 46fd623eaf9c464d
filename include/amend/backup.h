/* SPDX-License-Identifier: MIT */
/*
 * Backups: amend_run.backup makes one before a run, amend_restore puts it back. docs/safety.md tells the whole.
 *
 * A backup is a directory: manifest.json, which says what it is, and the data. Of SQLite that is the whole database, as a file
 * that is a database itself; when the run fails it is put back at once, unless another program has written to the database
 * meanwhile. Of PostgreSQL it is the tables that the run takes something away from, each as a file that COPY can read.
 */
#ifndef AMEND_BACKUP_H
#define AMEND_BACKUP_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default in every field but path. */
typedef struct amend_restore_how
{
    size_t size;      /* sizeof(amend_restore_how): AMEND_RESTORE_INIT sets it */
    const char *path; /* the backup's directory */
    const char *into; /* PostgreSQL: put the tables into this schema, as new ones; it is made when it is absent */
    unsigned flags;   /* AMEND_DRY_RUN: check all and change nothing */
} amend_restore_how;

#define AMEND_RESTORE_INIT                                                                                                     \
    {                                                                                                                          \
        .size = sizeof(amend_restore_how)                                                                                      \
    }

typedef struct amend_restored_table
{
    const char *object; /* where the rows went: "public.cards" */
    int64_t rows;       /* in the backup */
    int64_t inserted;   /* that were not there */
    int64_t updated;    /* that were there, and got the values back that were lost */
    int64_t left;       /* that needed nothing, or are not there any more */
} amend_restored_table;

/* The caller's; all its pointers live until amend_restored_free. */
typedef struct amend_restored
{
    size_t size;
    const char *database; /* as amend_database() */
    const char *dialect;
    const char *backup;  /* its directory */
    const char *made_at; /* ISO 8601, UTC */
    const char *of;      /* the short name of the database that it was made of */
    const char *version; /* the newest applied one then, NULL when none was */
    const char *run;     /* what the run was to do that it was made before: "003 up" */
    bool whole;          /* it is of the whole database, not of tables */
    const amend_restored_table *tables;
    size_t table_count;
    int64_t elapsed_ms;
} amend_restored;

/*
 * Put a backup back, under the runner's lock. *out (may be NULL) is set on AMEND_OK; with AMEND_DRY_RUN it tells what would be
 * done, and nothing is.
 *
 * A whole database takes the place of the one that it was saved from, in one transaction: what was written since is gone. The
 * file may also be absent, or another one that is empty. Tables are put back in one transaction, all or none. One that is empty
 * gets all its rows. One that has rows gets, by its primary key, the rows that are missing where rows were lost, or the values
 * that were lost where a column was; nothing else of it is changed.
 *
 * Errors: BACKUP when it is not whole, was changed since it was made, is not of this database, or does not fit what is there;
 * LOCKED; and what the database says. Nothing has changed then.
 */
AMEND_API AMEND_CHECKED amend_status amend_restore(amend *handle, const amend_restore_how *how, amend_restored **out,
                                                   amend_error *error);

/* NULL is allowed. */
AMEND_API void amend_restored_free(amend_restored *restored);

#ifdef __cplusplus
}
#endif

#endif
