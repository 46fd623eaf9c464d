/* SPDX-License-Identifier: MIT */
#include "amend.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>

static void expect(const amend_options *options, amend_code code, const char *message)
{
    amend *h = NULL;
    amend_error error = {0};
    amend_status status = amend_open(options, &h, &error);
    assert_int_equal(status, AMEND_USAGE);
    assert_null(h);
    assert_int_equal(error.code, code);
    if (strstr(error.message, message) == NULL)
    {
        fail_msg("expected %s, got %s", message, error.message);
    }
    assert_int_equal(amend_open(options, &h, NULL), status);
}

static void test_arguments(void **state)
{
    (void)state;
    static const amend_file file = {"001_a.sql", "SELECT 1;", 9};
    amend_options good = AMEND_OPTIONS_INIT, o = good;
    amend_error error = {0};
    assert_int_equal(amend_open(&good, NULL, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    expect(NULL, AMEND_E_ARGUMENT, "AMEND_OPTIONS_INIT");
    o.size--;
    expect(&o, AMEND_E_ARGUMENT, "AMEND_OPTIONS_INIT");
    o.size = 0;
    expect(&o, AMEND_E_ARGUMENT, "AMEND_OPTIONS_INIT");
    o = good;
    o.allocator = &(amend_allocator){0};
    expect(&o, AMEND_E_ARGUMENT, "resize");
    o = good;
    o.lease_ms = 999;
    expect(&o, AMEND_E_ARGUMENT, "999 ms is too short: at least 1000");
    o = good;
    o.dir = "";
    expect(&o, AMEND_E_ARGUMENT, "directory");
    o = good;
    o.file_count = 1;
    expect(&o, AMEND_E_ARGUMENT, "files");
    o.files = &file;
    amend *h = NULL;
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK);
    amend_close(h);
    amend_close(NULL);
    amend_cancel(NULL);
}

static void test_urls(void **state)
{
    (void)state;
    amend_options o = AMEND_OPTIONS_INIT;
    o.url = "oracle://scott:tiger@host/db";
    expect(&o, AMEND_E_URL, "\"oracle\"");
#ifndef AMEND_WITH_POSTGRES
    o.url = "postgres://me:hunter2@host/db";
    expect(&o, AMEND_E_DRIVER_MISSING, "no driver for");
#endif
}

static void test_database(void **state)
{
    (void)state;
    amend_options o = AMEND_OPTIONS_INIT;
    amend *h = NULL;
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK);
    assert_string_equal(amend_database(h), "");
    assert_string_equal(amend_database_name(h), "");
    amend_close(h);
    o.url = "sqlite:some/where/app.db";
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK); /* nothing is opened yet: there is no such directory */
    assert_string_equal(amend_database(h), "sqlite:some/where/app.db");
    assert_string_equal(amend_database_name(h), "app.db");
    amend_close(h);
#ifdef AMEND_WITH_POSTGRES
    o.url = "postgres://me:hunter2@host/app";
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK);
    assert_string_equal(amend_database(h), "postgres://me:***@host/app");
    assert_string_equal(amend_database_name(h), "app");
    amend_close(h);
#endif
}

/* The handle keeps nothing of the options' strings. */
static void test_copies(void **state)
{
    (void)state;
    char url[] = "sqlite:app.db", dir[] = "nowhere", actor[] = "ann", application[] = "app";
    amend_options o = AMEND_OPTIONS_INIT;
    amend *h = NULL;
    amend_error error = {0};
    o.url = url;
    o.dir = dir;
    o.actor = actor;
    o.application = application;
    o.own_process = true;
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK);
    url[0] = dir[0] = actor[0] = application[0] = '!';
    amend_report *report = NULL;
    assert_int_equal(amend_catalog(h, &report, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_DIR_MISSING);
    assert_non_null(strstr(error.message, "nowhere"));
    assert_string_equal(amend_database(h), "sqlite:app.db");
    amend_close(h);
}

static void who(void *arg, const amend_event *e)
{
    strncpy(arg, e->actor, 63);
}

static void expect_actor(const char *user, const char *wanted)
{
    static const amend_file file = {"001_a.sql", "SELECT 1;", 9};
    char actor[64] = "";
    amend_options o = AMEND_OPTIONS_INIT;
    amend *h = NULL;
    o.url = ":memory:";
    o.files = &file;
    o.file_count = 1;
    o.on_event = who;
    o.on_event_arg = actor;
    if (user == NULL)
    {
        unsetenv("USER");
    }
    else
    {
        setenv("USER", user, 1);
    }
    assert_int_equal(amend_open(&o, &h, NULL), AMEND_OK);
    assert_int_equal(amend_up(h, NULL, NULL, NULL), AMEND_OK);
    amend_close(h);
    assert_true(wanted == NULL ? actor[0] != '\0' : strcmp(actor, wanted) == 0);
}

static void test_actor(void **state)
{
    (void)state;
    expect_actor("bob", "bob");
    expect_actor("", NULL);
    expect_actor(NULL, NULL); /* the system's name for the user */
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc faulty;
        amend *h = NULL;
        amend_error error = {0};
        amend_options o = AMEND_OPTIONS_INIT;
        o.url = "sqlite:app.db";
        o.allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        amend_status status = amend_open(&o, &h, &error);
        assert_true((status == AMEND_OK) == (faulty.failures == 0));
        assert_true((h != NULL) == (status == AMEND_OK));
        assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        amend_close(h);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (status == AMEND_OK)
        {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arguments), cmocka_unit_test(test_urls),
                                       cmocka_unit_test(test_database),  cmocka_unit_test(test_copies),
                                       cmocka_unit_test(test_actor),     cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
