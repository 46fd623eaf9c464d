/* SPDX-License-Identifier: MIT */
/* The commit that a directory's checkout stands at, read from git's own files: running git would cost more than amend does. */
#ifndef AMEND_MIGRATION_GIT_H
#define AMEND_MIGRATION_GIT_H

#include "amend.h"
#include "base/arena.h"

/*
 * *out: 40 hex digits in the arena, or NULL when the directory is in no checkout, or its commit can't be told (a repository
 * with no commit, a damaged one, one with SHA-256 or reftable). Errors: only OUT_OF_MEMORY.
 */
amend_status git_commit(arena *a, const char *dir, const char **out, amend_error *error);

#endif
