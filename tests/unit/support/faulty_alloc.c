/* SPDX-License-Identifier: MIT */
/* Each block has a head with its size and a mark; a freed one's mark is broken, so that a second free is noticed. */
#include "support/faulty_alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK 0x616d656e64626c6bULL

typedef struct head
{
    _Alignas(max_align_t) unsigned long long mark;
    size_t size;
} head;

static void insist(bool condition, const char *what)
{
    if (!condition)
    {
        fprintf(stderr, "faulty_alloc: %s\n", what);
        abort();
    }
}

static head *head_of(void *block, size_t old_size)
{
    if (block == NULL)
    {
        insist(old_size == 0, "a size for no block");
        return NULL;
    }
    head *h = (head *)block - 1;
    insist(h->mark == MARK, "a block that was not given, or was freed before");
    insist(h->size == old_size, "a wrong old size");
    return h;
}

static void release(faulty_alloc *f, head *h)
{
    if (h != NULL)
    {
        f->live--;
        f->bytes -= h->size;
        h->mark = 0;
        free(h);
    }
}

static bool refuse(faulty_alloc *f)
{
    f->calls++;
    bool refused = f->fail_at != 0 && (f->mode == FAULTY_ONCE ? f->calls == f->fail_at : f->calls >= f->fail_at);
    f->failures += refused;
    return refused;
}

/* Always moves the block, so that a pointer kept from before is found out. */
static void *resize(void *arg, void *block, size_t old_size, size_t new_size)
{
    faulty_alloc *f = arg;
    head *old = head_of(block, old_size);
    if (new_size == 0)
    {
        release(f, old);
        return NULL;
    }
    head *h = refuse(f) ? NULL : malloc(sizeof *h + new_size);
    if (h == NULL)
    {
        return NULL;
    }
    *h = (head){.mark = MARK, .size = new_size};
    memset(h + 1, 0xa5, new_size);
    if (old != NULL)
    {
        memcpy(h + 1, block, old_size < new_size ? old_size : new_size);
    }
    release(f, old);
    f->live++;
    f->bytes += new_size;
    f->peak = f->bytes > f->peak ? f->bytes : f->peak;
    return h + 1;
}

const amend_allocator *faulty_alloc_init(faulty_alloc *f, size_t nth, faulty_mode mode)
{
    *f = (faulty_alloc){.allocator = {.resize = resize, .arg = f}, .fail_at = nth, .mode = mode};
    return &f->allocator;
}

size_t faulty_alloc_clear(const faulty_alloc *f)
{
    return f->live;
}
