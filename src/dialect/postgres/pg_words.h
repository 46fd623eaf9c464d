/* SPDX-License-Identifier: MIT */
/* Statements that have no tree, because they are newer than the parser or it isn't there: what their first words tell. */
#ifndef AMEND_DIALECT_POSTGRES_PG_WORDS_H
#define AMEND_DIALECT_POSTGRES_PG_WORDS_H

#include "dialect/postgres/pg_scan.h"

void pg_words_judge(pg_scan *s, slice text);

#endif
