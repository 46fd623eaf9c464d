/* SPDX-License-Identifier: MIT */
#include "engine/backup.h"

#include "base/error.h"

#include <stdlib.h>

enum
{
    SAVE_ROOM = 1 << 16, /* rows are gathered, so that each costs no system call */
};

/* The tables at hand, as the run takes something away from them. */
typedef struct saving
{
    runner *runner;
    arena *arena;
    saved_table *tables; /* as wanted; columns are filled in as they are found */
    size_t count;
    manifest *manifest;
    amend_error *error;
    bool lost; /* the lock was taken over meanwhile */
    /* the file being written */
    int fd;
    hasher hash;
    buf room;
    manifest_table *table;
    amend_status written;
    amend_error wrong; /* what was wrong with it */
} saving;

/* ---------------------------------------------------------------------------------------------------------------- wanted */

/* The same table may lose several things: counted once, for the first of them. */
static bool saving_is_first(const losses *l, size_t index)
{
    const loss *wanted = l->entries[index].loss;
    for (size_t i = 0; i < index; i++)
    {
        const loss *other = l->entries[i].loss;
        if (loss_matters(other) && slice_equal(other->schema, wanted->schema) && slice_equal(other->table, wanted->table))
        {
            return false;
        }
    }
    return true;
}

amend_status backup_tables_wanted(const losses *l, size_t *count, amend_error *error)
{
    *count = 0;
    for (size_t i = 0; i < l->count; i++)
    {
        const loss_entry *e = &l->entries[i];
        if (loss_matters(e->loss) && e->loss->kind == LOSS_UNCLEAR)
        {
            amend_status status =
                error_set(error, AMEND_E_BACKUP, "what %s:%u takes away can't be told, so it can't be backed up: %s", e->file,
                          e->line, e->what);
            error_hint(error, "Nothing was run. Save it yourself (pg_dump), and run the command without --backup.");
            return status;
        }
        *count += loss_matters(e->loss) && saving_is_first(l, i);
    }
    return AMEND_OK;
}

/* Those tables, in the order in which they are lost. */
static amend_status saving_list(saving *s, const losses *l, size_t count)
{
    s->tables = arena_array(s->arena, count, sizeof *s->tables);
    if (s->tables == NULL)
    {
        return error_memory(s->error);
    }
    for (size_t i = 0; i < l->count; i++)
    {
        const loss *lost = l->entries[i].loss;
        if (!loss_matters(lost) || !saving_is_first(l, i))
        {
            continue;
        }
        saved_table *t = &s->tables[s->count++];
        t->schema = arena_copy(s->arena, lost->schema);
        t->name = arena_copy(s->arena, lost->table);
        if (t->schema == NULL || t->name == NULL)
        {
            return error_memory(s->error);
        }
    }
    return AMEND_OK;
}

