/* SPDX-License-Identifier: MIT */
/* Making, dropping and emptying databases for scratch work. The first three ask for the statements to run. */
#ifndef AMEND_DIALECT_POSTGRES_PG_SCRATCH_H
#define AMEND_DIALECT_POSTGRES_PG_SCRATCH_H

#include "dialect/dialect.h"

unsigned pg_scratch_left(buf *out, const char *name);
unsigned pg_scratch_make(buf *out, const char *name);
unsigned pg_scratch_drop(buf *out, const char *name);
unsigned pg_scratch_clear(buf *out);

#endif
