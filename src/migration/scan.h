/* SPDX-License-Identifier: MIT */
/*
 * What lies in the migrations' directory (or among the compiled-in files), by name only: which files are migrations, in which
 * of the two layouts, sorted by version. No file is opened here.
 */
#ifndef AMEND_MIGRATION_SCAN_H
#define AMEND_MIGRATION_SCAN_H

#include "amend.h"
#include "base/arena.h"
#include "migration/filename.h"

#include <dirent.h>

enum
{
    SCAN_FOLDERS = 3, /* filename_folder */
};

typedef struct scan_entry
{
    uint64_t number;     /* version_number() */
    const char *version; /* NULL when skipped */
    const char *name;
    const char *path;       /* for people and catalog_read */
    const char *base;       /* the file's name in its folder: the end of path */
    const amend_file *file; /* compiled-in; NULL: on disk */
    const char *reason;     /* why it is skipped */
    filename_folder folder;
    bool regular; /* the listing says that it is a regular file */
} scan_entry;

typedef struct scan_list
{
    const scan_entry **items;
    size_t count;
} scan_list;

typedef struct scan
{
    DIR *folders[SCAN_FOLDERS]; /* open, so that files are opened relative to them; NULL: there is none */
    scan_list ups, downs;       /* by version, then by path */
    scan_list skipped;          /* by path */
    bool flat;
} scan;

/*
 * List the directory, or `files` when it isn't NULL. Paths, versions and names are allocated in `a`, the lists in `scratch`.
 * Whatever is returned, scan_close is to be called. Errors: DIR_MISSING, DIR_READ, OUT_OF_MEMORY.
 */
amend_status scan_open(scan *s, arena *a, arena *scratch, const char *dir, const amend_file *files, size_t file_count,
                       amend_error *error);
void scan_close(scan *s);

#endif
