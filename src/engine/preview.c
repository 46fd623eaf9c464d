/* SPDX-License-Identifier: MIT */
#include "engine/preview.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/message.h"
#include "engine/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum
{
    PREVIEW_WORDS = 120,
};

/* The preview at hand. */
typedef struct previewer
{
    session *session; /* where the migrations run: the user's, or one on the copy */
    arena *arena;
    preview *out;
    runner runner; /* for job_load */
    measures before, after;
    bool copied;
    bool skipped; /* a statement was left out: what follows may miss what it makes */
} previewer;

/* ------------------------------------------------------------------------------------------------------------ measures */

typedef struct preview_measuring
{
    arena *arena;
    measures *list;
} preview_measuring;

static amend_status preview_on_measure(void *arg, size_t piece, const amend_row *row)
{
    preview_measuring *m = arg;
    (void)piece;
    measure *grown = arena_grow(m->arena, m->list->items, m->list->count, sizeof *grown);
    if (grown == NULL || row->columns < 3)
    {
        return AMEND_FAILED;
    }
    m->list->items = grown;
    measure *last = &grown[m->list->count++];
    last->what = arena_string(m->arena, row->values[0]);
    last->object = arena_string(m->arena, row->values[1]);
    last->value = row->values[2] == NULL ? 0 : strtoll(row->values[2], NULL, 10);
    return last->what == NULL || last->object == NULL ? AMEND_FAILED : AMEND_OK;
}

static amend_status preview_measure(previewer *p, const snapshot *s, measures *list, amend_error *error)
{
    preview_measuring m = {.arena = p->arena, .list = list};
    amend_hooks hooks = {.arg = &m, .row = preview_on_measure};
    amend_fault fault = {0};
    buf text;
    buf_init(&text, p->session->allocator);
    unsigned statements = p->session->dialect->measure(&text, (fact_list){s->facts, s->count});
    amend_status status = text.failed      ? error_memory(error)
                          : statements > 0 ? session_run(p->session, buf_slice(&text), statements, &hooks, &fault, error)
                                           : AMEND_OK;
    buf_clear(&text);
    return status != AMEND_OK && fault.kind == AMEND_FAULT_CANCELLED ? error_memory(error) : status;
}

static const measure *preview_find(const measures *list, const measure *wanted)
{
    for (size_t i = 0; i < list->count; i++)
    {
        const measure *m = &list->items[i];
        if (strcmp(m->what, wanted->what) == 0 && strcmp(m->object, wanted->object) == 0)
        {
            return m;
        }
    }
    return NULL;
}

static bool preview_was_there(const measures *list, const char *object)
{
    for (size_t i = 0; i < list->count; i++)
    {
        if (strcmp(list->items[i].object, object) == 0)
        {
            return true;
        }
    }
    return false;
}

/* What has changed; of locks only those on what others may use, which was there before. */
static amend_status preview_compare(previewer *p, amend_error *error)
{
    measures *effects = &p->out->effects;
    effects->items = arena_array(p->arena, p->after.count + 1, sizeof *effects->items);
    for (size_t i = 0; i < p->after.count && effects->items != NULL; i++)
    {
        const measure *m = &p->after.items[i], *was = preview_find(&p->before, m);
        int64_t change = m->value - (was == NULL ? 0 : was->value);
        bool lock = strncmp(m->what, "lock ", 5) == 0, rewritten = strcmp(m->what, "file") == 0;
        if (change == 0 || ((lock || rewritten) && !preview_was_there(&p->before, m->object)))
        {
            continue;
        }
        effects->items[effects->count++] =
            (measure){.what = rewritten ? "rewritten" : m->what, .object = m->object, .value = lock || rewritten ? 1 : change};
    }
    return effects->items == NULL ? error_memory(error) : AMEND_OK;
}

/* ---------------------------------------------------------------------------------------------------------- statements */

static amend_status preview_words(previewer *p, const char *words, amend_error *error)
{
    return words == NULL || words[0] == '\0'
               ? AMEND_OK
               : session_run(p->session, slice_of(words), message_statements(words), NULL, NULL, error);
}

static void preview_on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    (void)piece, (void)statement;
    *(int64_t *)arg = rows;
}

static previewed *preview_note(previewer *p, const job *j, size_t statement, bool ran)
{
    const stmt *s = &j->outline.script.stmts[statement];
    previewed *grown = arena_grow(p->arena, p->out->statements, p->out->count, sizeof *grown);
    if (grown == NULL)
    {
        return NULL;
    }
    slice rest = slice_sub(j->outline.script.text, s->start, s->end), words = slice_token(&rest, '\n');
    char cut[PREVIEW_WORDS];
    error_copy(cut, sizeof cut, slice_trim(words));
    p->out->statements = grown;
    previewed *last = &grown[p->out->count++];
    *last = (previewed){.step = j->step, .file = j->file, .statement = (unsigned)statement + 1, .ran = ran, .rows = -1};
    unsigned column;
    text_position(j->outline.script.text, s->start, &last->line, &column);
    last->words = arena_string(p->arena, cut);
    return last->words == NULL ? NULL : last;
}

