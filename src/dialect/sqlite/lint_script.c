/* SPDX-License-Identifier: MIT */
/* The rules about what is dropped, written, set, and about double-quoted strings. */
#include "dialect/sqlite/lint_rules.h"

/* ---------------------------------------------------------------------------------------------------------------- drops */

/* A table is built anew: its indexes went with the old one, and must be made again. */
static void sqlint_lost_indexes(sqlint_look *l, slice table)
{
    const findings *f = &l->subject->script->found;
    for (size_t i = 0; i < l->memory->index_count; i++)
    {
        const sqlint_index *x = &l->memory->indexes[i];
        bool back = x->gone || !slice_equal_nocase(x->table, table);
        for (size_t k = 0; k < f->change_count && !back; k++)
        {
            const change *c = &f->changes[k];
            bool index = c->object == AMEND_OBJECT_INDEX && slice_equal_nocase(c->name, x->name);
            back = index && (c->kind == CHANGE_ADD ? c->statement > l->statement : c->statement < l->statement);
        }
        if (!back)
        {
            lint_add(l->arena, l->out, LINT_REBUILD_LOSES, l->statement, 0, x->name,
                     "index \"%.*s\" goes with the old \"%.*s\" and is not made again", (int)x->name.len, x->name.data,
                     (int)table.len, table.data);
        }
    }
}

/* Rows of tables that refer to it, with foreign keys on, are deleted first. */
static void sqlint_dropped_parent(sqlint_look *l, slice table)
{
    const findings *f = &l->subject->script->found;
    for (size_t i = 0; i < l->memory->table_count; i++)
    {
        const sqlint_table *t = &l->memory->tables[i];
        bool refers = false, dropped = t->gone || slice_equal_nocase(t->name, table);
        for (size_t k = 0; k < t->reference_count && !dropped; k++)
        {
            refers |= slice_equal_nocase(t->references[k].parent, table);
        }
        for (size_t k = 0; k < f->change_count && refers; k++)
        {
            const change *c = &f->changes[k];
            dropped |= c->kind == CHANGE_DROP && c->object == AMEND_OBJECT_TABLE && slice_equal_nocase(c->name, t->name);
        }
        if (refers && !dropped)
        {
            lint_add(l->arena, l->out, LINT_DROP_PARENT, l->statement, 0, t->name, "\"%.*s\" refers to \"%.*s\"",
                     (int)t->name.len, t->name.data, (int)table.len, table.data);
        }
    }
}

