/* SPDX-License-Identifier: MIT */
/*
 * The SQL that asks whether a claim is true.
 *
 * Definitions are read with an empty search_path, so that each name in them has its schema; the name of the schema beside is a
 * word that no other text has, and is replaced by the real one. What a script's own SET search_path changes holds while the
 * names are looked up and the thing is built.
 */
#include "dialect/postgres/pg_claim.h"

#include "base/error.h"
#include "dialect/postgres/pg_text.h"

#include <stdio.h>
#include <stdlib.h>

/* Texts of ours, and of the tokens; all end in NUL. */
static void truth_literal(buf *out, slice text)
{
    if (text.len == 0)
    {
        buf_text(out, "NULL");
    }
    else
    {
        pg_text_literal(out, text.data);
    }
    buf_text(out, "::pg_catalog.text");
}

static void truth_name(buf *out, slice schema, slice name)
{
    if (schema.len > 0)
    {
        pg_text_name(out, schema);
        buf_char(out, '.');
    }
    pg_text_name(out, name);
}

/* A name's text as a constant: '"schema"."name"'. */
static void truth_name_literal(buf *out, slice schema, slice name)
{
    buf quoted;
    buf_init(&quoted, out->allocator);
    truth_name(&quoted, schema, name);
    out->failed |= quoted.failed;
    if (!quoted.failed)
    {
        pg_text_literal(out, quoted.data);
    }
    buf_clear(&quoted);
}

/* --------------------------------------------------------------------------------------------------------------- looking */

static const char *truth_word(const claim *c)
{
    switch (c->object)
    {
    case AMEND_OBJECT_TYPE:
        return "type";
    case AMEND_OBJECT_SCHEMA:
        return "schema";
    case AMEND_OBJECT_INDEX:
        return c->rebuilt ? "valid" : "index";
    default:
        return "relation";
    }
}

static void truth_values(buf *out, size_t n, const claim *c)
{
    buf_format(out, "%s(%zu, '%s'::pg_catalog.text, ", n == 0 ? "" : ", ", n, truth_word(c));
    truth_literal(out, c->schema);
    buf_text(out, ", ");
    truth_literal(out, c->name);
    buf_text(out, ", ");
    if (c->object == AMEND_OBJECT_INDEX)
    {
        truth_name_literal(out, c->table_schema, c->table);
    }
    else
    {
        buf_text(out, "NULL");
    }
    buf_text(out, "::pg_catalog.text)");
}

/* What a change of the thing changes: of relation o.rel, type o.typ. */
static const char TRUTH_MARK[] =
    "CASE WHEN o.oid IS NULL THEN NULL ELSE pg_catalog.hashtextextended(pg_catalog.concat_ws('|', o.oid, o.sort,\n"
    "(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, "
    "a.attidentity), ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = o.rel AND a.attnum > 0 AND "
    "NOT a.attisdropped),\n"
    "(SELECT pg_catalog.string_agg(d.adnum || ' ' || d.adbin::pg_catalog.text, ',' ORDER BY d.adnum) FROM "
    "pg_catalog.pg_attrdef AS d WHERE d.adrelid = o.rel),\n"
    "(SELECT pg_catalog.string_agg(pg_catalog.concat_ws(' ', k.oid, k.conname, k.conbin::pg_catalog.text), ',' ORDER BY k.oid) "
    "FROM pg_catalog.pg_constraint AS k WHERE (o.rel <> 0 AND k.conrelid = o.rel) OR (o.typ <> 0 AND k.contypid = o.typ)),\n"
    "(SELECT pg_catalog.string_agg(w.ev_action::pg_catalog.text, ',' ORDER BY w.oid) FROM pg_catalog.pg_rewrite AS w WHERE "
    "w.ev_class = o.rel),\n"
    "(SELECT q::pg_catalog.text FROM pg_catalog.pg_sequence AS q WHERE q.seqrelid = o.rel),\n"
    "(SELECT pg_catalog.concat_ws(' ', x.indisvalid, x.indisunique, x.indkey, x.indclass, x.indoption, "
    "x.indexprs::pg_catalog.text, x.indpred::pg_catalog.text) FROM pg_catalog.pg_index AS x WHERE x.indexrelid = o.rel),\n"
    "(SELECT pg_catalog.string_agg(v.enumlabel::pg_catalog.text, ',' ORDER BY v.enumsortorder) FROM pg_catalog.pg_enum AS v "
    "WHERE v.enumtypid = o.typ),\n"
    "(SELECT pg_catalog.concat_ws(' ', y.typbasetype, y.typtypmod, y.typnotnull, y.typdefault) FROM pg_catalog.pg_type AS y "
    "WHERE y.oid = o.typ)) COLLATE pg_catalog.\"C\", 0)::pg_catalog.text END";

