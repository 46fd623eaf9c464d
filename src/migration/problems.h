/* SPDX-License-Identifier: MIT */
/* The list of findings that a load gathers. Like buf, it remembers that memory was short, to be asked once at the end. */
#ifndef AMEND_MIGRATION_PROBLEMS_H
#define AMEND_MIGRATION_PROBLEMS_H

#include "amend.h"
#include "base/arena.h"

typedef struct problems
{
    arena *arena;
    amend_problem *items;
    size_t count;
    bool failed;
} problems;

/* Add a finding; the hint is the diagnostic's. version and file (borrowed; in the same arena or longer) may be NULL. */
void problems_add(problems *list, amend_severity severity, amend_code code, const char *version, const char *file,
                  unsigned line, const char *format, ...) __attribute__((format(printf, 7, 8)));

#endif
