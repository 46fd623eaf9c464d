/* SPDX-License-Identifier: MIT */
#include "heal/heal.h"

#include "base/error.h"
#include "engine/essence.h"
#include "engine/history.h"
#include "heal/policy.h"

static amend_status diagnose_view(session *s, arena *a, diagnosis *out, amend_error *error)
{
    amend_status status = AMEND_OK;
    if (s != NULL)
    {
        status = session_connect(s, true, s->connect_timeout_ms, error);
        status = status == AMEND_OK ? history_read(s, a, &out->history, error) : status;
    }
    const catalog *c = &out->knowledge->catalog;
    if (status != AMEND_OK)
    {
        return status;
    }
    return s == NULL ? plan_view(a, c, &out->history, &out->view, error)
                     : essence_view(s, a, c, &out->history, &out->view, error);
}

static amend_cure diagnose_verdict(const diagnosis *d, amend_heal_policy policy)
{
    if (policy == AMEND_HEAL_OFF)
    {
        return AMEND_CURE_NONE;
    }
    if (d->plan.count == 0 && d->plan.conflicts == 0)
    {
        return AMEND_CURE_DRIFT;
    }
    return d->plan.conflicts > 0 || policy == AMEND_HEAL_REPORT ? AMEND_CURE_REFUSED : AMEND_CURE_DONE;
}

static amend_status diagnose_plan(const healer *h, session *look, arena *a, diagnosis *out, amend_error *error)
{
    amend_heal_policy policy = h->policy == AMEND_HEAL_ALL ? AMEND_HEAL_ALL : AMEND_HEAL_ADDITIVE;
    amend_run run = AMEND_RUN_INIT;
    run.to = out->healing.version;
    amend_status status = diagnose_view(look, a, out, error);
    if (status == AMEND_OK)
    {
        status = plan_needed(a, &out->view, &run, &out->plan, error);
    }
    if (status == AMEND_OK)
    {
        status = policy_check(out->knowledge, policy, false, a, &out->plan, error);
    }
    out->healing.cure = status == AMEND_OK ? diagnose_verdict(out, h->policy) : AMEND_CURE_NONE;
    return status;
}

amend_status heal_diagnose(const healer *h, const dialect *dialect, session *look, arena *a, const amend_db_error *failed,
                           diagnosis *out, amend_error *error)
{
    *out = (diagnosis){0};
    if (!dialect->detect(failed, &out->healing.object))
    {
        return AMEND_OK;
    }
    amend_status status = knowledge_load(arena_allocator(a), dialect, h->dir, h->files, h->file_count, &out->knowledge, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    const char *query = failed->query == NULL ? "" : failed->query;
    const provision *p = index_find(out->knowledge->index, dialect, &out->healing.object, slice_of(query));
    if (p == NULL)
    {
        return AMEND_OK;
    }
    const migration *m = &out->knowledge->catalog.items[p->migration];
    error_copy(out->healing.version, sizeof out->healing.version, slice_of(m->version));
    error_copy(out->healing.name, sizeof out->healing.name, slice_of(m->name));
    error_copy(out->healing.file, sizeof out->healing.file, slice_of(m->up_file));
    return diagnose_plan(h, look, a, out, error);
}
