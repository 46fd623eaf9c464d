/* SPDX-License-Identifier: MIT */
/* What the triggers of the migrations do when rows of their tables are changed. */
#ifndef AMEND_DIALECT_POSTGRES_PG_TRIGGER_H
#define AMEND_DIALECT_POSTGRES_PG_TRIGGER_H

#include "dialect/postgres/pg_scan.h"

/* What is done to rows, and what a trigger answers to: the server's own bits, as the parser gives them (pg_trigger.h). */
enum
{
    PG_INSERTS = 1 << 2,
    PG_DELETES = 1 << 3,
    PG_UPDATES = 1 << 4,
    PG_TRUNCATES = 1 << 5,
    PG_MERGES = PG_INSERTS | PG_DELETES | PG_UPDATES,
};

/* The function's body is this one from now on. */
void pg_trigger_body(pg_scan *s, pg_thing *function, const PgQuery__CreateFunctionStmt *create);
/* The trigger calls what its statement says; `replace`: and nothing else. */
void pg_trigger_calls(pg_scan *s, pg_thing *trigger, const PgQuery__CreateTrigStmt *create, bool replace);
/* What is done to the rows of one table (as found) is done to those of the other: a partition, a child. */
void pg_trigger_relate(pg_scan *s, pg_ref parent, pg_ref child);

/* The statement does that to rows of the table, as written: objections for what the table's triggers do to other tables. */
void pg_trigger_fire(pg_scan *s, pg_ref table, unsigned events);

#endif
