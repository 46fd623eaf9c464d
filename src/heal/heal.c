/* SPDX-License-Identifier: MIT */
/*
 * One cure at a time outside of transactions: the first thread to come works, the others wait for it and find what it came to
 * in the memory. A cure inside a caller's transaction doesn't wait for its turn: the turn may be held by a thread that waits
 * for the very lock which that transaction has; the database's own lock keeps such cures apart.
 */
#include "heal/heal.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/losses.h"
#include "engine/run.h"
#include "heal/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum
{
    LOOK_EVERY_MS = 1000, /* so often at most the migrations' files are looked at again */
    FRESH_MS = 5000,      /* so long after a cure an error may be one from before it, when its teller does not say */
};

/* A thread at work, on its own stack. */
struct curing
{
    pthread_t thread;
    struct curing *next;
};

/* One call of heal(). */
typedef struct attempt
{
    healer *healer;
    const heal_request *request;
    amend_healing *healing;
    knowledge *knowledge;
    int64_t start_ms, deadline_ms;
    const char *version;
    bool turn; /* this thread has it */
    struct curing self;
    amend_error reason;
} attempt;

/* ------------------------------------------------------------------------------------------------------------ sharing */

amend_status healer_init(healer *h, amend_error *error)
{
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&h->mutex, NULL) != 0)
    {
        return error_memory(error);
    }
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    bool made = pthread_cond_init(&h->turn, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (!made)
    {
        pthread_mutex_destroy(&h->mutex);
        return error_memory(error);
    }
    return AMEND_OK;
}

void healer_clear(healer *h)
{
    knowledge_release(h->knowledge);
    memory_clear(&h->memory, h->session.allocator);
    pthread_cond_destroy(&h->turn);
    pthread_mutex_destroy(&h->mutex);
}

static bool heal_is_curing(const healer *h)
{
    for (const struct curing *c = h->curing; c != NULL; c = c->next)
    {
        if (pthread_equal(c->thread, pthread_self()))
        {
            return true;
        }
    }
    return false;
}

static void heal_enter(attempt *at)
{
    at->self = (struct curing){.thread = pthread_self(), .next = at->healer->curing};
    at->healer->curing = &at->self;
}

static void heal_leave(attempt *at)
{
    struct curing **link = &at->healer->curing;
    while (*link != &at->self)
    {
        link = &(*link)->next;
    }
    *link = at->self.next;
}

/* Wait for something to end; false when the time is over. */
static bool heal_wait(attempt *at)
{
    struct timespec until = {.tv_sec = at->deadline_ms / 1000, .tv_nsec = at->deadline_ms % 1000 * 1000000};
    return pthread_cond_timedwait(&at->healer->turn, &at->healer->mutex, &until) != ETIMEDOUT;
}

static bool heal_take_turn(attempt *at)
{
    while (at->healer->busy)
    {
        if (!heal_wait(at))
        {
            return false;
        }
    }
    at->healer->busy = at->turn = true;
    return true;
}

static void heal_give_turn(attempt *at)
{
    at->healer->busy = at->turn = false;
    pthread_cond_broadcast(&at->healer->turn);
}

static amend_cure heal_timed_out(attempt *at)
{
    error_set(&at->reason, AMEND_E_HEAL_WAITED, "waited %.1f s for another thread that is at work on the schema",
              (double)(clock_monotonic_ms() - at->start_ms) / 1000);
    return AMEND_CURE_TIMED_OUT;
}

/* ------------------------------------------------------------------------------------------------------------ telling */

static void heal_tell(const attempt *at, amend_event_type type, amend_severity severity, const char *message)
{
    const amend_healing *h = at->healing;
    amend_event event = {.type = type,
                         .severity = severity,
                         .version = h->version[0] == '\0' ? NULL : h->version,
                         .name = h->name[0] == '\0' ? NULL : h->name,
                         .file = h->file[0] == '\0' ? NULL : h->file,
                         .message = message,
                         .elapsed_ms = clock_monotonic_ms() - at->start_ms};
    session_tell(&at->healer->session, &event);
}

