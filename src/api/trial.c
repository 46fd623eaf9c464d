/* SPDX-License-Identifier: MIT */
#include "api/trial.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/segment.h"
#include "guard/repeat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------- telling */

void trial_pass_on(trial_sink *sink, const amend_test_result *result)
{
    pthread_mutex_lock(&sink->mutex);
    sink->failed += result->outcome == AMEND_TEST_FAILED;
    if (sink->fn != NULL)
    {
        sink->fn(sink->arg, result);
    }
    pthread_mutex_unlock(&sink->mutex);
}

void trial_tell(trial_sink *sink, amend_test_kind kind, const amend_item *item, amend_test_outcome outcome, const char *message,
                const char *detail, int64_t elapsed_ms)
{
    bool down = kind == AMEND_TEST_DOWN && item != NULL && item->down_file != NULL;
    amend_test_result result = {.kind = kind,
                                .outcome = outcome,
                                .version = item == NULL ? NULL : item->version,
                                .name = item == NULL ? NULL : item->name,
                                .file = item == NULL ? NULL
                                        : down       ? item->down_file
                                                     : item->file,
                                .message = message,
                                .detail = detail,
                                .elapsed_ms = elapsed_ms};
    trial_pass_on(sink, &result);
}

/*
 * A call failed: in its own words, and where it says. But short of memory, or stopped, the trial itself can't go on: that tells
 * nothing of the migration, and is the status.
 */
static amend_status trial_tell_error(trial *t, amend_test_kind kind, const amend_item *item, const amend_error *said,
                                     int64_t start_ms, amend_error *error)
{
    if (said->code == AMEND_E_OUT_OF_MEMORY || said->code == AMEND_E_CANCELLED)
    {
        *error = *said;
        return said->status;
    }
    amend_test_result result = {.kind = kind,
                                .outcome = AMEND_TEST_FAILED,
                                .version = item == NULL ? NULL : item->version,
                                .name = item == NULL ? NULL : item->name,
                                .file = said->file[0] != '\0' ? said->file
                                        : item == NULL        ? NULL
                                                              : item->file,
                                .line = said->line,
                                .message = said->message,
                                .detail = said->detail[0] == '\0' ? NULL : said->detail,
                                .elapsed_ms = clock_monotonic_ms() - start_ms};
    trial_pass_on(t->sink, &result);
    return AMEND_OK;
}

/* ----------------------------------------------------------------------------------------------------------- comparing */

typedef struct trial_list
{
    buf text;
    unsigned count;
} trial_list;

static void trial_add_difference(void *arg, const amend_difference *d)
{
    trial_list *list = arg;
    buf *out = &list->text;
    buf_text(out, list->count++ == 0 ? "" : "\n");
    switch (d->kind)
    {
    case AMEND_DIFFERENCE_MISSING:
        buf_format(out, "gone: %s", d->object);
        break;
    case AMEND_DIFFERENCE_EXTRA:
        buf_format(out, "left behind: %s", d->object);
        break;
    default:
        buf_format(out, "different: %s\n  was  %s\n  is   %s", d->object, d->expected, d->existing);
    }
}

static const char *trial_same_words(amend_test_kind kind)
{
    static const char *const words[] = {[AMEND_TEST_DOWN] = "the down script does not undo the up script",
                                        [AMEND_TEST_AGAIN] = "applied again, it makes another schema",
                                        [AMEND_TEST_TWICE] = "run twice, it makes another schema",
                                        [AMEND_TEST_RESET] = "rolled back together, the migrations don't leave what was there",
                                        [AMEND_TEST_ALL] =
                                            "applied together, the migrations make another schema than one by one"};
    return words[kind];
}

