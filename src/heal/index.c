/* SPDX-License-Identifier: MIT */
/*
 * Entries are never freed: one that was dropped or renamed is marked as gone, and skipped. The hash table's own memory comes
 * from the arena, too; its tables grow by doubling, so what they leave behind is at most as much again.
 */
#include "heal/index.h"

#include "base/error.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) arena_alloc(x->arena, size)
#define uthash_free(pointer, size) ((void)(pointer), (void)(size))
#define uthash_bzero(pointer, size) ((void)(pointer), (void)(size)) /* the arena gives zeroed memory */
#define uthash_nonfatal_oom(element) (x->failed = true)
#include <uthash.h>

enum
{
    OWNED = AMEND_OBJECT_KINDS, /* in a key: all that belongs to the table or type of that name */
    KEY_SIZE = AMEND_NAME_SIZE + 1,
};

typedef struct entry_list entry_list;

typedef struct index_entry
{
    provision provision; /* first: a pointer to it is one to the entry */
    bool gone;
    struct index_entry *same;  /* the next older one of the same kind and name */
    struct index_entry *owned; /* the next older one of the same table */
    struct index_entry *next;  /* the next newer one of all */
} index_entry;

/* All entries of one key, newest first. */
struct entry_list
{
    index_entry *newest;
    UT_hash_handle hh;
    size_t length;
    char key[]; /* the kind, then the name, folded where the dialect folds */
};

struct object_index
{
    arena *arena;
    bool nocase, failed;
    entry_list *lists;
    index_entry *first, *last;
    size_t order;
};

/* --------------------------------------------------------------------------------------------------------------- keys */

