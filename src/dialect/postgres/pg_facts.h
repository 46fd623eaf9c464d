/* SPDX-License-Identifier: MIT */
/*
 * The query of the snapshot: texts, made from parts. See pg_snapshot.h for what it tells.
 *
 * It runs with the search path that pg_snapshot.c sets, so operators need no schema. Joins, not subqueries per row, but where
 * rows are few. A column that older servers lack is read by its bare name inside a LATERAL beside a row "absent" that has it,
 * too: the name means the catalog's column where there is one. Lists whose order means nothing are sorted in the "C"
 * collation, since the database's own may be any.
 *
 * Catalogs stand in pg_depend by number: 1247 pg_type, 1255 pg_proc, 1259 pg_class, 1417 pg_foreign_server, 2605 pg_cast,
 * 2615 pg_namespace, 2617 pg_operator, 3079 pg_extension, 3381 pg_statistic_ext, 3456 pg_collation, 3466 pg_event_trigger,
 * 3600 pg_ts_dict, 3602 pg_ts_config.
 */
#ifndef AMEND_DIALECT_POSTGRES_PG_FACTS_H
#define AMEND_DIALECT_POSTGRES_PG_FACTS_H

#include "dialect/dialect.h"

/* WITH …, and then the parts, joined by UNION ALL: each gives an object and its definition. NULL ends a list. */
extern const char pg_facts_common[];
extern const char *const pg_facts_tables[], *const pg_facts_types[], *const pg_facts_routines[], *const pg_facts_others[];

/* Around a text[] of options: it as one text, sorted, since they stand in the order in which they were set; NULL without any.
 */
#define PG_FACTS_SORTED "(SELECT pg_catalog.string_agg(o.o, ', ' ORDER BY o.o COLLATE \"C\") FROM pg_catalog.unnest("
#define PG_FACTS_SORTED_END ") AS o (o))"

#endif
