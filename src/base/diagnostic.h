/* SPDX-License-Identifier: MIT */
/* The registry of diagnostics (registry/amend/diagnostics.def) as a table; amend_object_kind_name is here, too. */
#ifndef AMEND_BASE_DIAGNOSTIC_H
#define AMEND_BASE_DIAGNOSTIC_H

#include "amend.h"

/* NULL when there is none of that number. */
const amend_explanation *diagnostic_find(int code);
/* The i-th, from 0, ordered by number; NULL behind the last. */
const amend_explanation *diagnostic_at(size_t i);

#endif
