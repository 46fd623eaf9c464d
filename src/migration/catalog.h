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

enum
{
    CHECKSUM_HEX = 33, /* the first 32 hex digits of the SHA-256, and NUL */
};

/* What the directives at a script's head say. Zero is the default of each. */
typedef struct directives
{
    bool has_depends;
    const char **depends; /* versions as written */
    size_t depends_count;
    bool transaction_off;
    const char *destructive; /* the reason, NULL without the directive */
    const char **provides;   /* "table audit_log" */
    size_t provides_count;
    uint32_t lock_timeout_ms; /* 0: not given */
} directives;

typedef struct migration
{
    const char *version; /* the digits as in the file's name */
    const char *name;
    const char *up_file;   /* path: the directory as given, then the rest */
    const char *down_file; /* NULL when there is none */
    char checksum[CHECKSUM_HEX];
    directives head;       /* of the up file */
    const size_t *depends; /* positions in the catalog of what it depends on, all lower than its own */
    size_t depends_count;
} migration;

typedef struct catalog
{
    const char *dir;  /* as given; "" for compiled-in files */
    migration *items; /* in running order: by version, but never before something it depends on */
    size_t count;
    amend_problem *problems; /* notes and warnings; what is an error fails the load */
    size_t problem_count;
    const char *git_commit;  /* 40 hex digits of the checkout that holds dir, NULL when unknown */
    const amend_file *files; /* NULL: from disk */
    size_t file_count;
} catalog;

/*
 * Natural order of two versions: as numbers, whatever the padding and the length. 0 means the same version ("9" and "009").
 */
int version_compare(const char *a, const char *b);
/* Digits only, and not too long (64). */
bool version_is_valid(const char *version);

/*
 * Read the directory, or `files` when it isn't NULL. Everything is allocated in the arena. Errors, each with file and where it
 * applies line: DIR_MISSING, DIR_READ, FILE_READ, FILE_UTF8, VERSION_TWICE, DIRECTIVE, DEPENDS_UNKNOWN, DEPENDS_CYCLE … An
 * empty directory is a catalog with a problem, not an error.
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

/* The directives at the head of a text (a down script's, say). `file` is for the error. */
amend_status directives_parse(arena *a, const char *file, slice text, directives *out, amend_error *error);

#endif
