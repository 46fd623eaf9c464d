/* SPDX-License-Identifier: MIT */
/* The drivers that exist; which of them this build has is driver.c's business. */
#ifndef AMEND_DRIVER_DRIVERS_H
#define AMEND_DRIVER_DRIVERS_H

#include "amend/driver.h"

extern const amend_driver driver_sqlite;
extern const amend_driver driver_postgres;

#endif