static void preview_explain(const job *j, size_t statement, const amend_fault *fault, size_t piece_at, amend_error *error)
{
    size_t offset = fault->positioned ? piece_at + fault->offset : j->outline.script.stmts[statement].start;
    error_at(error, j->file, j->outline.script.text, offset);
    error_copy(error->version, sizeof error->version, slice_of(j->step->version));
    error->statement = (unsigned)statement + 1;
}

static amend_status preview_statement(previewer *p, const job *j, size_t i, amend_error *error)
{
    const stmt *s = &j->outline.script.stmts[i];
    amend_piece piece;
    amend_copy copy;
    if ((s->flags & (STMT_BEGIN | STMT_COMMIT)) != 0 || outline_leads(&j->outline, i) ||
        outline_pieces(&j->outline, i, i + 1, &piece, &copy) == 0)
    {
        return AMEND_OK;
    }
    previewed *noted = preview_note(p, j, i, true);
    if (noted == NULL)
    {
        return error_memory(error);
    }
    amend_hooks hooks = {.arg = &noted->rows, .done = preview_on_done};
    amend_fault fault = {0};
    int64_t start = clock_now_us();
    amend_status status = session_exec(p->session, &piece, 1, &hooks, &fault, error);
    noted->elapsed_us = clock_now_us() - start;
    if (status != AMEND_OK && fault.kind != AMEND_FAULT_LOST && error != NULL)
    {
        preview_explain(j, i, &fault, (size_t)(piece.text - j->outline.script.text.data), error);
    }
    return status == AMEND_OK ? session_go_on(p->session, error) : status;
}

