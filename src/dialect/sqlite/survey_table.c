/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/survey.h"

typedef struct sqlite_look
{
    sqlite3 *db;
    arena *arena;
    bool failed;
} sqlite_look;

static slice sqlite_look_name(sqlite_look *l, sqlite3_stmt *row, int column, bool lower)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    char *copy = arena_copy(l->arena, (slice){text == NULL ? "" : text, (size_t)sqlite3_column_bytes(row, column)});
    l->failed |= copy == NULL;
    for (char *c = copy; lower && c != NULL && *c != '\0'; c++)
    {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    return slice_of(copy);
}

static void sqlite_look_add(sqlite_look *l, sqlite_names *to, slice name)
{
    l->failed |= !sqlite_names_add(l->arena, to, name);
}

/* The rows of PRAGMA main.what(name); NULL when SQLite refuses it. */
static sqlite3_stmt *sqlite_look_at(sqlite_look *l, const char *what, slice name)
{
    sqlite3_stmt *rows = NULL;
    char *sql = sqlite3_mprintf("PRAGMA main.%s(\"%.*w\")", what, (int)name.len, name.data);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(l->db, sql, -1, &rows, NULL);
    sqlite3_free(sql);
    l->failed |= code == SQLITE_NOMEM;
    return rows;
}

static bool sqlite_look_next(sqlite_look *l, sqlite3_stmt *rows)
{
    int code = rows == NULL || l->failed ? SQLITE_DONE : sqlite3_step(rows);
    l->failed |= code == SQLITE_NOMEM;
    return code == SQLITE_ROW;
}

/* Put the columns of a unique constraint together: sorted, with commas between. */
static void sqlite_look_unique(sqlite_look *l, sqlite_names *columns, sqlite_names *to)
{
    size_t len = columns->count;
    for (size_t i = 0; i < columns->count; i++)
    {
        len += columns->names[i].len;
        for (size_t k = i; k > 0 && strcmp(columns->names[k - 1].data, columns->names[k].data) > 0; k--)
        {
            slice swap = columns->names[k];
            columns->names[k] = columns->names[k - 1];
            columns->names[k - 1] = swap;
        }
    }
    char *name = arena_alloc(l->arena, len + 1);
    l->failed |= name == NULL;
    size_t at = 0;
    for (size_t i = 0; i < columns->count && name != NULL; i++)
    {
        memcpy(name + at, columns->names[i].data, columns->names[i].len);
        at += columns->names[i].len;
        name[at++] = i + 1 == columns->count ? '\0' : ',';
    }
    if (at > 0 && !sqlite_names_have(to, slice_of(name)))
    {
        sqlite_look_add(l, to, slice_of(name));
    }
}

/* An index on an expression has no columns that an ON CONFLICT could name. */
static void sqlite_look_index(sqlite_look *l, slice index, sqlite_names *to)
{
    sqlite_names columns = {0};
    sqlite3_stmt *rows = sqlite_look_at(l, "index_info", index);
    bool expression = false;
    while (sqlite_look_next(l, rows))
    {
        expression |= sqlite3_column_type(rows, 2) == SQLITE_NULL;
        sqlite_look_add(l, &columns, sqlite_look_name(l, rows, 2, true));
    }
    sqlite3_finalize(rows);
    if (!expression && !l->failed)
    {
        sqlite_look_unique(l, &columns, to);
    }
}

bool sqlite_table_look(sqlite3 *db, arena *a, slice name, sqlite_table *out)
{
    sqlite_look l = {.db = db, .arena = a};
    sqlite_names key = {0};
    *out = (sqlite_table){0};
    sqlite3_stmt *rows = sqlite_look_at(&l, "table_xinfo", name);
    if (rows == NULL)
    {
        return !l.failed; /* SQLite's message says why */
    }
    while (sqlite_look_next(&l, rows))
    {
        /* cid, name, type, notnull, default, pk, hidden; 1 is a virtual table's hidden column */
        if (sqlite3_column_int(rows, 6) != 1)
        {
            sqlite_look_add(&l, &out->columns, sqlite_look_name(&l, rows, 1, false));
        }
        if (sqlite3_column_int(rows, 5) > 0)
        {
            sqlite_look_add(&l, &key, sqlite_look_name(&l, rows, 1, true));
        }
    }
    sqlite3_finalize(rows);
    if (!l.failed)
    {
        sqlite_look_unique(&l, &key, &out->uniques);
    }
    rows = sqlite_look_at(&l, "index_list", name);
    while (sqlite_look_next(&l, rows))
    {
        /* seq, name, unique, origin, partial. A partial index counts: ON CONFLICT (…) WHERE … finds it */
        if (sqlite3_column_int(rows, 2) != 0)
        {
            sqlite_look_index(&l, sqlite_look_name(&l, rows, 1, false), &out->uniques);
        }
    }
    sqlite3_finalize(rows);
    return !l.failed;
}

bool sqlite_look_pairs(sqlite3 *db, arena *a, const char *query, sqlite_names *first, sqlite_names *second)
{
    sqlite_look l = {.db = db, .arena = a};
    sqlite3_stmt *rows = NULL;
    l.failed = sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_NOMEM;
    while (sqlite_look_next(&l, rows))
    {
        sqlite_look_add(&l, first, sqlite_look_name(&l, rows, 0, false));
        sqlite_look_add(&l, second, sqlite_look_name(&l, rows, 1, false));
    }
    sqlite3_finalize(rows);
    return !l.failed;
}

bool sqlite_names_add(arena *a, sqlite_names *names, slice name)
{
    slice *grown = arena_grow(a, names->names, names->count, sizeof *grown);
    if (grown != NULL)
    {
        names->names = grown;
        names->names[names->count++] = name;
    }
    return grown != NULL;
}

bool sqlite_names_have(const sqlite_names *names, slice name)
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
