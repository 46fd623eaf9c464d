/* SPDX-License-Identifier: MIT */
/*
 * How wide text is on a terminal, and text made safe for one. Pure, and without the C library's locale: amend's text is UTF-8
 * whatever the locale says, and setting a locale up costs more than a whole no-op run's start.
 */
#ifndef AMEND_CLI_WIDTH_H
#define AMEND_CLI_WIDTH_H

#include "pool.h"

#include <stdint.h>

/* The character at *at (not at the end); *at moves behind it. A byte that is no UTF-8 gives U+FFFD and moves by one. */
uint32_t width_next(const char **at);
/* Columns that a character takes: 0 for combining ones, 2 for wide ones, else 1. */
unsigned width_of(uint32_t character);
/* Columns of a text without control characters. */
size_t width_text(const char *text);
/*
 * One line that is safe to print: control characters, which could steer the terminal, become spaces or "?", broken UTF-8
 * becomes U+FFFD. The text itself when there is nothing to do.
 */
const char *width_clean(pool *p, const char *text);
/* The same, but line ends stay. */
const char *width_clean_lines(pool *p, const char *text);
/* At most `columns` wide, its end cut off with "…" when it is wider. */
const char *width_cut(pool *p, const char *text, size_t columns);

#endif
