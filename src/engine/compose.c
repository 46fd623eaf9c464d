/* SPDX-License-Identifier: MIT */
#include "engine/run.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>

void compose_event(runner *r, message *m, size_t step, amend_event_type type, const char *detail)
{
    const struct step *s = step < r->plan->count ? &r->plan->steps[step] : NULL;
    const migration *file = s == NULL ? NULL : s->entry->file;
    event_record record;
    event_make(&r->trail, type, s == NULL ? NULL : s->version, file == NULL ? NULL : file->checksum, detail, &record);
    unsigned n = r->session->dialect->event(&m->text, &r->history->ledger, &record.row);
    message_own(m, PART_EVENT, step, n);
}

void compose_event_of(runner *r, message *m, const char *version, amend_event_type type, const char *detail)
{
    event_record record;
    event_make(&r->trail, type, version, NULL, detail, &record);
    unsigned n = r->session->dialect->event(&m->text, &r->history->ledger, &record.row);
    message_own(m, PART_KEEP, SIZE_MAX, n);
}

static void compose_takeover(runner *r, message *m)
{
    buf detail;
    buf_init(&detail, r->session->allocator);
    buf_text(&detail, "{\"from_host\":");
    buf_json(&detail, r->history->holder_host);
    buf_format(&detail, ",\"from_pid\":%lld,\"silent_ms\":%lld,\"fence\":%lld}", (long long)r->history->holder_pid,
               (long long)r->history->holder_age_ms, (long long)r->lease.seen + 1);
    m->failed |= detail.failed;
    if (!detail.failed)
    {
        compose_event(r, m, SIZE_MAX, AMEND_EVENT_LOCK_TAKEN_OVER, detail.data);
    }
    buf_clear(&detail);
}

void compose_lock(runner *r, message *m)
{
    const dialect *d = r->session->dialect;
    message_words(m, PART_CREATE, SIZE_MAX, session_words(r->session)->lock_begin);
    message_own(m, PART_CREATE, SIZE_MAX, d->create(&m->text, &r->history->ledger));
    message_own(m, PART_ACQUIRE, SIZE_MAX, d->acquire(&m->text, &r->history->ledger, &r->lease));
    if (r->history->holder != NULL)
    {
        compose_takeover(r, m);
    }
    message_words(m, PART_ACQUIRE, SIZE_MAX, session_words(r->session)->lock_end);
}

void compose_release(runner *r, message *m)
{
    const dialect *d = r->session->dialect;
    bool keep = (d->traits & DIALECT_SERVER_HASH) != 0 && keep_wanted(r, r->plan->count);
    message_words(m, keep ? PART_KEEP : PART_RELEASE, SIZE_MAX, session_words(r->session)->lock_begin);
    if (keep)
    {
        keep_compose(r, m, r->plan->count);
    }
    message_own(m, PART_RELEASE, SIZE_MAX, d->release(&m->text, &r->history->ledger, &r->lease));
    message_words(m, PART_RELEASE, SIZE_MAX, session_words(r->session)->lock_end);
}

const segment *compose_whole(const job *j)
{
    return j->mixed || j->outline.count == 0 ? NULL : &j->outline.segments[0];
}

void compose_begin(runner *r, message *m, const job *j, const segment *s, bool early)
{
    const tx_words *w = session_words(r->session);
    if (s != NULL && s->begin != SIZE_MAX)
    {
        message_script(m, j->index, &j->outline, s->begin, s->begin + 1);
    }
    else
    {
        message_words(m, PART_FRAME, j->index, early && w->step_begin_early != NULL ? w->step_begin_early : w->step_begin);
    }
    for (size_t i = s == NULL ? 0 : s->first; s != NULL && i < s->last; i++)
    {
        if (outline_leads(&j->outline, i))
        {
            message_script(m, j->index, &j->outline, i, i + 1);
        }
    }
}

/* What the segment's statements claim, checked before the run: held so, and checked once more. */
static void compose_claims(message *m, const job *j, const segment *s)
{
    for (size_t i = 0; i < j->step->check_count; i++)
    {
        const plan_check *c = &j->step->checks[i];
        if (s != NULL && c->statement >= s->first && c->statement < s->last)
        {
            buf_add(&m->text, c->hold);
            message_own(m, PART_CLAIM, j->index, c->statements);
            m->parts[m->count - 1].first = i;
        }
    }
}

