/* SPDX-License-Identifier: MIT */
/* Times and counts as people write them: "500ms", "5s", "1.5 min", "2h"; and back. Pure. */
#ifndef AMEND_CLI_DURATION_H
#define AMEND_CLI_DURATION_H

#include <stdbool.h>
#include <stdint.h>

enum
{
    DURATION_TEXT = 32,
};

/* NULL when text is a time of at least one millisecond that fits; else what is wrong with it, for the end of a sentence. */
const char *duration_parse(const char *text, uint32_t *ms);
/* "12 ms", "1.24 s", "3 min 5 s": for people. */
void duration_print(int64_t ms, char out[DURATION_TEXT]);
/* A whole number from 1 to UINT32_MAX, digits only. */
bool number_parse(const char *text, uint32_t *number);

#endif
