/* SPDX-License-Identifier: MIT */
#include "explain_error.h"
#include "fault.h"
#include "help.h"
#include "json.h"
#include "lint_print.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

enum
{
    EXPLAIN_WIDTH = 80,
};

static json_t *explanation_json(const amend_explanation *e)
{
    json_t *out = json_object();
    char code[16];
    snprintf(code, sizeof code, "AM%04d", (int)e->code);
    json_add(out, "code", code);
    json_add(out, "name", e->name);
    json_add_number(out, "status", e->status);
    json_add(out, "text", e->text);
    json_add(out, "cause", e->cause);
    json_add(out, "remedy", e->remedy);
    return out;
}

static void list(cli *c)
{
    static const table_column columns[] = {{"CODE", 0}, {"NAME", 0}, {"MEANING", TABLE_SHRINKS}};
    table t;
    table_init(&t, &c->pool, columns, 3);
    json_t *all = c->json ? json_array() : NULL;
    const amend_explanation *e;
    for (size_t i = 0; (e = amend_explain_at(i)) != NULL; i++)
    {
        if (c->json)
        {
            json_array_append_new(all, explanation_json(e));
            continue;
        }
        table_add(&t, (table_cell[]){{pool_format(&c->pool, "AM%04d", (int)e->code), STYLE_PLAIN},
                                     {e->name, STYLE_PLAIN},
                                     {e->text, STYLE_PLAIN}});
    }
    json_t *rules = c->json ? json_array() : NULL;
    const amend_lint_rule *rule;
    for (size_t i = 0; (rule = amend_lint_rule_at(i)) != NULL; i++)
    {
        if (c->json)
        {
            json_array_append_new(rules, lint_rule_json(rule));
            continue;
        }
        table_add(&t, (table_cell[]){
                          {lint_code(&c->pool, rule), STYLE_PLAIN}, {rule->name, STYLE_PLAIN}, {rule->title, STYLE_PLAIN}});
    }
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "explain");
        json_object_set_new(object, "diagnostics", all);
        json_object_set_new(object, "rules", rules);
        json_print(object);
        return;
    }
    table_print(&t, stdout, &c->out);
}

static amend_status explain_rule(cli *c, const amend_lint_rule *rule)
{
    if (!c->json)
    {
        lint_print_rule(c, rule);
        return AMEND_OK;
    }
    json_t *object = lint_rule_json(rule);
    json_add(object, "command", "explain");
    json_print(object);
    return AMEND_OK;
}

/* AM0210, am210, 210, STATEMENT. */
static const amend_explanation *find(const char *text)
{
    const char *digits = strncasecmp(text, "AM", 2) == 0 ? text + 2 : text;
    char *end;
    long number = strtol(digits, &end, 10);
    if (end != digits && *end == '\0' && number > 0 && number <= INT32_MAX)
    {
        return amend_explain((int)number);
    }
    const amend_explanation *e;
    for (size_t i = 0; (e = amend_explain_at(i)) != NULL; i++)
    {
        if (strcasecmp(e->name, text) == 0)
        {
            return e;
        }
    }
    return NULL;
}

static void paragraph(const cli *c, const char *label, const char *text)
{
    const int indent = 9;
    int width = c->out.width == 0 || c->out.width > EXPLAIN_WIDTH ? EXPLAIN_WIDTH : (int)c->out.width;
    printf("\n%s%s:%s%*s", look_on(&c->out, STYLE_BOLD), label, look_off(&c->out, STYLE_BOLD), indent - 1 - (int)strlen(label),
           "");
    help_wrap(stdout, text, indent, width);
}

amend_status cmd_explain(cli *c, amend_error *error)
{
    if (args_has(&c->args, OPTION_ERROR) || args_has(&c->args, OPTION_SQLSTATE) || args_has(&c->args, OPTION_QUERY) ||
        args_has(&c->args, OPTION_POSITION))
    {
        return explain_error(c, error);
    }
    if (c->args.operand_count == 0)
    {
        list(c);
        return AMEND_OK;
    }
    const amend_explanation *e = find(c->args.operands[0]);
    const amend_lint_rule *rule = amend_lint_rule_find(c->args.operands[0]);
    if (rule != NULL)
    {
        return explain_rule(c, rule);
    }
    if (e == NULL)
    {
        amend_status status = fault_set(error, AMEND_E_OPTION, "no diagnostic and no lint rule \"%s\"", c->args.operands[0]);
        fault_hint(error, "\"amend explain\" lists all of them; a code looks like AM0210 or AL005.");
        return status;
    }
    if (c->json)
    {
        json_t *object = explanation_json(e);
        json_add(object, "command", "explain");
        json_print(object);
        return AMEND_OK;
    }
    printf("%sAM%04d %s%s: %s", look_on(&c->out, STYLE_BOLD), (int)e->code, e->name, look_off(&c->out, STYLE_BOLD), e->text);
    printf(e->status == AMEND_OK ? "\n" : " (exit status %d)\n", (int)e->status);
    paragraph(c, "Cause", e->cause);
    paragraph(c, "Remedy", e->remedy);
    return AMEND_OK;
}
