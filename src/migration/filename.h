/* SPDX-License-Identifier: MIT */
/* What a file's name says about it: NNN_name.sql, in the folders of both layouts. Pure. */
#ifndef AMEND_MIGRATION_FILENAME_H
#define AMEND_MIGRATION_FILENAME_H

#include "base/slice.h"

typedef enum filename_folder
{
    FOLDER_ROOT,     /* the migrations' directory: the flat layout */
    FOLDER_VERSIONS, /* versions/: up scripts of the canonical layout */
    FOLDER_DOWN,     /* down/: its down scripts */
} filename_folder;

typedef enum filename_kind
{
    FILENAME_OTHER, /* not a .sql file, or hidden: none of our business */
    FILENAME_UNFIT, /* a .sql file that is no migration: worth a warning */
    FILENAME_UP,
    FILENAME_DOWN,
} filename_kind;

typedef struct filename
{
    slice version, name; /* parts of the given name; of UP and DOWN */
    const char *reason;  /* of UNFIT: why, for people; static */
} filename;

filename_kind filename_parse(filename_folder folder, slice base, filename *out);

/* Only letters of any script, digits, "_", "-", "." and spaces, and at least one of them? */
bool filename_name_is_valid(slice name);

#endif
