/* SPDX-License-Identifier: MIT */
#include "engine/losses.h"

#include "base/error.h"
#include "engine/script_file.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct loss_search
{
    losses *losses;
    session *session;
    arena *arena;
    plan *plan;
    script_file *scripts; /* one for each step */
    loss_step *steps;     /* those that have deeds */
    size_t step_count;
    suspect_list suspects;
    loss_list found;
    size_t counting; /* which is counted */
    amend_error *error;
} loss_search;

/* --------------------------------------------------------------------------------------------------------------- reading */

static amend_status losses_read_script(loss_search *l, size_t index)
{
    const step *step = &l->plan->steps[index];
    script_file *out = &l->scripts[index];
    const char *file = step_file(step);
    if (file == NULL || (step->action == ACTION_UP && !step->entry->file->may_lose))
    {
        return AMEND_OK;
    }
    amend_status status = script_file_read(l->arena, l->losses->catalog, l->session->dialect, file, out, l->error);
    if (status != AMEND_OK)
    {
        if (l->error != NULL)
        {
            error_copy(l->error->version, sizeof l->error->version, slice_of(step->version));
        }
        return status;
    }
    loss_step *found = &l->steps[l->step_count];
    found->step = index;
    status = l->session->dialect->deeds(l->arena, &out->script, &found->deeds, l->error);
    l->step_count += found->deeds.count > 0;
    return status;
}

