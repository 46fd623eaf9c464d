/* SPDX-License-Identifier: MIT */
/* The cases of tests/cases/heal/index.txt; size; short memory. */
#include "heal/index.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "enum value mood.glad": the kind, and behind it the name with up to two more before it. */
static void read_object(slice text, amend_object *out)
{
    amend_object_kind kind = AMEND_OBJECT_TABLE;
    text = slice_trim(text);
    while (kind < AMEND_OBJECT_KINDS && !slice_starts(text, slice_of(amend_object_kind_name(kind))))
    {
        kind++;
    }
    assert_int_not_equal(kind, AMEND_OBJECT_KINDS);
    text = slice_trim(slice_sub(text, strlen(amend_object_kind_name(kind)), text.len));
    *out = (amend_object){0};
    slice number = text, name = slice_token(&number, '#');
    assert_true(dialect_sqlite.parse_name(slice_trim(name), out));
    out->kind = kind;
    if (number.len > 0)
    {
        out->count = (unsigned)strtoul(number.data, NULL, 10);
        memcpy(out->table, out->name, sizeof out->table);
        out->name[0] = '\0';
    }
    bool owned = kind == AMEND_OBJECT_COLUMN || kind == AMEND_OBJECT_INDEX || kind == AMEND_OBJECT_UNIQUE ||
                 kind == AMEND_OBJECT_TRIGGER || kind == AMEND_OBJECT_ENUM_VALUE;
    if (!owned)
    {
        memcpy(out->schema, out->table, sizeof out->schema);
        out->table[0] = '\0';
    }
}

static amend_status take_change(object_index *x, size_t migration, slice text, amend_error *error)
{
    amend_object from, to = {0};
    slice right = slice_trim(text), left = slice_token(&right, '>');
    change c = {.kind = right.len > 0 ? CHANGE_RENAME : left.data[0] == '-' ? CHANGE_DROP : CHANGE_ADD};
    read_object(right.len > 0 ? left : slice_sub(left, 1, left.len), &from);
    if (right.len > 0)
    {
        assert_true(dialect_sqlite.parse_name(slice_trim(right), &to));
    }
    c.object = from.kind;
    c.schema = slice_of(from.schema);
    c.table = slice_of(from.table);
    c.name = slice_of(from.name);
    c.to = slice_of(to.name);
    c.to_schema = slice_of(to.table);
    return index_add(x, migration, &c, 1, error);
}

static amend_status build(arena *a, bool nocase, const char *text, object_index **out, amend_error *error)
{
    slice rest = slice_of(strcmp(text, "-") == 0 ? "" : text);
    amend_status status = index_new(a, nocase, out, error);
    for (size_t migration = 1; rest.len > 0; migration++)
    {
        slice changes = slice_token(&rest, ';');
        while (changes.len > 0 && status == AMEND_OK)
        {
            status = take_change(*out, migration, slice_token(&changes, ','), error);
        }
    }
    return status;
}

static void describe(const provision *p, char out[512])
{
    snprintf(out, 512, "-");
    if (p != NULL)
    {
        bool schema = p->schema.len > 0, table = p->table.len > 0;
        snprintf(out, 512, "%zu %s %.*s%s%.*s%s%.*s", p->migration, amend_object_kind_name(p->kind), (int)p->schema.len,
                 p->schema.data, schema ? "." : "", (int)p->table.len, p->table.data, table ? "." : "", (int)p->name.len,
                 p->name.data);
    }
}

static void run_case(const test_line *l)
{
    char found[512];
    amend_object missing;
    object_index *x;
    arena *a = arena_new(&alloc_default);
    assert_int_equal(l->count, 5);
    assert_int_equal(build(a, strcmp(l->fields[0], "nocase") == 0, l->fields[1], &x, NULL), AMEND_OK);
    read_object(slice_of(l->fields[2]), &missing);
    slice query = slice_of(strcmp(l->fields[3], "-") == 0 ? "" : l->fields[3]);
    describe(index_find(x, &dialect_sqlite, &missing, query), found);
    if (strcmp(found, l->fields[4]) != 0)
    {
        fail_msg("%s:%u: found %s, not %s", l->file, l->line, found, l->fields[4]);
    }
    arena_free(a);
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("heal/index.txt", run_case);
}

static void test_has_table(void **state)
{
    object_index *x;
    arena *a = arena_new(&alloc_default);
    (void)state;
    assert_int_equal(build(a, true, "+table app.Cards, +view v; +table gone; -table gone", &x, NULL), AMEND_OK);
    assert_true(index_has_table(x, SLICE("app"), SLICE("cards")));
    assert_true(index_has_table(x, SLICE(""), SLICE("cards")));
    assert_false(index_has_table(x, SLICE("log"), SLICE("cards")));
    assert_false(index_has_table(x, SLICE(""), SLICE("v")));
    assert_false(index_has_table(x, SLICE(""), SLICE("gone")));
    assert_false(index_has_table(x, SLICE(""), SLICE("never")));
    arena_free(a);
}