/* c: the claims; h: the schema of each; o: what is there. */
static void truth_from(buf *out, const claim *const *claims, size_t count)
{
    buf_text(out, "FROM (VALUES ");
    for (size_t i = 0; i < count; i++)
    {
        truth_values(out, i, claims[i]);
    }
    buf_text(out,
             ") AS c (n, kind, schema, name, tab)\n"
             "LEFT JOIN pg_catalog.pg_namespace AS h ON CASE WHEN c.kind IN ('index', 'valid') THEN h.oid = (SELECT "
             "r.relnamespace FROM "
             "pg_catalog.pg_class AS r WHERE r.oid = pg_catalog.to_regclass(c.tab)) ELSE h.nspname = coalesce(c.schema, "
             "pg_catalog.current_schema()) END\n"
             "LEFT JOIN LATERAL (SELECT r.oid, r.relkind::pg_catalog.text AS sort, r.oid AS rel, 0::pg_catalog.oid AS typ, "
             "r.relowner "
             "AS owner, 'pg_class' AS class FROM pg_catalog.pg_class AS r WHERE c.kind IN ('relation', 'index', 'valid') AND "
             "r.relnamespace = h.oid AND r.relname = c.name AND (c.kind <> 'valid' OR NOT EXISTS (SELECT 1 FROM "
             "pg_catalog.pg_index AS "
             "x WHERE x.indexrelid = r.oid AND NOT x.indisvalid))\n"
             "UNION ALL SELECT t.oid, t.typtype::pg_catalog.text, t.typrelid, t.oid, t.typowner, 'pg_type' FROM "
             "pg_catalog.pg_type AS t "
             "WHERE c.kind = 'type' AND t.typnamespace = h.oid AND t.typname = c.name\n"
             "UNION ALL SELECT s.oid, 'n', 0, 0, s.nspowner, 'pg_namespace' FROM pg_catalog.pg_namespace AS s WHERE c.kind = "
             "'schema' "
             "AND s.nspname = c.name) AS o ON true\n");
}

unsigned pg_truth_look(buf *out, const claim *const *claims, size_t count)
{
    buf_text(out, "SELECT c.n, o.oid AS id, h.nspname AS schema, o.sort, ");
    buf_text(out, TRUTH_MARK);
    buf_text(
        out,
        " AS mark, pg_catalog.pg_has_role(o.owner, 'USAGE') AS owned, pg_catalog.obj_description(o.oid, o.class) AS remark, "
        "n.nspname AS table_schema, b.relname AS table_name, e.enumlabel AS value\n");
    truth_from(out, claims, count);
    buf_text(out, "LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = o.rel\n"
                  "LEFT JOIN pg_catalog.pg_class AS b ON b.oid = i.indrelid\n"
                  "LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = b.relnamespace\n"
                  "LEFT JOIN pg_catalog.pg_enum AS e ON e.enumtypid = o.typ\n"
                  "ORDER BY c.n, e.enumsortorder;\n");
    return 1;
}

enum
{
    TRUTH_COLUMNS = 10,
};

