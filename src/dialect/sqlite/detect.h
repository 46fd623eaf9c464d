/* SPDX-License-Identifier: MIT */
/* The slot `detect` of the dialect. */
#ifndef AMEND_DIALECT_SQLITE_DETECT_H
#define AMEND_DIALECT_SQLITE_DETECT_H

#include "amend.h"

bool sqlite_detect(const amend_db_error *error, amend_object *out);

#endif
