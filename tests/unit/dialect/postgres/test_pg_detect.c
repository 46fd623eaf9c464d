/* SPDX-License-Identifier: MIT */
/* Errors as the server words them, to the object that is missing: cases in tests/cases/postgres/detect.txt. */
#include "dialect/postgres/pg_detect.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
    TEXT_SIZE = 1024,
};

/* \n, \r and \xHH; "-" is no text at all. Returns the position of the mark ^, which is taken out; 0 without one. */
static size_t read_field(const char *field, char out[TEXT_SIZE])
{
    size_t len = 0, characters = 0, position = 0;
    for (const char *at = field; *at != '\0'; at++)
    {
        char c = *at;
        if (c == '^')
        {
            position = characters + 1;
            continue;
        }
        if (c == '\\' && at[1] == 'x')
        {
            c = (char)strtol((char[]){at[2], at[3], '\0'}, NULL, 16);
            at += 3;
        }
        else if (c == '\\')
        {
            c = at[1] == 'n' ? '\n' : '\r';
            at++;
        }
        characters += ((unsigned char)c & 0xC0) != 0x80;
        assert_true(len + 1 < TEXT_SIZE);
        out[len++] = c;
    }
    out[len] = '\0';
    return position;
}

/* "column app.cards.title" */
static void describe(bool found, const amend_object *o, char out[TEXT_SIZE])
{
    static const char *const kinds[] = {
#define AMEND_OBJECT(name, text) [AMEND_OBJECT_##name] = text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    if (!found)
    {
        assert_int_equal(o->kind, AMEND_OBJECT_NONE);
        assert_int_equal(o->schema[0] | o->table[0] | o->name[0], 0);
        snprintf(out, TEXT_SIZE, "none");
        return;
    }
    snprintf(out, TEXT_SIZE, "%s %s%s%s%s%s", kinds[o->kind], o->schema, o->schema[0] == '\0' ? "" : ".", o->table,
             o->table[0] == '\0' ? "" : ".", o->name);
}

static void run_case(const test_line *l)
{
    char message[TEXT_SIZE], query[TEXT_SIZE], actual[TEXT_SIZE], expected[TEXT_SIZE];
    amend_db_error e = AMEND_DB_ERROR_INIT;
    assert_true(l->count == 4 || l->count == 5);
    read_field(l->fields[1], message);
    e.position = read_field(l->fields[2], query);
    e.position = l->count == 5 ? (size_t)strtoul(l->fields[4], NULL, 10) : e.position;
    read_field(l->fields[3], expected);
    e.sqlstate = strcmp(l->fields[0], "-") == 0 ? NULL : l->fields[0];
    e.message = strcmp(message, "-") == 0 ? NULL : message;
    e.query = strcmp(query, "-") == 0 ? NULL : query;
    amend_object o;
    memset(&o, 'x', sizeof o);
    describe(pg_detect(&e, &o), &o, actual);
    if (strcmp(actual, expected) != 0)
    {
        fail_msg("%s:%u: %s, not %s", l->file, l->line, actual, expected);
    }
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("postgres/detect.txt", run_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
