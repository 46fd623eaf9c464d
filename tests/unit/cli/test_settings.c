/* SPDX-License-Identifier: MIT */
/* Each test has a directory of its own as the current one, and an environment without what amend reads. */
#include "cli/settings.h"

#include "support/tempdir.h"
#include "support/testing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct bed
{
    tempdir dir;
    pool pool;
    arguments args;
    settings settings;
    amend_error error;
} bed;

static int set_up(void **state)
{
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    tempdir_make(&b->dir);
    assert_int_equal(chdir(b->dir.path), 0);
    for (size_t i = 0; i < SETTINGS; i++)
    {
        unsetenv(settings_table[i].variables[0]);
    }
    unsetenv("DATABASE_URL");
    unsetenv("AMEND_CONFIG");
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    bed *b = *state;
    assert_int_equal(chdir("/"), 0);
    pool_clear(&b->pool);
    tempdir_remove(&b->dir);
    free(b);
    return 0;
}

static amend_status load(bed *b)
{
    memset(&b->error, 0, sizeof b->error);
    return settings_load(&b->pool, &b->args, &b->settings, &b->error);
}

static void assert_setting(bed *b, setting_id id, const char *value, const char *source)
{
    assert_int_equal(load(b), AMEND_OK);
    if (value == NULL)
    {
        assert_null(b->settings.items[id].value);
    }
    else
    {
        assert_non_null(b->settings.items[id].value);
        assert_string_equal(b->settings.items[id].value, value);
    }
    assert_string_equal(b->settings.items[id].source, source);
}

static void assert_wrong(bed *b, const char *message, const char *file, unsigned line)
{
    assert_int_equal(load(b), AMEND_USAGE);
    assert_int_equal(b->error.code, AMEND_E_SETTINGS);
    assert_non_null(strstr(b->error.message, message));
    assert_string_equal(b->error.file, file);
    assert_int_equal(b->error.line, line);
}

static void test_defaults(void **state)
{
    bed *b = *state;
    assert_setting(b, SETTING_URL, NULL, "not set");
    assert_setting(b, SETTING_DIR, "migrations", "default");
    amend_options options = AMEND_OPTIONS_INIT;
    settings_apply(&b->settings, &options);
    assert_null(options.url);
    assert_string_equal(options.dir, "migrations");
    assert_string_equal(options.application, "amend");
    assert_int_equal(options.connect_timeout_ms, 30000);
    assert_int_equal(options.lock_timeout_ms, 5000);
    assert_int_equal(options.lock_wait_ms, 300000);
    assert_int_equal(options.lease_ms, 30000);
}

static void test_order_of_sources(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "amend.ini", "url = top\n[production]\nurl = section\n");
    assert_setting(b, SETTING_URL, "top", "amend.ini:1");
    b->args.values[OPTION_ENV] = "production";
    assert_setting(b, SETTING_URL, "section", "amend.ini:3 [production]");
    assert_null(b->settings.warning);
    tempdir_write(&b->dir, ".env", "\nDATABASE_URL=dotenv\n");
    assert_setting(b, SETTING_URL, "dotenv", ".env:2 DATABASE_URL");
    assert_non_null(strstr(b->settings.warning, ".env:2 DATABASE_URL, not from [production]"));
    tempdir_write(&b->dir, ".env", "DATABASE_URL=dotenv\nAMEND_URL=own\n");
    assert_setting(b, SETTING_URL, "own", ".env:2 AMEND_URL");
    setenv("DATABASE_URL", "environment", 1);
    assert_setting(b, SETTING_URL, "environment", "environment DATABASE_URL");
    setenv("AMEND_URL", "own", 1);
    assert_setting(b, SETTING_URL, "own", "environment AMEND_URL");
    b->args.values[OPTION_URL] = "flag";
    assert_setting(b, SETTING_URL, "flag", "--url");
    assert_null(b->settings.warning);
}

static void test_empty_counts_as_unset(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "amend.ini", "url = top\n");
    tempdir_write(&b->dir, ".env", "AMEND_URL=\n");
    setenv("AMEND_URL", "", 1);
    assert_setting(b, SETTING_URL, "top", "amend.ini:1");
}

static void test_environments(void **state)
{
    bed *b = *state;
    setenv("AMEND_ENV", "production", 1);
    assert_setting(b, SETTING_ENV, "production", "environment AMEND_ENV"); /* no amend.ini: it means nothing */
    tempdir_write(&b->dir, "amend.ini", "env = test\n[test]\nurl = t\n[production]\nurl = p\n[empty]\n");
    assert_setting(b, SETTING_URL, "p", "amend.ini:5 [production]");
    unsetenv("AMEND_ENV");
    assert_setting(b, SETTING_URL, "t", "amend.ini:3 [test]");
    b->args.values[OPTION_ENV] = "empty";
    assert_setting(b, SETTING_URL, NULL, "not set");
    b->args.values[OPTION_ENV] = "prodution";
    assert_wrong(b, "amend.ini has no section [prodution] (asked for by --env)", "", 0);
    assert_non_null(strstr(b->error.hint, "\"production\""));
    b->args.values[OPTION_ENV] = "zzzzz";
    assert_wrong(b, "no section [zzzzz]", "", 0);
    assert_non_null(strstr(b->error.hint, "test, production, empty"));
    b->args.values[OPTION_ENV] = NULL;
    tempdir_write(&b->dir, "amend.ini", "env = nowhere\n");
    assert_wrong(b, "no section [nowhere]", "amend.ini", 1);
    b->args.values[OPTION_ENV] = "production";
    assert_int_equal(unlink("amend.ini"), 0);
    assert_wrong(b, "no section [production]", "", 0);
}

