/* SPDX-License-Identifier: MIT */
/* The calls that change the database: up, down, redo, reset, baseline, repair; and plan, which tells what they would do. */
#include "api/handle.h"

#include "amend/loss.h"
#include "base/error.h"
#include "engine/backup.h"

static const unsigned ALL_FLAGS = AMEND_DRY_RUN | AMEND_OUT_OF_ORDER | AMEND_STRICT | AMEND_ALLOW_DESTRUCTIVE;

amend_status check_run(const amend_run *run, amend_run *out, amend_error *error)
{
    if (run == NULL)
    {
        *out = (amend_run)AMEND_RUN_INIT;
        return AMEND_OK;
    }
    if (run->size != sizeof *run || (run->flags & ~ALL_FLAGS) != 0)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_run was not made with AMEND_RUN_INIT, or has an unknown flag");
    }
    if ((unsigned)run->lint > AMEND_LINT_ERROR)
    {
        return error_set(error, AMEND_E_ARGUMENT, "there is no way to lint with the number %d", (int)run->lint);
    }
    if (run->to != NULL && !version_is_valid(run->to))
    {
        return error_set(error, AMEND_E_VERSION_UNKNOWN, "\"%s\" is not a version: a version is digits only", run->to);
    }
    *out = *run;
    return AMEND_OK;
}

static amend_status add_step(report_box *box, const step *s, const result *r, amend_error *error)
{
    amend_item *item = report_item(box, s->entry, s->action == ACTION_DOWN ? AMEND_DOWN : AMEND_UP);
    if (item == NULL)
    {
        return error_memory(error);
    }
    if (r != NULL && r->step != NULL)
    {
        item->state = r->state;
        item->execution_time_ms = r->state == AMEND_STATE_DONE ? r->execution_time_ms : -1;
        item->applied_at = r->applied_at != NULL ? r->applied_at : item->applied_at;
    }
    return AMEND_OK;
}

amend_status report_outcome(report_box *box, const outcome *o, amend_error *error)
{
    const plan *p = &o->plan;
    amend_status status = report_problems(box, p->problems, p->problem_count, error);
    report_summary(box, &o->view);
    for (size_t i = 0; i < p->count && status == AMEND_OK; i++)
    {
        const result *r = o->results == NULL ? NULL : &o->results[i];
        status = add_step(box, &p->steps[i], r, error);
        if (r == NULL || r->step == NULL || r->state != AMEND_STATE_DONE)
        {
            continue;
        }
        bool down = p->steps[i].action == ACTION_DOWN, repair = p->steps[i].action == ACTION_REPAIR ||
                                                                p->steps[i].action == ACTION_REPLAY ||
                                                                p->steps[i].action == ACTION_KEEP;
        box->pub.done++;
        box->pub.applied = down ? box->pub.applied - 1 : box->pub.applied + !repair;
        box->pub.pending = down ? box->pub.pending + 1 : box->pub.pending - !repair;
        p->steps[i].entry->state = down ? AMEND_STATE_PENDING : AMEND_STATE_APPLIED;
    }
    for (size_t i = 0; i < p->skipped_count && status == AMEND_OK; i++)
    {
        amend_item *item = report_item(box, p->skipped[i], AMEND_DOWN);
        status = item == NULL ? error_memory(error) : AMEND_OK;
        if (item != NULL)
        {
            item->state = AMEND_STATE_SKIPPED;
            item->reason = "it has no down script";
            box->pub.skipped++;
        }
    }
    box->pub.current = NULL;
    for (size_t i = 0; i < o->view.count; i++)
    {
        const entry *e = &o->view.entries[i];
        bool applied = e->state == AMEND_STATE_APPLIED || e->state == AMEND_STATE_CHANGED || e->state == AMEND_STATE_MISSING ||
                       e->state == AMEND_STATE_NEWER;
        box->pub.current = applied ? (e->file != NULL ? e->file->version : e->row->version) : box->pub.current;
    }
    return status;
}

