/* SPDX-License-Identifier: MIT */
#include "guard/loss.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

static void show_part(buf *out, const char *before, slice text)
{
    if (text.len > 0)
    {
        buf_text(out, before);
        buf_add(out, text);
    }
}

static void show_suspect(buf *out, const suspect *s)
{
    static const char *const words[] = {
        [DEED_DROP_TABLE] = "drop",
        [DEED_DROP_SCHEMA] = "drop schema",
        [DEED_DROP_DATABASE] = "drop database",
        [DEED_DROP_OWNED] = "drop owned",
        [DEED_DROP_TYPE] = "drop type",
        [DEED_DROP_COLUMN] = "drop column",
        [DEED_EMPTY] = "empty",
        [DEED_SET] = "set",
        [DEED_RETYPE] = "retype",
        [DEED_UNCLEAR] = "unclear",
    };
    buf_format(out, "%s%zu.%zu %s", out->len == 0 ? "" : ", ", s->step + 1, s->deed->statement + 1, words[s->deed->kind]);
    show_part(out, " ", s->schema);
    show_part(out, s->schema.len > 0 && s->table.len > 0 ? "." : s->table.len > 0 ? " " : "", s->table);
    show_part(out, ".", s->column);
    show_part(out, s->deed->kind == DEED_RETYPE ? " to " : " = ", s->deed->value);
    show_part(out, " using ", s->deed->expression);
    buf_text(out, s->deed->cascade ? " cascade" : "");
    buf_text(out, s->copied ? " but" : "");
    buf_text(out, s->all ? " all" : "");
    for (size_t i = 0; i < s->kept_count && !s->all; i++)
    {
        show_part(out, i == 0 ? " " : "+", s->kept[i]);
    }
    for (size_t i = 0; i < s->condition_count; i++)
    {
        show_part(out, i == 0 ? " where " : " or ", s->conditions[i]);
    }
    buf_text(out, s->some ? " perhaps" : "");
}

/* Steps are set apart by " ;; ". False when memory was short. */
static bool trace(arena *a, const dialect *d, const char *text, suspect_list *out, amend_error *error)
{
    enum
    {
        STEPS = 8,
    };
    loss_step steps[STEPS];
    script script;
    size_t count = 0;
    for (const char *end = text; end != NULL && count < STEPS; text = end == NULL ? NULL : end + 4, count++)
    {
        end = strstr(text, " ;; ");
        slice step = {text, end == NULL ? strlen(text) : (size_t)(end - text)};
        steps[count] = (loss_step){.step = count};
        if (d->split(a, step, &script, error) != AMEND_OK || d->deeds(a, &script, &steps[count].deeds, error) != AMEND_OK)
        {
            return false;
        }
    }
    return loss_trace(a, steps, count, (d->traits & DIALECT_NAMES_NOCASE) != 0, out, error) == AMEND_OK;
}

static void check(const dialect *d, const test_line *l)
{
    test_case place = {.file = l->file, .line = l->line, .name = l->fields[0]};
    arena *a = arena_new(&alloc_default);
    suspect_list found;
    buf out;
    buf_init(&out, &alloc_default);
    assert_true(trace(a, d, l->fields[0], &found, NULL));
    for (size_t i = 0; i < found.count; i++)
    {
        show_suspect(&out, &found.items[i]);
    }
    cases_expect(&place, found.count == 0 ? "-" : out.data, l->count < 2 ? "" : l->fields[1]);
    buf_clear(&out);
    arena_free(a);
}

static void check_sqlite(const test_line *l)
{
    check(&dialect_sqlite, l);
}

static void what_a_script_of_sqlite_loses(void **state)
{
    (void)state;
    cases_lines("sqlite/losses.txt", check_sqlite);
}

#ifdef AMEND_WITH_POSTGRES
static void check_postgres(const test_line *l)
{
    check(&dialect_postgres, l);
}

static void what_a_script_of_postgres_loses(void **state)
{
    (void)state;
    cases_lines("postgres/losses.txt", check_postgres);
}
#endif

