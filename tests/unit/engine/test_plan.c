/* SPDX-License-Identifier: MIT */
/* Plans from tests/cases/plan: a real catalog of compiled-in files against a history made up for the case. */
#include "engine/plan.h"

#include "base/alloc.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    MOST = 16,
};

typedef struct fixture
{
    arena *arena;
    amend_file files[2 * MOST];
    size_t file_count;
    catalog catalog;
    applied rows[MOST];
    history history;
    amend_run run;
    char kind[16];
} fixture;

/* "003<007", "002-" */
static void add_file(fixture *f, slice word)
{
    slice rest = word;
    bool has_down = !slice_ends(word, SLICE("-"));
    rest.len -= !has_down;
    slice version = slice_token(&rest, '<');
    const char *text =
        rest.len == 0 ? "SELECT 1;" : arena_format(f->arena, "-- amend:depends %.*s\nSELECT 1;", (int)rest.len, rest.data);
    const char *up = arena_format(f->arena, "versions/%.*s_x.sql", (int)version.len, version.data);
    const char *down = arena_format(f->arena, "down/%.*s_x_down.sql", (int)version.len, version.data);
    f->files[f->file_count++] = (amend_file){up, text, strlen(text)};
    if (has_down)
    {
        f->files[f->file_count++] = (amend_file){down, "SELECT 2;", 9};
    }
}

static void add_row(fixture *f, slice word)
{
    bool changed = slice_ends(word, SLICE("!"));
    word.len -= changed;
    applied *row = &f->rows[f->history.count++];
    row->version = arena_copy(f->arena, word);
    row->name = "x";
    size_t at = catalog_find(&f->catalog, row->version);
    row->checksum = changed ? "00000000000000000000000000000000" : at == SIZE_MAX ? "1" : f->catalog.items[at].checksum;
}

static void read_run(fixture *f, slice text)
{
    slice word = slice_token(&text, ' ');
    f->run = (amend_run)AMEND_RUN_INIT;
    snprintf(f->kind, sizeof f->kind, "%.*s", (int)word.len, word.data);
    while (text.len > 0)
    {
        word = slice_token(&text, ' ');
        slice key = slice_token(&word, '=');
        f->run.to = slice_equal(key, SLICE("to")) ? arena_copy(f->arena, word) : f->run.to;
        f->run.steps = slice_equal(key, SLICE("steps")) ? (unsigned)strtoul(word.data, NULL, 10) : f->run.steps;
        f->run.flags |= slice_equal(key, SLICE("strict")) ? AMEND_STRICT : 0;
        f->run.flags |= slice_equal(key, SLICE("any-order")) ? AMEND_OUT_OF_ORDER : 0;
    }
}

static void each_word(fixture *f, const char *text, void (*fn)(fixture *, slice))
{
    slice rest = slice_of(strcmp(text, "-") == 0 ? "" : text);
    while (rest.len > 0)
    {
        fn(f, slice_token(&rest, ' '));
    }
}

static amend_status make(fixture *f, view *v, plan *p, amend_error *error)
{
    static const struct
    {
        const char *kind;
        amend_status (*fn)(arena *, const view *, const amend_run *, plan *, amend_error *);
    } kinds[] = {{"up", plan_up},        {"down", plan_down},         {"redo", plan_redo},
                 {"reset", plan_reset},  {"baseline", plan_baseline}, {"repair", plan_repair},
                 {"needed", plan_needed}};
    amend_status status = plan_view(f->arena, &f->catalog, &f->history, v, error);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && status == AMEND_OK; i++)
    {
        if (strcmp(kinds[i].kind, f->kind) == 0)
        {
            return kinds[i].fn(f->arena, v, &f->run, p, error);
        }
    }
    return status == AMEND_OK ? AMEND_USAGE : status;
}

static void add_word(buf *out, const char *format, const char *a, const char *b)
{
    buf_text(out, out->len == 0 ? "" : " ");
    buf_format(out, "%s%s%s", a, format, b);
}

static void print_plan(const plan *p, buf *steps, buf *findings)
{
    static const char *const actions[] = {"up", "down", "baseline", "repair"};
    for (size_t i = 0; i < p->count; i++)
    {
        add_word(steps, ":", actions[p->steps[i].action], p->steps[i].version);
    }
    for (size_t i = 0; i < p->skipped_count; i++)
    {
        add_word(findings, ":", "skipped", p->skipped[i]->file->version);
    }
    for (size_t i = 0; i < p->problem_count; i++)
    {
        char code[16];
        snprintf(code, sizeof code, "AM%04d", (int)p->problems[i].code);
        add_word(findings, ":", code, p->problems[i].version);
    }
}