amend_status pg_truth_row(arena *arena, const amend_row *row, claim_found *found, size_t count, amend_error *error)
{
    const char *texts[TRUTH_COLUMNS] = {0};
    size_t n = row->columns < TRUTH_COLUMNS || row->values[0] == NULL ? SIZE_MAX : strtoull(row->values[0], NULL, 10);
    if (n >= count)
    {
        return AMEND_OK; /* of a statement that the script's own settings are */
    }
    for (size_t i = 1; i < TRUTH_COLUMNS; i++)
    {
        texts[i] = row->values[i] == NULL ? NULL : arena_string(arena, row->values[i]);
        if (row->values[i] != NULL && texts[i] == NULL)
        {
            return error_memory(error);
        }
    }
    claim_found *f = &found[n];
    const slice *before = f->values;
    size_t values = f->value_count;
    *f = (claim_found){.there = texts[1] != NULL,
                       .id = texts[1],
                       .schema = texts[2] == NULL ? "" : texts[2],
                       .sort = texts[3] == NULL ? "" : texts[3],
                       .mark = texts[4] == NULL ? "" : texts[4],
                       .owned = texts[5] == NULL ? "" : texts[5],
                       .remark = texts[6],
                       .table_schema = texts[7],
                       .table = texts[8],
                       .values = before,
                       .value_count = values};
    if (texts[9] == NULL)
    {
        return AMEND_OK;
    }
    slice *grown = arena_grow(arena, (slice *)before, values, sizeof *grown);
    if (grown == NULL)
    {
        return error_memory(error);
    }
    grown[values] = slice_of(texts[9]);
    f->values = grown;
    f->value_count = values + 1;
    return AMEND_OK;
}

/* --------------------------------------------------------------------------------------------------------------- building */

