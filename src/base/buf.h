/* SPDX-License-Identifier: MIT */
/*
 * The one growable text buffer. Appending never fails on the spot: when memory is short the buffer remembers (`failed`) and
 * ignores what follows, so that a writer checks once, at the end. data is NUL-terminated once anything was appended.
 */
#ifndef AMEND_BASE_BUF_H
#define AMEND_BASE_BUF_H

#include "amend.h"
#include "base/slice.h"

typedef struct buf
{
    const amend_allocator *allocator;
    char *data;
    size_t len, capacity;
    bool failed;
} buf;

void buf_init(buf *b, const amend_allocator *allocator);
void buf_clear(buf *b); /* frees */
void buf_reset(buf *b); /* empties, keeps the room */
/* Room for `extra` more bytes, written by the caller at data + len; NULL (and failed) when memory is short. */
char *buf_reserve(buf *b, size_t extra);
void buf_add(buf *b, slice s);
void buf_lower(buf *b, slice s); /* with A to Z as a to z */
void buf_text(buf *b, const char *text);
void buf_char(buf *b, char c);
void buf_format(buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As a JSON string (RFC 8259), quotes included; NULL text gives null. */
void buf_json(buf *b, const char *text);

static inline slice buf_slice(const buf *b)
{
    return (slice){b->data == NULL ? "" : b->data, b->len};
}

#endif
