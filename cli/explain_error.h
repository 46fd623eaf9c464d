/* SPDX-License-Identifier: MIT */
/* amend explain --error: what healing would do about an error, without doing it. */
#ifndef AMEND_CLI_EXPLAIN_ERROR_H
#define AMEND_CLI_EXPLAIN_ERROR_H

#include "cli.h"

/*
 * Says what the error misses, which migration provides it, what would be applied, and the verdict. AMEND_OK when it would be
 * cured. Else the verdict is the error: HEAL_UNRELATED, HEAL_UNKNOWN, HEAL_DRIFT, HEAL_REFUSED, or what is wrong with the plan.
 */
amend_status explain_error(cli *c, amend_error *error);

#endif
