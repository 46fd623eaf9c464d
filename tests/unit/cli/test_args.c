/* SPDX-License-Identifier: MIT */
#include "cli/args.h"

#include "support/testing.h"

#include <stdio.h>
#include <string.h>

typedef struct outcome
{
    pool pool;
    arguments args;
    amend_error error;
    amend_status status;
    char words[16][128]; /* argv, which parsing may overwrite */
    char *argv[17];
} outcome;

/* Parse what stands behind "amend", at blanks. */
static void parse(outcome *o, const char *line)
{
    int argc = 0;
    memset(o, 0, sizeof *o);
    snprintf(o->words[argc], sizeof o->words[argc], "amend");
    o->argv[argc] = o->words[argc];
    argc++;
    while (*line != '\0')
    {
        size_t length = strcspn(line, " ");
        snprintf(o->words[argc], sizeof o->words[argc], "%.*s", (int)length, line);
        o->argv[argc] = o->words[argc];
        argc++;
        line += length + (line[length] == ' ');
    }
    o->status = args_parse(&o->pool, argc, o->argv, &o->args, &o->error);
}

static void test_nothing(void **state)
{
    outcome o;
    (void)state;
    parse(&o, "");
    assert_int_equal(o.status, AMEND_OK);
    assert_null(o.args.command);
    pool_clear(&o.pool);
}

static void test_forms(void **state)
{
    outcome o;
    (void)state;
    parse(&o, "--url a.db up --to=005 -qv --steps 3 -dmigs");
    assert_int_equal(o.status, AMEND_OK);
    assert_int_equal(o.args.command->id, COMMAND_up);
    assert_string_equal(o.args.values[OPTION_URL], "a.db");
    assert_string_equal(o.args.values[OPTION_TO], "005");
    assert_string_equal(o.args.values[OPTION_STEPS], "3");
    assert_string_equal(o.args.values[OPTION_DIR], "migs");
    assert_true(args_has(&o.args, OPTION_QUIET) && args_has(&o.args, OPTION_VERBOSE));
    assert_false(args_has(&o.args, OPTION_JSON));
    pool_clear(&o.pool);
    parse(&o, "embed -o - -- -dir-");
    assert_int_equal(o.status, AMEND_OK);
    assert_string_equal(o.args.values[OPTION_OUTPUT], "-");
    assert_string_equal(o.args.operands[0], "-dir-");
    pool_clear(&o.pool);
    parse(&o, "up --to 1 --to 2");
    assert_string_equal(o.args.values[OPTION_TO], "2");
    pool_clear(&o.pool);
    parse(&o, "new -");
    assert_string_equal(o.args.operands[0], "-");
    pool_clear(&o.pool);
}

static void test_help_and_version_excuse_the_rest(void **state)
{
    static const char *const lines[] = {"up --help --limit 3", "baseline -h", "--version up extra", "--help"};
    outcome o;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
    {
        parse(&o, lines[i]);
        assert_int_equal(o.status, AMEND_OK);
        pool_clear(&o.pool);
    }
}

static void test_every_command_takes_the_common_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++)
    {
        outcome o;
        char line[256];
        const char *operand = commands_table[i].fewest > 0 ? " x" : "";
        snprintf(line, sizeof line, "%s --json -q -v --color=never --url u --dir d --env e --lease 1s%s",
                 commands_table[i].name, operand);
        parse(&o, line);
        assert_int_equal(o.status, AMEND_OK);
        pool_clear(&o.pool);
    }
}

