/* SPDX-License-Identifier: MIT */
#include "lint_print.h"

#include "excerpt.h"
#include "help.h"
#include "json.h"
#include "print.h"
#include "width.h"

#include <string.h>

enum
{
    LINT_PAGE_WIDTH = 80,
    LINT_PAGE_INDENT = 8,
};

const char *lint_code(pool *p, const amend_lint_rule *rule)
{
    return pool_format(p, "AL%03d", rule->number);
}

const char *lint_severity(amend_severity severity)
{
    static const char *const names[] = {"off", "note", "warning", "error"};
    return names[severity];
}

/* ------------------------------------------------------------------------------------------------------------ for people */

static void lint_print_finding(cli *c, const amend_lint_finding *f)
{
    static const style styles[] = {STYLE_PLAIN, STYLE_BLUE, STYLE_YELLOW, STYLE_RED};
    const look *l = &c->out;
    style s = styles[f->severity];
    int margin = snprintf(NULL, 0, "%u", f->line);
    margin = margin < 4 ? 4 : margin;
    size_t before = (size_t)margin + 3;
    excerpt x = excerpt_make(&c->pool, f->excerpt, f->caret,
                             l->width == 0            ? 0
                             : l->width > before + 20 ? l->width - before
                                                      : 20);
    printf("%s%s AL%03d %s:%s %s%s%s\n", look_on(l, s), lint_severity(f->severity), f->rule->number, f->rule->name,
           look_off(l, s), look_on(l, STYLE_BOLD), width_clean(&c->pool, f->message), look_off(l, STYLE_BOLD));
    printf("  %s-->%s %s", look_on(l, STYLE_BLUE), look_off(l, STYLE_BLUE), width_clean(&c->pool, f->file));
    if (f->line == 0 || *f->excerpt == '\0')
    {
        fputc('\n', stdout);
        return;
    }
    printf(":%u:%u\n%s%*u |%s %s\n", f->line, f->column, look_on(l, STYLE_BLUE), margin, f->line, look_off(l, STYLE_BLUE),
           x.text);
}

/* The safe form once for each rule, behind its first finding. */
static void lint_print_safe(cli *c, const amend_lint_report *r, size_t i)
{
    for (size_t k = 0; k < i; k++)
    {
        if (r->findings[k].rule == r->findings[i].rule && (!c->quiet || r->findings[k].severity == AMEND_ERROR))
        {
            return;
        }
    }
    int width = c->out.width == 0 || c->out.width > LINT_PAGE_WIDTH ? LINT_PAGE_WIDTH : (int)c->out.width;
    printf("  %ssafe:%s ", look_on(&c->out, STYLE_BOLD), look_off(&c->out, STYLE_BOLD));
    help_wrap(stdout, r->findings[i].rule->safe, LINT_PAGE_INDENT, width);
}

void lint_print_text(cli *c, const amend_lint_report *report)
{
    for (size_t i = 0; i < report->finding_count; i++)
    {
        if (!c->quiet || report->findings[i].severity == AMEND_ERROR)
        {
            lint_print_finding(c, &report->findings[i]);
            lint_print_safe(c, report, i);
        }
    }
    if (report->finding_count > 0)
    {
        print_line(c, STYLE_PLAIN, "%s", "");
    }
    pool *p = &c->pool;
    const char *allowed = report->allowed == 0 ? "" : pool_format(p, "; %zu allowed", report->allowed);
    print_line(c, STYLE_BOLD, "%s, %s, %s in %s%s", print_count(p, report->errors, "error"),
               print_count(p, report->warnings, "warning"), print_count(p, report->notes, "note"),
               print_count(p, report->scripts, "script"), allowed);
    if (report->finding_count > 0)
    {
        print_line(c, STYLE_DIM, "(\"amend explain %s\" says more; -- amend:allow %s \"why\" accepts it)",
                   report->findings[0].rule->name, report->findings[0].rule->name);
    }
}

/* ---------------------------------------------------------------------------------------------------------------- GitHub */

/* Of a property also the characters that would end it. */
static void lint_github_escaped(const char *text, bool property)
{
    for (; *text != '\0'; text++)
    {
        bool escaped = *text == '%' || *text == '\r' || *text == '\n' || (property && (*text == ':' || *text == ','));
        printf(escaped ? "%%%02X" : "%c", *text);
    }
}

void lint_print_command(const char *command, const char *file, unsigned line, unsigned column, const char *title,
                        const char *text)
{
    printf("::%s ", command);
    if (file != NULL)
    {
        fputs("file=", stdout);
        lint_github_escaped(file, true);
        printf(",line=%u,col=%u,", line == 0 ? 1 : line, column == 0 ? 1 : column);
    }
    fputs("title=", stdout);
    lint_github_escaped(title, true);
    fputs("::", stdout);
    lint_github_escaped(text, false);
    fputc('\n', stdout);
}

