/* SPDX-License-Identifier: MIT */
/*
 * The catalog: all migrations found in a directory (or compiled into the program), checked, ordered, with their dependencies.
 *
 * Loading reads and hashes every up file once and keeps no text. Running reads the text again (catalog_read), and notices when
 * the file has changed since.
 */
#ifndef AMEND_MIGRATION_CATALOG_H
#define AMEND_MIGRATION_CATALOG_H

#include "amend.h"
#include "base/arena.h"
#include "base/buf.h"
#include "migration/directives.h"
#include "migration/source.h"
#include "migration/version.h"

typedef struct migration
{
    const char *version; /* the digits as in the file's name */
    const char *name;
    const char *up_file;   /* path: the directory as given, then the rest */
    const char *down_file; /* NULL when there is none */
    char checksum[CHECKSUM_HEX];
    directives head;       /* of the up file */
    bool may_lose;         /* the up file has a word that begins what could lose data, or rename: DROP, UPDATE … */
    const size_t *depends; /* positions in the catalog of what it depends on, all lower than its own */
    size_t depends_count;
} migration;

typedef struct catalog
{
    const char *dir;  /* as given; "" for compiled-in files */
    migration *items; /* in running order: by version, but never before something it depends on */
    size_t count;
    const size_t *by_version; /* the positions in the order of versions; NULL: the same order as items */
    amend_problem *problems;  /* notes and warnings; what is an error fails the load */
    size_t problem_count;
    const char *git_commit;          /* 40 hex digits of the checkout that holds dir, NULL when unknown */
    const amend_file *files;         /* NULL: from disk */
    const amend_file **files_sorted; /* by path; NULL: from disk */
    size_t file_count;
    bool flat; /* the layout: all files in dir, or (also of an empty directory) in versions/ and down/ */
} catalog;

/*
 * Read the directory, or `files` when it isn't NULL. Everything is allocated in the arena. Errors, each with file and where it
 * applies line: DIR_MISSING, DIR_READ, FILE_READ, FILE_UTF8, VERSION_TWICE, DIRECTIVE, DEPENDS_UNKNOWN, DEPENDS_CYCLE,
 * OUT_OF_MEMORY. An empty directory is a catalog with a problem, not an error.
 */
amend_status catalog_load(arena *a, const char *dir, const amend_file *files, size_t file_count, catalog *out,
                          amend_error *error);

/* The position of a version; SIZE_MAX when it isn't there. */
size_t catalog_find(const catalog *c, const char *version);

/*
 * The script's text as hashed and run: no byte-order mark, LF line ends, UTF-8. Replaces what `out` holds. `checksum` (may be
 * NULL) gets the text's checksum. Errors: FILE_READ, FILE_UTF8, OUT_OF_MEMORY.
 */
amend_status catalog_read(const catalog *c, const char *file, buf *out, char checksum[CHECKSUM_HEX], amend_error *error);

#endif
