/* SPDX-License-Identifier: MIT */
/* Which texts may be sent again as a whole. */
#include "dialect/postgres/pg_detect.h"

#include "support/testing.h"

static void expect_all(const char *const *queries, bool repeatable)
{
    for (; *queries != NULL; queries++)
    {
        if (pg_detect_repeatable(slice_of(*queries)) != repeatable)
        {
            fail_msg("%s", *queries);
        }
    }
}

static void test_repeatable(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "",
        ";;",
        "SELECT 1",
        "SELECT 1; INSERT INTO cards VALUES (1); ; UPDATE cards SET a = 'BEGIN; COMMIT' -- ROLLBACK",
        "BEGIN",
        "VACUUM cards;",
        "CALL f()",
        "DO $$ BEGIN PERFORM 1; END $$",
        "CREATE INDEX CONCURRENTLY i ON cards (a)",
        "CREATE TABLE a (x int); CREATE INDEX i ON a (x); DROP TABLE b",
        "CREATE RULE r AS ON INSERT TO cards DO (SELECT 1; COMMIT); SELECT 1",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 1",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; COMMIT; $$; SELECT f()",
        "PREPARE p AS SELECT 1; EXECUTE p",
        "ALTER TABLE cards ADD a int; ALTER TYPE t ADD VALUE 'x'",
        "SELECT \"begin\"; SELECT begin FROM commit",
        "SELECT 1; SELECT 'unended",
        NULL,
    };
    expect_all(queries, true);
}

static void test_not_repeatable(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "BEGIN; SELECT 1; COMMIT",
        "begin; SELECT 1",
        "SELECT 1; COMMIT",
        "SELECT 1; END;",
        "SELECT 1; ROLLBACK",
        "SELECT 1; ABORT",
        "START TRANSACTION; SELECT 1",
        "SAVEPOINT a; SELECT 1",
        "SELECT 1; RELEASE a",
        "SELECT 1; PREPARE TRANSACTION 'x'",
        "SELECT 1; VACUUM",
        "SELECT 1; CREATE DATABASE x",
        "ALTER SYSTEM SET a = 1; SELECT 1",
        "SELECT 1; DROP TABLESPACE x",
        "SELECT 1; CREATE INDEX CONCURRENTLY i ON cards (a)",
        "SELECT 1; REINDEX TABLE cards",
        "SELECT 1; CALL f()",
        "DO $$ BEGIN PERFORM 1; END $$; SELECT 1",
        "DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $$",
        "DO 'BEGIN ROLLBACK; END'",
        "/* a */ BEGIN -- b\n; SELECT 1",
        "SELECT 1;COMMIT;",
        NULL,
    };
    expect_all(queries, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeatable),
        cmocka_unit_test(test_not_repeatable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