/* The facts of relation s.rel and type s.typ. */
static const char TRUTH_FACTS[] =
    "SELECT s.side, f.object, pg_catalog.replace(f.definition, s.beside, s.schema) AS definition FROM s CROSS JOIN LATERAL (\n"
    "SELECT 0 AS part, 0 AS place, 'kind' AS object, pg_catalog.concat(CASE r.relpersistence WHEN 'u' THEN 'unlogged ' END, "
    "CASE "
    "r.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table partitioned by ' || pg_catalog.pg_get_partkeydef(r.oid) WHEN 'v' "
    "THEN "
    "'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite "
    "type' ELSE 'index' END, CASE WHEN r.relkind IN ('r', 'p', 'f') THEN (SELECT ' inherits ' || "
    "pg_catalog.string_agg(h.inhparent::pg_catalog.regclass::pg_catalog.text, ', ' ORDER BY h.inhseqno) FROM "
    "pg_catalog.pg_inherits AS h WHERE h.inhrelid = r.oid) END) AS definition FROM pg_catalog.pg_class AS r WHERE r.oid = "
    "s.rel\n"
    "UNION ALL SELECT 0, 0, 'kind', 'type ' || t.typtype::pg_catalog.text FROM pg_catalog.pg_type AS t WHERE t.oid = s.typ AND "
    "t.typrelid = 0\n"
    "UNION ALL SELECT 1, a.attnum, 'column ' || pg_catalog.quote_ident(a.attname), "
    "pg_catalog.concat(pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attcollation <> t.typcollation THEN "
    "(SELECT ' COLLATE ' || pg_catalog.quote_ident(m.nspname) || '.' || pg_catalog.quote_ident(l.collname) FROM "
    "pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS m ON m.oid = l.collnamespace WHERE l.oid = a.attcollation) "
    "END, CASE a.attidentity WHEN 'a' THEN ' GENERATED "
    "ALWAYS AS IDENTITY' WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' END, CASE WHEN a.attgenerated <> '' THEN ' "
    "GENERATED "
    "ALWAYS AS (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ')' ELSE ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, "
    "d.adrelid) END, CASE WHEN a.attnotnull THEN ' NOT NULL' END)\n"
    "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS r ON r.oid = a.attrelid AND r.relkind IN ('r', 'p', 'f', "
    "'c') "
    "JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND "
    "d.adnum = a.attnum WHERE a.attrelid = s.rel AND a.attnum > 0 AND NOT a.attisdropped\n"
    "UNION ALL SELECT 2, 0, 'constraint ' || pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid) FROM "
    "pg_catalog.pg_constraint AS k WHERE ((s.rel <> 0 AND k.conrelid = s.rel) OR (s.typ <> 0 AND k.contypid = s.typ)) AND "
    "k.contype IN ('p', 'u', 'c', 'f', 'x')\n"
    "UNION ALL SELECT 3, 0, 'definition', pg_catalog.replace(pg_catalog.pg_get_indexdef(x.indexrelid), ' ON ONLY ', ' ON ') || "
    "CASE WHEN x.indisvalid THEN '' ELSE ' (left invalid)' END FROM pg_catalog.pg_index AS x WHERE x.indexrelid = s.rel\n"
    "UNION ALL SELECT 3, 0, 'definition', pg_catalog.pg_get_viewdef(r.oid) FROM pg_catalog.pg_class AS r WHERE r.oid = s.rel "
    "AND "
    "r.relkind IN ('v', 'm')\n"
    "UNION ALL SELECT 3, 0, 'definition', pg_catalog.concat('AS ', pg_catalog.format_type(q.seqtypid, NULL), ' START ', "
    "q.seqstart, ' INCREMENT ', q.seqincrement, ' MINVALUE ', q.seqmin, ' MAXVALUE ', q.seqmax, ' CACHE ', q.seqcache, CASE "
    "WHEN "
    "q.seqcycle THEN ' CYCLE' END) FROM pg_catalog.pg_sequence AS q WHERE q.seqrelid = s.rel\n"
    "UNION ALL SELECT 3, 0, 'definition', pg_catalog.concat(pg_catalog.format_type(t.typbasetype, t.typtypmod), "
    "CASE WHEN t.typcollation <> b.typcollation THEN (SELECT ' COLLATE ' || pg_catalog.quote_ident(m.nspname) || '.' || "
    "pg_catalog.quote_ident(l.collname) FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS m ON m.oid = "
    "l.collnamespace WHERE l.oid = t.typcollation) END, ' DEFAULT ' || "
    "t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END) FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_type AS b ON "
    "b.oid = "
    "t.typbasetype WHERE t.oid = s.typ AND t.typtype = 'd'\n"
    "UNION ALL SELECT 3, 0, 'definition', pg_catalog.concat('RANGE OF ', pg_catalog.format_type(g.rngsubtype, NULL), "
    "(SELECT ' BY ' || pg_catalog.quote_ident(o.opcname) FROM pg_catalog.pg_opclass AS o WHERE o.oid = g.rngsubopc AND NOT "
    "o.opcdefault), ' COLLATE ' || NULLIF(g.rngcollation, 0)::pg_catalog.text, ' CANONICAL ' || "
    "NULLIF(g.rngcanonical::pg_catalog.text, '-'), ' DIFFERENCE ' || NULLIF(g.rngsubdiff::pg_catalog.text, '-')) FROM "
    "pg_catalog.pg_range AS g WHERE g.rngtypid = s.typ) AS f\nORDER BY s.side, f.part, f.place, f.object;\n";

typedef struct truth_stubs
{
    buf *out;
    const char *beside;
    slice live;
    unsigned count;
} truth_stubs;

static void truth_stub(void *arg, slice name)
{
    truth_stubs *s = arg;
    buf_format(s->out, "CREATE TABLE IF NOT EXISTS %s.", s->beside);
    pg_text_name(s->out, name);
    buf_text(s->out, " (LIKE ");
    truth_name(s->out, s->live, name);
    buf_text(s->out, " INCLUDING INDEXES);\n");
    s->count++;
}