void compose_open(runner *r, message *m, const job *j, const segment *s, bool rebuild, bool early)
{
    const dialect *d = r->session->dialect;
    uint32_t timeout = j->head.lock_timeout_ms != 0 ? j->head.lock_timeout_ms : r->session->lock_timeout_ms;
    compose_begin(r, m, j, s, early);
    message_own(m, PART_GUARD, j->index, d->guard(&m->text, &r->history->ledger, &r->lease, timeout));
    compose_claims(m, j, s);
    if (rebuild && d->check_begin != NULL)
    {
        message_own(m, PART_FRAME, j->index, d->check_begin(&m->text));
    }
}

void compose_script(message *m, const job *j)
{
    for (size_t i = 0; i < j->outline.count; i++)
    {
        message_script(m, j->index, &j->outline, j->outline.segments[i].first, j->outline.segments[i].last);
    }
}

/* Which statements were run again, by the lines that they begin on. */
static void write_lines(const job *j, buf *out)
{
    buf_text(out, ",\"lines\":[");
    for (size_t i = 0; i < j->outline.script.count; i++)
    {
        unsigned line, column;
        text_position(j->outline.script.text, j->outline.script.stmts[i].start, &line, &column);
        buf_format(out, "%s%u", i == 0 ? "" : ",", line);
    }
    buf_char(out, ']');
}

static void write_detail(runner *r, const job *j, int64_t execution_time_ms, bool known, buf *out)
{
    buf_text(out, "{\"name\":");
    buf_json(out, j->step->name);
    if (j->scripted && known)
    {
        buf_format(out, ",\"execution_time_ms\":%lld", (long long)execution_time_ms);
    }
    else if (j->scripted)
    {
        buf_text(out, ",\"execution_time_ms\":%ms%");
    }
    if (j->step->action != ACTION_DOWN && r->catalog->git_commit != NULL)
    {
        buf_text(out, ",\"git_commit\":");
        buf_json(out, r->catalog->git_commit);
    }
    if (j->essence[0] != '\0')
    {
        buf_format(out, ",\"essence\":\"%s\"", j->essence);
    }
    if (j->step->lost != NULL)
    {
        buf_text(out, ",\"lost\":");
        buf_text(out, j->step->lost);
    }
    if (r->session->healing != NULL)
    {
        buf_text(out, ",\"healed\":");
        buf_json(out, r->session->healing);
    }
    if (j->step->action == ACTION_REPLAY)
    {
        write_lines(j, out);
    }
    if (j->step->action == ACTION_REPAIR)
    {
        buf_text(out, ",\"was\":");
        buf_json(out, j->step->entry->row->checksum);
    }
    buf_char(out, '}');
}

static unsigned write_record(runner *r, message *m, const job *j, int64_t execution_time_ms, bool timed)
{
    const dialect *d = r->session->dialect;
    const ledger *l = &r->history->ledger;
    char at[28], checksum[CHECKSUM_HEX];
    clock_format(clock_now_us(), 3, at);
    memcpy(checksum, j->step->entry->file->checksum, sizeof checksum);
    if (l->checksum_width != 0 && l->checksum_width < sizeof checksum)
    {
        checksum[l->checksum_width] = '\0';
    }
    history_row row = {.version = j->step->version,
                       .name = j->step->name,
                       .checksum = checksum,
                       .git_commit = r->catalog->git_commit,
                       .applied_at = at,
                       .execution_time_ms = execution_time_ms,
                       .timed = timed || !j->scripted};
    switch (j->step->action)
    {
    case ACTION_DOWN:
        row.version = j->step->entry->row == NULL ? row.version : j->step->entry->row->version;
        return d->forget(&m->text, l, &row);
    case ACTION_REPAIR:
        row.version = j->step->entry->row->version;
        return d->amend_checksum(&m->text, l, &row);
    default:
        return d->record(&m->text, l, &row);
    }
}

