/* SPDX-License-Identifier: MIT */
/* Literals and names in SQL text. */
#ifndef AMEND_DIALECT_POSTGRES_PG_TEXT_H
#define AMEND_DIALECT_POSTGRES_PG_TEXT_H

#include "dialect/dialect.h"

/* 'text', right whatever standard_conforming_strings is; NULL for NULL. */
void pg_text_literal(buf *out, const char *text);
/* "name" */
void pg_text_name(buf *out, slice name);
/* "schema"."table", or the table alone when the schema isn't known */
void pg_text_table(buf *out, const ledger *l, const char *table);
/* An expression of type timestamptz as ISO 8601 in UTC: digits is "MS" or "US". */
void pg_text_iso(buf *out, const char *expression, const char *digits);

#endif
