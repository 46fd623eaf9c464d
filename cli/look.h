/* SPDX-License-Identifier: MIT */
/* How a stream is to be written: with colours or not, and how wide it is. */
#ifndef AMEND_CLI_LOOK_H
#define AMEND_CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct look
{
    bool terminal;
    bool color;
    size_t width; /* in columns; 0: no limit */
} look;

typedef enum style
{
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_RED,
    STYLE_GREEN,
    STYLE_YELLOW,
    STYLE_BLUE,
} style;

/* `when` is the value of --color, NULL for auto. Asks the terminal for its size; the variable COLUMNS comes before that. */
look look_at(FILE *stream, const char *when);
/* The rule itself: pure. The variables may be NULL. */
bool look_wants_color(const char *when, bool terminal, const char *no_color, const char *term);

/* What switches a style on and off again; "" where nothing is to be switched. */
const char *look_on(const look *l, style s);
const char *look_off(const look *l, style s);

#endif
