/* SPDX-License-Identifier: MIT */
/*
 * Trying migrations on scratch databases: up, down and up again, with data. docs/testing.md has the guide.
 */
#ifndef AMEND_TEST_H
#define AMEND_TEST_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is tried of a migration, or of all. */
typedef enum amend_test_kind
{
    AMEND_TEST_UP,    /* it can be applied */
    AMEND_TEST_DATA,  /* the rows of tests/VERSION_before.sql are as tests/VERSION_after.sql says */
    AMEND_TEST_DOWN,  /* its down script leaves the schema as it was, and the data as tests/VERSION_down.sql says */
    AMEND_TEST_AGAIN, /* applied again after that, it makes the same schema */
    AMEND_TEST_TWICE, /* where every statement says IF NOT EXISTS or the like: run twice, it changes nothing more */
    AMEND_TEST_RESET, /* all of them: rolled back, nothing is left */
    AMEND_TEST_ALL,   /* all of them at once: the same schema as one by one */
    AMEND_TEST_LINT,  /* lint (amend/lint.h) finds nothing of severity error in its scripts */
} amend_test_kind;

/* "up", "down" …; NULL when out of range. */
AMEND_API const char *amend_test_kind_name(amend_test_kind kind);

typedef enum amend_test_outcome
{
    AMEND_TEST_PASSED,
    AMEND_TEST_FAILED,
    AMEND_TEST_SKIPPED, /* there is nothing to try: no down script, no data */
} amend_test_outcome;

/* One finding. All pointers are borrowed: they live until the callback returns. */
typedef struct amend_test_result
{
    amend_test_kind kind;
    amend_test_outcome outcome;
    const char *version, *name; /* NULL: it is about all migrations */
    const char *file;           /* what failed, or was tried; NULL likewise */
    unsigned line;              /* 0 when unknown */
    const char *message;        /* one line; why it failed or was skipped */
    const char *detail; /* lines: each object that a down script left behind or took too much, each error of lint; NULL when
                           there is none */
    int64_t elapsed_ms;
} amend_test_result;

/* Never called by two threads at once. It must not call into the same handle. */
typedef void (*amend_test_fn)(void *arg, const amend_test_result *result);

typedef struct amend_test_options
{
    size_t size;             /* sizeof(amend_test_options): AMEND_TEST_OPTIONS_INIT sets it */
    const char *scratch_url; /* an empty database to use in place of those that are made and dropped; its schema is gone after
                                that. One road after the other then */
    bool one_thread;         /* one road after the other */
    bool no_lint;            /* don't look at the scripts with lint */
} amend_test_options;

#define AMEND_TEST_OPTIONS_INIT                                                                                                \
    {                                                                                                                          \
        .size = sizeof(amend_test_options)                                                                                     \
    }

/*
 * Try the migrations on scratch databases of the same kind as the handle's, which is not touched: SQLite in a temporary
 * directory, PostgreSQL as databases that are made on the server and dropped. Each is applied, rolled back and applied again,
 * one by one and all together; the schema is compared after each. Beside the migrations, in the folder tests/, there may be
 * data: VERSION_before.sql runs before the migration, VERSION_after.sql after it, VERSION_down.sql after it is rolled back. In
 * the last two each query must give rows, and the first value of each must be true.
 *
 * A migration of which every statement says that it may run twice does so; the data that VERSION_after.sql asks for must then
 * still be there, when that file only asks.
 *
 * `options` may be NULL, fn too. AMEND_OK when nothing failed. Errors: TEST_FAILED when something did, LINT when only lint
 * found errors; and what keeps it from being tried: NO_DATABASE, what loading the catalog gives, what making a scratch database
 * gives, OUT_OF_MEMORY, CANCELLED.
 */
AMEND_API AMEND_CHECKED amend_status amend_test(amend *handle, const amend_test_options *options, amend_test_fn fn, void *arg,
                                                amend_error *error);

#ifdef __cplusplus
}
#endif

#endif
