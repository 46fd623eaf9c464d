/* SPDX-License-Identifier: MIT */
/* Time and identifiers: the only place that asks the system's clock, its random bytes and its names. */
#ifndef AMEND_BASE_CLOCK_H
#define AMEND_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_monotonic_ms(void);
int64_t clock_now_us(void); /* since 1970, UTC */
void clock_sleep_ms(uint32_t ms);

/* ISO 8601 in UTC: 2026-11-03T12:00:00.123Z with 3 fraction digits, .123456Z with 6. out takes 28 bytes. */
void clock_format(int64_t us, unsigned digits, char out[28]);

/* A number below `bound`, for jitter. Not for secrets. */
uint32_t clock_random(uint32_t bound);

/*
 * A UUIDv7 (RFC 9562 section 5.7) as text, greater than `after` (a UUIDv7, or NULL): when the clock stands still or goes
 * back, the new one counts on from `after` (section 6.2, method 2).
 */
void uuid_next(const char *after, char out[37]);

#endif
