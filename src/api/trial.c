/* SPDX-License-Identifier: MIT */
#include "api/trial.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------- telling */

static void trial_pass_on(trial_sink *sink, const amend_test_result *result)
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

/* A call failed: in its own words, and where it says. */
static void trial_tell_error(trial *t, amend_test_kind kind, const amend_item *item, const amend_error *error, int64_t start_ms)
{
    amend_test_result result = {.kind = kind,
                                .outcome = AMEND_TEST_FAILED,
                                .version = item == NULL ? NULL : item->version,
                                .name = item == NULL ? NULL : item->name,
                                .file = error->file[0] != '\0' ? error->file
                                        : item == NULL         ? NULL
                                                               : item->file,
                                .line = error->line,
                                .message = error->message,
                                .detail = error->detail[0] == '\0' ? NULL : error->detail,
                                .elapsed_ms = clock_monotonic_ms() - start_ms};
    trial_pass_on(t->sink, &result);
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

bool trial_compare(trial_sink *sink, amend_test_kind kind, const amend_item *item, const amend_snapshot *expected,
                   const amend_snapshot *existing, int64_t start_ms)
{
    trial_list list = {.count = 0};
    buf_init(&list.text, sink->allocator);
    amend_status status = amend_snapshot_compare(expected, existing, trial_add_difference, &list, NULL);
    bool same = status == AMEND_OK;
    trial_tell(sink, kind, item, same ? AMEND_TEST_PASSED : AMEND_TEST_FAILED, same ? NULL : trial_same_words(kind),
               same || list.text.failed ? NULL : list.text.data, clock_monotonic_ms() - start_ms);
    buf_clear(&list.text);
    return same;
}

/* ----------------------------------------------------------------------------------------------------------------- data */

/* A file of tests/ that is run. */
typedef struct trial_data
{
    char path[1024];
    buf text;
    bool asks; /* its queries must give true */
    uint64_t rows;
    bool wrong; /* a row did not begin with what is true */
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

static amend_status trial_run_statement(trial *t, trial_data *d, const outline *o, size_t i, amend_error *error)
{
    amend_piece piece;
    amend_copy copy;
    amend_fault fault = {0};
    amend_hooks hooks = {.arg = d, .row = trial_on_row};
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

static amend_status trial_run_data(trial *t, trial_data *d, arena *a, amend_error *error)
{
    session *s = &t->handle->session;
    directives none = {.transaction_off = true};
    outline o;
    amend_status status = source_read(AT_FDCWD, d->path, false, d->path, &d->text, error);
    status = status == AMEND_OK ? source_normalise(d->path, &d->text, NULL, error) : status;
    status = status == AMEND_OK ? outline_make(a, s->dialect, d->path, buf_slice(&d->text), &none, &o, error) : status;
    status = status == AMEND_OK ? session_connect(s, false, s->connect_timeout_ms, error) : status;
    for (size_t i = 0; status == AMEND_OK && i < o.script.count; i++)
    {
        status = trial_run_statement(t, d, &o, i, error);
    }
    return status;
}

/* Run tests/VERSION_when.sql if it is there; *found says so. */
static amend_status trial_data_of(trial *t, const amend_item *item, const char *when, bool asks, bool *found,
                                  amend_error *error)
{
    trial_data d = {.asks = asks};
    snprintf(d.path, sizeof d.path, "%s/tests/%s_%s.sql", t->given->dir, item->version, when);
    *found = t->given->files == NULL && access(d.path, F_OK) == 0;
    if (!*found)
    {
        return AMEND_OK;
    }
    buf_init(&d.text, t->given->allocator);
    arena *a = arena_new(t->given->allocator);
    amend_status status = a == NULL ? error_memory(error) : trial_run_data(t, &d, a, error);
    buf_clear(&d.text);
    arena_free(a);
    return status;
}

/* --------------------------------------------------------------------------------------------------------- run it twice */

/* Does each statement say that it does nothing where its work is done? */
static bool trial_is_repeatable(trial *t, const outline *o)
{
    static const char *const words[] = {"if\x1fnot\x1f"
                                        "exists\x1f",
                                        "if\x1f"
                                        "exists\x1f",
                                        "or\x1freplace\x1f", "or\x1fignore\x1f",
                                        "on\x1f"
                                        "conflict\x1f"};
    bool all = o->script.count > 0;
    for (size_t i = 0; i < o->script.count && all; i++)
    {
        buf essence;
        bool says = false;
        buf_init(&essence, t->given->allocator);
        t->handle->session.dialect->essence(slice_sub(o->script.text, o->script.stmts[i].start, o->script.stmts[i].end),
                                            &essence);
        for (size_t w = 0; w < sizeof words / sizeof words[0] && essence.data != NULL; w++)
        {
            says |= strstr(essence.data, words[w]) != NULL;
        }
        buf_clear(&essence);
        all = says || (o->script.stmts[i].flags & (STMT_BEGIN | STMT_COMMIT | STMT_SETTING | STMT_QUERY)) != 0;
    }
    return all;
}

static bool trial_claims(trial *t, const amend_item *item)
{
    directives none = {.transaction_off = true};
    outline o;
    buf text;
    buf_init(&text, t->given->allocator);
    arena *a = arena_new(t->given->allocator);
    bool claims = a != NULL && t->given->files == NULL &&
                  source_read(AT_FDCWD, item->file, false, item->file, &text, NULL) == AMEND_OK &&
                  source_normalise(item->file, &text, NULL, NULL) == AMEND_OK &&
                  outline_make(a, t->handle->session.dialect, item->file, buf_slice(&text), &none, &o, NULL) == AMEND_OK &&
                  trial_is_repeatable(t, &o);
    arena_free(a);
    buf_clear(&text);
    return claims;
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

/* Take a snapshot and compare it. *same is false, too, when it differs. */
static amend_status trial_check(trial *t, amend_test_kind kind, const amend_item *item, const amend_snapshot *expected,
                                int64_t start_ms, bool *same, amend_error *error)
{
    amend_snapshot *now = NULL;
    amend_status status = amend_snapshot_take(t->handle, &now, error);
    *same = status == AMEND_OK && trial_compare(t->sink, kind, item, expected, now, start_ms);
    amend_snapshot_free(now);
    return status;
}

/* Down, and up again. *go_on: the schema is what it should be. */
static amend_status trial_there_and_back(trial *t, const amend_item *item, const amend_snapshot *before,
                                         const amend_snapshot *after, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    bool same = false, asked = false;
    int64_t start = clock_monotonic_ms();
    if (item->down_file == NULL)
    {
        trial_tell(t->sink, AMEND_TEST_DOWN, item, AMEND_TEST_SKIPPED, "it has no down script", NULL, 0);
        return AMEND_OK;
    }
    amend_status status = trial_down(t, &said);
    status = status == AMEND_OK ? trial_data_of(t, item, "down", true, &asked, &said) : status;
    if (status != AMEND_OK)
    {
        trial_tell_error(t, AMEND_TEST_DOWN, item, &said, start);
        *go_on = said.code == AMEND_E_TEST_FAILED && trial_up(t, 1, NULL) == AMEND_OK;
        return AMEND_OK;
    }
    status = trial_check(t, AMEND_TEST_DOWN, item, before, start, &same, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    start = clock_monotonic_ms();
    if (trial_up(t, 1, &said) != AMEND_OK)
    {
        trial_tell_error(t, AMEND_TEST_AGAIN, item, &said, start);
        *go_on = false;
        return AMEND_OK;
    }
    return trial_check(t, AMEND_TEST_AGAIN, item, after, start, &same, error);
}

static amend_status trial_twice(trial *t, const amend_item *item, const amend_snapshot *after, bool *go_on, amend_error *error)
{
    amend_error said = {0};
    bool same;
    int64_t start = clock_monotonic_ms();
    if (!trial_claims(t, item))
    {
        return AMEND_OK;
    }
    amend_status status = trial_forget(t, item, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    if (trial_up(t, 1, &said) != AMEND_OK)
    {
        trial_tell_error(t, AMEND_TEST_TWICE, item, &said, start);
        *go_on = false;
        return AMEND_OK;
    }
    return trial_check(t, AMEND_TEST_TWICE, item, after, start, &same, error);
}

static amend_status trial_data_before(trial *t, const amend_item *item, bool *go_on)
{
    amend_error said = {0};
    bool found;
    int64_t start = clock_monotonic_ms();
    if (trial_data_of(t, item, "before", false, &found, &said) != AMEND_OK)
    {
        trial_tell_error(t, AMEND_TEST_DATA, item, &said, start);
        *go_on = false;
    }
    return AMEND_OK;
}

static void trial_data_after(trial *t, const amend_item *item)
{
    amend_error said = {0};
    bool found;
    int64_t start = clock_monotonic_ms();
    if (trial_data_of(t, item, "after", true, &found, &said) != AMEND_OK)
    {
        trial_tell_error(t, AMEND_TEST_DATA, item, &said, start);
    }
    else if (found)
    {
        trial_tell(t->sink, AMEND_TEST_DATA, item, AMEND_TEST_PASSED, NULL, NULL, clock_monotonic_ms() - start);
    }
}

/* One migration: up, its data, down, up again, twice. */
static amend_status trial_step(trial *t, const amend_item *item, bool *go_on, amend_error *error)
{
    amend_snapshot *before = NULL, *after = NULL;
    amend_error said = {0};
    amend_status status = trial_data_before(t, item, go_on);
    status = *go_on ? amend_snapshot_take(t->handle, &before, error) : status;
    if (*go_on && status == AMEND_OK)
    {
        int64_t start = clock_monotonic_ms();
        *go_on = trial_up(t, 1, &said) == AMEND_OK;
        if (*go_on)
        {
            trial_tell(t->sink, AMEND_TEST_UP, item, AMEND_TEST_PASSED, NULL, NULL, clock_monotonic_ms() - start);
            trial_data_after(t, item);
            status = amend_snapshot_take(t->handle, &after, error);
        }
        else
        {
            trial_tell_error(t, AMEND_TEST_UP, item, &said, start);
        }
    }
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
    bool same;
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
        trial_tell_error(t, AMEND_TEST_RESET, NULL, &said, start);
        return AMEND_OK;
    }
    return trial_check(t, AMEND_TEST_RESET, NULL, t->first, start, &same, error);
}

/*
 * What a migration has left behind must not fail those after it: on another scratch database, all up to it are applied again.
 * False when that can't be, since it fails by itself, or the database is the user's.
 */
static bool trial_start_over(trial *t, const char *version)
{
    trial fresh;
    amend_run run = AMEND_RUN_INIT;
    run.to = version;
    run.flags = AMEND_ALLOW_DESTRUCTIVE;
    bool ready = !t->scratch.given && trial_open(t->given, NULL, t->sink, &fresh, NULL) == AMEND_OK;
    if (!ready)
    {
        return false;
    }
    ready = amend_up(fresh.handle, &run, NULL, NULL) == AMEND_OK;
    trial old = ready ? *t : fresh;
    *t = ready ? fresh : *t;
    trial_close(&old);
    return ready;
}

/* The next migration; *go_on: there may be another one. */
static amend_status trial_next(trial *t, bool *whole, bool *go_on, amend_error *error)
{
    amend_report *next = NULL;
    amend_run run = AMEND_RUN_INIT;
    bool ran = true;
    run.steps = 1;
    amend_status status = amend_plan(t->handle, AMEND_UP, &run, &next, error);
    *go_on = status == AMEND_OK && next->item_count > 0;
    if (*go_on)
    {
        status = trial_step(t, &next->items[0], &ran, error);
        *whole &= ran;
        *go_on = ran || trial_start_over(t, next->items[0].version);
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
        trial_tell_error(t, AMEND_TEST_ALL, NULL, &said, start);
        return AMEND_OK;
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
        out->handle->session.stop = &given->session.cancelled;
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
