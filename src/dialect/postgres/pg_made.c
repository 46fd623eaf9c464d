/* SPDX-License-Identifier: MIT */
/*
 * Names alone make the hash, so that one look finds an object whether its schema was written or not; of what has its name only
 * within a table (columns), the table's name, too. Nothing is taken out of the buckets: what is gone is marked.
 */
#include "dialect/postgres/pg_made.h"

#include <stdint.h>

static bool within_table(amend_object_kind kind)
{
    return kind == AMEND_OBJECT_COLUMN || kind == AMEND_OBJECT_UNIQUE || kind == AMEND_OBJECT_TRIGGER ||
           kind == AMEND_OBJECT_ENUM_VALUE;
}

static uint64_t mix(uint64_t hash, slice s)
{
    for (size_t i = 0; i < s.len; i++)
    {
        hash = (hash ^ (unsigned char)s.data[i]) * 0x100000001b3U;
    }
    return hash;
}

static uint64_t made_hash(amend_object_kind kind, slice table, slice name)
{
    uint64_t hash = mix(0xcbf29ce484222325U + (uint64_t)kind, name);
    hash = within_table(kind) ? mix(hash ^ '.', table) : hash;
    return hash ^ hash >> 29;
}

static bool made_grow(pg_made *n)
{
    size_t capacity = n->capacity == 0 ? 256 : n->capacity * 2;
    pg_thing **buckets = arena_array(n->arena, capacity, sizeof(pg_thing *));
    if (buckets == NULL)
    {
        return false;
    }
    for (size_t i = 0; i < n->capacity; i++)
    {
        for (pg_thing *entry = n->buckets[i], *next; entry != NULL; entry = next)
        {
            pg_thing **bucket = &buckets[made_hash(entry->kind, entry->table, entry->name) & (capacity - 1)];
            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    n->buckets = buckets;
    n->capacity = capacity;
    return true;
}

static bool made_keep(pg_made *n, slice *text)
{
    const char *copy = text->len == 0 ? "" : arena_copy(n->arena, *text);
    text->data = copy;
    return copy != NULL;
}

static pg_thing *made_insert(pg_made *n, const pg_thing *like)
{
    if (n->count >= n->capacity && !made_grow(n))
    {
        return NULL;
    }
    pg_thing *entry = arena_alloc(n->arena, sizeof *entry);
    if (entry == NULL)
    {
        return NULL;
    }
    *entry = *like;
    entry->sibling = entry->first = entry->last = NULL;
    if (!made_keep(n, &entry->schema) || !made_keep(n, &entry->table) || !made_keep(n, &entry->name) ||
        !made_keep(n, &entry->detail))
    {
        return NULL;
    }
    pg_thing **bucket = &n->buckets[made_hash(entry->kind, entry->table, entry->name) & (n->capacity - 1)];
    entry->next = *bucket;
    *bucket = entry;
    n->count++;
    if (entry->kind == AMEND_OBJECT_TRIGGER)
    {
        entry->earlier = n->triggers;
        n->triggers = entry;
    }
    return entry;
}

pg_thing *pg_made_add(pg_made *n, const pg_thing *like)
{
    pg_thing *entry = made_insert(n, like);
    if (entry != NULL && like->table.len > 0)
    {
        pg_thing *owner = pg_made_owner(n, like->schema, like->table);
        if (owner == NULL)
        {
            return NULL;
        }
        *(owner->last == NULL ? &owner->first : &owner->last->sibling) = entry;
        owner->last = entry;
    }
    return entry;
}

static pg_thing *made_scan(const pg_made *n, const pg_thing *key, bool gone, const pg_thing *behind)
{
    pg_thing *loose = NULL;
    if (n->capacity == 0)
    {
        return NULL;
    }
    pg_thing *entry =
        behind != NULL ? behind->next : n->buckets[made_hash(key->kind, key->table, key->name) & (n->capacity - 1)];
    for (; entry != NULL; entry = entry->next)
    {
        bool same = entry->kind == key->kind && entry->gone <= gone && slice_equal(entry->name, key->name) &&
                    (key->table.len == 0 || entry->table.len == 0 || slice_equal(entry->table, key->table));
        if (same && slice_equal(entry->schema, key->schema))
        {
            return entry;
        }
        if (same && loose == NULL && (entry->schema.len == 0 || key->schema.len == 0))
        {
            loose = entry;
        }
    }
    return loose;
}

pg_thing *pg_made_find(const pg_made *n, amend_object_kind kind, slice schema, slice table, slice name)
{
    pg_thing key = {.kind = kind, .schema = schema, .table = table, .name = name};
    return made_scan(n, &key, false, NULL);
}

pg_thing *pg_made_next(const pg_made *n, const pg_thing *last, amend_object_kind kind, slice schema, slice name)
{
    pg_thing *entry = last != NULL       ? last->next
                      : n->capacity == 0 ? NULL
                                         : n->buckets[made_hash(kind, SLICE(""), name) & (n->capacity - 1)];
    for (; entry != NULL; entry = entry->next)
    {
        bool near = slice_equal(entry->schema, schema) || entry->schema.len == 0 || schema.len == 0;
        if (entry->kind == kind && !entry->gone && near && slice_equal(entry->name, name))
        {
            return entry;
        }
    }
    return NULL;
}

pg_thing *pg_made_owner(pg_made *n, slice schema, slice table)
{
    static const amend_object_kind kinds[] = {AMEND_OBJECT_TABLE, AMEND_OBJECT_VIEW, AMEND_OBJECT_TYPE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    {
        pg_thing *entry = pg_made_find(n, kinds[i], schema, SLICE(""), table);
        if (entry != NULL)
        {
            return entry;
        }
    }
    pg_thing key = {.kind = AMEND_OBJECT_TABLE, .schema = schema, .name = table, .gone = true};
    pg_thing *entry = made_scan(n, &key, true, NULL);
    return entry != NULL ? entry : made_insert(n, &key);
}

void pg_made_drop(pg_thing *entry)
{
    entry->gone = true;
    for (pg_thing *part = entry->first; part != NULL; part = part->sibling)
    {
        part->gone = true;
    }
    entry->first = entry->last = NULL;
}

void pg_made_drop_schema(pg_made *n, slice schema)
{
    for (size_t i = 0; i < n->capacity; i++)
    {
        for (pg_thing *entry = n->buckets[i]; entry != NULL; entry = entry->next)
        {
            entry->gone |= slice_equal(entry->schema, schema);
        }
    }
}

bool pg_made_rename_schema(pg_made *n, slice schema, slice name)
{
    if (!made_keep(n, &name))
    {
        return false;
    }
    for (size_t i = 0; i < n->capacity; i++)
    {
        for (pg_thing *entry = n->buckets[i]; entry != NULL; entry = entry->next)
        {
            entry->schema = schema.len > 0 && slice_equal(entry->schema, schema) ? name : entry->schema;
        }
    }
    return true;
}

bool pg_made_rename(pg_made *n, pg_thing *entry, slice schema, slice name)
{
    pg_thing like = *entry;
    like.schema = schema;
    like.name = name;
    entry->gone = true;
    if (pg_made_add(n, &like) == NULL)
    {
        return false;
    }
    for (pg_thing *part = entry->first; part != NULL; part = part->sibling)
    {
        pg_thing moved = *part;
        moved.schema = schema;
        moved.table = name;
        part->gone = true;
        if (!moved.gone && pg_made_add(n, &moved) == NULL)
        {
            return false;
        }
    }
    entry->first = entry->last = NULL;
    return true;
}
