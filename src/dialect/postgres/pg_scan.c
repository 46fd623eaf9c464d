/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_scan.h"

enum
{
    NAME_LIMIT = 63, /* bytes of a name that the server keeps */
};

slice pg_scan_keep(pg_scan *s, slice text)
{
    const char *copy = text.len == 0 ? "" : arena_copy(s->arena, text);
    s->failed |= copy == NULL;
    return copy == NULL ? SLICE("") : (slice){copy, text.len};
}

slice pg_scan_made_up(pg_scan *s, slice table, slice column, const char *suffix)
{
    if (table.len + column.len + strlen(suffix) + 2 > NAME_LIMIT)
    {
        return SLICE("");
    }
    const char *between = column.len > 0 ? "_" : "";
    const char *name =
        arena_format(s->arena, "%.*s_%.*s%s%s", (int)table.len, table.data, (int)column.len, column.data, between, suffix);
    s->failed |= name == NULL;
    return name == NULL ? SLICE("") : slice_of(name);
}

/* ---------------------------------------------------------------------------------------------------------------- names */

slice pg_scan_home(const pg_scan *s)
{
    return s->path_count > 0 ? s->path[0] : SLICE("");
}

pg_ref pg_scan_new(const pg_scan *s, pg_ref written)
{
    return (pg_ref){written.schema.len > 0 ? written.schema : pg_scan_home(s), written.name};
}

pg_ref pg_scan_old(const pg_scan *s, amend_object_kind kind, pg_ref written)
{
    for (size_t i = 0; i < s->path_count && written.schema.len == 0; i++)
    {
        const pg_thing *entry = pg_scan_find(s, kind, (pg_ref){s->path[i], written.name});
        if (entry != NULL && slice_equal(entry->schema, s->path[i]))
        {
            return (pg_ref){s->path[i], written.name};
        }
    }
    return pg_scan_new(s, written);
}

pg_thing *pg_scan_find(const pg_scan *s, amend_object_kind kind, pg_ref name)
{
    pg_thing *entry = pg_made_find(s->names, kind, name.schema, SLICE(""), name.name);
    bool past = entry != NULL && (entry->flags & PG_THING_TEMPORARY) != 0 && entry->script != s->script;
    return past ? NULL : entry;
}

pg_thing *pg_scan_exact(const pg_scan *s, amend_object_kind kind, pg_ref name, slice table)
{
    pg_thing *entry = pg_made_find(s->names, kind, name.schema, table, name.name);
    return entry != NULL && slice_equal(entry->schema, name.schema) ? entry : NULL;
}

/* A temporary table is in no schema, and found before all others. */
bool pg_scan_owns(const pg_scan *s, amend_object_kind kind, pg_ref name)
{
    const pg_thing *entry = pg_scan_exact(s, kind, pg_scan_old(s, kind, name), SLICE(""));
    const pg_thing *bare = pg_scan_exact(s, kind, name, SLICE(""));
    bool temporary = bare != NULL && (bare->flags & PG_THING_TEMPORARY) != 0;
    return (entry != NULL && entry->script == s->script) || (temporary && bare->script == s->script);
}

bool pg_scan_had(const pg_scan *s, amend_object_kind kind, pg_ref name)
{
    const pg_thing *entry = pg_scan_find(s, kind, pg_scan_old(s, kind, name));
    return entry != NULL && entry->script != s->script;
}

/* -------------------------------------------------------------------------------------------------------------- changes */

static void note_change(pg_scan *s, change c)
{
    change *changes = arena_grow(s->arena, s->out->changes, s->out->change_count, sizeof *changes);
    if (changes == NULL)
    {
        s->failed = true;
        return;
    }
    c.schema = pg_scan_keep(s, c.schema);
    c.table = pg_scan_keep(s, c.table);
    c.name = pg_scan_keep(s, c.name);
    c.to_schema = pg_scan_keep(s, c.to_schema);
    c.to = pg_scan_keep(s, c.to);
    c.statement = s->statement;
    s->out->changes = changes;
    changes[s->out->change_count++] = c;
}

