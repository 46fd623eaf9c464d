/* SPDX-License-Identifier: MIT */
/* tests/cases/postgres/split.txt, and the agreement with the server's own parser, on those and on scripts made at random. */
#include "dialect/postgres/pg_split.h"

#include "base/alloc.h"
#include "base/diagnostic.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <dlfcn.h>
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>

static const struct
{
    unsigned flag;
    const char *word;
} words[] = {
    {STMT_BEGIN, "begin"}, {STMT_COMMIT, "commit"}, {STMT_CONTROL, "control"}, {STMT_SETTING, "setting"},
    {STMT_NO_TX, "no_tx"}, {STMT_COPY, "copy"},     {STMT_INDEX, "index"},     {STMT_SESSION, "session"},
    {STMT_QUERY, "query"}, {STMT_DROP, "drop"},     {STMT_TX_MODE, "mode"},
};

/* The server's parser: its split, when it takes the text. */
typedef struct oracle
{
    __typeof__(pg_query_split_with_parser) *split;
    __typeof__(pg_query_free_split_result) *release;
} oracle;

static oracle load_oracle(void)
{
    void *library = dlopen("libpg_query.so", RTLD_NOW | RTLD_LOCAL);
    oracle o = {0};
    assert_non_null(library);
    *(void **)&o.split = dlsym(library, "pg_query_split_with_parser");
    *(void **)&o.release = dlsym(library, "pg_query_free_split_result");
    assert_true(o.split != NULL && o.release != NULL);
    return o;
}

static void print_text(buf *out, slice text)
{
    for (size_t i = 0; i < text.len; i++)
    {
        buf_add(out, text.data[i] == '\n' ? SLICE("\\n") : slice_sub(text, i, i + 1));
    }
}

static void print_name(buf *out, const char *title, slice name)
{
    if (name.len > 0)
    {
        buf_format(out, "%s%s=%.*s", out->len > 0 && out->data[out->len - 1] != '\n' ? " " : "", title, (int)name.len,
                   name.data);
    }
}

static void print_stmt(buf *out, const script *s, const stmt *t)
{
    size_t begin = out->len;
    const char *before = "";
    unsigned known = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        known |= words[i].flag;
        if ((t->flags & words[i].flag) != 0)
        {
            buf_format(out, "%s%s", before, words[i].word);
            before = "+";
        }
    }
    assert_int_equal(t->flags & ~known, 0);
    print_name(out, "schema", t->schema);
    print_name(out, "object", t->object);
    print_name(out, "on", t->table);
    if ((t->flags & STMT_COPY) != 0)
    {
        buf_text(out, " copy=[");
        print_text(out, slice_sub(s->text, t->copy_start, t->copy_end));
        buf_char(out, ']');
    }
    buf_text(out, out->len == begin ? "- | " : " | ");
    print_text(out, slice_sub(s->text, t->start, t->end));
    buf_char(out, '\n');
}

static void print_script(buf *out, const script *s)
{
    if (s->flags != 0)
    {
        buf_format(out, "script:%s%s\n", (s->flags & SCRIPT_SESSION) != 0 ? " session" : "",
                   (s->flags & SCRIPT_NO_TX) != 0 ? " no_tx" : "");
    }
    for (size_t i = 0; i < s->count; i++)
    {
        print_stmt(out, s, &s->stmts[i]);
    }
}

/* Does the parser find the same statements? True as well when it can't parse the text. */
static bool agrees(const oracle *o, const script *s)
{
    for (size_t i = 0; i < s->count; i++)
    {
        if ((s->stmts[i].flags & STMT_COPY) != 0)
        {
            return true;
        }
    }
    char *copy = strndup(s->text.data, s->text.len);
    PgQuerySplitResult result = o->split(copy);
    bool same = result.error != NULL || (size_t)result.n_stmts == s->count;
    for (int i = 0; same && result.error == NULL && i < result.n_stmts; i++)
    {
        const stmt *t = &s->stmts[i];
        size_t at = (size_t)result.stmts[i]->stmt_location, len = (size_t)result.stmts[i]->stmt_len;
        bool open = s->text.data[t->end - 1] != ';';
        same = at <= t->start && (len == 0 || at + len >= t->end - (open ? 0 : 1));
        same = same && (len == 0 || open || at + len == t->end - 1);
    }
    o->release(result);
    free(copy);
    return same;
}

