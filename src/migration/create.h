/* SPDX-License-Identifier: MIT */
/* New migration files: the next number, in the layout that the directory has. */
#ifndef AMEND_MIGRATION_CREATE_H
#define AMEND_MIGRATION_CREATE_H

#include "migration/catalog.h"

/*
 * Create the next migration's up and down file, with a comment in each that says what to write there. Never overwrites; when
 * the second can't be created, the first is removed again. `c` is the catalog of `dir`, NULL when the directory is absent: it
 * is made then. flags: AMEND_NEW_TIMESTAMP. *out is written on success only. Errors: NAME_INVALID, FILE_CREATE, ARGUMENT for
 * compiled-in files or when no number is left.
 */
amend_status migration_create(const catalog *c, const char *dir, const char *name, unsigned flags, amend_created *out,
                              amend_error *error);

#endif
