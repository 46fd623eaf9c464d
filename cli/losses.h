/* SPDX-License-Identifier: MIT */
/* What a run takes away, or would: a table for people, an array for programs. */
#ifndef AMEND_CLI_LOSSES_H
#define AMEND_CLI_LOSSES_H

#include "amend/loss.h"
#include "cli.h"

#include <jansson.h>

/* On standard error: standard output may be the dry run's SQL. Nothing when nothing is lost, or with --quiet. */
void losses_print(cli *c, const amend_report *report);
json_t *losses_json(const amend_report *report);

#endif
