/* SPDX-License-Identifier: MIT */
#include "api/handle.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"

report_box *report_new(amend *handle, amend_error *error)
{
    arena *a = arena_new(handle->allocator);
    report_box *box = a == NULL ? NULL : arena_alloc(a, sizeof *box);
    if (box == NULL)
    {
        arena_free(a);
        error_memory(error);
        return NULL;
    }
    box->arena = a;
    box->allocator = handle->allocator;
    box->start_ms = clock_monotonic_ms();
    box->pub = (amend_report){.size = sizeof box->pub,
                              .database = arena_string(a, handle->url_shown),
                              .dialect = handle->session.dialect == NULL ? NULL : handle->session.dialect->name,
                              .dir = arena_string(a, handle->dir)};
    if (box->pub.database == NULL || box->pub.dir == NULL)
    {
        arena_free(a);
        error_memory(error);
        return NULL;
    }
    return box;
}

void amend_report_free(amend_report *report)
{
    if (report != NULL)
    {
        report_box *box = (report_box *)report;
        knowledge_release(box->knowledge);
        arena_free(box->arena);
    }
}

void report_give(report_box *box, amend_report **out)
{
    if (box == NULL)
    {
        return;
    }
    box->pub.items = box->items;
    box->pub.problems = box->problems;
    box->pub.elapsed_ms = clock_monotonic_ms() - box->start_ms;
    if (out == NULL)
    {
        amend_report_free(&box->pub);
        return;
    }
    *out = &box->pub;
}

static const char *join_depends(arena *a, const migration *m)
{
    const char *text = NULL;
    for (size_t i = 0; i < m->head.depends_count; i++)
    {
        text = text == NULL ? m->head.depends[i] : arena_format(a, "%s, %s", text, m->head.depends[i]);
        if (text == NULL)
        {
            return NULL;
        }
    }
    return text;
}

amend_item *report_item(report_box *box, const entry *e, amend_direction direction)
{
    amend_item *items = arena_grow(box->arena, box->items, box->pub.item_count, sizeof *items);
    if (items == NULL)
    {
        return NULL;
    }
    box->items = items;
    const migration *m = e->file;
    const applied *row = e->row;
    amend_item *item = &items[box->pub.item_count++];
    *item = (amend_item){.state = e->state, .direction = direction, .reason = e->reason, .execution_time_ms = -1};
    item->version = m != NULL ? m->version : row->version;
    item->name = m != NULL ? m->name : row->name == NULL ? "" : row->name;
    if (m != NULL)
    {
        item->file = direction == AMEND_DOWN ? m->down_file : m->up_file;
        item->down_file = m->down_file;
        item->checksum = m->checksum;
        item->depends = join_depends(box->arena, m);
        if (item->depends == NULL && m->head.depends_count > 0)
        {
            return NULL;
        }
    }
    if (row != NULL)
    {
        item->applied_checksum = row->checksum;
        item->applied_at = row->applied_at;
        item->git_commit = row->git_commit;
        item->execution_time_ms = row->execution_time_ms;
    }
    return item;
}

amend_status report_problem(report_box *box, const amend_problem *problem, amend_error *error)
{
    amend_problem *problems = arena_grow(box->arena, box->problems, box->pub.problem_count, sizeof *problems);
    if (problems == NULL)
    {
        return error_memory(error);
    }
    box->problems = problems;
    box->problems[box->pub.problem_count++] = *problem;
    return AMEND_OK;
}

amend_status report_problems(report_box *box, const amend_problem *problems, size_t count, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < count && status == AMEND_OK; i++)
    {
        status = report_problem(box, &problems[i], error);
    }
    return status;
}

void report_summary(report_box *box, const view *v)
{
    box->pub.applied = v->applied;
    box->pub.pending = v->pending;
    if (v->newest != SIZE_MAX)
    {
        box->pub.current = v->entries[v->newest].row->version;
    }
}
