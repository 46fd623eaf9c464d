/* SPDX-License-Identifier: MIT */
/*
 * Splitting SQLite's scripts: any bytes. Statements stand in order and inside the text, between them is nothing but space,
 * comments and semicolons, and as long as sqlite3 understands the text, it finds the same ends. Nothing is run. The essence of
 * the text, too, and the facts that it would give as the statement of a table, an index, a view or a trigger.
 */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dialect/dialects.h"

#include <sqlite3.h>
#include <stdlib.h>

/* Behind what may stand outside of statements. */
static size_t skip(slice text, size_t i)
{
    while (i < text.len)
    {
        slice rest = slice_sub(text, i, text.len);
        if (strchr(" \t\r\n\f\v;", text.data[i]) != NULL && text.data[i] != '\0')
        {
            i++;
        }
        else if (slice_starts(rest, SLICE("\xef\xbb\xbf")))
        {
            i += 3;
        }
        else if (slice_starts(rest, SLICE("--")))
        {
            const char *end = memchr(rest.data, '\n', rest.len);
            i = end == NULL ? text.len : (size_t)(end - text.data);
        }
        else if (slice_starts(rest, SLICE("/*")) && rest.len > 2) /* at the very end, SQLite takes it for operators */
        {
            const char *end = memmem(rest.data + 2, rest.len - 2, "*/", 2);
            i = end == NULL ? text.len : (size_t)(end - text.data) + 2;
        }
        else
        {
            break;
        }
    }
    return i;
}

static void check_ranges(const script *s)
{
    size_t at = 0;
    for (size_t i = 0; i < s->count; i++)
    {
        const stmt *t = &s->stmts[i];
        FUZZ_ASSERT(t->start >= at && t->end > t->start && t->end <= s->text.len);
        FUZZ_ASSERT(skip(s->text, at) == t->start);
        at = t->end;
    }
    FUZZ_ASSERT(skip(s->text, at) == s->text.len);
}

/* Preparing runs nothing, but for some PRAGMAs; those, and what reaches for files, are refused. */
static int refuse(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)arg, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_PRAGMA || action == SQLITE_ATTACH || action == SQLITE_DETACH ? SQLITE_DENY : SQLITE_OK;
}

static void check_beside(const script *s, const char *text)
{
    sqlite3 *db = NULL;
    FUZZ_ASSERT(sqlite3_open(":memory:", &db) == SQLITE_OK);
    sqlite3_exec(db, "CREATE TABLE t(x, y)", NULL, NULL, NULL);
    sqlite3_set_authorizer(db, refuse, NULL);
    size_t i = 0;
    for (const char *at = text; *at != '\0'; i++)
    {
        sqlite3_stmt *found = NULL;
        if (sqlite3_prepare_v2(db, at, -1, &found, &at) != SQLITE_OK)
        {
            break;
        }
        if (found == NULL)
        {
            FUZZ_ASSERT(i == s->count);
            break;
        }
        sqlite3_finalize(found);
        size_t end = (size_t)(at - text);
        FUZZ_ASSERT(i < s->count && end >= s->stmts[i].end && skip(s->text, s->stmts[i].end) >= end);
    }
    sqlite3_close(db);
}

/* The essence of the text is that of the text with comments before it. */
static void check_essence(slice text)
{
    buf longer, one, other;
    buf_init(&longer, &alloc_default);
    buf_init(&one, &alloc_default);
    buf_init(&other, &alloc_default);
    buf_text(&longer, "/* c */ ; -- c\n");
    buf_add(&longer, text);
    dialect_sqlite.essence(text, &one);
    dialect_sqlite.essence(buf_slice(&longer), &other);
    FUZZ_ASSERT(slice_equal(buf_slice(&one), buf_slice(&other)));
    buf_clear(&longer);
    buf_clear(&one);
    buf_clear(&other);
}

/* Whatever stands in the catalog, there is a fact, and it is valid UTF-8. */
static void check_facts(arena *a, slice text)
{
    static const char *const types[] = {"table", "index", "view", "trigger"};
    const char *sql = arena_copy(a, text);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
    {
        const char *values[] = {types[i], "t", sql, sql};
        fact_list found = {0};
        FUZZ_ASSERT(dialect_sqlite.snapshot_row(a, &(amend_row){.columns = 4, .values = values}, &found, NULL) == AMEND_OK);
        FUZZ_ASSERT(found.count > 0);
        for (size_t k = 0; k < found.count; k++)
        {
            size_t bad;
            FUZZ_ASSERT(text_is_utf8(found.items[k].object, &bad) && text_is_utf8(found.items[k].definition, &bad));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *a = arena_new(&alloc_default);
    slice text = {(const char *)data, size};
    script s;
    FUZZ_ASSERT(dialect_sqlite.split(a, text, &s, NULL) == AMEND_OK);
    check_ranges(&s);
    check_essence(text);
    check_facts(a, text);
    if (memchr(data, '\0', size) == NULL)
    {
        check_beside(&s, arena_copy(a, text));
    }
    arena_free(a);
    return 0;
}