static void expect(const test_line *l, const buf *actual, const char *expected)
{
    const char *text = actual->len == 0 ? "-" : actual->data;
    if (strcmp(text, expected) != 0)
    {
        fail_msg("%s:%u: expected %s, got %s", l->file, l->line, expected, text);
    }
}

static amend_status load(fixture *f, const amend_allocator *allocator, const test_line *l, amend_error *error)
{
    memset(f, 0, sizeof *f);
    f->arena = arena_new(allocator);
    assert_non_null(f->arena);
    each_word(f, l->fields[0], add_file);
    f->history.rows = f->rows;
    f->history.ledger = (ledger){.has_history = true, .columns = HISTORY_ALL};
    return catalog_load(f->arena, "migrations", f->files, f->file_count, &f->catalog, error);
}

static void run_line(const test_line *l)
{
    fixture f;
    view v;
    plan p = {0};
    buf steps, findings;
    amend_error error = {0};
    assert_int_equal(l->count, 5);
    assert_int_equal(load(&f, &alloc_default, l, &error), AMEND_OK);
    each_word(&f, l->fields[1], add_row);
    read_run(&f, slice_of(l->fields[2]));
    buf_init(&steps, &alloc_default);
    buf_init(&findings, &alloc_default);
    amend_status status = make(&f, &v, &p, &error);
    if (status == AMEND_OK)
    {
        print_plan(&p, &steps, &findings);
        bool conflict = p.conflicts > 0;
        assert_int_equal(plan_conflict(&p, &error) != AMEND_OK, conflict);
    }
    else
    {
        buf_text(&steps, "error");
        buf_format(&findings, "AM%04d", (int)error.code);
    }
    expect(l, &steps, l->fields[3]);
    expect(l, &findings, l->fields[4]);
    buf_clear(&steps);
    buf_clear(&findings);
    arena_free(f.arena);
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("plan/plans.txt", run_line);
}

