/* SPDX-License-Identifier: MIT */
#include "heal/memory.h"

#include "base/alloc.h"
#include "base/error.h"

#include <string.h>

static memo *memory_slot(const memory *m, const char *version)
{
    for (size_t i = 0; i < m->count; i++)
    {
        if (strcmp(m->memos[i].version, version) == 0)
        {
            return &m->memos[i];
        }
    }
    return NULL;
}

const memo *memory_find(const memory *m, const char *version, int64_t now_ms, uint32_t cooldown_ms, int64_t stamp)
{
    const memo *found = memory_slot(m, version);
    if (found == NULL || found->cure == AMEND_CURE_DONE)
    {
        return found;
    }
    bool stale = now_ms - found->at_ms >= (int64_t)cooldown_ms || found->stamp != stamp;
    return stale ? NULL : found;
}

const memo *memory_last(const memory *m, const char *version)
{
    return memory_slot(m, version);
}

/* A free place, or the oldest's. */
static memo *memory_place(memory *m)
{
    memo *oldest = &m->memos[0];
    if (m->count < MEMORY_SIZE)
    {
        return &m->memos[m->count++];
    }
    for (size_t i = 1; i < m->count; i++)
    {
        oldest = m->memos[i].at_ms < oldest->at_ms ? &m->memos[i] : oldest;
    }
    return oldest;
}

void memory_note(memory *m, const amend_allocator *allocator, const char *version, amend_cure cure, const amend_error *error,
                 int64_t now_ms, int64_t stamp)
{
    if (m->memos == NULL)
    {
        m->memos = alloc_resize(allocator, NULL, 0, MEMORY_SIZE * sizeof *m->memos); /* large: touched as far as it is used */
        if (m->memos == NULL)
        {
            return;
        }
    }
    memo *place = memory_slot(m, version);
    place = place == NULL ? memory_place(m) : place;
    *place = (memo){.cure = cure, .at_ms = now_ms, .stamp = stamp};
    error_copy(place->version, sizeof place->version, slice_of(version));
    if (error != NULL)
    {
        place->error = *error;
    }
}

void memory_clear(memory *m, const amend_allocator *allocator)
{
    alloc_free(allocator, m->memos, MEMORY_SIZE * sizeof *m->memos);
    *m = (memory){0};
}
