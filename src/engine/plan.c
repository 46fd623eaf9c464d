/* SPDX-License-Identifier: MIT */
/* The second half of planning: from the view to the steps for one purpose. */
#include "engine/plan.h"

#include "base/diagnostic.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *entry_version(const entry *e)
{
    return e->file != NULL ? e->file->version : e->row->version;
}

static const char *entry_name(const entry *e)
{
    return e->file != NULL ? e->file->name : e->row->name == NULL ? "" : e->row->name;
}

const char *step_file(const step *s)
{
    const migration *m = s->entry->file;
    bool up = s->action == ACTION_UP, down = s->action == ACTION_DOWN;
    return m == NULL || !(up || down) ? NULL : up ? m->up_file : m->down_file;
}

const char *action_word(action action)
{
    static const char *const words[] = {"up", "down", "baseline", "repair", "replay", "schema"};
    return words[action];
}

static amend_status add_step(arena *a, plan *p, action action, entry *e, amend_error *error)
{
    step *steps = arena_grow(a, p->steps, p->count, sizeof *steps);
    if (steps == NULL)
    {
        return error_memory(error);
    }
    p->steps = steps;
    p->steps[p->count++] = (step){.action = action, .entry = e, .version = entry_version(e), .name = entry_name(e)};
    return AMEND_OK;
}

static const char *entry_file(const entry *e)
{
    return e->file == NULL ? NULL : e->file->up_file;
}

amend_status plan_problem(arena *a, plan *p, amend_severity severity, amend_code code, const char *version, const char *file,
                          amend_error *error, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    amend_problem *problems = arena_grow(a, p->problems, p->problem_count, sizeof *problems);
    char *text = arena_string(a, message);
    if (problems == NULL || text == NULL)
    {
        return error_memory(error);
    }
    const amend_explanation *known = diagnostic_find(code);
    p->problems = problems;
    p->problems[p->problem_count++] = (amend_problem){.severity = severity,
                                                      .code = code,
                                                      .version = version,
                                                      .file = file,
                                                      .message = text,
                                                      .hint = known == NULL ? NULL : known->remedy};
    p->conflicts += severity == AMEND_ERROR;
    return AMEND_OK;
}

amend_status plan_conflict(const plan *p, amend_error *error)
{
    for (size_t i = 0; i < p->problem_count; i++)
    {
        const amend_problem *problem = &p->problems[i];
        if (problem->severity != AMEND_ERROR)
        {
            continue;
        }
        amend_status status = error_set(error, problem->code, "%s", problem->message);
        if (error != NULL)
        {
            error_copy(error->version, sizeof error->version, slice_of(problem->version == NULL ? "" : problem->version));
            error_copy(error->file, sizeof error->file, slice_of(problem->file == NULL ? "" : problem->file));
            error->line = problem->line;
            if (p->conflicts > 1)
            {
                error_detail(error, "and %zu more like it", p->conflicts - 1);
            }
        }
        return status;
    }
    return AMEND_OK;
}

/* The position of a version in the view; SIZE_MAX and an error when it is nowhere. */
static size_t position(const view *v, const char *version, amend_error *error)
{
    for (size_t i = 0; i < v->count; i++)
    {
        if (version_compare(entry_version(&v->entries[i]), version) == 0)
        {
            return i;
        }
    }
    error_set(error, AMEND_E_VERSION_UNKNOWN, "there is no version \"%s\"", version);
    return SIZE_MAX;
}

static amend_status add_difference(arena *a, const view *v, plan *p, const entry *e, amend_error *error)
{
    switch (e->state)
    {
    case AMEND_STATE_CHANGED:
        return plan_problem(a, p, AMEND_ERROR, AMEND_E_CHECKSUM, entry_version(e), entry_file(e), error,
                            "the file of %s has changed since it was applied", entry_version(e));
    case AMEND_STATE_APPLIED:
        return !e->reworded
                   ? AMEND_OK
                   : plan_problem(
                         a, p, AMEND_NOTE, AMEND_E_REWORDED, entry_version(e), entry_file(e), error,
                         "the file of %s has changed since it was applied, but only in white space, comments or letter case",
                         entry_version(e));
    case AMEND_STATE_MISSING:
        return plan_problem(a, p, AMEND_ERROR, AMEND_E_FILE_GONE, entry_version(e), entry_file(e), error,
                            "%s %s is applied, but its file is gone", entry_version(e), entry_name(e));
    case AMEND_STATE_NEWER:
        return plan_problem(a, p, AMEND_NOTE, AMEND_E_OLDER_PROGRAM, entry_version(e), entry_file(e), error,
                            "this program is older than the database: %s %s is applied and newer than all files",
                            entry_version(e), entry_name(e));
    case AMEND_STATE_OUT_OF_ORDER:
        return plan_problem(a, p, AMEND_ERROR, AMEND_E_OUT_OF_ORDER, entry_version(e), entry_file(e), error,
                            "%s is pending, but %s is applied already", entry_version(e),
                            entry_version(&v->entries[v->newest]));
    default:
        return AMEND_OK;
    }
}

