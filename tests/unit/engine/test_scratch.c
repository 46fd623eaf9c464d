/* SPDX-License-Identifier: MIT */
#include "engine/scratch.h"

#include "base/alloc.h"
#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const one[] = {"statement"}, *const fact_names[] = {"object", "definition"};
/* The server gives this statement for what is asked with the words. */
#define GIVES(words, text)                                                                                                     \
    {                                                                                                                          \
        .match = words, .columns = 1, .names = one, .values = (const char *const[])                                            \
        {                                                                                                                      \
            text                                                                                                               \
        }                                                                                                                      \
    }
#define HAS(object)                                                                                                            \
    {                                                                                                                          \
        .match = "WITH member AS", .columns = 2, .names = fact_names, .values = (const char *const[])                          \
        {                                                                                                                      \
            object, "x"                                                                                                        \
        }                                                                                                                      \
    }
#define LEFT "date_part('epoch'"
#define MAKE "format('CREATE DATABASE"
#define DROP "format('DROP DATABASE IF EXISTS %I', 'amend_scratch_"

/* "the same script, but said otherwise": connections still go to it. */
static bool beside(const char *url, const char *name, char *out, size_t out_size)
{
    return (size_t)snprintf(out, out_size, "%s %s", url, name) < out_size;
}

static bool too_long(const char *url, const char *name, char *out, size_t out_size)
{
    (void)url, (void)name, (void)out, (void)out_size;
    return false;
}

static amend_driver with(bool (*rename)(const char *, const char *, char *, size_t))
{
    amend_driver d = fake_driver;
    d.beside = rename;
    return d;
}

static void expect_ran(const harness *h, const char *statement, bool ran)
{
    if ((strstr(h->script.log, statement) != NULL) != ran)
    {
        fail_msg("%s in\n%s", statement, h->script.log);
    }
}

/* ------------------------------------------------------------------------------------------------------------- as a file */

static void test_file(void **state)
{
    (void)state;
    harness h;
    scratch s;
    harness_sqlite(&h);
    setenv("TMPDIR", h.dir.path, 1);
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    assert_int_equal(strncmp(s.url, "sqlite:", 7), 0);
    assert_int_equal(strncmp(s.dir, h.dir.path, strlen(h.dir.path)), 0);
    assert_false(s.given);
    assert_string_equal(s.name, "");
    const char *dir = s.dir + strlen(h.dir.path) + 1;
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < 4; i++)
    {
        char name[600];
        snprintf(name, sizeof name, "%s/scratch.db%s", dir, ends[i]);
        tempdir_write(&h.dir, name, "x");
    }
    scratch_clear(&s); /* nothing is to be done */
    scratch_close(&s);
    assert_int_equal(access(s.dir, F_OK), -1);
    unsetenv("TMPDIR");
    harness_close(&h);
}

static void test_file_where(void **state)
{
    (void)state;
    harness h;
    scratch s;
    harness_sqlite(&h);
    setenv("TMPDIR", "", 1);
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    assert_int_equal(strncmp(s.dir, "/tmp/amend-scratch-", 19), 0);
    scratch_close(&s);
    unsetenv("TMPDIR");
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    assert_int_equal(strncmp(s.dir, "/tmp/amend-scratch-", 19), 0);
    scratch_close(&s);
    setenv("TMPDIR", tempdir_path(&h.dir, "nowhere"), 1);
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_SCRATCH);
    assert_non_null(strstr(h.error.message, "No such file or directory"));
    assert_string_equal(s.url, "");
    scratch_close(&s);
    char deep[1000];
    memset(deep, 'd', sizeof deep - 1);
    deep[0] = '/';
    deep[sizeof deep - 1] = '\0';
    setenv("TMPDIR", deep, 1);
    assert_int_equal(scratch_open(&h.session, NULL, &s, NULL), AMEND_FAILED);
    scratch_close(&s);
    unsetenv("TMPDIR");
    harness_close(&h);
}

