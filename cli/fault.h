/* SPDX-License-Identifier: MIT */
/* The command's own errors: the same amend_error as the library's, filled from the same registry of diagnostics. */
#ifndef AMEND_CLI_FAULT_H
#define AMEND_CLI_FAULT_H

#include "amend.h"

/* Start over with this diagnostic, its hint the registry's; returns its status. */
amend_status fault_set(amend_error *error, amend_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void fault_hint(amend_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Where: line 0 when it is the file as a whole. */
void fault_at(amend_error *error, const char *file, unsigned line);

#endif
