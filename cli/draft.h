/* SPDX-License-Identifier: MIT */
/*
 * A file that is replaced only when it could be written whole: it is written under another name first and then renamed. A
 * build, or a comparison, that is interrupted must not find half a file that looks newer than its sources.
 */
#ifndef AMEND_CLI_DRAFT_H
#define AMEND_CLI_DRAFT_H

#include "amend.h"
#include "pool.h"

#include <stdio.h>

typedef struct draft
{
    FILE *file;
    const char *path, *name; /* of the file, and of the draft beside it */
} draft;

/* Error: FILE_CREATE. */
amend_status draft_begin(pool *p, const char *path, draft *out, amend_error *error);
/* Put it in its place when `status`, what writing came to, is AMEND_OK; else throw it away. Error: FILE_CREATE. */
amend_status draft_end(draft *d, amend_status status, amend_error *error);

#endif
