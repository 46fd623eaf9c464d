/* SPDX-License-Identifier: MIT */
/*
 * One runner at a time. The lock is a row (table _migrations_lock) with a fencing number that each holder raises by one.
 *
 * Taking it is a compare-and-set on the number that was read together with the history: whoever comes second fails and reads
 * again. A step in a transaction updates the row first (the guard), so that the row lock and the number protect it to its
 * commit; a statement outside a transaction is covered by a lease that a heartbeat on a second connection renews. A holder that
 * is seen to be dead (its process on this machine is gone), or silent for longer than its lease, is taken over; if it was not
 * dead after all, its next guard fails, and nothing more of it runs.
 */
#ifndef AMEND_ENGINE_LOCK_H
#define AMEND_ENGINE_LOCK_H

#include "engine/history.h"

enum
{
    LOCK_HOLDER_SIZE = 160,
};

/* Who we are: boot, process namespace, process, its start, and a number for this handle. */
void lock_holder(char out[LOCK_HOLDER_SIZE]);

/* Does this holder's process run on this very machine and namespace and is it gone? False when that can't be known. */
bool lock_holder_is_dead(const char *holder);

typedef enum lock_state
{
    LOCK_FREE,
    LOCK_HELD,
    LOCK_EXPIRED, /* may be taken over */
} lock_state;

lock_state lock_judge(const history *h, uint32_t lease_ms);

/* Tell (once a second) for whom we wait, and sleep a little. LOCKED when the wait is over. waited_ms since `since_ms`. */
typedef struct lock_wait
{
    int64_t since_ms; /* 0: not waiting yet */
    int64_t told_ms;
    uint32_t pause_ms;
} lock_wait;

amend_status lock_wait_more(session *s, const history *h, lock_wait *wait, amend_error *error);

#endif
