/* SPDX-License-Identifier: MIT */
/*
 * The words around the query of pg_facts_*.c, and the reading of its rows.
 *
 * The server writes definitions as the session's settings say: names without their schema when the search path finds them,
 * dates and numbers in the session's style. So all that matters is set, for this query only: by a transaction of its own, or,
 * inside the caller's, by a savepoint that is rolled back to, which also puts the settings back.
 */
#include "dialect/postgres/pg_snapshot.h"

#include "base/error.h"
#include "dialect/postgres/pg_facts.h"

/*
 * pg_temp stands at the end of the path, or the session's temporary objects would hide the system's. jit: compiling this
 * query takes longer than running it; nor is it worth a second process. enable_nestloop: the planner knows nothing of how many
 * rows the WITH parts have, and a thousand tables by a thousand sequences is a second. No backslash is in any of it, so it
 * means the same whatever standard_conforming_strings is.
 */
static const char SETTINGS[] = "SET LOCAL search_path = pg_catalog, pg_temp;\n"
                               "SET LOCAL quote_all_identifiers = off;\n"
                               "SET LOCAL standard_conforming_strings = on;\n"
                               "SET LOCAL DateStyle = 'ISO, YMD';\n"
                               "SET LOCAL IntervalStyle = postgres;\n"
                               "SET LOCAL TimeZone = 'UTC';\n"
                               "SET LOCAL extra_float_digits = 1;\n"
                               "SET LOCAL bytea_output = hex;\n"
                               "SET LOCAL lc_monetary = 'C';\n"
                               "SET LOCAL jit = off;\n"
                               "SET LOCAL enable_nestloop = off;\n"
                               "SET LOCAL max_parallel_workers_per_gather = 0;\n";

enum
{
    SETTING_COUNT = 12,
};

unsigned pg_snapshot_settings(buf *out)
{
    buf_text(out, SETTINGS);
    return SETTING_COUNT;
}

void pg_snapshot_query(buf *out)
{
    const char *const *const lists[] = {pg_facts_tables, pg_facts_types, pg_facts_routines, pg_facts_others};
    buf_text(out, pg_facts_common);
    const char *between = "";
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
    {
        for (const char *const *part = lists[i]; *part != NULL; part++)
        {
            buf_text(out, between);
            buf_text(out, *part);
            between = "UNION ALL\n";
        }
    }
}

/* A definition is read under a lock of its table: who only looks waits for no migration of long. */
unsigned pg_snapshot(buf *out, bool inside)
{
    buf_text(out, inside
                      ? "SAVEPOINT amend_snapshot;\n"
                      : "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE;\nSET LOCAL lock_timeout = 5000;\n");
    pg_snapshot_settings(out);
    pg_snapshot_query(out);
    buf_text(out, ";\n");
    buf_text(out, inside ? "ROLLBACK TO SAVEPOINT amend_snapshot;\nRELEASE SAVEPOINT amend_snapshot;\n" : "COMMIT;\n");
    return SETTING_COUNT + 4;
}

/* A copy with line ends as they are everywhere else: the body of a function keeps those of the file that it came from. */
static slice copy_lines(arena *a, const char *text)
{
    char *copy = arena_string(a, text);
    size_t len = 0;
    for (size_t i = 0; copy != NULL && copy[i] != '\0'; i++)
    {
        if (copy[i] != '\r' || copy[i + 1] != '\n')
        {
            copy[len++] = copy[i];
        }
    }
    return (slice){copy, len};
}

/* A definition of NULL: another session has dropped the object while it was read. */
amend_status pg_snapshot_row(arena *arena, const amend_row *row, fact_list *out, amend_error *error)
{
    if (row->columns != 2 || row->values[0] == NULL || row->values[1] == NULL)
    {
        return AMEND_OK;
    }
    fact *grown = arena_grow(arena, out->items, out->count, sizeof *grown);
    fact f = {copy_lines(arena, row->values[0]), copy_lines(arena, row->values[1])};
    if (grown == NULL || f.object.data == NULL || f.definition.data == NULL)
    {
        return error_memory(error);
    }
    grown[out->count++] = f;
    out->items = grown;
    return AMEND_OK;
}