void lint_print_github(cli *c, const amend_lint_report *report)
{
    static const char *const commands[] = {"notice", "notice", "warning", "error"};
    for (size_t i = 0; i < report->finding_count; i++)
    {
        const amend_lint_finding *f = &report->findings[i];
        if (!c->quiet || f->severity == AMEND_ERROR)
        {
            lint_print_command(commands[f->severity], f->file, f->line, f->column,
                               pool_format(&c->pool, "AL%03d %s", f->rule->number, f->rule->name),
                               pool_format(&c->pool, "%s\n%s", f->message, f->rule->safe));
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------ JSON */

static json_t *lint_finding_json(const amend_lint_finding *f)
{
    pool p = {0};
    json_t *out = json_object();
    json_add(out, "code", lint_code(&p, f->rule));
    json_add(out, "rule", f->rule->name);
    json_add(out, "severity", lint_severity(f->severity));
    json_add(out, "message", f->message);
    json_add(out, "object", f->object);
    json_add(out, "version", f->version);
    json_add(out, "migration", f->name);
    json_add(out, "file", f->file);
    json_add(out, "direction", f->direction == AMEND_DOWN ? "down" : "up");
    if (f->statement > 0)
    {
        json_add_number(out, "statement", f->statement);
    }
    if (f->line > 0)
    {
        json_add_number(out, "line", f->line);
        json_add_number(out, "column", f->column);
        json_add_number(out, "offset", (int64_t)f->offset);
        json_add(out, "excerpt", f->excerpt);
    }
    pool_clear(&p);
    return out;
}

json_t *lint_json(const amend_lint_report *report)
{
    json_t *out = json_object(), *findings = json_array();
    json_add(out, "command", "lint");
    json_add(out, "dialect", report->dialect);
    json_add(out, "dir", report->dir);
    json_add_number(out, "scripts", (int64_t)report->scripts);
    json_add_number(out, "errors", (int64_t)report->errors);
    json_add_number(out, "warnings", (int64_t)report->warnings);
    json_add_number(out, "notes", (int64_t)report->notes);
    json_add_number(out, "allowed", (int64_t)report->allowed);
    for (size_t i = 0; i < report->finding_count; i++)
    {
        json_array_append_new(findings, lint_finding_json(&report->findings[i]));
    }
    json_object_set_new(out, "findings", findings);
    return out;
}

json_t *lint_rule_json(const amend_lint_rule *rule)
{
    pool p = {0};
    json_t *out = json_object();
    json_add(out, "code", lint_code(&p, rule));
    json_add(out, "rule", rule->name);
    json_add(out, "dialect", rule->dialect);
    json_add(out, "severity", lint_severity(rule->severity));
    json_add(out, "title", rule->title);
    json_add(out, "why", rule->why);
    json_add(out, "scale", rule->scale);
    json_add(out, "safe", rule->safe);
    json_add(out, "bad", rule->bad);
    json_add(out, "good", rule->good);
    pool_clear(&p);
    return out;
}

/* -------------------------------------------------------------------------------------------------------------- the page */

static void lint_paragraph(const cli *c, const char *label, const char *text)
{
    int width = c->out.width == 0 || c->out.width > LINT_PAGE_WIDTH ? LINT_PAGE_WIDTH : (int)c->out.width;
    printf("\n%s%s:%s%*s", look_on(&c->out, STYLE_BOLD), label, look_off(&c->out, STYLE_BOLD),
           LINT_PAGE_INDENT - 1 - (int)strlen(label), "");
    help_wrap(stdout, text, LINT_PAGE_INDENT, width);
}

/* "@before" and the like become comments that say which script begins. */
static void lint_example(const cli *c, const char *label, const char *text)
{
    static const struct
    {
        const char *mark, *words;
    } marks[] = {{"@before", "-- an earlier migration"}, {"@up", "-- this migration"}, {"@down", "-- its down script"}};
    printf("\n%s%s:%s\n", look_on(&c->out, STYLE_BOLD), label, look_off(&c->out, STYLE_BOLD));
    while (*text != '\0')
    {
        int length = (int)strcspn(text, "\n");
        const char *line = text;
        int shown = length;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        {
            if ((int)strlen(marks[i].mark) == length && strncmp(text, marks[i].mark, (size_t)length) == 0)
            {
                line = marks[i].words;
                shown = (int)strlen(line);
            }
        }
        printf("    %.*s\n", shown, line);
        text += length + (text[length] == '\n');
    }
}

void lint_print_rule(cli *c, const amend_lint_rule *rule)
{
    printf("%sAL%03d %s%s: %s (%s, %s)\n", look_on(&c->out, STYLE_BOLD), rule->number, rule->name,
           look_off(&c->out, STYLE_BOLD), rule->title, lint_severity(rule->severity),
           rule->dialect == NULL ? "every database" : rule->dialect);
    lint_paragraph(c, "Why", rule->why);
    lint_paragraph(c, "Scale", rule->scale);
    lint_paragraph(c, "Safe", rule->safe);
    lint_example(c, "Fires", rule->bad);
    lint_example(c, "Fine", rule->good);
}
