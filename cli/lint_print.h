/* SPDX-License-Identifier: MIT */
/* What lint found, in the forms of `amend lint --format`, and a rule's page. */
#ifndef AMEND_CLI_LINT_PRINT_H
#define AMEND_CLI_LINT_PRINT_H

#include "amend/lint.h"
#include "cli.h"

#include <jansson.h>

/* For people: each finding with its line, then a sum. Of these only errors with --quiet. */
void lint_print_text(cli *c, const amend_lint_report *report);
/*
 * Workflow commands of GitHub Actions, one line each:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
void lint_print_github(cli *c, const amend_lint_report *report);
/* One of them: "error", "warning" or "notice". `file` may be NULL, line and column 0. */
void lint_print_command(const char *command, const char *file, unsigned line, unsigned column, const char *title,
                        const char *text);
/* {"command": "lint", …} without an error. */
json_t *lint_json(const amend_lint_report *report);
/* SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
json_t *lint_sarif(pool *p, const amend_lint_report *report);

/* A rule with its page. */
json_t *lint_rule_json(const amend_lint_rule *rule);
void lint_print_rule(cli *c, const amend_lint_rule *rule);
/* "AL005". */
const char *lint_code(pool *p, const amend_lint_rule *rule);
/* "off", "note", "warning", "error". */
const char *lint_severity(amend_severity severity);

#endif
