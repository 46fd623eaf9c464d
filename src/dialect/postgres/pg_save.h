/* SPDX-License-Identifier: MIT */
/* Tables as files that COPY can write and read. */
#ifndef AMEND_DIALECT_POSTGRES_PG_SAVE_H
#define AMEND_DIALECT_POSTGRES_PG_SAVE_H

#include "dialect/dialect.h"

extern const table_saver pg_save;

#endif