amend_status trial_compare(trial_sink *sink, amend_test_kind kind, const amend_item *item, const amend_snapshot *expected,
                           const amend_snapshot *existing, int64_t start_ms, amend_error *error)
{
    trial_list list = {.count = 0};
    amend_error said = {0};
    buf_init(&list.text, sink->allocator);
    amend_status status = amend_snapshot_compare(expected, existing, trial_add_difference, &list, &said);
    bool same = status == AMEND_OK, known = same || said.code == AMEND_E_SCHEMAS_DIFFER;
    if (!known)
    {
        *error = said;
    }
    else if (list.text.failed)
    {
        status = error_memory(error);
    }
    else
    {
        trial_tell(sink, kind, item, same ? AMEND_TEST_PASSED : AMEND_TEST_FAILED, same ? NULL : trial_same_words(kind),
                   same ? NULL : list.text.data, clock_monotonic_ms() - start_ms);
        status = AMEND_OK;
    }
    buf_clear(&list.text);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------------- data */

/* A file of tests/ that is run. */
typedef struct trial_data
{
    char path[1024];
    buf text;
    bool asks; /* its queries must give true */
    bool only; /* run it only when it does nothing but ask; else it counts as not there */
    uint64_t rows;
    bool wrong; /* a row did not begin with what is true */
    session *session;
} trial_data;

static bool trial_is_true(const char *value)
{
    return value != NULL && (strcmp(value, "t") == 0 || strcmp(value, "true") == 0 || strtod(value, NULL) != 0);
}

static amend_status trial_on_row(void *arg, size_t piece, const amend_row *row)
{
    trial_data *d = arg;
    (void)piece;
    d->rows++;
    d->wrong |= row->columns == 0 || !trial_is_true(row->values[0]);
    return AMEND_OK;
}

static amend_status trial_on_idle(void *arg)
{
    return session_go_on(((trial_data *)arg)->session, NULL);
}

static amend_status trial_run_statement(trial *t, trial_data *d, const outline *o, size_t i, amend_error *error)
{
    amend_piece piece;
    amend_copy copy;
    amend_fault fault = {0};
    amend_hooks hooks = {.arg = d, .row = trial_on_row, .idle = trial_on_idle};
    const stmt *s = &o->script.stmts[i];
    d->rows = 0;
    d->wrong = false;
    if (outline_pieces(o, i, i + 1, &piece, &copy) == 0)
    {
        return AMEND_OK;
    }
    amend_status status = session_exec(&t->handle->session, &piece, 1, &hooks, &fault, error);
    bool query = d->asks && (s->flags & STMT_QUERY) != 0;
    if (status == AMEND_OK && query && (d->wrong || d->rows == 0))
    {
        status =
            error_set(error, AMEND_E_TEST_FAILED, d->wrong ? "a row of this query is not true" : "this query gives no row");
    }
    if (status != AMEND_OK)
    {
        bool placed = fault.positioned && status != AMEND_OK;
        error_at(error, d->path, o->script.text, placed ? (size_t)(piece.text - o->script.text.data) + fault.offset : s->start);
    }
    return status;
}

static amend_status trial_run_data(trial *t, trial_data *d, arena *a, bool *found, amend_error *error)
{
    session *s = &t->handle->session;
    directives none = {.transaction_off = true};
    outline o;
    amend_status status = source_read(AT_FDCWD, d->path, false, d->path, &d->text, error);
    status = status == AMEND_OK ? source_normalise(d->path, &d->text, NULL, error) : status;
    status = status == AMEND_OK ? outline_make(a, s->dialect, d->path, buf_slice(&d->text), &none, &o, error) : status;
    status = status == AMEND_OK ? session_connect(s, false, s->connect_timeout_ms, error) : status;
    for (size_t i = 0; status == AMEND_OK && i < o.script.count && d->only; i++)
    {
        *found &= (o.script.stmts[i].flags & STMT_QUERY) != 0;
    }
    for (size_t i = 0; status == AMEND_OK && i < o.script.count && *found; i++)
    {
        status = trial_run_statement(t, d, &o, i, error);
    }
    return status;
}

/* Run tests/VERSION_when.sql if it is there; *found says so. */
static amend_status trial_data_of(trial *t, const amend_item *item, const char *when, bool asks, bool only, bool *found,
                                  amend_error *error)
{
    trial_data d = {.asks = asks, .only = only, .session = &t->handle->session};
    snprintf(d.path, sizeof d.path, "%s/tests/%s_%s.sql", t->given->dir, item->version, when);
    *found = t->given->files == NULL && access(d.path, F_OK) == 0;
    if (!*found)
    {
        return AMEND_OK;
    }
    buf_init(&d.text, t->given->allocator);
    arena *a = arena_new(t->given->allocator);
    amend_status status = a == NULL ? error_memory(error) : trial_run_data(t, &d, a, found, error);
    buf_clear(&d.text);
    arena_free(a);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- run it twice */

/* Does the migration say that it may run twice? A script that can't be read says nothing. */
static amend_status trial_claims(trial *t, const amend_item *item, bool *claims, amend_error *error)
{
    directives none = {.transaction_off = true};
    const dialect *d = t->handle->session.dialect;
    amend_error said = {0};
    outline o;
    buf text;
    *claims = false;
    if (t->given->files != NULL)
    {
        return AMEND_OK;
    }
    buf_init(&text, t->given->allocator);
    arena *a = arena_new(t->given->allocator);
    amend_status status = a == NULL ? error_memory(&said) : source_read(AT_FDCWD, item->file, false, item->file, &text, &said);
    status = status == AMEND_OK ? source_normalise(item->file, &text, NULL, &said) : status;
    status = status == AMEND_OK ? outline_make(a, d, item->file, buf_slice(&text), &none, &o, &said) : status;
    status = status == AMEND_OK ? repeat_claimed(a, d, &o.script, claims, &said) : status;
    arena_free(a);
    buf_clear(&text);
    return said.code == AMEND_E_OUT_OF_MEMORY ? error_memory(error) : AMEND_OK;
}

/* As if it had not been applied: its row is taken out of the history. */
static amend_status trial_forget(trial *t, const amend_item *item, amend_error *error)
{
    session *s = &t->handle->session;
    history h;
    buf text;
    arena *a = arena_new(t->given->allocator);
    amend_status status = a == NULL ? error_memory(error) : session_connect(s, false, s->connect_timeout_ms, error);
    status = status == AMEND_OK ? history_read(s, a, &h, error) : status;
    if (status == AMEND_OK)
    {
        history_row row = {
            .version = item->version, .name = item->name, .checksum = item->checksum, .applied_at = "", .timed = true};
        buf_init(&text, s->allocator);
        unsigned statements = s->dialect->forget(&text, &h.ledger, &row);
        status = text.failed ? error_memory(error) : session_run(s, buf_slice(&text), statements, NULL, NULL, error);
        buf_clear(&text);
    }
    arena_free(a);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- steps */

static amend_status trial_up(trial *t, unsigned steps, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.steps = steps;
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    return amend_up(t->handle, &run, NULL, error);
}

static amend_status trial_down(trial *t, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.steps = 1;
    run.flags = AMEND_ALLOW_DESTRUCTIVE | AMEND_STRICT;
    return amend_down(t->handle, &run, NULL, error);
}

/* Take a snapshot and compare it. */
static amend_status trial_check(trial *t, amend_test_kind kind, const amend_item *item, const amend_snapshot *expected,
                                int64_t start_ms, amend_error *error)
{
    amend_snapshot *now = NULL;
    amend_status status = amend_snapshot_take(t->handle, &now, error);
    status = status == AMEND_OK ? trial_compare(t->sink, kind, item, expected, now, start_ms, error) : status;
    amend_snapshot_free(now);
    return status;
}

/* The down script failed, or its data is wrong: only then can the rest be tried. */
static amend_status trial_down_failed(trial *t, const amend_item *item, const amend_error *said, int64_t start_ms, bool *go_on,
                                      amend_error *error)
{
    amend_error again = {0};
    amend_status status = trial_tell_error(t, AMEND_TEST_DOWN, item, said, start_ms, error);
    *go_on = status == AMEND_OK && said->code == AMEND_E_TEST_FAILED && trial_up(t, 1, &again) == AMEND_OK;
    return status;
}

/* Down, and up again. *go_on: the schema is what it should be. */
static amend_status trial_there_and_back(trial *t, const amend_item *item, const amend_snapshot *before,
                                         const amend_snapshot *after, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    bool asked = false;
    int64_t start = clock_monotonic_ms();
    if (item->down_file == NULL)
    {
        trial_tell(t->sink, AMEND_TEST_DOWN, item, AMEND_TEST_SKIPPED, "it has no down script", NULL, 0);
        return AMEND_OK;
    }
    amend_status status = trial_down(t, &said);
    status = status == AMEND_OK ? trial_data_of(t, item, "down", true, false, &asked, &said) : status;
    if (status != AMEND_OK)
    {
        return trial_down_failed(t, item, &said, start, go_on, error);
    }
    status = trial_check(t, AMEND_TEST_DOWN, item, before, start, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    start = clock_monotonic_ms();
    if (trial_up(t, 1, &said) != AMEND_OK)
    {
        *go_on = false;
        return trial_tell_error(t, AMEND_TEST_AGAIN, item, &said, start, error);
    }
    return trial_check(t, AMEND_TEST_AGAIN, item, after, start, error);
}

/* Applied a second time, without its row in the history. `held`: the rows were what VERSION_after.sql says, and must still be.
 */
static amend_status trial_second(trial *t, const amend_item *item, const amend_snapshot *after, bool held, bool *go_on,
                                 amend_error *error)
{
    amend_error said = {0}, data = {0};
    bool asked;
    int64_t start = clock_monotonic_ms();
    if (trial_up(t, 1, &said) != AMEND_OK)
    {
        *go_on = false;
        return trial_tell_error(t, AMEND_TEST_TWICE, item, &said, start, error);
    }
    if (held && trial_data_of(t, item, "after", true, true, &asked, &data) != AMEND_OK)
    {
        said = data;
        snprintf(said.message, sizeof said.message, "run twice, it changes rows: %.400s", data.message);
        return trial_tell_error(t, AMEND_TEST_TWICE, item, &said, start, error);
    }
    return trial_check(t, AMEND_TEST_TWICE, item, after, start, error);
}

static amend_status trial_twice(trial *t, const amend_item *item, const amend_snapshot *after, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    bool claims, asked = false;
    amend_status status = trial_claims(t, item, &claims, error);
    if (status != AMEND_OK || !claims)
    {
        return status;
    }
    bool held = trial_data_of(t, item, "after", true, true, &asked, &said) == AMEND_OK && asked;
    if (said.code == AMEND_E_OUT_OF_MEMORY)
    {
        return error_memory(error);
    }
    status = trial_forget(t, item, error);
    return status == AMEND_OK ? trial_second(t, item, after, held, go_on, error) : status;
}

static amend_status trial_data_before(trial *t, const amend_item *item, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    bool found;
    int64_t start = clock_monotonic_ms();
    if (trial_data_of(t, item, "before", false, false, &found, &said) == AMEND_OK)
    {
        return AMEND_OK;
    }
    *go_on = false;
    return trial_tell_error(t, AMEND_TEST_DATA, item, &said, start, error);
}

static amend_status trial_data_after(trial *t, const amend_item *item, amend_error *error)
{
    amend_error said = {0};
    bool found;
    int64_t start = clock_monotonic_ms();
    if (trial_data_of(t, item, "after", true, false, &found, &said) != AMEND_OK)
    {
        return trial_tell_error(t, AMEND_TEST_DATA, item, &said, start, error);
    }
    if (found)
    {
        trial_tell(t->sink, AMEND_TEST_DATA, item, AMEND_TEST_PASSED, NULL, NULL, clock_monotonic_ms() - start);
    }
    return AMEND_OK;
}

/* Apply it, with its data. *go_on: it could be. */
static amend_status trial_first(trial *t, const amend_item *item, amend_snapshot **after, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    int64_t start = clock_monotonic_ms();
    if (trial_up(t, 1, &said) != AMEND_OK)
    {
        *go_on = false;
        return trial_tell_error(t, AMEND_TEST_UP, item, &said, start, error);
    }
    trial_tell(t->sink, AMEND_TEST_UP, item, AMEND_TEST_PASSED, NULL, NULL, clock_monotonic_ms() - start);
    amend_status status = trial_data_after(t, item, error);
    return status == AMEND_OK ? amend_snapshot_take(t->handle, after, error) : status;
}

/* One migration: up, its data, down, up again, twice. */
static amend_status trial_step(trial *t, const amend_item *item, bool *go_on, amend_error *error)
{
    amend_snapshot *before = NULL, *after = NULL;
    amend_status status = trial_data_before(t, item, go_on, error);
    status = *go_on && status == AMEND_OK ? amend_snapshot_take(t->handle, &before, error) : status;
    status = *go_on && status == AMEND_OK ? trial_first(t, item, &after, go_on, error) : status;
    status = *go_on && status == AMEND_OK ? trial_there_and_back(t, item, before, after, go_on, error) : status;
    status = *go_on && status == AMEND_OK ? trial_twice(t, item, after, go_on, error) : status;
    amend_snapshot_free(before);
    amend_snapshot_free(after);
    return status;
}

/* ---------------------------------------------------------------------------------------------------------------- roads */

/* All down scripts, newest first; only when each migration has one. */
static amend_status trial_reset(trial *t, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_error said = {0};
    int64_t start = clock_monotonic_ms();
    run.flags = AMEND_ALLOW_DESTRUCTIVE | AMEND_STRICT;
    amend_status status = amend_reset(t->handle, &run, NULL, &said);
    if (status != AMEND_OK && said.code == AMEND_E_NO_DOWN)
    {
        trial_tell(t->sink, AMEND_TEST_RESET, NULL, AMEND_TEST_SKIPPED, said.message, NULL, 0);
        return AMEND_OK;
    }
    if (status != AMEND_OK)
    {
        return trial_tell_error(t, AMEND_TEST_RESET, NULL, &said, start, error);
    }
    return trial_check(t, AMEND_TEST_RESET, NULL, t->first, start, error);
}

/*
 * What a migration has left behind must not fail those after it: on another scratch database, all up to it are applied again.
 * *ready is false when that can't be, since it fails by itself, or the database is the user's.
 */
static amend_status trial_start_over(trial *t, const char *version, bool *ready, amend_error *error)
{
    trial fresh;
    amend_run run = AMEND_RUN_INIT;
    amend_error said = {0};
    run.to = version;
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    if (t->scratch.given)
    {
        *ready = false;
        return AMEND_OK;
    }
    amend_status status = trial_open(t->given, NULL, t->sink, &fresh, error);
    if (status != AMEND_OK)
    {
        trial_close(&fresh);
        return status;
    }
    *ready = amend_up(fresh.handle, &run, NULL, &said) == AMEND_OK;
    trial old = *ready ? *t : fresh;
    *t = *ready ? fresh : *t;
    trial_close(&old);
    if (said.code == AMEND_E_OUT_OF_MEMORY || said.code == AMEND_E_CANCELLED)
    {
        *error = said;
        return said.status;
    }
    return AMEND_OK;
}

/* A statement of it can't be planned: a finding of that migration, and the road ends. Else it is about all of them. */
static amend_status trial_tell_plan(trial *t, const amend_error *said, int64_t start_ms, amend_error *error)
{
    amend_item item = {.version = said->version};
    if (said->version[0] != '\0' && said->statement > 0)
    {
        return trial_tell_error(t, AMEND_TEST_UP, &item, said, start_ms, error);
    }
    *error = *said;
    return said->status;
}

/* The next migration; *go_on: there may be another one. */
static amend_status trial_next(trial *t, bool *whole, bool *go_on, amend_error *error)
{
    amend_report *next = NULL;
    amend_run run = AMEND_RUN_INIT;
    amend_error said = {0};
    bool ran = true;
    int64_t start = clock_monotonic_ms();
    run.steps = 1;
    amend_status status = amend_plan(t->handle, AMEND_UP, &run, &next, &said);
    if (status != AMEND_OK)
    {
        *whole = *go_on = false;
        return trial_tell_plan(t, &said, start, error);
    }
    *go_on = next->item_count > 0;
    if (*go_on)
    {
        status = trial_step(t, &next->items[0], &ran, error);
        *whole &= ran;
        *go_on = ran;
        status = ran || status != AMEND_OK ? status : trial_start_over(t, next->items[0].version, go_on, error);
    }
    amend_report_free(next);
    return status;
}

amend_status trial_by_steps(trial *t, amend_error *error)
{
    amend_status status = AMEND_OK;
    bool whole = true, go_on = true;
    while (status == AMEND_OK && go_on)
    {
        status = trial_next(t, &whole, &go_on, error);
    }
    return status == AMEND_OK && whole ? amend_snapshot_take(t->handle, &t->last, error) : status;
}

amend_status trial_at_once(trial *t, amend_error *error)
{
    amend_error said = {0};
    int64_t start = clock_monotonic_ms();
    if (trial_up(t, 0, &said) != AMEND_OK)
    {
        return trial_tell_error(t, AMEND_TEST_ALL, NULL, &said, start, error);
    }
    amend_status status = amend_snapshot_take(t->handle, &t->last, error);
    return status == AMEND_OK ? trial_reset(t, error) : status;
}

/* ------------------------------------------------------------------------------------------------------------ beginning */

static void trial_ignore(void *arg, const amend_event *event)
{
    (void)arg, (void)event;
}

amend_status trial_open(amend *given, const char *scratch_url, trial_sink *sink, trial *out, amend_error *error)
{
    *out = (trial){.given = given, .sink = sink};
    const session *s = &given->session;
    amend_status status = scratch_open(&given->session, scratch_url, &out->scratch, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    amend_options o = AMEND_OPTIONS_INIT;
    o.url = out->scratch.url;
    o.dir = given->dir;
    o.files = given->files;
    o.file_count = given->file_count;
    o.application = s->application;
    o.actor = s->actor;
    o.allocator = given->allocator;
    o.on_event = trial_ignore;
    o.connect_timeout_ms = s->connect_timeout_ms;
    o.lock_timeout_ms = s->lock_timeout_ms;
    o.heal = AMEND_HEAL_OFF;
    status = amend_open(&o, &out->handle, error);
    if (status == AMEND_OK)
    {
        out->handle->session.stop = given->session.stop;
        out->handle->session.scratch = true;
        status = amend_snapshot_take(out->handle, &out->first, error);
    }
    return status;
}

void trial_close(trial *t)
{
    amend_snapshot_free(t->first);
    amend_snapshot_free(t->last);
    amend_close(t->handle);
    scratch_close(&t->scratch);
}
