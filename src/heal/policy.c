/* SPDX-License-Identifier: MIT */
#include "heal/policy.h"

static bool policy_same(const knowledge *k, slice a, slice b)
{
    return k->nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

/*
 * Did the plan make the table before this statement of its step `at`? What comes before the table's making is about another
 * one of that name. Names of tables are few in a plan: a list is searched, not a table of hashes.
 */
static bool policy_made(const knowledge *k, const plan *p, size_t at, const objection *o)
{
    for (size_t i = 0; i <= at && o->table.len > 0; i++)
    {
        const facts *f = &k->facts[p->steps[i].entry->file - k->catalog.items];
        for (size_t m = 0; m < f->made_count; m++)
        {
            bool before = i < at || f->made[m].statement < o->statement;
            if (before && policy_same(k, f->made[m].schema, o->schema) && policy_same(k, f->made[m].name, o->table))
            {
                return true;
            }
        }
    }
    return false;
}

static amend_status policy_object(const step *s, const facts *f, size_t i, arena *a, plan *p, amend_error *error)
{
    const objection *o = &f->objections[i];
    const migration *m = s->entry->file;
    amend_status status = plan_problem(a, p, AMEND_ERROR, AMEND_E_HEAL_REFUSED, m->version, m->up_file, error,
                                       "%s: %s %s is not run by itself: it %s%s%.*s%s", objection_rule(o->kind), m->version,
                                       m->name, objection_words(o->kind), o->table.len == 0 ? "" : " (\"", (int)o->table.len,
                                       o->table.data, o->table.len == 0 ? "" : "\")");
    if (status == AMEND_OK)
    {
        p->problems[p->problem_count - 1].line = f->lines[i];
    }
    return status;
}

static amend_status policy_step(const knowledge *k, amend_heal_policy policy, bool inside, arena *a, plan *p, size_t i,
                                amend_error *error)
{
    const step *s = &p->steps[i];
    const migration *m = s->entry->file;
    const facts *f = &k->facts[m - k->catalog.items];
    for (size_t o = 0; o < f->objection_count && policy != AMEND_HEAL_ALL; o++)
    {
        if (!policy_made(k, p, i, &f->objections[o]))
        {
            return policy_object(s, f, o, a, p, error);
        }
    }
    if (inside && f->outside)
    {
        return plan_problem(a, p, AMEND_ERROR, AMEND_E_HEAL_TRANSACTION, m->version, m->up_file, error,
                            "%s %s can't run inside the open transaction", m->version, m->name);
    }
    return AMEND_OK;
}

amend_status policy_check(const knowledge *k, amend_heal_policy policy, bool inside, arena *a, plan *p, amend_error *error)
{
    for (size_t i = 0; i < p->count; i++)
    {
        amend_status status = policy_step(k, policy, inside, a, p, i, error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}