static void truth_side(buf *out, const claim *c, const char *side, const char *id, const char *beside, const char *schema)
{
    bool type = c->object == AMEND_OBJECT_TYPE;
    buf_format(out, "SELECT '%s'::pg_catalog.text AS side, ", side);
    if (type)
    {
        buf_text(out, "(SELECT y.typrelid FROM pg_catalog.pg_type AS y WHERE y.oid = ");
    }
    buf_text(out, id);
    buf_text(out, type ? ") AS rel, " : " AS rel, ");
    buf_text(out, type ? id : "0::pg_catalog.oid");
    buf_format(out, " AS typ, '%s.'::pg_catalog.text AS beside, pg_catalog.quote_ident(", beside);
    pg_text_literal(out, schema);
    buf_text(out, ") || '.' AS schema");
}

unsigned pg_truth_build(buf *out, const claim *c, const claim_found *found, uint32_t tag, unsigned attempt)
{
    char beside[40], existing[40];
    snprintf(beside, sizeof beside, "amend_beside_%08x", (unsigned)tag);
    snprintf(existing, sizeof existing, "%s::pg_catalog.oid", found->id);
    truth_stubs stubs = {.out = out, .beside = beside, .live = slice_of(found->schema)};
    buf_format(out, "SET LOCAL lock_timeout = 2000;\nCREATE SCHEMA %s;\n", beside);
    if (attempt == 0)
    {
        pg_claim_references(c, truth_stub, &stubs);
    }
    if (c->object == AMEND_OBJECT_INDEX)
    {
        slice schema = found->schema[0] == '\0' ? c->table_schema : slice_of(found->schema);
        buf_format(out, "CREATE TABLE %s.", beside);
        pg_text_name(out, c->table);
        buf_text(out, " (LIKE ");
        truth_name(out, schema, c->table);
        buf_text(out, ");\n");
        stubs.count++;
    }
    pg_claim_write(out, c, &(pg_beside){.schema = slice_of(beside), .stubs = attempt == 0});
    buf expected;
    buf_init(&expected, out->allocator);
    buf_format(&expected, "pg_catalog.%s(", c->object == AMEND_OBJECT_TYPE ? "to_regtype" : "to_regclass");
    truth_name_literal(&expected, slice_of(beside), c->name);
    buf_text(&expected, ")::pg_catalog.oid");
    out->failed |= expected.failed;
    buf_text(out, "SET LOCAL search_path = '';\nWITH s AS (");
    truth_side(out, c, "expected", expected.failed ? "" : expected.data, beside, found->schema);
    buf_text(out, "\nUNION ALL ");
    truth_side(out, c, "existing", existing, beside, found->schema);
    buf_text(out, ")\n");
    buf_text(out, TRUTH_FACTS);
    buf_clear(&expected);
    return 5 + stubs.count;
}

/* ---------------------------------------------------------------------------------------------------------------- holding */

/*
 * A relation is locked by preparing a query on it: that takes the lock that ALTER TABLE waits for, keeps it until the
 * transaction's end, and asks for no right. A type by giving it the comment that it has: the least of what its owner may do
 * that ALTER TYPE … ADD VALUE waits for.
 */
static unsigned truth_lock(buf *out, const claim *c, const claim_found *f)
{
    bool index = c->object == AMEND_OBJECT_INDEX, type = c->object == AMEND_OBJECT_TYPE;
    slice schema = slice_of(f->schema);
    if (!f->there || c->object == AMEND_OBJECT_SCHEMA || (type && strcmp(f->owned, "t") != 0) || (index && f->table == NULL))
    {
        return 0;
    }
    if (type)
    {
        buf_text(out, "COMMENT ON TYPE ");
        truth_name(out, schema, c->name);
        buf_text(out, " IS ");
        pg_text_literal(out, f->remark);
        buf_text(out, ";\n");
        return 1;
    }
    buf_text(out, "PREPARE amend_claim AS SELECT 1 FROM ");
    truth_name(out, index ? slice_of(f->table_schema) : schema, index ? slice_of(f->table) : c->name);
    buf_text(out, ";\nDEALLOCATE amend_claim;\n");
    return 2;
}

