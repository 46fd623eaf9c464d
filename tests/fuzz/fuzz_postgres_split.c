/* SPDX-License-Identifier: MIT */
/*
 * Splitting PostgreSQL's scripts: any bytes. Statements stand in order and inside the text, COPY data behind its statement; and
 * whatever the server's own parser takes, it splits in the same places. Nothing is run.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "dialect/dialects.h"

#include <dlfcn.h>
#include <pg_query.h>
#include <stdlib.h>

static bool check_ranges(const script *s)
{
    size_t at = 0;
    bool copies = false;
    for (size_t i = 0; i < s->count; i++)
    {
        const stmt *t = &s->stmts[i];
        FUZZ_ASSERT(t->start >= at && t->end > t->start && t->end <= s->text.len);
        FUZZ_ASSERT((t->flags >> 11) == 0);
        at = t->end;
        if ((t->flags & STMT_COPY) != 0)
        {
            FUZZ_ASSERT(t->copy_start >= at && t->copy_end >= t->copy_start && t->copy_end <= s->text.len);
            at = t->copy_end;
            copies = true;
        }
    }
    return copies;
}

static void check_beside(const script *s, const char *text)
{
    void *library = dlopen("libpg_query.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    FUZZ_ASSERT(library != NULL);
    __typeof__(pg_query_split_with_parser) *split;
    __typeof__(pg_query_free_split_result) *release;
    *(void **)&split = dlsym(library, "pg_query_split_with_parser");
    *(void **)&release = dlsym(library, "pg_query_free_split_result");
    PgQuerySplitResult result = split(text);
    FUZZ_ASSERT(result.error != NULL || (size_t)result.n_stmts == s->count);
    for (int i = 0; result.error == NULL && i < result.n_stmts; i++)
    {
        const stmt *t = &s->stmts[i];
        size_t at = (size_t)result.stmts[i]->stmt_location, len = (size_t)result.stmts[i]->stmt_len;
        FUZZ_ASSERT(at <= t->start && (len == 0 || s->text.data[t->end - 1] != ';' || at + len == t->end - 1));
    }
    release(result);
    dlclose(library);
}

/* The essence of the text is that of the text with comments before it; a byte-order mark is one only at the very beginning. */
static void check_essence(slice text)
{
    buf longer, one, other;
    buf_init(&longer, &alloc_default);
    buf_init(&one, &alloc_default);
    buf_init(&other, &alloc_default);
    buf_text(&longer, "/* c */ ; -- c\n");
    buf_add(&longer, slice_starts(text, SLICE("\xef\xbb\xbf")) ? slice_sub(text, 3, text.len) : text);
    dialect_postgres.essence(text, &one);
    dialect_postgres.essence(buf_slice(&longer), &other);
    FUZZ_ASSERT(slice_equal(buf_slice(&one), buf_slice(&other)));
    buf_clear(&longer);
    buf_clear(&one);
    buf_clear(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *a = arena_new(&alloc_default);
    slice text = {(const char *)data, size};
    script s;
    amend_error error = {0};
    check_essence(text);
    amend_status status = dialect_postgres.split(a, text, &s, &error);
    bool known =
        error.code == AMEND_E_META_COMMAND || error.code == AMEND_E_COPY_UNENDED || error.code == AMEND_E_QUOTE_UNENDED;
    FUZZ_ASSERT(status == AMEND_OK || (known && error.line > 0));
    bool beside = size < 4096 && memchr(data, '\0', size) == NULL; /* the parser recurses: long input overflows its stack */
    if (status == AMEND_OK && !check_ranges(&s) && beside)
    {
        check_beside(&s, arena_copy(a, text));
    }
    arena_free(a);
    return 0;
}
