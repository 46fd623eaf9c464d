/* SPDX-License-Identifier: MIT */
/* A source line with a caret under the place that is meant. Pure. */
#ifndef AMEND_CLI_EXCERPT_H
#define AMEND_CLI_EXCERPT_H

#include "pool.h"

#include <stdbool.h>

typedef struct excerpt
{
    const char *text; /* tabs made blanks, control characters made harmless, cut to the width around the caret */
    size_t caret;     /* columns before the caret; only meaningful when has_caret */
    bool has_caret;
} excerpt;

/* `caret`: characters from 1, 0 for none; one behind the line's end is allowed. `columns`: 0 for no limit. */
excerpt excerpt_make(pool *p, const char *line, unsigned caret, size_t columns);

#endif
