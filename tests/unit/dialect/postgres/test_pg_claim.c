/* SPDX-License-Identifier: MIT */
/* tests/cases/postgres/claims.txt */
#include "../test_claims_common.h"

static void run_case(const test_case *c)
{
    run_claims_case(&dialect_postgres, c);
}

static void test_cases(void **state)
{
    (void)state;
    cases_run("postgres/claims.txt", run_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
