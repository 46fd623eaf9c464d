/* SPDX-License-Identifier: MIT */
/* What PostgreSQL migrations make, and what speaks against running them unasked (dialect.h: survey_open, survey_read …). */
#ifndef AMEND_DIALECT_POSTGRES_PG_SURVEY_H
#define AMEND_DIALECT_POSTGRES_PG_SURVEY_H

#include "dialect/postgres/pg_scan.h"

amend_status pg_survey_open(const amend_allocator *allocator, survey **out, amend_error *error);
amend_status pg_survey_read(survey *survey, arena *arena, const script *script, findings *out, amend_error *error);
void pg_survey_close(survey *survey);

/* Go by the words alone from now on, as where the parser's library is missing. */
void pg_survey_without_parser(survey *survey);
bool pg_survey_has_no_parser(const survey *survey);

/* Where lint keeps what it remembers between scripts (NULL at first), in the arena that lives as long as the survey. */
void **pg_survey_lint(survey *survey, arena **arena);

/* For statements within statements: judge these texts (of one statement or more) as if they stood in the script. */
void pg_survey_statement(pg_scan *s, slice text);
void pg_survey_script(pg_scan *s, slice text);

#endif