/* All that is left, in the order of its making. */
static void test_walk(void **state)
{
    char found[512];
    static const char *const wanted[] = {"1 table a", "1 column a.x", "2 table b", "4 view v"};
    object_index *x;
    size_t count = 0;
    arena *a = arena_new(&alloc_default);
    (void)state;
    assert_int_equal(build(a, true, "-", &x, NULL), AMEND_OK);
    assert_null(index_next(x, NULL));
    assert_int_equal(
        build(a, true, "+table a, +column a.x; +table b, +column b.y; -column b.y, +table z; -table z, +view v", &x, NULL),
        AMEND_OK);
    for (const provision *p = index_next(x, NULL); p != NULL; p = index_next(x, p))
    {
        describe(p, found);
        assert_string_equal(found, wanted[count++]);
    }
    assert_int_equal(count, 4);
    arena_free(a);
}

/* No error can tell such a name: it is not kept, and nothing breaks. */
static void test_names_that_are_too_long(void **state)
{
    char just[AMEND_NAME_SIZE + 1], longer[AMEND_NAME_SIZE + 2];
    object_index *x;
    arena *a = arena_new(&alloc_default);
    (void)state;
    memset(just, 'j', sizeof just);
    memset(longer, 'l', sizeof longer);
    just[AMEND_NAME_SIZE] = longer[AMEND_NAME_SIZE + 1] = '\0';
    change changes[] = {{.object = AMEND_OBJECT_TABLE, .name = slice_of(just)},
                        {.object = AMEND_OBJECT_TABLE, .name = slice_of(longer)},
                        {.object = AMEND_OBJECT_COLUMN, .table = slice_of(longer), .name = SLICE("c")},
                        {.object = AMEND_OBJECT_COLUMN, .table = SLICE("t"), .name = slice_of(longer)},
                        {.kind = CHANGE_DROP, .object = AMEND_OBJECT_TABLE, .name = slice_of(longer)}};
    assert_int_equal(index_new(a, true, &x, NULL), AMEND_OK);
    assert_int_equal(index_add(x, 0, changes, sizeof changes / sizeof changes[0], NULL), AMEND_OK);
    const provision *only = index_next(x, NULL);
    assert_int_equal(only->name.len, AMEND_NAME_SIZE);
    assert_null(index_next(x, only));
    amend_object missing = {.kind = AMEND_OBJECT_COLUMN, .name = "c"};
    assert_null(index_find(x, &dialect_sqlite, &missing, SLICE("")));
    arena_free(a);
}

/* Ten thousand tables, each with two columns that others have, too; every one is found, and after a rename again. */
static void test_many(void **state)
{
    char names[2][32];
    object_index *x;
    arena *a = arena_new(&alloc_default);
    (void)state;
    assert_int_equal(index_new(a, true, &x, NULL), AMEND_OK);
    for (size_t i = 0; i < 10000; i++)
    {
        slice table = {names[0], (size_t)snprintf(names[0], sizeof names[0], "table_%zu", i)};
        slice common = {names[1], (size_t)snprintf(names[1], sizeof names[1], "column_%zu", i / 100)};
        change changes[] = {{.object = AMEND_OBJECT_TABLE, .name = table},
                            {.object = AMEND_OBJECT_COLUMN, .table = table, .name = SLICE("id")},
                            {.object = AMEND_OBJECT_COLUMN, .table = table, .name = common}};
        assert_int_equal(index_add(x, i, changes, i % 100 == 0 ? 3 : 1, NULL), AMEND_OK);
    }
    for (size_t i = 0; i < 10000; i += 100)
    {
        amend_object missing = {.kind = AMEND_OBJECT_COLUMN, .name = "id"};
        snprintf(missing.table, sizeof missing.table, "TABLE_%zu", i);
        const provision *p = index_find(x, &dialect_sqlite, &missing, SLICE(""));
        assert_non_null(p);
        assert_int_equal(p->migration, i);
    }
    size_t count = 0;
    for (const provision *p = index_next(x, NULL); p != NULL; p = index_next(x, p))
    {
        count++;
    }
    assert_int_equal(count, 10000 + 200);
    arena_free(a);
}

static void test_memory(void **state)
{
    (void)state;
    for (faulty_mode mode = FAULTY_ONCE; mode <= FAULTY_FOR_GOOD; mode++)
    {
        for (size_t n = 1;; n++)
        {
            faulty_alloc f;
            object_index *x;
            amend_error error = {0};
            arena *a = arena_new(faulty_alloc_init(&f, n, mode));
            amend_status status = a == NULL ? AMEND_FAILED : index_new(a, true, &x, &error);
            for (size_t i = 0; i < 400 && status == AMEND_OK; i++)
            {
                char name[32];
                snprintf(name, sizeof name, "a_long_name_of_table_%zu", i);
                change c[] = {{.object = AMEND_OBJECT_COLUMN, .table = slice_of(name), .name = SLICE("x")},
                              {.kind = CHANGE_RENAME, .object = AMEND_OBJECT_TABLE, .name = slice_of(name), .to = SLICE("t")}};
                status = index_add(x, i, c, 2, &error);
            }
            assert_true(status == AMEND_OK || a == NULL || error.code == AMEND_E_OUT_OF_MEMORY);
            assert_int_equal(status == AMEND_OK, f.failures == 0);
            arena_free(a);
            assert_int_equal(faulty_alloc_clear(&f), 0);
            if (f.failures == 0)
            {
                assert_true(n > 5);
                break;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_has_table),
        cmocka_unit_test(test_walk),  cmocka_unit_test(test_names_that_are_too_long),
        cmocka_unit_test(test_many),  cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
