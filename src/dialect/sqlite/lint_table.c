/* SPDX-License-Identifier: MIT */
/* The rules about CREATE TABLE, and about what its columns refer to. */
#include "dialect/sqlite/lint_rules.h"

#include <sqlite3.h>

static bool sqlint_type_is(slice type, const char *name)
{
    size_t length = 0;
    while (length < type.len && type.data[length] != '(' && type.data[length] != ' ')
    {
        length++;
    }
    return slice_equal_nocase(slice_sub(type, 0, length), slice_of(name));
}

static bool sqlint_type_in(slice type, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (sqlint_type_is(type, names[i]))
        {
            return true;
        }
    }
    return false;
}

/* A name that only its quotes make one. */
static void sqlint_reserved(sqlint_look *l, size_t i, const char *what)
{
    slice name = sqlint_name(&l->words, i);
    if (sqlint_kind(&l->words, i, SQLITE_TOKEN_QUOTED) && name.len > 0 && name.len < 100 &&
        sqlite3_keyword_check(name.data, (int)name.len) != 0)
    {
        lint_add(l->arena, l->out, LINT_RESERVED_NAME, l->statement, sqlint_offset(l, i), name,
                 "%s \"%.*s\" has the name of a word of SQL", what, (int)name.len, name.data);
    }
}

static void sqlint_column_type(sqlint_look *l, const sqlint_table *t, const sqlint_column *c)
{
    static const char *const sized[] = {"VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "CHARACTER", "DECIMAL", "NUMERIC"};
    size_t at = sqlint_offset(l, c->type_at);
    int type = (int)c->type.len, name = (int)c->name.len;
    if (t->strict)
    {
        return;
    }
    if (c->type.len > 0 && c->type.data[c->type.len - 1] == ')' &&
        sqlint_type_in(c->type, sized, sizeof sized / sizeof sized[0]))
    {
        lint_add(l->arena, l->out, LINT_TYPE_LENGTH, l->statement, at, c->name,
                 "SQLite does not enforce the limit of \"%.*s\" %.*s", name, c->name.data, type, c->type.data);
    }
    if (sqlint_type_is(c->type, "STRING"))
    {
        lint_add(l->arena, l->out, LINT_STRING_TYPE, l->statement, at, c->name, "\"%.*s\" %.*s turns '007' into 7", name,
                 c->name.data, type, c->type.data);
    }
}

static void sqlint_column_key(sqlint_look *l, const sqlint_table *t, const sqlint_column *c)
{
    static const char *const integers[] = {"INT", "BIGINT", "SMALLINT", "INT2", "INT4", "INT8", "MEDIUMINT", "TINYINT"};
    size_t at = sqlint_offset(l, c->first);
    int name = (int)c->name.len;
    if (c->autoincrement)
    {
        lint_add(l->arena, l->out, LINT_AUTOINCREMENT, l->statement, at, c->name, "\"%.*s\" counts without AUTOINCREMENT, too",
                 name, c->name.data);
    }
    if (!c->primary_key || t->without_rowid || c->not_null || t->strict)
    {
        return;
    }
    if (sqlint_type_in(c->type, integers, sizeof integers / sizeof integers[0]))
    {
        lint_add(l->arena, l->out, LINT_INT_PRIMARY_KEY, l->statement, at, c->name,
                 "\"%.*s\" %.*s PRIMARY KEY is no row number: without a value it is NULL", name, c->name.data, (int)c->type.len,
                 c->type.data);
    }
    else if (!slice_equal_nocase(c->type, SLICE("INTEGER")))
    {
        lint_add(l->arena, l->out, LINT_NULLABLE_KEY, l->statement, at, c->name, "the primary key \"%.*s\" may be NULL", name,
                 c->name.data);
    }
}

void sqlint_rule_table(sqlint_look *l)
{
    sqlint_table t;
    size_t name = 0;
    while (name < l->words.count && !sqlint_is(&l->words, name, "TABLE"))
    {
        name++;
    }
    bool temporary = sqlint_is(&l->words, 1, "TEMP") || sqlint_is(&l->words, 1, "TEMPORARY");
    if (name > 2 || name == l->words.count)
    {
        return;
    }
    if (!sqlint_read_table(l->arena, &l->words, &t))
    {
        l->failed = true;
        return;
    }
    if (temporary || t.opaque)
    {
        return;
    }
    name = sqlint_last_name(&l->words, name + (sqlint_is(&l->words, name + 1, "IF") ? 4 : 1));
    sqlint_reserved(l, name, "table");
    if (!t.strict)
    {
        lint_add(l->arena, l->out, LINT_NOT_STRICT, l->statement, 0, t.name, "table \"%.*s\" takes any value in any column",
                 (int)t.name.len, t.name.data);
    }
    for (size_t i = 0; i < t.column_count; i++)
    {
        sqlint_reserved(l, t.columns[i].first, "column");
        sqlint_column_type(l, &t, &t.columns[i]);
        sqlint_column_key(l, &t, &t.columns[i]);
    }
}

/* ---------------------------------------------------------------------------------------------------------- references */

static void sqlint_reference_target(sqlint_look *l, const sqlint_table *t, const sqlint_reference *r)
{
    const sqlint_table *parent = sqlint_find_table(l->memory, r->parent);
    if (parent == NULL || parent->opaque)
    {
        return;
    }
    bool fits = r->keys.count == 0 ? parent->has_primary && parent->keys[0].count == r->columns.count
                                   : sqlint_is_key(l->memory, parent, &r->keys);
    if (!fits)
    {
        slice key = r->keys.count == 0 ? (slice){"its primary key", 15} : r->keys.names[0];
        lint_add(l->arena, l->out, LINT_REFERENCE_TARGET, r->statement, r->at, t->name,
                 "\"%.*s\" refers to \"%.*s\" by %.*s, which is not unique there", (int)t->name.len, t->name.data,
                 (int)r->parent.len, r->parent.data, (int)key.len, key.data);
    }
}

void sqlint_rule_references(sqlint_look *l)
{
    for (size_t i = 0; i < l->memory->table_count; i++)
    {
        const sqlint_table *t = &l->memory->tables[i];
        for (size_t k = 0; k < t->reference_count && !t->gone; k++)
        {
            const sqlint_reference *r = &t->references[k];
            if (!r->fresh || r->parent.len == 0 || r->columns.count == 0)
            {
                continue;
            }
            sqlint_reference_target(l, t, r);
            if (!sqlint_is_indexed(l->memory, t, &r->columns))
            {
                slice column = r->columns.names[0];
                lint_add(l->arena, l->out, LINT_REFERENCE_INDEX, r->statement, r->at, t->name,
                         "no index of \"%.*s\" begins with \"%.*s\", which refers to \"%.*s\"", (int)t->name.len, t->name.data,
                         (int)column.len, column.data, (int)r->parent.len, r->parent.data);
            }
        }
    }
}
