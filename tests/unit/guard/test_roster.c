/* SPDX-License-Identifier: MIT */
#include "guard/roster.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

static const char POSTGRES[] = "table public.cards\t\n"
                               "table app.cards\t\n"
                               "column public.cards.title\ttext\n"
                               "column public.\"My Table\".\"a \"\"b\"\".c\"\ttext\n"
                               "index public.cards_title\tCREATE INDEX …\n"
                               "constraint public.cards.cards_pkey\tPRIMARY KEY (id)\n"
                               "trigger public.cards.touch\t…\n"
                               "view public.titles\t…\n"
                               "materialized view public.sums\t…\n"
                               "foreign table public.far\t…\n"
                               "function public.total(integer, app.mood)\t…\n"
                               "procedure public.clean()\t…\n"
                               "aggregate public.agg(integer)\t…\n"
                               "type app.mood\tENUM ('glad', 'it''s', '')\n"
                               "type public.mood\tENUM ('sad')\n"
                               "domain public.email\ttext\n"
                               "sequence public.numbers\tAS bigint\n"
                               "schema app\t\n"
                               "extension hstore\tSCHEMA public\n"
                               "collation public.german\t…\n"
                               "publication all\t…\n";

static const char SQLITE[] = "table Cards\t\ncolumn Cards.Title\tTEXT\ntrigger Cards.touch\t…\nvirtual table words\t…\n";

static const roster *make(arena *a, const char *text, bool nocase)
{
    snapshot *s = arena_alloc(a, sizeof *s);
    const roster *r = NULL;
    assert_int_equal(snapshot_parse(a, slice_of(text), s, NULL), AMEND_OK);
    assert_int_equal(roster_make(a, s, nocase, &r, NULL), AMEND_OK);
    return r;
}

static bool there(const roster *r, amend_object_kind kind, const char *schema, const char *table, const char *name)
{
    return roster_find(r, kind, slice_of(schema), slice_of(table), slice_of(name)) != NULL;
}

static void test_kinds(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    const roster *r = make(a, POSTGRES, false);
    assert_true(there(r, AMEND_OBJECT_TABLE, "", "", "far"));
    assert_true(there(r, AMEND_OBJECT_INDEX, "public", "cards", "cards_title"));
    assert_true(there(r, AMEND_OBJECT_INDEX, "", "cards", "cards_pkey")); /* behind the constraint */
    assert_false(there(r, AMEND_OBJECT_INDEX, "", "boards", "cards_pkey"));
    assert_true(there(r, AMEND_OBJECT_TRIGGER, "", "cards", "touch"));
    assert_false(there(r, AMEND_OBJECT_TRIGGER, "", "boards", "touch"));
    assert_true(there(r, AMEND_OBJECT_VIEW, "", "", "titles"));
    assert_true(there(r, AMEND_OBJECT_VIEW, "public", "", "sums"));
    assert_true(there(r, AMEND_OBJECT_FUNCTION, "", "", "total"));
    assert_true(there(r, AMEND_OBJECT_FUNCTION, "", "", "clean"));
    assert_true(there(r, AMEND_OBJECT_FUNCTION, "", "", "agg"));
    assert_true(there(r, AMEND_OBJECT_TYPE, "", "", "email"));
    assert_true(there(r, AMEND_OBJECT_SEQUENCE, "", "", "numbers"));
    assert_true(there(r, AMEND_OBJECT_SCHEMA, "", "", "app"));
    assert_true(there(r, AMEND_OBJECT_EXTENSION, "", "", "hstore"));
    assert_true(there(r, AMEND_OBJECT_COLLATION, "", "", "german"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", "titles"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", "all"));
    assert_true(roster_tells(AMEND_OBJECT_ENUM_VALUE));
    assert_true(roster_tells(AMEND_OBJECT_COLUMN));
    assert_false(roster_tells(AMEND_OBJECT_UNIQUE));
    arena_free(a);
}

static void test_names(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    const roster *r = make(a, POSTGRES, false);
    assert_true(there(r, AMEND_OBJECT_TABLE, "public", "", "cards"));
    assert_true(there(r, AMEND_OBJECT_TABLE, "app", "", "cards"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "other", "", "cards"));
    assert_true(there(r, AMEND_OBJECT_TABLE, "", "", "cards"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", "Cards"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", "card"));
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", ""));
    assert_true(there(r, AMEND_OBJECT_COLUMN, "public", "cards", "title"));
    assert_false(there(r, AMEND_OBJECT_COLUMN, "app", "cards", "title"));
    assert_true(there(r, AMEND_OBJECT_COLUMN, "", "My Table", "a \"b\".c"));
    const fact *f = roster_find(r, AMEND_OBJECT_COLUMN, (slice){0}, SLICE("cards"), SLICE("title"));
    assert_true(slice_equal(f->definition, SLICE("text")));
    r = make(a, SQLITE, true);
    assert_true(there(r, AMEND_OBJECT_TABLE, "", "", "cARDS"));
    assert_true(there(r, AMEND_OBJECT_TABLE, "", "", "words"));
    assert_true(there(r, AMEND_OBJECT_COLUMN, "", "CARDS", "title"));
    assert_true(there(r, AMEND_OBJECT_TRIGGER, "", "cards", "TOUCH"));
    assert_false(there(r, AMEND_OBJECT_COLUMN, "", "boards", "title"));
    r = make(a, "", true);
    assert_false(there(r, AMEND_OBJECT_TABLE, "", "", "cards"));
    arena_free(a);
}

static void test_enum_values(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    const roster *r = make(a, POSTGRES, false);
    assert_true(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", "glad"));
    assert_true(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", "it's"));
    assert_true(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", ""));
    assert_false(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", ", "));
    assert_false(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", "gla"));
    assert_false(there(r, AMEND_OBJECT_ENUM_VALUE, "app", "mood", "gladly"));
    assert_false(there(r, AMEND_OBJECT_ENUM_VALUE, "public", "mood", "glad"));
    assert_true(there(r, AMEND_OBJECT_ENUM_VALUE, "", "mood", "sad")); /* of the second type of that name */
    assert_false(there(r, AMEND_OBJECT_ENUM_VALUE, "", "email", "sad"));
    arena_free(a);
}

static void test_memory(void **state)
{
    (void)state;
    arena *ground = arena_new(&alloc_default);
    snapshot s;
    assert_int_equal(snapshot_parse(ground, slice_of(POSTGRES), &s, NULL), AMEND_OK);
    for (size_t n = 1, failures = 1; failures > 0; n++)
    {
        faulty_alloc f;
        amend_error error = {0};
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        const roster *r = NULL;
        amend_status status = a == NULL ? AMEND_FAILED : roster_make(a, &s, false, &r, &error);
        assert_true(a == NULL || status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        assert_true(status == AMEND_OK || f.failures > 0);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        failures = f.failures;
    }
    arena_free(ground);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_enum_values),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
