/* SPDX-License-Identifier: MIT */
/*
 * An allocator that fails on demand and keeps books: which blocks are out, of which size. A call with a block that it never
 * gave, or with a wrong old size, aborts the test: with an application's own allocator that would be a corrupted heap.
 *
 *     for (size_t n = 1; ; n++)
 *     {
 *         faulty_alloc f;
 *         const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
 *         ... run; expect OUT_OF_MEMORY when f.failures > 0 ...
 *         assert_int_equal(faulty_alloc_clear(&f), 0);     nothing is left over
 *         if (f.failures == 0) break;                      it took fewer than n calls: all have failed once
 *     }
 */
#ifndef AMEND_TEST_FAULTY_ALLOC_H
#define AMEND_TEST_FAULTY_ALLOC_H

#include "amend.h"

typedef enum faulty_mode
{
    FAULTY_ONCE,     /* the nth fallible call fails, those after it work again */
    FAULTY_FOR_GOOD, /* the nth and all after it fail */
} faulty_mode;

typedef struct faulty_alloc
{
    amend_allocator allocator;
    size_t fail_at; /* 0: never */
    faulty_mode mode;
    size_t calls;       /* fallible ones so far: those that ask for memory */
    size_t failures;    /* how many of them were refused */
    size_t live, bytes; /* blocks that are out, and their sizes in all */
    size_t peak;        /* most bytes at one time */
} faulty_alloc;

/* Fail the nth call, from 1; 0 for never. Returns the allocator, which lives as long as *f. */
const amend_allocator *faulty_alloc_init(faulty_alloc *f, size_t nth, faulty_mode mode);
/* How many blocks were never given back. (The sanitizer tells where they came from.) */
size_t faulty_alloc_clear(const faulty_alloc *f);

#endif
