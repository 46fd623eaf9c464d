/* SPDX-License-Identifier: MIT */
/*
 * What was tried lately: so that a failed migration is not tried at every query, an applied one not looked up at every query,
 * and those who waited for a cure know that it came. Bounded: the oldest is forgotten. Pure: the caller has the clock and the
 * lock.
 */
#ifndef AMEND_HEAL_MEMORY_H
#define AMEND_HEAL_MEMORY_H

#include "amend.h"

enum
{
    MEMORY_SIZE = 64,
};

typedef struct memo
{
    char version[72];
    amend_cure cure; /* DONE, FAILED, DRIFT, REFUSED */
    int64_t at_ms;   /* when, by the monotonic clock */
    int64_t stamp;   /* of the migrations' files then: another stamp makes FAILED, DRIFT and REFUSED void */
    amend_error error;
} memo;

typedef struct memory
{
    memo *memos; /* MEMORY_SIZE of them, NULL until the first */
    size_t count;
} memory;

/* The memo of that version that still holds; NULL when there is none. DONE holds until it is replaced. */
const memo *memory_find(const memory *m, const char *version, int64_t now_ms, uint32_t cooldown_ms, int64_t stamp);
/* The same, whether it still holds or not. */
const memo *memory_last(const memory *m, const char *version);
/* Replaces what was known of that version; `error` may be NULL. Memory that can't be had is no error: it is not remembered. */
void memory_note(memory *m, const amend_allocator *allocator, const char *version, amend_cure cure, const amend_error *error,
                 int64_t now_ms, int64_t stamp);
void memory_clear(memory *m, const amend_allocator *allocator);

#endif
