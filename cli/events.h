/* SPDX-License-Identifier: MIT */
/* What the library tells while it works, put before the user: lines, remarks, progress, or JSON lines. */
#ifndef AMEND_CLI_EVENTS_H
#define AMEND_CLI_EVENTS_H

#include "cli.h"

/* An amend_event_fn; arg is the cli. */
void events_handle(void *arg, const amend_event *event);

#endif