amend_status plan_differences(arena *a, const view *v, plan *out, amend_error *error)
{
    *out = (plan){0};
    for (size_t i = 0; i < v->count; i++)
    {
        amend_status status = add_difference(a, v, out, &v->entries[i], error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

/* An existing history table may have narrow columns: better known before anything runs. */
static amend_status check_width(arena *a, const view *v, plan *p, const entry *e, amend_error *error)
{
    const ledger *l = &v->history->ledger;
    const struct
    {
        const char *column, *value;
        unsigned width;
    } checks[] = {{"version", e->file->version, l->version_width},
                  {"name", e->file->name, l->name_width},
                  {"checksum", "0123456789abcdef", l->checksum_width}};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
    {
        size_t chars = 0;
        for (const char *c = checks[i].value; *c != '\0'; c++)
        {
            chars += ((unsigned char)*c & 0xc0) != 0x80;
        }
        if (checks[i].width == 0 || chars <= checks[i].width)
        {
            continue;
        }
        amend_status status =
            plan_problem(a, p, AMEND_ERROR, AMEND_E_VERSION_WIDTH, entry_version(e), entry_file(e), error,
                         "the %s of %s has %zu characters, but the column \"%s\" of %s holds only %u", checks[i].column,
                         e->file->version, chars, checks[i].column, HISTORY_TABLE, checks[i].width);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

static amend_status consider_up(arena *a, const view *v, const amend_run *run, plan *p, entry *e, bool wanted,
                                amend_error *error)
{
    bool any_order = (run->flags & AMEND_OUT_OF_ORDER) != 0;
    if (e->row != NULL)
    {
        return add_difference(a, v, p, e, error);
    }
    if (!wanted)
    {
        return AMEND_OK;
    }
    amend_status status = AMEND_OK;
    if (e->state == AMEND_STATE_OUT_OF_ORDER && !any_order)
    {
        status = add_difference(a, v, p, e, error);
    }
    if (status == AMEND_OK)
    {
        status = check_width(a, v, p, e, error);
    }
    return status == AMEND_OK ? add_step(a, p, ACTION_UP, e, error) : status;
}

amend_status plan_up(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    size_t last = v->count;
    if (run->to != NULL)
    {
        last = position(v, run->to, error);
        if (last == SIZE_MAX)
        {
            return AMEND_USAGE;
        }
    }
    for (size_t i = 0; i < v->count; i++)
    {
        bool wanted = i <= last && (run->steps == 0 || out->count < run->steps);
        amend_status status = consider_up(a, v, run, out, &v->entries[i], wanted, error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

/* The entries that the one at `last` depends on, itself included: a bool for each. NULL: out of memory. */
static bool *closure(arena *a, const view *v, size_t last)
{
    const catalog *c = v->catalog;
    bool *wanted = arena_array(a, v->count + 1, sizeof *wanted);
    bool *needed = arena_array(a, c->count + 1, sizeof *needed);
    if (wanted == NULL || needed == NULL || v->entries[last].file == NULL)
    {
        return wanted == NULL || needed == NULL ? NULL : wanted;
    }
    needed[v->entries[last].file - c->items] = true;
    for (size_t i = c->count; i-- > 0;) /* what is depended on stands before */
    {
        for (size_t k = 0; needed[i] && k < c->items[i].depends_count; k++)
        {
            needed[c->items[i].depends[k]] = true;
        }
    }
    for (size_t i = 0; i < v->count; i++)
    {
        wanted[i] = v->entries[i].file != NULL && needed[v->entries[i].file - c->items];
    }
    return wanted;
}

static bool depends_are_given(const catalog *c)
{
    for (size_t i = 0; i < c->count; i++)
    {
        if (c->items[i].head.has_depends)
        {
            return true;
        }
    }
    return false;
}

amend_status plan_needed(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    amend_run with = *run;
    with.flags |= depends_are_given(v->catalog) ? AMEND_OUT_OF_ORDER : 0;
    size_t last = position(v, run->to, error);
    if (last == SIZE_MAX)
    {
        return AMEND_USAGE;
    }
    bool *wanted = closure(a, v, last);
    amend_status status = wanted == NULL ? error_memory(error) : AMEND_OK;
    for (size_t i = 0; i < v->count && status == AMEND_OK; i++)
    {
        status = consider_up(a, v, &with, out, &v->entries[i], wanted[i], error);
    }
    return status;
}

static amend_status skip(arena *a, plan *p, entry *e, bool strict, amend_error *error)
{
    entry **skipped = arena_grow(a, p->skipped, p->skipped_count, sizeof *skipped);
    if (skipped == NULL)
    {
        return error_memory(error);
    }
    p->skipped = skipped;
    p->skipped[p->skipped_count++] = e;
    amend_status status = plan_problem(a, p, strict ? AMEND_ERROR : AMEND_WARNING, AMEND_E_NO_DOWN, entry_version(e),
                                       entry_file(e), error, "%s %s has no down script%s", entry_version(e), entry_name(e),
                                       strict ? "" : ": skipped, it stays applied");
    if (status == AMEND_OK && !strict)
    {
        p->problems[p->problem_count - 1].hint = "Write its down script to be able to roll it back.";
    }
    return status;
}

static amend_status roll_back(arena *a, const view *v, const amend_run *run, size_t floor, unsigned steps, plan *out,
                              amend_error *error)
{
    unsigned seen = 0;
    for (size_t i = v->count; i-- > floor && (steps == 0 || seen < steps);)
    {
        entry *e = &v->entries[i];
        if (e->row == NULL)
        {
            continue;
        }
        seen++;
        amend_status status;
        if (e->file == NULL)
        {
            status = plan_problem(a, out, AMEND_ERROR, AMEND_E_FILE_GONE, entry_version(e), entry_file(e), error,
                                  "%s %s is applied, but its file is not here, so it can't be rolled back", entry_version(e),
                                  entry_name(e));
        }
        else if (e->file->down_file == NULL)
        {
            status = skip(a, out, e, (run->flags & AMEND_STRICT) != 0, error);
        }
        else
        {
            status = add_step(a, out, ACTION_DOWN, e, error);
        }
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

amend_status plan_down(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    size_t floor = 0;
    if (run->to != NULL)
    {
        floor = position(v, run->to, error);
        if (floor == SIZE_MAX)
        {
            return AMEND_USAGE;
        }
        floor++;
    }
    unsigned steps = run->steps == 0 && run->to == NULL ? 1 : run->steps;
    return roll_back(a, v, run, floor, steps, out, error);
}

amend_status plan_reset(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    return roll_back(a, v, run, 0, 0, out, error);
}

amend_status plan_redo(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    amend_run strict = *run;
    strict.flags |= AMEND_STRICT;
    amend_status status = plan_down(a, v, &strict, out, error);
    for (size_t i = out->count; status == AMEND_OK && i-- > 0;)
    {
        status = add_step(a, out, ACTION_UP, out->steps[i].entry, error);
    }
    return status;
}

amend_status plan_baseline(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    size_t last = position(v, run->to, error);
    if (last == SIZE_MAX)
    {
        return AMEND_USAGE;
    }
    for (size_t i = 0; i <= last; i++)
    {
        entry *e = &v->entries[i];
        amend_status status = e->row != NULL ? AMEND_OK : check_width(a, v, out, e, error);
        if (status == AMEND_OK && e->row == NULL)
        {
            status = add_step(a, out, ACTION_BASELINE, e, error);
        }
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

static bool needs_repair(const entry *e)
{
    return e->state == AMEND_STATE_CHANGED || e->reworded;
}

amend_status plan_repair(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    size_t only = SIZE_MAX;
    if (run->to != NULL)
    {
        only = position(v, run->to, error);
        if (only == SIZE_MAX)
        {
            return AMEND_USAGE;
        }
        if (!needs_repair(&v->entries[only]))
        {
            return error_set(error, AMEND_E_ARGUMENT, "%s needs no repair: its file is as it was applied", run->to);
        }
    }
    for (size_t i = 0; i < v->count; i++)
    {
        entry *e = &v->entries[i];
        if (!needs_repair(e) || (only != SIZE_MAX && i != only))
        {
            continue;
        }
        amend_status status = add_step(a, out, ACTION_REPAIR, e, error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

amend_status plan_replay(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    *out = (plan){0};
    size_t at = position(v, run->to, error);
    if (at == SIZE_MAX)
    {
        return AMEND_USAGE;
    }
    entry *e = &v->entries[at];
    if (e->row == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "%s is not applied: there is nothing to replay", run->to);
    }
    if (e->file == NULL || e->state == AMEND_STATE_CHANGED)
    {
        return plan_problem(a, out, AMEND_ERROR, e->file == NULL ? AMEND_E_FILE_GONE : AMEND_E_CHECKSUM, entry_version(e),
                            entry_file(e), error,
                            e->file == NULL ? "the file of %s is gone: what it made can't be known"
                                            : "the file of %s has changed since it was applied: it is not known what was run",
                            entry_version(e));
    }
    return add_step(a, out, ACTION_REPLAY, e, error);
}

amend_status plan_keep(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error)
{
    (void)run;
    *out = (plan){0};
    return v->newest == SIZE_MAX ? error_set(error, AMEND_E_ARGUMENT, "no migration is applied: there is no schema to keep")
                                 : add_step(a, out, ACTION_KEEP, &v->entries[v->newest], error);
}
