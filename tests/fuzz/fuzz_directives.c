/* SPDX-License-Identifier: MIT */
/* The head of a script: any bytes at all, then what normalising leaves of them. */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "migration/directives.h"
#include "migration/source.h"
#include "migration/version.h"

static void check_error(const amend_error *error, slice text)
{
    size_t bad;
    FUZZ_ASSERT(error->code == AMEND_E_DIRECTIVE && error->status == AMEND_FAILED);
    FUZZ_ASSERT(error->line > 0 && error->column > 0 && error->caret > 0 && error->offset <= text.len);
    if (text_is_utf8(text, &bad))
    {
        FUZZ_ASSERT(text_is_utf8(slice_of(error->message), &bad) && text_is_utf8(slice_of(error->excerpt), &bad));
    }
}

static void check_directives(const directives *d, slice text)
{
    FUZZ_ASSERT(d->has_depends || d->depends_count == 0);
    for (size_t i = 0; i < d->depends_count; i++)
    {
        FUZZ_ASSERT(version_is_valid(d->depends[i]));
        FUZZ_ASSERT(d->depends_at[i] + strlen(d->depends[i]) <= text.len);
    }
    for (size_t i = 0; i < d->provides_count; i++)
    {
        FUZZ_ASSERT(strchr(d->provides[i], ' ') != NULL);
    }
    FUZZ_ASSERT(d->lock_timeout_ms <= INT32_MAX);
}

static void parse(arena *a, slice text)
{
    directives d;
    amend_error error;
    if (directives_parse(a, "f.sql", text, &d, &error) == AMEND_OK)
    {
        check_directives(&d, text);
    }
    else
    {
        check_error(&error, text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    amend_error error;
    char checksum[CHECKSUM_HEX];
    arena *a = arena_new(&alloc_default);
    buf text;
    parse(a, (slice){(const char *)data, size});
    buf_init(&text, &alloc_default);
    buf_add(&text, (slice){(const char *)data, size});
    if (source_normalise("f.sql", &text, checksum, &error) == AMEND_OK)
    {
        FUZZ_ASSERT(text.len <= size && strlen(checksum) == CHECKSUM_HEX - 1);
        FUZZ_ASSERT(text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
        parse(a, buf_slice(&text));
    }
    else
    {
        FUZZ_ASSERT(error.code == AMEND_E_FILE_UTF8 && error.line > 0);
        FUZZ_ASSERT(text_is_utf8(slice_of(error.excerpt), &(size_t){0}));
    }
    buf_clear(&text);
    arena_free(a);
    return 0;
}
