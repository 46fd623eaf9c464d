/* SPDX-License-Identifier: MIT */
/*
 * COPY in its text format: the same in all versions, and a person can read it. Columns that are generated are left out, for
 * they can't be written; values of identity columns are put back as they were, which COPY does by itself.
 *
 * A role that may not see all rows fails (row_security = off), in place of saving a part of them.
 */
#include "dialect/postgres/pg_save.h"

#include "dialect/postgres/pg_text.h"

static void pg_save_name(buf *out, const saved_table *t)
{
    pg_text_name(out, slice_of(t->schema));
    buf_char(out, '.');
    pg_text_name(out, slice_of(t->name));
}

static void pg_save_columns(buf *out, const saved_table *t)
{
    for (size_t i = 0; i < t->column_count; i++)
    {
        buf_text(out, i == 0 ? "" : ", ");
        pg_text_name(out, slice_of(t->columns[i].name));
    }
}

/* WITH s (n, oid) AS …: the tables that are there */
static void pg_save_tables(buf *out, const saved_table *tables, size_t count)
{
    buf_text(out, "WITH RECURSIVE w(n, nsp, rel) AS (VALUES");
    for (size_t i = 0; i < count; i++)
    {
        buf_format(out, "%s (%zu, ", i == 0 ? "" : ",\n", i);
        pg_text_literal(out, tables[i].schema);
        buf_text(out, "::pg_catalog.text, ");
        pg_text_literal(out, tables[i].name);
        buf_text(out, "::pg_catalog.text)");
    }
    buf_text(out, "),\ns(n, oid) AS (SELECT w.n, c.oid FROM w JOIN pg_catalog.pg_namespace x ON x.nspname = w.nsp"
                  " JOIN pg_catalog.pg_class c ON c.relnamespace = x.oid AND c.relname = w.rel AND c.relkind IN ('r', 'p'))");
}

/* ---------------------------------------------------------------------------------------------------------------- saving */

/* With no search path but pg_catalog, types and values of regclass are written with their schemas. */
static unsigned pg_save_begin(buf *out, uint32_t lock_timeout_ms)
{
    buf_format(out,
               "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n"
               "SET LOCAL lock_timeout = %u;\n"
               "SET LOCAL search_path = pg_catalog;\n"
               "SET LOCAL row_security = off;\n"
               "SET LOCAL datestyle = 'ISO, YMD';\n"
               "SET LOCAL intervalstyle = postgres;\n"
               "SET LOCAL bytea_output = hex;\n"
               "SET LOCAL extra_float_digits = 3;\n"
               "SET LOCAL timezone = 'UTC';\n"
               "SET LOCAL statement_timeout = 0;\n",
               lock_timeout_ms);
    return 10;
}

/* Tables that refer to each other in a circle have no order: so far and no farther. */
static unsigned pg_save_look(buf *out, const saved_table *tables, size_t count)
{
    pg_save_tables(out, tables, count);
    buf_text(out, ",\nd(oid, depth) AS (SELECT oid, 0 FROM s UNION SELECT k.conrelid, d.depth + 1 FROM d"
                  " JOIN pg_catalog.pg_constraint k ON k.confrelid = d.oid AND k.contype = 'f' AND k.conrelid <> k.confrelid"
                  " AND k.conrelid IN (SELECT oid FROM s) WHERE d.depth < 30)\n"
                  "SELECT s.n, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), COALESCE((SELECT p.place"
                  " FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS p(attnum, place)"
                  " WHERE p.attnum = a.attnum AND p.place <= i.indnkeyatts), 0)\n"
                  "FROM s JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped"
                  " AND a.attgenerated = ''\n"
                  " LEFT JOIN pg_catalog.pg_index i ON i.indrelid = s.oid AND i.indisprimary\n"
                  "ORDER BY (SELECT pg_catalog.max(d.depth) FROM d WHERE d.oid = s.oid), s.n, a.attnum;\n");
    return 1;
}

/* Of a table with partitions, or children, COPY takes only a query. */
static unsigned pg_save_copy(buf *out, const saved_table *t)
{
    buf_text(out, "COPY (SELECT ");
    pg_save_columns(out, t);
    buf_text(out, " FROM ");
    pg_save_name(out, t);
    buf_text(out, ") TO STDOUT;\n");
    return 1;
}

