/* SPDX-License-Identifier: MIT */
/* --help, made from the tables of commands.h. */
#ifndef AMEND_CLI_HELP_H
#define AMEND_CLI_HELP_H

#include "commands.h"
#include "look.h"

/* What `amend` alone prints: what it is and the five commands that people use. */
void help_short(FILE *out, const look *l);
/* Every command. */
void help_all(FILE *out, const look *l);
void help_command(FILE *out, const look *l, const command *c);
/* Words in lines of at most `width` columns, each behind `indent` blanks; the first is taken to stand at `indent` already. */
void help_wrap(FILE *out, const char *text, int indent, int width);

#endif
