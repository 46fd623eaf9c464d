/* SPDX-License-Identifier: MIT */
/* `amend up --preview`. */
#ifndef AMEND_CLI_PREVIEW_H
#define AMEND_CLI_PREVIEW_H

#include "cli.h"

/* Preview and print. */
amend_status preview_call(cli *c, const amend_run *run, amend_error *error);

#endif
