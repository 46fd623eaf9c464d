/* SPDX-License-Identifier: MIT */
#include "heal/knowledge.h"

#include "base/alloc.h"
#include "base/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* While it is made. */
typedef struct learner
{
    const dialect *dialect;
    knowledge *knowledge;
    survey *survey;
    buf text;       /* of the migration at hand */
    arena *scratch; /* likewise */
} learner;

/* ----------------------------------------------------------------------------------------------------------- provides */

/* "enum value status.done": the kind, and behind it the name. */
static amend_object_kind knowledge_kind(slice *text)
{
    for (amend_object_kind kind = AMEND_OBJECT_TABLE; kind < AMEND_OBJECT_KINDS; kind++)
    {
        slice name = slice_of(amend_object_kind_name(kind));
        if (slice_starts(*text, name) && text->len > name.len && text->data[name.len] == ' ')
        {
            *text = slice_sub(*text, name.len + 1, text->len);
            return kind;
        }
    }
    return AMEND_OBJECT_NONE;
}

static bool knowledge_has_table(amend_object_kind kind)
{
    return kind == AMEND_OBJECT_COLUMN || kind == AMEND_OBJECT_ENUM_VALUE || kind == AMEND_OBJECT_TRIGGER ||
           kind == AMEND_OBJECT_INDEX;
}

/* A directive as a change; false when its name is none. The object is where the change's slices point to. */
static bool knowledge_directive(const dialect *d, slice text, amend_object *object, change *out)
{
    amend_object_kind kind = knowledge_kind(&text);
    text = kind == AMEND_OBJECT_FUNCTION ? slice_token(&text, '(') : text; /* an error does not tell its arguments */
    if (kind == AMEND_OBJECT_NONE || !d->parse_name(slice_trim(text), object))
    {
        return false;
    }
    bool table = knowledge_has_table(kind);
    *out = (change){.kind = CHANGE_ADD,
                    .object = kind,
                    .schema = slice_of(table ? object->schema : object->table),
                    .table = slice_of(table ? object->table : ""),
                    .name = slice_of(object->name),
                    .statement = SIZE_MAX};
    return true;
}

