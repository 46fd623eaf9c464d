/* SPDX-License-Identifier: MIT */
/*
 * Journals from tests/cases/engine/journals.txt: events as they would be read, and where the next run goes on. "@1-2" stands
 * for the detail that journal_detail writes about statements 1 to 2 of the script.
 */
#include "engine/journal.h"

#include "base/alloc.h"
#include "event/event.h"
#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture
{
    arena *arena;
    outline then, now; /* the script as it was run, and as it is */
    journal journal;
} fixture;

static void make(arena *a, const char *text, outline *o)
{
    directives head = {0};
    amend_error error = {0};
    assert_int_equal(outline_make(a, dialect_find("sqlite"), "f.sql", slice_of(text), &head, o, &error), AMEND_OK);
}

/* "statement.done @1-2", "statement.started down @3-3", "migration.failed {…}" */
static void note_line(fixture *f, slice line)
{
    char type[64];
    buf detail;
    buf_init(&detail, &alloc_default);
    snprintf(type, sizeof type, "%.*s", (int)slice_token(&line, ' ').len, line.data);
    slice rest = line;
    type[strcspn(type, " ")] = '\0';
    bool down = slice_starts(rest, SLICE("down "));
    rest = down ? slice_sub(rest, 5, rest.len) : rest;
    if (slice_starts(rest, SLICE("@")))
    {
        char *end;
        size_t first = strtoul(rest.data + 1, &end, 10), last = strtoul(end + 1, NULL, 10);
        journal_detail(&f->then, down, first - 1, last, &detail);
    }
    else if (rest.len > 0)
    {
        buf_add(&detail, rest);
    }
    journal_note(&f->journal, &f->now, event_type_of(type), detail.len == 0 ? NULL : detail.data);
    buf_clear(&detail);
}

static void run_case(const test_case *c)
{
    fixture f = {.arena = arena_new(&alloc_default), .journal = {.started = SIZE_MAX}};
    char found[256], started[24] = "none";
    const char *now = cases_part(c, "now");
    make(f.arena, cases_part(c, "script"), &f.then);
    make(f.arena, now == NULL ? cases_part(c, "script") : now, &f.now);
    slice events = slice_of(cases_part(c, "events"));
    while (events.len > 0)
    {
        note_line(&f, slice_token(&events, '\n'));
    }
    const journal *j = &f.journal;
    if (j->started != SIZE_MAX)
    {
        snprintf(started, sizeof started, "%zu", j->started + 1);
    }
    snprintf(found, sizeof found, "done %zu, started %s%s%s%s\n", j->done, started, j->any ? ", any" : "",
             j->down ? ", down" : "", j->wrong ? ", wrong" : "");
    cases_expect(c, found, cases_part(c, "expected"));
    arena_free(f.arena);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("engine/journals.txt", run_case);
}

/* The form is stored in databases: it must stay readable for all time. The hash is that of the statements' own text:
   hashlib.sha256(b"VACUUM;").hexdigest()[:16] */
static void test_detail(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    outline o;
    buf out;
    buf_init(&out, &alloc_default);
    make(a, "SELECT 1;\n  VACUUM;  \n-- end\n", &o);
    journal_detail(&o, false, 1, 2, &out);
    assert_string_equal(out.data, "{\"direction\":\"up\",\"first\":2,\"last\":2,\"of\":2,\"hash\":\"3dbd367da0e6f97f\"}");
    buf_reset(&out);
    journal_detail(&o, true, 1, 1, &out); /* nothing */
    assert_string_equal(out.data, "{\"direction\":\"down\",\"first\":2,\"last\":1,\"of\":2,\"hash\":\"e3b0c44298fc1c14\"}");
    buf_clear(&out);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_detail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
