/* SPDX-License-Identifier: MIT */
/* The table of functions, filled once per process, is the only state here: it never changes after that. */
#include "dialect/postgres/pg_parser.h"

#include <dlfcn.h>
#include <pg_query.h>
#include <pthread.h>
#include <stdint.h>

static struct
{
    __typeof__(pg_query_split_with_parser) *split;
    __typeof__(pg_query_free_split_result) *release;
} functions;

static void load(void)
{
    static const char *const names[] = {"libpg_query.so.1504.0", "libpg_query.so", "libpg_query.dylib"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
    {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL)
    {
        return;
    }
    *(void **)&functions.release = dlsym(library, "pg_query_free_split_result");
    *(void **)&functions.split = functions.release == NULL ? NULL : dlsym(library, "pg_query_split_with_parser");
}

size_t pg_parser_count(slice text, size_t *first)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (pthread_once(&once, load) != 0 || functions.split == NULL || text.len > INT32_MAX)
    {
        return 0;
    }
    PgQuerySplitResult result = functions.split(text.data);
    size_t count = result.error != NULL || result.n_stmts < 0 ? 0 : (size_t)result.n_stmts;
    if (count > 0)
    {
        const PgQuerySplitStmt *s = result.stmts[0];
        *first = (size_t)s->stmt_location + (s->stmt_len == 0 ? text.len - (size_t)s->stmt_location : (size_t)s->stmt_len);
    }
    functions.release(result);
    return count;
}