static void run_case(const test_case *c)
{
    oracle o = load_oracle();
    arena *a = arena_new(&alloc_default);
    buf out;
    buf_init(&out, &alloc_default);
    amend_error error = {0};
    script s;
    amend_status status = dialect_postgres.split(a, slice_of(cases_part(c, "script")), &s, &error);
    if (status == AMEND_OK)
    {
        print_script(&out, &s);
        cases_expect(c, buf_slice(&out).data, cases_part(c, "expected"));
        if (!agrees(&o, &s))
        {
            fail_msg("%s:%u: %s: the parser splits it elsewhere", c->file, c->line, c->name);
        }
    }
    else
    {
        assert_int_equal(status, error.status);
        assert_true(error.excerpt[0] != '\0' && error.caret > 0 && error.hint[0] != '\0' && error.file[0] == '\0');
        buf_format(&out, "%s %u:%u %s\n", diagnostic_find(error.code)->name, error.line, error.column, error.message);
        cases_expect(c, out.data, cases_part(c, "error"));
    }
    buf_clear(&out);
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("postgres/split.txt", run_case);
}

/* Bits of scripts thrown together: whatever the parser takes, it splits as we do. */
static void test_random(void **state)
{
    static const char *const bits[] = {"SELECT ",
                                       "1 ",
                                       ";",
                                       "'a;'",
                                       "E'\\';'",
                                       "\"x;\" ",
                                       "$$;$$",
                                       "$t$ $$ ; $t$",
                                       "-- ;\n",
                                       "/* ; */",
                                       "(",
                                       ")",
                                       ",",
                                       "\n",
                                       "a ",
                                       " AS ",
                                       "+",
                                       "-",
                                       "*",
                                       "CASE ",
                                       "WHEN 1 THEN ",
                                       "END ",
                                       " b ",
                                       "'",
                                       "1.5e3",
                                       "\xc3\xa9 ",
                                       "BEGIN;",
                                       "COMMIT;",
                                       "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ",
                                       "SELECT 1;",
                                       "END;",
                                       "x'0f'"};
    (void)state;
    oracle o = load_oracle();
    unsigned parsed = 0, seed = 4711;
    for (int round = 0; round < 20000; round++)
    {
        char text[512] = "";
        for (int n = 2 + rand_r(&seed) % 12; n > 0; n--)
        {
            strcat(text, bits[(size_t)rand_r(&seed) % (sizeof bits / sizeof bits[0])]);
        }
        arena *a = arena_new(&alloc_default);
        script s;
        PgQuerySplitResult result = o.split(text);
        bool takes = result.error == NULL;
        o.release(result);
        amend_status status = dialect_postgres.split(a, slice_of(text), &s, NULL);
        parsed += takes;
        if (takes && (status != AMEND_OK || !agrees(&o, &s)))
        {
            fail_msg("the parser splits it elsewhere: %s", text);
        }
        arena_free(a);
    }
    assert_true(parsed > 200);
}

/* Every prefix of every kind of text ends, without reading behind its end (the sanitizer sees to that). */
static void test_prefixes(void **state)
{
    static const char text[] =
        "SELECT E'\\'' U&\"x\" $a$ b $a$ /* /* */ */; COPY t FROM stdin;\n1\n\\.\nDO $$ COMMIT; $$; CREATE FUNCTION f() "
        "BEGIN ATOMIC SELECT 1; END; ALTER TYPE t ADD VALUE 'x'; SELECT 'x'; REINDEX (CONCURRENTLY) TABLE t; "
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1;);";
    (void)state;
    for (size_t len = 0; len < sizeof text; len++)
    {
        char *copy = malloc(len + 1); /* exact, so that one byte more is seen */
        assert_non_null(copy);
        memcpy(copy, text, len);
        copy = realloc(copy, len == 0 ? 1 : len);
        arena *a = arena_new(&alloc_default);
        script s;
        (void)!dialect_postgres.split(a, (slice){copy, len}, &s, NULL);
        arena_free(a);
        free(copy);
    }
}

static void test_memory(void **state)
{
    static const char text[] =
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; CREATE INDEX CONCURRENTLY i ON s.t (a); "
        "ALTER TYPE m ADD VALUE 'x'; SELECT 'x';";
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        script s;
        amend_error error = {0};
        amend_status status = a == NULL ? AMEND_FAILED : dialect_postgres.split(a, slice_of(text), &s, &error);
        assert_true((status == AMEND_OK) == (f.failures == 0));
        assert_true(a == NULL || status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        if (a != NULL)
        {
            arena_free(a);
        }
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

static void expect_hint(const char *text, const char *part)
{
    arena *a = arena_new(&alloc_default);
    script s;
    amend_error error = {0};
    assert_int_equal(dialect_postgres.split(a, slice_of(text), &s, &error), AMEND_FAILED);
    assert_non_null(strstr(error.hint, part));
    arena_free(a);
}

static void test_hints(void **state)
{
    (void)state;
    expect_hint("\\connect x", "connected to");
    expect_hint("\\restrict x", "\\unrestrict");
    expect_hint("\\unrestrict x", "two lines");
    expect_hint("\\i x.sql", "migration of its own");
    expect_hint("\\set a 1", "Variables");
    expect_hint("\\whatever", "\\i would include");
    expect_hint("\\.", "COPY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),  cmocka_unit_test(test_random), cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_memory), cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
