/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

typedef struct fixture
{
    faulty_alloc f;
    arena *a;
} fixture;

static int set_up(void **state)
{
    static fixture x;
    x.a = arena_new(faulty_alloc_init(&x.f, 0, FAULTY_ONCE));
    *state = &x;
    return x.a == NULL;
}

static int tear_down(void **state)
{
    fixture *x = *state;
    arena_free(x->a);
    return faulty_alloc_clear(&x->f) != 0;
}

static void test_gives_zeroed_aligned_memory(void **state)
{
    fixture *x = *state;
    for (size_t size = 0; size < 300; size++)
    {
        unsigned char *p = arena_alloc(x->a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
        {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, size);
    }
}

static void test_pieces_do_not_overlap(void **state)
{
    fixture *x = *state;
    char *pieces[2000];
    for (int i = 0; i < 2000; i++)
    {
        pieces[i] = arena_alloc(x->a, (size_t)(i % 97) + 1);
        memset(pieces[i], i % 251, (size_t)(i % 97) + 1);
    }
    for (int i = 0; i < 2000; i++)
    {
        assert_int_equal((unsigned char)pieces[i][0], i % 251);
        assert_int_equal((unsigned char)pieces[i][i % 97], i % 251);
    }
}

static void test_large_piece_keeps_the_room_of_the_block_in_use(void **state)
{
    fixture *x = *state;
    char *before = arena_alloc(x->a, 16);
    assert_non_null(arena_alloc(x->a, 1024 * 1024));
    char *after = arena_alloc(x->a, 16);
    assert_ptr_equal(after, before + 16);
}

static void test_large_piece_first(void **state)
{
    fixture *x = *state;
    assert_non_null(arena_alloc(x->a, 100000));
    assert_non_null(arena_alloc(x->a, 16));
}

static void test_refuses_sizes_that_can_not_be(void **state)
{
    fixture *x = *state;
    assert_null(arena_alloc(x->a, SIZE_MAX));
    assert_null(arena_array(x->a, SIZE_MAX / 4, 8));
    assert_non_null(arena_array(x->a, 0, 8));
}

static void test_strings(void **state)
{
    fixture *x = *state;
    assert_string_equal(arena_copy(x->a, (slice){"abcdef", 3}), "abc");
    assert_string_equal(arena_copy(x->a, (slice){NULL, 0}), "");
    assert_string_equal(arena_string(x->a, "größe"), "größe");
    assert_null(arena_string(x->a, NULL));
    assert_string_equal(arena_format(x->a, "%s-%d", "x", 7), "x-7");
}

static void test_grow_keeps_what_is_there(void **state)
{
    fixture *x = *state;
    int *numbers = NULL;
    for (size_t i = 0; i < 1000; i++)
    {
        numbers = arena_grow(x->a, numbers, i, sizeof *numbers);
        assert_non_null(numbers);
        assert_int_equal(numbers[i], 0);
        numbers[i] = (int)i;
    }
    for (size_t i = 0; i < 1000; i++)
    {
        assert_int_equal(numbers[i], i);
    }
}

static void test_knows_its_allocator(void **state)
{
    fixture *x = *state;
    assert_ptr_equal(arena_allocator(x->a), &x->f.allocator);
}

static void test_without_memory(void **state)
{
    (void)state;
    faulty_alloc f;
    assert_null(arena_new(faulty_alloc_init(&f, 1, FAULTY_FOR_GOOD)));
    arena *a = arena_new(faulty_alloc_init(&f, 2, FAULTY_FOR_GOOD));
    assert_non_null(a);
    assert_null(arena_alloc(a, 1));
    assert_null(arena_array(a, 2, 2));
    assert_null(arena_copy(a, SLICE("x")));
    assert_null(arena_string(a, "x"));
    assert_null(arena_format(a, "%d", 1));
    assert_null(arena_grow(a, NULL, 0, 8));
    arena_free(a);
    arena_free(NULL);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

static void test_goes_on_after_a_failure(void **state)
{
    (void)state;
    faulty_alloc f;
    arena *a = arena_new(faulty_alloc_init(&f, 2, FAULTY_ONCE));
    assert_null(arena_alloc(a, 1));
    assert_non_null(arena_alloc(a, 1));
    arena_free(a);
    assert_int_equal(faulty_alloc_clear(&f), 0);
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(test_gives_zeroed_aligned_memory),
        WITH_ARENA(test_pieces_do_not_overlap),
        WITH_ARENA(test_large_piece_keeps_the_room_of_the_block_in_use),
        WITH_ARENA(test_large_piece_first),
        WITH_ARENA(test_refuses_sizes_that_can_not_be),
        WITH_ARENA(test_strings),
        WITH_ARENA(test_grow_keeps_what_is_there),
        WITH_ARENA(test_knows_its_allocator),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_goes_on_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
