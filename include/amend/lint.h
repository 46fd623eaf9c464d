/* SPDX-License-Identifier: MIT */
/*
 * Lint: what is dangerous, slow or wrong in migrations, found before they run. docs/lint.md lists the rules.
 */
#ifndef AMEND_LINT_H
#define AMEND_LINT_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A lint rule and its page. Static storage. */
typedef struct amend_lint_rule
{
    int number;              /* AL005 is 5; never reused */
    const char *name;        /* "rename": what `-- amend:allow rename "why"` names; never reused */
    const char *dialect;     /* "sqlite", "postgres"; NULL: all */
    amend_severity severity; /* the default; AMEND_INFO: off */
    const char *title;       /* one line: what is wrong */
    const char *why;         /* what happens */
    const char *scale;       /* what that means with many rows or many sessions */
    const char *safe;        /* what to write in its place */
    const char *bad, *good;  /* scripts where it fires and where not; a line "@before", "@up", "@down" begins another one */
} amend_lint_rule;

/* The i-th rule, from 0; NULL behind the last. Thread-safe. */
AMEND_API const amend_lint_rule *amend_lint_rule_at(size_t i);
/* By name or code: "rename", "AL005". NULL when there is none. Thread-safe. */
AMEND_API const amend_lint_rule *amend_lint_rule_find(const char *name);

/* Zero means default in every field. */
typedef struct amend_lint_options
{
    size_t size;              /* sizeof(amend_lint_options): AMEND_LINT_INIT sets it */
    const char *dialect;      /* "sqlite", "postgres"; NULL: what the handle's URL says */
    const char *const *files; /* these only, of the directory or from elsewhere; default all of the directory */
    size_t file_count;
    bool pending; /* only migrations that the database has not: connects */
} amend_lint_options;

#define AMEND_LINT_INIT                                                                                                        \
    {                                                                                                                          \
        .size = sizeof(amend_lint_options)                                                                                     \
    }

typedef struct amend_lint_finding
{
    const amend_lint_rule *rule;
    amend_severity severity; /* NOTE, WARNING or ERROR */
    const char *version;     /* these two are NULL for a file that is not of the directory */
    const char *name;
    const char *file;
    amend_direction direction; /* AMEND_DOWN: a down script */
    unsigned statement;        /* from 1; 0: the whole script */
    unsigned line, column;     /* from 1; columns in characters */
    size_t offset;             /* byte offset in the normalised text */
    unsigned caret;            /* where in excerpt it is: characters from 1; 0: nowhere */
    const char *excerpt;       /* the source line */
    const char *object;        /* "cards.title"; "" when it is about none */
    const char *message;       /* what is wrong here, one line */
} amend_lint_finding;

/* The caller's; all its pointers live until amend_lint_report_free. */
typedef struct amend_lint_report
{
    size_t size;
    const char *dialect;
    const char *dir;
    const amend_lint_finding *findings; /* in the order of the migrations, up before down, then by place */
    size_t finding_count;
    size_t errors, warnings, notes;
    size_t allowed; /* findings that `-- amend:allow` took away */
    size_t scripts; /* how many were looked at */
} amend_lint_report;

AMEND_API void amend_lint_report_free(amend_lint_report *report);

/*
 * Look at migrations for what is dangerous, slow or wrong. Connects to nothing, unless `pending` is set. `options` may be NULL.
 * *out is set on AMEND_OK, and also with LINT (AMEND_REFUSED): something of severity error was found. Other errors: ARGUMENT
 * (without a dialect), what amend_catalog gives, and what a script gives that can't be read or split.
 */
AMEND_API AMEND_CHECKED amend_status amend_lint(amend *handle, const amend_lint_options *options, amend_lint_report **out,
                                                amend_error *error);

#ifdef __cplusplus
}
#endif

#endif
