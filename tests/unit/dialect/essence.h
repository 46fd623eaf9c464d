/* SPDX-License-Identifier: MIT */
/* What the tests of both dialects' essence share: cases "same or other | a script | another". */
#ifndef AMEND_TEST_DIALECT_ESSENCE_H
#define AMEND_TEST_DIALECT_ESSENCE_H

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

static void essence_unescape(buf *out, const char *text)
{
    for (; *text != '\0'; text++)
    {
        bool escape = *text == '\\' && text[1] != '\0';
        text += escape;
        if (escape && *text == 'b')
        {
            buf_text(out, "\xef\xbb\xbf");
            continue;
        }
        const char *letter = strchr("ntr\\", *text);
        buf_char(out, letter == NULL || !escape ? *text : "\n\t\r\\"[letter - "ntr\\"]);
    }
}

static void essence_of(const dialect *d, const char *text, buf *out)
{
    buf plain;
    buf_init(&plain, &alloc_default);
    essence_unescape(&plain, text);
    /* of the exact size, so that a read behind the end is found */
    char *exact = malloc(plain.len + 1);
    assert_non_null(exact);
    memcpy(exact, buf_slice(&plain).data, plain.len);
    exact = realloc(exact, plain.len == 0 ? 1 : plain.len);
    d->essence((slice){exact, plain.len}, out);
    free(exact);
    assert_false(out->failed);
    buf_clear(&plain);
}

static void essence_check(const dialect *d, const test_line *l)
{
    buf one, other;
    buf_init(&one, &alloc_default);
    buf_init(&other, &alloc_default);
    assert_int_equal(l->count, 3);
    essence_of(d, l->fields[1], &one);
    essence_of(d, l->fields[2], &other);
    bool same = strcmp(l->fields[0], "same") == 0;
    if (slice_equal(buf_slice(&one), buf_slice(&other)) != same)
    {
        fail_msg("%s:%u: not %s: \"%s\", \"%s\"", l->file, l->line, l->fields[0], one.data, other.data);
    }
    buf_clear(&one);
    buf_clear(&other);
}

static void essence_check_memory(const dialect *d, const char *text)
{
    for (size_t n = 1, more = 1; more; n++)
    {
        faulty_alloc f;
        buf out;
        buf_init(&out, faulty_alloc_init(&f, n, FAULTY_ONCE));
        d->essence(slice_of(text), &out);
        more = f.failures;
        assert_int_equal(out.failed, more > 0);
        buf_clear(&out);
        assert_int_equal(faulty_alloc_clear(&f), 0);
    }
}

#endif
