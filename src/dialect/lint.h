/* SPDX-License-Identifier: MIT */
/*
 * What a dialect's lint is given and what it gives. The rules stand in registry/amend/lint.def; a dialect finds where they
 * fire, guard/lint.h applies severities and `-- amend:allow`. Pure.
 *
 * A rule fires whatever its severity: one that is off is dropped above. Nothing is reported twice for one place.
 */
#ifndef AMEND_DIALECT_LINT_H
#define AMEND_DIALECT_LINT_H

#include "amend/lint.h"
#include "dialect/dialect.h"

/* LINT_DROP, LINT_LONG_NAME …: the row in lint_rules, in the order of the registry. */
typedef enum lint_rule
{
#define AMEND_LINT(number, name, rule, severity, title, why, scale, safe, bad, good) LINT_##name,
#include "amend/lint.def"
#undef AMEND_LINT
    LINT_RULES
} lint_rule;

/* Severities as the registry writes them. */
#define LINT_OFF AMEND_INFO
#define LINT_NOTE AMEND_NOTE
#define LINT_WARNING AMEND_WARNING
#define LINT_ERROR AMEND_ERROR

extern const amend_lint_rule lint_rules[LINT_RULES];

/* What is known of one change of a script. */
typedef struct lint_note
{
    bool existed; /* CHANGE_ADD, CHANGE_DROP: an earlier script (or statement) has made it, as far as one can tell */
    slice twin;   /* CHANGE_ADD, CHANGE_RENAME: an earlier name of the same kind that differs only in case; empty: none */
} lint_note;

/* One script of a migration, and what is known of it. */
typedef struct lint_script
{
    script script;
    findings found;         /* by survey_read */
    const lint_note *notes; /* one for each change, by guard/lint.h */
} lint_script;

/*
 * The script to look at. Migrations come in running order, all up scripts first; then the down scripts, newest first, so that
 * the survey stands where each would be run. Earlier scripts that nobody asked about come too, for what is remembered of them.
 */
struct lint_subject
{
    const lint_script *script;
    const lint_script *up; /* of a down script: its up script, NULL when that isn't known or wanted; NULL otherwise */
    bool down;
    bool has_down;        /* of an up script: there is a down script */
    bool transaction_off; /* the directive at the script's head */
    bool destructive;     /* likewise */
};

typedef struct lint_finding
{
    lint_rule rule;
    size_t statement; /* of the script, from 0; SIZE_MAX: of the whole script */
    size_t offset;    /* byte of the script's text; 0: where the statement starts */
    slice object;     /* what it is about, as a person writes it ("cards.title"); may be empty */
    slice detail;     /* what is wrong here: one line, lower case, no full stop; empty: the rule's title says it all */
} lint_finding;

/* In the arena. */
struct lint_findings
{
    lint_finding *items;
    size_t count;
    bool failed; /* out of memory: what was added after that is lost */
};

/*
 * Add a finding with this detail. The object and the detail are copied. Memory is kept by `out`: who adds looks at
 * out->failed once, at the end.
 */
void lint_add(arena *a, lint_findings *out, lint_rule rule, size_t statement, size_t offset, slice object, const char *format,
              ...) __attribute__((format(printf, 7, 8)));

/*
 * Has statement number `before`, or one before it, of this script made the table (or view …) of that name? Then no row is in it
 * and nobody waits for it: what locks or rewrites it is free. An empty schema is any. Names that differ only in case are one
 * with DIALECT_NAMES_NOCASE: `nocase`.
 */
bool lint_made(const lint_script *s, slice schema, slice table, size_t before, bool nocase);

/* The statement's text. */
slice lint_text(const script *s, size_t statement);

#endif