static void tell_skipped(const amend *handle, const plan *p)
{
    for (size_t i = 0; i < p->skipped_count; i++)
    {
        const entry *e = p->skipped[i];
        amend_event event = {.type = AMEND_EVENT_MIGRATION_SKIPPED,
                             .severity = AMEND_WARNING,
                             .version = e->file->version,
                             .name = e->file->name,
                             .message = "it has no down script"};
        session_tell(&handle->session, &event);
    }
}

/* What is lost, or would be. */
static amend_status add_losses(report_box *box, const losses *l, amend_error *error)
{
    amend_loss *out = arena_array(box->arena, l->count + 1, sizeof *out);
    if (out == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < l->count; i++)
    {
        const loss_entry *e = &l->entries[i];
        loss_kind kind = e->loss->kind;
        bool values = kind == LOSS_COLUMN || kind == LOSS_VALUES || kind == LOSS_PRECISION;
        out[i] = (amend_loss){.version = e->step->version,
                              .direction = e->step->action == ACTION_DOWN ? AMEND_DOWN : AMEND_UP,
                              .file = e->file,
                              .line = e->line,
                              .statement = e->statement,
                              .object = e->object,
                              .what = e->what,
                              .rows_kind = values ? "values" : "rows",
                              .rows = e->loss->measure == LOSS_UNKNOWN ? -1 : e->loss->rows,
                              .measure = (amend_measure)e->loss->measure,
                              .permission = e->permission,
                              .reason = e->loss->reason};
    }
    box->pub.losses = out;
    box->pub.loss_count = l->count;
    return AMEND_OK;
}

/* Where backups go: what was given, or "backups" beside the migrations. NULL when memory is short. */
static const char *backup_dir(amend *handle, arena *a, const char *given)
{
    size_t len = strlen(handle->dir);
    if (given[0] != '\0')
    {
        return given;
    }
    while (len > 1 && handle->dir[len - 1] == '/')
    {
        len--;
    }
    while (len > 0 && handle->dir[len - 1] != '/')
    {
        len--;
    }
    return arena_format(a, "%.*sbackups", (int)len, handle->dir);
}

static amend_status check_backup(planner *make, const amend_run *run, amend_error *error)
{
    bool steps = make == plan_up || make == plan_down || make == plan_redo || make == plan_reset;
    return run->backup == NULL || steps
               ? AMEND_OK
               : error_set(error, AMEND_E_ARGUMENT, "no backup is made before this: it takes nothing away");
}

/* The backup that was made, or would be. */
static amend_status add_backup(amend *handle, report_box *box, const backup *b, const outcome *o, bool dry, amend_error *error)
{
    if (dry && b->dir != NULL && o->plan.count > 0)
    {
        backup_foretell(&handle->session, b);
    }
    if (b->made)
    {
        box->pub.backup = arena_string(box->arena, b->depot.path);
        box->pub.restored = b->restored;
        return box->pub.backup == NULL ? error_memory(error) : AMEND_OK;
    }
    return AMEND_OK;
}

