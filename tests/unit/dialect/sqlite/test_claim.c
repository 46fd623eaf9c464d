/* SPDX-License-Identifier: MIT */
/* tests/cases/sqlite/claims.txt */
#include "../test_claims_common.h"

static void run_case(const test_case *c)
{
    run_claims_case(&dialect_sqlite, c);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("sqlite/claims.txt", run_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
