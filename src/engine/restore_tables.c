/* SPDX-License-Identifier: MIT */
/*
 * Tables are put back in one transaction: what one only looks at is done, too, and rolled back, so that the numbers are true
 * and every constraint has had its say. Only sequences are left alone then, for they know no way back.
 */
#include "engine/restore.h"

#include "base/error.h"
#include "engine/depot.h"
#include "guard/loss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the database has of a table. */
typedef struct live
{
    bool there, filled;
    bool *writable;         /* for each column of the saved one: it is there and can be written */
    const char **sequences; /* what each draws from, NULL for none */
} live;

typedef struct loading
{
    session *session;
    arena *arena;
    restore *restore;
    const table_saver *saver;
    saved_table *tables; /* where they go */
    live *lives;
    size_t count, at; /* at: the one at hand */
    int64_t changed;  /* rows, by the last statement */
    amend_error *error;
    bool failed, lost; /* out of memory; the lock was taken over */
} loading;

/* -------------------------------------------------------------------------------------------------------------- asking */

static amend_status loading_on_idle(void *arg)
{
    loading *l = arg;
    l->lost = !l->restore->looking && !apart_renew(&l->restore->runner);
    return l->lost ? AMEND_LOCKED : session_go_on(l->session, NULL);
}

static void loading_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    (void)piece, (void)statement;
    loading *l = arg;
    l->changed = rows > l->changed ? rows : l->changed;
}

static amend_status loading_send(loading *l, const amend_piece *piece, amend_hooks hooks)
{
    amend_fault fault;
    hooks.arg = l;
    hooks.idle = loading_on_idle;
    hooks.done = loading_on_done;
    l->changed = 0;
    amend_status status = session_exec(l->session, piece, 1, &hooks, &fault, l->error);
    if (status != AMEND_OK && (l->failed || l->lost))
    {
        return l->failed ? error_memory(l->error)
                         : error_set(l->error, AMEND_E_LOCK_LOST, "the lock was lost to another runner");
    }
    return status;
}

static amend_status loading_run(loading *l, buf *text, unsigned statements, amend_hooks hooks)
{
    const amend_piece piece = {.text = text->data, .length = text->len, .statements = statements};
    amend_status status = text->failed ? error_memory(l->error) : loading_send(l, &piece, hooks);
    buf_reset(text);
    return status;
}

