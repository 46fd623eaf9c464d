/* SPDX-License-Identifier: MIT */
#ifndef AMEND_DIALECT_POSTGRES_PG_ESSENCE_H
#define AMEND_DIALECT_POSTGRES_PG_ESSENCE_H

#include "base/buf.h"

/* The slot `essence` of the dialect. */
void pg_essence(slice text, buf *out);

#endif
