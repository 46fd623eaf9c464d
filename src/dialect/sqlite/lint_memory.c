/* SPDX-License-Identifier: MIT */
/* What was read is copied word by word into the memory's arena: the script's text does not live as long. */
#include "dialect/sqlite/lint_parse.h"

sqlint_table *sqlint_find_table(const sqlint_memory *m, slice name)
{
    for (size_t i = m->table_count; i > 0; i--)
    {
        sqlint_table *t = &m->tables[i - 1];
        if (!t->gone && slice_equal_nocase(t->name, name))
        {
            return t;
        }
    }
    return NULL;
}

static bool sqlint_has(const sqlite_names *names, slice name)
{
    for (size_t i = 0; i < names->count; i++)
    {
        if (slice_equal_nocase(names->names[i], name))
        {
            return true;
        }
    }
    return false;
}

/* Are these the first columns of the key, in any order? */
static bool sqlint_begins(const sqlite_names *key, const sqlite_names *columns)
{
    sqlite_names first = {key->names, columns->count};
    bool all = key->count >= columns->count;
    for (size_t i = 0; i < columns->count && all; i++)
    {
        all = sqlint_has(&first, columns->names[i]);
    }
    return all;
}

bool sqlint_is_key(const sqlint_memory *m, const sqlint_table *t, const sqlite_names *columns)
{
    for (size_t i = 0; i < t->key_count; i++)
    {
        if (t->keys[i].count == columns->count && sqlint_begins(&t->keys[i], columns))
        {
            return true;
        }
    }
    for (size_t i = 0; i < m->index_count; i++)
    {
        const sqlint_index *x = &m->indexes[i];
        if (!x->gone && x->unique && !x->partial && slice_equal_nocase(x->table, t->name) &&
            x->columns.count == columns->count && sqlint_begins(&x->columns, columns))
        {
            return true;
        }
    }
    return false;
}

bool sqlint_is_indexed(const sqlint_memory *m, const sqlint_table *t, const sqlite_names *columns)
{
    for (size_t i = 0; i < t->key_count; i++)
    {
        if (sqlint_begins(&t->keys[i], columns))
        {
            return true;
        }
    }
    for (size_t i = 0; i < m->index_count; i++)
    {
        const sqlint_index *x = &m->indexes[i];
        if (!x->gone && slice_equal_nocase(x->table, t->name) && sqlint_begins(&x->columns, columns))
        {
            return true;
        }
    }
    return false;
}

/* The statement as words of a text that lives as long as the memory. */
static bool sqlint_keep_words(sqlint_memory *m, const script *s, size_t statement, sqlint_words *out)
{
    const stmt *from = &s->stmts[statement];
    char *copy = arena_copy(m->arena, slice_sub(s->text, from->start, from->end));
    stmt one = {.start = 0, .end = from->end - from->start};
    script kept = {.text = {copy, one.end}, .stmts = &one, .count = 1};
    return copy != NULL && sqlint_read_words(m->arena, &kept, 0, out);
}

static bool sqlint_add_table(sqlint_memory *m, const script *s, size_t statement)
{
    sqlint_words w;
    sqlint_table *list = arena_grow(m->arena, m->tables, m->table_count, sizeof *list);
    if (list == NULL || !sqlint_keep_words(m, s, statement, &w))
    {
        return false;
    }
    m->tables = list;
    sqlint_table *t = &list[m->table_count];
    if (!sqlint_read_table(m->arena, &w, t))
    {
        return false;
    }
    size_t start = s->stmts[statement].start;
    for (size_t i = 0; i < t->reference_count; i++)
    {
        t->references[i].at += start;
        t->references[i].statement = statement;
        t->references[i].fresh = true;
    }
    m->table_count += sqlint_find_table(m, t->name) == NULL; /* IF NOT EXISTS: the old one stays */
    return true;
}

static bool sqlint_add_index(sqlint_memory *m, const script *s, size_t statement)
{
    sqlint_words w;
    bool failed = false;
    sqlint_index *list = arena_grow(m->arena, m->indexes, m->index_count, sizeof *list);
    if (list == NULL || !sqlint_keep_words(m, s, statement, &w))
    {
        return false;
    }
    m->indexes = list;
    size_t i = 1, behind;
    bool unique = sqlint_is(&w, i, "UNIQUE");
    i += 1 + unique;
    i += sqlint_is(&w, i, "IF") ? 3 : 0;
    i = sqlint_last_name(&w, i);
    sqlint_index *x = &list[m->index_count++];
    *x = (sqlint_index){.name = sqlint_name(&w, i), .table = sqlint_name(&w, i + 2), .unique = unique};
    x->columns = sqlint_names_at(&w, i + 3, &behind, &failed);
    x->partial = sqlint_is(&w, behind, "WHERE");
    return !failed;
}

static void sqlint_drop(sqlint_memory *m, const sqlint_words *w)
{
    size_t i = sqlint_last_name(w, sqlint_is(w, 2, "IF") ? 4 : 2);
    slice name = sqlint_name(w, i);
    sqlint_table *t = sqlint_is(w, 1, "TABLE") ? sqlint_find_table(m, name) : NULL;
    if (t != NULL)
    {
        t->gone = true;
    }
    for (size_t k = 0; k < m->index_count; k++)
    {
        sqlint_index *x = &m->indexes[k];
        x->gone |= (t != NULL && slice_equal_nocase(x->table, t->name)) ||
                   (sqlint_is(w, 1, "INDEX") && slice_equal_nocase(x->name, name));
    }
}

