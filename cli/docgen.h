/* SPDX-License-Identifier: MIT */
/* What docgen, the build-time generator, writes from the tables of commands.h: manual pages, shell completion,
 * docs/commands.md. */
#ifndef AMEND_CLI_DOCGEN_H
#define AMEND_CLI_DOCGEN_H

#include "commands.h"

#include <stdio.h>

/* The page amend.1, and amend-COMMAND.1. */
void docgen_man(FILE *out);
void docgen_man_command(FILE *out, const command *c);

void docgen_bash(FILE *out);
void docgen_zsh(FILE *out);
void docgen_fish(FILE *out);

void docgen_markdown(FILE *out);
/* docs/lint.md. */
void docgen_lint(FILE *out);

/* All exit statuses, the text of status i; NULL behind the last. */
const char *docgen_status(size_t i);
/* The examples' next line: what to type, and what it does (empty when nothing is said). False behind the last. */
typedef struct docgen_example
{
    const char *call, *text;
    int call_length, text_length;
} docgen_example;

bool docgen_next_example(const char **at, docgen_example *out);

#endif