static amend_status learn_directives(learner *l, size_t i, amend_error *error)
{
    const directives *head = &l->knowledge->catalog.items[i].head;
    amend_status status = AMEND_OK;
    for (size_t k = 0; k < head->provides_count && status == AMEND_OK; k++)
    {
        amend_object object = {0};
        change change;
        if (knowledge_directive(l->dialect, slice_of(head->provides[k]), &object, &change))
        {
            status = index_add(l->knowledge->index, i, &change, 1, error);
        }
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------------------- objections */

static slice knowledge_copy(arena *a, slice text, bool *failed)
{
    char *copy = arena_copy(a, text);
    *failed |= copy == NULL;
    return (slice){copy, copy == NULL ? 0 : text.len};
}

static amend_status learn_objections(learner *l, const script *s, const findings *f, facts *out, amend_error *error)
{
    arena *a = l->knowledge->arena;
    objection *objections = arena_array(a, f->objection_count + 1, sizeof *objections);
    unsigned *lines = arena_array(a, f->objection_count + 1, sizeof *lines);
    bool failed = objections == NULL || lines == NULL;
    for (size_t i = 0; i < f->objection_count && !failed; i++)
    {
        unsigned column;
        objections[i] = f->objections[i];
        objections[i].schema = knowledge_copy(a, f->objections[i].schema, &failed);
        objections[i].table = knowledge_copy(a, f->objections[i].table, &failed);
        text_position(s->text, s->stmts[objections[i].statement].start, &lines[i], &column);
    }
    out->objections = objections;
    out->objection_count = f->objection_count;
    out->lines = lines;
    return failed ? error_memory(error) : AMEND_OK;
}

/* Before the index has this migration's changes: a table that an earlier one made is not new, whatever IF NOT EXISTS says. */
static amend_status learn_tables(learner *l, const findings *f, facts *out, amend_error *error)
{
    const knowledge *k = l->knowledge;
    made_table *made = arena_array(k->arena, f->change_count + 1, sizeof *made);
    bool failed = made == NULL;
    for (size_t i = 0; i < f->change_count && !failed; i++)
    {
        const change *c = &f->changes[i];
        if (c->kind == CHANGE_ADD && c->object == AMEND_OBJECT_TABLE && !index_has_table(k->index, c->schema, c->name))
        {
            made[out->made_count++] = (made_table){.schema = knowledge_copy(k->arena, c->schema, &failed),
                                                   .name = knowledge_copy(k->arena, c->name, &failed),
                                                   .statement = c->statement};
        }
    }
    out->made = made;
    return failed ? error_memory(error) : AMEND_OK;
}

static amend_status learn_company(learner *l, const script *s, const findings *f, facts *out, amend_error *error)
{
    bringer *items = arena_array(l->knowledge->arena, f->change_count + 1, sizeof *items);
    if (items == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        bool table = c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_COLUMN;
        if (c->kind == CHANGE_ADD && (table || c->object == AMEND_OBJECT_EXTENSION))
        {
            items[out->bringer_count++] = (bringer){table ? AMEND_OBJECT_TABLE : c->object, c->statement};
        }
    }
    out->bringers = items;
    for (size_t i = s->count; i > 0 && out->sweep == 0 && slice_has_nocase(s->text, SLICE("CASCADE")); i--)
    {
        slice text = slice_sub(s->text, s->stmts[i - 1].start, s->stmts[i - 1].end);
        bool sweeps = slice_has_nocase(text, SLICE("DROP")) && slice_has_nocase(text, SLICE("CASCADE"));
        out->sweep = sweeps ? i : 0;
    }
    return AMEND_OK;
}

/* A script that can't be split can't be judged either: nothing of it runs by itself. */
static amend_status learn_unclear(learner *l, facts *out, amend_error *error)
{
    static const stmt first = {0};
    objection unclear = {.kind = OBJECTION_UNCLEAR};
    findings f = {.objections = &unclear, .objection_count = 1};
    script s = {.text = buf_slice(&l->text), .stmts = (stmt *)&first, .count = 1};
    return learn_objections(l, &s, &f, out, error);
}

/* ---------------------------------------------------------------------------------------------------------------- loading */

static amend_status learn_script(learner *l, size_t i, amend_error *error)
{
    facts *out = &l->knowledge->facts[i];
    script s;
    findings f = {0};
    amend_error reason = {0};
    amend_status status = l->dialect->split(l->scratch, buf_slice(&l->text), &s, &reason);
    if (status != AMEND_OK)
    {
        return reason.code == AMEND_E_OUT_OF_MEMORY ? error_memory(error) : learn_unclear(l, out, error);
    }
    status = l->dialect->survey_read(l->survey, l->scratch, &s, &f, error);
    out->outside = (s.flags & (SCRIPT_NO_TX | SCRIPT_REBUILDS)) != 0 || l->knowledge->catalog.items[i].head.transaction_off;
    if (status == AMEND_OK)
    {
        status = learn_objections(l, &s, &f, out, error);
    }
    if (status == AMEND_OK)
    {
        status = learn_tables(l, &f, out, error);
    }
    if (status == AMEND_OK)
    {
        status = learn_company(l, &s, &f, out, error);
    }
    return status == AMEND_OK ? index_add(l->knowledge->index, i, f.changes, f.change_count, error) : status;
}

static amend_status learn_migration(learner *l, size_t i, amend_error *error)
{
    l->scratch = arena_new(l->text.allocator);
    if (l->scratch == NULL)
    {
        return error_memory(error);
    }
    const migration *m = &l->knowledge->catalog.items[i];
    amend_status status = catalog_read(&l->knowledge->catalog, m->up_file, &l->text, NULL, error);
    if (status == AMEND_OK)
    {
        status = learn_script(l, i, error);
    }
    if (status == AMEND_OK)
    {
        status = learn_directives(l, i, error);
    }
    arena_free(l->scratch);
    return status;
}

static amend_status learn(learner *l, const bool *wanted, amend_error *error)
{
    knowledge *k = l->knowledge;
    k->nocase = (l->dialect->traits & DIALECT_NAMES_NOCASE) != 0;
    amend_status status = index_new(k->arena, k->nocase, &k->index, error);
    k->facts = arena_array(k->arena, k->catalog.count + 1, sizeof *k->facts);
    if (status == AMEND_OK && k->facts == NULL)
    {
        status = error_memory(error);
    }
    if (status == AMEND_OK)
    {
        status = l->dialect->survey_open(l->text.allocator, &l->survey, error);
    }
    for (size_t i = 0; i < k->catalog.count && status == AMEND_OK; i++)
    {
        status = wanted == NULL || wanted[i] ? learn_migration(l, i, error) : AMEND_OK;
    }
    l->dialect->survey_close(l->survey);
    return status;
}

amend_status knowledge_load(const amend_allocator *allocator, const dialect *dialect, const char *dir, const amend_file *files,
                            size_t file_count, knowledge **out, amend_error *error)
{
    arena *a = arena_new(allocator);
    knowledge *k = a == NULL ? NULL : arena_alloc(a, sizeof *k);
    if (k == NULL)
    {
        arena_free(a);
        return error_memory(error);
    }
    *k = (knowledge){.arena = a, .references = 1, .stamp = knowledge_stamp(dir, files)};
    learner l = {.dialect = dialect, .knowledge = k};
    buf_init(&l.text, allocator);
    amend_status status = catalog_load(a, dir, files, file_count, &k->catalog, error);
    if (status == AMEND_OK)
    {
        status = learn(&l, NULL, error);
    }
    buf_clear(&l.text);
    if (status != AMEND_OK)
    {
        arena_free(a);
        return status;
    }
    *out = k;
    return AMEND_OK;
}

amend_status knowledge_make(arena *a, const dialect *dialect, const catalog *c, const bool *wanted, knowledge *out,
                            amend_error *error)
{
    *out = (knowledge){.arena = a, .catalog = *c};
    learner l = {.dialect = dialect, .knowledge = out};
    buf_init(&l.text, arena_allocator(a));
    amend_status status = learn(&l, wanted, error);
    buf_clear(&l.text);
    return status;
}

void knowledge_hold(knowledge *k)
{
    k->references++;
}

void knowledge_release(knowledge *k)
{
    if (k != NULL && --k->references == 0)
    {
        arena_free(k->arena);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ stamp */

/* FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t stamp_mix(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
    {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

static uint64_t stamp_file(int dir, const char *name)
{
    struct stat st;
    uint64_t hash = stamp_mix(0xcbf29ce484222325, name, strlen(name));
    if (fstatat(dir, name, &st, 0) != 0)
    {
        return hash;
    }
    hash = stamp_mix(hash, &st.st_size, sizeof st.st_size);
    hash = stamp_mix(hash, &st.st_mtim, sizeof st.st_mtim);
    return stamp_mix(hash, &st.st_ino, sizeof st.st_ino);
}

/* The files' numbers are added up: a directory lists them in any order. */
static uint64_t stamp_dir(const char *path)
{
    DIR *dir = opendir(path);
    uint64_t sum = 1;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
    {
        sum += slice_ends(slice_of(e->d_name), SLICE(".sql")) ? stamp_file(dirfd(dir), e->d_name) : 0;
    }
    if (dir != NULL)
    {
        closedir(dir);
    }
    return sum;
}

int64_t knowledge_stamp(const char *dir, const amend_file *files)
{
    char path[4096];
    if (files != NULL)
    {
        return 0;
    }
    snprintf(path, sizeof path, "%s/versions", dir);
    uint64_t stamp = stamp_dir(dir) * 31 + stamp_dir(path);
    return (int64_t)stamp;
}