static void test_widths(void **state)
{
    (void)state;
    test_line l = {.fields = {"001 0123456789012"}, .count = 1};
    fixture f;
    view v;
    plan p;
    amend_error error = {0};
    assert_int_equal(load(&f, &alloc_default, &l, &error), AMEND_OK);
    f.history.ledger.version_width = 10;
    f.history.ledger.checksum_width = 8;
    amend_run run = AMEND_RUN_INIT;
    assert_int_equal(plan_view(f.arena, &f.catalog, &f.history, &v, &error), AMEND_OK);
    assert_int_equal(plan_up(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.conflicts, 3); /* one version, and the checksum of both */
    assert_int_equal(plan_conflict(&p, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_VERSION_WIDTH);
    assert_string_equal(error.detail, "and 2 more like it");
    arena_free(f.arena);
}

static void test_differences(void **state)
{
    (void)state;
    test_line l = {.fields = {"001 002 003 004"}, .count = 1};
    fixture f;
    view v;
    plan p;
    amend_error error = {0};
    assert_int_equal(load(&f, &alloc_default, &l, &error), AMEND_OK);
    each_word(&f, "001! 003 005", add_row);
    assert_int_equal(plan_view(f.arena, &f.catalog, &f.history, &v, &error), AMEND_OK);
    assert_int_equal(plan_differences(f.arena, &v, &p, &error), AMEND_OK);
    assert_int_equal(p.problem_count, 4);
    assert_int_equal(p.problems[0].code, AMEND_E_CHECKSUM);
    assert_int_equal(p.problems[1].code, AMEND_E_OUT_OF_ORDER);
    assert_int_equal(p.problems[2].code, AMEND_E_OUT_OF_ORDER);
    assert_int_equal(p.problems[3].code, AMEND_E_OLDER_PROGRAM);
    assert_int_equal(v.applied, 3);
    assert_int_equal(v.pending, 2);
    arena_free(f.arena);
}

/* A file that was only laid out anew: a note, nothing that stands in the way, and something to repair. */
static void test_reworded(void **state)
{
    (void)state;
    test_line l = {.fields = {"001 002"}, .count = 1};
    fixture f;
    view v;
    plan p;
    amend_error error = {0};
    amend_run run = AMEND_RUN_INIT;
    assert_int_equal(load(&f, &alloc_default, &l, &error), AMEND_OK);
    each_word(&f, "001! 002", add_row);
    assert_int_equal(plan_view(f.arena, &f.catalog, &f.history, &v, &error), AMEND_OK);
    v.entries[0].state = AMEND_STATE_APPLIED;
    v.entries[0].reworded = true;
    assert_int_equal(plan_up(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.problem_count, 1);
    assert_int_equal(p.problems[0].code, AMEND_E_REWORDED);
    assert_int_equal(p.problems[0].severity, AMEND_NOTE);
    assert_int_equal(p.conflicts, 0);
    run.to = "001";
    assert_int_equal(plan_repair(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.count, 1);
    run.to = "002";
    assert_int_equal(plan_repair(f.arena, &v, &run, &p, &error), AMEND_USAGE);
    arena_free(f.arena);
}

static void test_replay(void **state)
{
    (void)state;
    test_line l = {.fields = {"001 002 003"}, .count = 1};
    fixture f;
    view v;
    plan p;
    amend_error error = {0};
    amend_run run = AMEND_RUN_INIT;
    assert_int_equal(load(&f, &alloc_default, &l, &error), AMEND_OK);
    each_word(&f, "001 002! 009", add_row);
    assert_int_equal(plan_view(f.arena, &f.catalog, &f.history, &v, &error), AMEND_OK);
    run.to = "001";
    assert_int_equal(plan_replay(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.steps[0].action, ACTION_REPLAY);
    run.to = "002";
    assert_int_equal(plan_replay(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.count, 0);
    assert_int_equal(p.problems[0].code, AMEND_E_CHECKSUM);
    run.to = "009";
    assert_int_equal(plan_replay(f.arena, &v, &run, &p, &error), AMEND_OK);
    assert_int_equal(p.problems[0].code, AMEND_E_FILE_GONE);
    run.to = "003";
    assert_int_equal(plan_replay(f.arena, &v, &run, &p, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    run.to = "004";
    assert_int_equal(plan_replay(f.arena, &v, &run, &p, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_VERSION_UNKNOWN);
    arena_free(f.arena);
}

static void test_checksums(void **state)
{
    (void)state;
    const char *file = "0123456789abcdef0123456789abcdef";
    assert_true(history_checksum_fits(NULL, file));
    assert_true(history_checksum_fits("", file));
    assert_true(history_checksum_fits(file, file));
    assert_true(history_checksum_fits("0123456789ABCDEF", file));
    assert_true(history_checksum_fits("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", file));
    assert_false(history_checksum_fits("0123456789abcde", file)); /* too short to tell */
    assert_false(history_checksum_fits("1123456789abcdef", file));
}

/* Planning when memory is short: an error each time, and nothing left over. */
static void test_memory(void **state)
{
    (void)state;
    test_line l = {.fields = {"001 002- 003 004 005 006 007 008 009 010 011", "001 002 004! 020"}, .count = 2};
    for (size_t n = 2;; n++)
    {
        faulty_alloc faulty;
        fixture f;
        view v;
        plan p;
        amend_error error = {0};
        const amend_allocator *allocator = faulty_alloc_init(&faulty, 0, FAULTY_ONCE);
        assert_int_equal(load(&f, allocator, &l, &error), AMEND_OK);
        each_word(&f, l.fields[1], add_row);
        faulty.fail_at = faulty.calls + n - 1;
        amend_run run = AMEND_RUN_INIT, last = run;
        last.to = "011";
        amend_status status = plan_view(f.arena, &f.catalog, &f.history, &v, &error);
        for (size_t i = 0; i < 64 && status == AMEND_OK; i++)
        {
            status = plan_up(f.arena, &v, &run, &p, &error);
            status = status == AMEND_OK ? plan_needed(f.arena, &v, &last, &p, &error) : status;
            status = status == AMEND_OK ? plan_reset(f.arena, &v, &run, &p, &error) : status;
            status = status == AMEND_OK ? plan_differences(f.arena, &v, &p, &error) : status;
        }
        assert_true((status == AMEND_OK) == (faulty.failures == 0));
        arena_free(f.arena);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            break;
        }
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),       cmocka_unit_test(test_widths),
                                       cmocka_unit_test(test_differences), cmocka_unit_test(test_reworded),
                                       cmocka_unit_test(test_replay),      cmocka_unit_test(test_checksums),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