static void heal_tell_outcome(const attempt *at, amend_cure cure)
{
    char message[2300], place[600];
    const char *failed = at->request->failed->message;
    switch (cure)
    {
    case AMEND_CURE_DONE:
        snprintf(message, sizeof message, "%s: cured in %lld ms, %u applied", failed,
                 (long long)(clock_monotonic_ms() - at->start_ms), at->healing->applied);
        heal_tell(at, AMEND_EVENT_HEAL_CURED, AMEND_NOTE, message);
        return;
    case AMEND_CURE_NONE:
        return;
    case AMEND_CURE_REFUSED:
        snprintf(place, sizeof place, at->reason.line == 0 ? "" : " (%s:%u)", at->reason.file, at->reason.line);
        snprintf(message, sizeof message, "%s: not cured: %s%s", failed, at->reason.message, place);
        heal_tell(at, at->healer->policy == AMEND_HEAL_REPORT ? AMEND_EVENT_HEAL_REPORTED : AMEND_EVENT_HEAL_REFUSED,
                  AMEND_WARNING, message);
        return;
    default:
        snprintf(message, sizeof message, "%s: not cured: %s", failed, at->reason.message);
        heal_tell(at, cure == AMEND_CURE_DRIFT ? AMEND_EVENT_HEAL_DRIFT : AMEND_EVENT_HEAL_FAILED, AMEND_ERROR, message);
    }
}

/* --------------------------------------------------------------------------------------------------------- what is known */

/* A failure to load is remembered as a memo of no version. Has neither the mutex nor anything to lose by waiting. */
static void heal_tell_unknown(attempt *at)
{
    heal_enter(at);
    pthread_mutex_unlock(&at->healer->mutex);
    heal_tell_outcome(at, AMEND_CURE_FAILED);
    pthread_mutex_lock(&at->healer->mutex);
    heal_leave(at);
}

/*
 * Look at the migrations' files, and load the knowledge when they are others now. Has the turn; the mutex is not held while
 * files are read. What can't be loaded isn't known any more, and is not tried again while the files stay as they are.
 */
static amend_cure heal_learn(attempt *at)
{
    healer *h = at->healer;
    const session *s = &h->session;
    knowledge *old = h->knowledge, *fresh = NULL;
    pthread_mutex_unlock(&h->mutex);
    int64_t stamp = knowledge_stamp(h->dir, h->files);
    pthread_mutex_lock(&h->mutex);
    h->looked_ms = clock_monotonic_ms();
    const memo *failed = memory_find(&h->memory, "", h->looked_ms, h->cooldown_ms, stamp);
    if (old != NULL && old->stamp == stamp)
    {
        return AMEND_CURE_DONE;
    }
    if (old == NULL && failed != NULL)
    {
        at->reason = failed->error;
        return AMEND_CURE_FAILED;
    }
    pthread_mutex_unlock(&h->mutex);
    amend_status status = knowledge_load(s->allocator, s->dialect, h->dir, h->files, h->file_count, &fresh, &at->reason);
    pthread_mutex_lock(&h->mutex);
    if (status != AMEND_OK && at->reason.code == AMEND_E_OUT_OF_MEMORY)
    {
        return AMEND_CURE_FAILED;
    }
    h->knowledge = fresh;
    knowledge_release(old);
    if (status != AMEND_OK)
    {
        memory_note(&h->memory, s->allocator, "", AMEND_CURE_FAILED, &at->reason, h->looked_ms, stamp);
        heal_tell_unknown(at);
    }
    return status == AMEND_OK ? AMEND_CURE_DONE : AMEND_CURE_FAILED;
}

/*
 * Have the knowledge, not older than a second when it can be had newer without waiting. Who must wait waits for those who load
 * it, never for a cure: that one may be waiting for the caller's transaction.
 */
