/* SPDX-License-Identifier: MIT */
#include "cli/object.h"

#include "support/testing.h"

#include <stdlib.h>

static void assert_name(const amend_object *object, const char *expected)
{
    pool p = {0};
    assert_string_equal(object_name(&p, object), expected);
    pool_clear(&p);
}

static void test_name(void **state)
{
    (void)state;
    assert_name(&(amend_object){.kind = AMEND_OBJECT_TABLE, .name = "cards"}, "cards");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_TABLE, .schema = "app", .name = "cards"}, "app.cards");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_COLUMN, .table = "cards", .name = "title"}, "cards.title");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_COLUMN, .schema = "app", .table = "cards", .name = "title"},
                "app.cards.title");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_COLUMN, .table = "cards", .count = 5}, "cards");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_UNIQUE, .table = "cards", .name = "a,b"}, "cards (a, b)");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_UNIQUE, .schema = "app", .table = "cards", .name = "a"}, "app.cards (a)");
    assert_name(&(amend_object){.kind = AMEND_OBJECT_COLUMN, .name = "title"}, "title");
}

static void assert_json(const amend_object *object, const char *expected)
{
    json_t *value = object_json(object);
    char *text = json_dumps(value, JSON_COMPACT);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
    json_decref(value);
}

static void test_json(void **state)
{
    (void)state;
    assert_json(&(amend_object){.kind = AMEND_OBJECT_ENUM_VALUE, .schema = "app", .table = "status", .name = "done"},
                "{\"kind\":\"enum value\",\"schema\":\"app\",\"table\":\"status\",\"name\":\"done\"}");
    assert_json(&(amend_object){.kind = AMEND_OBJECT_COLUMN, .table = "cards", .count = 5},
                "{\"kind\":\"column\",\"table\":\"cards\",\"count\":5}");
}

/* Without a URL it can't be told: no guess, and no error. */
static void test_nearest_without_database(void **state)
{
    (void)state;
    amend_options options = AMEND_OPTIONS_INIT;
    amend *handle = NULL;
    pool p = {0};
    assert_int_equal(amend_open(&options, &handle, NULL), AMEND_OK);
    assert_null(object_nearest(handle, &p, "cards"));
    amend_close(handle);
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_name), cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_nearest_without_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