static void test_wrong(void **state)
{
    static const struct
    {
        const char *line, *message, *hint;
    } rows[] = {
        {"statsu", "no command \"statsu\"", "\"amend status\""},
        {"qqqq", "no command \"qqqq\"", "amend help"},
        {"up --bogus", "no option \"--bogus\"", "\"amend up --help\""},
        {"up --dryrun", "no option \"--dryrun\"", "\"--dry-run\""},
        {"up --dryrun=postgres://u:p@h", "no option \"--dryrun\"", ""},
        {"up -x", "no option \"-x\"", ""},
        {"up -qx", "no option \"-qx\"", ""},
        {"up --json=1", "--json takes no value", ""},
        {"up --to", "--to needs a value: --to VERSION", ""},
        {"up -u", "-u needs a value: -u URL", ""},
        {"up --to=", "--to has an empty value", ""},
        {"up --color blue", "--color is auto, always or never, not \"blue\"", ""},
        {"up --limit 3", "\"amend up\" does not take --limit", "amend up --help"},
        {"up extra", "unexpected argument \"extra\"", "Write: amend up"},
        {"up extra more", "unexpected argument \"extra\"", ""},
        {"status postgres://u:secret@h/d", "unexpected argument \"postgres://u:***@h/d\"", ""},
        {"postgres://u:secret@h/d", "no command \"postgres://u:***@h/d\"", ""},
        {"baseline", "\"amend baseline\" needs an argument: VERSION", "Write: amend baseline VERSION"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        outcome o;
        parse(&o, rows[i].line);
        assert_int_equal(o.status, AMEND_USAGE);
        assert_int_equal(o.error.code, AMEND_E_OPTION);
        assert_string_equal(o.error.message, rows[i].message);
        assert_non_null(strstr(o.error.hint, rows[i].hint));
        pool_clear(&o.pool);
    }
}

static void test_json_is_seen_behind_the_mistake(void **state)
{
    outcome o;
    (void)state;
    parse(&o, "up --bogus --json");
    assert_int_equal(o.status, AMEND_USAGE);
    assert_true(args_has(&o.args, OPTION_JSON));
    pool_clear(&o.pool);
}

static void test_passwords_leave_the_list_of_processes(void **state)
{
    outcome o;
    (void)state;
    parse(&o, "up --url postgres://u:secret@h/d --bogus postgres://u:other@h/d");
    assert_string_equal(o.args.values[OPTION_URL], "postgres://u:secret@h/d");
    assert_string_equal(o.argv[3], "postgres://u:******@h/d");
    assert_string_equal(o.argv[5], "postgres://u:*****@h/d");
    pool_clear(&o.pool);
}

static void test_number(void **state)
{
    outcome o;
    uint32_t number = 7;
    (void)state;
    parse(&o, "up");
    assert_int_equal(args_number(&o.args, OPTION_STEPS, &number, &o.error), AMEND_OK);
    assert_int_equal(number, 7);
    pool_clear(&o.pool);
    parse(&o, "up --steps 12");
    assert_int_equal(args_number(&o.args, OPTION_STEPS, &number, &o.error), AMEND_OK);
    assert_int_equal(number, 12);
    pool_clear(&o.pool);
    parse(&o, "up --steps -1");
    assert_int_equal(args_number(&o.args, OPTION_STEPS, &number, &o.error), AMEND_USAGE);
    assert_string_equal(o.error.message, "--steps is a whole number from 1, not \"-1\"");
    pool_clear(&o.pool);
}

/* Each letter means one option only, and each name too. */
static void test_the_table_is_unambiguous(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *a = &options_table[i];
        assert_int_equal(a->value == NULL, a->takes == TAKES_NOTHING);
        for (size_t j = 0; j < i; j++)
        {
            assert_string_not_equal(a->name, options_table[j].name);
            assert_true(a->letter == 0 || a->letter != options_table[j].letter);
        }
    }
    for (size_t i = 0; i < COMMANDS; i++)
    {
        assert_ptr_equal(command_find(commands_table[i].name), &commands_table[i]);
        assert_true(commands_table[i].fewest <= commands_table[i].most);
    }
    assert_null(command_find("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_help_and_version_excuse_the_rest),
        cmocka_unit_test(test_every_command_takes_the_common_options),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_json_is_seen_behind_the_mistake),
        cmocka_unit_test(test_passwords_leave_the_list_of_processes),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_the_table_is_unambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
