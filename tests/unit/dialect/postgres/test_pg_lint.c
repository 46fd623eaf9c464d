/* SPDX-License-Identifier: MIT */
/*
 * tests/cases/postgres/lint.txt: which rules fire, in order; the registry's examples; and what must hold for any text: no
 * crash, no error but for memory, nothing lost.
 */
#include "dialect/postgres/pg_lint.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/postgres/pg_survey.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct linting
{
    arena *arena;
    survey *survey;
    lint_findings found; /* of the last one */
    bool down, off;      /* what the next one is */
} linting;

static void linting_open(linting *r, const amend_allocator *allocator)
{
    *r = (linting){.arena = arena_new(allocator)};
    assert_int_equal(dialect_postgres.survey_open(allocator, &r->survey, NULL), AMEND_OK);
}

static void linting_close(linting *r)
{
    dialect_postgres.survey_close(r->survey);
    arena_free(r->arena);
}

static amend_status lint_one(linting *r, arena *a, slice text, amend_error *error)
{
    lint_script s = {0};
    lint_subject subject = {.script = &s, .down = r->down, .transaction_off = r->off};
    r->found = (lint_findings){0};
    if (dialect_postgres.split(r->arena, text, &s.script, NULL) != AMEND_OK)
    {
        return AMEND_OK; /* nothing to look at */
    }
    amend_status status = dialect_postgres.survey_read(r->survey, a, &s.script, &s.found, error);
    return status != AMEND_OK ? status : dialect_postgres.lint(r->survey, a, &subject, &r->found, error);
}

static void lint_text_of(linting *r, slice text)
{
    assert_int_equal(lint_one(r, r->arena, text, NULL), AMEND_OK);
    for (size_t i = 0; i < r->found.count; i++)
    {
        const lint_finding *f = &r->found.items[i];
        assert_true(f->rule < LINT_RULES);
        assert_true(f->offset <= text.len);
        assert_true(i == 0 || f->statement >= f[-1].statement);
    }
}

/* "off: " and "down: " say what a migration is. */
static slice prefix(linting *r, slice text)
{
    r->off = slice_starts(text, SLICE("off: "));
    text = r->off ? slice_sub(text, 5, text.len) : text;
    r->down = slice_starts(text, SLICE("down: "));
    return r->down ? slice_sub(text, 6, text.len) : text;
}

