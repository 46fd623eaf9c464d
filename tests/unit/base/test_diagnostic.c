/* SPDX-License-Identifier: MIT */
#include "base/diagnostic.h"

#include "base/error.h"
#include "support/testing.h"

#include <string.h>

static void test_numbers_go_up_and_all_are_found(void **state)
{
    (void)state;
    const amend_explanation *e;
    int last = 0;
    size_t i = 0;
    for (; (e = diagnostic_at(i)) != NULL; i++)
    {
        assert_true((int)e->code > last);
        last = (int)e->code;
        assert_ptr_equal(diagnostic_find(last), e);
    }
    assert_true(i > 40);
    assert_null(diagnostic_at(i));
    assert_null(diagnostic_at(SIZE_MAX));
}

static void test_unknown_numbers(void **state)
{
    (void)state;
    assert_null(diagnostic_find(0));
    assert_null(diagnostic_find(-1));
    assert_null(diagnostic_find(99));
    assert_null(diagnostic_find(999999));
}

/* STYLE 16: lower case and no full stop for the message; sentences for the rest. A remedy must fit amend_error.hint. */
static void test_texts_are_in_form(void **state)
{
    (void)state;
    const amend_explanation *e;
    for (size_t i = 0; (e = diagnostic_at(i)) != NULL; i++)
    {
        size_t text = strlen(e->text), cause = strlen(e->cause), remedy = strlen(e->remedy), bad;
        assert_true(text > 0 && e->text[text - 1] != '.');
        assert_true(cause > 0 && e->cause[cause - 1] == '.');
        assert_true(remedy > 0 && e->remedy[remedy - 1] == '.');
        assert_true(remedy < sizeof((amend_error *)NULL)->hint);
        assert_true(text_is_utf8(slice_of(e->text), &bad) && text_is_utf8(slice_of(e->remedy), &bad));
        assert_true(e->status >= AMEND_OK && e->status <= AMEND_UNREACHABLE);
    }
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(diagnostic_find(AMEND_E_OUT_OF_MEMORY)->name, "OUT_OF_MEMORY");
    assert_int_equal(diagnostic_find(AMEND_E_DIR_MISSING)->status, AMEND_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_go_up_and_all_are_found),
        cmocka_unit_test(test_unknown_numbers),
        cmocka_unit_test(test_texts_are_in_form),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