/* What stands in the way of a table, with what to do about it. */
static amend_status loading_refuse(const loading *l, size_t index, const char *column, const char *words)
{
    const manifest *m = &l->restore->manifest;
    const char *object = m->tables[index].object, *quote = column == NULL ? "" : "\"", *name = column == NULL ? "" : column;
    amend_status status = error_set(l->error, AMEND_E_BACKUP, "the table %s %s %s%s%s", object, words, quote, name, quote);
    error_copy(l->error->object, sizeof l->error->object, slice_of(object));
    if (m->version != NULL)
    {
        error_hint(l->error,
                   "Nothing was changed. The database was at %s when the backup was made (before: %.100s): bring it back there "
                   "first; or put the tables into a schema of their own with --into.",
                   m->version, m->run);
    }
    else
    {
        error_hint(l->error, "Nothing was changed. --into puts the tables into a schema of their own.");
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- looking */

static amend_status loading_on_column(void *arg, size_t piece, const amend_row *row)
{
    loading *l = arg;
    (void)piece;
    size_t n = (size_t)strtoull(row->values[0], NULL, 10);
    const saved_table *t = &l->tables[n];
    l->lives[n].there = true;
    for (size_t i = 0; i < t->column_count; i++)
    {
        if (strcmp(t->columns[i].name, row->values[1]) == 0)
        {
            l->lives[n].writable[i] = row->values[2][0] == '1';
            l->lives[n].sequences[i] = arena_string(l->arena, row->values[3]);
            l->failed |= row->values[3] != NULL && l->lives[n].sequences[i] == NULL;
        }
    }
    return l->failed ? AMEND_FAILED : AMEND_OK;
}

static amend_status loading_on_filled(void *arg, size_t piece, const amend_row *row)
{
    loading *l = arg;
    (void)piece;
    l->lives[l->at].filled = row->values[0][0] == '1';
    return AMEND_OK;
}

/* Can its rows be told apart, by columns that are still what they were? */
static bool loading_has_key(const saved_table *t)
{
    bool any = false;
    for (size_t i = 0; i < t->column_count; i++)
    {
        if (t->columns[i].key > 0 && t->columns[i].lost)
        {
            return false;
        }
        any |= t->columns[i].key > 0;
    }
    return any;
}

static amend_status loading_check(loading *l, buf *text)
{
    unsigned statements = l->saver->load_look(text, l->tables, l->count);
    amend_status status = loading_run(l, text, statements, (amend_hooks){.row = loading_on_column});
    for (size_t i = 0; i < l->count && status == AMEND_OK; i++)
    {
        const saved_table *t = &l->tables[i];
        status = l->lives[i].there ? AMEND_OK : loading_refuse(l, i, NULL, "is not there");
        for (size_t k = 0; k < t->column_count && status == AMEND_OK; k++)
        {
            bool good = l->lives[i].writable[k];
            status = good ? AMEND_OK : loading_refuse(l, i, t->columns[k].name, "has no column that could take");
        }
        l->at = i;
        if (status == AMEND_OK)
        {
            statements = l->saver->load_lock(text, t);
            status = loading_run(l, text, statements, (amend_hooks){.row = loading_on_filled});
        }
        if (status == AMEND_OK && l->lives[i].filled && !loading_has_key(t))
        {
            status = loading_refuse(l, i, NULL, "has rows, and no primary key to tell them apart by");
        }
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ new tables */

/* A type that is gone: its values are kept as text. */
static amend_status loading_on_type(void *arg, size_t piece, const amend_row *row)
{
    loading *l = arg;
    (void)piece;
    saved_table *t = &l->tables[strtoull(row->values[0], NULL, 10)];
    for (size_t i = 0; i < t->column_count; i++)
    {
        t->columns[i].type = strcmp(t->columns[i].name, row->values[1]) == 0 ? "text" : t->columns[i].type;
    }
    return AMEND_OK;
}

/* In the schema they have their own names, but for those that are the same in two schemas. */
static amend_status loading_rename(loading *l)
{
    for (size_t i = 0; i < l->count; i++)
    {
        saved_table *t = &l->tables[i];
        const manifest_table *from = &l->restore->manifest.tables[i];
        for (size_t k = 0; k < l->count; k++)
        {
            const saved_table *other = &l->restore->manifest.tables[k].saved;
            if (k != i && strcmp(other->name, from->saved.name) == 0)
            {
                t->name = arena_format(l->arena, "%s_%s", from->saved.schema, from->saved.name);
            }
        }
        t->schema = l->restore->into;
        const loss named = {.kind = LOSS_TABLE, .schema = slice_of(t->schema), .table = slice_of(t->name)};
        l->restore->tables[i].object = t->name == NULL ? NULL : loss_object(l->arena, &named);
        if (l->restore->tables[i].object == NULL)
        {
            return error_memory(l->error);
        }
    }
    return AMEND_OK;
}

static amend_status loading_make(loading *l, buf *text)
{
    unsigned statements = l->saver->load_types(text, l->tables, l->count);
    amend_status status = loading_run(l, text, statements, (amend_hooks){.row = loading_on_type});
    status = status == AMEND_OK ? loading_rename(l) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    statements = l->saver->load_schema(text, l->restore->into);
    for (size_t i = 0; i < l->count; i++)
    {
        statements += l->saver->load_table(text, &l->tables[i]);
    }
    return loading_run(l, text, statements, (amend_hooks){0});
}

/* --------------------------------------------------------------------------------------------------------------- filling */

/* The file of the table at hand as the data of its COPY. The file is mapped: it may be larger than the memory. */
static amend_status loading_feed(loading *l, buf *text, unsigned statements)
{
    const manifest_file *f = &l->restore->manifest.tables[l->at].file;
    char path[DEPOT_PATH];
    size_t length = (size_t)f->bytes;
    void *data = MAP_FAILED;
    int fd = depot_file(l->restore->dir, f->name, path) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && length > 0)
    {
        data = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    int why = errno;
    if (fd >= 0)
    {
        close(fd);
    }
    if (fd < 0 || (length > 0 && data == MAP_FAILED))
    {
        return error_set(l->error, AMEND_E_BACKUP, "the backup's file can't be read: \"%.400s\": %s", path, strerror(why));
    }
    const amend_copy copy = {.data = length == 0 ? "" : data, .length = length};
    const amend_piece piece = {
        .text = text->data, .length = text->len, .statements = statements, .copies = &copy, .copy_count = 1};
    amend_status status = text->failed ? error_memory(l->error) : loading_send(l, &piece, (amend_hooks){0});
    buf_reset(text);
    if (length > 0)
    {
        munmap(data, length);
    }
    return status;
}

static amend_status loading_fill(loading *l, buf *text)
{
    const saved_table *t = &l->tables[l->at];
    restored *out = &l->restore->tables[l->at];
    bool values = false;
    for (size_t i = 0; i < t->column_count; i++)
    {
        values |= t->columns[i].lost;
    }
    if (!l->lives[l->at].filled)
    {
        amend_status status = loading_feed(l, text, l->saver->load_copy(text, t));
        out->inserted = l->changed;
        return status;
    }
    amend_status status = loading_feed(l, text, l->saver->load_aside(text, t));
    if (status == AMEND_OK)
    {
        unsigned statements = l->saver->load_merge(text, t);
        status = loading_run(l, text, statements, (amend_hooks){0});
        *(values ? &out->updated : &out->inserted) = l->changed;
        out->left = out->rows - l->changed;
    }
    return status;
}

static amend_status loading_sequences(loading *l, buf *text)
{
    unsigned statements = 0;
    const live *at = &l->lives[l->at];
    for (size_t i = 0; i < l->tables[l->at].column_count && !l->restore->looking; i++)
    {
        if (at->sequences[i] != NULL)
        {
            statements += l->saver->load_sequence(text, &l->tables[l->at], l->tables[l->at].columns[i].name, at->sequences[i]);
        }
    }
    return statements == 0 ? AMEND_OK : loading_run(l, text, statements, (amend_hooks){0});
}

static amend_status loading_all(loading *l, buf *text)
{
    amend_status status = l->restore->into == NULL ? loading_check(l, text) : loading_make(l, text);
    for (l->at = 0; l->at < l->count && status == AMEND_OK; l->at++)
    {
        status = loading_fill(l, text);
        status = status == AMEND_OK ? loading_sequences(l, text) : status;
        if (status != AMEND_OK && l->error != NULL && l->error->code == AMEND_E_STATEMENT)
        {
            amend_error said = *l->error;
            error_set(l->error, AMEND_E_BACKUP, "the table %s can't be put back: %s", l->restore->tables[l->at].object,
                      said.message);
            error_copy(l->error->detail, sizeof l->error->detail, slice_of(said.detail));
            error_copy(l->error->sqlstate, sizeof l->error->sqlstate, slice_of(said.sqlstate));
            error_copy(l->error->object, sizeof l->error->object, slice_of(l->restore->tables[l->at].object));
            error_hint(l->error,
                       "Nothing was changed. --into puts the tables into a schema of their own, to take from by SQL.");
        }
    }
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- begin and end */

static bool loading_ready(loading *l, session *s, arena *a, restore *r)
{
    size_t count = r->manifest.table_count;
    *l = (loading){.session = s, .arena = a, .restore = r, .saver = s->dialect->saver, .count = count};
    l->tables = arena_array(a, count, sizeof *l->tables);
    l->lives = arena_array(a, count, sizeof *l->lives);
    r->tables = arena_array(a, count, sizeof *r->tables);
    for (size_t i = 0; i < count && l->tables != NULL && l->lives != NULL && r->tables != NULL; i++)
    {
        const manifest_table *t = &r->manifest.tables[i];
        l->tables[i] = t->saved;
        l->lives[i].writable = arena_array(a, t->saved.column_count + 1, sizeof(bool));
        l->lives[i].sequences = arena_array(a, t->saved.column_count + 1, sizeof(char *));
        r->tables[i] = (restored){.object = t->object, .rows = t->rows};
        l->failed |= l->lives[i].writable == NULL || l->lives[i].sequences == NULL;
    }
    return l->tables != NULL && l->lives != NULL && r->tables != NULL && !l->failed;
}

/* The event and the end of the transaction, while the lock is ours. */
static amend_status loading_commit(loading *l)
{
    session *s = l->session;
    runner *r = &l->restore->runner;
    buf detail;
    message m;
    amend_fault fault = {0};
    buf_init(&detail, s->allocator);
    message_init(&m, l->arena);
    restore_detail(l->restore, &detail);
    message_own(&m, PART_GUARD, SIZE_MAX, s->dialect->guard(&m.text, &r->history->ledger, &r->lease, s->lock_timeout_ms));
    compose_event_of(r, &m, NULL, AMEND_EVENT_BACKUP_RESTORED, detail.failed ? NULL : detail.data);
    message_words(&m, PART_FRAME, SIZE_MAX, l->saver->load_end);
    bool ready = message_ready(&m) && !detail.failed;
    amend_status status = ready ? session_exec(s, m.pieces, m.count, NULL, &fault, l->error) : error_memory(l->error);
    if (status != AMEND_OK && ready)
    {
        explain_fault(r, &m, NULL, 0, &fault, l->error);
    }
    message_clear(&m);
    buf_clear(&detail);
    return status;
}

amend_status restore_tables(session *s, arena *a, restore *r, amend_error *error)
{
    loading l;
    buf text;
    amend_error said = {0};
    amend_hooks silent = {0};
    if (!loading_ready(&l, s, a, r))
    {
        return error_memory(error);
    }
    l.error = &said;
    buf_init(&text, s->allocator);
    unsigned statements = l.saver->load_begin(&text, s->lock_timeout_ms);
    amend_status status = loading_run(&l, &text, statements, (amend_hooks){0});
    status = status == AMEND_OK ? loading_all(&l, &text) : status;
    status = status == AMEND_OK && !r->looking ? loading_commit(&l) : status;
    if ((status != AMEND_OK || r->looking) && !s->lost)
    {
        const char *abort = l.saver->load_abort;
        (void)!session_run(s, slice_of(abort), message_statements(abort), &silent, NULL, NULL);
    }
    buf_clear(&text);
    if (status != AMEND_OK && error != NULL)
    {
        *error = said;
    }
    return status;
}
