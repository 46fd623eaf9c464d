/* SPDX-License-Identifier: MIT */
/* The function that each target defines, as libFuzzer calls it. Always returns 0. */
#ifndef AMEND_FUZZ_FUZZ_H
#define AMEND_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that was broken is a crash, whatever NDEBUG says. */
#define FUZZ_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
