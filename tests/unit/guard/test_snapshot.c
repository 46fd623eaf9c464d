/* SPDX-License-Identifier: MIT */
#include "guard/snapshot.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static snapshot parsed(arena *a, const char *text)
{
    snapshot s;
    amend_error error = {0};
    if (snapshot_parse(a, slice_of(text), &s, &error) != AMEND_OK)
    {
        fail_msg("%s", error.message);
    }
    return s;
}

static void expect_text(const snapshot *s, const char *wanted)
{
    buf out;
    buf_init(&out, &alloc_default);
    snapshot_print(s, &out);
    assert_string_equal(out.len == 0 ? "" : out.data, wanted);
    buf_clear(&out);
}

/* The order of making is not the order of the text. */
static void test_sorted(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    fact items[] = {{SLICE("table b"), SLICE("")},
                    {SLICE("table a"), SLICE("two")},
                    {SLICE("table"), SLICE("x")},
                    {SLICE("table a"), SLICE("one")}};
    snapshot s;
    assert_int_equal(snapshot_make(a, (fact_list){items, 4}, &s, NULL), AMEND_OK);
    static const char text[] = "table\tx\ntable a\tone\ntable a\ttwo\ntable b\t\n";
    expect_text(&s, text);
    char wanted[HASH_HEX];
    hash_hex(&(slice){text, strlen(text)}, 1, wanted);
    assert_string_equal(s.fingerprint, wanted);
    arena_free(a);
}

static void test_nothing(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    snapshot s = parsed(a, "");
    assert_int_equal(s.count, 0);
    expect_text(&s, "");
    assert_string_equal(s.fingerprint, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    arena_free(a);
}

static void test_escapes_there_and_back(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    fact items[] = {{SLICE("view \"a\tb\""), SLICE("SELECT 1\n  AS \"\\n\"")}};
    snapshot s;
    assert_int_equal(snapshot_make(a, (fact_list){items, 1}, &s, NULL), AMEND_OK);
    static const char text[] = "view \"a\\tb\"\tSELECT 1\\n  AS \"\\\\n\"\n";
    expect_text(&s, text);
    snapshot again = parsed(a, text);
    assert_int_equal(again.count, 1);
    assert_true(slice_equal(again.facts[0].object, items[0].object));
    assert_true(slice_equal(again.facts[0].definition, items[0].definition));
    assert_string_equal(again.fingerprint, s.fingerprint);
    arena_free(a);
}

static void test_files(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    snapshot s = parsed(a, "# a comment\r\n\ntable b\tx\r\n\ntable a\ty\\z\\");
    expect_text(&s, "table a\tyz\\\\\ntable b\tx\n");
    amend_error error = {0};
    assert_int_equal(snapshot_parse(a, SLICE("table a\tx\n# no\ntable b\n"), &s, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_SNAPSHOT_FORM);
    assert_int_equal(error.line, 3);
    assert_string_equal(error.message, "line 3 of the snapshot has no tab between object and definition");
    assert_int_equal(snapshot_parse(a, SLICE("table b\n"), &s, NULL), AMEND_USAGE);
    arena_free(a);
}

static void test_diff(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    snapshot before = parsed(a, "a\t1\nb\t2\nd\t4\ne\t5\n"), after = parsed(a, "b\t2\nc\t3\nd\tfour\nf\t6\n");
    differences found;
    assert_int_equal(snapshot_diff(a, &before, &after, &found, NULL), AMEND_OK);
    char told[200] = "";
    for (size_t i = 0; i < found.count; i++)
    {
        static const char signs[] = {'-', '+', '~'};
        const difference *d = &found.items[i];
        const fact *f = d->before != NULL ? d->before : d->after;
        snprintf(told + strlen(told), sizeof told - strlen(told), "%c%.*s ", signs[d->kind], (int)f->object.len,
                 f->object.data);
        assert_int_equal(d->before != NULL, d->kind != DIFFERENCE_EXTRA);
        assert_int_equal(d->after != NULL, d->kind != DIFFERENCE_MISSING);
    }
    assert_string_equal(told, "-a +c ~d -e +f ");
    assert_int_equal(snapshot_diff(a, &before, &before, &found, NULL), AMEND_OK);
    assert_int_equal(found.count, 0);
    arena_free(a);
}

/* Each allocation fails in turn. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t n = 2;; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, 0, FAULTY_FOR_GOOD));
        f.fail_at = f.calls + n - 1;
        char line[3000];
        memset(line, 'x', sizeof line);
        memcpy(line, "table\t", 6);
        line[sizeof line - 1] = '\n';
        snapshot s, none = {0};
        differences found;
        amend_error error = {0};
        amend_status status = snapshot_parse(a, (slice){line, sizeof line}, &s, &error);
        status = status == AMEND_OK ? snapshot_diff(a, &s, &none, &found, &error) : status;
        bool failed = f.failures > 0;
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (!failed)
        {
            assert_int_equal(status, AMEND_OK);
            return;
        }
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted), cmocka_unit_test(test_nothing), cmocka_unit_test(test_escapes_there_and_back),
        cmocka_unit_test(test_files),  cmocka_unit_test(test_diff),    cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
