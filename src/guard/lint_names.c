/* SPDX-License-Identifier: MIT */
/*
 * What the scripts have made so far: a hash table from kind, schema, table and name in lower case to the names as they were
 * written. Its memory comes from the reader's arena.
 */
#include "guard/lint.h"

#include "base/error.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) arena_alloc(r->arena, size)
#define uthash_free(pointer, size) ((void)(pointer), (void)(size))
#define uthash_bzero(pointer, size) ((void)(pointer), (void)(size)) /* the arena gives zeroed memory */
#define uthash_nonfatal_oom(element) (*failed = true)
#include <uthash.h>

typedef struct lint_name
{
    slice name;
    bool gone;
    struct lint_name *next; /* another of the same key */
} lint_name;

typedef struct lint_names
{
    lint_name *first;
    UT_hash_handle hh;
    char key[];
} lint_names;

static size_t lint_name_part(char *to, slice part)
{
    for (size_t i = 0; i < part.len; i++)
    {
        to[i] = (char)(part.data[i] >= 'A' && part.data[i] <= 'Z' ? part.data[i] + 32 : part.data[i]);
    }
    to[part.len] = '\0';
    return part.len + 1;
}

/* The list of a key; made when it isn't there and `make` says so. */
static lint_names *lint_names_of(lint_reader *r, amend_object_kind kind, slice schema, slice table, slice name, bool make,
                                 bool *failed)
{
    bool owned = kind == AMEND_OBJECT_COLUMN || kind == AMEND_OBJECT_TRIGGER;
    table = owned ? table : (slice){"", 0};
    lint_names *list = arena_alloc(r->arena, sizeof *list + schema.len + table.len + name.len + 4), *found = NULL;
    if (list == NULL)
    {
        *failed = true;
        return NULL;
    }
    size_t length = 1;
    list->key[0] = (char)kind;
    length += lint_name_part(list->key + length, schema);
    length += lint_name_part(list->key + length, table);
    length += lint_name_part(list->key + length, name);
    HASH_FIND(hh, r->names, list->key, length, found);
    if (found == NULL && make)
    {
        HASH_ADD_KEYPTR(hh, r->names, list->key, length, list);
        return *failed ? NULL : list;
    }
    return found;
}

static bool lint_counts(const change *c)
{
    return c->object != AMEND_OBJECT_UNIQUE && c->object != AMEND_OBJECT_ENUM_VALUE;
}

static void lint_names_drop(lint_reader *r, const change *c, lint_note *note, bool *failed)
{
    const lint_names *list = lint_names_of(r, c->object, c->schema, c->table, c->name, false, failed);
    for (lint_name *n = list == NULL ? NULL : list->first; n != NULL; n = n->next)
    {
        bool same = r->nocase ? slice_equal_nocase(n->name, c->name) : slice_equal(n->name, c->name);
        note->existed |= same && !n->gone && c->kind == CHANGE_DROP;
        n->gone |= same;
    }
}

static void lint_names_add(lint_reader *r, const change *c, lint_note *note, bool *failed)
{
    bool rename = c->kind == CHANGE_RENAME;
    slice name = rename ? c->to : c->name, schema = rename && c->to_schema.len > 0 ? c->to_schema : c->schema;
    lint_names *list = lint_names_of(r, c->object, schema, c->table, name, true, failed);
    for (lint_name *n = list == NULL ? NULL : list->first; n != NULL; n = n->next)
    {
        bool same = slice_equal(n->name, name);
        note->existed |= !n->gone && (same || r->nocase);
        note->twin = n->gone || same || r->nocase ? note->twin : n->name;
    }
    lint_name *made = arena_alloc(r->arena, sizeof *made);
    char *copy = arena_copy(r->arena, name);
    *failed |= made == NULL || copy == NULL;
    if (!*failed && list != NULL)
    {
        *made = (lint_name){.name = {copy, name.len}, .next = list->first};
        list->first = made;
    }
}

amend_status lint_enter(lint_reader *r, arena *a, lint_script *script, amend_error *error)
{
    const findings *f = &script->found;
    lint_note *notes = arena_array(a, f->change_count + 1, sizeof *notes);
    bool failed = notes == NULL;
    for (size_t i = 0; i < f->change_count && !failed; i++)
    {
        const change *c = &f->changes[i];
        if (c->kind != CHANGE_ADD && lint_counts(c))
        {
            lint_names_drop(r, c, &notes[i], &failed);
        }
        if (c->kind != CHANGE_DROP && lint_counts(c) && !failed)
        {
            lint_names_add(r, c, &notes[i], &failed);
        }
    }
    script->notes = notes;
    return failed ? error_memory(error) : AMEND_OK;
}