static amend_status preview_segment(previewer *p, const job *j, const segment *s, amend_error *error)
{
    amend_status status = AMEND_OK;
    if (s->bare)
    {
        p->skipped = true;
        return preview_note(p, j, s->first, false) == NULL ? error_memory(error) : AMEND_OK;
    }
    for (size_t i = s->first; i < s->last && status == AMEND_OK; i++)
    {
        status = preview_statement(p, j, i, error);
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- steps */

static amend_status preview_check(previewer *p, unsigned (*write)(buf *out), amend_error *error)
{
    buf text;
    if (write == NULL)
    {
        return AMEND_OK;
    }
    buf_init(&text, p->session->allocator);
    unsigned statements = write(&text);
    amend_status status = text.failed ? error_memory(error) : AMEND_OK;
    if (status == AMEND_OK && statements > 0)
    {
        status = session_run(p->session, buf_slice(&text), statements, NULL, NULL, error);
    }
    buf_clear(&text);
    return status;
}

/* After a rebuild, as in a real run. */
static amend_status preview_foreign_keys(previewer *p, const job *j, amend_error *error)
{
    amend_error said = {0};
    amend_status status = preview_check(p, p->session->dialect->check_end, &said);
    if (status != AMEND_OK && said.code == AMEND_E_STATEMENT)
    {
        char message[sizeof said.message];
        memcpy(message, said.message, sizeof message);
        status = error_set(&said, AMEND_E_FOREIGN_KEYS, "the migration breaks foreign keys: %s", message);
        error_copy(said.version, sizeof said.version, slice_of(j->step->version));
        error_copy(said.file, sizeof said.file, slice_of(j->file));
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = said;
    }
    return status;
}

/* On a copy each step is a transaction, as in a real run. */
static amend_status preview_step(previewer *p, const job *j, amend_error *error)
{
    const dialect *d = p->session->dialect;
    const tx_words *w = d->words;
    bool rebuild = j->rebuild && p->copied, session_left = (j->outline.script.flags & SCRIPT_SESSION) != 0;
    amend_status status = AMEND_OK;
    if (p->copied)
    {
        status = preview_words(p, rebuild && w->batch_begin_rebuild != NULL ? w->batch_begin_rebuild : w->batch_begin, error);
    }
    status = status == AMEND_OK && rebuild ? preview_check(p, d->check_begin, error) : status;
    for (size_t i = 0; i < j->outline.count && status == AMEND_OK; i++)
    {
        status = preview_segment(p, j, &j->outline.segments[i], error);
    }
    status = status == AMEND_OK && rebuild ? preview_foreign_keys(p, j, error) : status;
    status = status == AMEND_OK && session_left ? preview_check(p, d->reset_session, error) : status;
    if (status == AMEND_OK && p->copied)
    {
        status = preview_words(p, rebuild && w->batch_end_rebuild != NULL ? w->batch_end_rebuild : w->batch_end, error);
    }
    return status;
}

static amend_status preview_steps(previewer *p, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < p->out->plan.count && status == AMEND_OK; i++)
    {
        job j;
        status = job_load(&p->runner, p->arena, i, &j, error);
        if (status == AMEND_OK)
        {
            status = preview_step(p, &j, error);
            job_clear(&j);
        }
    }
    return status;
}

/* Behind something that was left out a failure says nothing. The transaction may be spoilt then, and there is no after. */
static amend_status preview_all(previewer *p, amend_error *error)
{
    preview *out = p->out;
    const dialect *d = p->session->dialect;
    amend_status status = snapshot_read(p->session, p->arena, !p->copied, &out->before, error);
    status = status == AMEND_OK ? preview_measure(p, &out->before, &p->before, error) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    amend_error reason = {0};
    status = preview_steps(p, &reason);
    status = status == AMEND_OK && !p->copied ? preview_check(p, d->preview_end, &reason) : status;
    if (status != AMEND_OK && p->skipped && reason.code == AMEND_E_STATEMENT)
    {
        out->cut_short = true;
        return AMEND_OK;
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    status = status == AMEND_OK ? snapshot_read(p->session, p->arena, !p->copied, &out->after, error) : status;
    status = status == AMEND_OK ? preview_measure(p, &out->after, &p->after, error) : status;
    status = status == AMEND_OK ? snapshot_diff(p->arena, &out->before, &out->after, &out->changes, error) : status;
    return status == AMEND_OK ? preview_compare(p, error) : status;
}

/* -------------------------------------------------------------------------------------------------------- where it runs */

static amend_status preview_inside(previewer *p, amend_error *error)
{
    session *s = p->session;
    buf text;
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->preview_begin(&text, s->lock_timeout_ms);
    amend_status status = text.failed ? error_memory(error) : session_run(s, buf_slice(&text), statements, NULL, NULL, error);
    buf_clear(&text);
    status = status == AMEND_OK ? preview_all(p, error) : status;
    if (!s->lost)
    {
        amend_hooks silent = {0};
        const char *abort = s->dialect->words->batch_abort;
        (void)!session_run(s, slice_of(abort), message_statements(abort), &silent, NULL, NULL);
    }
    return status;
}

static amend_status preview_copy(session *s, const char *path, amend_error *error)
{
    buf text;
    buf_init(&text, s->allocator);
    unsigned statements = s->dialect->copy_to(&text, path);
    amend_status status = text.failed ? error_memory(error) : session_run(s, buf_slice(&text), statements, NULL, NULL, error);
    buf_clear(&text);
    return status;
}

/* The files that SQLite may keep beside it go with it. */
static void preview_remove(const char *dir, const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[600];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    rmdir(dir);
}

static amend_status preview_on_copy(previewer *p, amend_error *error)
{
    session *given = p->session;
    const char *temp = getenv("TMPDIR");
    char dir[500], path[520], url[2048];
    snprintf(dir, sizeof dir, "%s/amend-preview-XXXXXX", temp == NULL || temp[0] == '\0' ? "/tmp" : temp);
    if (mkdtemp(dir) == NULL)
    {
        return error_set(error, AMEND_E_OPEN_FILE, "no directory for a copy of the database can be made in \"%s\": %s",
                         temp == NULL || temp[0] == '\0' ? "/tmp" : temp, strerror(errno));
    }
    snprintf(path, sizeof path, "%s/copy.db", dir);
    amend_status status = preview_copy(given, path, error);
    if (status == AMEND_OK && !given->driver->beside(given->url, path, url, sizeof url))
    {
        status = error_set(error, AMEND_E_OPEN_FILE, "the path of the copy is too long: \"%s\"", path);
    }
    if (status == AMEND_OK)
    {
        session copy = *given;
        copy.conn = copy.pulse = NULL;
        copy.url = url;
        copy.stop = given->stop != NULL ? given->stop : &given->cancelled;
        status = session_connect(&copy, false, given->connect_timeout_ms, error);
        p->session = &copy;
        p->copied = true;
        status = status == AMEND_OK ? preview_all(p, error) : status;
        session_close(&copy);
        p->session = given;
    }
    preview_remove(dir, path);
    return status;
}

amend_status preview_run(session *s, arena *a, const catalog *c, const amend_run *run, preview *out, amend_error *error)
{
    *out = (preview){0};
    bool copy = s->dialect->copy_to != NULL;
    amend_status status = session_connect(s, copy, s->connect_timeout_ms, error);
    status = status == AMEND_OK ? history_read(s, a, &out->history, error) : status;
    status = status == AMEND_OK ? plan_view(a, c, &out->history, &out->view, error) : status;
    status = status == AMEND_OK ? plan_up(a, &out->view, run, &out->plan, error) : status;
    status = status == AMEND_OK ? plan_conflict(&out->plan, error) : status;
    if (status != AMEND_OK || out->plan.count == 0)
    {
        return status;
    }
    previewer p = {.session = s, .arena = a, .out = out};
    p.runner = (runner){.session = s, .arena = a, .catalog = c, .history = &out->history, .plan = &out->plan};
    return copy ? preview_on_copy(&p, error) : preview_inside(&p, error);
}
