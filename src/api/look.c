/* SPDX-License-Identifier: MIT */
/* The calls that only look: catalog, inspect, log, wait; verify.c has the one that looks longest. */
#include "api/handle.h"

#include "base/error.h"
#include "engine/audit.h"
#include "engine/essence.h"
#include "migration/create.h"

amend_status need_database(const amend *handle, amend_error *error)
{
    return handle->session.driver == NULL ? error_set(error, AMEND_E_NO_DATABASE, "no database was given") : AMEND_OK;
}

static amend_status tell_problem(amend *handle, const amend_problem *p)
{
    amend_event event = {.type = AMEND_EVENT_WARNING, .severity = p->severity, .message = p->message, .file = p->file};
    session_tell(&handle->session, &event);
    return AMEND_OK;
}

amend_status load_catalog(amend *handle, report_box *box, catalog *out, amend_error *error)
{
    amend_status status = catalog_load(box->arena, handle->dir, handle->files, handle->file_count, out, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    for (size_t i = 0; i < out->problem_count; i++)
    {
        tell_problem(handle, &out->problems[i]);
    }
    return report_problems(box, out->problems, out->problem_count, error);
}

amend_status load_view(amend *handle, report_box *box, catalog *c, history *h, view *v, amend_error *error)
{
    session *s = &handle->session;
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK)
    {
        status = load_catalog(handle, box, c, error);
    }
    if (status == AMEND_OK)
    {
        status = session_connect(s, true, s->connect_timeout_ms, error);
    }
    if (status == AMEND_OK)
    {
        status = history_read(s, box->arena, h, error);
    }
    return status == AMEND_OK ? essence_view(s, box->arena, c, h, v, error) : status;
}

static amend_status add_items(report_box *box, const view *v, amend_error *error)
{
    for (size_t i = 0; i < v->count; i++)
    {
        if (report_item(box, &v->entries[i], AMEND_UP) == NULL)
        {
            return error_memory(error);
        }
    }
    report_summary(box, v);
    return AMEND_OK;
}

amend_status amend_catalog(amend *handle, amend_report **out, amend_error *error)
{
    report_box *box = report_new(handle, error);
    if (box == NULL)
    {
        return AMEND_FAILED;
    }
    catalog c;
    history none = {0};
    view v;
    amend_status status = load_catalog(handle, box, &c, error);
    if (status == AMEND_OK)
    {
        status = plan_view(box->arena, &c, &none, &v, error);
    }
    if (status == AMEND_OK)
    {
        status = add_items(box, &v, error);
    }
    report_give(box, status == AMEND_OK ? out : NULL);
    return status;
}

static amend_status mark_partial(amend *handle, report_box *box, const history *h, view *v, amend_error *error)
{
    halves list = {0};
    amend_status status = v->pending == 0 ? AMEND_OK : audit_halves(&handle->session, box->arena, &h->ledger, &list, error);
    for (size_t i = 0; i < v->count && status == AMEND_OK; i++)
    {
        entry *e = &v->entries[i];
        if (e->row == NULL && audit_is_half(&list, e->file->version))
        {
            e->state = AMEND_STATE_PARTIAL;
            e->reason = "some of its statements have run; \"amend up\" goes on with the rest";
        }
    }
    return status;
}

amend_status compare_files(amend *handle, report_box *box, catalog *c, history *h, view *v, size_t *differences,
                           amend_error *error)
{
    plan found;
    amend_status status = load_view(handle, box, c, h, v, error);
    if (status == AMEND_OK)
    {
        status = mark_partial(handle, box, h, v, error);
    }
    if (status == AMEND_OK)
    {
        status = plan_differences(box->arena, v, &found, error);
    }
    if (status == AMEND_OK)
    {
        *differences = found.conflicts;
        status = report_problems(box, found.problems, found.problem_count, error);
    }
    return status == AMEND_OK ? add_items(box, v, error) : status;
}

amend_status amend_inspect(amend *handle, amend_report **out, amend_error *error)
{
    catalog c;
    history h;
    view v;
    size_t differences;
    report_box *box = report_new(handle, error);
    if (box == NULL)
    {
        return AMEND_FAILED;
    }
    amend_status status = compare_files(handle, box, &c, &h, &v, &differences, error);
    report_give(box, status == AMEND_OK ? out : NULL);
    return status;
}

amend_status amend_log(amend *handle, size_t limit, amend_event_fn fn, void *arg, amend_error *error)
{
    session *s = &handle->session;
    if (fn == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_log needs a function to tell the events to");
    }
    amend_status status = need_database(handle, error);
    if (status == AMEND_OK)
    {
        status = session_connect(s, true, s->connect_timeout_ms, error);
    }
    arena *a = status == AMEND_OK ? arena_new(handle->allocator) : NULL;
    if (status == AMEND_OK && a == NULL)
    {
        return error_memory(error);
    }
    history h;
    if (status == AMEND_OK)
    {
        status = history_read(s, a, &h, error);
    }
    if (status == AMEND_OK)
    {
        status = audit_read(s, &h.ledger, limit, fn, arg, error);
    }
    arena_free(a);
    return status;
}

amend_status amend_wait(amend *handle, uint32_t timeout_ms, amend_error *error)
{
    session *s = &handle->session;
    amend_status status = need_database(handle, error);
    return status == AMEND_OK ? session_connect(s, true, timeout_ms == 0 ? s->connect_timeout_ms : timeout_ms, error) : status;
}

amend_status amend_create(amend *handle, const char *name, unsigned flags, amend_created *out, amend_error *error)
{
    if (name == NULL || out == NULL || (flags & ~(unsigned)AMEND_NEW_TIMESTAMP) != 0)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_create needs a name and a place for what it made, and knows one flag");
    }
    report_box *box = report_new(handle, error);
    if (box == NULL)
    {
        return AMEND_FAILED;
    }
    catalog c = {0};
    amend_error reason = {0};
    amend_status status = catalog_load(box->arena, handle->dir, handle->files, handle->file_count, &c, &reason);
    if (status != AMEND_OK && reason.code == AMEND_E_DIR_MISSING)
    {
        c = (catalog){.dir = handle->dir};
        status = AMEND_OK;
    }
    if (status == AMEND_OK)
    {
        status = migration_create(&c, handle->dir, name, flags, out, &reason);
    }
    report_give(box, NULL);
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    return status;
}

amend_status amend_read(amend *handle, const char *file, const char **text, size_t *length, amend_error *error)
{
    if (file == NULL || text == NULL || length == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_read needs a file and places for its text and length");
    }
    if (handle->reading == NULL)
    {
        handle->reading = arena_new(handle->allocator);
        amend_status status = handle->reading == NULL ? error_memory(error)
                                                      : catalog_load(handle->reading, handle->dir, handle->files,
                                                                     handle->file_count, &handle->catalog, error);
        if (status != AMEND_OK)
        {
            arena_free(handle->reading);
            handle->reading = NULL;
            return status;
        }
    }
    amend_status status = catalog_read(&handle->catalog, file, &handle->text, NULL, error);
    if (status == AMEND_OK)
    {
        slice s = buf_slice(&handle->text);
        *text = s.data;
        *length = s.len;
    }
    return status;
}
