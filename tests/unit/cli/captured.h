/* SPDX-License-Identifier: MIT */
/* A stream whose text a test can look at. */
#ifndef AMEND_TEST_CAPTURED_H
#define AMEND_TEST_CAPTURED_H

#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct captured
{
    FILE *stream;
    char *text;
    size_t length;
} captured;

static inline FILE *captured_begin(captured *c)
{
    c->stream = open_memstream(&c->text, &c->length);
    assert_non_null(c->stream);
    return c->stream;
}

/* What was written since the beginning, or since the last look. */
static inline void captured_expect(captured *c, const char *expected)
{
    fflush(c->stream);
    c->text[ftell(c->stream)] = '\0';
    assert_string_equal(c->text, expected);
    rewind(c->stream);
}

static inline void captured_end(captured *c)
{
    fclose(c->stream);
    free(c->text);
}

#endif
