/* SPDX-License-Identifier: MIT */
/*
 * The C file that `amend embed` writes: an array of amend_file and its length. A text is written as one string literal per
 * line, so that the file reads, and compares, like the scripts it holds. Any bytes come through as they are.
 */
#ifndef AMEND_CLI_EMBED_H
#define AMEND_CLI_EMBED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

void embed_begin(FILE *out, const char *symbol);
void embed_file(FILE *out, const char *path, const char *text, size_t length);
void embed_end(FILE *out, const char *symbol);

/* The path as under the migrations' directory. */
const char *embed_path(const char *dir, const char *file);
bool embed_is_symbol(const char *name);

#endif
