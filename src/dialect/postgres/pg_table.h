/* SPDX-License-Identifier: MIT */
/* The columns, constraints and indexes of tables and views: what is there behind a statement. No judgement. */
#ifndef AMEND_DIALECT_POSTGRES_PG_TABLE_H
#define AMEND_DIALECT_POSTGRES_PG_TABLE_H

#include "dialect/postgres/pg_scan.h"

/* A column with all that its definition brings: sequences, constraints. */
void pg_table_column(pg_scan *s, pg_ref table, const PgQuery__ColumnDef *column, bool weak);
/* A constraint of the table. */
void pg_table_constraint(pg_scan *s, pg_ref table, const PgQuery__Constraint *constraint);
/* An index; also one without a name. */
void pg_table_index(pg_scan *s, pg_ref table, const PgQuery__IndexStmt *index);
/* The columns of another table. */
void pg_table_like(pg_scan *s, pg_ref table, pg_ref other);
/* The columns of a query's result, by these names (String nodes) as far as they go. */
void pg_table_result(pg_scan *s, pg_ref table, const PgQuery__SelectStmt *query, pg_node *const *names, size_t count);

/* A column goes, or gets another name, and so do the unique constraints over it. */
void pg_table_drop_column(pg_scan *s, pg_ref table, slice column);
void pg_table_rename_column(pg_scan *s, pg_ref table, slice column, slice to);
/* A constraint or index goes, whichever it is. */
void pg_table_drop_index(pg_scan *s, pg_ref index);
/* The sequence that the server makes for a column, serial or identity. */
void pg_table_sequence(pg_scan *s, pg_ref table, slice column);
bool pg_table_is_serial(const PgQuery__ColumnDef *column);

#endif