static amend_status losses_read(loss_search *l)
{
    size_t count = l->plan->count + 1;
    l->scripts = arena_array(l->arena, count, sizeof *l->scripts);
    l->steps = arena_array(l->arena, count, sizeof *l->steps);
    amend_status status = l->scripts == NULL || l->steps == NULL ? error_memory(l->error) : AMEND_OK;
    for (size_t i = 0; i < l->plan->count && status == AMEND_OK; i++)
    {
        status = losses_read_script(l, i);
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- asking */

static amend_status losses_on_found(void *arg, size_t piece, const amend_row *row)
{
    loss_search *l = arg;
    (void)piece;
    return l->session->dialect->loss_found(l->arena, l->suspects.items, row, &l->found, l->error);
}

static amend_status losses_on_idle(void *arg)
{
    return session_go_on(((loss_search *)arg)->session, NULL);
}

static amend_status losses_look(loss_search *l)
{
    amend_hooks hooks = {.arg = l, .row = losses_on_found, .idle = losses_on_idle};
    amend_fault fault = {0};
    amend_error reason = {0};
    buf text;
    buf_init(&text, l->session->allocator);
    unsigned statements = l->session->dialect->loss_look(&text, l->suspects.items, l->suspects.count);
    amend_status status =
        text.failed ? error_memory(&reason) : session_run(l->session, buf_slice(&text), statements, &hooks, &fault, &reason);
    buf_clear(&text);
    if (status != AMEND_OK && l->error != NULL && l->error->code == 0)
    {
        *l->error = reason;
    }
    return status;
}

static bool losses_is_counted(const loss *l)
{
    return l->measure == LOSS_EXACT || l->measure == LOSS_AT_MOST;
}

static amend_status losses_on_count(void *arg, size_t piece, const amend_row *row)
{
    loss_search *l = arg;
    (void)piece;
    while (l->counting < l->found.count && !losses_is_counted(&l->found.items[l->counting]))
    {
        l->counting++;
    }
    if (l->counting < l->found.count && row->values[0] != NULL)
    {
        l->found.items[l->counting++].rows = strtoll(row->values[0], NULL, 10);
    }
    return AMEND_OK;
}

/* Count those in [first, last), in one message. */
static amend_status losses_ask(loss_search *l, size_t first, size_t last, amend_fault *fault, amend_error *error)
{
    const dialect *d = l->session->dialect;
    amend_hooks hooks = {.arg = l, .row = losses_on_count, .idle = losses_on_idle};
    amend_hooks silent = {0};
    unsigned statements = message_statements(d->count_begin) + message_statements(d->count_end);
    buf text;
    buf_init(&text, l->session->allocator);
    buf_text(&text, d->count_begin);
    for (size_t i = first; i < last; i++)
    {
        statements += losses_is_counted(&l->found.items[i]) ? d->loss_count(&text, &l->found.items[i]) : 0;
    }
    buf_text(&text, d->count_end);
    l->counting = first;
    amend_status status =
        text.failed ? error_memory(error) : session_run(l->session, buf_slice(&text), statements, &hooks, fault, error);
    buf_clear(&text);
    if (status != AMEND_OK && fault->kind != AMEND_FAULT_LOST)
    {
        (void)!session_run(l->session, slice_of(d->count_end), message_statements(d->count_end), &silent, NULL, NULL);
    }
    return status;
}

/* Did the database refuse to count it? Everything else ends the run. */
static bool losses_is_refused(const amend_fault *fault, const amend_error *reason)
{
    bool refused = fault->kind == AMEND_FAULT_STATEMENT || fault->kind == AMEND_FAULT_UNRUN || fault->kind == AMEND_FAULT_BUSY;
    return refused && reason->code != AMEND_E_OUT_OF_MEMORY;
}

/* All at once; when one of them is refused, one by one, and that one is not known. */
static amend_status losses_count(loss_search *l)
{
    amend_fault fault = {0};
    amend_error reason = {0};
    bool any = false;
    for (size_t i = 0; i < l->found.count; i++)
    {
        any |= losses_is_counted(&l->found.items[i]);
    }
    amend_status status = any ? losses_ask(l, 0, l->found.count, &fault, &reason) : AMEND_OK;
    bool refused = status != AMEND_OK && losses_is_refused(&fault, &reason);
    for (size_t i = 0; refused && i < l->found.count; i++)
    {
        loss *one = &l->found.items[i];
        fault = (amend_fault){0};
        amend_status counted = losses_is_counted(one) ? losses_ask(l, i, i + 1, &fault, &reason) : AMEND_OK;
        if (counted != AMEND_OK && losses_is_refused(&fault, &reason))
        {
            one->measure = LOSS_UNKNOWN;
            one->reason = arena_string(l->arena, reason.message);
            counted = one->reason == NULL ? error_memory(&reason) : AMEND_OK;
        }
        status = counted;
        refused = counted == AMEND_OK;
    }
    if (status != AMEND_OK)
    {
        *l->error = reason;
    }
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- judging */

static amend_status losses_note(loss_search *l, const loss *found)
{
    const step *step = &l->plan->steps[found->of->step];
    const script_file *from = &l->scripts[found->of->step];
    size_t statement = found->of->deed->statement;
    unsigned column;
    losses *out = l->losses;
    loss_entry *grown = arena_grow(l->arena, out->entries, out->count, sizeof *grown);
    loss_entry e = {.loss = found,
                    .step = step,
                    .file = from->file,
                    .statement = (unsigned)statement + 1,
                    .object = loss_object(l->arena, found),
                    .what = loss_words(l->arena, found),
                    .permission = out->allowed ? "--allow-destructive" : from->head.destructive};
    if (grown == NULL || e.object == NULL || e.what == NULL)
    {
        return error_memory(l->error);
    }
    e.text = from->text;
    e.offset = from->script.stmts[statement].start;
    text_position(e.text, e.offset, &e.line, &column);
    out->entries = grown;
    out->entries[out->count++] = e;
    return AMEND_OK;
}

/* A list of {"object", "what", "rows"} for the audit trail. */
static amend_status losses_write(loss_search *l, size_t index)
{
    buf text;
    buf_init(&text, l->session->allocator);
    for (size_t i = 0; i < l->losses->count; i++)
    {
        const loss_entry *e = &l->losses->entries[i];
        if (e->step != &l->plan->steps[index] || !loss_matters(e->loss) || e->permission == NULL)
        {
            continue;
        }
        buf_text(&text, text.len == 0 ? "[{\"object\":" : ",{\"object\":");
        buf_json(&text, e->object);
        buf_text(&text, ",\"what\":");
        buf_json(&text, e->what);
        if (e->loss->measure != LOSS_UNKNOWN)
        {
            buf_format(&text, ",\"rows\":%lld", (long long)e->loss->rows);
        }
        buf_text(&text, ",\"allowed\":");
        buf_json(&text, e->permission);
        buf_char(&text, '}');
    }
    bool failed = text.failed;
    if (text.len > 0)
    {
        buf_char(&text, ']');
        l->plan->steps[index].lost = arena_copy(l->arena, buf_slice(&text));
        failed = text.failed || l->plan->steps[index].lost == NULL;
    }
    buf_clear(&text);
    return failed ? error_memory(l->error) : AMEND_OK;
}

/* "1204 rows", "about 12000000 rows", "310 values" */
static void losses_amount(const loss *l, char *out, size_t size)
{
    static const char *const prefixes[] = {[LOSS_EXACT] = "", [LOSS_ABOUT] = "about ", [LOSS_AT_MOST] = "at most "};
    bool values = l->kind == LOSS_COLUMN || l->kind == LOSS_VALUES || l->kind == LOSS_PRECISION;
    if (l->measure == LOSS_UNKNOWN)
    {
        snprintf(out, size, "can't be counted");
        return;
    }
    snprintf(out, size, "%s%lld %s%s", prefixes[l->measure], (long long)l->rows, values ? "value" : "row",
             l->rows == 1 ? "" : "s");
}

/* The list of what is refused, a line each, as far as it fits. */
static void losses_list(const losses *l, amend_error *error)
{
    size_t at = 0;
    for (size_t i = 0; i < l->count && at + 1 < sizeof error->detail; i++)
    {
        const loss_entry *e = &l->entries[i];
        char amount[64];
        losses_amount(e->loss, amount, sizeof amount);
        if (!loss_matters(e->loss) || e->permission != NULL)
        {
            continue;
        }
        int n = snprintf(error->detail + at, sizeof error->detail - at, "%s%s:%u: %s (%s): %s%s%s", at == 0 ? "" : "\n",
                         e->file, e->line, e->object, amount, e->what, e->loss->reason == NULL ? "" : ": ",
                         e->loss->reason == NULL ? "" : e->loss->reason);
        if (n < 0 || (size_t)n >= sizeof error->detail - at)
        {
            error->detail[at] = '\0'; /* no half lines */
            return;
        }
        at += (size_t)n;
    }
}

static amend_status losses_judge(const losses *l, amend_error *error)
{
    const loss_entry *first = NULL;
    size_t refused = 0;
    char amount[64];
    for (size_t i = 0; i < l->count; i++)
    {
        const loss_entry *e = &l->entries[i];
        if (loss_matters(e->loss) && e->permission == NULL)
        {
            first = first == NULL ? e : first;
            refused++;
        }
    }
    if (first == NULL || l->looking)
    {
        return AMEND_OK;
    }
    losses_amount(first->loss, amount, sizeof amount);
    char more[48] = "";
    if (refused > 1)
    {
        snprintf(more, sizeof more, ", and %zu more", refused - 1);
    }
    error_set(error, AMEND_E_DESTRUCTIVE, "data would be lost: %s (%s)%s", first->object, amount, more);
    error_hint(error, "Nothing was run. If it is meant: --allow-destructive, ALLOW_DESTRUCTIVE_MIGRATION=true, or the line "
                      "-- amend:destructive \"why\" at the head of the script.");
    if (error != NULL)
    {
        error_copy(error->version, sizeof error->version, slice_of(first->step->version));
        error_copy(error->object, sizeof error->object, slice_of(first->object));
        error_at(error, first->file, first->text, first->offset);
        error->statement = first->statement;
        losses_list(l, error);
    }
    return AMEND_REFUSED;
}

/* It is meant, and will be done. */
static void losses_tell(const losses *l)
{
    for (size_t i = 0; i < l->count && !l->looking; i++)
    {
        const loss_entry *e = &l->entries[i];
        char amount[64], message[800];
        losses_amount(e->loss, amount, sizeof amount);
        snprintf(message, sizeof message, "%s %s takes away %s: %s (%s); allowed: %s", e->step->version, e->step->name,
                 e->object, e->what, amount, e->permission);
        amend_event event = {.type = AMEND_EVENT_DATA_LOST,
                             .severity = AMEND_WARNING,
                             .version = e->step->version,
                             .name = e->step->name,
                             .file = e->file,
                             .statement = e->statement,
                             .message = message};
        if (loss_matters(e->loss))
        {
            session_tell(l->session, &event);
        }
    }
}

amend_status losses_check(void *arg, arena *a, plan *plan, amend_error *error)
{
    losses *l = arg;
    const dialect *d = l->session->dialect;
    amend_error reason = {0};
    loss_search search = {.losses = l, .session = l->session, .arena = a, .plan = plan, .error = &reason};
    l->entries = NULL;
    l->count = 0;
    if (plan->conflicts > 0)
    {
        return AMEND_OK; /* nothing will run */
    }
    amend_status status = losses_read(&search);
    bool nocase = (d->traits & DIALECT_NAMES_NOCASE) != 0;
    if (status == AMEND_OK && search.step_count > 0)
    {
        status = loss_trace(a, search.steps, search.step_count, nocase, &search.suspects, &reason);
    }
    if (status == AMEND_OK && search.suspects.count > 0)
    {
        status = losses_look(&search);
        loss_once(&search.found, nocase);
        status = status == AMEND_OK ? losses_count(&search) : status;
    }
    for (size_t i = 0; i < search.found.count && status == AMEND_OK; i++)
    {
        const loss *found = &search.found.items[i];
        bool seen = loss_matters(found) || found->kind == LOSS_TABLE || found->kind == LOSS_COLUMN;
        status = seen ? losses_note(&search, found) : AMEND_OK;
    }
    for (size_t i = 0; i < plan->count && l->count > 0 && status == AMEND_OK; i++)
    {
        status = losses_write(&search, i);
    }
    status = status == AMEND_OK ? losses_judge(l, &reason) : status;
    if (status == AMEND_OK)
    {
        losses_tell(l);
    }
    else if (error != NULL)
    {
        *error = reason;
    }
    return status;
}