static const char *const long_script =
    "CREATE TABLE n AS SELECT a, b AS c FROM t WHERE a > 1; INSERT INTO m (x) SELECT a FROM t; ALTER TABLE u RENAME TO v;"
    "ALTER TABLE v RENAME COLUMN a TO b; DROP TABLE t; DROP TABLE n, m; TRUNCATE w, x CASCADE; UPDATE v SET b = 1;"
    "DO $$ BEGIN EXECUTE 'DROP TABLE a''b'; DROP TABLE q; END $$; DROP SCHEMA s CASCADE; SET search_path = a, b; DROP TABLE c;"
    "ALTER SCHEMA a RENAME TO z; ALTER TABLE a ALTER b TYPE int USING b::int";

static void memory_may_be_short_anywhere(void **state)
{
    (void)state;
    static const dialect *const dialects[] = {
        &dialect_sqlite,
#ifdef AMEND_WITH_POSTGRES
        &dialect_postgres,
#endif
    };
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
    {
        bool done = false;
        for (size_t n = 1; !done; n++)
        {
            faulty_alloc f;
            arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
            suspect_list found;
            amend_error error = {0};
            done = a != NULL && trace(a, dialects[i], long_script, &found, &error);
            assert_true(done || a == NULL || error.code == AMEND_E_OUT_OF_MEMORY);
            arena_free(a);
            assert_int_equal(faulty_alloc_clear(&f), 0);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------ losses */

static const deed drop = {.kind = DEED_DROP_TABLE};
static const suspect first = {.deed = &drop}, second = {.deed = &drop};

static void nothing_is_lost_twice(void **state)
{
    (void)state;
    const slice t = SLICE("t"), u = SLICE("u"), c = SLICE("c");
    loss items[] = {
        {.kind = LOSS_COLUMN, .of = &first, .table = t, .column = c},
        {.kind = LOSS_COLUMN, .of = &second, .table = SLICE("T"), .column = c}, /* the same, where case is nothing */
        {.kind = LOSS_TABLE, .of = &first, .table = t},
        {.kind = LOSS_ROWS, .of = &second, .table = t},
        {.kind = LOSS_VALUES, .of = &second, .table = t, .column = c},
        {.kind = LOSS_TABLE, .of = &second, .table = u},
        {.kind = LOSS_TABLE, .of = &second, .schema = SLICE("s"), .table = t},
        {.kind = LOSS_UNCLEAR, .of = &second},
        {.kind = LOSS_UNCLEAR, .of = &second},
    };
    loss_list list = {items, sizeof items / sizeof items[0]};
    loss_once(&list, true);
    assert_int_equal(list.count, 6);
    assert_int_equal(list.items[1].kind, LOSS_TABLE);
    assert_string_equal(list.items[2].table.data, "u");
    assert_string_equal(list.items[3].schema.data, "s");
}

static void what_matters(void **state)
{
    (void)state;
    assert_false(loss_matters(&(loss){.kind = LOSS_TABLE}));
    assert_true(loss_matters(&(loss){.kind = LOSS_TABLE, .rows = 1}));
    assert_true(loss_matters(&(loss){.kind = LOSS_UNCLEAR, .measure = LOSS_UNKNOWN}));
}

static void what_people_read(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    static const deed database = {.kind = DEED_DROP_DATABASE};
    static const suspect whole = {.deed = &database};
    loss l = {.kind = LOSS_PRECISION,
              .of = &first,
              .schema = SLICE("public"),
              .table = SLICE("cards"),
              .column = SLICE("n"),
              .type = SLICE("int"),
              .old_type = SLICE("bigint")};
    assert_string_equal(loss_object(a, &l), "public.cards.n");
    assert_string_equal(loss_words(a, &l), "what int can't hold of bigint");
    l.kind = LOSS_VALUES;
    assert_string_equal(loss_words(a, &l), "values, overwritten with int");
    l.kind = LOSS_TABLE;
    assert_string_equal(loss_words(a, &l), "the table with its rows");
    l = (loss){.kind = LOSS_UNCLEAR, .of = &first, .expression = SLICE("EXECUTE x")};
    assert_string_equal(loss_object(a, &l), "EXECUTE x");
    assert_string_equal(loss_words(a, &l), "what this does can't be told");
    l.of = &whole;
    assert_string_equal(loss_words(a, &l), "the database");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_script_of_sqlite_loses),
#ifdef AMEND_WITH_POSTGRES
        cmocka_unit_test(what_a_script_of_postgres_loses),
#endif
        cmocka_unit_test(memory_may_be_short_anywhere),
        cmocka_unit_test(nothing_is_lost_twice),
        cmocka_unit_test(what_matters),
        cmocka_unit_test(what_people_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
