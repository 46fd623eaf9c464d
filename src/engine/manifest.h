/* SPDX-License-Identifier: MIT */
/*
 * What a backup says of itself: the file manifest.json in its directory. Pure: values to text and back. The text carries a hash
 * over all the rest of it, and of each file that belongs to it, so that what was broken or edited is not restored.
 */
#ifndef AMEND_ENGINE_MANIFEST_H
#define AMEND_ENGINE_MANIFEST_H

#include "base/arena.h"
#include "base/buf.h"
#include "dialect/dialect.h"

#define MANIFEST_FILE "manifest.json"

/* A file of the backup, in its directory. */
typedef struct manifest_file
{
    const char *name;
    const char *hash; /* SHA-256, in hex */
    int64_t bytes;
} manifest_file;

typedef struct manifest_table
{
    saved_table saved;  /* its columns are those in the file, in its order */
    const char *object; /* "public.cards", for people */
    manifest_file file;
    int64_t rows;
} manifest_table;

/* Strings are borrowed when it is written, and in the arena when it is read. */
typedef struct manifest
{
    const char *dialect;
    const char *database; /* its short name */
    const char *path;     /* the database's file, absolute; NULL when it is on a server */
    const char *made_at;  /* ISO 8601, UTC */
    const char *version;  /* the newest applied one before the run; NULL: none was */
    const char *run;      /* what the run was to do: "003 down, 002 down" */
    manifest_file whole;  /* the database as one file; without a name: there are tables */
    manifest_table *tables;
    size_t table_count;
} manifest;

/* Append it as JSON. Errors: BACKUP when a name is not UTF-8, OUT_OF_MEMORY. */
amend_status manifest_write(const manifest *m, buf *out, amend_error *error);
/* Errors: BACKUP when it is not what manifest_write has written, OUT_OF_MEMORY. */
amend_status manifest_read(arena *a, slice text, manifest *out, amend_error *error);

#endif
