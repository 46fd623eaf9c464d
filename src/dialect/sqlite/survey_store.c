/* SPDX-License-Identifier: MIT */
#include "dialect/sqlite/survey_store.h"

#include "dialect/sqlite/token.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) arena_alloc(store->arena, size)
#define uthash_free(pointer, size) ((void)(pointer), (void)(size))
#define uthash_bzero(pointer, size) ((void)(pointer), (void)(size)) /* the arena gives zeroed memory */
#define uthash_nonfatal_oom(element) (store->failed = true)
#include <uthash.h>

enum
{
    STORE_NAME = 192, /* longer names are not looked for: what they stand for is then not there, and fails */
};

struct sqlite_stored
{
    slice sql;
    bool owner;          /* a table or view; else it belongs to one */
    bool listed;         /* it is found by its name */
    sqlite_stored *of;   /* the owner */
    sqlite_stored *next; /* the owner's: what belongs to it, in order */
    sqlite_stored *last; /* an owner's: where to put the next one */
    UT_hash_handle hh;
    size_t length;
    char name[]; /* folded */
};

static size_t store_key(slice name, char key[STORE_NAME])
{
    if (name.len > STORE_NAME)
    {
        return 0;
    }
    for (size_t i = 0; i < name.len; i++)
    {
        key[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] + 32 : name.data[i]);
    }
    return name.len;
}

static sqlite_stored *store_find(const sqlite_store *store, slice name)
{
    char key[STORE_NAME];
    size_t length = store_key(name, key);
    sqlite_stored *found = NULL;
    if (length > 0 && store->objects != NULL)
    {
        HASH_FIND(hh, store->objects, key, length, found);
    }
    return found;
}

static slice store_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return (slice){text == NULL ? "" : text, (size_t)sqlite3_column_bytes(row, column)};
}

/* type, name, tbl_name, sql */
static void store_put(sqlite_store *store, sqlite3_stmt *row)
{
    char key[STORE_NAME];
    slice type = store_column(row, 0), sql = store_column(row, 3);
    size_t length = store_key(store_column(row, 1), key);
    bool owner = slice_equal(type, SLICE("table")) || slice_equal(type, SLICE("view"));
    sqlite_stored *of = owner ? NULL : store_find(store, store_column(row, 2));
    /* A trigger may have the name of a table or index. */
    bool listed = length > 0 && store_find(store, store_column(row, 1)) == NULL;
    if (owner ? !listed : of == NULL)
    {
        return;
    }
    sqlite_stored *object = arena_alloc(store->arena, sizeof *object + length);
    const char *copy = arena_copy(store->arena, sql);
    if (object == NULL || copy == NULL)
    {
        store->failed = true;
        return;
    }
    *object = (sqlite_stored){.sql = {copy, sql.len}, .owner = owner, .listed = listed, .of = of, .length = length};
    memcpy(object->name, key, length);
    object->last = object;
    if (listed)
    {
        HASH_ADD_KEYPTR(hh, store->objects, object->name, length, object);
    }
    if (of != NULL)
    {
        of->last->next = object;
        of->last = object;
    }
}

void sqlite_store_fill(sqlite_store *store, sqlite3 *db)
{
    /* A virtual table's own tables come again with it. Tables before what belongs to them: a rename may have changed that. */
    static const char *const texts[] = {"SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL AND "
                                        "name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                                        " AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY "
                                        "type NOT IN ('table', 'view'), rowid",
                                        "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL AND "
                                        "name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                                        " ORDER BY type NOT IN ('table', 'view'), rowid"};
    sqlite3_stmt *rows = NULL;
    int code = sqlite3_prepare_v2(db, texts[0], -1, &rows, NULL);
    if (code == SQLITE_ERROR) /* before 3.37 there is no pragma_table_list */
    {
        code = sqlite3_prepare_v2(db, texts[1], -1, &rows, NULL);
    }
    while (code == SQLITE_OK || code == SQLITE_ROW)
    {
        code = sqlite3_step(rows);
        if (code == SQLITE_ROW)
        {
            store_put(store, rows);
        }
    }
    store->failed |= code == SQLITE_NOMEM;
    sqlite3_finalize(rows);
}

typedef struct store_taking
{
    sqlite_store *store;
    slice *texts;
    size_t count;
} store_taking;

static void store_add(store_taking *t, slice sql)
{
    slice *grown = arena_grow(t->store->arena, t->texts, t->count, sizeof *grown);
    t->store->failed |= grown == NULL;
    if (grown != NULL)
    {
        t->texts = grown;
        t->texts[t->count++] = sql;
    }
}

static void store_remove(sqlite_store *store, sqlite_stored *object)
{
    if (object->listed)
    {
        HASH_DEL(store->objects, object);
    }
}

static void store_take(store_taking *t, sqlite_stored *object)
{
    sqlite_stored *owner = object->owner ? object : object->of;
    for (sqlite_stored *o = owner; o != NULL; o = o->next)
    {
        store_remove(t->store, o);
        store_add(t, o->sql);
    }
}

static void store_take_named(store_taking *t, slice statement)
{
    for (sqlite_token token = sqlite_token_next(statement, 0); token.kind != SQLITE_TOKEN_END;
         token = sqlite_token_next(statement, token.end))
    {
        char name[STORE_NAME];
        size_t len = sqlite_token_is_name(token) ? sqlite_token_copy(statement, token, name, sizeof name) : 0;
        sqlite_stored *found = store_find(t->store, (slice){name, len});
        if (found != NULL)
        {
            store_take(t, found);
        }
    }
}

static bool store_is_about_others(slice sql)
{
    return slice_starts(sql, SLICE("CREATE VIEW")) || slice_starts(sql, SLICE("CREATE TRIGGER"));
}

slice *sqlite_store_take(sqlite_store *store, slice statement, size_t *count)
{
    store_taking t = {.store = store};
    store_take_named(&t, statement);
    for (size_t i = 0; i < t.count; i++)
    {
        if (store_is_about_others(t.texts[i]))
        {
            store_take_named(&t, t.texts[i]); /* a view or trigger can be made before what it reads or writes */
        }
    }
    *count = t.count;
    return t.texts;
}

const sqlite_stored *sqlite_store_next(const sqlite_store *store, slice owner, const sqlite_stored *at, slice *sql)
{
    const sqlite_stored *found = at == NULL ? store_find(store, owner) : at->next;
    if (found == NULL || (at == NULL && !found->owner))
    {
        return NULL;
    }
    *sql = found->sql;
    return found;
}
