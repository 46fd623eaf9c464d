/* SPDX-License-Identifier: MIT */
#include "migration/problems.h"

#include "base/diagnostic.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

void problems_add(problems *list, amend_severity severity, amend_code code, const char *version, const char *file,
                  unsigned line, const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    text_mend(message); /* what did not fit may have been cut within a character */
    char *copy = arena_string(list->arena, message);
    amend_problem *items = arena_grow(list->arena, list->items, list->count, sizeof *items);
    if (copy == NULL || items == NULL)
    {
        list->failed = true;
        return;
    }
    list->items = items;
    items[list->count++] = (amend_problem){
        .severity = severity,
        .code = code,
        .version = version,
        .file = file,
        .line = line,
        .message = copy,
        .hint = diagnostic_find(code)->remedy,
    };
}
