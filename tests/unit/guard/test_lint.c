/* SPDX-License-Identifier: MIT */
/* Through the dialects: what lint finds follows from what they find. */
#include "guard/lint.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

/* One reading: the survey, and what is remembered. */
typedef struct reading
{
    const dialect *dialect;
    arena *arena;
    survey *survey;
    lint_reader reader;
} reading;

static amend_status begin(reading *r, const amend_allocator *allocator, const char *name, amend_error *error)
{
    *r = (reading){.dialect = dialect_find(name), .arena = arena_new(allocator)};
    if (r->arena == NULL)
    {
        return error_memory(error);
    }
    lint_reader_init(&r->reader, r->arena, (r->dialect->traits & DIALECT_NAMES_NOCASE) != 0);
    return r->dialect->survey_open(allocator, &r->survey, error);
}

static void end(reading *r)
{
    r->dialect->survey_close(r->survey);
    arena_free(r->arena);
}

static amend_status look(reading *r, const char *text, const lint_subject *given, lint_script *s, lint_results *out,
                         amend_error *error)
{
    lint_findings found;
    lint_subject subject = *given;
    subject.script = s;
    subject.destructive = strstr(text, "amend:destructive") != NULL;
    amend_status status = r->dialect->split(r->arena, slice_of(text), &s->script, error);
    status = status != AMEND_OK ? status : r->dialect->survey_read(r->survey, r->arena, &s->script, &s->found, error);
    status = status != AMEND_OK ? status : lint_enter(&r->reader, r->arena, s, error);
    status = status != AMEND_OK ? status : r->dialect->lint(r->survey, r->arena, &subject, &found, error);
    return status != AMEND_OK ? status : lint_judge(&r->reader, r->arena, &subject, &found, out, error);
}

/* "rule severity" lines */
static void set_levels(reading *r, const char *text)
{
    static const char *const names[] = {"off", "note", "warning", "error"};
    for (slice rest = slice_of(text == NULL ? "" : text); rest.len > 0;)
    {
        slice line = slice_token(&rest, '\n'), level = line;
        lint_rule rule = lint_find(slice_token(&level, ' '));
        assert_true(rule < LINT_RULES);
        for (size_t i = 0; i < 4; i++)
        {
            if (slice_equal(level, slice_of(names[i])))
            {
                r->reader.severities[rule] = (amend_severity)i;
            }
        }
    }
}

static void print(buf *out, const lint_results *results)
{
    for (size_t i = 0; i < results->count; i++)
    {
        const lint_finding *f = &results->items[i].finding;
        buf_format(out, "%zu %s%s%.*s: %.*s\n", f->statement + 1, lint_rules[f->rule].name, f->object.len > 0 ? " " : "",
                   (int)f->object.len, f->object.data, (int)f->detail.len, f->detail.data);
    }
    if (results->allowed > 0)
    {
        buf_format(out, "allowed %zu\n", results->allowed);
    }
}

static amend_status play(const test_case *c, const amend_allocator *allocator, buf *out, amend_error *error)
{
    reading r;
    lint_script before = {0}, up = {0}, down = {0};
    lint_results results = {0};
    const char *name = cases_part(c, "dialect"), *first = cases_part(c, "before"), *last = cases_part(c, "down");
    amend_status status = begin(&r, allocator, name != NULL && strstr(name, "postgres") != NULL ? "postgres" : "sqlite", error);
    set_levels(&r, cases_part(c, "levels"));
    lint_subject subject = {.has_down = last != NULL};
    if (status == AMEND_OK && first != NULL)
    {
        status = look(&r, first, &subject, &before, &results, error);
    }
    if (status == AMEND_OK)
    {
        status = look(&r, cases_part(c, "up"), &subject, &up, &results, error);
    }
    if (status == AMEND_OK && last != NULL)
    {
        subject = (lint_subject){.down = true, .up = &up};
        results = (lint_results){0};
        status = look(&r, last, &subject, &down, &results, error);
    }
    if (status == AMEND_OK)
    {
        print(out, &results);
    }
    if (r.arena != NULL)
    {
        end(&r);
    }
    return status;
}

static bool can_run(const test_case *c)
{
    const char *name = cases_part(c, "dialect");
    return name == NULL || strstr(name, "postgres") == NULL || dialect_find("postgres") != NULL;
}

static void run_case(const test_case *c)
{
    buf out;
    amend_error error = {0};
    if (!can_run(c))
    {
        return;
    }
    buf_init(&out, &alloc_default);
    if (play(c, &alloc_default, &out, &error) != AMEND_OK)
    {
        fail_msg("%s:%u: %s", c->file, c->line, error.message);
    }
    cases_expect(c, out.len == 0 ? "" : out.data, cases_part(c, "expect"));
    buf_clear(&out);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("guard/lint.txt", run_case);
}

static void test_sqlite_cases(void **state)
{
    (void)state;
    cases_run("sqlite/lint.txt", run_case);
}

/* Each allocation fails in turn. */
static void run_short(const test_case *c)
{
    const char *name = cases_part(c, "dialect");
    if (name != NULL)
    {
        return; /* the parser has memory of its own */
    }
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        buf out;
        amend_error error = {0};
        const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        buf_init(&out, &alloc_default);
        amend_status status = play(c, allocator, &out, &error);
        buf_clear(&out);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            return;
        }
        assert_int_equal(status, AMEND_FAILED);
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    cases_run("guard/lint.txt", run_short);
    cases_run("sqlite/lint.txt", run_short);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(lint_find(SLICE("rename")), LINT_RENAME);
    assert_int_equal(lint_find(SLICE("Rename")), LINT_RENAME);
    assert_int_equal(lint_find(SLICE("AL005")), LINT_RENAME);
    assert_int_equal(lint_find(SLICE("al5")), LINT_RENAME);
    assert_int_equal(lint_find(SLICE("AL")), LINT_RULES);
    assert_int_equal(lint_find(SLICE("AL5x")), LINT_RULES);
    assert_int_equal(lint_find(SLICE("AL99999999999")), LINT_RULES);
    assert_int_equal(lint_find(SLICE("")), LINT_RULES);
}

/* Names and numbers are what people write into their files: unique, and in the numbers' order. */
static void test_registry(void **state)
{
    (void)state;
    for (size_t i = 0; i < LINT_RULES; i++)
    {
        assert_true(i == 0 || lint_rules[i].number > lint_rules[i - 1].number);
        assert_int_equal(lint_find(slice_of(lint_rules[i].name)), i);
        assert_true(strlen(lint_rules[i].title) < 100);
    }
}

/* A detail that is too long is cut at a character's edge. */
static void test_long_detail(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    lint_findings found = {0};
    char name[2001];
    for (size_t i = 0; i + 1 < sizeof name; i += 2)
    {
        memcpy(name + i, "ä", 2);
    }
    name[sizeof name - 1] = '\0';
    size_t bad;
    lint_add(a, &found, LINT_RENAME, 0, 0, slice_of(name), "%s", name);
    lint_add(a, &found, LINT_RENAME, 0, 0, slice_of(name), "x%s", name);
    assert_int_equal(found.count, 2);
    assert_true(text_is_utf8(found.items[0].detail, &bad) && text_is_utf8(found.items[1].detail, &bad));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_sqlite_cases), cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_find),  cmocka_unit_test(test_registry),     cmocka_unit_test(test_long_detail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
