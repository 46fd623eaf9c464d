/* SPDX-License-Identifier: MIT */
/*
 * Finding and counting on the live database what a script would take away.
 *
 * Names are looked for in the catalog as the search path has them, without a function that could refuse: a schema that the role
 * may not use is a schema without the table. A table of millions is not read: the planner's estimate stands for the count.
 *
 * A type change is judged by what it does to the values that are there: how many of them, turned into the new type and back,
 * are others. Where the way back does not exist, their texts are compared.
 */
#include "base/error.h"
#include "dialect/postgres/pg_deed.h"
#include "dialect/postgres/pg_lexer.h"
#include "dialect/postgres/pg_text.h"

#include <stdlib.h>

#define PG_LOSS_LARGE 1e7

/* -------------------------------------------------------------------------------------------------------------- looking */

static void loss_literal(buf *out, slice text)
{
    if (text.len == 0)
    {
        buf_text(out, "NULL");
        return;
    }
    buf_text(out, " E'");
    for (size_t i = 0; i < text.len; i++)
    {
        if (text.data[i] == '\'' || text.data[i] == '\\')
        {
            buf_char(out, text.data[i]);
        }
        buf_char(out, text.data[i]);
    }
    buf_char(out, '\'');
}

/* T a table, E that and those that refer to it, S a schema, O a role's, Y a type, C a column, D a database, U nothing */
static char loss_letter(const suspect *s)
{
    static const char letters[] = {
        [DEED_DROP_TABLE] = 'T', [DEED_DROP_SCHEMA] = 'S', [DEED_DROP_DATABASE] = 'D', [DEED_DROP_OWNED] = 'O',
        [DEED_DROP_TYPE] = 'Y',  [DEED_DROP_COLUMN] = 'C', [DEED_EMPTY] = 'T',         [DEED_SET] = 'C',
        [DEED_RETYPE] = 'C',     [DEED_UNCLEAR] = 'U',
    };
    return s->deed->cascade ? 'E' : letters[s->deed->kind];
}

