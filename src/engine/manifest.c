/* SPDX-License-Identifier: MIT */
#include "engine/manifest.h"

#include "base/error.h"
#include "base/hash.h"

#include <jansson.h>
#include <stdlib.h>

enum
{
    MANIFEST_FORM = 1, /* raised when an older amend could not restore by it */
};

/* -------------------------------------------------------------------------------------------------------------- sealing */

/* The hash of all but the seal itself. False when memory is short. */
static bool manifest_seal(json_t *all, char out[HASH_HEX])
{
    json_t *bare = json_copy(all);
    json_object_del(bare, "seal");
    char *text = json_dumps(bare, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(bare);
    if (text != NULL)
    {
        slice s = slice_of(text);
        hash_hex(&s, 1, out);
    }
    free(text);
    return text != NULL;
}

/* -------------------------------------------------------------------------------------------------------------- writing */

/* A member; NULL text is left out. *good becomes false for what is not UTF-8. */
static void manifest_put(json_t *object, const char *key, const char *text, bool *good)
{
    if (text != NULL)
    {
        *good &= json_object_set_new(object, key, json_string(text)) == 0;
    }
}

static json_t *manifest_put_file(const manifest_file *f, bool *good)
{
    json_t *out = json_object();
    manifest_put(out, "name", f->name, good);
    manifest_put(out, "sha256", f->hash, good);
    *good &= json_object_set_new(out, "bytes", json_integer(f->bytes)) == 0;
    return out;
}

static json_t *manifest_put_table(const manifest_table *t, bool *good)
{
    json_t *out = json_object(), *columns = json_array();
    manifest_put(out, "schema", t->saved.schema, good);
    manifest_put(out, "table", t->saved.name, good);
    manifest_put(out, "object", t->object, good);
    *good &= json_object_set_new(out, "rows", json_integer(t->rows)) == 0;
    *good &= json_object_set_new(out, "file", manifest_put_file(&t->file, good)) == 0;
    for (size_t i = 0; i < t->saved.column_count; i++)
    {
        const saved_column *c = &t->saved.columns[i];
        json_t *row = json_object();
        manifest_put(row, "name", c->name, good);
        manifest_put(row, "type", c->type, good);
        *good &= c->key == 0 || json_object_set_new(row, "key", json_integer(c->key)) == 0;
        *good &= !c->lost || json_object_set_new(row, "lost", json_true()) == 0;
        *good &= json_array_append_new(columns, row) == 0;
    }
    *good &= json_object_set_new(out, "columns", columns) == 0;
    return out;
}

static json_t *manifest_build(const manifest *m, bool *good)
{
    json_t *out = json_object();
    *good = out != NULL && json_object_set_new(out, "amend_backup", json_integer(MANIFEST_FORM)) == 0;
    manifest_put(out, "dialect", m->dialect, good);
    manifest_put(out, "database", m->database, good);
    manifest_put(out, "path", m->path, good);
    manifest_put(out, "made_at", m->made_at, good);
    manifest_put(out, "version", m->version, good);
    manifest_put(out, "run", m->run, good);
    if (m->whole.name != NULL)
    {
        *good &= json_object_set_new(out, "file", manifest_put_file(&m->whole, good)) == 0;
    }
    json_t *tables = json_array();
    for (size_t i = 0; i < m->table_count; i++)
    {
        *good &= json_array_append_new(tables, manifest_put_table(&m->tables[i], good)) == 0;
    }
    *good &= json_object_set_new(out, "tables", tables) == 0;
    return out;
}

amend_status manifest_write(const manifest *m, buf *out, amend_error *error)
{
    char seal[HASH_HEX];
    bool good;
    json_t *all = manifest_build(m, &good);
    if (!good)
    {
        json_decref(all);
        return error_set(error, AMEND_E_BACKUP, "no backup could be made: a name is not UTF-8");
    }
    char *text = NULL;
    if (manifest_seal(all, seal) && json_object_set_new(all, "seal", json_string(seal)) == 0)
    {
        text = json_dumps(all, JSON_INDENT(2));
    }
    json_decref(all);
    buf_text(out, text == NULL ? "" : text);
    buf_char(out, '\n');
    out->failed |= text == NULL;
    free(text);
    return out->failed ? error_memory(error) : AMEND_OK;
}

/* -------------------------------------------------------------------------------------------------------------- reading */

typedef struct manifest_reader
{
    arena *arena;
    bool wrong, failed; /* not a manifest; out of memory */
} manifest_reader;

static const char *manifest_get(manifest_reader *r, json_t *object, const char *key, bool needed)
{
    const char *text = json_string_value(json_object_get(object, key));
    const char *kept = arena_string(r->arena, text);
    r->wrong |= needed && text == NULL;
    r->failed |= text != NULL && kept == NULL;
    return kept;
}

static int64_t manifest_number(manifest_reader *r, json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    r->wrong |= !json_is_integer(value) || json_integer_value(value) < 0;
    return json_integer_value(value);
}

/* The name must be that of a file in the same directory. */
static manifest_file manifest_get_file(manifest_reader *r, json_t *object)
{
    manifest_file f = {.name = manifest_get(r, object, "name", true),
                       .hash = manifest_get(r, object, "sha256", true),
                       .bytes = manifest_number(r, object, "bytes")};
    r->wrong |= f.name != NULL && (f.name[0] == '\0' || f.name[0] == '.' || strchr(f.name, '/') != NULL);
    return f;
}

static void manifest_get_table(manifest_reader *r, json_t *object, manifest_table *out)
{
    json_t *columns = json_object_get(object, "columns");
    size_t count = json_array_size(columns);
    saved_column *all = arena_array(r->arena, count + 1, sizeof *all);
    *out = (manifest_table){.object = manifest_get(r, object, "object", true),
                            .rows = manifest_number(r, object, "rows"),
                            .file = manifest_get_file(r, json_object_get(object, "file"))};
    out->saved = (saved_table){.schema = manifest_get(r, object, "schema", true),
                               .name = manifest_get(r, object, "table", true),
                               .columns = all,
                               .column_count = count};
    r->failed |= all == NULL;
    for (size_t i = 0; i < count && all != NULL; i++)
    {
        json_t *row = json_array_get(columns, i);
        all[i] = (saved_column){.name = manifest_get(r, row, "name", true),
                                .type = manifest_get(r, row, "type", true),
                                .key = (unsigned)json_integer_value(json_object_get(row, "key")),
                                .lost = json_is_true(json_object_get(row, "lost"))};
    }
}

static void manifest_fill(manifest_reader *r, json_t *all, manifest *out)
{
    json_t *tables = json_object_get(all, "tables"), *file = json_object_get(all, "file");
    *out = (manifest){.dialect = manifest_get(r, all, "dialect", true),
                      .database = manifest_get(r, all, "database", true),
                      .path = manifest_get(r, all, "path", false),
                      .made_at = manifest_get(r, all, "made_at", true),
                      .version = manifest_get(r, all, "version", false),
                      .run = manifest_get(r, all, "run", true),
                      .table_count = json_array_size(tables)};
    out->whole = file == NULL ? out->whole : manifest_get_file(r, file);
    r->wrong |= file == NULL && out->table_count == 0;
    out->tables = arena_array(r->arena, out->table_count + 1, sizeof *out->tables);
    r->failed |= out->tables == NULL;
    for (size_t i = 0; i < out->table_count && out->tables != NULL; i++)
    {
        manifest_get_table(r, json_array_get(tables, i), &out->tables[i]);
    }
}

amend_status manifest_read(arena *a, slice text, manifest *out, amend_error *error)
{
    char seal[HASH_HEX] = "";
    manifest_reader r = {.arena = a};
    json_t *all = json_loadb(text.data, text.len, 0, NULL);
    const char *said = json_string_value(json_object_get(all, "seal"));
    json_int_t form = json_integer_value(json_object_get(all, "amend_backup"));
    amend_status status = AMEND_OK;
    if (form == 0 || said == NULL)
    {
        status = error_set(error, AMEND_E_BACKUP, "that is not a backup of amend's");
    }
    else if (form != MANIFEST_FORM)
    {
        status = error_set(error, AMEND_E_BACKUP, "the backup was made by a newer amend");
    }
    else if (!manifest_seal(all, seal) || strcmp(seal, said) != 0)
    {
        status =
            error_set(error, AMEND_E_BACKUP, "the backup was changed since it was made: %s is not what it was", MANIFEST_FILE);
    }
    else
    {
        manifest_fill(&r, all, out);
        status = r.failed ? error_memory(error) : AMEND_OK;
    }
    json_decref(all);
    return status == AMEND_OK && r.wrong ? error_set(error, AMEND_E_BACKUP, "that is not a backup of amend's") : status;
}
