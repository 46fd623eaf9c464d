/* SPDX-License-Identifier: MIT */
#include "diagnose.h"

#include "excerpt.h"
#include "width.h"

#include <string.h>

static const struct
{
    const char *word;
    style style;
} severities[] = {
    [AMEND_INFO] = {"info", STYLE_PLAIN},
    [AMEND_NOTE] = {"note", STYLE_BLUE},
    [AMEND_WARNING] = {"warning", STYLE_YELLOW},
    [AMEND_ERROR] = {"error", STYLE_RED},
};

static void diagnose_head(FILE *out, const look *l, amend_severity severity, int code, const char *message)
{
    style s = severities[severity].style;
    fprintf(out, "%s%s", look_on(l, s), severities[severity].word);
    if (code != 0)
    {
        fprintf(out, " AM%04d", code);
    }
    fprintf(out, ":%s %s%s%s", look_off(l, s), look_on(l, STYLE_BOLD), message, look_off(l, STYLE_BOLD));
}

static void diagnose_place(FILE *out, const look *l, pool *p, const amend_error *e)
{
    fprintf(out, "  %s-->%s %s", look_on(l, STYLE_BLUE), look_off(l, STYLE_BLUE), width_clean(p, e->file));
    if (e->line > 0)
    {
        fprintf(out, ":%u", e->line);
    }
    if (e->line > 0 && e->column > 0)
    {
        fprintf(out, ":%u", e->column);
    }
    if (e->statement > 0 && e->version[0] != '\0')
    {
        fprintf(out, ", statement %u of %s", e->statement, e->version);
    }
    fputc('\n', out);
}

static void diagnose_excerpt(FILE *out, const look *l, pool *p, const amend_error *e)
{
    char number[16];
    int digits = snprintf(number, sizeof number, "%u", e->line);
    int margin = digits < 4 ? 4 : digits;
    size_t before = (size_t)margin + 3, room = l->width == 0 ? 0 : l->width > before + 20 ? l->width - before : 20;
    excerpt x = excerpt_make(p, e->excerpt, e->caret, room);
    const char *on = look_on(l, STYLE_BLUE), *off = look_off(l, STYLE_BLUE);
    fprintf(out, "%s%*s |%s %s\n", on, margin, number, off, x.text);
    if (x.has_caret)
    {
        fprintf(out, "%s%*s |%s %*s%s^%s\n", on, margin, "", off, (int)x.caret, "", look_on(l, STYLE_RED),
                look_off(l, STYLE_RED));
    }
}

/* "  hint: text", further lines under the first. */
static void diagnose_labelled(FILE *out, const look *l, pool *p, const char *label, const char *text)
{
    fprintf(out, "  %s%s:%s ", look_on(l, STYLE_BOLD), label, look_off(l, STYLE_BOLD));
    int indent = (int)strlen(label) + 4;
    for (const char *line = width_clean_lines(p, text); *line != '\0';)
    {
        size_t length = strcspn(line, "\n");
        fprintf(out, "%.*s\n", (int)length, line);
        line += length;
        if (*line == '\n')
        {
            line++;
            fprintf(out, "%*s", *line == '\0' ? 0 : indent, "");
        }
    }
}

/* Lines that say for themselves what they are ("expected  a, b"). */
static void diagnose_lines(FILE *out, pool *p, const char *text)
{
    for (const char *line = width_clean_lines(p, text); *line != '\0';)
    {
        size_t length = strcspn(line, "\n");
        fprintf(out, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void diagnose_error(FILE *out, const look *l, pool *p, const amend_error *error, const char *place)
{
    diagnose_head(out, l, AMEND_ERROR, (int)error->code, width_clean(p, error->message));
    if (error->sqlstate[0] != '\0')
    {
        fprintf(out, " (SQLSTATE %s)", error->sqlstate);
    }
    fputc('\n', out);
    if (error->file[0] != '\0')
    {
        diagnose_place(out, l, p, error);
    }
    else if (place != NULL)
    {
        fprintf(out, "  %s-->%s %s\n", look_on(l, STYLE_BLUE), look_off(l, STYLE_BLUE), width_clean(p, place));
    }
    if (error->line > 0 && error->excerpt[0] != '\0')
    {
        diagnose_excerpt(out, l, p, error);
    }
    if (error->code == AMEND_E_EXISTS_OTHER || error->code == AMEND_E_IN_USE)
    {
        diagnose_lines(out, p, error->detail);
    }
    else if (error->detail[0] != '\0')
    {
        diagnose_labelled(out, l, p, "detail", error->detail);
    }
    if (error->hint[0] != '\0')
    {
        diagnose_labelled(out, l, p, "hint", error->hint);
    }
    if (error->code != 0)
    {
        fprintf(out, "  %s(\"amend explain AM%04d\" says more)%s\n", look_on(l, STYLE_DIM), (int)error->code,
                look_off(l, STYLE_DIM));
    }
}

void diagnose_problem(FILE *out, const look *l, pool *p, const amend_problem *problem, bool hint)
{
    diagnose_head(out, l, problem->severity, (int)problem->code, width_clean(p, problem->message));
    fputc('\n', out);
    if (problem->file != NULL)
    {
        amend_error place = {.line = problem->line};
        snprintf(place.file, sizeof place.file, "%s", problem->file);
        diagnose_place(out, l, p, &place);
    }
    if (problem->detail != NULL)
    {
        diagnose_lines(out, p, problem->detail);
    }
    if (hint && problem->hint != NULL && *problem->hint != '\0')
    {
        diagnose_labelled(out, l, p, "hint", problem->hint);
    }
}

void diagnose_remark(FILE *out, const look *l, pool *p, amend_severity severity, const char *text)
{
    style s = severities[severity].style;
    if (severity != AMEND_INFO)
    {
        fprintf(out, "%s%s:%s ", look_on(l, s), severities[severity].word, look_off(l, s));
    }
    fprintf(out, "%s\n", width_clean(p, text));
}
