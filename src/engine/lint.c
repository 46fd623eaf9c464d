/* SPDX-License-Identifier: MIT */
#include "engine/lint.h"

#include "base/error.h"
#include "engine/script_file.h"

#include <stdio.h>

/* While it runs. */
typedef struct linter
{
    lint_job *job;
    arena *arena;
    survey *survey;
    lint_reader reader;
    lint_script **ups; /* of each migration; NULL: not read, or not kept */
    amend_error *error;
} linter;

static unsigned lint_wants(const lint_job *job, size_t i)
{
    return job->wanted == NULL ? LINT_WANT_BOTH : job->wanted[i];
}

static amend_status lint_fail(const linter *l, const migration *m, amend_status status)
{
    if (l->error != NULL && l->error->version[0] == '\0' && m->version != NULL)
    {
        error_copy(l->error->version, sizeof l->error->version, slice_of(m->version));
    }
    return status;
}

/* Read, split and survey a script; the head's directives, too. */
static amend_status lint_load(linter *l, arena *a, const char *file, lint_script *out, directives *head)
{
    script_file read;
    amend_status status = script_file_read(a, l->job->catalog, l->job->dialect, file, &read, l->error);
    if (status == AMEND_OK)
    {
        *head = read.head;
        out->script = read.script;
        status = l->job->dialect->survey_read(l->survey, a, &out->script, &out->found, l->error);
    }
    return status == AMEND_OK ? lint_enter(&l->reader, a, out, l->error) : status;
}

static amend_status lint_keep(linter *l, const linted *one)
{
    linted *scripts = arena_grow(l->arena, l->job->scripts, l->job->count, sizeof *scripts);
    if (scripts == NULL)
    {
        return error_memory(l->error);
    }
    scripts[l->job->count++] = *one;
    l->job->scripts = scripts;
    return AMEND_OK;
}

static amend_status lint_look(linter *l, arena *a, size_t i, const char *file, const lint_subject *subject, bool wanted)
{
    lint_findings found;
    linted one = {
        .migration = &l->job->catalog->items[i], .down = subject->down, .file = file, .text = subject->script->script.text};
    amend_status status = l->job->dialect->lint(l->survey, a, subject, &found, l->error);
    if (status != AMEND_OK || !wanted)
    {
        return status;
    }
    status = lint_judge(&l->reader, a, subject, &found, &one.results, l->error);
    return status == AMEND_OK ? lint_keep(l, &one) : status;
}

/* A script that nobody asked about lives in an arena of its own, no longer than it is looked at. */
static amend_status lint_script_of(linter *l, size_t i, bool down)
{
    const migration *m = &l->job->catalog->items[i];
    unsigned wants = lint_wants(l->job, i);
    bool wanted = (wants & (down ? LINT_WANT_DOWN : LINT_WANT_UP)) != 0, kept = (wants & LINT_WANT_BOTH) != 0;
    arena *a = kept ? l->arena : arena_new(arena_allocator(l->arena));
    lint_script *s = a == NULL ? NULL : arena_alloc(a, sizeof *s);
    directives head = {0};
    const char *file = down ? m->down_file : m->up_file;
    amend_status status = s == NULL ? error_memory(l->error) : lint_load(l, a, file, s, &head);
    if (status == AMEND_OK)
    {
        lint_subject subject = {.script = s,
                                .up = down ? l->ups[i] : NULL,
                                .down = down || (wants & LINT_ALONE) != 0,
                                .has_down = m->down_file != NULL,
                                .transaction_off = head.transaction_off,
                                .destructive = head.destructive != NULL};
        status = lint_look(l, a, i, file, &subject, wanted);
        l->ups[i] = !down && kept ? s : l->ups[i];
    }
    if (!kept)
    {
        arena_free(a);
    }
    return status == AMEND_OK ? AMEND_OK : lint_fail(l, m, status);
}

/* Behind the last that somebody asked about nothing is read; below the first, no down script. */
static amend_status lint_walk(linter *l)
{
    size_t first = SIZE_MAX, end = 0;
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < l->job->catalog->count; i++)
    {
        unsigned wants = lint_wants(l->job, i);
        end = wants != 0 ? i + 1 : end;
        first = (wants & LINT_WANT_DOWN) != 0 && first == SIZE_MAX ? i : first;
    }
    for (size_t i = 0; i < end && status == AMEND_OK; i++)
    {
        status = lint_script_of(l, i, false);
    }
    for (size_t i = end; i > first && first != SIZE_MAX && status == AMEND_OK; i--)
    {
        status = l->job->catalog->items[i - 1].down_file == NULL ? AMEND_OK : lint_script_of(l, i - 1, true);
    }
    return status;
}

