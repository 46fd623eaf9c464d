/* SPDX-License-Identifier: MIT */
#include "engine/restore.h"

#include "base/error.h"
#include "engine/backup.h"
#include "engine/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ----------------------------------------------------------------------------------------------------------- the backup */

static amend_status restore_check_file(const restore *r, const manifest_file *f, amend_error *error)
{
    char path[DEPOT_PATH], hash[HASH_HEX];
    int64_t bytes;
    if (!depot_file(r->dir, f->name, path))
    {
        return error_set(error, AMEND_E_BACKUP, "the backup's path is too long");
    }
    amend_status status = depot_hash(path, hash, &bytes, error);
    if (status == AMEND_OK && (strcmp(hash, f->hash) != 0 || bytes != f->bytes))
    {
        return error_set(error, AMEND_E_BACKUP, "the backup was changed since it was made: %s is not what it was", f->name);
    }
    return status;
}

/* Is it whole, and what it was when it was made? */
static amend_status restore_open(const session *s, arena *a, restore *r, amend_error *error)
{
    char path[DEPOT_PATH];
    buf text;
    char *real = realpath(r->dir, NULL); /* of an absent one the reading says what is wrong */
    r->dir = arena_string(a, real == NULL ? r->dir : real);
    free(real);
    if (r->dir == NULL)
    {
        return error_memory(error);
    }
    if (slice_ends(slice_of(r->dir), SLICE(".partial")))
    {
        return error_set(error, AMEND_E_BACKUP, "the backup \"%s\" was never finished: before it the run changed nothing",
                         r->dir);
    }
    buf_init(&text, s->allocator);
    amend_status status = depot_file(r->dir, MANIFEST_FILE, path)
                              ? depot_read(path, &text, error)
                              : error_set(error, AMEND_E_BACKUP, "the backup's path is too long");
    status = status == AMEND_OK ? manifest_read(a, buf_slice(&text), &r->manifest, error) : status;
    buf_clear(&text);
    const manifest *m = &r->manifest;
    if (status == AMEND_OK && strcmp(m->dialect, s->dialect->name) != 0)
    {
        status = error_set(error, AMEND_E_BACKUP, "that is a backup of the %s database %s; this one speaks %s", m->dialect,
                           m->database, s->dialect->name);
    }
    if (status == AMEND_OK && m->whole.name != NULL)
    {
        status = restore_check_file(r, &m->whole, error);
    }
    for (size_t i = 0; i < m->table_count && status == AMEND_OK; i++)
    {
        status = restore_check_file(r, &m->tables[i].file, error);
    }
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- the lock */

static amend_status restore_take(session *s, arena *a, restore *r, bool *again, amend_error *error)
{
    static const plan nothing = {0};
    const tx_words *w = session_words(s);
    message m;
    amend_fault fault = {0};
    r->runner = (runner){.session = s, .arena = a, .history = &r->history, .plan = &nothing};
    r->runner.lease = (lease){.seen = r->history.fence,
                              .heartbeat = r->history.heartbeat,
                              .holder = r->holder,
                              .host = s->host,
                              .pid = (int64_t)getpid()};
    history_trail(&r->history, s, &r->runner.trail);
    message_init(&m, a);
    message_words(&m, PART_ACQUIRE, SIZE_MAX, w->batch_begin);
    compose_lock(&r->runner, &m);
    message_words(&m, PART_ACQUIRE, SIZE_MAX, w->batch_end);
    amend_status status = message_ready(&m) ? session_exec(s, m.pieces, m.count, NULL, &fault, error) : error_memory(error);
    if (status != AMEND_OK)
    {
        amend_hooks silent = {0};
        *again = fault.kind == AMEND_FAULT_BUSY || (fault.kind == AMEND_FAULT_STATEMENT && s->dialect->not_null(error));
        (void)!session_run(s, slice_of(w->batch_abort), message_statements(w->batch_abort), &silent, NULL, NULL);
    }
    message_clear(&m);
    return status;
}

static amend_status restore_lock(session *s, arena *a, restore *r, amend_error *error)
{
    lock_wait wait = {0};
    lock_holder(r->holder);
    for (;;)
    {
        amend_error said = {0};
        amend_status status = history_read(s, a, &r->history, &said);
        bool again = status == AMEND_OK ? lock_judge(&r->history, s->lease_ms) == LOCK_HELD : said.code == AMEND_E_BUSY;
        if (status == AMEND_OK && !again)
        {
            status = restore_take(s, a, r, &again, &said);
        }
        if (!again)
        {
            if (status != AMEND_OK && error != NULL)
            {
                *error = said;
            }
            return status;
        }
        status = lock_wait_more(s, &r->history, &wait, error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
}

static void restore_unlock(session *s, arena *a, restore *r)
{
    const tx_words *w = session_words(s);
    amend_hooks silent = {0};
    message m;
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
    message_own(&m, PART_RELEASE, SIZE_MAX, s->dialect->release(&m.text, &r->history.ledger, &r->runner.lease));
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
    message_words(&m, PART_BATCH_END, SIZE_MAX, w->batch_end);
    if (message_ready(&m) && !s->lost)
    {
        (void)!session_exec(s, m.pieces, m.count, &silent, NULL, NULL);
    }
    message_clear(&m);
}

/* ---------------------------------------------------------------------------------------------------------- the whole file */

static amend_status restore_is_empty(session *s, arena *a, bool *empty, amend_error *error)
{
    history h;
    snapshot schema;
    amend_status status = history_read(s, a, &h, error);
    status = status == AMEND_OK ? snapshot_read(s, a, false, &schema, error) : status;
    *empty = status == AMEND_OK && schema.count == 0 && !h.ledger.has_history && !h.ledger.has_events && !h.ledger.has_lock;
    return status;
}

/* A file takes the place of the one that it was saved from, or of nothing. */
static amend_status restore_check_place(session *s, arena *a, const restore *r, amend_error *error)
{
    const char *path = s->driver->path(s->conn);
    const char *from = r->manifest.path == NULL ? "" : r->manifest.path;
    bool same = path == NULL || strcmp(path, from) == 0, empty = false;
    amend_status status = same ? AMEND_OK : restore_is_empty(s, a, &empty, error);
    if (status == AMEND_OK && !same && !empty)
    {
        status = error_set(error, AMEND_E_BACKUP, "that is a backup of \"%s\", not of \"%s\"", from, path);
        error_hint(error, "It can be restored to a file that does not exist, too: name one with --url.");
    }
    return status;
}

static amend_status restore_whole(session *s, arena *a, restore *r, amend_error *error)
{
    char path[DEPOT_PATH];
    bool changed;
    amend_fault fault;
    amend_error said = {0};
    buf detail;
    amend_status status = restore_lock(s, a, r, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    depot_file(r->dir, r->manifest.whole.name, path);
    status = s->driver->load(s->conn, path, NULL, &changed, &fault, &said);
    if (status != AMEND_OK)
    {
        restore_unlock(s, a, r);
        return error_set(error, said.code == AMEND_E_OUT_OF_MEMORY ? said.code : AMEND_E_BACKUP,
                         "the database could not be put back: %s", said.message);
    }
    static const plan nothing = {0};
    const runner none = {.plan = &nothing};
    buf_init(&detail, s->allocator);
    restore_detail(r, &detail);
    status = detail.failed ? error_memory(&said)
                           : backup_note(s, &none, SIZE_MAX, NULL, AMEND_EVENT_BACKUP_RESTORED, detail.data, &said);
    buf_clear(&detail);
    if (status != AMEND_OK)
    {
        session_say(s, AMEND_EVENT_NOTICE, AMEND_WARNING, "the audit trail does not tell of it: %s", said.message);
    }
    return AMEND_OK;
}

/* ----------------------------------------------------------------------------------------------------------------- tables */

/* On a server the database's name is what tells it; into a schema of their own, tables may go anywhere. */
static amend_status restore_check_name(session *s, const restore *r, amend_error *error)
{
    char shown[1024], name[256];
    s->driver->describe(s->url, shown, sizeof shown, name, sizeof name);
    if (r->into != NULL || strcmp(name, r->manifest.database) == 0)
    {
        return AMEND_OK;
    }
    amend_status status =
        error_set(error, AMEND_E_BACKUP, "that is a backup of the database \"%s\", not of \"%s\"", r->manifest.database, name);
    error_hint(error, "Nothing was changed. Into a schema of their own (--into) its tables can go here, too.");
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- restoring */

static amend_status restore_connect(session *s, bool looking, amend_error *error)
{
    amend_error said = {0};
    amend_status status = session_connect(s, looking, s->connect_timeout_ms, &said);
    if (said.code == AMEND_E_DATABASE_CORRUPT || said.code == AMEND_E_FILE_NOT_DATABASE)
    {
        error_hint(&said, "Move the damaged file away, and its -wal with it: a backup is restored to an absent file, too.");
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = said;
    }
    return status;
}

void restore_detail(const restore *r, buf *out)
{
    buf_text(out, "{\"path\":");
    buf_json(out, r->dir);
    buf_text(out, ",\"made_at\":");
    buf_json(out, r->manifest.made_at);
    for (size_t i = 0; i < r->manifest.table_count && r->tables != NULL; i++)
    {
        const restored *t = &r->tables[i];
        buf_format(out, "%s{\"object\":", i == 0 ? ",\"tables\":[" : ",");
        buf_json(out, t->object);
        buf_format(out, ",\"inserted\":%" PRId64 ",\"updated\":%" PRId64 "}", t->inserted, t->updated);
    }
    buf_text(out, r->manifest.table_count > 0 && r->tables != NULL ? "]}" : "}");
}

amend_status restore_run(session *s, arena *a, restore *r, amend_error *error)
{
    amend_status status = restore_open(s, a, r, error);
    bool whole = status == AMEND_OK && r->manifest.whole.name != NULL;
    if (whole && r->into != NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "the backup is a whole database: it can't go into a schema");
    }
    status = status == AMEND_OK && !whole ? restore_check_name(s, r, error) : status;
    status = status == AMEND_OK ? restore_connect(s, whole || r->looking, error) : status;
    status = status == AMEND_OK && whole ? restore_check_place(s, a, r, error) : status;
    if (status != AMEND_OK || (whole && r->looking))
    {
        return status;
    }
    status = r->looking ? AMEND_OK : restore_connect(s, false, error);
    if (status == AMEND_OK && whole && s->driver->path(s->conn) == NULL)
    {
        status = error_set(error, AMEND_E_BACKUP, "a database in memory has nothing to restore to");
    }
    if (status != AMEND_OK || whole)
    {
        return status == AMEND_OK ? restore_whole(s, a, r, error) : status;
    }
    status = r->looking ? AMEND_OK : restore_lock(s, a, r, error);
    if (status == AMEND_OK)
    {
        status = restore_tables(s, a, r, error);
        if (!r->looking)
        {
            restore_unlock(s, a, r);
        }
    }
    return status;
}