/* 0: the name is too long to be any that an error can tell. */
static size_t index_key(const object_index *x, int kind, slice name, char key[KEY_SIZE])
{
    if (name.len >= KEY_SIZE)
    {
        return 0;
    }
    key[0] = (char)kind;
    for (size_t i = 0; i < name.len; i++)
    {
        char c = name.data[i];
        key[i + 1] = (char)(x->nocase && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return name.len + 1;
}

static entry_list *index_list(const object_index *x, int kind, slice name)
{
    char key[KEY_SIZE];
    size_t length = index_key(x, kind, name, key);
    entry_list *found = NULL;
    if (length > 0 && x->lists != NULL)
    {
        HASH_FIND(hh, x->lists, key, length, found);
    }
    return found;
}

static entry_list *index_list_made(object_index *x, int kind, slice name)
{
    char key[KEY_SIZE];
    size_t length = index_key(x, kind, name, key);
    entry_list *list = index_list(x, kind, name);
    if (list != NULL || length == 0)
    {
        return list;
    }
    list = arena_alloc(x->arena, sizeof *list + length);
    if (list == NULL)
    {
        x->failed = true;
        return NULL;
    }
    memcpy(list->key, key, length);
    list->length = length;
    HASH_ADD_KEYPTR(hh, x->lists, list->key, length, list);
    return x->failed ? NULL : list;
}

static bool index_same(const object_index *x, slice a, slice b)
{
    return x->nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

/* An empty name stands for any. */
static bool index_fits(const object_index *x, slice a, slice b)
{
    return a.len == 0 || b.len == 0 || index_same(x, a, b);
}

/* ------------------------------------------------------------------------------------------------------------- filling */

static bool index_has_owner(amend_object_kind kind)
{
    return kind == AMEND_OBJECT_COLUMN || kind == AMEND_OBJECT_INDEX || kind == AMEND_OBJECT_UNIQUE ||
           kind == AMEND_OBJECT_TRIGGER || kind == AMEND_OBJECT_ENUM_VALUE;
}

static slice index_copy(object_index *x, slice text)
{
    char *copy = arena_copy(x->arena, text);
    x->failed |= copy == NULL;
    return (slice){copy, copy == NULL ? 0 : text.len};
}

/*
 * Which entries of a list are meant by a name in this schema? Those of the very same schema; without any, those that may be in
 * it, because one of both isn't known. `table` empty: of any table.
 */
typedef struct index_match
{
    const object_index *index;
    slice schema, table;
    bool exact;
} index_match;

static bool index_matches(const index_match *m, const index_entry *e)
{
    bool schema =
        m->exact ? index_same(m->index, e->provision.schema, m->schema) : index_fits(m->index, e->provision.schema, m->schema);
    return !e->gone && schema && index_fits(m->index, e->provision.table, m->table);
}

static index_match index_match_in(const object_index *x, const entry_list *list, slice schema, slice table)
{
    index_match m = {.index = x, .schema = schema, .table = table, .exact = true};
    bool any = false;
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL && !any;)
    {
        any = index_matches(&m, e);
        e = list->key[0] == OWNED ? e->owned : e->same;
    }
    m.exact = any;
    return m;
}

static void index_forget(object_index *x, amend_object_kind kind, slice schema, slice table, slice name, bool exact)
{
    const entry_list *list = index_list(x, (int)kind, name);
    index_match m = index_match_in(x, list, schema, index_has_owner(kind) ? table : (slice){0});
    m.exact |= exact;
    for (index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->same)
    {
        e->gone |= index_matches(&m, e);
    }
}

/* `by`: whose kind and statement tell how it came to be. */
static void index_put(object_index *x, size_t migration, const change *by, amend_object_kind kind, slice schema, slice table,
                      slice name)
{
    entry_list *list = index_list_made(x, (int)kind, name);
    entry_list *owner = index_has_owner(kind) ? index_list_made(x, OWNED, table) : NULL;
    index_entry *e = arena_alloc(x->arena, sizeof *e);
    if (e == NULL || list == NULL || (index_has_owner(kind) && owner == NULL))
    {
        x->failed |= e == NULL;
        return;
    }
    *e = (index_entry){.provision = {.kind = kind,
                                     .schema = index_copy(x, schema),
                                     .table = index_copy(x, table),
                                     .name = index_copy(x, name),
                                     .migration = migration,
                                     .order = x->order++,
                                     .statement = by->statement,
                                     .named = by->kind != CHANGE_ADD},
                       .same = list->newest,
                       .owned = owner == NULL ? NULL : owner->newest};
    index_forget(x, kind, schema, table, name, true);
    list->newest = e;
    if (owner != NULL)
    {
        owner->newest = e;
    }
    *(x->last == NULL ? &x->first : &x->last->next) = e;
    x->last = e;
}

/*
 * What belongs to a table or type is gone; with a new name it is all there again under that, in the old order: the number of a
 * table's columns counts on it.
 */
static void index_move(object_index *x, size_t migration, const change *by, slice to_schema, const slice *to)
{
    slice table = by->name;
    index_match m = index_match_in(x, index_list(x, OWNED, table), by->schema, table);
    const index_entry *last = x->last;
    bool more = last != NULL;
    for (index_entry *e = x->first; more; e = e->next)
    {
        more = e != last;
        if (!index_has_owner(e->provision.kind) || !index_same(x, e->provision.table, table) || !index_matches(&m, e))
        {
            continue;
        }
        e->gone = true;
        if (to != NULL)
        {
            index_put(x, migration, by, e->provision.kind, to_schema.len == 0 ? e->provision.schema : to_schema, *to,
                      e->provision.name);
        }
    }
}

static bool index_is_owner(amend_object_kind kind)
{
    return kind == AMEND_OBJECT_TABLE || kind == AMEND_OBJECT_VIEW || kind == AMEND_OBJECT_TYPE;
}

/* All in a schema is gone, or there under its new name. */
static void index_move_schema(object_index *x, size_t migration, slice schema, const slice *to)
{
    for (index_entry *e = x->first; e != NULL; e = e->next)
    {
        bool in_it = e->provision.schema.len > 0 && index_same(x, e->provision.schema, schema);
        e->gone |= in_it && to == NULL;
        if (in_it && to != NULL)
        {
            e->provision.schema = index_copy(x, *to);
            e->provision.migration = migration;
            e->provision.named = true;
        }
    }
}

static void index_take(object_index *x, size_t migration, const change *c)
{
    slice to_schema = c->to_schema.len == 0 ? c->schema : c->to_schema, to = c->to.len == 0 ? c->name : c->to;
    if (c->kind == CHANGE_ADD)
    {
        index_put(x, migration, c, c->object, c->schema, c->table, c->name);
        return;
    }
    index_forget(x, c->object, c->schema, c->table, c->name, false);
    if (c->kind == CHANGE_RENAME)
    {
        index_put(x, migration, c, c->object, to_schema, c->table, to);
    }
    if (index_is_owner(c->object))
    {
        index_move(x, migration, c, to_schema, c->kind == CHANGE_RENAME ? &to : NULL);
    }
    if (c->object == AMEND_OBJECT_SCHEMA)
    {
        index_move_schema(x, migration, c->name, c->kind == CHANGE_RENAME ? &to : NULL);
    }
}

amend_status index_new(arena *a, bool nocase, object_index **out, amend_error *error)
{
    object_index *x = arena_alloc(a, sizeof *x);
    if (x == NULL)
    {
        return error_memory(error);
    }
    *x = (object_index){.arena = a, .nocase = nocase};
    *out = x;
    return AMEND_OK;
}

amend_status index_add(object_index *x, size_t migration, const change *changes, size_t count, amend_error *error)
{
    for (size_t i = 0; i < count && !x->failed; i++)
    {
        index_take(x, migration, &changes[i]);
    }
    return x->failed ? error_memory(error) : AMEND_OK;
}

bool index_has_changed(const object_index *x, size_t migration, size_t statement)
{
    for (const index_entry *e = x->first; e != NULL; e = e->next)
    {
        if (e->gone && e->provision.migration == migration && e->provision.statement == statement)
        {
            return true;
        }
    }
    return false;
}

bool index_has_table(const object_index *x, slice schema, slice name)
{
    const entry_list *list = index_list(x, AMEND_OBJECT_TABLE, name);
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->same)
    {
        if (!e->gone && index_fits(x, e->provision.schema, schema))
        {
            return true;
        }
    }
    return false;
}

const provision *index_next(const object_index *x, const provision *before)
{
    const index_entry *e = before == NULL ? x->first : ((const index_entry *)before)->next;
    while (e != NULL && e->gone)
    {
        e = e->next;
    }
    return e == NULL ? NULL : &e->provision;
}

/* ------------------------------------------------------------------------------------------------------------- finding */

/* Which kinds an error of one kind may mean, ended by NONE. */
static const amend_object_kind index_kinds[AMEND_OBJECT_KINDS][10] = {
    [AMEND_OBJECT_TABLE] = {AMEND_OBJECT_TABLE, AMEND_OBJECT_VIEW},
    [AMEND_OBJECT_VIEW] = {AMEND_OBJECT_VIEW, AMEND_OBJECT_TABLE},
    [AMEND_OBJECT_COLUMN] = {AMEND_OBJECT_COLUMN},
    [AMEND_OBJECT_INDEX] = {AMEND_OBJECT_INDEX},
    [AMEND_OBJECT_UNIQUE] = {AMEND_OBJECT_UNIQUE},
    [AMEND_OBJECT_TRIGGER] = {AMEND_OBJECT_TRIGGER},
    [AMEND_OBJECT_TYPE] = {AMEND_OBJECT_TYPE, AMEND_OBJECT_TABLE, AMEND_OBJECT_VIEW},
    [AMEND_OBJECT_ENUM_VALUE] = {AMEND_OBJECT_ENUM_VALUE},
    [AMEND_OBJECT_FUNCTION] = {AMEND_OBJECT_FUNCTION},
    [AMEND_OBJECT_SEQUENCE] = {AMEND_OBJECT_SEQUENCE},
    [AMEND_OBJECT_SCHEMA] = {AMEND_OBJECT_SCHEMA},
    [AMEND_OBJECT_EXTENSION] = {AMEND_OBJECT_EXTENSION},
    [AMEND_OBJECT_COLLATION] = {AMEND_OBJECT_COLLATION},
    [AMEND_OBJECT_RELATION] = {AMEND_OBJECT_TABLE, AMEND_OBJECT_VIEW, AMEND_OBJECT_SEQUENCE, AMEND_OBJECT_INDEX},
    [AMEND_OBJECT_OTHER] = {AMEND_OBJECT_TYPE, AMEND_OBJECT_INDEX, AMEND_OBJECT_COLLATION, AMEND_OBJECT_EXTENSION,
                            AMEND_OBJECT_SEQUENCE, AMEND_OBJECT_TRIGGER, AMEND_OBJECT_SCHEMA, AMEND_OBJECT_TABLE,
                            AMEND_OBJECT_VIEW},
};

typedef struct search
{
    const object_index *index;
    const dialect *dialect;
    slice schema, table, query;
    const provision *best;
    unsigned score;
} search;

/* How well the table fits: 0 not at all. A table that is not the one named may bear that name as its alias in the query. */
static unsigned index_score_table(const search *s, const provision *p)
{
    if (!index_has_owner(p->kind) || p->kind == AMEND_OBJECT_INDEX || p->kind == AMEND_OBJECT_TRIGGER)
    {
        return 1;
    }
    if (s->table.len > 0 && index_same(s->index, s->table, p->table))
    {
        return 3;
    }
    if (p->kind != AMEND_OBJECT_COLUMN)
    {
        return s->table.len == 0;
    }
    if (s->query.len == 0)
    {
        return s->table.len == 0;
    }
    return s->dialect->mentions(s->query, p->table.data) ? 2 : 0;
}

static void index_consider(search *s, const provision *p)
{
    unsigned table = index_score_table(s, p);
    bool same = index_same(s->index, s->schema, p->schema);
    bool other = s->schema.len > 0 && p->schema.len > 0 && !same;
    unsigned score = table == 0 || other ? 0 : table * 2 + same;
    if (score > s->score || (score > 0 && score == s->score && p->order > s->best->order))
    {
        s->best = p;
        s->score = score;
    }
}

/* The table must have so many columns: the one that makes up the number. Newest first, so it is the number of those left. */
static const provision *index_nth_column(const object_index *x, slice table, unsigned wanted)
{
    const entry_list *list = index_list(x, OWNED, table);
    unsigned columns = 0;
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->owned)
    {
        columns += !e->gone && e->provision.kind == AMEND_OBJECT_COLUMN;
    }
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->owned)
    {
        bool column = !e->gone && e->provision.kind == AMEND_OBJECT_COLUMN;
        if (column && columns == wanted)
        {
            return &e->provision;
        }
        columns -= column;
    }
    return NULL;
}

