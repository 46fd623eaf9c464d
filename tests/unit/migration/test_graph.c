/* SPDX-License-Identifier: MIT */
/* Cases: tests/cases/migration/graphs.txt */
#include "migration/graph.h"

#include "base/alloc.h"
#include "base/diagnostic.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

enum
{
    MOST = 20,
};

/* "003 depends 001, 002"; a version's offset is its place in the line. */
static void parse_line(arena *a, slice line, migration *m)
{
    slice rest = line, word = slice_token(&rest, ' ');
    m->version = arena_copy(a, word);
    m->up_file = arena_format(a, "%s.sql", m->version);
    m->head.has_depends = slice_starts(rest, SLICE("depends "));
    rest = m->head.has_depends ? slice_sub(rest, 8, rest.len) : slice_sub(rest, 0, 0);
    size_t n = 0;
    m->head.depends = arena_array(a, MOST, sizeof(char *));
    m->head.depends_at = arena_array(a, MOST, sizeof(size_t));
    while (rest.len > 0 && !slice_equal(rest, SLICE("none")))
    {
        word = slice_trim(slice_token(&rest, ','));
        m->head.depends[n] = arena_copy(a, word);
        m->head.depends_at[n++] = (size_t)(word.data - line.data);
    }
    m->head.depends_count = n;
}

static size_t parse(arena *a, const char *text, migration *items)
{
    size_t count = 0;
    for (slice rest = slice_of(text); rest.len > 0;)
    {
        slice line = slice_token(&rest, '\n');
        parse_line(a, line, &items[count++]);
    }
    return count;
}

static void write_order(buf *out, const migration *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        buf_format(out, "%s:", items[i].version);
        for (size_t k = 0; k < items[i].depends_count; k++)
        {
            assert_true(items[i].depends[k] < i);
            buf_format(out, " %s", items[items[i].depends[k]].version);
        }
        buf_char(out, '\n');
    }
}

static void check_by_version(const migration *items, size_t count, const size_t *by_version)
{
    for (size_t i = 1; i < count; i++)
    {
        size_t before = by_version == NULL ? i - 1 : by_version[i - 1], at = by_version == NULL ? i : by_version[i];
        assert_true(version_compare(items[before].version, items[at].version) < 0);
    }
}

static void expect_case(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    buf out;
    buf_init(&out, &alloc_default);
    buf_text(&out, "");
    migration items[MOST] = {0};
    const size_t *by_version;
    amend_error e = {0};
    size_t count = parse(a, cases_part(c, "migrations"), items);
    if (graph_order(a, items, count, &by_version, &e) == AMEND_OK)
    {
        write_order(&out, items, count);
        check_by_version(items, count, by_version);
    }
    else
    {
        buf_format(&out, "error %s in %s at %zu: %s\n%s%s", diagnostic_find((int)e.code)->name, e.version, e.offset, e.message,
                   e.detail, e.detail[0] == '\0' ? "" : "\n");
        assert_int_equal(strncmp(e.file, e.version, strlen(e.version)), 0);
    }
    cases_expect(c, out.data, cases_part(c, "expect"));
    buf_clear(&out);
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("migration/graphs.txt", expect_case);
}

static void test_error_may_be_null(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    migration items[MOST] = {0};
    const size_t *by_version;
    size_t count = parse(a, "001 depends 002\n002 depends 001", items);
    assert_int_equal(graph_order(a, items, count, &by_version, NULL), AMEND_FAILED);
    count = parse(a, "001 depends 009", items);
    assert_int_equal(graph_order(a, items, count, &by_version, NULL), AMEND_FAILED);
    arena_free(a);
}

/* All turned round: the last comes first. Every allocation larger than the arena's blocks, or it would not reach the allocator.
 */
static void test_many_and_without_memory(void **state)
{
    (void)state;
    enum
    {
        COUNT = 3000
    };
    static char versions[COUNT][8];
    static const char *next[COUNT];
    static size_t at[COUNT];
    static migration items[COUNT];
    for (size_t n = 0;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, n == 0 ? 0 : n + 1, FAULTY_ONCE));
        memset(items, 0, sizeof items);
        for (size_t i = 0; i < COUNT; i++)
        {
            snprintf(versions[i], sizeof versions[i], "%04zu", i);
            next[i] = versions[(i + 1) % COUNT];
            items[i] = (migration){.version = versions[i], .up_file = "f"};
            items[i].head = (directives){.has_depends = true, .depends = &next[i], .depends_at = &at[i]};
            items[i].head.depends_count = i + 1 < COUNT;
        }
        const size_t *by_version;
        amend_error e;
        amend_status status = graph_order(a, items, COUNT, &by_version, &e);
        assert_int_equal(status, f.failures == 0 ? AMEND_OK : AMEND_FAILED);
        assert_true(status == AMEND_OK || e.code == AMEND_E_OUT_OF_MEMORY);
        assert_true(status != AMEND_OK || items[0].version == versions[COUNT - 1]);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (n > 0 && f.failures == 0)
        {
            assert_true(n > 5);
            return;
        }
    }
}

static void test_circle_without_memory(void **state)
{
    (void)state;
    for (size_t n = 2;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, 0, FAULTY_ONCE));
        migration items[MOST] = {0};
        const size_t *by_version;
        amend_error e;
        size_t count = parse(a, "001 depends 002\n002 depends 001", items);
        f.fail_at = f.calls + n - 1;
        assert_int_equal(graph_order(a, items, count, &by_version, &e), AMEND_FAILED);
        assert_int_equal(e.code, f.failures == 0 ? AMEND_E_DEPENDS_CYCLE : AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_error_may_be_null),
        cmocka_unit_test(test_many_and_without_memory),
        cmocka_unit_test(test_circle_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
