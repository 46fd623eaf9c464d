/* SPDX-License-Identifier: MIT */
/* Trying migrations on a copy of the database: how it is made, and how many rows its tables have. */
#ifndef AMEND_DIALECT_SQLITE_PREVIEW_H
#define AMEND_DIALECT_SQLITE_PREVIEW_H

#include "dialect/dialect.h"

/* VACUUM INTO (SQLite 3.27) only reads what it copies. */
unsigned sqlite_preview_copy(buf *out, const char *path);
unsigned sqlite_preview_measure(buf *out, fact_list schema);

#endif