amend_status lint_run(arena *a, lint_job *job, amend_error *error)
{
    linter l = {.job = job, .arena = a, .error = error};
    job->scripts = NULL;
    job->count = 0;
    lint_reader_init(&l.reader, a, (job->dialect->traits & DIALECT_NAMES_NOCASE) != 0);
    memcpy(l.reader.severities, job->severities, sizeof l.reader.severities);
    l.ups = arena_array(a, job->catalog->count + 1, sizeof *l.ups);
    if (l.ups == NULL)
    {
        return error_memory(error);
    }
    amend_status status = job->dialect->survey_open(arena_allocator(a), &l.survey, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    status = lint_walk(&l);
    job->dialect->survey_close(l.survey);
    return status;
}

/* --------------------------------------------------------------------------------------------------------------- the gate */

static amend_status lint_gate_look(lint_gate *g, arena *a, const plan *p, amend_error *error)
{
    const catalog *c = g->catalog;
    unsigned *wanted = arena_array(a, c->count + 1, sizeof *wanted);
    if (wanted == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < p->count; i++)
    {
        if (p->steps[i].action == ACTION_UP)
        {
            wanted[p->steps[i].entry->file - c->items] = LINT_WANT_UP;
        }
    }
    g->job = (lint_job){.dialect = g->dialect, .catalog = c, .wanted = wanted, .severities = g->severities};
    amend_status status = lint_run(a, &g->job, error);
    g->looked = status == AMEND_OK;
    return status;
}

/* Before it runs: what a person may still stop. */
static void lint_gate_say(const lint_gate *g, const linted *s, const lint_result *r, const amend_problem *p)
{
    char detail[100];
    const amend_lint_rule *rule = &lint_rules[r->finding.rule];
    snprintf(detail, sizeof detail, "{\"code\":\"AL%03d\",\"rule\":\"%s\",\"line\":%u}", rule->number, rule->name, p->line);
    amend_event event = {.type = AMEND_EVENT_LINT_FOUND,
                         .severity = AMEND_WARNING,
                         .version = s->migration->version,
                         .name = s->migration->name,
                         .message = p->message,
                         .file = p->file,
                         .detail = detail,
                         .statement = (unsigned)r->finding.statement + 1};
    session_tell(g->session, &event);
}

static amend_status lint_gate_tell(const lint_gate *g, arena *a, const linted *s, plan *p, amend_error *error)
{
    for (size_t i = 0; i < s->results.count; i++)
    {
        const lint_result *r = &s->results.items[i];
        const amend_lint_rule *rule = &lint_rules[r->finding.rule];
        bool refused = r->severity == AMEND_ERROR && g->mode == AMEND_LINT_ERROR;
        if (r->severity < AMEND_WARNING)
        {
            continue;
        }
        amend_status status = plan_problem(a, p, refused ? AMEND_ERROR : AMEND_WARNING, AMEND_E_LINT, s->migration->version,
                                           s->migration->up_file, error, "%.*s (AL%03d %s)", (int)r->finding.detail.len,
                                           r->finding.detail.data, rule->number, rule->name);
        if (status != AMEND_OK)
        {
            return status;
        }
        unsigned column;
        amend_problem *made = &p->problems[p->problem_count - 1];
        text_position(s->text, r->finding.offset, &made->line, &column);
        made->hint = rule->safe;
        if (!refused && !g->told)
        {
            lint_gate_say(g, s, r, made);
        }
    }
    return AMEND_OK;
}

static bool lint_is_planned(const plan *p, const migration *m)
{
    for (size_t i = 0; i < p->count; i++)
    {
        if (p->steps[i].action == ACTION_UP && p->steps[i].entry->file == m)
        {
            return true;
        }
    }
    return false;
}

amend_status lint_gate_check(void *arg, arena *a, plan *plan, amend_error *error)
{
    lint_gate *g = arg;
    bool fresh = g->view->applied == 0 && g->mode == AMEND_LINT_WARN;
    if (fresh || plan->count == 0 || plan->conflicts > 0)
    {
        return AMEND_OK;
    }
    amend_status status = g->looked ? AMEND_OK : lint_gate_look(g, a, plan, error);
    for (size_t i = 0; status == AMEND_OK && i < g->job.count; i++)
    {
        if (lint_is_planned(plan, g->job.scripts[i].migration))
        {
            status = lint_gate_tell(g, a, &g->job.scripts[i], plan, error);
        }
    }
    g->told = true;
    return status;
}
