/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

amend_status fault_set(amend_error *error, amend_code code, const char *format, ...)
{
    const amend_explanation *known = amend_explain((int)code);
    memset(error, 0, sizeof *error);
    error->code = code;
    error->status = known == NULL ? AMEND_FAILED : known->status;
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    snprintf(error->hint, sizeof error->hint, "%s", known == NULL ? "" : known->remedy);
    return error->status;
}

void fault_hint(amend_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->hint, sizeof error->hint, format, args);
    va_end(args);
}

void fault_at(amend_error *error, const char *file, unsigned line)
{
    snprintf(error->file, sizeof error->file, "%s", file);
    error->line = line;
}