unsigned pg_truth_hold(buf *out, const claim *c, const claim_found *f)
{
    claim exact = *c;
    if (f->schema[0] != '\0' && c->object == AMEND_OBJECT_INDEX)
    {
        exact.table_schema = slice_of(f->schema);
    }
    else if (f->schema[0] != '\0')
    {
        exact.schema = slice_of(f->schema);
    }
    const claim *one = &exact;
    unsigned count = truth_lock(out, c, f);
    buf_text(out, "SELECT CASE WHEN coalesce(m.mark, '') = ");
    pg_text_literal(out, f->mark);
    buf_text(out, " THEN 0 ELSE CAST('amend: ' || coalesce(m.mark, 'gone') AS pg_catalog.int4) END FROM (SELECT ");
    buf_text(out, TRUTH_MARK);
    buf_text(out, " AS mark\n");
    truth_from(out, &one, 1);
    buf_text(out, ") AS m;\n");
    return count + 1;
}

/* ----------------------------------------------------------------------------------------------------------------- types */

/*
 * A row for each owner of each dependent: what goes away with it takes the dependent along. What a table has from its parent
 * goes with the parent's, and is not listed.
 */
unsigned pg_truth_dependents(buf *out, slice schema, slice name)
{
    buf_text(out, "WITH t AS (SELECT t.oid, t.typarray FROM pg_catalog.pg_type AS t WHERE t.oid = pg_catalog.to_regtype(");
    truth_name_literal(out, schema, name);
    buf_text(
        out,
        ")), d AS (SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d JOIN t ON d.refobjid IN (t.oid, "
        "t.typarray) WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.deptype IN ('n', 'a')),\n"
        "r AS (SELECT r.oid, r.relkind, r.relname, r.relispartition, n.nspname, pg_catalog.concat_ws('.', "
        "pg_catalog.quote_ident(n.nspname), "
        "pg_catalog.quote_ident(r.relname)) AS name FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS n ON n.oid = "
        "r.relnamespace),\n"
        "u AS (SELECT CASE WHEN r.relkind = 'v' THEN 'view' WHEN r.relkind = 'm' THEN 'materialized view' WHEN r.relkind = 'c' "
        "THEN 'type' WHEN d.objsubid > 0 THEN 'column' WHEN r.relkind IN ('i', 'I') THEN 'index' ELSE 'table' END AS kind, "
        "pg_catalog.concat_ws('.', r.name, CASE WHEN r.relkind NOT IN ('v', 'm') THEN pg_catalog.quote_ident(a.attname) END) "
        "AS name, r.nspname AS schema, r.relname AS owner, r.oid AS rel FROM d "
        "JOIN r ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.oid = d.objid LEFT JOIN "
        "pg_catalog.pg_attribute AS a ON d.objsubid > 0 AND a.attrelid = r.oid AND a.attnum = d.objsubid "
        "WHERE coalesce(a.attinhcount, 0) = 0 AND NOT (r.relispartition AND r.relkind IN ('i', 'I'))\n"
        "UNION ALL SELECT CASE r.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule of' END, r.name, "
        "r.nspname, r.relname, r.oid FROM d JOIN pg_catalog.pg_rewrite AS w ON d.classid = "
        "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid JOIN r ON r.oid = w.ev_class\n"
        "UNION ALL SELECT 'default of', pg_catalog.concat_ws('.', r.name, pg_catalog.quote_ident(a.attname)), r.nspname, "
        "r.relname, r.oid FROM d JOIN pg_catalog.pg_attrdef AS x ON d.classid = "
        "'pg_catalog.pg_attrdef'::pg_catalog.regclass AND x.oid = d.objid JOIN r ON r.oid = x.adrelid JOIN "
        "pg_catalog.pg_attribute AS a ON a.attrelid = x.adrelid AND a.attnum = x.adnum JOIN t ON a.atttypid NOT IN (t.oid, "
        "t.typarray)\n"
        "UNION ALL SELECT 'constraint', pg_catalog.concat_ws('.', r.name, pg_catalog.quote_ident(k.conname)), r.nspname, "
        "r.relname, r.oid FROM d JOIN pg_catalog.pg_constraint AS k ON d.classid = "
        "'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid JOIN r ON r.oid = k.conrelid WHERE "
        "k.coninhcount = 0\n"
        "UNION ALL SELECT p.kind, pg_catalog.concat_ws('.', r.name, pg_catalog.quote_ident(p.name)), r.nspname, r.relname, "
        "r.oid "
        "FROM d JOIN (SELECT 'policy' AS kind, 'pg_catalog.pg_policy'::pg_catalog.regclass AS class, q.oid, q.polname AS name, "
        "q.polrelid AS rel FROM pg_catalog.pg_policy AS q UNION ALL SELECT 'trigger', "
        "'pg_catalog.pg_trigger'::pg_catalog.regclass, g.oid, g.tgname, g.tgrelid FROM pg_catalog.pg_trigger AS g UNION ALL "
        "SELECT 'statistics', 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid, s.stxname, s.stxrelid FROM "
        "pg_catalog.pg_statistic_ext AS s) AS p ON p.class = d.classid AND p.oid = d.objid JOIN r ON r.oid = p.rel\n"
        "UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, "
        "pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(p.proname), '(', "
        "pg_catalog.pg_get_function_identity_arguments(p.oid), ')'), n.nspname, NULL, NULL FROM d JOIN pg_catalog.pg_proc AS p "
        "ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid JOIN pg_catalog.pg_namespace AS n ON "
        "n.oid = p.pronamespace\n"
        "UNION ALL SELECT CASE y.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, pg_catalog.concat_ws('.', "
        "pg_catalog.quote_ident(n.nspname), pg_catalog.quote_ident(y.typname)), n.nspname, y.typname, NULL FROM d JOIN "
        "pg_catalog.pg_type AS y ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND y.oid = d.objid JOIN "
        "pg_catalog.pg_namespace AS n ON n.oid = y.typnamespace\n"
        "UNION ALL SELECT 'object', pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), NULL, NULL, NULL FROM d "
        "WHERE d.classid NOT IN ('pg_catalog.pg_class'::pg_catalog.regclass, "
        "'pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_attrdef'::pg_catalog.regclass, "
        "'pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass, "
        "'pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, "
        "'pg_catalog.pg_proc'::pg_catalog.regclass, "
        "'pg_catalog.pg_type'::pg_catalog.regclass)),\n"
        "o AS (SELECT u.kind, u.name, u.rel FROM u UNION SELECT u.kind, u.name, i.indrelid FROM u JOIN pg_catalog.pg_index AS "
        "i ON i.indexrelid = u.rel)\n"
        "SELECT u.kind, u.name, u.schema, u.owner FROM u UNION SELECT o.kind, o.name, r.nspname, r.relname FROM o, "
        "pg_catalog.unnest(array(SELECT a.relid FROM pg_catalog.pg_partition_ancestors(o.rel) AS a) || "
        "o.rel::pg_catalog.regclass) AS a (relid) JOIN r ON r.oid = a.relid\nORDER BY 1, 2, 3, 4;\n");
    return 1;
}

unsigned pg_truth_enum_create(buf *out, const claim *c)
{
    buf_text(out, "CREATE TYPE ");
    truth_name(out, c->schema, c->name);
    buf_text(out, " AS ENUM (");
    for (size_t i = 0; i < c->value_count; i++)
    {
        buf_text(out, i == 0 ? "" : ", ");
        pg_text_literal(out, c->values[i].data);
    }
    buf_text(out, ");\n");
    return 1;
}

unsigned pg_truth_type_drop(buf *out, slice schema, slice name, bool cascade)
{
    buf_text(out, "DROP TYPE ");
    truth_name(out, schema, name);
    buf_text(out, cascade ? " CASCADE;\n" : " RESTRICT;\n");
    return 1;
}
