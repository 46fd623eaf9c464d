/* SPDX-License-Identifier: MIT */
#include "amend.h"

#include "support/testing.h"

#include <string.h>

static void test_explain(void **state)
{
    (void)state;
    const amend_explanation *e = amend_explain(AMEND_E_CHECKSUM);
    assert_string_equal(e->name, "CHECKSUM");
    assert_int_equal(e->status, AMEND_FAILED);
    assert_null(amend_explain(0));
    assert_null(amend_explain(-1));
    assert_null(amend_explain(99999));
    int last = 0;
    for (size_t i = 0; (e = amend_explain_at(i)) != NULL; i++)
    {
        assert_true((int)e->code > last);
        assert_ptr_equal(amend_explain(e->code), e);
        assert_true(e->text[0] != '\0' && e->cause[0] != '\0' && e->remedy[0] != '\0');
        last = e->code;
    }
    assert_true(last > 0);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(amend_version(), AMEND_VERSION);
    assert_string_equal(amend_state_name(AMEND_STATE_APPLIED), "applied");
    assert_string_equal(amend_state_name(AMEND_STATE_OUT_OF_ORDER), "out of order");
    assert_string_equal(amend_state_name(AMEND_STATE_FAILED), "failed");
    assert_null(amend_state_name((amend_state)(AMEND_STATE_FAILED + 1)));
    assert_null(amend_state_name((amend_state)-1));
    assert_string_equal(amend_event_type_name(AMEND_EVENT_RUN_STARTED), "run.started");
    assert_string_equal(amend_event_type_name(AMEND_EVENT_WARNING), "warning");
    assert_null(amend_event_type_name(AMEND_EVENT_TYPES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_explain), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
