/* SPDX-License-Identifier: MIT */
/* A directory of a test's own, and files in it. All fail the test when the system refuses. */
#ifndef AMEND_TEST_TEMPDIR_H
#define AMEND_TEST_TEMPDIR_H

#include <stddef.h>

typedef struct tempdir
{
    char path[256];
} tempdir;

void tempdir_make(tempdir *d);
/* Remove it with all it holds. */
void tempdir_remove(const tempdir *d);
/* The path of a name in it; static storage of four turns. */
const char *tempdir_path(const tempdir *d, const char *name);
/* Make the folders that the name has, and write the file. */
void tempdir_write(const tempdir *d, const char *name, const char *text);
void tempdir_write_bytes(const tempdir *d, const char *name, const void *bytes, size_t size);
/* Read a file; the caller frees. NULL when it isn't there. */
char *tempdir_read(const tempdir *d, const char *name);
void tempdir_folder(const tempdir *d, const char *name);

#endif
