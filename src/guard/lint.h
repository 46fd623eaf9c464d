/* SPDX-License-Identifier: MIT */
/*
 * Lint: what a dialect found, and what follows from the survey alone, with severities and `-- amend:allow` applied. Pure.
 *
 *   lint.c         the order of it all, severities, sorting
 *   lint_allow.c   the directives `-- amend:allow RULE "why"`
 *   lint_common.c  the rules that need no grammar
 *   lint_undo.c    does a down script undo its up script?
 *   lint_names.c   what earlier scripts have made
 */
#ifndef AMEND_GUARD_LINT_H
#define AMEND_GUARD_LINT_H

#include "dialect/lint.h"

/* The rule that a person names: "rename", "AL005", "al5"; LINT_RULES when there is none. */
lint_rule lint_find(slice name);

/* What is remembered from script to script. */
typedef struct lint_reader
{
    arena *arena; /* of the reader */
    bool nocase;  /* the dialect's names differ only by more than case */
    amend_severity severities[LINT_RULES];
    struct lint_names *names;
} lint_reader;

/* With the registry's severities. Everything is in the arena. */
void lint_reader_init(lint_reader *r, arena *a, bool nocase);

/* After survey_read, before the dialect's lint: fill script->notes (in `a`) and remember what it makes. Error: OUT_OF_MEMORY.
 */
amend_status lint_enter(lint_reader *r, arena *a, lint_script *script, amend_error *error);

typedef struct lint_result
{
    lint_finding finding; /* statement SIZE_MAX: of the whole script; offset: always where it is shown */
    amend_severity severity;
} lint_result;

typedef struct lint_results
{
    lint_result *items; /* by place, then by rule */
    size_t count;
    size_t allowed; /* findings that a directive took away */
} lint_results;

/*
 * Add the common rules to what the dialect found, take away what is allowed or off, sort, and drop what is there twice.
 * Everything is in the arena. Error: OUT_OF_MEMORY.
 */
amend_status lint_judge(const lint_reader *r, arena *a, const lint_subject *subject, const lint_findings *found,
                        lint_results *out, amend_error *error);

/* --- lint_common.c, lint_undo.c: add to *out */
void lint_common(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *out);
void lint_undo(const lint_reader *r, arena *a, const lint_subject *subject, lint_findings *out);

/* --- lint_allow.c */
typedef struct lint_allowance
{
    lint_rule rule;   /* LINT_RULES: unknown, or ill-formed */
    size_t statement; /* SIZE_MAX: the whole script */
    size_t offset;    /* of the rule's name, or of the directive */
    bool used;
} lint_allowance;

typedef struct lint_allowances
{
    lint_allowance *items;
    size_t count;
} lint_allowances;

/* Read the script's directives; what is wrong with them is added to *out. Memory is kept by `out`. */
void lint_allow_read(arena *a, const script *s, lint_allowances *list, lint_findings *out);
/* Is the finding allowed? Marks each directive that says so. */
bool lint_allow_covers(lint_allowances *list, const lint_finding *f);
/* Add a finding for each directive that was not used. */
void lint_allow_unused(arena *a, const script *s, const lint_allowances *list, lint_findings *out);

#endif
