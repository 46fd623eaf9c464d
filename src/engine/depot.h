/* SPDX-License-Identifier: MIT */
/*
 * Where a backup lies: a directory of its own. It is filled under the name "….partial", and gets its own when all of it is on
 * the disk; so a directory without that ending is a whole backup. Only its owner may read it.
 */
#ifndef AMEND_ENGINE_DEPOT_H
#define AMEND_ENGINE_DEPOT_H

#include "base/buf.h"
#include "engine/manifest.h"

enum
{
    DEPOT_PATH = 4096,
};

typedef struct depot
{
    char path[DEPOT_PATH];    /* absolute; "" until it is kept */
    char partial[DEPOT_PATH]; /* where it is filled; "" when there is nothing to drop */
} depot;

/* Make the directory for a backup of that database under `dir`, which is made too. Error: BACKUP. */
amend_status depot_begin(depot *d, const char *dir, const char *database, amend_error *error);
/* The path of a file of it; false when it is too long. Where the file is read from, `dir` is the backup's path. */
bool depot_file(const char *dir, const char *name, char out[DEPOT_PATH]);
/* Make a file in it, empty, for its owner only. -1 with *error filled; else a descriptor. */
int depot_make(const depot *d, const char *name, amend_error *error);
/* Write all; BACKUP with the reason. */
amend_status depot_write(int fd, slice data, amend_error *error);
/* Flush and close. */
amend_status depot_close(int fd, amend_error *error);
/* See that all is on the disk, and give the directory its name. */
amend_status depot_keep(depot *d, amend_error *error);
/* Remove what was begun, or kept. */
void depot_drop(depot *d);

/* The hash and the size of a file. Error: BACKUP. */
amend_status depot_hash(const char *path, char hash[], int64_t *bytes, amend_error *error);
/* All of a small file. Errors: BACKUP, OUT_OF_MEMORY. */
amend_status depot_read(const char *path, buf *out, amend_error *error);

#endif
