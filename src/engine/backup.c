/* SPDX-License-Identifier: MIT */
#include "engine/backup.h"

#include "base/clock.h"
#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define BACKUP_WHOLE "database.sqlite"

static bool backup_is_whole(const session *s)
{
    return s->driver->save != NULL;
}

/* What stands in the way of a backup is its own failure; what has a cause of its own keeps that. */
static amend_status backup_failed(const session *s, amend_error *error)
{
    amend_error said = *error;
    bool kept = said.code == AMEND_E_CANCELLED || said.code == AMEND_E_OUT_OF_MEMORY || said.code == AMEND_E_CONNECTION_LOST ||
                said.code == AMEND_E_BACKUP || said.code == AMEND_E_LOCK_LOST;
    if (!kept)
    {
        error_set(error, AMEND_E_BACKUP, "no backup of %s could be made: %s", s->url_shown, said.message);
        error->native = said.native;
        error_copy(error->sqlstate, sizeof error->sqlstate, slice_of(said.sqlstate));
        error_copy(error->detail, sizeof error->detail, slice_of(said.detail));
    }
    return error->status;
}

static void backup_abort(session *s)
{
    amend_hooks silent = {0};
    const char *abort = session_words(s)->batch_abort;
    if (!s->lost && !s->driver->idle(s->conn))
    {
        (void)!session_run(s, slice_of(abort), message_statements(abort), &silent, NULL, NULL);
    }
}

/* ------------------------------------------------------------------------------------------------------------ the manifest */

/* "002 up, 003 up" */
static void backup_steps(const plan *p, buf *out)
{
    for (size_t i = 0; i < p->count; i++)
    {
        buf_format(out, "%s%s %s", i == 0 ? "" : ", ", p->steps[i].version, action_word(p->steps[i].action));
    }
}

static amend_status backup_write_manifest(const session *s, const depot *d, const manifest *m, amend_error *error)
{
    buf text;
    buf_init(&text, s->allocator);
    amend_status status = manifest_write(m, &text, error);
    if (status == AMEND_OK)
    {
        int fd = depot_make(d, MANIFEST_FILE, error);
        status = fd < 0 ? AMEND_FAILED : depot_write(fd, buf_slice(&text), error);
        amend_status closed = fd < 0 ? AMEND_FAILED : depot_close(fd, status == AMEND_OK ? error : NULL);
        status = status == AMEND_OK ? closed : status;
    }
    buf_clear(&text);
    return status;
}

amend_status backup_finish(runner *r, const manifest *m, amend_error *error)
{
    session *s = r->session;
    char shown[1024], name[256], at[28];
    manifest all = *m;
    buf steps;
    buf_init(&steps, s->allocator);
    backup_steps(r->plan, &steps);
    s->driver->describe(s->url, shown, sizeof shown, name, sizeof name);
    clock_format(clock_now_us(), 3, at);
    all.dialect = s->dialect->name;
    all.database = name;
    all.made_at = at;
    all.version = r->view->newest == SIZE_MAX ? NULL : r->view->entries[r->view->newest].row->version;
    all.run = steps.data;
    amend_status status = steps.failed ? error_memory(error) : backup_write_manifest(s, &r->backup->depot, &all, error);
    status = status == AMEND_OK ? depot_keep(&r->backup->depot, error) : status;
    buf_clear(&steps);
    return status;
}

/* -------------------------------------------------------------------------------------------------------------- telling */

void backup_detail(const backup *b, const manifest *m, buf *out)
{
    buf_text(out, "{\"path\":");
    buf_json(out, b->depot.path);
    for (size_t i = 0; i < m->table_count; i++)
    {
        buf_format(out, "%s{\"object\":", i == 0 ? ",\"tables\":[" : ",");
        buf_json(out, m->tables[i].object);
        buf_format(out, ",\"rows\":%" PRId64 "}", m->tables[i].rows);
    }
    buf_text(out, m->table_count > 0 ? "]}" : "}");
}

