/* SPDX-License-Identifier: MIT */
/* The call that says what `up` would do by doing it, and leaves nothing behind. */
#include "engine/preview.h"

#include "amend/preview.h"
#include "api/handle.h"
#include "base/error.h"

/* The public pointer is the first member. */
typedef struct preview_box
{
    amend_preview pub;
    report_box *report; /* whose arena holds all of this */
} preview_box;

static amend_status preview_fill_statements(preview_box *box, const preview *p, amend_error *error)
{
    amend_previewed *items = arena_array(box->report->arena, p->count + 1, sizeof *items);
    if (items == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < p->count; i++)
    {
        const previewed *s = &p->statements[i];
        items[i] = (amend_previewed){.version = s->step->version,
                                     .name = s->step->name,
                                     .file = s->file,
                                     .line = s->line,
                                     .statement = s->statement,
                                     .text = s->words,
                                     .ran = s->ran,
                                     .rows = s->rows,
                                     .elapsed_us = s->elapsed_us};
    }
    box->pub.statements = items;
    box->pub.statement_count = p->count;
    return AMEND_OK;
}

static amend_status preview_fill_effects(preview_box *box, const preview *p, amend_error *error)
{
    amend_effect *items = arena_array(box->report->arena, p->effects.count + 1, sizeof *items);
    if (items == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < p->effects.count; i++)
    {
        const measure *m = &p->effects.items[i];
        items[i] = (amend_effect){.what = m->what, .object = m->object, .value = m->value};
    }
    box->pub.effects = items;
    box->pub.effect_count = p->effects.count;
    return AMEND_OK;
}

static const char *preview_definition(arena *a, const fact *f)
{
    return f == NULL ? NULL : arena_copy(a, f->definition);
}

static amend_status preview_fill_changes(preview_box *box, const preview *p, amend_error *error)
{
    static const amend_difference_kind kinds[] = {[DIFFERENCE_MISSING] = AMEND_DIFFERENCE_MISSING,
                                                  [DIFFERENCE_EXTRA] = AMEND_DIFFERENCE_EXTRA,
                                                  [DIFFERENCE_OTHER] = AMEND_DIFFERENCE_OTHER};
    arena *a = box->report->arena;
    amend_difference *items = arena_array(a, p->changes.count + 1, sizeof *items);
    for (size_t i = 0; i < p->changes.count && items != NULL; i++)
    {
        const difference *d = &p->changes.items[i];
        items[i] = (amend_difference){.kind = kinds[d->kind],
                                      .object = arena_copy(a, (d->before != NULL ? d->before : d->after)->object),
                                      .expected = preview_definition(a, d->before),
                                      .existing = preview_definition(a, d->after)};
        bool whole = items[i].object != NULL && (d->before == NULL) == (items[i].expected == NULL) &&
                     (d->after == NULL) == (items[i].existing == NULL);
        items = whole ? items : NULL;
    }
    box->pub.changes = items;
    box->pub.change_count = items == NULL ? 0 : p->changes.count;
    return items == NULL ? error_memory(error) : AMEND_OK;
}

static amend_status preview_fill(preview_box *box, const preview *p, amend_error *error)
{
    report_box *r = box->report;
    amend_status status = report_problems(r, p->plan.problems, p->plan.problem_count, error);
    for (size_t i = 0; i < p->plan.count && status == AMEND_OK; i++)
    {
        status = report_item(r, p->plan.steps[i].entry, AMEND_UP) == NULL ? error_memory(error) : AMEND_OK;
    }
    if (p->view.catalog != NULL)
    {
        report_summary(r, &p->view);
    }
    box->pub.cut_short = p->cut_short;
    status = status == AMEND_OK ? preview_fill_statements(box, p, error) : status;
    status = status == AMEND_OK ? preview_fill_effects(box, p, error) : status;
    return status == AMEND_OK ? preview_fill_changes(box, p, error) : status;
}

amend_status amend_preview_up(amend *handle, const amend_run *given, amend_preview **out, amend_error *error)
{
    amend_run run;
    catalog c;
    preview p = {0};
    if (out == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_preview_up needs a place for the preview");
    }
    amend_status status = need_database(handle, error);
    status = status == AMEND_OK ? check_run(given, &run, error) : status;
    report_box *report = status == AMEND_OK ? report_new(handle, error) : NULL;
    if (report == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    preview_box *box = arena_alloc(report->arena, sizeof *box);
    status = box == NULL ? error_memory(error) : load_catalog(handle, report, &c, error);
    bool tried = status == AMEND_OK;
    if (tried)
    {
        *box = (preview_box){.pub = {.size = sizeof box->pub}, .report = report};
        status = preview_run(&handle->session, report->arena, &c, &run, &p, error);
    }
    amend_error shortage = {0};
    if (tried && preview_fill(box, &p, &shortage) != AMEND_OK)
    {
        tried = false;
        status = status == AMEND_OK ? error_memory(error) : status;
    }
    amend_report *given_report = NULL;
    report_give(report, tried ? &given_report : NULL);
    if (tried)
    {
        box->pub.report = given_report;
        *out = &box->pub;
    }
    return status;
}

void amend_preview_free(amend_preview *preview)
{
    if (preview != NULL)
    {
        amend_report_free(&((preview_box *)preview)->report->pub);
    }
}
