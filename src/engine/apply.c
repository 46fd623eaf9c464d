/* SPDX-License-Identifier: MIT */
#include "engine/run.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/essence.h"
#include "engine/truth.h"

#include <unistd.h>

static void set_up(runner *r, session *s, arena *a, const catalog *c, outcome *out, const char *holder)
{
    *r = (runner){.session = s,
                  .arena = a,
                  .catalog = c,
                  .history = &out->history,
                  .view = &out->view,
                  .plan = &out->plan,
                  .lease = {.seen = out->history.fence,
                            .heartbeat = out->history.heartbeat,
                            .holder = holder,
                            .host = s->host,
                            .pid = (int64_t)getpid()},
                  .backup = s->backup,
                  .results = out->results};
    history_trail(&out->history, s, &r->trail);
}

static void tell_run(const session *s, const plan *p, amend_event_type type, int64_t elapsed_ms)
{
    amend_event event = {.type = type, .steps = (unsigned)p->count, .elapsed_ms = elapsed_ms};
    session_tell(s, &event);
}

/* Connection, history, view and plan, anew. */
static amend_status look(session *s, arena *a, const catalog *c, planner *make, const gate *guard, const amend_run *run,
                         outcome *out, amend_error *error)
{
    bool dry = (run->flags & AMEND_DRY_RUN) != 0;
    amend_status status = session_connect(s, dry, s->connect_timeout_ms, error);
    if (status == AMEND_OK)
    {
        status = history_read(s, a, &out->history, error);
    }
    if (status == AMEND_OK)
    {
        status = essence_view(s, a, c, &out->history, &out->view, error);
    }
    if (status == AMEND_OK)
    {
        status = make(a, &out->view, run, &out->plan, error);
    }
    bool held = status == AMEND_OK && !dry && lock_judge(&out->history, s->lease_ms) == LOCK_HELD;
    for (const gate *g = guard; g != NULL && status == AMEND_OK; g = g->next)
    {
        status = g->late && held ? AMEND_OK : g->check(g->arg, a, &out->plan, error);
    }
    if (status == AMEND_OK)
    {
        out->done = 0;
        out->results = arena_array(a, out->plan.count + 1, sizeof(result));
        status = out->results == NULL ? error_memory(error) : AMEND_OK;
    }
    return status == AMEND_OK ? plan_conflict(&out->plan, error) : status;
}

static amend_status print(session *s, arena *a, const catalog *c, outcome *out, const char *holder, amend_error *error)
{
    runner r;
    buf text;
    set_up(&r, s, a, c, out, holder);
    buf_init(&text, s->allocator);
    amend_status status = run_print(&r, &text, error);
    if (status == AMEND_OK)
    {
        out->sql = arena_copy(a, buf_slice(&text));
        status = out->sql == NULL ? error_memory(error) : AMEND_OK;
    }
    buf_clear(&text);
    return status;
}

/* Without the events the lock can't be read, and without the lock not where the chain of the events ends. */
static bool lacks_half(const ledger *l)
{
    return l->has_events != l->has_lock;
}

/* Somebody dropped one of our tables: made again by itself, so that what belongs to the other is found before anything runs. */
static amend_status make_tables(session *s, arena *a, outcome *out, amend_error *error)
{
    const tx_words *w = session_words(s);
    runner r;
    message m;
    amend_fault fault = {0};
    set_up(&r, s, a, NULL, out, "");
    message_init(&m, a);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_begin);
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_begin);
    message_own(&m, PART_CREATE, SIZE_MAX, s->dialect->create(&m.text, &out->history.ledger));
    message_words(&m, PART_FRAME, SIZE_MAX, w->lock_end);
    message_words(&m, PART_FRAME, SIZE_MAX, w->batch_end);
    bool ready = message_ready(&m);
    amend_status status = ready ? session_exec(s, m.pieces, m.count, NULL, &fault, error) : error_memory(error);
    if (status != AMEND_OK && ready)
    {
        explain_fault(&r, &m, NULL, 0, &fault, error);
        amend_hooks silent = {0};
        (void)!session_run(s, slice_of(w->batch_abort), message_statements(w->batch_abort), &silent, NULL, NULL);
    }
    message_clear(&m);
    return status;
}

/* One try with what was read. *again: another runner was quicker. */
static amend_status run_once(session *s, arena *a, const catalog *c, outcome *out, const char *holder, bool *again,
                             amend_error *error)
{
    runner r;
    set_up(&r, s, a, c, out, holder);
    int64_t start = clock_monotonic_ms();
    tell_run(s, &out->plan, AMEND_EVENT_RUN_STARTED, 0);
    amend_status status = run_plan(&r, error);
    if (status == AMEND_OK && r.unkept && out->plan.steps[0].action == ACTION_KEEP)
    {
        status = error_set(error, AMEND_E_STATEMENT, "the schema could not be written down");
        r.done = 0;
    }
    out->done = r.done;
    *again = status != AMEND_OK && r.again;
    if (!*again)
    {
        tell_run(s, &out->plan, AMEND_EVENT_RUN_FINISHED, clock_monotonic_ms() - start);
    }
    return status;
}

amend_status apply(session *s, arena *a, const catalog *c, planner *make, const gate *guard, const amend_run *run, outcome *out,
                   amend_error *error)
{
    char holder[LOCK_HOLDER_SIZE];
    lock_wait wait = {0};
    bool dry = (run->flags & AMEND_DRY_RUN) != 0;
    amend_error reason = {0};
    *out = (outcome){0};
    amend_status status = AMEND_OK;
    bool mended = false;
    lock_holder(holder);
    while (status == AMEND_OK)
    {
        bool again = false;
        status = look(s, a, c, make, guard, run, out, &reason);
        if (status == AMEND_OK && !dry && !mended && out->plan.count > 0 && lacks_half(&out->history.ledger))
        {
            status = make_tables(s, a, out, &reason);
            mended = status == AMEND_OK;
            status = mended ? look(s, a, c, make, guard, run, out, &reason) : status;
        }
        if (status == AMEND_OK && dry)
        {
            status = truth_check(s, a, c, &out->plan, error);
            return status != AMEND_OK ? status : print(s, a, c, out, holder, error);
        }
        bool busy = status != AMEND_OK && reason.code == AMEND_E_BUSY; /* a writer keeps even readers out */
        if (!busy && (status != AMEND_OK || out->plan.count == 0))
        {
            break;
        }
        if (busy || lock_judge(&out->history, s->lease_ms) == LOCK_HELD)
        {
            again = true;
        }
        else
        {
            status = truth_check(s, a, c, &out->plan, &reason);
            status = status == AMEND_OK ? run_once(s, a, c, out, holder, &again, &reason) : status;
        }
        if (!again)
        {
            break;
        }
        status = lock_wait_more(s, &out->history, &wait, &reason);
    }
    if (status != AMEND_OK && reason.status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}
