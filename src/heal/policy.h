/* SPDX-License-Identifier: MIT */
/* May these migrations run by themselves? Pure. */
#ifndef AMEND_HEAL_POLICY_H
#define AMEND_HEAL_POLICY_H

#include "engine/plan.h"
#include "heal/knowledge.h"

/*
 * Add to the plan a conflict for each step that may not run: HEAL_REFUSED (with file and line, the rule in front of its
 * message) under ADDITIVE and REPORT, HEAL_TRANSACTION when `inside` a caller's transaction. An objection against a table that
 * the same plan has made before does not count. Error: OUT_OF_MEMORY.
 */
amend_status policy_check(const knowledge *k, amend_heal_policy policy, bool inside, arena *a, plan *p, amend_error *error);

#endif
