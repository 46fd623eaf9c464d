/* SPDX-License-Identifier: MIT */
/* The lines "-- amend:…" in the comment block at a script's head. Pure. */
#ifndef AMEND_MIGRATION_DIRECTIVES_H
#define AMEND_MIGRATION_DIRECTIVES_H

#include "amend.h"
#include "base/arena.h"
#include "base/slice.h"

/* What the directives at a script's head say. Zero is the default of each. */
typedef struct directives
{
    bool has_depends;     /* with depends_count 0: "depends none" */
    const char **depends; /* versions as written */
    size_t *depends_at;   /* the byte offset of each in the text */
    size_t depends_count;
    bool transaction_off;
    const char *destructive; /* the reason, NULL without the directive */
    const char **provides;   /* "table audit_log", "enum value status.done": the kind in lower case, one space, the rest */
    size_t provides_count;
    uint32_t lock_timeout_ms; /* 0: not given */
    bool enum_order_strict;   /* the order of an enumeration's values counts */
    unsigned stray_line;      /* a line like a directive behind the head, where it has no effect; 0: there is none */
} directives;

/*
 * Read the directives at the head of a text: the blank lines and comments before its first SQL. `file` is for the error.
 * What the directives say is copied into the arena. Errors: DIRECTIVE with line, column and excerpt; OUT_OF_MEMORY.
 */
amend_status directives_parse(arena *a, const char *file, slice text, directives *out, amend_error *error);

#endif