/* ----------------------------------------------------------------------------------------------------------- putting back */

/* The search path stays what it is: triggers may need it. */
static unsigned pg_load_begin(buf *out, uint32_t lock_timeout_ms)
{
    buf_format(out,
               "BEGIN READ WRITE;\n"
               "SET LOCAL lock_timeout = %u;\n"
               "SET LOCAL row_security = off;\n"
               "SET LOCAL datestyle = 'ISO, YMD';\n"
               "SET LOCAL intervalstyle = postgres;\n"
               "SET LOCAL statement_timeout = 0;\n"
               "SET LOCAL client_min_messages = warning;\n"
               "SET CONSTRAINTS ALL DEFERRED;\n",
               lock_timeout_ms);
    return 8;
}

static unsigned pg_load_look(buf *out, const saved_table *tables, size_t count)
{
    pg_save_tables(out, tables, count);
    buf_text(out, "\nSELECT s.n, a.attname, CASE WHEN a.attgenerated = '' THEN 1 ELSE 0 END,"
                  " (SELECT pg_catalog.quote_ident(x.nspname) || '.' || pg_catalog.quote_ident(q.relname)"
                  " FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_class q ON q.oid = p.objid AND q.relkind = 'S'"
                  " JOIN pg_catalog.pg_namespace x ON x.oid = q.relnamespace"
                  " WHERE p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass"
                  " AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.refobjid = s.oid"
                  " AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i') LIMIT 1)\n"
                  "FROM s JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped\n"
                  "ORDER BY s.n, a.attnum;\n");
    return 1;
}

static unsigned pg_load_lock(buf *out, const saved_table *t)
{
    buf_text(out, "LOCK TABLE ");
    pg_save_name(out, t);
    buf_text(out, " IN SHARE ROW EXCLUSIVE MODE;\nSELECT CASE WHEN EXISTS (SELECT 1 FROM ");
    pg_save_name(out, t);
    buf_text(out, ") THEN 1 ELSE 0 END;\n");
    return 2;
}

static unsigned pg_load_copy(buf *out, const saved_table *t)
{
    buf_text(out, "COPY ");
    pg_save_name(out, t);
    buf_text(out, " (");
    pg_save_columns(out, t);
    buf_text(out, ") FROM STDIN;\n");
    return 1;
}

static unsigned pg_load_aside(buf *out, const saved_table *t)
{
    buf_text(out, "CREATE TEMPORARY TABLE amend_restored ON COMMIT DROP AS SELECT ");
    pg_save_columns(out, t);
    buf_text(out, " FROM ");
    pg_save_name(out, t);
    buf_text(out, " WITH NO DATA;\nCOPY pg_temp.amend_restored FROM STDIN;\n");
    return 2;
}

/* o.key = r.key AND … */
static void pg_load_same(buf *out, const saved_table *t)
{
    const char *and = "";
    for (size_t i = 0; i < t->column_count; i++)
    {
        if (t->columns[i].key == 0)
        {
            continue;
        }
        buf_format(out, "%so.", and);
        pg_text_name(out, slice_of(t->columns[i].name));
        buf_text(out, " = r.");
        pg_text_name(out, slice_of(t->columns[i].name));
        and = " AND ";
    }
}

/* Each lost column once, by this form, in which "@" is its name. */
static bool pg_load_each_lost(buf *out, const saved_table *t, const char *form, const char *between)
{
    bool any = false;
    for (size_t i = 0; i < t->column_count; i++)
    {
        if (!t->columns[i].lost)
        {
            continue;
        }
        buf_text(out, any ? between : "");
        for (const char *p = form; *p != '\0'; p++)
        {
            if (*p == '@')
            {
                pg_text_name(out, slice_of(t->columns[i].name));
            }
            else
            {
                buf_char(out, *p);
            }
        }
        any = true;
    }
    return any;
}

/* Values are compared by their texts: not every type can be compared. */
static void pg_load_values(buf *out, const saved_table *t)
{
    buf_text(out, "UPDATE ");
    pg_save_name(out, t);
    buf_text(out, " AS o SET ");
    pg_load_each_lost(out, t, "@ = r.@", ", ");
    buf_text(out, " FROM pg_temp.amend_restored AS r WHERE ");
    pg_load_same(out, t);
    buf_text(out, " AND (");
    pg_load_each_lost(out, t, "o.@::pg_catalog.text IS DISTINCT FROM r.@::pg_catalog.text", " OR ");
    buf_text(out, ");\n");
}