static amend_cure heal_know(attempt *at)
{
    healer *h = at->healer;
    while (h->busy)
    {
        if (h->knowledge != NULL)
        {
            return AMEND_CURE_DONE;
        }
        if (!heal_wait(at))
        {
            return heal_timed_out(at);
        }
    }
    const memo *failed = h->knowledge == NULL ? memory_last(&h->memory, "") : NULL;
    bool looked = h->knowledge != NULL || failed != NULL;
    if (looked && clock_monotonic_ms() - h->looked_ms < LOOK_EVERY_MS)
    {
        at->reason = failed == NULL ? at->reason : failed->error;
        return failed == NULL ? AMEND_CURE_DONE : AMEND_CURE_FAILED;
    }
    h->busy = at->turn = true;
    amend_cure cure = heal_learn(at);
    heal_give_turn(at);
    return cure;
}

/* The migration that provides the object; false when none does. */
static bool heal_find(attempt *at)
{
    const knowledge *k = at->healer->knowledge; /* NULL: it was there, but the files can't be read any more */
    const char *query = at->request->failed->query == NULL ? "" : at->request->failed->query;
    const dialect *d = at->healer->session.dialect;
    const provision *p = k == NULL ? NULL : index_find(k->index, d, &at->healing->object, slice_of(query));
    if (p == NULL)
    {
        at->healing->version[0] = at->healing->name[0] = at->healing->file[0] = '\0';
        return false;
    }
    const migration *m = &k->catalog.items[p->migration];
    error_copy(at->healing->version, sizeof at->healing->version, slice_of(m->version));
    error_copy(at->healing->name, sizeof at->healing->name, slice_of(m->name));
    error_copy(at->healing->file, sizeof at->healing->file, slice_of(m->up_file));
    at->version = m->version;
    return true;
}

