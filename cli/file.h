/* SPDX-License-Identifier: MIT */
/* Small files, whole. */
#ifndef AMEND_CLI_FILE_H
#define AMEND_CLI_FILE_H

#include "pool.h"

#include <stdbool.h>

/* The file's text, a NUL behind it; NULL, with errno set, when it can't be read. */
const char *file_read(pool *p, const char *path);
/*
 * The same for a file of up to `most` bytes, which may have NULs: its length is given. One that begins with `unless` (may be
 * NULL) is read no further than to see that.
 */
const char *file_load(pool *p, const char *path, const char *unless, size_t most, size_t *length);
/* Make a directory and those above it. False, with errno set, when it can't be; *made says whether there was anything to make.
 */
bool file_make_directories(pool *p, const char *path, bool *made);

#endif
