/* SPDX-License-Identifier: MIT */
/*
 * Passwords in what the user typed. A URL reaches amend in many places (a flag, a mistyped argument, a line of a file), and any
 * of them may be shown in an error, a list of settings or the list of processes. These find the password by its surroundings,
 * in URLs and conninfo strings, also in text that is neither: rather too much is masked than too little. Pure.
 */
#ifndef AMEND_CLI_SECRET_H
#define AMEND_CLI_SECRET_H

#include "pool.h"

/* A copy with *** in place of each password; the text itself when it has none. */
const char *secret_mask(pool *p, const char *text);
/* Overwrite each password with "*", byte by byte, in place. */
void secret_wipe(char *text);

#endif
