/* SPDX-License-Identifier: MIT */
/* A script into its statements: dialect.split. */
#ifndef AMEND_DIALECT_POSTGRES_PG_SPLIT_H
#define AMEND_DIALECT_POSTGRES_PG_SPLIT_H

#include "dialect/dialect.h"

amend_status pg_split(arena *arena, slice text, script *out, amend_error *error);

#endif