/* ADD of a column; its words begin at `i`. */
static bool sqlint_add_column(sqlint_memory *m, const script *s, size_t statement, sqlint_table *t, size_t i)
{
    sqlint_words w;
    bool failed = false;
    size_t before = t->reference_count;
    if (!sqlint_keep_words(m, s, statement, &w))
    {
        return false;
    }
    sqlint_read_column(m->arena, &w, i, w.count, t, &failed);
    for (size_t k = before; k < t->reference_count; k++)
    {
        t->references[k].at += s->stmts[statement].start;
        t->references[k].statement = statement;
        t->references[k].fresh = true;
    }
    return !failed;
}

static void sqlint_drop_column(sqlint_table *t, slice name)
{
    for (size_t i = 0; i < t->column_count; i++)
    {
        if (slice_equal_nocase(t->columns[i].name, name))
        {
            t->columns[i].name = (slice){"", 0};
        }
    }
    for (size_t i = 0; i < t->reference_count; i++)
    {
        t->references[i].parent = sqlint_has(&t->references[i].columns, name) ? (slice){"", 0} : t->references[i].parent;
    }
}

static void sqlint_rename_in(sqlite_names *names, slice from, slice to)
{
    for (size_t i = 0; i < names->count; i++)
    {
        names->names[i] = slice_equal_nocase(names->names[i], from) ? to : names->names[i];
    }
}

static void sqlint_rename_column(sqlint_memory *m, sqlint_table *t, slice from, slice to)
{
    for (size_t i = 0; i < t->column_count; i++)
    {
        t->columns[i].name = slice_equal_nocase(t->columns[i].name, from) ? to : t->columns[i].name;
    }
    for (size_t i = 0; i < t->key_count; i++)
    {
        sqlint_rename_in(&t->keys[i], from, to);
    }
    for (size_t i = 0; i < t->reference_count; i++)
    {
        sqlint_rename_in(&t->references[i].columns, from, to);
    }
    for (size_t i = 0; i < m->index_count; i++)
    {
        if (slice_equal_nocase(m->indexes[i].table, t->name))
        {
            sqlint_rename_in(&m->indexes[i].columns, from, to);
        }
    }
}

/* SQLite changes the references to it, too. */
static void sqlint_rename_table(sqlint_memory *m, sqlint_table *t, slice to)
{
    for (size_t i = 0; i < m->index_count; i++)
    {
        m->indexes[i].table = slice_equal_nocase(m->indexes[i].table, t->name) ? to : m->indexes[i].table;
    }
    for (size_t i = 0; i < m->table_count; i++)
    {
        for (size_t k = 0; k < m->tables[i].reference_count; k++)
        {
            sqlint_reference *r = &m->tables[i].references[k];
            r->parent = slice_equal_nocase(r->parent, t->name) ? to : r->parent;
        }
    }
    t->name = to;
}

static slice sqlint_keep(sqlint_memory *m, slice name, bool *failed)
{
    char *copy = arena_copy(m->arena, name);
    *failed |= copy == NULL;
    return (slice){copy == NULL ? "" : copy, copy == NULL ? 0 : name.len};
}

static bool sqlint_alter(sqlint_memory *m, const sqlint_words *w, const script *s, size_t statement)
{
    bool failed = false;
    size_t i = sqlint_last_name(w, 2);
    sqlint_table *t = sqlint_find_table(m, sqlint_name(w, i));
    if (t == NULL || sqlint_unsupported(w) != NULL)
    {
        return true;
    }
    size_t name = i + 2 + sqlint_is(w, i + 2, "COLUMN");
    if (sqlint_is(w, i + 1, "ADD"))
    {
        return sqlint_add_column(m, s, statement, t, name);
    }
    if (sqlint_is(w, i + 1, "DROP"))
    {
        sqlint_drop_column(t, sqlint_name(w, name));
    }
    else if (sqlint_is(w, i + 2, "TO"))
    {
        sqlint_rename_table(m, t, sqlint_keep(m, sqlint_name(w, i + 3), &failed));
    }
    else if (sqlint_is(w, i + 1, "RENAME"))
    {
        sqlint_rename_column(m, t, sqlint_name(w, name), sqlint_keep(m, sqlint_name(w, name + 2), &failed));
    }
    return !failed;
}

bool sqlint_remember(sqlint_memory *m, arena *a, const script *s, size_t statement)
{
    sqlint_words w;
    sqlite_token first = sqlite_token_next(s->text, s->stmts[statement].start);
    bool create = sqlite_token_is(s->text, first, SLICE("CREATE")), drop = sqlite_token_is(s->text, first, SLICE("DROP"));
    if (!create && !drop && !sqlite_token_is(s->text, first, SLICE("ALTER")))
    {
        return true;
    }
    if (!sqlint_read_words(a, s, statement, &w))
    {
        return false;
    }
    if (drop)
    {
        sqlint_drop(m, &w);
        return true;
    }
    if (!create)
    {
        return sqlint_alter(m, &w, s, statement);
    }
    if (sqlint_is(&w, 1, "TABLE") || sqlint_is(&w, 2, "TABLE"))
    {
        return sqlint_is(&w, 1, "TEMP") || sqlint_is(&w, 1, "TEMPORARY") || sqlint_add_table(m, s, statement);
    }
    bool index = sqlint_is(&w, 1, "INDEX") || sqlint_is(&w, 2, "INDEX");
    return !index || sqlint_add_index(m, s, statement);
}
