/* SPDX-License-Identifier: MIT */
/* A script as it is read to be judged, before any of it runs: what it would lose, what it claims, what lint finds. */
#ifndef AMEND_ENGINE_SCRIPT_FILE_H
#define AMEND_ENGINE_SCRIPT_FILE_H

#include "base/arena.h"
#include "dialect/dialect.h"
#include "migration/catalog.h"
#include "migration/directives.h"

typedef struct script_file
{
    const char *file;
    slice text;
    directives head;
    script script;
} script_file;

/* In the arena, but for `file`, which is borrowed. Errors, with the file: as catalog_read, directives_parse and the split. */
amend_status script_file_read(arena *a, const catalog *c, const dialect *d, const char *file, script_file *out,
                              amend_error *error);

#endif
