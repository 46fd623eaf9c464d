/* SPDX-License-Identifier: MIT */
/*
 * Statement by statement, each parsed by itself: one that is newer than the parser does not take the others with it. A tree
 * lives as long as its statement.
 */
#include "dialect/postgres/pg_survey.h"

#include "base/error.h"
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_parser.h"
#include "dialect/postgres/pg_split.h"
#include "dialect/postgres/pg_words.h"

enum
{
    NESTED_SCRIPTS = 4, /* of DO within EXECUTE within DO */
};

/* What `survey` stands for here. */
typedef struct pg_reading
{
    pg_made names;
    size_t scripts;
    bool cascaded, without_parser;
    void *lint;
} pg_reading;

/* The statement as the parser wants it: a copy of its own with a NUL behind it. */
static void judge_text(pg_scan *s, arena *scratch, slice text)
{
    const char *copy = arena_copy(scratch, text);
    const PgQuery__ParseResult *tree = NULL;
    s->failed |= copy == NULL || (!s->without_parser && !pg_parser_tree(scratch, (slice){copy, text.len}, &tree));
    if (s->failed)
    {
        return;
    }
    if (tree == NULL)
    {
        pg_words_judge(s, text);
        return;
    }
    for (size_t i = 0; i < tree->n_stmts; i++)
    {
        pg_judge(s, tree->stmts[i]->stmt);
    }
}

void pg_survey_statement(pg_scan *s, slice text)
{
    arena *scratch = arena_new(arena_allocator(s->arena));
    s->failed |= scratch == NULL;
    if (scratch != NULL)
    {
        judge_text(s, scratch, text);
        arena_free(scratch);
    }
}

void pg_survey_script(pg_scan *s, slice text)
{
    script inner;
    if (s->depth >= NESTED_SCRIPTS)
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
        return;
    }
    arena *scratch = arena_new(arena_allocator(s->arena));
    amend_error error = {0};
    amend_status status = scratch == NULL ? AMEND_FAILED : pg_split(scratch, text, &inner, &error);
    s->failed |= scratch == NULL || (status != AMEND_OK && error.code == AMEND_E_OUT_OF_MEMORY);
    s->depth++;
    for (size_t i = 0; status == AMEND_OK && i < inner.count && !s->failed; i++)
    {
        judge_text(s, scratch, slice_sub(inner.text, inner.stmts[i].start, inner.stmts[i].end));
    }
    s->depth--;
    if (status != AMEND_OK)
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
    }
    if (scratch != NULL)
    {
        arena_free(scratch);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- slots */

amend_status pg_survey_open(const amend_allocator *allocator, survey **out, amend_error *error)
{
    arena *a = arena_new(allocator);
    pg_reading *v = a == NULL ? NULL : arena_alloc(a, sizeof *v);
    if (v == NULL)
    {
        if (a != NULL)
        {
            arena_free(a);
        }
        return error_memory(error);
    }
    v->names.arena = a;
    *out = (survey *)v;
    return AMEND_OK;
}

amend_status pg_survey_read(survey *survey, arena *arena, const script *script, findings *out, amend_error *error)
{
    pg_reading *v = (pg_reading *)survey;
    findings found = {0};
    pg_scan s = {.names = &v->names,
                 .arena = arena,
                 .out = &found,
                 .script = ++v->scripts,
                 .cascaded = v->cascaded,
                 .without_parser = v->without_parser};
    for (size_t i = 0; i < script->count && !s.failed; i++)
    {
        const stmt *at = &script->stmts[i];
        s.statement = i;
        s.noted = 0;
        pg_survey_statement(&s, slice_sub(script->text, at->start, at->end));
    }
    if (s.failed)
    {
        return error_memory(error);
    }
    v->cascaded = s.cascaded;
    *out = found;
    return AMEND_OK;
}

void pg_survey_close(survey *survey)
{
    if (survey != NULL)
    {
        arena_free(((pg_reading *)survey)->names.arena);
    }
}

void pg_survey_without_parser(survey *survey)
{
    ((pg_reading *)survey)->without_parser = true;
}

void **pg_survey_lint(survey *survey, arena **arena)
{
    pg_reading *v = (pg_reading *)survey;
    *arena = v->names.arena;
    return &v->lint;
}

bool pg_survey_has_no_parser(const survey *survey)
{
    return ((const pg_reading *)survey)->without_parser;
}
