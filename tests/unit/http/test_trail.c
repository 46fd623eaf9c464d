/* SPDX-License-Identifier: MIT */
#include "http/trail.h"

#include "http/memory.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static amend_healing cure_of(const char *version)
{
    amend_healing h = {.cure = AMEND_CURE_DONE};
    snprintf(h.version, sizeof h.version, "%s", version);
    return h;
}

static void test_copies_all(void **state)
{
    (void)state;
    faulty_alloc f;
    const amend_allocator *allocator = faulty_alloc_init(&f, 0, FAULTY_ONCE);
    trail *t = trail_new(allocator);
    assert_false(t->told);
    char message[] = "no such table: a", sqlstate[] = "42P01", query[] = "SELECT * FROM a";
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = message;
    e.sqlstate = sqlstate;
    e.query = query;
    e.native = 7;
    e.position = 15;
    trail_failed(t, allocator, &e);
    memset(message, 'x', sizeof message - 1);
    memset(sqlstate, 'x', sizeof sqlstate - 1);
    memset(query, 'x', sizeof query - 1);
    assert_true(t->told);
    assert_string_equal(t->failed.message, "no such table: a");
    assert_string_equal(t->failed.sqlstate, "42P01");
    assert_string_equal(t->failed.query, "SELECT * FROM a");
    assert_int_equal(t->failed.native, 7);
    assert_int_equal(t->failed.position, 15);
    trail_next(t, allocator);
    assert_false(t->told);
    assert_int_equal(t->failed.size, 0);
    trail_failed(t, allocator, &(amend_db_error)AMEND_DB_ERROR_INIT);
    assert_true(t->told);
    assert_null(t->failed.message);
    trail_free(t, allocator);
    trail_free(NULL, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

/* A program compiled when the struct ended behind `message`. */
static void test_shorter_struct(void **state)
{
    (void)state;
    trail *t = trail_new(&http_memory_default);
    amend_db_error e = {.size = offsetof(amend_db_error, sqlstate), .message = "words", .sqlstate = (const char *)1};
    trail_failed(t, &http_memory_default, &e);
    assert_string_equal(t->failed.message, "words");
    assert_null(t->failed.sqlstate);
    assert_int_equal(t->failed.size, sizeof(amend_db_error));
    trail_free(t, &http_memory_default);
}

static void test_first_counts(void **state)
{
    (void)state;
    const amend_allocator *allocator = &http_memory_default;
    trail *t = trail_new(allocator);
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = "first";
    trail_failed(t, allocator, &e);
    e.message = "second";
    trail_failed(t, allocator, &e);
    trail_cured(t, AMEND_CURE_DONE, NULL);
    assert_string_equal(t->failed.message, "first");
    assert_int_equal(t->cure, AMEND_CURE_NONE);
    trail_next(t, allocator);
    amend_healing healing = cure_of("002");
    trail_cured(t, AMEND_CURE_RERUN, &healing);
    trail_failed(t, allocator, &e);
    assert_int_equal(t->cure, AMEND_CURE_RERUN);
    assert_string_equal(t->healing.version, "002");
    assert_int_equal(t->failed.size, 0);
    trail_free(t, allocator);
}

static void test_no_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    assert_null(trail_new(faulty_alloc_init(&f, 1, FAULTY_ONCE)));
    const amend_allocator *allocator = faulty_alloc_init(&f, 2, FAULTY_ONCE);
    trail *t = trail_new(allocator);
    amend_db_error e = AMEND_DB_ERROR_INIT;
    trail_failed(t, allocator, &e);
    assert_false(t->told);
    trail_failed(t, allocator, &e);
    assert_true(t->told);
    trail_free(t, allocator);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static bool advance(trail *t, const char *version, unsigned most)
{
    trail_next(t, &http_memory_default);
    amend_healing healing = cure_of(version);
    trail_cured(t, AMEND_CURE_DONE, &healing);
    return trail_advance(t, most);
}

static void test_progress(void **state)
{
    (void)state;
    trail *t = trail_new(&http_memory_default);
    assert_true(advance(t, "001", 4));
    assert_false(advance(t, "001", 4));
    assert_true(advance(t, "003", 4));
    assert_false(advance(t, "001", 4));
    assert_true(advance(t, "", 4)); /* nobody said which: only their number is bounded */
    assert_true(advance(t, "", 4));
    assert_false(advance(t, "", 4));
    assert_false(advance(t, "009", 4));
    trail_free(t, &http_memory_default);
    t = trail_new(&http_memory_default);
    for (int i = 0; i < TRAIL_RERUNS; i++)
    {
        char version[16];
        snprintf(version, sizeof version, "%d", i);
        assert_true(advance(t, version, TRAIL_RERUNS));
    }
    assert_false(advance(t, "99", TRAIL_RERUNS));
    trail_free(t, &http_memory_default);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copies_all), cmocka_unit_test(test_shorter_struct),
                                       cmocka_unit_test(test_first_counts), cmocka_unit_test(test_no_memory),
                                       cmocka_unit_test(test_progress)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
