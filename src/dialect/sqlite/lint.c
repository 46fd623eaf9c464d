/* SPDX-License-Identifier: MIT */
/*
 * Statement by statement: the rules that look at the schema before it, then it is remembered, then those that look at the
 * schema behind it; the rules about foreign keys come at the script's end, when its indexes are made.
 */
#include "dialect/sqlite/lint.h"

#include "base/error.h"
#include "dialect/sqlite/lint_rules.h"

size_t sqlint_offset(const sqlint_look *l, size_t i)
{
    return i < l->words.count ? l->words.items[i].start : 0;
}

bool sqlint_is_new(const sqlint_look *l, slice table)
{
    return lint_made(l->subject->script, (slice){"", 0}, table, l->statement, true);
}

bool sqlint_comes_back(const sqlint_look *l, slice table)
{
    const findings *f = &l->subject->script->found;
    for (size_t i = 0; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        if (c->object == AMEND_OBJECT_TABLE && c->statement >= l->statement && c->kind != CHANGE_DROP &&
            slice_equal_nocase(c->kind == CHANGE_RENAME ? c->to : c->name, table))
        {
            return true;
        }
    }
    return false;
}

static const struct
{
    const char *verb;
    void (*before)(sqlint_look *l);
    void (*after)(sqlint_look *l);
} sqlint_verbs[] = {
    {"CREATE", NULL, sqlint_rule_table},
    {"CREATE", NULL, sqlint_rule_strings},
    {"ALTER", sqlint_rule_alter, sqlint_rule_strings},
    {"ALTER", sqlint_rule_rename_away, NULL},
    {"DROP", sqlint_rule_drop, NULL},
    {"INSERT", sqlint_rule_insert, sqlint_rule_strings},
    {"REPLACE", sqlint_rule_insert, sqlint_rule_strings},
    {"DELETE", sqlint_rule_delete, NULL},
    {"PRAGMA", sqlint_rule_pragma, NULL},
    {"VACUUM", sqlint_rule_vacuum, NULL},
};

static void sqlint_look_at(sqlint_look *l)
{
    const script *s = &l->subject->script->script;
    if (!sqlint_read_words(l->arena, s, l->statement, &l->words))
    {
        l->failed = true;
        return;
    }
    for (int after = 0; after < 2; after++)
    {
        for (size_t i = 0; i < sizeof sqlint_verbs / sizeof sqlint_verbs[0]; i++)
        {
            void (*rule)(sqlint_look *) = after ? sqlint_verbs[i].after : sqlint_verbs[i].before;
            if (rule != NULL && sqlint_is(&l->words, 0, sqlint_verbs[i].verb))
            {
                rule(l);
            }
        }
        l->failed |= !after && !sqlint_remember(l->memory, l->arena, s, l->statement);
    }
}

amend_status sqlite_lint(survey *s, arena *a, const lint_subject *subject, lint_findings *out, amend_error *error)
{
    lint_findings found = {0};
    sqlint_look l = {.memory = sqlite_survey_memory(s), .arena = a, .subject = subject, .out = &found};
    for (size_t i = 0; i < l.memory->table_count; i++)
    {
        sqlint_table *t = &l.memory->tables[i];
        for (size_t k = 0; k < t->reference_count; k++)
        {
            t->references[k].fresh = false;
        }
    }
    for (; l.statement < subject->script->script.count && !l.failed; l.statement++)
    {
        sqlint_look_at(&l);
    }
    if (!l.failed)
    {
        sqlint_rule_references(&l);
    }
    if (l.failed || found.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}
