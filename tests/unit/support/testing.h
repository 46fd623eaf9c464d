/* SPDX-License-Identifier: MIT */
/* cmocka with the headers that it wants before it. */
#ifndef AMEND_TEST_TESTING_H
#define AMEND_TEST_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