static void test_file_and_url(void **state)
{
    (void)state;
    harness h;
    scratch s;
    harness_sqlite(&h);
    assert_int_equal(scratch_open(&h.session, "sqlite:x.db", &s, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_SCRATCH);
    scratch_close(&s);
    harness_close(&h);
}

/* ----------------------------------------------------------------------------------------------------------------- made */

static void test_made(void **state)
{
    (void)state;
    HARNESS_FAKE(h, GIVES(LEFT, "DROP DATABASE IF EXISTS of_old"), GIVES(MAKE, "CREATE DATABASE so_named"),
                 GIVES(DROP, "DROP DATABASE IF EXISTS so_named"));
    amend_driver d = with(beside);
    scratch s;
    h.session.driver = &d;
    atomic_store(&h.session.cancelled, false);
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    assert_int_equal(strncmp(s.name, "amend_scratch_", 14), 0);
    assert_int_equal(strlen(s.name), 14 + 10 + 1 + 8);
    assert_non_null(strstr(s.url, s.name));
    assert_string_equal(s.dir, "");
    expect_ran(&h, "DROP DATABASE IF EXISTS of_old\n", true);
    expect_ran(&h, "CREATE DATABASE so_named\n", true);
    expect_ran(&h, "DROP DATABASE IF EXISTS so_named\n", false);
    atomic_store(&h.session.cancelled, true); /* whoever stops it wants it gone */
    scratch_close(&s);
    expect_ran(&h, "DROP DATABASE IF EXISTS so_named\n", true);
    assert_int_equal(h.script.opened, 1);
    h.session.driver = &fake_driver;
    harness_close(&h);
}

static void test_made_in_spite_of_others(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = LEFT, .fault = AMEND_FAULT_STATEMENT}, GIVES(MAKE, "CREATE DATABASE so_named"));
    amend_driver d = with(beside);
    scratch s;
    h.session.driver = &d;
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    scratch_close(&s);
    h.session.driver = &fake_driver;
    harness_close(&h);
}

static void test_not_made(void **state)
{
    static const struct
    {
        const char *match;
        amend_fault_kind fault;
        amend_code code;
        const char *message;
    } cases[] = {
        {"CREATE DATABASE so_named", AMEND_FAULT_STATEMENT, AMEND_E_SCRATCH, "no scratch database can be made: not yours"},
        {MAKE, AMEND_FAULT_STATEMENT, AMEND_E_SCRATCH, "no scratch database can be made: not yours"},
        {"CREATE DATABASE so_named", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST, "not yours"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        HARNESS_FAKE(h, {.match = cases[i].match, .fault = cases[i].fault, .message = "not yours"},
                     GIVES(MAKE, "CREATE DATABASE so_named"));
        amend_driver d = with(beside);
        scratch s;
        h.session.driver = &d;
        amend_status status = scratch_open(&h.session, NULL, &s, &h.error);
        assert_int_equal(status, h.error.status);
        assert_int_equal(h.error.code, cases[i].code);
        assert_string_equal(h.error.message, cases[i].message);
        assert_string_equal(s.name, "");
        scratch_close(&s);
        expect_ran(&h, "SELECT pg_catalog.format('DROP DATABASE IF EXISTS %I', 'amend", false);
        assert_int_not_equal(scratch_open(&h.session, NULL, &s, NULL), AMEND_OK);
        scratch_close(&s);
        h.session.driver = &fake_driver;
        harness_close(&h);
    }
}

static void test_unreachable(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "nothing"});
    scratch s;
    h.script.open_fault = AMEND_FAULT_DENIED;
    h.script.open_fails = 2;
    assert_int_not_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_OK);
    assert_int_equal(h.error.code, AMEND_E_DENIED);
    scratch_close(&s);
    assert_int_not_equal(scratch_open(&h.session, h.url, &s, &h.error), AMEND_OK);
    assert_int_equal(h.error.code, AMEND_E_DENIED);
    scratch_close(&s);
    harness_close(&h);
}

/* It is there already, and must not stay. */
static void test_url_too_long(void **state)
{
    (void)state;
    HARNESS_FAKE(h, GIVES(MAKE, "CREATE DATABASE so_named"), GIVES(DROP, "DROP DATABASE IF EXISTS so_named"));
    amend_driver d = with(too_long);
    scratch s;
    h.session.driver = &d;
    assert_int_equal(scratch_open(&h.session, NULL, &s, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_SCRATCH);
    scratch_close(&s);
    expect_ran(&h, "DROP DATABASE IF EXISTS so_named\n", true);
    h.session.driver = &fake_driver;
    harness_close(&h);
}

/* ---------------------------------------------------------------------------------------------------------- the user's */

static void test_given(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HAS("schema public"));
    scratch s;
    assert_int_equal(scratch_open(&h.session, h.url, &s, &h.error), AMEND_OK);
    assert_true(s.given);
    assert_string_equal(s.url, h.url);
    expect_ran(&h, "CREATE DATABASE", false);
    expect_ran(&h, "DO $amend$", false);
    scratch_close(&s);
    expect_ran(&h, "DO $amend$", true);
    expect_ran(&h, "DROP DATABASE", false);
    harness_close(&h);
}

