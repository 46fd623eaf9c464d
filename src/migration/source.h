/* SPDX-License-Identifier: MIT */
/* The text of a migration: bytes from a file or from memory, made into what is hashed and run. */
#ifndef AMEND_MIGRATION_SOURCE_H
#define AMEND_MIGRATION_SOURCE_H

#include "amend.h"
#include "base/buf.h"

enum
{
    CHECKSUM_HEX = 33, /* the first 32 hex digits of the SHA-256, and NUL */
};

/*
 * Replace what `out` holds with the file's bytes. `name` is opened relative to the directory `at` (AT_FDCWD for the working
 * directory); `path` is how the error names it. `regular`: the directory's entry says that it is a regular file, so that no
 * system call need ask. Errors: FILE_READ, OUT_OF_MEMORY.
 */
amend_status source_read(int at, const char *name, bool regular, const char *path, buf *out, amend_error *error);

/*
 * Drop a byte-order mark, turn CRLF into LF, check that it is UTF-8 without NUL bytes, and hash it unless checksum is NULL.
 * Errors: FILE_UTF8 with line and column, OUT_OF_MEMORY when `text` had no room for what was put in.
 */
amend_status source_normalise(const char *path, buf *text, char checksum[CHECKSUM_HEX], amend_error *error);

#endif
