/* SPDX-License-Identifier: MIT */
/*
 * Reports when memory is short. What a call needs comes in blocks of 16 KB, so that few of its small requests ever reach the
 * allocator: the sweep moves the blocks' edges, by the length of the directory's name, over all of them.
 */
#include "amend.h"

#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum
{
    MOST = 60,
    BLOCK = 16 * 1024,
    EDGES = 4096, /* longer names have a block of their own */
    STEP = 8,
};

/* Refuses the nth request that is as large as a block. */
typedef struct edgy
{
    faulty_alloc inner;
    amend_allocator allocator;
    size_t nth, seen;
} edgy;

static void *edgy_resize(void *arg, void *block, size_t old_size, size_t new_size)
{
    edgy *e = arg;
    if (new_size >= BLOCK && ++e->seen == e->nth)
    {
        return NULL;
    }
    return e->inner.allocator.resize(&e->inner, block, old_size, new_size);
}

static const amend_allocator *edgy_init(edgy *e, size_t nth)
{
    *e = (edgy){.allocator = {.resize = edgy_resize, .arg = e}, .nth = nth};
    faulty_alloc_init(&e->inner, 0, FAULTY_ONCE);
    return &e->allocator;
}

typedef struct fixture
{
    tempdir dir;
    char url[512], place[EDGES + 1];
    char paths[2 * MOST][64], texts[MOST][64];
    amend_file files[2 * MOST];
    size_t count;
} fixture;

static void fill(fixture *f, size_t count)
{
    memset(f, 0, sizeof *f);
    tempdir_make(&f->dir);
    snprintf(f->url, sizeof f->url, "%s", tempdir_path(&f->dir, "app.db"));
    for (size_t i = 0; i < count; i++)
    {
        char *up = f->paths[f->count];
        snprintf(up, 64, "versions/%03zu_a_table.sql", i + 1);
        snprintf(f->texts[i], 64, i % 5 == 4 ? "-- amend:depends 001, 002\nSELECT %zu;" : "SELECT %zu;", i);
        f->files[f->count++] = (amend_file){up, f->texts[i], strlen(f->texts[i])};
        if (i % 3 != 0)
        {
            char *down = f->paths[f->count];
            snprintf(down, 64, "down/%03zu_a_table_down.sql", i + 1);
            f->files[f->count++] = (amend_file){down, "SELECT 2;", 9};
        }
    }
}

static amend_status open_it(const fixture *f, size_t pad, const amend_allocator *allocator, amend **out, amend_error *error)
{
    amend_options options = AMEND_OPTIONS_INIT;
    char place[EDGES + 1];
    memset(place, 'm', pad);
    place[pad] = '\0';
    options.url = f->url;
    options.dir = place;
    options.files = f->files;
    options.file_count = f->count;
    options.allocator = allocator;
    return amend_open(&options, out, error);
}

/* All applied; then some are changed, gone from the history, half-way or unknown, and the trail has been altered. */
static void apply_some(const fixture *f)
{
    amend *h = NULL;
    amend_error error = {0};
    sqlite3 *db;
    assert_int_equal(open_it(f, 1, NULL, &h, &error), AMEND_OK);
    assert_int_equal(amend_up(h, NULL, NULL, &error), AMEND_OK);
    amend_close(h);
    assert_int_equal(sqlite3_open(f->url, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "UPDATE _migrations SET checksum = '00000000000000000000000000000000' WHERE id % 2 = 0;"
                     "DELETE FROM _migrations WHERE id % 7 = 5;"
                     "UPDATE _migration_events SET type = 'statement.done' WHERE version IN ('005', '012', '019');"
                     "INSERT INTO _migrations (version, name, checksum, execution_time_ms) VALUES ('900', 'new', '', 1)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

static amend_status call(amend *h, size_t which, amend_report **out, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    run.flags = AMEND_DRY_RUN | AMEND_OUT_OF_ORDER;
    switch (which)
    {
    case 0:
        return amend_catalog(h, out, error);
    case 1:
        return amend_inspect(h, out, error);
    case 2:
        return amend_verify(h, out, error);
    case 3:
        return amend_plan(h, AMEND_UP, &run, out, error);
    case 4:
        run.to = "001";
        return amend_plan(h, AMEND_DOWN, &run, out, error);
    case 5:
        return amend_repair(h, &run, out, error);
    case 6:
        run.to = "013";
        return amend_baseline(h, &run, out, error);
    case 7:
        run.to = "001";
        return amend_down(h, &run, out, error);
    default:
        run.steps = 2;
        return amend_redo(h, &run, out, error);
    }
}

static void sweep(size_t count)
{
    enum
    {
        CALLS = 9,
    };
    fixture f;
    size_t refused = 0;
    fill(&f, count);
    apply_some(&f);
    for (size_t which = 0; which < CALLS; which++)
    {
        amend *h = NULL;
        amend_report *wanted = NULL;
        amend_error first = {0};
        assert_int_equal(open_it(&f, 1, NULL, &h, &first), AMEND_OK);
        amend_status usual = call(h, which, &wanted, &first);
        amend_report_free(wanted);
        amend_close(h);
        for (size_t pad = 1; pad < EDGES; pad += STEP)
        {
            for (size_t nth = 2; nth <= 4; nth++) /* the first is the handle's own */
            {
                edgy e;
                amend_error error = {0};
                amend_report *report = NULL;
                h = NULL;
                assert_int_equal(open_it(&f, pad, edgy_init(&e, nth), &h, &error), AMEND_OK);
                amend_status status = call(h, which, &report, &error);
                if (e.seen < nth)
                {
                    assert_int_equal(status, usual);
                }
                else
                {
                    assert_int_equal(status, AMEND_FAILED);
                    /* a failure that was there before is what counts: then the report alone is short */
                    assert_true(error.code == AMEND_E_OUT_OF_MEMORY || (usual == AMEND_FAILED && error.code == first.code));
                    refused++;
                }
                amend_report_free(report);
                amend_close(h);
                assert_int_equal(faulty_alloc_clear(&e.inner), 0);
            }
        }
    }
    assert_true(refused > 0);
    tempdir_remove(&f.dir);
}

static void test_memory(void **state)
{
    (void)state;
    sweep(24);
    sweep(36);
    sweep(MOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