/* Migrations with " %% " between them; "\n" is a line's end. */
static void lint_field(linting *r, const char *field)
{
    char *text = arena_string(r->arena, field);
    for (char *at = text; (at = strstr(at, "\\n")) != NULL;)
    {
        at[0] = '\n';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
    for (char *next; text != NULL; text = next)
    {
        next = strstr(text, " %% ");
        size_t len = next == NULL ? strlen(text) : (size_t)(next - text);
        lint_text_of(r, prefix(r, (slice){text, len}));
        next = next == NULL ? NULL : next + 4;
    }
}

/* "2:index-blocks cards_title; …"; rules that are off by default only when `all`. */
static void print_findings(buf *out, const lint_findings *f, bool all)
{
    for (size_t i = 0; i < f->count; i++)
    {
        const lint_finding *x = &f->items[i];
        if (all || (int)lint_rules[x->rule].severity != LINT_OFF)
        {
            buf_format(out, "%s%zu:%s", out->len > 0 ? "; " : "", x->statement + 1, lint_rules[x->rule].name);
            buf_text(out, x->object.len > 0 ? " " : "");
            buf_add(out, x->object);
        }
    }
    buf_text(out, out->len == 0 ? "-" : "");
}

static void compare_line(const test_line *l, bool all)
{
    linting r;
    buf out;
    buf_init(&out, &alloc_default);
    linting_open(&r, &alloc_default);
    lint_field(&r, l->fields[0]);
    print_findings(&out, &r.found, all);
    if (l->count < 2 || strcmp(out.data, l->fields[1]) != 0)
    {
        fail_msg("%s:%u: %s\n  is       %s\n  not      %s", l->file, l->line, l->fields[0], out.data,
                 l->count > 1 ? l->fields[1] : "");
    }
    buf_clear(&out);
    linting_close(&r);
}

static void cases_line(const test_line *l)
{
    compare_line(l, false);
}

static void taste_line(const test_line *l)
{
    compare_line(l, true);
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("postgres/lint.txt", cases_line);
}

/* With the rules that are off by default. */
static void test_taste(void **state)
{
    (void)state;
    cases_lines("postgres/lint_taste.txt", taste_line);
}

/* ------------------------------------------------------------------------------------------------------------- registry */

/* The last migration of an example; those before it, and its lines of "@before" and "@up", are taken in. */
static void lint_example(linting *r, const char *example)
{
    char *text = arena_string(r->arena, example);
    char *start = text;
    for (char *at = text; at != NULL && *at != '\0';)
    {
        char *line = strchr(at, '\n');
        slice word = {at, line == NULL ? strlen(at) : (size_t)(line - at)};
        bool mark = slice_equal(word, SLICE("@before")) || slice_equal(word, SLICE("@up"));
        if (mark && at > start)
        {
            lint_text_of(r, (slice){start, (size_t)(at - start)});
        }
        at = line == NULL ? NULL : line + 1;
        start = mark ? at : start;
    }
    lint_text_of(r, slice_of(start));
}

static bool fires(const linting *r, lint_rule rule)
{
    for (size_t i = 0; i < r->found.count; i++)
    {
        if (r->found.items[i].rule == rule)
        {
            return true;
        }
    }
    return false;
}

/* A bad example fires its rule and, of those that are on, no other; a good one nothing above a note. */
static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINT_RULES; i++)
    {
        const amend_lint_rule *row = &lint_rules[i];
        if (row->number <= 100 || row->number > 200)
        {
            continue;
        }
        linting r;
        linting_open(&r, &alloc_default);
        lint_example(&r, row->bad);
        if (!fires(&r, (lint_rule)i))
        {
            fail_msg("%s: its bad example doesn't fire it", row->name);
        }
        for (size_t k = 0; k < r.found.count; k++)
        {
            const amend_lint_rule *other = &lint_rules[r.found.items[k].rule];
            if (other != row && (int)other->severity != LINT_OFF)
            {
                fail_msg("%s: its bad example fires %s, too", row->name, other->name);
            }
        }
        linting_close(&r);
        linting_open(&r, &alloc_default);
        lint_example(&r, row->good);
        for (size_t k = 0; k < r.found.count; k++)
        {
            const amend_lint_rule *other = &lint_rules[r.found.items[k].rule];
            if (other == row || ((int)other->severity != LINT_OFF && (int)other->severity != LINT_NOTE))
            {
                fail_msg("%s: its good example fires %s", row->name, other->name);
            }
        }
        linting_close(&r);
    }
}

/* ---------------------------------------------------------------------------------------------------- the real product */

typedef struct robots_linting
{
    linting linting;
    buf out;
} robots_linting;

static void lint_robots(void *arg, const char *name, const char *text)
{
    robots_linting *w = arg;
    buf part;
    buf_init(&part, &alloc_default);
    lint_text_of(&w->linting, slice_of(text));
    print_findings(&part, &w->linting.found, false);
    buf_format(&w->out, "%s | %s\n", name, part.data);
    buf_clear(&part);
}

/* All of examples/robots, in order. */
static void test_robots(void **state)
{
    robots_linting w;
    (void)state;
    linting_open(&w.linting, &alloc_default);
    buf_init(&w.out, &alloc_default);
    cases_files("../../examples/robots/migrations/versions", lint_robots, &w);
    char *expected = cases_text("postgres/lint_robots.txt");
    assert_string_equal(w.out.data, expected);
    free(expected);
    buf_clear(&w.out);
    linting_close(&w.linting);
}

/* ------------------------------------------------------------------------------------------------------------- any text */

/* Every prefix of every case, with and without the parser: nothing but memory can fail. */
static void prefixes_line(const test_line *l)
{
    size_t len = strlen(l->fields[0]);
    for (size_t n = 0; n < len; n += 5)
    {
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, l->fields[0], n);
        copy[n] = '\0';
        linting r;
        linting_open(&r, &alloc_default);
        if (n % 2 == 1)
        {
            pg_survey_without_parser(r.survey);
        }
        lint_text_of(&r, (slice){copy, n});
        linting_close(&r);
        free(copy);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    cases_lines("postgres/lint.txt", prefixes_line);
}

