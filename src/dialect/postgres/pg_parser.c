/* SPDX-License-Identifier: MIT */
/* The table of functions, filled once per process, is the only state here: it never changes after that. */
#include "dialect/postgres/pg_parser.h"

#include "dialect/postgres/pg_lexer.h"

#include <dlfcn.h>
#include <pg_query.h>
#include <pthread.h>
#include <stdint.h>

static struct
{
    __typeof__(pg_query_split_with_parser) *split;
    __typeof__(pg_query_free_split_result) *release;
    __typeof__(pg_query_parse_protobuf) *parse;
    __typeof__(pg_query_free_protobuf_parse_result) *release_parsed;
    __typeof__(pg_query__parse_result__unpack) *unpack;
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
    *(void **)&functions.release_parsed = dlsym(library, "pg_query_free_protobuf_parse_result");
    *(void **)&functions.unpack = dlsym(library, "pg_query__parse_result__unpack");
    bool whole = functions.release_parsed != NULL && functions.unpack != NULL;
    *(void **)&functions.parse = whole ? dlsym(library, "pg_query_parse_protobuf") : NULL;
}

static bool loaded(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return pthread_once(&once, load) == 0;
}

size_t pg_parser_count(slice text, size_t *first)
{
    if (!loaded() || functions.split == NULL || text.len > INT32_MAX)
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

/* ---------------------------------------------------------------------------------------------------------------- trees */

enum
{
    TREE_LEVELS = 64, /* of parentheses */
    TREE_DEPTH = 250, /* of the tree: at up to 2 KB of stack for each level, half a megabyte */
};

/* Words that put what stands before them one level deeper. */
static bool deepens(const pg_token *token)
{
    static const char *const words[] = {"NOT",  "IS",      "ISNULL", "NOTNULL", "COLLATE", "AT",     "CASE",
                                        "JOIN", "BETWEEN", "LIKE",   "ILIKE",   "SIMILAR", "EXPLAIN"};
    if (token->kind == PG_SYMBOL)
    {
        return strchr(".,;)]", token->body.data[0]) == NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0] && token->kind == PG_WORD; i++)
    {
        if (pg_lexer_is(token, words[i]))
        {
            return true;
        }
    }
    return false;
}

static bool combines(const pg_token *token)
{
    return pg_lexer_is(token, "UNION") || pg_lexer_is(token, "EXCEPT") || pg_lexer_is(token, "INTERSECT");
}

/*
 * The library goes down the tree by recursion, and looks after no stack: 20,000 times "+1" end the process. So an upper bound
 * of the tree's depth is taken from the tokens: within each pair of parentheses, all that may deepen it since the last comma.
 */
static bool is_deep(slice text)
{
    pg_lexer lexer = {.text = text};
    pg_token token;
    unsigned counts[TREE_LEVELS] = {0}, unions = 0, level = 0, depth = 0;
    for (pg_lexer_next(&lexer, &token); token.kind != PG_END; pg_lexer_next(&lexer, &token))
    {
        unsigned more = deepens(&token);
        counts[level] += more;
        depth += more;
        unions += combines(&token);
        if (pg_lexer_is_symbol(&token, '(') || pg_lexer_is_symbol(&token, '['))
        {
            if (++level == TREE_LEVELS)
            {
                return true;
            }
            counts[level] = 0;
        }
        else if (pg_lexer_is_symbol(&token, ',') || pg_lexer_is_symbol(&token, ')') || pg_lexer_is_symbol(&token, ']'))
        {
            depth -= counts[level];
            counts[level] = 0;
            level -= level > 0 && !pg_lexer_is_symbol(&token, ',');
        }
        if (depth + unions > TREE_DEPTH)
        {
            return true;
        }
    }
    return false;
}

static void *give(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void take(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

bool pg_parser_tree(arena *arena, slice text, const PgQuery__ParseResult **out)
{
    *out = NULL;
    if (!loaded() || functions.parse == NULL || text.len > INT32_MAX || is_deep(text))
    {
        return true;
    }
    PgQueryProtobufParseResult parsed = functions.parse(text.data);
    bool enough = true;
    if (parsed.error == NULL)
    {
        ProtobufCAllocator allocator = {.alloc = give, .free = take, .allocator_data = arena};
        const PgQuery__ParseResult *tree =
            functions.unpack(&allocator, parsed.parse_tree.len, (const uint8_t *)parsed.parse_tree.data);
        enough = tree != NULL;
        bool known = enough && tree->version / 10000 == PG_VERSION_NUM / 10000;
        *out = known ? tree : NULL;
    }
    functions.release_parsed(parsed);
    return enough;
}