void compose_close(runner *r, message *m, const job *j, int64_t execution_time_ms, bool timed)
{
    static const amend_event_type types[] = {[ACTION_UP] = AMEND_EVENT_MIGRATION_APPLIED,
                                             [ACTION_DOWN] = AMEND_EVENT_MIGRATION_ROLLED_BACK,
                                             [ACTION_BASELINE] = AMEND_EVENT_MIGRATION_BASELINED,
                                             [ACTION_REPAIR] = AMEND_EVENT_MIGRATION_REPAIRED,
                                             [ACTION_REPLAY] = AMEND_EVENT_MIGRATION_REPLAYED};
    const dialect *d = r->session->dialect;
    if (j->step->action == ACTION_KEEP)
    {
        message_words(m, PART_STEP_END, j->index, session_words(r->session)->step_end);
        return;
    }
    if (j->scripted && (j->outline.script.flags & SCRIPT_SESSION) != 0 && d->reset_session != NULL)
    {
        message_own(m, PART_FRAME, j->index, d->reset_session(&m->text));
    }
    if (j->step->action != ACTION_REPLAY)
    {
        message_own(m, PART_RECORD, j->index, write_record(r, m, j, execution_time_ms, timed));
    }
    buf detail;
    buf_init(&detail, r->session->allocator);
    write_detail(r, j, execution_time_ms, timed || !(d->traits & DIALECT_SERVER_HASH), &detail);
    m->failed |= detail.failed;
    if (!detail.failed)
    {
        compose_event(r, m, j->index, types[j->step->action], detail.data);
    }
    buf_clear(&detail);
    message_words(m, PART_STEP_END, j->index, session_words(r->session)->step_end);
}

/* ------------------------------------------------------------------------------------------------------------ failures */

static void explain_script(const message *m, const job *j, const amend_fault *fault, amend_error *error)
{
    const amend_piece *piece = &m->pieces[fault->piece];
    const outline *o = &j->outline;
    slice text = buf_slice(&j->text);
    size_t base = (size_t)(piece->text - text.data);
    size_t number = m->parts[fault->piece].first + (fault->statement > 0 ? fault->statement - 1 : 0);
    number = number < o->script.count ? number : o->script.count - 1;
    size_t offset = o->script.stmts[number].start;
    if (fault->positioned)
    {
        offset = base + fault->offset;
        number = outline_statement_at(o, offset);
    }
    error_at(error, j->file, text, offset);
    error->statement = (unsigned)number + 1;
}

/* Holding what a migration claims failed: mostly because somebody was quicker. */
static void explain_claim(const job *j, const part *p, const dialect *d, amend_error *error)
{
    static const char *const gone[] = {"42704", "3F000"};
    const plan_check *c = &j->step->checks[p->first];
    amend_error said = *error;
    bool changed = strstr(said.message, "amend: ") != NULL || d->missing_table(&said);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
    {
        changed |= strcmp(said.sqlstate, gone[i]) == 0;
    }
    if (changed)
    {
        error_set(error, AMEND_E_EXISTS_OTHER, "%s was changed by another session after it had been compared", c->what);
        error_hint(error, "Nothing of the migration is left behind. Run the command again: it compares anew.");
    }
    else
    {
        error_set(error, said.code, "%s could not be kept from changing: %s", c->what, said.message);
        error_copy(error->sqlstate, sizeof error->sqlstate, slice_of(said.sqlstate));
    }
    error_copy(error->version, sizeof error->version, slice_of(j->step->version));
    error_at(error, j->file, buf_slice(&j->text), j->outline.script.stmts[c->statement].start);
    error->statement = (unsigned)c->statement + 1;
}

/* Our own SQL failed. */
static void explain_own(part_kind kind, const dialect *d, amend_error *error)
{
    amend_error said = *error;
    bool refused = d->not_null(&said);
    /* record makes the version NULL when the lock is gone; another column is another tool's, which we know nothing of */
    bool ours = kind == PART_GUARD || (kind == PART_RECORD && strstr(said.message, "version") != NULL);
    if (ours && refused)
    {
        error_set(error, AMEND_E_LOCK_LOST, "the lock was lost to another runner");
    }
    else if (kind == PART_CHECK && said.code == AMEND_E_STATEMENT)
    {
        error_set(error, AMEND_E_FOREIGN_KEYS, "the migration breaks foreign keys: %s", said.message);
        error_copy(error->detail, sizeof error->detail, slice_of(said.detail));
    }
    else if (said.code == AMEND_E_STATEMENT)
    {
        error_set(error, AMEND_E_STATEMENT, "amend's own tables could not be written: %s", said.message);
        error_copy(error->detail, sizeof error->detail, slice_of(said.detail));
        error_copy(error->sqlstate, sizeof error->sqlstate, slice_of(said.sqlstate));
        error_hint(error, "Check that this role may create and write the tables %s, %s and %s.", HISTORY_TABLE, EVENTS_TABLE,
                   LOCK_TABLE);
    }
}