/* Does the run take away the table's rows, or values of this column? With column NULL: its rows? */
static bool saving_loses(const losses *l, const saved_table *t, const char *column)
{
    for (size_t i = 0; i < l->count; i++)
    {
        const loss *lost = l->entries[i].loss;
        bool values = lost->kind == LOSS_COLUMN || lost->kind == LOSS_VALUES || lost->kind == LOSS_PRECISION;
        bool same = slice_equal(lost->schema, slice_of(t->schema)) && slice_equal(lost->table, slice_of(t->name));
        if (loss_matters(lost) && same && (column == NULL ? !values : values && slice_equal(lost->column, slice_of(column))))
        {
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------------------------------------------------- looking */

/* The tables come in the order in which they are to be put back. */
static amend_status saving_on_column(void *arg, size_t piece, const amend_row *row)
{
    saving *s = arg;
    (void)piece;
    const losses *l = s->runner->backup->losses;
    size_t n = (size_t)strtoull(row->values[0], NULL, 10);
    saved_table *t = &s->tables[n];
    saved_column *columns = arena_grow(s->arena, t->columns, t->column_count, sizeof *columns);
    manifest *m = s->manifest;
    if (columns != NULL && t->column_count == 0)
    {
        manifest_table *tables = arena_grow(s->arena, m->tables, m->table_count, sizeof *tables);
        const loss named = {.kind = LOSS_TABLE, .schema = slice_of(t->schema), .table = slice_of(t->name)};
        if (tables == NULL || (tables[m->table_count].object = loss_object(s->arena, &named)) == NULL)
        {
            return s->written = error_memory(&s->wrong);
        }
        m->tables = tables;
        m->table_count++;
    }
    saved_column c = {.name = arena_string(s->arena, row->values[1]),
                      .type = arena_string(s->arena, row->values[2]),
                      .key = (unsigned)strtoul(row->values[3], NULL, 10)};
    if (columns == NULL || c.name == NULL || c.type == NULL)
    {
        return s->written = error_memory(&s->wrong);
    }
    c.lost = !saving_loses(l, t, NULL) && saving_loses(l, t, c.name);
    t->columns = columns;
    t->columns[t->column_count++] = c;
    m->tables[m->table_count - 1].saved = *t;
    return AMEND_OK;
}

static amend_status saving_on_idle(void *arg)
{
    saving *s = arg;
    s->lost = !apart_renew(s->runner);
    return s->lost ? AMEND_LOCKED : session_go_on(s->runner->session, NULL);
}

static amend_status saving_run(saving *s, slice text, unsigned statements, amend_hooks hooks)
{
    amend_fault fault;
    hooks.arg = s;
    hooks.idle = saving_on_idle;
    amend_status status = session_run(s->runner->session, text, statements, &hooks, &fault, s->error);
    if (s->written != AMEND_OK)
    {
        *s->error = s->wrong;
        return s->written;
    }
    return status != AMEND_OK && s->lost ? error_set(s->error, AMEND_E_LOCK_LOST, "the lock was lost to another runner")
                                         : status;
}

static amend_status saving_look(saving *s)
{
    const table_saver *saver = s->runner->session->dialect->saver;
    buf text;
    buf_init(&text, s->runner->session->allocator);
    unsigned statements = saver->save_begin(&text, s->runner->session->lock_timeout_ms);
    statements += saver->save_look(&text, s->tables, s->count);
    amend_status status = text.failed ? error_memory(s->error)
                                      : saving_run(s, buf_slice(&text), statements, (amend_hooks){.row = saving_on_column});
    buf_clear(&text);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- copying */

static amend_status saving_spill(saving *s)
{
    hash_add(&s->hash, buf_slice(&s->room));
    s->table->file.bytes += (int64_t)s->room.len;
    s->written = s->written == AMEND_OK ? depot_write(s->fd, buf_slice(&s->room), &s->wrong) : s->written;
    buf_reset(&s->room);
    return s->written;
}

static amend_status saving_on_data(void *arg, size_t piece, const char *data, size_t length)
{
    saving *s = arg;
    (void)piece;
    buf_add(&s->room, (slice){data, length});
    if (s->room.failed)
    {
        s->written = error_memory(&s->wrong);
        return s->written;
    }
    return s->room.len < SAVE_ROOM ? AMEND_OK : saving_spill(s);
}

static void saving_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    (void)piece, (void)statement;
    ((saving *)arg)->table->rows = rows < 0 ? 0 : rows;
}

/* "1-public.cards.copy": the number keeps names apart that differ in what file names had better not have. */
static const char *saving_file_name(arena *a, size_t index, const saved_table *t)
{
    char *name = arena_format(a, "%zu-%.100s.%.100s.copy", index + 1, t->schema, t->name);
    for (char *p = name; p != NULL && *p != '\0'; p++)
    {
        *p = *p == '/' || (unsigned char)*p < 0x20 ? '_' : *p;
    }
    return name;
}

static amend_status saving_rows(saving *s)
{
    const table_saver *saver = s->runner->session->dialect->saver;
    amend_hooks hooks = {.copied = saving_on_data, .done = saving_on_done};
    buf text;
    buf_init(&text, s->runner->session->allocator);
    unsigned statements = saver->save_copy(&text, &s->table->saved);
    amend_status status = text.failed ? error_memory(s->error) : saving_run(s, buf_slice(&text), statements, hooks);
    buf_clear(&text);
    if (status != AMEND_OK && (s->error->code == AMEND_E_STATEMENT || s->error->code == AMEND_E_BUSY))
    {
        amend_error said = *s->error;
        status = error_set(s->error, AMEND_E_BACKUP, "the table %s can't be saved: %s", s->table->object, said.message);
        error_copy(s->error->detail, sizeof s->error->detail, slice_of(said.detail));
        error_copy(s->error->sqlstate, sizeof s->error->sqlstate, slice_of(said.sqlstate));
        error_copy(s->error->object, sizeof s->error->object, slice_of(s->table->object));
    }
    if (status == AMEND_OK && saving_spill(s) != AMEND_OK)
    {
        *s->error = s->wrong;
        status = s->written;
    }
    return status;
}

static amend_status saving_copy(saving *s, size_t index)
{
    manifest_table *t = s->table = &s->manifest->tables[index];
    char *hash = arena_alloc(s->arena, HASH_HEX);
    t->file.name = saving_file_name(s->arena, index, &t->saved);
    t->file.hash = hash;
    if (hash == NULL || t->file.name == NULL)
    {
        return error_memory(s->error);
    }
    s->fd = depot_make(&s->runner->backup->depot, t->file.name, s->error);
    if (s->fd < 0)
    {
        return AMEND_FAILED;
    }
    hash_begin(&s->hash);
    amend_status status = saving_rows(s);
    hash_end(&s->hash, hash);
    amend_status closed = depot_close(s->fd, status == AMEND_OK ? s->error : NULL);
    return status == AMEND_OK ? closed : status;
}

static amend_status saving_all(saving *s)
{
    session *on = s->runner->session;
    const char *end = on->dialect->saver->save_end;
    amend_hooks silent = {0};
    amend_status status = saving_look(s);
    if (status == AMEND_OK && s->manifest->table_count < s->count)
    {
        status = error_set(s->error, AMEND_E_BACKUP,
                           "a table that the run takes something away from is gone, or has no column to save");
    }
    for (size_t i = 0; i < s->manifest->table_count && status == AMEND_OK; i++)
    {
        status = saving_copy(s, i);
    }
    if (!on->lost)
    {
        (void)!session_run(on, slice_of(end), message_statements(end), &silent, NULL, NULL);
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- saving */

/* The event, while the lock is ours. */
static amend_status saving_note(saving *s)
{
    runner *r = s->runner;
    session *on = r->session;
    const tx_words *w = session_words(on);
    trail before = r->trail;
    buf detail;
    message m;
    buf_init(&detail, on->allocator);
    message_init(&m, s->arena);
    backup_detail(r->backup, s->manifest, &detail);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
    message_own(&m, PART_GUARD, SIZE_MAX, on->dialect->guard(&m.text, &r->history->ledger, &r->lease, on->lock_timeout_ms));
    compose_event_of(r, &m, NULL, AMEND_EVENT_BACKUP_MADE, detail.failed ? NULL : detail.data);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
    bool ready = message_ready(&m) && !detail.failed;
    amend_fault fault = {0};
    amend_status status = ready ? session_exec(on, m.pieces, m.count, NULL, &fault, s->error) : error_memory(s->error);
    if (status != AMEND_OK)
    {
        amend_hooks silent = {0};
        r->trail = before;
        if (ready)
        {
            explain_fault(r, &m, NULL, 0, &fault, s->error);
        }
        if (!on->lost)
        {
            (void)!session_run(on, slice_of(w->step_abort), message_statements(w->step_abort), &silent, NULL, NULL);
        }
    }
    message_clear(&m);
    buf_clear(&detail);
    return status;
}

amend_status backup_tables_save(runner *r, arena *a, manifest *m, amend_error *error)
{
    char shown[1024], name[256];
    session *s = r->session;
    backup *b = r->backup;
    size_t count = 0;
    saving on = {.runner = r, .arena = a, .manifest = m, .error = error};
    amend_status status = backup_tables_wanted(b->losses, &count, error);
    status = status == AMEND_OK ? saving_list(&on, b->losses, count) : status;
    status = status == AMEND_OK ? batch_lock(r, a, error) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    b->begun = true;
    buf_init(&on.room, s->allocator);
    s->driver->describe(s->url, shown, sizeof shown, name, sizeof name);
    status = depot_begin(&b->depot, b->dir, name, error);
    status = status == AMEND_OK ? saving_all(&on) : status;
    status = status == AMEND_OK ? backup_finish(r, m, error) : status;
    status = status == AMEND_OK ? saving_note(&on) : status;
    buf_clear(&on.room);
    return status;
}