/* clang-format off */
static const char loss_query[] =
    "), w AS (SELECT s.*, n.oid AS nspoid FROM s LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = s.nsp"
    "),\nr AS (SELECT w.n, c.oid FROM w JOIN pg_catalog.pg_class c ON c.relname = w.rel AND c.relkind IN ('r', 'p')"
    " AND (c.relnamespace = w.nspoid OR (w.nsp IS NULL AND pg_catalog.pg_table_is_visible(c.oid)))"
    " WHERE w.kind IN ('T', 'E', 'C')\n"
    " UNION SELECT w.n, c.oid FROM w JOIN pg_catalog.pg_class c ON c.relnamespace = w.nspoid AND c.relkind IN ('r', 'p')"
    " AND NOT c.relispartition WHERE w.kind = 'S'\n"
    " UNION SELECT w.n, c.oid FROM w JOIN pg_catalog.pg_class c"
    " ON pg_catalog.pg_get_userbyid(c.relowner) = w.rel AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " WHERE w.kind = 'O'),\n"
    "e(n, oid) AS (SELECT r.n, r.oid FROM r JOIN s USING (n) WHERE s.kind = 'E'"
    " UNION SELECT e.n, k.conrelid FROM e JOIN pg_catalog.pg_constraint k ON k.confrelid = e.oid AND k.contype = 'f'),\n"
    "t AS (SELECT w.n, y.oid FROM w JOIN pg_catalog.pg_type y ON y.typname = w.rel"
    " AND (y.typnamespace = w.nspoid OR (w.nsp IS NULL AND pg_catalog.pg_type_is_visible(y.oid))) WHERE w.kind = 'Y'"
    " UNION SELECT w.n, d.objid FROM w JOIN pg_catalog.pg_extension x ON x.extname = w.rel JOIN pg_catalog.pg_depend d"
    " ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = x.oid AND d.deptype = 'e'"
    " AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass WHERE w.kind = 'Y'),\n"
    "y AS (SELECT n, oid FROM t UNION SELECT t.n, b.typarray FROM t JOIN pg_catalog.pg_type b ON b.oid = t.oid"
    " WHERE b.typarray <> 0 UNION SELECT t.n, b.oid FROM t JOIN pg_catalog.pg_type b ON b.typbasetype = t.oid"
    " AND b.typtype = 'd'),\n"
    "f AS (SELECT n, oid, NULL::pg_catalog.int2 AS att FROM r UNION SELECT n, oid, NULL FROM e"
    " UNION SELECT y.n, a.attrelid, a.attnum FROM y JOIN pg_catalog.pg_attribute a ON a.atttypid = y.oid AND a.attnum > 0"
    " AND NOT a.attisdropped AND a.attgenerated = '' JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
    " AND c.relkind IN ('r', 'p') AND NOT c.relispartition)\n"
    "SELECT f.n, n.nspname, c.relname, a.attname,"
    " CASE c.relkind WHEN 'p' THEN (SELECT pg_catalog.sum(l.reltuples) FROM pg_catalog.pg_partition_tree(c.oid) p"
    " JOIN pg_catalog.pg_class l ON l.oid = p.relid AND p.isleaf) ELSE c.reltuples END,"
    " pg_catalog.format_type(a.atttypid, a.atttypmod), o.typname, a.atttypmod, q.typname, q.typtype,"
    " CASE WHEN q.oid = o.oid OR 'S' IN (q.typcategory, o.typcategory) OR EXISTS (SELECT 1 FROM pg_catalog.pg_cast k"
    " WHERE k.castsource = q.oid AND k.casttarget = o.oid) THEN 1 ELSE 0 END\n"
    "FROM f JOIN s USING (n) JOIN pg_catalog.pg_class c ON c.oid = f.oid"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND NOT a.attisdropped AND a.attgenerated = ''"
    " AND a.attnum > 0 AND (a.attnum = f.att OR (s.kind = 'C' AND a.attname = s.col))"
    " LEFT JOIN pg_catalog.pg_type o ON o.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_type q ON q.oid = pg_catalog.to_regtype(s.typ)\n"
    "WHERE a.attnum IS NOT NULL OR (s.kind <> 'C' AND f.att IS NULL)\n"
    "UNION ALL SELECT s.n, NULL, d.datname, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM s"
    " JOIN pg_catalog.pg_database d ON d.datname = s.rel WHERE s.kind = 'D'\n"
    "UNION ALL SELECT s.n, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM s WHERE s.kind = 'U'\n"
    "ORDER BY 1, 2, 3, 4;\n";
/* clang-format on */

unsigned pg_loss_look(buf *out, const suspect *suspects, size_t count)
{
    buf_text(out, "WITH RECURSIVE s(n, kind, nsp, rel, col, typ) AS (VALUES\n");
    for (size_t i = 0; i < count; i++)
    {
        const suspect *s = &suspects[i];
        const slice values[] = {s->schema, s->table, s->column, s->deed->kind == DEED_RETYPE ? s->deed->value : SLICE("")};
        buf_format(out, "%s (%zu, '%c'", i == 0 ? "" : ",\n", i, loss_letter(s));
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        {
            buf_text(out, ", ");
            loss_literal(out, values[k]);
            buf_text(out, "::pg_catalog.text");
        }
        buf_char(out, ')');
    }
    buf_text(out, loss_query);
    return 1;
}

/* ---------------------------------------------------------------------------------------------------------- type changes */

/* The numbers of "numeric(10,2)"; -1 for those that it has not. */
static void loss_sizes(slice type, int64_t out[2])
{
    const char *open = memchr(type.data, '(', type.len);
    out[0] = out[1] = -1;
    if (open != NULL)
    {
        char *end;
        out[0] = strtoll(open + 1, &end, 10);
        out[1] = *end == ',' ? strtoll(end + 1, NULL, 10) : -1;
    }
}

