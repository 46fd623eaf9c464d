/* SPDX-License-Identifier: MIT */
/*
 * The file .env: KEY=VALUE lines, with "export " before them, quotes and comments, as other programs read it too. Lines that
 * are nothing of the kind are passed over: the file is not amend's own.
 */
#ifndef AMEND_CLI_DOTENV_H
#define AMEND_CLI_DOTENV_H

#include "pool.h"

#include <stdbool.h>

typedef struct dotenv_entry
{
    const char *key, *value;
    unsigned line;
    bool literal; /* in single quotes: ${NAME} in it means nothing */
} dotenv_entry;

typedef struct dotenv
{
    dotenv_entry *entries;
    size_t count;
} dotenv;

void dotenv_parse(pool *p, const char *text, dotenv *out);
/* The last entry of that key; NULL when there is none. */
const dotenv_entry *dotenv_find(const dotenv *d, const char *key);

#endif
