/* SPDX-License-Identifier: MIT */
/* The dialects that exist; which of them this build has is dialect.c's business. */
#ifndef AMEND_DIALECT_DIALECTS_H
#define AMEND_DIALECT_DIALECTS_H

#include "dialect/dialect.h"

extern const dialect dialect_sqlite;
extern const dialect dialect_postgres;

#endif