static const struct
{
    const char *from, *to;
} loss_wider[] = {
    {"int2", "int4"},        {"int2", "int8"},
    {"int4", "int8"},        {"int2", "numeric"},
    {"int4", "numeric"},     {"int8", "numeric"},
    {"float4", "float8"},    {"json", "jsonb"},
    {"jsonb", "json"},       {"date", "timestamp"},
    {"date", "timestamptz"}, {"timestamp", "timestamptz"},
    {"time", "timetz"},      {"timestamptz", "timestamp"},
    {"cidr", "inet"},
};

/* Can each value of the old type be told in the new one, by the server's own conversion? `sizes`: what the new type is given.
 */
static bool loss_widens(slice old, int64_t modifier, slice new, const int64_t sizes[2])
{
    bool text = slice_equal(new, SLICE("text")) || slice_equal(new, SLICE("varchar"));
    int64_t length = modifier - 4;
    if (text && sizes[0] < 0)
    {
        return true;
    }
    if (slice_equal(old, new))
    {
        bool numeric = slice_equal(old, SLICE("numeric"));
        int64_t digits = (length >> 16) & 0xffff, scale = length & 0xffff, to_scale = sizes[1] < 0 ? 0 : sizes[1];
        if (sizes[0] < 0)
        {
            return true;
        }
        return modifier >= 0 &&
               (numeric ? to_scale >= scale && sizes[0] - to_scale >= digits - scale : text && sizes[0] >= length);
    }
    for (size_t i = 0; i < sizeof loss_wider / sizeof loss_wider[0] && sizes[0] < 0; i++)
    {
        if (slice_equal(old, slice_of(loss_wider[i].from)) && slice_equal(new, slice_of(loss_wider[i].to)))
        {
            return true;
        }
    }
    return false;
}

/* No expression, or only a cast of the column to the new type, perhaps by way of its text: that fails, or loses nothing more
   than the server's own conversion. */
static bool loss_is_plain(arena *a, slice expression, slice column, slice type)
{
    pg_lexer lexer = {.text = expression};
    pg_token token;
    pg_lexer_next(&lexer, &token);
    if (token.kind != PG_WORD && token.kind != PG_NAME)
    {
        return token.kind == PG_END;
    }
    slice name = pg_lexer_name(a, &token);
    bool plain = name.data != NULL && slice_equal(name, column);
    while (plain)
    {
        pg_lexer_next(&lexer, &token);
        if (!pg_lexer_is_symbol(&token, ':'))
        {
            return false;
        }
        pg_lexer_next(&lexer, &token);
        slice rest = slice_trim(slice_sub(expression, lexer.at, expression.len));
        pg_lexer_next(&lexer, &token);
        if (slice_equal_nocase(rest, type))
        {
            return true;
        }
        plain = pg_lexer_is(&token, "TEXT");
    }
    return false;
}

/* False: nothing is lost. */
static bool loss_judge_type(arena *a, const suspect *s, const amend_row *row, loss *l)
{
    slice old = slice_of(row->values[6]), new = slice_of(row->values[8]), type = slice_trim(s->deed->value);
    bool plain = loss_is_plain(a, s->deed->expression, s->deed->column, type);
    int64_t sizes[2];
    l->kind = LOSS_PRECISION;
    l->type = type;
    l->expression = s->deed->expression;
    l->comparable = row->values[10][0] == '1';
    if (row->values[8] == NULL)
    {
        l->measure = LOSS_AT_MOST; /* the type is made by the same run: nothing can be tried with it */
        return !plain;
    }
    loss_sizes(type, sizes);
    return !plain || (row->values[9][0] != 'e' && !loss_widens(old, atoll(row->values[7]), new, sizes));
}

/* ------------------------------------------------------------------------------------------------------------- what is found
 */

static slice loss_keep(arena *a, const char *text, bool *failed)
{
    slice kept = slice_of(arena_string(a, text));
    *failed |= text != NULL && kept.data == NULL;
    return text == NULL ? SLICE("") : kept;
}