static void backup_tell_made(const session *s, const backup *b, const manifest *m)
{
    char message[DEPOT_PATH + 200], what[120];
    int64_t bytes = m->whole.bytes, rows = 0;
    for (size_t i = 0; i < m->table_count; i++)
    {
        bytes += m->tables[i].file.bytes;
        rows += m->tables[i].rows;
    }
    snprintf(what, sizeof what, m->whole.name != NULL ? "the database" : "%" PRId64 " row%s of %zu table%s", rows,
             rows == 1 ? "" : "s", m->table_count, m->table_count == 1 ? "" : "s");
    snprintf(message, sizeof message, "backed up %s (%" PRId64 " bytes) to %s", what, bytes, b->depot.path);
    amend_event event = {.type = AMEND_EVENT_BACKUP_MADE, .severity = AMEND_NOTE, .message = message};
    session_tell(s, &event);
}

void backup_foretell(session *s, const backup *b)
{
    size_t count = 0;
    amend_error error = {0};
    if (backup_is_whole(s))
    {
        session_say(s, AMEND_EVENT_NOTICE, AMEND_NOTE, "the database would be backed up to a directory in %s", b->dir);
        return;
    }
    if (backup_tables_wanted(b->losses, &count, &error) != AMEND_OK)
    {
        session_say(s, AMEND_EVENT_NOTICE, AMEND_WARNING, "%s", error.message);
        return;
    }
    if (count == 0)
    {
        session_say(s, AMEND_EVENT_NOTICE, AMEND_NOTE, "nothing to back up: the run takes nothing away");
        return;
    }
    session_say(s, AMEND_EVENT_NOTICE, AMEND_NOTE, "%zu table%s would be backed up to a directory in %s", count,
                count == 1 ? "" : "s", b->dir);
}

/* ---------------------------------------------------------------------------------------------------------- the whole file */

/*
 * The lock is taken in a transaction that stays open while the file is copied: what is committed is what was there before the
 * run, the lock's row included, and nobody else can write until it is in the copy.
 */
static amend_status backup_begin_whole(runner *r, arena *a, amend_error *error)
{
    const tx_words *w = session_words(r->session);
    amend_fault fault = {0};
    message m;
    message_init(&m, a);
    message_words(&m, PART_ACQUIRE, SIZE_MAX, w->batch_begin);
    compose_lock(r, &m);
    bool ready = message_ready(&m);
    amend_status status = ready ? session_exec(r->session, m.pieces, m.count, NULL, &fault, error) : error_memory(error);
    if (status != AMEND_OK && ready)
    {
        r->again =
            fault.kind == AMEND_FAULT_BUSY || (fault.kind == AMEND_FAULT_STATEMENT && r->session->dialect->not_null(error));
        if (!r->again && fault.kind == AMEND_FAULT_STATEMENT)
        {
            explain_fault(r, &m, NULL, 0, &fault, error);
        }
    }
    message_clear(&m);
    return status;
}

static amend_status backup_end_whole(runner *r, arena *a, const manifest *made, amend_error *error)
{
    const tx_words *w = session_words(r->session);
    buf detail;
    message m;
    buf_init(&detail, r->session->allocator);
    message_init(&m, a);
    backup_detail(r->backup, made, &detail);
    m.failed |= detail.failed;
    compose_event_of(r, &m, NULL, AMEND_EVENT_BACKUP_MADE, detail.failed ? NULL : detail.data);
    message_words(&m, PART_BATCH_END, SIZE_MAX, w->batch_end);
    bool ready = message_ready(&m);
    r->backup->others = r->session->driver->others(r->session->conn);
    amend_status status = ready ? session_exec(r->session, m.pieces, m.count, NULL, NULL, error) : error_memory(error);
    message_clear(&m);
    buf_clear(&detail);
    return status;
}

static amend_status backup_on_idle(void *arg)
{
    return session_go_on(arg, NULL);
}