/* Nothing of it is touched. */
static void test_given_but_not_empty(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HAS("table public.precious"));
    scratch s;
    assert_int_equal(scratch_open(&h.session, h.url, &s, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_SCRATCH);
    assert_string_equal(h.error.message, "the database for scratch work is not empty: it has table public.precious");
    assert_false(s.given);
    scratch_clear(&s);
    scratch_close(&s);
    expect_ran(&h, "DO $amend$", false);
    harness_close(&h);
}

static void test_given_but_not_to_be_read(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "WITH member AS", .fault = AMEND_FAULT_STATEMENT, .message = "not yours"});
    scratch s;
    assert_int_equal(scratch_open(&h.session, h.url, &s, &h.error), AMEND_FAILED);
    assert_string_equal(h.error.message, "the schema can't be read: not yours");
    assert_false(s.given);
    scratch_close(&s);
    harness_close(&h);
}

static void test_given_and_other_failures(void **state)
{
    (void)state;
    HARNESS_FAKE(h, HAS("extension x"));
    scratch s;
    assert_int_equal(scratch_open(&h.session, "other:x", &s, &h.error), AMEND_FAILED);
    assert_int_equal(h.error.code, AMEND_E_SCRATCH);
    scratch_close(&s);
    char longer[4000];
    int length = snprintf(longer, sizeof longer, "%s ", h.url);
    memset(longer + length, 'x', sizeof longer - (size_t)length - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(scratch_open(&h.session, longer, &s, &h.error), AMEND_FAILED);
    assert_string_equal(h.error.message, "the URL is too long");
    assert_false(s.given);
    scratch_close(&s);
    expect_ran(&h, "DO $amend$", false);
    /* it can't be emptied: nothing more can be done */
    assert_int_equal(scratch_open(&h.session, h.url, &s, &h.error), AMEND_OK);
    session_close(&s.session);
    h.script.open_fault = AMEND_FAULT_DENIED;
    h.script.open_fails = 1;
    scratch_close(&s);
    expect_ran(&h, "DO $amend$", false);
    harness_close(&h);
}

/* --------------------------------------------------------------------------------------------------------------- memory */

static amend_status open_and_close(harness *h, const amend_driver *d, const char *url, faulty_alloc *f, size_t n)
{
    scratch s;
    session model = {.allocator = faulty_alloc_init(f, n, FAULTY_ONCE),
                     .driver = d,
                     .dialect = h->session.dialect,
                     .url = h->url,
                     .connect_timeout_ms = 500};
    h->error = (amend_error){0};
    amend_status status = scratch_open(&model, url, &s, &h->error);
    scratch_close(&s);
    assert_int_equal(faulty_alloc_clear(f), 0);
    return status;
}

static void test_short_of_memory(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++)
    {
        for (size_t n = 1;; n++)
        {
            HARNESS_FAKE(h, GIVES(LEFT, "DROP DATABASE IF EXISTS of_old"), GIVES(MAKE, "CREATE DATABASE so_named"),
                         HAS("schema public"));
            amend_driver d = with(beside);
            faulty_alloc f;
            amend_status status = open_and_close(&h, &d, given == 1 ? h.url : NULL, &f, n);
            assert_true(status == AMEND_OK || h.error.code == AMEND_E_OUT_OF_MEMORY || h.error.code == AMEND_E_CANCELLED);
            harness_close(&h);
            if (f.failures == 0)
            {
                assert_int_equal(status, AMEND_OK);
                break;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_where),
        cmocka_unit_test(test_file_and_url),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_made_in_spite_of_others),
        cmocka_unit_test(test_not_made),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_url_too_long),
        cmocka_unit_test(test_given),
        cmocka_unit_test(test_given_but_not_empty),
        cmocka_unit_test(test_given_but_not_to_be_read),
        cmocka_unit_test(test_given_and_other_failures),
        cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
