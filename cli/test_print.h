/* SPDX-License-Identifier: MIT */
/* What `amend test` found, in its forms. */
#ifndef AMEND_CLI_TEST_PRINT_H
#define AMEND_CLI_TEST_PRINT_H

#include "amend/test.h"
#include "cli.h"

#include <jansson.h>

/* The findings as they came, copied into the pool. */
typedef struct test_list
{
    amend_test_result *items;
    size_t count, passed, failed, skipped;
    int64_t elapsed_ms;
} test_list;

/* For people: a line for each migration with what was tried, what failed below it, then a sum. Failures only with --quiet. */
void test_print_text(cli *c, const test_list *list);
/* The failures as workflow commands of GitHub Actions. */
void test_print_github(cli *c, const test_list *list);
/* {"command": "test", …} without an error. */
json_t *test_json(const test_list *list);
/* JUnit XML as CI systems read it: a case for each finding, its class the migration. */
void test_junit(pool *p, const test_list *list, FILE *out);

#endif