/* Is it known already what trying would come to? */
static bool heal_recall(attempt *at, amend_cure *out)
{
    healer *h = at->healer;
    int64_t now = clock_monotonic_ms();
    const memo *m = memory_find(&h->memory, at->healing->version, now, h->cooldown_ms, h->knowledge->stamp);
    if (m == NULL || (m->cure == AMEND_CURE_DONE && m->at_ms < at->start_ms))
    {
        return false;
    }
    at->reason = m->error;
    *out = m->cure;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- curing */

typedef struct heal_gate
{
    const attempt *attempt;
    amend_heal_policy policy;
    session *session;
} heal_gate;

/* The policy "all" lets pass whatever adds or changes something: rows that are there are still lost only on purpose. */
static amend_status heal_check_losses(const heal_gate *g, arena *a, plan *p, amend_error *error)
{
    losses lost = {.session = g->session, .catalog = &g->attempt->knowledge->catalog};
    return g->policy == AMEND_HEAL_ALL ? losses_check(&lost, a, p, error) : AMEND_OK;
}

static amend_status heal_check(void *arg, arena *a, plan *p, amend_error *error)
{
    const heal_gate *g = arg;
    const attempt *at = g->attempt;
    char message[600];
    amend_status status = policy_check(at->knowledge, g->policy, at->request->inside, a, p, error);
    status = status == AMEND_OK ? heal_check_losses(g, a, p, error) : status;
    if (status == AMEND_OK && p->conflicts == 0 && p->count > 0 && at->healer->policy != AMEND_HEAL_REPORT)
    {
        snprintf(message, sizeof message, "%s: applying %s%s", at->request->failed->message, at->version,
                 p->count == 1 ? "" : " and what it depends on");
        heal_tell(at, AMEND_EVENT_HEAL_STARTED, AMEND_NOTE, message);
    }
    return status;
}

/* A session for this cure, made from the template. */
static session heal_session(const attempt *at)
{
    session s = at->healer->session;
    int64_t left = at->deadline_ms - clock_monotonic_ms();
    uint32_t patience = left < 1 ? 1 : (uint32_t)left;
    s.healing = at->request->failed->message;
    s.conn = at->request->conn;
    s.borrowed = s.conn != NULL;
    s.inside = at->request->inside;
    s.deadline_ms = at->deadline_ms;
    s.connect_timeout_ms = patience;
    s.lock_wait_ms = s.inside ? 1 : patience; /* in a transaction's snapshot, no waiting brings anything new */
    s.lock_timeout_ms = s.lock_timeout_ms < patience ? s.lock_timeout_ms : patience;
    return s;
}

/* Only looking: what would be done? */
static amend_status heal_report(attempt *at, session *s, arena *a, const amend_run *run, outcome *o)
{
    heal_gate g = {.attempt = at, .policy = AMEND_HEAL_ADDITIVE};
    amend_status status = session_connect(s, true, s->connect_timeout_ms, &at->reason);
    if (status == AMEND_OK)
    {
        status = history_read(s, a, &o->history, &at->reason);
    }
    if (status == AMEND_OK)
    {
        status = essence_view(s, a, &at->knowledge->catalog, &o->history, &o->view, &at->reason);
    }
    if (status == AMEND_OK)
    {
        status = plan_needed(a, &o->view, run, &o->plan, &at->reason);
    }
    if (status == AMEND_OK)
    {
        status = heal_check(&g, a, &o->plan, &at->reason);
    }
    status = status == AMEND_OK ? plan_conflict(&o->plan, &at->reason) : status;
    if (status == AMEND_OK && o->plan.count > 0)
    {
        const step *last = &o->plan.steps[o->plan.count - 1];
        return error_set(&at->reason, AMEND_E_HEAL_REFUSED, "%s %s would be applied, but the policy is to report only",
                         last->version, last->name);
    }
    return status;
}

static amend_status heal_apply(attempt *at, session *s, arena *a, outcome *o)
{
    amend_run run = AMEND_RUN_INIT;
    heal_gate g = {.attempt = at, .policy = at->healer->policy, .session = s};
    gate guard = {.check = heal_check, .arg = &g};
    run.to = at->version;
    return at->healer->policy == AMEND_HEAL_REPORT
               ? heal_report(at, s, a, &run, o)
               : apply(s, a, &at->knowledge->catalog, plan_needed, &guard, &run, o, &at->reason);
}

/*
 * Has the operation been run since its cure, to no avail? That it failed after a cure says little: its error may be one from
 * before, of a thread that had to wait for a processor.
 */
static bool heal_is_in_vain(const attempt *at, const memo *before)
{
    const char *cured = at->request->failed->cured;
    if (cured != NULL)
    {
        return strcmp(cured, at->version) == 0;
    }
    return before != NULL &&
           (before->cure == AMEND_CURE_DRIFT || (before->cure == AMEND_CURE_DONE && at->start_ms - before->at_ms >= FRESH_MS));
}

static amend_cure heal_judge(attempt *at, amend_status status, const outcome *o, bool in_vain)
{
    at->healing->applied = (unsigned)o->done;
    if (status == AMEND_OK && (o->plan.count > 0 || !in_vain))
    {
        return AMEND_CURE_DONE; /* by us, or by somebody else: worth one more try */
    }
    if (status == AMEND_OK)
    {
        error_set(&at->reason, AMEND_E_HEAL_DRIFT, "%s %s is applied, but the %s it provides is missing", at->healing->version,
                  at->healing->name, amend_object_kind_name(at->healing->object.kind));
        error_copy(at->reason.version, sizeof at->reason.version, slice_of(at->healing->version));
        error_copy(at->reason.object, sizeof at->reason.object, slice_of(at->healing->object.name));
        return AMEND_CURE_DRIFT;
    }
    if (status == AMEND_REFUSED || o->plan.conflicts > 0)
    {
        return AMEND_CURE_REFUSED;
    }
    return status == AMEND_LOCKED ? AMEND_CURE_TIMED_OUT : AMEND_CURE_FAILED;
}

/* The mutex is not held. */
static amend_cure heal_run(attempt *at, bool in_vain)
{
    arena *a = arena_new(at->healer->session.allocator);
    if (a == NULL)
    {
        error_memory(&at->reason);
        return AMEND_CURE_FAILED;
    }
    outcome o = {0};
    session s = heal_session(at);
    amend_status status = heal_apply(at, &s, a, &o);
    session_close(&s);
    amend_cure cure = heal_judge(at, status, &o, in_vain);
    arena_free(a);
    return cure;
}

/*
 * What may pass by itself is not remembered: a runner that is at work, memory that is short, a transaction that is in the way.
 * (A table's lock that could not be had is: each try makes the application's queries wait behind it.) Neither is what was
 * applied inside a caller's transaction, since it may be rolled back.
 */
static bool heal_is_worth_noting(const attempt *at, amend_cure cure)
{
    if (cure == AMEND_CURE_DONE)
    {
        return !at->request->inside || at->healing->applied == 0;
    }
    amend_code code = at->reason.code;
    bool passing = code == AMEND_E_OUT_OF_MEMORY || code == AMEND_E_HEAL_TRANSACTION;
    return cure != AMEND_CURE_TIMED_OUT && !passing && !(at->request->inside && code == AMEND_E_BUSY);
}

/* Has the mutex, and no turn yet; gives both back. */
static amend_cure heal_cure(attempt *at)
{
    healer *h = at->healer;
    amend_cure cure;
    if (heal_recall(at, &cure))
    {
        return cure;
    }
    if (!at->request->inside)
    {
        if (!heal_take_turn(at))
        {
            return heal_timed_out(at);
        }
        if (!heal_find(at)) /* the knowledge may be another one now */
        {
            heal_give_turn(at);
            return AMEND_CURE_NONE;
        }
        if (heal_recall(at, &cure))
        {
            heal_give_turn(at);
            return cure;
        }
    }
    const memo *before = memory_last(&h->memory, at->healing->version);
    bool done = before != NULL && before->cure == AMEND_CURE_DONE, in_vain = heal_is_in_vain(at, before);
    at->knowledge = h->knowledge;
    knowledge_hold(at->knowledge);
    heal_enter(at);
    pthread_mutex_unlock(&h->mutex);
    cure = heal_run(at, in_vain);
    heal_tell_outcome(at, cure);
    pthread_mutex_lock(&h->mutex);
    heal_leave(at);
    bool known = done && cure == AMEND_CURE_DONE && at->healing->applied == 0; /* noted anew it would stay fresh for ever */
    if (!known && heal_is_worth_noting(at, cure))
    {
        memory_note(&h->memory, h->session.allocator, at->healing->version, cure, &at->reason, clock_monotonic_ms(),
                    at->knowledge->stamp);
    }
    if (at->turn)
    {
        heal_give_turn(at);
    }
    knowledge_release(at->knowledge);
    return cure;
}

amend_cure heal(healer *h, const heal_request *request, amend_healing *healing, amend_error *error)
{
    *healing = (amend_healing){.cure = AMEND_CURE_NONE};
    const dialect *d = h->session.dialect;
    if (h->policy == AMEND_HEAL_OFF || d == NULL || !d->detect(request->failed, &healing->object))
    {
        return AMEND_CURE_NONE;
    }
    attempt at = {.healer = h, .request = request, .healing = healing, .start_ms = clock_monotonic_ms()};
    at.deadline_ms = at.start_ms + h->wait_ms;
    amend_cure cure = AMEND_CURE_NONE;
    pthread_mutex_lock(&h->mutex);
    if (!heal_is_curing(h))
    {
        cure = heal_know(&at);
        if (cure == AMEND_CURE_DONE)
        {
            cure = heal_find(&at) ? heal_cure(&at) : AMEND_CURE_NONE;
        }
    }
    pthread_mutex_unlock(&h->mutex);
    healing->cure = cure;
    healing->elapsed_ms = clock_monotonic_ms() - at.start_ms;
    if (error != NULL && cure != AMEND_CURE_NONE && cure != AMEND_CURE_DONE)
    {
        *error = at.reason;
    }
    return cure;
}