static void test_variables_in_values(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, ".env", "SECOND=two\nAMEND_DIR='${FIRST}'\nAMEND_ACTOR=\"${SECOND}!\"\nEMPTY=\n");
    tempdir_write(&b->dir, "amend.ini", "url = a${FIRST}b${SECOND}c${THIRD:-three}d$${x}e$f\napplication = ${EMPTY:-}\n");
    setenv("FIRST", "one", 1);
    unsetenv("SECOND");
    unsetenv("THIRD");
    assert_setting(b, SETTING_URL, "aonebtwocthreed${x}e$f", "amend.ini:1");
    assert_setting(b, SETTING_DIR, "${FIRST}", ".env:2 AMEND_DIR");
    assert_setting(b, SETTING_ACTOR, "two!", ".env:3 AMEND_ACTOR");
    assert_setting(b, SETTING_APPLICATION, "", "amend.ini:2");
    tempdir_write(&b->dir, "amend.ini", "\nurl = ${THIRD}\n");
    assert_wrong(b, "the variable \"THIRD\" is not set", "amend.ini", 2);
    tempdir_write(&b->dir, "amend.ini", "url = ${THIRD\n");
    assert_wrong(b, "without its \"}\"", "amend.ini", 1);
    unsetenv("FIRST");
}

static void test_wrong_values(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "amend.ini", "lock-wait = 5\n");
    assert_wrong(b, "lock-wait (amend.ini:1): \"5\" has no unit", "amend.ini", 1);
    tempdir_write(&b->dir, "amend.ini", "");
    tempdir_write(&b->dir, ".env", "AMEND_LEASE=999ms\n");
    assert_wrong(b, "lease (.env:1 AMEND_LEASE): \"999ms\" is too short", ".env", 1);
    setenv("AMEND_LEASE", "soon", 1);
    assert_wrong(b, "lease (environment AMEND_LEASE): \"soon\" is not a time", "", 0);
    b->args.values[OPTION_LEASE] = "2d";
    assert_wrong(b, "lease (--lease): \"2d\" has an unknown unit", "", 0);
}

static void test_wrong_keys(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "amend.ini", "[x]\nlock-tmeout = 5s\n");
    assert_wrong(b, "no setting \"lock-tmeout\"", "amend.ini", 2);
    assert_non_null(strstr(b->error.hint, "\"lock-timeout\""));
    tempdir_write(&b->dir, "amend.ini", "colour = red\n");
    assert_wrong(b, "no setting \"colour\"", "amend.ini", 1);
    assert_non_null(strstr(b->error.hint, "application and actor"));
    tempdir_write(&b->dir, "amend.ini", "[x]\nenv = y\n");
    assert_wrong(b, "\"env\" inside a section", "amend.ini", 2);
    tempdir_write(&b->dir, "amend.ini", "nothing\n");
    assert_wrong(b, "can't be understood", "amend.ini", 1);
}

static void test_other_file(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "other.ini", "url = other\n");
    tempdir_write(&b->dir, "amend.ini", "url = usual\n");
    setenv("AMEND_CONFIG", "other.ini", 1);
    assert_setting(b, SETTING_URL, "other", "other.ini:1");
    b->args.values[OPTION_CONFIG] = "amend.ini";
    assert_setting(b, SETTING_URL, "usual", "amend.ini:1");
    b->args.values[OPTION_CONFIG] = "none.ini";
    assert_wrong(b, "can't read \"none.ini\"", "", 0);
    assert_non_null(strstr(b->error.hint, "--config names it"));
    b->args.values[OPTION_CONFIG] = NULL;
    unsetenv("AMEND_CONFIG");
    assert_int_equal(unlink("amend.ini"), 0);
    assert_int_equal(mkdir("amend.ini", 0777), 0);
    assert_wrong(b, "can't read \"amend.ini\"", "", 0);
    assert_int_equal(rmdir("amend.ini"), 0);
    assert_int_equal(symlink(".env", ".env"), 0);
    assert_wrong(b, "can't read \".env\"", "", 0);
}

static void test_passwords_are_masked(void **state)
{
    bed *b = *state;
    tempdir_write(&b->dir, "amend.ini", "url = postgres://u:secret@h/d\n");
    assert_setting(b, SETTING_URL, "postgres://u:secret@h/d", "amend.ini:1");
    assert_string_equal(b->settings.items[SETTING_URL].shown, "postgres://u:***@h/d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_order_of_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_counts_as_unset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_environments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_variables_in_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_passwords_are_masked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
