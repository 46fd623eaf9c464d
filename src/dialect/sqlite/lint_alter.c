/* SPDX-License-Identifier: MIT */
/* The rules about ALTER TABLE: what SQLite refuses, always or as soon as there is a row (lang_altertable.html). */
#include "dialect/sqlite/lint_rules.h"

typedef struct sqlint_added
{
    size_t name, end; /* its words */
    bool not_null, has_default, moving, stored, generated;
    size_t primary, unique; /* the word; 0: none */
} sqlint_added;

static sqlint_added sqlint_read_added(const sqlint_words *w, size_t name)
{
    sqlint_added a = {.name = name, .end = w->count};
    for (size_t i = name + 1; i < w->count; i++)
    {
        a.not_null |= sqlint_is(w, i, "NOT") && sqlint_is(w, i + 1, "NULL");
        a.primary = sqlint_is(w, i, "PRIMARY") ? i : a.primary;
        a.unique = sqlint_is(w, i, "UNIQUE") ? i : a.unique;
        a.stored |= sqlint_is(w, i, "STORED");
        a.generated |= sqlint_is(w, i, "AS");
        if (sqlint_is(w, i, "DEFAULT"))
        {
            a.has_default = !sqlint_is(w, i + 1, "NULL");
            a.moving = sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN) || sqlint_is(w, i + 1, "CURRENT_TIMESTAMP") ||
                       sqlint_is(w, i + 1, "CURRENT_DATE") || sqlint_is(w, i + 1, "CURRENT_TIME");
        }
        i = sqlint_kind(w, i, SQLITE_TOKEN_OPEN) ? sqlint_behind(w, i) - 1 : i;
    }
    return a;
}

static void sqlint_add_refused(sqlint_look *l, size_t i, slice column, const char *what)
{
    lint_add(l->arena, l->out, LINT_ADD_COLUMN_REFUSED, l->statement, sqlint_offset(l, i), column,
             "column \"%.*s\" can't be added %s", (int)column.len, column.data, what);
}

static void sqlint_alter_add(sqlint_look *l, slice table, size_t name)
{
    sqlint_added a = sqlint_read_added(&l->words, name);
    slice column = sqlint_name(&l->words, name);
    bool free = sqlint_is_new(l, table);
    if (a.primary > 0 || a.unique > 0)
    {
        sqlint_add_refused(l, a.primary > 0 ? a.primary : a.unique, column, a.primary > 0 ? "as PRIMARY KEY" : "as UNIQUE");
    }
    if (a.moving && !free)
    {
        sqlint_add_refused(l, name, column, "with a default that is not constant: SQLite refuses it when the table has a row");
    }
    if (a.stored && !free)
    {
        sqlint_add_refused(l, name, column, "as STORED: SQLite refuses it when the table has a row");
    }
    if (a.not_null && !a.has_default && !a.generated && !free)
    {
        lint_add(l->arena, l->out, LINT_NOT_NULL_COLUMN, l->statement, sqlint_offset(l, name), column,
                 "column \"%.*s\" of \"%.*s\" is NOT NULL and has no default", (int)column.len, column.data, (int)table.len,
                 table.data);
    }
}

static const sqlint_column *sqlint_column_of(const sqlint_table *t, slice name)
{
    for (size_t i = 0; t != NULL && i < t->column_count; i++)
    {
        if (slice_equal_nocase(t->columns[i].name, name))
        {
            return &t->columns[i];
        }
    }
    return NULL;
}

static bool sqlint_names_column(const sqlite_names *names, slice column)
{
    for (size_t i = 0; i < names->count; i++)
    {
        if (slice_equal_nocase(names->names[i], column))
        {
            return true;
        }
    }
    return false;
}

/* What keeps the column from being dropped; NULL when nothing is known to. */
static const char *sqlint_drop_obstacle(const sqlint_look *l, const sqlint_table *t, slice column)
{
    const sqlint_column *c = sqlint_column_of(t, column);
    if (c == NULL)
    {
        return NULL;
    }
    for (size_t i = 0; i < t->key_count; i++)
    {
        if (sqlint_names_column(&t->keys[i], column))
        {
            return i == 0 && t->has_primary ? "it is of the primary key" : "it is UNIQUE";
        }
    }
    for (size_t i = 0; i < l->memory->index_count; i++)
    {
        const sqlint_index *x = &l->memory->indexes[i];
        if (!x->gone && slice_equal_nocase(x->table, t->name) && sqlint_names_column(&x->columns, column))
        {
            return "an index has it: drop that first";
        }
    }
    return NULL;
}

static void sqlint_alter_drop(sqlint_look *l, slice table, size_t name)
{
    slice column = sqlint_name(&l->words, name);
    const sqlint_table *t = sqlint_find_table(l->memory, table);
    const char *obstacle = sqlint_drop_obstacle(l, t, column);
    if (obstacle != NULL)
    {
        lint_add(l->arena, l->out, LINT_DROP_COLUMN_REFUSED, l->statement, sqlint_offset(l, name), column,
                 "column \"%.*s\" of \"%.*s\" can't be dropped: %s", (int)column.len, column.data, (int)table.len, table.data,
                 obstacle);
    }
}

void sqlint_rule_alter(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    if (!sqlint_is(w, 1, "TABLE"))
    {
        return;
    }
    size_t table = sqlint_last_name(w, 2);
    const char *wrong = sqlint_unsupported(w);
    if (wrong != NULL)
    {
        lint_add(l->arena, l->out, LINT_ALTER_UNSUPPORTED, l->statement, 0, sqlint_name(w, table), "%s", wrong);
        return;
    }
    size_t name = table + 2 + sqlint_is(w, table + 2, "COLUMN");
    if (sqlint_is(w, table + 1, "ADD"))
    {
        sqlint_alter_add(l, sqlint_name(w, table), name);
    }
    else if (sqlint_is(w, table + 1, "DROP"))
    {
        sqlint_alter_drop(l, sqlint_name(w, table), name);
    }
}

/* ALTER TABLE t RENAME TO old; CREATE TABLE t …: what refers to t follows it to the old one. */
void sqlint_rule_rename_away(sqlint_look *l)
{
    const findings *f = &l->subject->script->found;
    for (size_t i = 0; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        if (c->kind != CHANGE_RENAME || c->object != AMEND_OBJECT_TABLE || c->statement != l->statement ||
            sqlint_is_new(l, c->name))
        {
            continue;
        }
        for (size_t k = i + 1; k < f->change_count; k++)
        {
            const change *d = &f->changes[k];
            if (d->kind == CHANGE_ADD && d->object == AMEND_OBJECT_TABLE && slice_equal_nocase(d->name, c->name))
            {
                lint_add(l->arena, l->out, LINT_REBUILD_BY_RENAME, l->statement, 0, c->name,
                         "what refers to \"%.*s\" will refer to \"%.*s\"", (int)c->name.len, c->name.data, (int)c->to.len,
                         c->to.data);
                return;
            }
        }
    }
}
