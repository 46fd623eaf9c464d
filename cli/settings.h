/* SPDX-License-Identifier: MIT */
/*
 * What the command works with and where each value came from: flags, then environment, then .env, then amend.ini (the chosen
 * environment's section, then the top), then the default.
 */
#ifndef AMEND_CLI_SETTINGS_H
#define AMEND_CLI_SETTINGS_H

#include "amend.h"
#include "args.h"

typedef struct setting
{
    const char *value;  /* NULL: none */
    const char *shown;  /* the value with its password as *** */
    const char *source; /* "--url", "environment DATABASE_URL", ".env:3", "amend.ini:7 [production]", "default" */
    const char *file;   /* the file it stands in, NULL when in none; for errors */
    unsigned line;
    uint32_t ms; /* of a time */
    bool on;     /* of a switch */
} setting;

typedef struct settings
{
    setting items[SETTINGS];
    const char *warning;      /* NULL: none */
    amend_lint_setting *lint; /* the section [lint] */
    size_t lint_count;
} settings;

/*
 * Read .env and amend.ini in the current directory, and put all together. Everything is allocated in the pool. Errors:
 * SETTINGS, with file and line or with the source named; FILE_READ.
 */
amend_status settings_load(pool *p, const arguments *args, settings *out, amend_error *error);

/* Fill the fields that settings decide. */
void settings_apply(const settings *s, amend_options *options);

#endif
