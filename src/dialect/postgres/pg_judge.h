/* SPDX-License-Identifier: MIT */
/* A statement's tree → its changes and what speaks against it. One function for each kind of statement; the table is in the .c.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_JUDGE_H
#define AMEND_DIALECT_POSTGRES_PG_JUDGE_H

#include "dialect/postgres/pg_scan.h"

void pg_judge(pg_scan *s, const pg_node *statement);

/* pg_make.c */
void pg_make_table(pg_scan *s, const pg_node *node);
void pg_make_foreign_table(pg_scan *s, const pg_node *node);
void pg_make_table_as(pg_scan *s, const pg_node *node);
void pg_make_index(pg_scan *s, const pg_node *node);
void pg_make_view(pg_scan *s, const pg_node *node);
void pg_make_enum(pg_scan *s, const pg_node *node);
void pg_make_composite(pg_scan *s, const pg_node *node);
void pg_make_range(pg_scan *s, const pg_node *node);
void pg_make_domain(pg_scan *s, const pg_node *node);
void pg_make_function(pg_scan *s, const pg_node *node);
void pg_make_defined(pg_scan *s, const pg_node *node);
void pg_make_trigger(pg_scan *s, const pg_node *node);
void pg_make_sequence(pg_scan *s, const pg_node *node);
void pg_make_schema(pg_scan *s, const pg_node *node);
void pg_make_extension(pg_scan *s, const pg_node *node);
/* SELECT … INTO */
void pg_make_into(pg_scan *s, const PgQuery__SelectStmt *query);

/* pg_alter.c */
void pg_alter_table(pg_scan *s, const pg_node *node);
void pg_alter_enum(pg_scan *s, const pg_node *node);
void pg_alter_domain(pg_scan *s, const pg_node *node);
void pg_alter_sequence(pg_scan *s, const pg_node *node);
void pg_alter_function(pg_scan *s, const pg_node *node);
/* Are the foreign keys of the columns that it adds checked against the rows? */
bool pg_alter_checks_foreign_keys(const PgQuery__AlterTableStmt *alter);

/* pg_remove.c */
void pg_remove_drop(pg_scan *s, const pg_node *node);
void pg_remove_rename(pg_scan *s, const pg_node *node);
void pg_remove_schema(pg_scan *s, const pg_node *node);
/* The kind of our objects that a type of the server's is; NONE for what no error misses. */
amend_object_kind pg_remove_kind(PgQuery__ObjectType type);

/* pg_rows.c */
void pg_rows_insert(pg_scan *s, const pg_node *node);
void pg_rows_update(pg_scan *s, const pg_node *node);
void pg_rows_delete(pg_scan *s, const pg_node *node);
void pg_rows_merge(pg_scan *s, const pg_node *node);
void pg_rows_copy(pg_scan *s, const pg_node *node);
void pg_rows_truncate(pg_scan *s, const pg_node *node);
void pg_rows_select(pg_scan *s, const pg_node *node);
void pg_rows_explain(pg_scan *s, const pg_node *node);
void pg_rows_lock(pg_scan *s, const pg_node *node);
void pg_rows_vacuum(pg_scan *s, const pg_node *node);
void pg_rows_reindex(pg_scan *s, const pg_node *node);
void pg_rows_refresh(pg_scan *s, const pg_node *node);
void pg_rows_cluster(pg_scan *s, const pg_node *node);
void pg_rows_set(pg_scan *s, const pg_node *node);
/* Is the expression the same for all rows of one statement, so that a column with it as default needs no rewriting? */
bool pg_rows_steady(const pg_scan *s, const pg_node *expression);
/* A query whose result is put somewhere: what in it changes rows, or calls what changes something? */
void pg_rows_query(pg_scan *s, const pg_node *query);
/* Could a call of this function change something: is it of the migrations' making, and not declared to be steady? */
bool pg_rows_suspect(const pg_scan *s, pg_ref function);

/* pg_rights.c */
void pg_rights_grant(pg_scan *s, const pg_node *node);
void pg_rights_owner(pg_scan *s, const pg_node *node);
void pg_rights_policy(pg_scan *s, const pg_node *node);

/* pg_block.c */
void pg_block_do(pg_scan *s, const pg_node *node);
/* The body of a DO block in PL/pgSQL. */
void pg_block_body(pg_scan *s, slice body);

#endif