/* False: nothing is lost. */
static bool loss_fill(arena *a, const suspect *s, const amend_row *row, loss *l)
{
    bool large = row->values[4] != NULL && strtod(row->values[4], NULL) >= PG_LOSS_LARGE;
    switch (s->deed->kind)
    {
    case DEED_DROP_TYPE:
    case DEED_DROP_COLUMN:
        l->kind = LOSS_COLUMN;
        break;
    case DEED_EMPTY:
        l->kind = LOSS_ROWS;
        break;
    case DEED_SET:
        l->kind = LOSS_VALUES;
        l->type = s->deed->value;
        break;
    case DEED_RETYPE:
        if (!loss_judge_type(a, s, row, l))
        {
            return false;
        }
        break;
    case DEED_DROP_DATABASE:
    case DEED_UNCLEAR:
        l->kind = LOSS_UNCLEAR;
        l->measure = LOSS_UNKNOWN;
        l->expression = s->deed->value;
        break;
    default:
        l->kind = LOSS_TABLE;
    }
    if (large)
    {
        l->rows = (int64_t)strtod(row->values[4], NULL);
        l->measure = LOSS_ABOUT;
    }
    return true;
}

amend_status pg_loss_found(arena *a, const suspect *suspects, const amend_row *row, loss_list *out, amend_error *error)
{
    const suspect *s = &suspects[strtoull(row->values[0], NULL, 10)];
    bool failed = false;
    loss l = {.of = s,
              .schema = loss_keep(a, row->values[1], &failed),
              .table = loss_keep(a, row->values[2], &failed),
              .column = loss_keep(a, row->values[3], &failed),
              .old_type = loss_keep(a, row->values[5], &failed)};
    if (failed || !loss_fill(a, s, row, &l))
    {
        return failed ? error_memory(error) : AMEND_OK;
    }
    loss *grown = arena_grow(a, out->items, out->count, sizeof *grown);
    if (grown == NULL)
    {
        return error_memory(error);
    }
    out->items = grown;
    out->items[out->count++] = l;
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------- counting */

/* Types without a comparison: of these the texts are compared. */
static bool loss_lacks_equality(slice type)
{
    static const char *const types[] = {"json", "xml", "point", "polygon", "line", "path", "box", "circle"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    {
        if (slice_equal(type, slice_of(types[i])))
        {
            return true;
        }
    }
    return false;
}

static void loss_add_different(buf *out, const loss *l)
{
    bool text = !l->comparable || loss_lacks_equality(l->old_type);
    buf_text(out, "(((");
    if (l->expression.len > 0)
    {
        buf_add(out, l->expression);
    }
    else
    {
        pg_text_name(out, l->column);
    }
    buf_text(out, "\n)::");
    buf_add(out, l->type);
    buf_char(out, ')');
    if (l->comparable)
    {
        buf_text(out, "::");
        buf_add(out, l->old_type);
    }
    buf_text(out, text ? ")::pg_catalog.text IS DISTINCT FROM " : ") IS DISTINCT FROM ");
    pg_text_name(out, l->column);
    buf_text(out, text ? "::pg_catalog.text" : "");
}

unsigned pg_loss_count(buf *out, const loss *l)
{
    bool values = l->kind == LOSS_COLUMN || l->kind == LOSS_VALUES || l->kind == LOSS_PRECISION;
    buf_text(out, "SELECT pg_catalog.count(");
    if (values)
    {
        pg_text_name(out, l->column);
    }
    buf_text(out, values ? ") FROM " : "*) FROM ");
    pg_text_name(out, l->schema);
    buf_char(out, '.');
    pg_text_name(out, l->table);
    if (l->kind == LOSS_VALUES)
    {
        buf_text(out, " WHERE ");
        pg_text_name(out, l->column);
        buf_text(out, "::pg_catalog.text IS DISTINCT FROM ((");
        buf_add(out, l->type);
        buf_text(out, ")::");
        buf_add(out, l->old_type);
        buf_text(out, ")::pg_catalog.text");
    }
    else if (l->kind == LOSS_PRECISION && l->measure == LOSS_EXACT)
    {
        buf_text(out, " WHERE ");
        loss_add_different(out, l);
    }
    buf_text(out, ";\n");
    return 1;
}