static amend_status backup_copy(runner *r, manifest *m, char hash[HASH_HEX], amend_error *error)
{
    session *s = r->session;
    depot *d = &r->backup->depot;
    char path[DEPOT_PATH];
    amend_hooks hooks = {.arg = s, .idle = backup_on_idle};
    amend_fault fault;
    int fd = depot_make(d, BACKUP_WHOLE, error);
    if (fd < 0)
    {
        return AMEND_FAILED;
    }
    close(fd);
    depot_file(d->partial, BACKUP_WHOLE, path);
    amend_status status = s->driver->save(s->conn, path, &hooks, &fault, error);
    m->whole = (manifest_file){.name = BACKUP_WHOLE, .hash = hash};
    m->path = s->driver->path(s->conn);
    return status == AMEND_OK ? depot_hash(path, hash, &m->whole.bytes, error) : status;
}

static amend_status backup_save_whole(runner *r, arena *a, manifest *m, amend_error *error)
{
    session *s = r->session;
    backup *b = r->backup;
    char shown[1024], name[256], hash[HASH_HEX];
    trail before = r->trail;
    if (s->driver->path(s->conn) == NULL)
    {
        return error_set(error, AMEND_E_BACKUP, "a database in memory can't be backed up");
    }
    s->driver->describe(s->url, shown, sizeof shown, name, sizeof name);
    amend_status status = backup_begin_whole(r, a, error);
    b->begun = status == AMEND_OK;
    status = status == AMEND_OK ? depot_begin(&b->depot, b->dir, name, error) : status;
    status = status == AMEND_OK ? backup_copy(r, m, hash, error) : status;
    status = status == AMEND_OK ? backup_finish(r, m, error) : status;
    status = status == AMEND_OK ? backup_end_whole(r, a, m, error) : status;
    if (status != AMEND_OK)
    {
        backup_abort(s);
        r->trail = before;
        return status;
    }
    r->locked = true;
    return AMEND_OK;
}

/* --------------------------------------------------------------------------------------------------------------- making */

amend_status backup_make(runner *r, amend_error *error)
{
    session *s = r->session;
    backup *b = r->backup;
    manifest m = {0};
    bool whole = backup_is_whole(s);
    size_t count = 0;
    amend_status status = whole ? AMEND_OK : backup_tables_wanted(b->losses, &count, error);
    if (status == AMEND_OK && !whole && count == 0)
    {
        session_say(s, AMEND_EVENT_NOTICE, AMEND_NOTE, "nothing to back up: the run takes nothing away");
        return AMEND_OK;
    }
    arena *a = arena_new(s->allocator);
    if (a == NULL)
    {
        return error_memory(error);
    }
    status = status == AMEND_OK ? (whole ? backup_save_whole : backup_tables_save)(r, a, &m, error) : status;
    b->made = status == AMEND_OK;
    if (b->made)
    {
        backup_tell_made(s, b, &m);
    }
    else
    {
        depot_drop(&b->depot);
        status = b->begun ? backup_failed(s, error) : status; /* without the lock it is the run's own failure */
    }
    arena_free(a);
    return status;
}

void backup_drop(runner *r)
{
    if (r->backup != NULL && r->backup->made)
    {
        depot_drop(&r->backup->depot);
        r->backup->made = false;
    }
}

/* ---------------------------------------------------------------------------------------------------------- putting back */

amend_status backup_note(session *s, const runner *r, size_t failed, const amend_error *reason, amend_event_type type,
                         const char *detail, amend_error *error)
{
    const tx_words *w = session_words(s);
    char holder[LOCK_HOLDER_SIZE];
    history h;
    buf why;
    message m;
    arena *a = arena_new(s->allocator);
    amend_status status = a == NULL ? error_memory(error) : history_read(s, a, &h, error);
    if (status != AMEND_OK)
    {
        arena_free(a);
        return status;
    }
    lock_holder(holder);
    runner own = {.session = s, .arena = a, .history = &h, .plan = r->plan};
    own.lease = (lease){.seen = h.fence, .heartbeat = h.heartbeat, .holder = holder, .host = s->host, .pid = (int64_t)getpid()};
    history_trail(&h, s, &own.trail);
    buf_init(&why, s->allocator);
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
    compose_lock(&own, &m);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
    if (failed < r->plan->count)
    {
        compose_failure(reason, &why);
        compose_event(&own, &m, failed, AMEND_EVENT_MIGRATION_FAILED, why.failed ? NULL : why.data);
    }
    compose_event_of(&own, &m, NULL, type, detail);
    message_own(&m, PART_RELEASE, SIZE_MAX, s->dialect->release(&m.text, &h.ledger, &own.lease));
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
    message_words(&m, PART_BATCH_END, SIZE_MAX, w->batch_end);
    status = message_ready(&m) && !why.failed ? session_exec(s, m.pieces, m.count, NULL, NULL, error) : error_memory(error);
    if (status != AMEND_OK)
    {
        backup_abort(s);
    }
    message_clear(&m);
    buf_clear(&why);
    arena_free(a);
    return status;
}

