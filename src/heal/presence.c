/* SPDX-License-Identifier: MIT */
#include "heal/presence.h"

#include "base/error.h"

static amend_status presence_read(presence *out, amend_error *error)
{
    arena *a = out->arena;
    const view *v = out->view;
    const catalog *c = v->catalog;
    bool *wanted = arena_array(a, c->count + 1, sizeof *wanted);
    out->standings = arena_array(a, c->count + 1, sizeof *out->standings);
    if (wanted == NULL || out->standings == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < v->count; i++)
    {
        const entry *e = &v->entries[i];
        out->blind |= e->file == NULL;
        if (e->file == NULL || (e->row == NULL && e->state != AMEND_STATE_PARTIAL))
        {
            continue;
        }
        size_t at = (size_t)(e->file - c->items);
        wanted[at] = true;
        out->standings[at] = e->row == NULL                    ? STANDING_HALF
                             : e->state == AMEND_STATE_CHANGED ? STANDING_CHANGED
                                                               : STANDING_APPLIED;
    }
    return knowledge_make(a, out->dialect, c, wanted, &out->knowledge, error);
}

amend_status presence_load(const session *s, arena *a, const view *v, const snapshot *live, const snapshot *kept, presence *out,
                           amend_error *error)
{
    bool nocase = (s->dialect->traits & DIALECT_NAMES_NOCASE) != 0;
    *out = (presence){.arena = a, .dialect = s->dialect, .view = v, .home = slice_of(v->history->ledger.schema)};
    amend_status status = roster_make(a, live, nocase, &out->live, error);
    if (status == AMEND_OK && kept != NULL)
    {
        status = roster_make(a, kept, nocase, &out->kept, error);
    }
    return status == AMEND_OK ? presence_read(out, error) : status;
}

/* ----------------------------------------------------------------------------------------------------------- searching */

/* What snapshots leave out: the server's own schemas, amend's own tables, which some projects make by a migration, and what
 * every new database has. */
static bool presence_is_own(slice name)
{
    return slice_equal(name, SLICE("plpgsql")) || slice_equal(name, slice_of(HISTORY_TABLE)) ||
           slice_equal(name, slice_of(EVENTS_TABLE)) || slice_equal(name, slice_of(LOCK_TABLE)) ||
           slice_equal(name, slice_of(SCHEMA_TABLE));
}

static bool presence_in(const roster *r, const provision *p, slice home)
{
    return roster_find(r, p->kind, p->schema.len > 0 ? p->schema : home, p->table, p->name) != NULL;
}

/* Of a view only the whole is told. */
static bool presence_is_told(const presence *p, const provision *of)
{
    bool view = of->kind == AMEND_OBJECT_COLUMN &&
                (roster_find(p->live, AMEND_OBJECT_VIEW, of->schema, (slice){0}, of->table) != NULL ||
                 (p->kept != NULL && roster_find(p->kept, AMEND_OBJECT_VIEW, of->schema, (slice){0}, of->table) != NULL));
    bool system = slice_starts(of->schema, SLICE("pg_")) || slice_equal(of->schema, SLICE("information_schema"));
    return roster_tells(of->kind) && !view && !system && !presence_is_own(of->name) && !presence_is_own(of->table);
}

/*
 * A name without a schema may be in any, as the search path was. Where the last migration left it in the history's own schema,
 * it must be there still; else any will do: better to miss something than to cry wolf.
 */
static bool presence_is_there(const presence *p, const provision *of)
{
    bool at_home = p->kept != NULL && of->schema.len == 0 && p->home.len > 0 && presence_in(p->kept, of, p->home);
    return presence_in(p->live, of, at_home ? p->home : (slice){0});
}

/* --------------------------------------------------------------------------------------------------------------- doubts */

static bool presence_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

/* The name as a word anywhere in the text, also inside strings: what is run from there is in no grammar. */
static bool presence_mentions(slice text, slice name)
{
    for (size_t i = 0; i + name.len <= text.len; i++)
    {
        bool begins = i == 0 || !presence_is_letter(text.data[i - 1]);
        bool ends = i + name.len == text.len || !presence_is_letter(text.data[i + name.len]);
        if (begins && ends && slice_equal_nocase(slice_sub(text, i, i + name.len), name))
        {
            return true;
        }
    }
    return false;
}

/* Does a statement behind it drop what it doesn't name? */
static bool presence_is_swept(const facts *f, const provision *of, bool same)
{
    return f->sweep > 0 && (!same || (of->statement != SIZE_MAX && f->sweep - 1 > of->statement));
}

static bool presence_is_unclear(const facts *f, const provision *of, bool same)
{
    for (size_t i = 0; i < f->objection_count; i++)
    {
        bool behind = !same || (of->statement != SIZE_MAX && f->objections[i].statement > of->statement);
        if (f->objections[i].kind == OBJECTION_UNCLEAR && behind)
        {
            return true;
        }
    }
    return false;
}

/*
 * Has a migration from then on a statement that can't be read, and that may have dropped it? When it is known that the last
 * migration left the schema without it, any such statement may; else one that has its name.
 */
