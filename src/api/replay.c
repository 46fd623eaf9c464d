/* SPDX-License-Identifier: MIT */
/* amend_replay: the statements of an applied migration whose objects are absent, run again. */
#include "api/handle.h"

#include "base/error.h"
#include "engine/snapshot.h"
#include "heal/presence.h"

typedef struct replay_gate
{
    session *session;
    const catalog *catalog;
    const outcome *outcome;
} replay_gate;

/* Fill in which statements; without any, there is no step. */
static amend_status replay_check(void *arg, arena *a, plan *p, amend_error *error)
{
    const replay_gate *g = arg;
    snapshot live;
    presence found;
    absences absent;
    bool *only, any;
    if (p->count == 0)
    {
        return AMEND_OK;
    }
    amend_status status = snapshot_read(g->session, a, false, &live, error);
    if (status == AMEND_OK)
    {
        status = presence_load(g->session, a, &g->outcome->view, &live, NULL, &found, error);
    }
    if (status == AMEND_OK)
    {
        status = presence_check(&found, &absent, error);
    }
    if (status == AMEND_OK)
    {
        size_t at = (size_t)(p->steps[0].entry->file - g->catalog->items);
        status = replay_choose(&found, &absent, at, p, &only, &any, error);
    }
    if (status == AMEND_OK)
    {
        p->steps[0].only = only;
        p->count = any ? 1 : 0;
    }
    return status;
}

amend_status amend_replay(amend *handle, const amend_run *given, amend_report **out, amend_error *error)
{
    amend_run run;
    catalog c;
    outcome o = {0};
    if (given == NULL || given->to == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "to replay needs the version of the migration");
    }
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK)
    {
        status = check_run(given, &run, error);
    }
    report_box *box = status == AMEND_OK ? report_new(handle, error) : NULL;
    if (box == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    status = load_catalog(handle, box, &c, error);
    bool planned = status == AMEND_OK;
    if (planned)
    {
        replay_gate g = {.session = &handle->session, .catalog = &c, .outcome = &o};
        gate guard = {.check = replay_check, .arg = &g};
        status = apply(&handle->session, box->arena, &c, plan_replay, &guard, &run, &o, error);
        planned = o.results != NULL || o.plan.problem_count > 0;
    }
    amend_error shortage = {0};
    if (planned && report_outcome(box, &o, &shortage) != AMEND_OK && status == AMEND_OK)
    {
        planned = false;
        status = error_memory(error);
    }
    box->pub.sql = o.sql;
    report_give(box, planned ? out : NULL);
    return status;
}
