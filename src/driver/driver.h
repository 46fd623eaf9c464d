/* SPDX-License-Identifier: MIT */
/* The drivers of this build. The contract is amend/driver.h, which those outside use too. */
#ifndef AMEND_DRIVER_DRIVER_H
#define AMEND_DRIVER_DRIVER_H

#include "amend/driver.h"

/* The first driver that accepts the URL; NULL when none does. */
const amend_driver *driver_for_url(const char *url);
/* If the URL belongs to a driver that this build lacks, its name ("postgres"), else NULL. */
const char *driver_missing(const char *url);

#endif
