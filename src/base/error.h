/* SPDX-License-Identifier: MIT */
/*
 * Filling an amend_error. Every function accepts a NULL error. Status, and hint unless one is given, come from the registry.
 */
#ifndef AMEND_BASE_ERROR_H
#define AMEND_BASE_ERROR_H

#include "amend.h"
#include "base/slice.h"

/* Start over with this diagnostic; returns its status. `return error_set(error, AMEND_E_X, "no such file \"%s\"", path);` */
amend_status error_set(amend_error *error, amend_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
amend_status error_memory(amend_error *error);
void error_hint(amend_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_detail(amend_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* file may be NULL: left as it is. Works out line, column, excerpt and caret of byte `offset` in text. */
void error_at(amend_error *error, const char *file, slice text, size_t offset);
/* Copy text into one of the fixed fields, cut at a character's edge, always NUL-terminated. */
void error_copy(char *field, size_t size, slice text);

/* Line and column (both from 1; columns count characters) of a byte offset in UTF-8 text. */
void text_position(slice text, size_t offset, unsigned *line, unsigned *column);
/* Is it UTF-8 (RFC 3629)? If not, *bad is the offset of the first byte that isn't. */
bool text_is_utf8(slice text, size_t *bad);
/* Put a "?" in place of each byte that is not UTF-8: what is shown of such a text must not harm a terminal or a JSON reader. */
void text_mend(char *text);

#endif
