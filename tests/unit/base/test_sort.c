/* SPDX-License-Identifier: MIT */
#include "base/sort.h"

#include "support/faulty_alloc.h"
#include "support/testing.h"

typedef struct row
{
    int key, number;
} row;

static int compare(const void *a, const void *b)
{
    return ((const row *)a)->key - ((const row *)b)->key;
}

static void test_sorts_and_keeps_the_order_of_equals(void **state)
{
    (void)state;
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, 0, FAULTY_ONCE));
    static row rows[1000];
    const void *items[1000];
    for (size_t count = 0; count <= 1000; count += count < 20 ? 1 : 97)
    {
        for (size_t i = 0; i < count; i++)
        {
            rows[i] = (row){(int)(i * 7919 % 101), (int)i};
            items[i] = &rows[i];
        }
        assert_true(sort_pointers(a, items, count, compare));
        for (size_t i = 1; i < count; i++)
        {
            const row *x = items[i - 1], *y = items[i];
            assert_true(x->key < y->key || (x->key == y->key && x->number < y->number));
        }
    }
    arena_free(a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_sorted_needs_no_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, 2, FAULTY_FOR_GOOD));
    row rows[3] = {{1, 0}, {1, 1}, {2, 2}};
    const void *sorted[3] = {&rows[0], &rows[1], &rows[2]}, *mixed[3] = {&rows[2], &rows[1], &rows[0]};
    assert_true(sort_pointers(a, sorted, 3, compare));
    assert_false(sort_pointers(a, mixed, 3, compare));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorts_and_keeps_the_order_of_equals),
        cmocka_unit_test(test_sorted_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