static void pg_load_rows(buf *out, const saved_table *t)
{
    buf_text(out, "INSERT INTO ");
    pg_save_name(out, t);
    buf_text(out, " (");
    pg_save_columns(out, t);
    buf_text(out, ") OVERRIDING SYSTEM VALUE SELECT ");
    pg_save_columns(out, t);
    buf_text(out, " FROM pg_temp.amend_restored AS r WHERE NOT EXISTS (SELECT 1 FROM ");
    pg_save_name(out, t);
    buf_text(out, " AS o WHERE ");
    pg_load_same(out, t);
    buf_text(out, ");\n");
}

static unsigned pg_load_merge(buf *out, const saved_table *t)
{
    bool values = false;
    for (size_t i = 0; i < t->column_count; i++)
    {
        values |= t->columns[i].lost;
    }
    (values ? pg_load_values : pg_load_rows)(out, t);
    buf_text(out, "DROP TABLE pg_temp.amend_restored;\n");
    return 2;
}

static unsigned pg_load_sequence(buf *out, const saved_table *t, const char *column, const char *sequence)
{
    buf_text(out, "SELECT pg_catalog.setval(q.s, q.m) FROM (SELECT ");
    pg_text_literal(out, sequence);
    buf_text(out, "::pg_catalog.regclass AS s, (SELECT pg_catalog.max(");
    pg_text_name(out, slice_of(column));
    buf_text(out, ")::pg_catalog.int8 FROM ");
    pg_save_name(out, t);
    buf_text(out, ") AS m) AS q WHERE q.m > COALESCE(pg_catalog.pg_sequence_last_value(q.s), 0);\n");
    return 1;
}

/* ------------------------------------------------------------------------------------------------------------- new tables */

/* And those that name something which may be gone: regclass and the like. */
static unsigned pg_load_types(buf *out, const saved_table *tables, size_t count)
{
    buf_text(out, "SELECT t.n, t.c FROM (VALUES (-1, ''::pg_catalog.text, 'text'::pg_catalog.text)");
    for (size_t i = 0; i < count; i++)
    {
        for (size_t k = 0; k < tables[i].column_count; k++)
        {
            buf_format(out, ",\n(%zu, ", i);
            pg_text_literal(out, tables[i].columns[k].name);
            buf_text(out, ", ");
            pg_text_literal(out, tables[i].columns[k].type);
            buf_char(out, ')');
        }
    }
    buf_text(out, ") AS t(n, c, type) WHERE pg_catalog.to_regtype(t.type) IS NULL"
                  " OR t.type LIKE 'reg%';\n");
    return 1;
}

static unsigned pg_load_schema(buf *out, const char *schema)
{
    buf_text(out, "CREATE SCHEMA IF NOT EXISTS ");
    pg_text_name(out, slice_of(schema));
    buf_text(out, ";\n");
    return 1;
}

static unsigned pg_load_table(buf *out, const saved_table *t)
{
    buf_text(out, "CREATE TABLE ");
    pg_save_name(out, t);
    buf_text(out, " (");
    for (size_t i = 0; i < t->column_count; i++)
    {
        buf_text(out, i == 0 ? "" : ", ");
        pg_text_name(out, slice_of(t->columns[i].name));
        buf_format(out, " %s", t->columns[i].type);
    }
    buf_text(out, ");\n");
    return 1;
}

const table_saver pg_save = {
    .save_begin = pg_save_begin,
    .save_end = "ROLLBACK;\n",
    .save_look = pg_save_look,
    .save_copy = pg_save_copy,
    .load_begin = pg_load_begin,
    .load_end = "COMMIT;\n",
    .load_abort = "ROLLBACK;\n",
    .load_look = pg_load_look,
    .load_lock = pg_load_lock,
    .load_copy = pg_load_copy,
    .load_aside = pg_load_aside,
    .load_merge = pg_load_merge,
    .load_sequence = pg_load_sequence,
    .load_types = pg_load_types,
    .load_schema = pg_load_schema,
    .load_table = pg_load_table,
};