/* The command to type, as an event of a failed run. */
static void backup_tell_by_hand(const session *s, const backup *b, const char *why)
{
    char message[DEPOT_PATH + 1200];
    snprintf(message, sizeof message, "%s; to do it by hand, type: amend restore \"%s\"", why, b->depot.path);
    amend_event event = {.type = AMEND_EVENT_NOTICE, .severity = AMEND_WARNING, .message = message};
    session_tell(s, &event);
}

/* Nothing that this run did is there any more. */
static void backup_forget(runner *r)
{
    for (size_t i = 0; i < r->plan->count; i++)
    {
        if (r->results[i].state == AMEND_STATE_DONE)
        {
            r->results[i] = (result){0};
        }
    }
    r->done = 0;
    r->released = true; /* the row is as it was before the run */
}

static void backup_tell_restored(runner *r, size_t failed, const amend_error *reason)
{
    const backup *b = r->backup;
    char message[DEPOT_PATH + 200];
    amend_error said = {0};
    buf detail;
    buf_init(&detail, r->session->allocator);
    buf_text(&detail, "{\"path\":");
    buf_json(&detail, b->depot.path);
    buf_text(&detail, ",\"by\":\"the run that failed\"}");
    amend_status status = detail.failed
                              ? error_memory(&said)
                              : backup_note(r->session, r, failed, reason, AMEND_EVENT_BACKUP_RESTORED, detail.data, &said);
    buf_clear(&detail);
    snprintf(message, sizeof message, "the run failed: the database is again what it was before, from %s", b->depot.path);
    amend_event event = {.type = AMEND_EVENT_BACKUP_RESTORED, .severity = AMEND_WARNING, .message = message};
    session_tell(r->session, &event);
    if (status != AMEND_OK)
    {
        session_say(r->session, AMEND_EVENT_NOTICE, AMEND_WARNING, "the audit trail does not tell of it: %s", said.message);
    }
}

void backup_undo(runner *r, size_t failed, const amend_error *error)
{
    session *s = r->session;
    backup *b = r->backup;
    bool changed = false, whole = backup_is_whole(s), untouched = r->done == 0 && !r->unkept;
    amend_fault fault;
    amend_error said = {0};
    char path[DEPOT_PATH];
    if (untouched || !b->made)
    {
        return; /* a migration that failed leaves nothing */
    }
    if (!whole)
    {
        backup_tell_by_hand(s, b, "what the run took away before it failed is not put back by itself");
        return;
    }
    backup_abort(s);
    depot_file(b->depot.path, BACKUP_WHOLE, path);
    amend_status status = s->driver->load(s->conn, path, &b->others, &changed, &fault, &said);
    if (status != AMEND_OK)
    {
        char why[sizeof said.message + 60];
        snprintf(why, sizeof why, "the database could not be put back as it was: %s", said.message);
        backup_tell_by_hand(s, b, why);
    }
    else if (changed)
    {
        backup_tell_by_hand(s, b,
                            "another program has written to the database since the backup, so it was not put back: what "
                            "it wrote would be lost");
    }
    else
    {
        b->restored = true;
        backup_forget(r);
        backup_tell_restored(r, failed, error);
    }
}