pg_thing *pg_scan_add(pg_scan *s, amend_object_kind kind, pg_ref name, slice table, slice detail, bool weak)
{
    if (s->failed || name.name.len == 0)
    {
        return NULL;
    }
    weak = (weak || s->inside) && !s->cascaded;
    if (weak && pg_scan_exact(s, kind, name, table) != NULL)
    {
        return NULL;
    }
    note_change(s, (change){.kind = CHANGE_ADD, .object = kind, .schema = name.schema, .table = table, .name = name.name});
    pg_thing like = {.kind = kind,
                     .schema = name.schema,
                     .table = table,
                     .name = name.name,
                     .detail = detail,
                     .script = s->script,
                     .statement = s->statement};
    pg_thing *entry = s->failed ? NULL : pg_made_add(s->names, &like);
    s->failed |= entry == NULL;
    return entry;
}

pg_thing *pg_scan_add_part(pg_scan *s, amend_object_kind kind, pg_ref table, slice name, slice detail, bool weak)
{
    return pg_scan_add(s, kind, (pg_ref){table.schema, name}, table.name, detail, weak);
}

void pg_scan_drop(pg_scan *s, amend_object_kind kind, pg_ref name, slice table)
{
    pg_thing *entry = pg_made_find(s->names, kind, name.schema, table, name.name);
    if (entry != NULL)
    {
        pg_made_drop(entry);
    }
    note_change(s, (change){.kind = CHANGE_DROP,
                            .object = kind,
                            .schema = name.schema,
                            .table = table.len == 0 && entry != NULL ? entry->table : table,
                            .name = name.name});
}

void pg_scan_rename(pg_scan *s, amend_object_kind kind, pg_ref name, slice table, slice to_schema, slice to)
{
    pg_thing *entry = pg_made_find(s->names, kind, name.schema, table, name.name);
    note_change(s, (change){.kind = CHANGE_RENAME,
                            .object = kind,
                            .schema = name.schema,
                            .table = table.len == 0 && entry != NULL ? entry->table : table,
                            .name = name.name,
                            .to_schema = to_schema,
                            .to = to});
    if (kind == AMEND_OBJECT_SCHEMA && !pg_made_rename_schema(s->names, name.name, to))
    {
        s->failed = true;
    }
    if (entry != NULL && !pg_made_rename(s->names, entry, to_schema.len > 0 ? to_schema : entry->schema, to))
    {
        s->failed = true;
    }
}

/* ----------------------------------------------------------------------------------------------------------- objections */

static void append_objection(pg_scan *s, objection_kind kind, pg_ref table)
{
    objection *grown = arena_grow(s->arena, s->out->objections, s->out->objection_count, sizeof *grown);
    if (grown == NULL)
    {
        s->failed = true;
        return;
    }
    s->out->objections = grown;
    grown[s->out->objection_count++] = (objection){
        .kind = kind, .statement = s->statement, .schema = pg_scan_keep(s, table.schema), .table = pg_scan_keep(s, table.name)};
}

/*
 * One objection of its own for each statement: the first, for its words. When there are several that are not about one and the
 * same table, it is about none, so that it can't fall because one of the tables is new.
 */
static void note_objection(pg_scan *s, objection_kind kind, pg_ref table)
{
    if (s->noted == 0)
    {
        append_objection(s, kind, table);
        s->noted = s->out->objection_count;
        return;
    }
    objection *own = &s->out->objections[s->noted - 1];
    if (!slice_equal(own->table, table.name) || !slice_equal(own->schema, table.schema))
    {
        own->schema = own->table = SLICE("");
    }
}

void pg_scan_object(pg_scan *s, objection_kind kind)
{
    note_objection(s, kind, (pg_ref){SLICE(""), SLICE("")});
}

void pg_scan_object_to(pg_scan *s, objection_kind kind, pg_ref table)
{
    bool own = pg_scan_owns(s, AMEND_OBJECT_TABLE, table) || pg_scan_owns(s, AMEND_OBJECT_VIEW, table);
    if (!own)
    {
        note_objection(s, kind, pg_scan_old(s, AMEND_OBJECT_TABLE, table));
    }
}

void pg_scan_object_also(pg_scan *s, objection_kind kind, pg_ref table)
{
    pg_ref old = pg_scan_old(s, AMEND_OBJECT_TABLE, table);
    bool there = table.name.len > 0 && pg_scan_owns(s, AMEND_OBJECT_TABLE, table);
    for (size_t i = s->out->objection_count; i > 0 && s->out->objections[i - 1].statement == s->statement; i--)
    {
        const objection *o = &s->out->objections[i - 1];
        there |= slice_equal(o->table, old.name) && slice_equal(o->schema, old.schema);
    }
    if (!there)
    {
        append_objection(s, kind, old);
    }
}
