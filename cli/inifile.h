/* SPDX-License-Identifier: MIT */
/* amend.ini, read by inih: keys with their section and line. Which keys there are is settings.c's business. */
#ifndef AMEND_CLI_INIFILE_H
#define AMEND_CLI_INIFILE_H

#include "amend.h"
#include "pool.h"

typedef struct inifile_entry
{
    const char *section; /* "": before the first section */
    const char *key;     /* "_" written as "-" */
    const char *value;
    unsigned line;
} inifile_entry;

typedef struct inifile
{
    const char *path;
    inifile_entry *entries;
    size_t count;
    const char **sections; /* in their order */
    size_t section_count;
} inifile;

/*
 * `path` is for errors; the text is not modified. Values lose a comment behind " #" or " ;" and a pair of double quotes around
 * them. Errors: SETTINGS with file and line, for a line that is neither section, key nor comment.
 */
amend_status inifile_parse(pool *p, const char *path, const char *text, inifile *out, amend_error *error);

/* NULL when there is none. */
const inifile_entry *inifile_find(const inifile *file, const char *section, const char *key);

#endif
