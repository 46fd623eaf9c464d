/* SPDX-License-Identifier: MIT */
#include "cli/json.h"

#include "support/testing.h"

#include <stdlib.h>

static void assert_json(json_t *value, const char *expected)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void test_words(void **state)
{
    (void)state;
    assert_json(json_words("größe \x01"), "\"größe \\u0001\"");
    assert_json(json_words("a\xff"
                           "b\xc3"),
                "\"a\xef\xbf\xbd"
                "b\xef\xbf\xbd\"");
}

static void test_error(void **state)
{
    amend_error e = {.status = AMEND_FAILED, .code = AMEND_E_STATEMENT, .message = "m"};
    (void)state;
    assert_json(json_error(&e), "{\"code\":\"AM0210\",\"name\":\"STATEMENT\",\"status\":1,\"message\":\"m\"}");
    e = (amend_error){.status = AMEND_FAILED,
                      .code = AMEND_E_STATEMENT,
                      .message = "m",
                      .hint = "h",
                      .detail = "d",
                      .sqlstate = "42703",
                      .native = 1,
                      .version = "001",
                      .object = "o",
                      .file = "f",
                      .line = 2,
                      .column = 3,
                      .statement = 4,
                      .offset = 0,
                      .excerpt = "x",
                      .caret = 5};
    assert_json(json_error(&e),
                "{\"code\":\"AM0210\",\"name\":\"STATEMENT\",\"status\":1,\"message\":\"m\",\"detail\":\"d\",\"hint\":\"h\","
                "\"sqlstate\":\"42703\",\"native\":1,\"version\":\"001\",\"object\":\"o\",\"file\":\"f\",\"line\":2,"
                "\"column\":3,\"statement\":4,\"offset\":0,\"excerpt\":\"x\",\"caret\":5}");
}

static void test_event(void **state)
{
    amend_event e = {.type_name = "migration.applied",
                     .severity = AMEND_NOTE,
                     .version = "001",
                     .step = 1,
                     .steps = 2,
                     .detail = "{\"a\":[1]}"};
    (void)state;
    assert_json(json_event(&e),
                "{\"type\":\"migration.applied\",\"severity\":\"note\",\"version\":\"001\",\"step\":1,\"steps\":2,"
                "\"elapsed_ms\":0,\"detail\":{\"a\":[1]}}");
    e = (amend_event){.type_name = "notice", .detail = "not json"};
    assert_json(json_event(&e), "{\"type\":\"notice\",\"severity\":\"info\",\"detail\":\"not json\"}");
}

static void test_report(void **state)
{
    amend_item item = {.state = AMEND_STATE_OUT_OF_ORDER,
                       .mode = AMEND_MODE_STATEMENTS,
                       .version = "002",
                       .name = "n",
                       .execution_time_ms = -1,
                       .statements = 3};
    amend_problem problem = {.severity = AMEND_WARNING, .code = AMEND_E_FILE_SKIPPED, .message = "m"};
    amend_report r = {.database = "db",
                      .dialect = "sqlite",
                      .dir = "d",
                      .items = &item,
                      .item_count = 1,
                      .problems = &problem,
                      .problem_count = 1,
                      .pending = 1,
                      .sql = ""};
    (void)state;
    assert_json(
        json_report("plan", &r),
        "{\"command\":\"plan\",\"database\":\"db\",\"dialect\":\"sqlite\",\"dir\":\"d\",\"applied\":0,\"pending\":1,\"done\":0,"
        "\"skipped\":0,\"elapsed_ms\":0,\"sql\":\"\",\"items\":[{\"version\":\"002\",\"name\":\"n\",\"state\":\"out of order\","
        "\"direction\":\"up\",\"mode\":\"statements\",\"statements\":3}],\"problems\":[{\"severity\":\"warning\","
        "\"code\":\"AM0109\",\"message\":\"m\"}]}");
}

static void test_settings(void **state)
{
    settings s = {0};
    (void)state;
    for (size_t i = 0; i < SETTINGS; i++)
    {
        s.items[i] = (setting){.value = "v", .shown = "***", .source = "default"};
    }
    json_t *all = json_settings(&s);
    assert_int_equal(json_array_size(all), SETTINGS);
    assert_json(json_incref(json_array_get(all, SETTING_URL)),
                "{\"setting\":\"url\",\"value\":\"***\",\"source\":\"default\"}");
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_error), cmocka_unit_test(test_event),
                                       cmocka_unit_test(test_report), cmocka_unit_test(test_settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