/* Among what belongs to the table that the error names: few, where a name such as "id" is borne by a column of every table. */
static void index_search_table(search *s, amend_object_kind kind, slice name)
{
    const entry_list *list = s->table.len == 0 ? NULL : index_list(s->index, OWNED, s->table);
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->owned)
    {
        if (!e->gone && e->provision.kind == kind && index_same(s->index, e->provision.name, name))
        {
            index_consider(s, &e->provision);
        }
    }
}

static void index_search_all(search *s, amend_object_kind kind, slice name)
{
    const entry_list *list = index_list(s->index, (int)kind, name);
    for (const index_entry *e = list == NULL ? NULL : list->newest; e != NULL; e = e->same)
    {
        if (!e->gone)
        {
            index_consider(s, &e->provision);
        }
    }
}

const provision *index_find(const object_index *x, const dialect *d, const amend_object *object, slice query)
{
    search s = {.index = x, .dialect = d, .schema = slice_of(object->schema), .table = slice_of(object->table), .query = query};
    if (object->kind == AMEND_OBJECT_COLUMN && object->name[0] == '\0')
    {
        return index_nth_column(x, s.table, object->count);
    }
    const amend_object_kind *kinds = index_kinds[object->kind];
    for (size_t i = 0; i < sizeof index_kinds[0] / sizeof index_kinds[0][0] && kinds[i] != AMEND_OBJECT_NONE; i++)
    {
        index_search_table(&s, kinds[i], slice_of(object->name));
        if (s.best == NULL || !index_has_owner(kinds[i]))
        {
            index_search_all(&s, kinds[i], slice_of(object->name));
        }
    }
    return s.best;
}