void sqlint_rule_drop(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    bool table = sqlint_is(w, 1, "TABLE"), exists = sqlint_is(w, 2, "IF");
    slice name = sqlint_name(w, sqlint_last_name(w, exists ? 4 : 2));
    bool rebuilt = table && sqlint_comes_back(l, name);
    if (l->subject->down && !exists && !rebuilt && !sqlint_is_new(l, name))
    {
        lint_add(l->arena, l->out, LINT_DOWN_IF_EXISTS, l->statement, 0, name, "\"%.*s\" is dropped without IF EXISTS",
                 (int)name.len, name.data);
    }
    if (rebuilt)
    {
        sqlint_lost_indexes(l, name);
    }
    else if (table)
    {
        sqlint_dropped_parent(l, name);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

void sqlint_rule_insert(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    size_t i = 0;
    while (i < w->count && !sqlint_is(w, i, "INTO"))
    {
        i++;
    }
    size_t table = sqlint_last_name(w, i + 1), select = table + 1;
    bool star = sqlint_is(w, select, "SELECT") && sqlint_kind(w, select + 1, SQLITE_TOKEN_OTHER) &&
                w->text.data[w->items[select + 1].start] == '*';
    if (star)
    {
        slice name = sqlint_name(w, table);
        lint_add(l->arena, l->out, LINT_SELECT_STAR, l->statement, 0, name, "the columns of \"%.*s\" are filled by their order",
                 (int)name.len, name.data);
    }
}

void sqlint_rule_delete(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    size_t table = sqlint_last_name(w, 2);
    slice name = sqlint_name(w, table);
    if (l->subject->down || l->subject->destructive || sqlint_is_new(l, name))
    {
        return;
    }
    for (size_t i = table; i < w->count; i++)
    {
        if (sqlint_is(w, i, "WHERE") || sqlint_is(w, i, "LIMIT"))
        {
            return;
        }
    }
    lint_add(l->arena, l->out, LINT_DESTRUCTIVE, l->statement, 0, name, "all rows of \"%.*s\" are deleted", (int)name.len,
             name.data);
}

/* ------------------------------------------------------------------------------------------------------------- settings */

/* foreign_keys that is switched on again behind a rebuild is a pair, and amend's own business. */
static bool sqlint_switched_before(const sqlint_look *l)
{
    const script *s = &l->subject->script->script;
    for (size_t i = 0; i < s->count; i++)
    {
        if (i != l->statement && (s->stmts[i].flags & STMT_SETTING) != 0 &&
            slice_equal_nocase(s->stmts[i].object, SLICE("foreign_keys")))
        {
            return true;
        }
    }
    return false;
}

void sqlint_rule_pragma(sqlint_look *l)
{
    static const char *const fleeting[] = {
        "foreign_keys", "recursive_triggers", "case_sensitive_like", "cache_size",    "synchronous",  "busy_timeout",
        "temp_store",   "mmap_size",          "wal_autocheckpoint",  "secure_delete", "locking_mode", "journal_size_limit"};
    const sqlint_words *w = &l->words;
    size_t i = sqlint_last_name(w, 1);
    slice name = sqlint_name(w, i);
    if (!sqlint_kind(w, i + 1, SQLITE_TOKEN_EQUALS) && !sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN))
    {
        return;
    }
    if (slice_equal_nocase(name, SLICE("writable_schema")))
    {
        lint_add(l->arena, l->out, LINT_WRITABLE_SCHEMA, l->statement, 0, name, "the schema table is opened for writing");
    }
    bool off = sqlint_is(w, i + 2, "OFF") || sqlint_is(w, i + 2, "FALSE") ||
               (sqlint_kind(w, i + 2, SQLITE_TOKEN_NUMBER) && w->text.data[w->items[i + 2].start] == '0');
    if (slice_equal_nocase(name, SLICE("foreign_keys")) && (off || sqlint_switched_before(l)))
    {
        return;
    }
    for (size_t k = 0; k < sizeof fleeting / sizeof fleeting[0]; k++)
    {
        if (slice_equal_nocase(name, slice_of(fleeting[k])))
        {
            lint_add(l->arena, l->out, LINT_CONNECTION_PRAGMA, l->statement, 0, name,
                     "%s holds for the migration's own connection only", fleeting[k]);
        }
    }
}

void sqlint_rule_vacuum(sqlint_look *l)
{
    lint_add(l->arena, l->out, LINT_VACUUM, l->statement, 0, (slice){"", 0}, "VACUUM writes the whole file anew");
}

/* -------------------------------------------------------------------------------------------------- double-quoted strings */

static void sqlint_string(sqlint_look *l, size_t i)
{
    const sqlite_token *t = &l->words.items[i];
    slice written = slice_sub(l->words.text, t->start, t->end);
    lint_add(l->arena, l->out, LINT_DOUBLE_QUOTED, l->statement, t->start, sqlint_name(&l->words, i),
             "%.*s is taken for a string", (int)written.len, written.data);
}

static bool sqlint_double_quoted(const sqlint_words *w, size_t i)
{
    return sqlint_kind(w, i, SQLITE_TOKEN_QUOTED) && w->text.data[w->items[i].start] == '"';
}

/* The double-quoted words between the parentheses at `i` that are no column of the table, and followed by no dot or call. */
static void sqlint_strings_in(sqlint_look *l, size_t i, const sqlint_table *t)
{
    const sqlint_words *w = &l->words;
    size_t behind = sqlint_behind(w, i);
    for (size_t k = i + 1; k < behind; k++)
    {
        bool name = sqlint_kind(w, k + 1, SQLITE_TOKEN_DOT) || sqlint_kind(w, k + 1, SQLITE_TOKEN_OPEN) ||
                    sqlint_kind(w, k - 1, SQLITE_TOKEN_DOT) || sqlint_is(w, k - 1, "COLLATE") || sqlint_is(w, k - 1, "AS");
        for (size_t c = 0; t != NULL && c < t->column_count && !name; c++)
        {
            name = slice_equal_nocase(t->columns[c].name, sqlint_name(w, k));
        }
        if (sqlint_double_quoted(w, k) && !name)
        {
            sqlint_string(l, k);
        }
    }
}

static bool sqlint_has_select(const sqlint_words *w, size_t i)
{
    for (size_t k = i, behind = sqlint_behind(w, i); k < behind; k++)
    {
        if (sqlint_is(w, k, "SELECT"))
        {
            return true;
        }
    }
    return false;
}

static void sqlint_strings_of_index(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    size_t i = 1;
    while (i < w->count && !sqlint_is(w, i, "ON"))
    {
        i++;
    }
    const sqlint_table *t = sqlint_find_table(l->memory, sqlint_name(w, i + 1));
    if (t != NULL && !t->opaque && sqlint_kind(w, i + 2, SQLITE_TOKEN_OPEN))
    {
        sqlint_strings_in(l, i + 2, t);
    }
}

/* Only where a name can't be meant: DEFAULT, VALUES without a query, CHECK and indexes over no such column. */
void sqlint_rule_strings(sqlint_look *l)
{
    const sqlint_words *w = &l->words;
    bool trigger = sqlite_begins_trigger(w->text, w->items[0]), view = sqlint_is(w, 1, "VIEW");
    if (trigger || view)
    {
        return;
    }
    bool table = sqlint_is(w, 0, "ALTER") || sqlint_is(w, 1, "TABLE") || sqlint_is(w, 2, "TABLE");
    const sqlint_table *made = NULL;
    if (table)
    {
        size_t name = sqlint_is(w, 0, "ALTER") || sqlint_is(w, 1, "TABLE") ? 2 : 3;
        made = sqlint_find_table(l->memory, sqlint_name(w, sqlint_last_name(w, name + (sqlint_is(w, name, "IF") ? 3 : 0))));
    }
    else if (sqlint_is(w, 0, "CREATE"))
    {
        sqlint_strings_of_index(l);
        return;
    }
    for (size_t i = 1; i < w->count; i++)
    {
        bool values = !table && sqlint_is(w, i, "VALUES"), check = table && made != NULL && sqlint_is(w, i, "CHECK");
        if (table && sqlint_is(w, i, "DEFAULT") && sqlint_double_quoted(w, i + 1))
        {
            sqlint_string(l, i + 1);
        }
        bool open = values || (check && sqlint_kind(w, i + 1, SQLITE_TOKEN_OPEN));
        for (size_t k = i + 1; open && sqlint_kind(w, k, SQLITE_TOKEN_OPEN); k = sqlint_behind(w, k) + 1)
        {
            if (!sqlint_has_select(w, k))
            {
                sqlint_strings_in(l, k, check ? made : NULL);
            }
            open = values && sqlint_comma(w, sqlint_behind(w, k));
        }
    }
}