void explain_fault(runner *r, const message *m, const job *jobs, size_t job_count, const amend_fault *fault, amend_error *error)
{
    const part *p = &m->parts[fault->piece];
    const job *j = NULL;
    for (size_t i = 0; i < job_count; i++)
    {
        j = jobs[i].index == p->step ? &jobs[i] : j;
    }
    if (j != NULL)
    {
        error_copy(error->version, sizeof error->version, slice_of(j->step->version));
    }
    if (p->kind == PART_SCRIPT && j != NULL)
    {
        explain_script(m, j, fault, error);
        return;
    }
    if (p->kind == PART_CLAIM && j != NULL && fault->kind == AMEND_FAULT_STATEMENT)
    {
        explain_claim(j, p, r->session->dialect, error);
        return;
    }
    if (fault->kind == AMEND_FAULT_UNRUN && job_count == 1 && p->kind != PART_SCRIPT)
    {
        /* Refused as a whole, nobody knows where: in the one text that isn't ours. */
        error_copy(error->version, sizeof error->version, slice_of(jobs[0].step->version));
        error_copy(error->file, sizeof error->file, slice_of(jobs[0].file));
        return;
    }
    if (p->kind == PART_STEP_END && j != NULL && j->scripted && error->code == AMEND_E_STATEMENT)
    {
        error_copy(error->file, sizeof error->file, slice_of(j->file));
        if (error->detail[0] == '\0')
        {
            error_detail(error, "It came with the COMMIT: a constraint that is checked only then.");
        }
        return;
    }
    if (fault->kind != AMEND_FAULT_LOST && fault->kind != AMEND_FAULT_CANCELLED)
    {
        char version[sizeof error->version];
        memcpy(version, error->version, sizeof version);
        explain_own(p->kind, r->session->dialect, error);
        memcpy(error->version, version, sizeof version);
    }
}

void compose_failure(const amend_error *error, buf *out)
{
    buf_format(out, "{\"code\":\"AM%04d\",\"message\":", (int)error->code);
    buf_json(out, error->message);
    if (error->sqlstate[0] != '\0')
    {
        buf_text(out, ",\"sqlstate\":");
        buf_json(out, error->sqlstate);
    }
    if (error->line != 0)
    {
        buf_text(out, ",\"file\":");
        buf_json(out, error->file);
        buf_format(out, ",\"line\":%u,\"column\":%u,\"statement\":%u", error->line, error->column, error->statement);
    }
    buf_char(out, '}');
}

void clean_up(runner *r, const job *j, const amend_error *error, const char *abort)
{
    const tx_words *w = session_words(r->session);
    bool lost = error->code == AMEND_E_LOCK_LOST;
    bool nested = (r->session->dialect->traits & DIALECT_OUTER_TX) != 0;
    r->unkept |= j->mixed;
    bool later = keep_wanted(r, nested ? j->index : r->done); /* run_plan does both, then */
    arena *a = arena_new(r->session->allocator);
    if (a == NULL)
    {
        return;
    }
    message m;
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, abort);
    if (!lost)
    {
        buf detail;
        buf_init(&detail, r->session->allocator);
        compose_failure(error, &detail);
        message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
        if (!detail.failed)
        {
            compose_event(r, &m, j->index, AMEND_EVENT_MIGRATION_FAILED, detail.data);
        }
        if (!later)
        {
            message_own(&m, PART_RELEASE, SIZE_MAX, r->session->dialect->release(&m.text, &r->history->ledger, &r->lease));
        }
        message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
        buf_clear(&detail);
    }
    message_words(&m, PART_BATCH_END, SIZE_MAX,
                  j->rebuild && w->batch_end_rebuild != NULL ? w->batch_end_rebuild : w->batch_end);
    if (message_ready(&m))
    {
        amend_hooks silent = {0};
        /* The failure that led here is what the caller learns; this one would only cover it up. A lock that stays is a dead
           holder's, and is taken over. */
        (void)!session_exec(r->session, m.pieces, m.count, &silent, NULL, NULL);
        r->released = !later;
    }
    message_clear(&m);
    arena_free(a);
}