static amend_status perform(amend *handle, planner *make, const amend_run *given, amend_report **out, amend_error *error)
{
    amend_run run;
    catalog c;
    outcome o = {0};
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK)
    {
        status = check_run(given, &run, error);
    }
    status = status == AMEND_OK ? check_backup(make, &run, error) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    report_box *box = report_new(handle, error);
    if (box == NULL)
    {
        return AMEND_FAILED;
    }
    losses lost = {.session = &handle->session,
                   .catalog = &c,
                   .allowed = (run.flags & AMEND_ALLOW_DESTRUCTIVE) != 0,
                   .looking = (run.flags & AMEND_DRY_RUN) != 0};
    backup saved = {.losses = &lost, .dir = run.backup == NULL ? NULL : backup_dir(handle, box->arena, run.backup)};
    bool unnamed = run.backup != NULL && saved.dir == NULL;
    status = unnamed ? error_memory(error) : load_catalog(handle, box, &c, error);
    handle->session.backup = saved.dir == NULL ? NULL : &saved;
    bool planned = status == AMEND_OK;
    if (planned)
    {
        lint_gate lint = {.session = &handle->session,
                          .dialect = handle->session.dialect,
                          .catalog = &c,
                          .severities = handle->lint,
                          .mode = run.lint,
                          .view = &o.view};
        const gate counts = {.check = losses_check, .arg = &lost, .late = true};
        const gate lints = {.check = lint_gate_check, .arg = &lint, .next = &counts};
        const gate *first = make == plan_up && run.lint != AMEND_LINT_OFF ? &lints : &counts;
        status = apply(&handle->session, box->arena, &c, make, first, &run, &o, error);
        planned = o.results != NULL || o.plan.problem_count > 0 || lost.count > 0;
    }
    handle->session.backup = NULL;
    if (planned && status == AMEND_OK)
    {
        tell_skipped(handle, &o.plan);
    }
    amend_error shortage = {0};
    bool told = !planned || (report_outcome(box, &o, &shortage) == AMEND_OK && add_losses(box, &lost, &shortage) == AMEND_OK &&
                             add_backup(handle, box, &saved, &o, lost.looking && status == AMEND_OK, &shortage) == AMEND_OK);
    if (!told && status == AMEND_OK)
    {
        planned = false;
        status = shortage.status;
        error_memory(error);
    }
    box->pub.sql = o.sql;
    report_give(box, planned ? out : NULL);
    return status;
}

amend_status amend_up(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_up, run, out, error);
}

amend_status amend_down(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_down, run, out, error);
}

amend_status amend_redo(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_redo, run, out, error);
}

amend_status amend_reset(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_reset, run, out, error);
}

amend_status amend_baseline(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    if (run == NULL || run->to == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "a baseline needs the version up to which all is applied");
    }
    return perform(handle, plan_baseline, run, out, error);
}

amend_status amend_repair(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_repair, run, out, error);
}

amend_status amend_accept(amend *handle, const amend_run *run, amend_report **out, amend_error *error)
{
    return perform(handle, plan_keep, run, out, error);
}

/* --------------------------------------------------------------------------------------------------------------- plan */

/* How each step would run: its script is read and split for that. */
static amend_status add_modes(amend *handle, report_box *box, const catalog *c, const plan *p, amend_error *error)
{
    runner r = {.session = &handle->session, .arena = box->arena, .catalog = c, .plan = p};
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < p->count && status == AMEND_OK; i++)
    {
        job j;
        arena *a = arena_new(handle->allocator);
        status = a == NULL ? error_memory(error) : job_load(&r, a, i, &j, error);
        if (status == AMEND_OK)
        {
            box->items[i].mode = j.mixed ? AMEND_MODE_STATEMENTS : AMEND_MODE_TRANSACTION;
            box->items[i].statements = (unsigned)j.outline.statements;
            job_clear(&j);
        }
        arena_free(a);
    }
    return status;
}

amend_status amend_plan(amend *handle, amend_direction direction, const amend_run *given, amend_report **out,
                        amend_error *error)
{
    amend_run run;
    if (direction != AMEND_UP && direction != AMEND_DOWN)
    {
        return error_set(error, AMEND_E_ARGUMENT, "a plan goes up or down");
    }
    amend_status status = check_run(given, &run, error);
    report_box *box = status == AMEND_OK ? report_new(handle, error) : NULL;
    if (box == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    catalog c;
    history h;
    outcome o = {0};
    status = load_view(handle, box, &c, &h, &o.view, error);
    if (status == AMEND_OK)
    {
        status = (direction == AMEND_DOWN ? plan_down : plan_up)(box->arena, &o.view, &run, &o.plan, error);
    }
    if (status == AMEND_OK)
    {
        status = report_outcome(box, &o, error);
    }
    if (status == AMEND_OK)
    {
        status = add_modes(handle, box, &c, &o.plan, error);
    }
    report_give(box, status == AMEND_OK ? out : NULL);
    return status;
}
