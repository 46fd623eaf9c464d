/* SPDX-License-Identifier: MIT */
#include "engine/restore.h"

#include "amend/backup.h"
#include "api/handle.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

/* What the caller gets, with the arena that it lives in. */
typedef struct restored_box
{
    amend_restored pub; /* first: the public pointer is the box */
    arena *arena;
    const amend_allocator *allocator;
} restored_box;

static amend_status restored_fill(const amend *handle, restored_box *box, const restore *r, amend_error *error)
{
    const manifest *m = &r->manifest;
    amend_restored_table *tables = arena_array(box->arena, m->table_count + 1, sizeof *tables);
    for (size_t i = 0; i < m->table_count && tables != NULL; i++)
    {
        const restored *t = &r->tables[i];
        tables[i] = (amend_restored_table){
            .object = t->object, .rows = t->rows, .inserted = t->inserted, .updated = t->updated, .left = t->left};
    }
    box->pub = (amend_restored){.size = sizeof box->pub,
                                .database = arena_string(box->arena, handle->url_shown),
                                .dialect = handle->session.dialect->name,
                                .backup = r->dir,
                                .made_at = m->made_at,
                                .of = m->database,
                                .version = m->version,
                                .run = m->run,
                                .whole = m->whole.name != NULL,
                                .tables = tables,
                                .table_count = m->table_count};
    return tables == NULL || box->pub.database == NULL ? error_memory(error) : AMEND_OK;
}

static amend_status restored_check(const amend *handle, const amend_restore_how *how, amend_error *error)
{
    if (how == NULL || how->size != sizeof *how || (how->flags & ~(unsigned)AMEND_DRY_RUN) != 0)
    {
        return error_set(error, AMEND_E_ARGUMENT,
                         "amend_restore_how was not made with AMEND_RESTORE_INIT, or has an unknown flag");
    }
    if (how->path == NULL || how->path[0] == '\0' || (how->into != NULL && how->into[0] == '\0'))
    {
        return error_set(error, AMEND_E_ARGUMENT, "a restore needs the path of a backup, and no empty schema");
    }
    return need_database(handle, error);
}

amend_status amend_restore(amend *handle, const amend_restore_how *how, amend_restored **out, amend_error *error)
{
    int64_t start = clock_monotonic_ms();
    amend_status status = restored_check(handle, how, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    restored_box *box = alloc_zeroed(handle->allocator, 1, sizeof *box);
    if (box == NULL)
    {
        return error_memory(error);
    }
    box->allocator = handle->allocator;
    box->arena = arena_new(handle->allocator);
    restore r = {.dir = how->path, .into = how->into, .looking = (how->flags & AMEND_DRY_RUN) != 0};
    status = box->arena == NULL ? error_memory(error) : restore_run(&handle->session, box->arena, &r, error);
    status = status == AMEND_OK ? restored_fill(handle, box, &r, error) : status;
    box->pub.elapsed_ms = clock_monotonic_ms() - start;
    if (status == AMEND_OK && out != NULL)
    {
        *out = &box->pub;
    }
    else
    {
        amend_restored_free(&box->pub);
    }
    return status;
}

void amend_restored_free(amend_restored *restored)
{
    restored_box *box = (restored_box *)restored;
    if (box != NULL)
    {
        const amend_allocator *allocator = box->allocator;
        arena_free(box->arena);
        alloc_free(allocator, box, sizeof *box);
    }
}