static amend_status presence_doubt(const presence *p, const provision *of, bool *out, amend_error *error)
{
    const catalog *c = &p->knowledge.catalog;
    amend_status status = AMEND_OK;
    buf text;
    buf_init(&text, arena_allocator(p->arena));
    *out = p->blind;
    for (size_t i = of->migration; i < c->count && !*out && status == AMEND_OK; i++)
    {
        bool pending = p->standings[i] == STANDING_PENDING;
        *out = !pending && presence_is_swept(&p->knowledge.facts[i], of, i == of->migration);
        if (pending || *out || !presence_is_unclear(&p->knowledge.facts[i], of, i == of->migration))
        {
            continue;
        }
        status = p->kept != NULL ? AMEND_OK : catalog_read(c, c->items[i].up_file, &text, NULL, error);
        *out = status == AMEND_OK && (p->kept != NULL || presence_mentions(buf_slice(&text), of->name));
    }
    buf_clear(&text);
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- company */

/*
 * Snapshots tell an extension, and not its members; and a column's own sequence as the column's. So what comes along with
 * something is absent when that is. NONE: it is there, or not, by itself.
 */
static amend_object_kind presence_comes_with(const presence *p, const provision *of)
{
    const facts *f = &p->knowledge.facts[of->migration];
    for (size_t i = 0; i < f->bringer_count; i++)
    {
        amend_object_kind kind = f->bringers[i].kind;
        bool member = kind == AMEND_OBJECT_EXTENSION && of->kind != AMEND_OBJECT_EXTENSION;
        bool sequence = kind == AMEND_OBJECT_TABLE && of->kind == AMEND_OBJECT_SEQUENCE;
        if (f->bringers[i].statement == of->statement && (member || sequence))
        {
            return kind;
        }
    }
    return AMEND_OBJECT_NONE;
}

/* Is something of this kind that the same statement made absent? */
static bool presence_went_with(const presence *p, const provision *of, amend_object_kind kind)
{
    const provision *other = index_next(p->knowledge.index, NULL);
    for (; other != NULL; other = index_next(p->knowledge.index, other))
    {
        bool same = other->migration == of->migration && other->statement == of->statement;
        bool brings = other->kind == kind || (kind == AMEND_OBJECT_TABLE && other->kind == AMEND_OBJECT_COLUMN);
        if (same && brings && presence_is_told(p, other) && !presence_is_there(p, other))
        {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------------------------------------------------------- absent */

static bool presence_owns(const provision *owner, const provision *of)
{
    bool kind = owner->kind == AMEND_OBJECT_TABLE || owner->kind == AMEND_OBJECT_VIEW || owner->kind == AMEND_OBJECT_TYPE;
    bool schema = owner->schema.len == 0 || of->schema.len == 0 || slice_equal(owner->schema, of->schema);
    return kind && schema && of->table.len > 0 && slice_equal_nocase(owner->name, of->table) &&
           owner->migration == of->migration;
}

static amend_status presence_miss(const presence *p, const provision *of, absences *out, amend_error *error)
{
    bool kept = p->kept != NULL && presence_in(p->kept, of, (slice){0});
    bool doubtful = false;
    amend_status status = kept ? AMEND_OK : presence_doubt(p, of, &doubtful, error);
    if (status != AMEND_OK || (p->standings[of->migration] == STANDING_CHANGED && !kept))
    {
        return status;
    }
    absence *items = arena_grow(p->arena, out->items, out->count, sizeof *items);
    if (items == NULL)
    {
        return error_memory(error);
    }
    out->items = items;
    absence *a = &items[out->count];
    *a = (absence){.provision = of, .doubtful = doubtful, .within = presence_comes_with(p, of) != AMEND_OBJECT_NONE};
    for (size_t i = 0; i < out->count && !a->within; i++)
    {
        a->within = presence_owns(items[i].provision, of);
    }
    out->count++;
    return AMEND_OK;
}

amend_status presence_check(presence *p, absences *out, amend_error *error)
{
    amend_status status = AMEND_OK;
    *out = (absences){0};
    const provision *of = index_next(p->knowledge.index, NULL);
    for (; of != NULL && status == AMEND_OK; of = index_next(p->knowledge.index, of))
    {
        if (p->standings[of->migration] == STANDING_HALF || !presence_is_told(p, of) || presence_is_there(p, of) ||
            (of->kind == AMEND_OBJECT_COLUMN && roster_is_bare(p->live, of->schema, of->table)))
        {
            continue;
        }
        amend_object_kind with = presence_comes_with(p, of);
        if (with == AMEND_OBJECT_NONE || presence_went_with(p, of, with))
        {
            status = presence_miss(p, of, out, error);
        }
    }
    return status;
}

const char *presence_name(arena *a, const provision *p)
{
    const slice parts[] = {p->schema, p->table, p->name};
    const char *text = arena_format(a, "%s ", amend_object_kind_name(p->kind));
    const char *dot = "";
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && text != NULL; i++)
    {
        if (parts[i].len > 0)
        {
            text = arena_format(a, "%s%s%.*s", text, dot, (int)parts[i].len, parts[i].data);
            dot = ".";
        }
    }
    return text;
}