/* The statements of the survey's cases, which were written for other ends. */
static void others_line(const test_line *l)
{
    linting r;
    linting_open(&r, &alloc_default);
    lint_field(&r, l->fields[0]);
    linting_close(&r);
}

static void test_others(void **state)
{
    (void)state;
    cases_lines("postgres/survey.txt", others_line);
    cases_lines("postgres/additive.txt", others_line);
    cases_lines("postgres/words.txt", others_line);
}

/* Without the parser only the tokens and the splitting speak. */
static void test_without_parser(void **state)
{
    linting r;
    (void)state;
    linting_open(&r, &alloc_default);
    pg_survey_without_parser(r.survey);
    lint_text_of(&r, SLICE("CREATE INDEX i ON t (a); BEGIN; CREATE INDEX CONCURRENTLY j ON t (b); COMMIT"));
    assert_int_equal(r.found.count, 1);
    assert_int_equal(r.found.items[0].rule, LINT_CONCURRENTLY_IN_TRANSACTION);
    linting_close(&r);
}

/* Where in the file: the column, the constraint; a statement in a DO block has no place but the block's. */
static void test_places(void **state)
{
    static const char text[] =
        "SELECT 1;\nCREATE TABLE t (id bigint PRIMARY KEY,\n  a money);\nDO $$ BEGIN\n CREATE INDEX i ON u (a); END $$";
    linting r;
    (void)state;
    linting_open(&r, &alloc_default);
    lint_text_of(&r, slice_of(text));
    assert_int_equal(r.found.count, 4); /* two are off by default */
    for (size_t i = 0; i < r.found.count; i++)
    {
        const lint_finding *f = &r.found.items[i];
        if (f->rule == LINT_MONEY_TYPE)
        {
            assert_int_equal(f->offset, strstr(text, "money") - text);
            assert_int_equal(f->statement, 1);
        }
        else if (f->rule == LINT_INDEX_BLOCKS)
        {
            assert_int_equal(f->offset, 0);
            assert_int_equal(f->statement, 2);
        }
    }
    linting_close(&r);
}

/* Many tables, and many findings: neither takes long, and none is lost. */
static void test_many(void **state)
{
    enum
    {
        MANY = 5000
    };
    (void)state;
    char *text = malloc(MANY * 100), *at = text;
    assert_non_null(text);
    for (int i = 0; i < MANY; i++)
    {
        at +=
            sprintf(at, "CREATE TABLE app.t%d (id serial PRIMARY KEY); DROP INDEX i%d; ALTER TABLE t%d ADD a int;\n", i, i, i);
    }
    linting r;
    linting_open(&r, &alloc_default);
    lint_text_of(&r, slice_of(text));
    assert_int_equal(r.found.count, MANY * 4); /* key, serial (off), index, integer (off) */
    linting_close(&r);
    free(text);
}

/* Fail each allocation in turn: an error, nothing left over. */
static void sweep(slice text)
{
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        linting r = {.arena = arena_new(&alloc_default)};
        amend_error error = {0};
        amend_status status = dialect_postgres.survey_open(allocator, &r.survey, &error);
        arena *a = status == AMEND_OK ? arena_new(allocator) : NULL;
        if (a != NULL)
        {
            status = lint_one(&r, a, prefix(&r, text), &error);
            assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
            assert_true((status == AMEND_OK) == (f.failures == 0));
            arena_free(a);
        }
        linting_close(&r);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

static void memory_line(const test_line *l)
{
    if (strstr(l->fields[0], " %% ") == NULL)
    {
        sweep(slice_of(l->fields[0]));
    }
}

static void test_memory(void **state)
{
    char text[20000] = "", *at = text;
    (void)state;
    cases_lines("postgres/lint.txt", memory_line);
    for (int i = 0; i < 40; i++) /* so that all lists have to grow */
    {
        at += sprintf(
            at, "CREATE TABLE t%d (a money REFERENCES u, CHECK (a > 0)); ALTER TABLE w ADD CHECK (b%d > 0) NOT VALID;", i, i);
    }
    sweep(slice_of(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_taste),    cmocka_unit_test(test_examples),
        cmocka_unit_test(test_robots),         cmocka_unit_test(test_prefixes), cmocka_unit_test(test_others),
        cmocka_unit_test(test_without_parser), cmocka_unit_test(test_places),   cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
