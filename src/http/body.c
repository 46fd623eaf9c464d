/* SPDX-License-Identifier: MIT */
#include "http/body.h"

#include "http/memory.h"

#include <string.h>

enum
{
    BODY_FIRST = 1024, /* what most JSON requests need */
};

/* Room for `size` bytes and the 0, in doubling steps, but not beyond what the limit can ever need. */
static size_t body_room(size_t room, size_t size, size_t limit)
{
    room = room < BODY_FIRST ? BODY_FIRST : room;
    while (room <= size)
    {
        room = room > limit / 2 ? limit + 1 : room * 2;
    }
    return room;
}

body_result body_add(body *b, const amend_allocator *allocator, size_t limit, const char *piece, size_t size)
{
    if (size > limit || b->size > limit - size)
    {
        return BODY_OVER;
    }
    size_t total = b->size + size;
    if (total >= b->room)
    {
        size_t room = body_room(b->room, total, limit);
        char *text = http_memory_resize(allocator, b->text, b->room, room);
        if (text == NULL)
        {
            return BODY_NO_MEMORY;
        }
        b->text = text;
        b->room = room;
    }
    memcpy(b->text + b->size, piece, size);
    b->text[total] = '\0';
    b->size = total;
    return BODY_KEPT;
}

void body_clear(body *b, const amend_allocator *allocator)
{
    http_memory_free(allocator, b->text, b->room);
    *b = (body){0};
}
