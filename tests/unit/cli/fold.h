/* SPDX-License-Identifier: MIT */
/* Control characters made visible, and back, so that the cases stay plain text of one line each. */
#ifndef AMEND_TEST_FOLD_H
#define AMEND_TEST_FOLD_H

#include "cli/pool.h"
#include "support/cases.h"

#include <string.h>

static const struct
{
    const char *sign, *meaning;
} fold_signs[] = {{"⏎", "\n"}, {"⇥", "\t"}, {"␍", "\r"}, {"→", "\t"}, {"·", " "}};

static inline const char *fold_replace(pool *p, const char *text, const char *from, const char *to)
{
    const char *at;
    while ((at = strstr(text, from)) != NULL)
    {
        text = pool_format(p, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    }
    return text;
}

static inline const char *fold_control(pool *p, const char *text)
{
    for (size_t i = 0; i < 3; i++)
    {
        text = fold_replace(p, text, fold_signs[i].meaning, fold_signs[i].sign);
    }
    return text;
}

static inline const char *unfold_control(pool *p, const char *text)
{
    for (size_t i = 0; i < sizeof fold_signs / sizeof fold_signs[0]; i++)
    {
        text = fold_replace(p, text, fold_signs[i].sign, fold_signs[i].meaning);
    }
    return text;
}

#endif
