/* SPDX-License-Identifier: MIT */
/* The slow halves call by call, on a libpq that answers from a script. On a server: tests/integration/test_heal_postgres.py. */
#include "heal/fake_libpq.h"

#include "dialect/dialects.h"

#include <stdio.h>
#include <string.h>

#define OK                                                                                                                     \
    {                                                                                                                          \
        .status = PGRES_COMMAND_OK                                                                                             \
    }
#define MISSING                                                                                                                \
    {                                                                                                                          \
        .status = PGRES_FATAL_ERROR, .message = "relation \"cards\" does not exist", .sqlstate = "42P01", .position = "15"     \
    }
#define STALE                                                                                                                  \
    {                                                                                                                          \
        .status = PGRES_FATAL_ERROR, .message = "cached plan …", .sqlstate = "0A000", .function = "RevalidateCachedQuery"      \
    }
#define CONFLICT                                                                                                               \
    {                                                                                                                          \
        .status = PGRES_FATAL_ERROR, .message = "no constraint matching the ON CONFLICT", .sqlstate = "42P10"                  \
    }

static const char query[] = "SELECT * FROM cards";

/* A call whose first result is the script's first answer; returns the last result's status, with the result cleared. */
static ExecStatusType exec_it(amend *handle, const char *sql)
{
    PGresult *result = amend_PQexec_failed(handle, fake_libpq(), fake_conn(), sql, fake_result());
    ExecStatusType status = fake_libpq()->PQresultStatus(result);
    fake_libpq()->PQclear(result);
    return status;
}

static ExecStatusType prepared_it(amend *handle, const char *name)
{
    PGresult *result =
        amend_PQexecPrepared_failed(handle, fake_libpq(), fake_conn(), name, 0, NULL, NULL, NULL, 0, fake_result());
    ExecStatusType status = fake_libpq()->PQresultStatus(result);
    fake_libpq()->PQclear(result);
    return status;
}

static void test_cured_and_done_again(void **state)
{
    static const fake_answer answers[] = {MISSING, OK, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(answers, cures);
    assert_int_equal(exec_it(handle, query), PGRES_COMMAND_OK);
    assert_string_equal(fake_now.asked, "SELECT * FROM cards; ");
    assert_string_equal(fake_now.healed, "relation \"cards\" does not exist|SELECT * FROM cards|15; ");
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_DONE);
    fake_end();
}

static void test_every_call_is_done_again_as_it_was(void **state)
{
    static const fake_answer answers[] = {MISSING, OK, MISSING, OK, MISSING, OK, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {AMEND_CURE_DONE, "002"}, {AMEND_CURE_DONE, "003"}, {0}};
    static const Oid types[] = {23, 25};
    (void)state;
    amend *handle = fake_start(answers, cures);
    const amend_libpq *pq = fake_libpq();
    pq->PQclear(amend_PQexecParams_failed(handle, pq, fake_conn(), query, 0, NULL, NULL, NULL, NULL, 0, fake_result()));
    pq->PQclear(amend_PQprepare_failed(handle, pq, fake_conn(), "it", query, 2, types, fake_result()));
    assert_int_equal(prepared_it(handle, "it"), PGRES_COMMAND_OK);
    assert_string_equal(fake_now.asked, "params SELECT * FROM cards; prepare it AS SELECT * FROM cards 23 25; prepared it; ");
    fake_end();
}

static void test_what_is_not_looked_at(void **state)
{
    static const fake_answer answers[] = {MISSING,                                                     /* no handle */
                                          MISSING,                                                     /* policy off */
                                          MISSING,                                                     /* another dialect */
                                          {.status = PGRES_FATAL_ERROR, .message = "x", .null = true}, /* no result */
                                          {.status = PGRES_FATAL_ERROR},                               /* libpq's own error */
                                          {.status = PGRES_FATAL_ERROR, .message = "no memory"},       /* likewise */
                                          {.status = PGRES_FATAL_ERROR, .message = "x", .sqlstate = "42P01", .lost = true},
                                          {.status = PGRES_FATAL_ERROR, .message = "syntax", .sqlstate = "42601"},
                                          {.status = PGRES_FATAL_ERROR,
                                           .message = "relation \"cards\" does not exist",
                                           .sqlstate = "42P01",
                                           .then = PQTRANS_ACTIVE},
                                          {0}};
    (void)state;
    amend *handle = fake_start(answers, NULL);
    assert_int_equal(exec_it(NULL, query), PGRES_FATAL_ERROR);
    fake_now.healer.policy = AMEND_HEAL_OFF;
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    fake_now.healer.policy = AMEND_HEAL_ADDITIVE;
    fake_now.healer.session.dialect = &dialect_sqlite;
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_NONE);
    fake_now.healer.session.dialect = &dialect_postgres;
    while (fake_now.answers->status != PGRES_EMPTY_QUERY)
    {
        assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    }
    assert_string_equal(fake_now.asked, "");
    assert_string_equal(fake_now.healed, "");
    assert_int_equal(amend_pq_outcome(NULL, fake_conn()), AMEND_CURE_NONE);
    assert_int_equal(amend_pq_outcome(handle, NULL), AMEND_CURE_NONE);
    fake_end();
}

static void test_the_callers_own_result_comes_back(void **state)
{
    static const fake_answer answers[] = {MISSING, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_REFUSED, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(answers, cures);
    PGresult *own = fake_result(), *back = amend_PQexec_failed(handle, fake_libpq(), fake_conn(), query, own);
    assert_ptr_equal(own, back);
    fake_libpq()->PQclear(back);
    assert_string_equal(fake_now.asked, "");
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_REFUSED);
    fake_end();
}

static void test_the_same_migration_cures_once(void **state)
{
    static const fake_answer answers[] = {MISSING, MISSING, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {AMEND_CURE_DONE, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(answers, cures);
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_DRIFT);
    fake_end();
}

static void test_rounds_are_bounded(void **state)
{
    fake_answer answers[PQ_ROUNDS + 2];
    fake_cure cures[PQ_ROUNDS + 2];
    char versions[PQ_ROUNDS + 1][16];
    (void)state;
    memset(answers, 0, sizeof answers);
    memset(cures, 0, sizeof cures);
    for (int i = 0; i <= PQ_ROUNDS; i++)
    {
        snprintf(versions[i], sizeof versions[i], "%03d", i);
        answers[i] = (fake_answer)MISSING;
        cures[i] = (fake_cure){AMEND_CURE_DONE, versions[i]};
    }
    amend *handle = fake_start(answers, cures);
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    fake_end();
}

static void test_the_connection_is_lost_after_the_cure(void **state)
{
    static const fake_answer answers[] = {MISSING, {.status = PGRES_FATAL_ERROR, .lost = true}, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(answers, cures);
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_NONE);
    fake_end();
}

static void test_inside_a_transaction(void **state)
{
    static const fake_answer answers[] = {{.status = PGRES_FATAL_ERROR,
                                           .message = "relation \"cards\" does not exist",
                                           .sqlstate = "42P01",
                                           .then = PQTRANS_INERROR},
                                          {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(answers, cures);
    assert_int_equal(exec_it(handle, query), PGRES_FATAL_ERROR);
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_RERUN);
    fake_end();
}

static void test_the_place_inside_a_function(void **state)
{
    static const fake_answer answers[] = {{.status = PGRES_FATAL_ERROR,
                                           .message = "column \"b\" does not exist",
                                           .sqlstate = "42703",
                                           .internal = "SELECT b FROM t",
                                           .internal_position = "8",
                                           .position = "99"},
                                          {0}};
    (void)state;
    amend *handle = fake_start(answers, NULL);
    assert_int_equal(exec_it(handle, "SELECT f()"), PGRES_FATAL_ERROR);
    assert_string_equal(fake_now.healed, "column \"b\" does not exist|SELECT b FROM t|8; ");
    fake_end();
}

static void test_calls_that_may_have_committed(void **state)
{
    static const fake_answer answers[] = {
        {.status = PGRES_FATAL_ERROR, .message = "relation \"cards\" does not exist", .sqlstate = "42P01", .context = "in p()"},
        {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    static const char *const never[] = {"CALL p()", " ; /* x */ do 'BEGIN PERFORM 1; END'", "SELECT 1; COMMIT; SELECT f()"};
    (void)state;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
    {
        amend *handle = fake_start(answers, cures);
        assert_int_equal(exec_it(handle, never[i]), PGRES_FATAL_ERROR);
        assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_RERUN);
        fake_end();
    }
}

/* ------------------------------------------------------------------------------------------------- prepared statements */

static void test_a_prepared_call_is_looked_up(void **state)
{
    static const fake_answer call[] = {
        {.status = PGRES_FATAL_ERROR, .message = "relation \"cards\" does not exist", .sqlstate = "42P01", .context = "in p()"},
        {.status = PGRES_TUPLES_OK, .row = {"CALL p()", "{}"}},
        {0}};
    static const fake_answer unknown[] = {
        {.status = PGRES_FATAL_ERROR, .message = "relation \"cards\" does not exist", .sqlstate = "42P01", .context = "in f()"},
        {.status = PGRES_TUPLES_OK},
        OK,
        {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    (void)state;
    amend *handle = fake_start(call, cures);
    assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
    assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_RERUN);
    fake_end();
    handle = fake_start(unknown, cures);
    assert_int_equal(prepared_it(handle, "it"), PGRES_COMMAND_OK);
    fake_end();
}

static void test_a_stale_statement_is_prepared_anew(void **state)
{
    static const fake_answer answers[] = {STALE, {.status = PGRES_TUPLES_OK, .row = {"SELECT $1", "{23,25}"}}, OK, OK, OK, {0}};
    (void)state;
    amend *handle = fake_start(answers, NULL);
    assert_int_equal(prepared_it(handle, "a\"b"), PGRES_COMMAND_OK);
    assert_string_equal(fake_now.asked,
                        "text of a\"b; DEALLOCATE \"a\"\"b\"; prepare a\"b AS SELECT $1 23 25; prepared a\"b; ");
    fake_end();
}

/* Each time the call is made once more, so that the connection's words are its own again. */
static void test_a_stale_statement_that_stays_so(void **state)
{
    static char many[20000] = "{", name[400];
    const fake_answer text = {.status = PGRES_TUPLES_OK, .row = {"SELECT $1", "{}"}};
    const fake_answer refused = {.status = PGRES_FATAL_ERROR}, stale = STALE, ok = OK;
    const fake_answer unknown[] = {stale, refused, stale, {0}}, kept[] = {stale, text, refused, stale, {0}};
    const fake_answer wrong[] = {stale, text, ok, refused, stale, {0}}, twice[] = {stale, text, ok, ok, stale, stale, {0}};
    const fake_answer full[] = {stale, {.status = PGRES_TUPLES_OK, .row = {"SELECT $1", many}}, stale, {0}};
    const fake_answer long_name[] = {stale, text, stale, {0}};
    const fake_answer *const scripts[] = {unknown, kept, wrong, twice, full};
    (void)state;
    for (size_t i = 0; i < 2000; i++)
    {
        strcat(many + 2 * i, "1,");
    }
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
    {
        amend *handle = fake_start(scripts[i], NULL);
        assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
        assert_int_equal(amend_pq_outcome(handle, fake_conn()), AMEND_CURE_NONE);
        fake_end();
    }
    memset(name, 'n', sizeof name - 1);
    amend *handle = fake_start(long_name, NULL);
    assert_int_equal(prepared_it(handle, name), PGRES_FATAL_ERROR);
    fake_end();
}

static void test_stale_is_told_by_more_than_its_state(void **state)
{
    static const fake_answer answers[] = {
        {.status = PGRES_FATAL_ERROR, .message = "not supported", .sqlstate = "0A000", .function = "transformStmt"},
        {.status = PGRES_FATAL_ERROR, .message = "not supported", .sqlstate = "0A000"},
        STALE, /* of the unnamed statement */
        {.status = PGRES_FATAL_ERROR, .message = "exists", .sqlstate = "42P05"},
        {0}};
    (void)state;
    amend *handle = fake_start(answers, NULL);
    assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
    assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
    assert_int_equal(prepared_it(handle, ""), PGRES_FATAL_ERROR);
    PGresult *twice = amend_PQprepare_failed(handle, fake_libpq(), fake_conn(), "it", query, 0, NULL, fake_result());
    fake_libpq()->PQclear(twice);
    assert_string_equal(fake_now.asked, "");
    fake_end();
}

static void test_on_conflict_in_a_prepared_statement(void **state)
{
    static const fake_answer text = {.status = PGRES_TUPLES_OK,
                                     .row = {"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "{}"}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    const fake_answer conflict = CONFLICT, ok = OK;
    const fake_answer cured[] = {conflict, text, ok, {0}}, refused[] = {conflict, text, conflict, {0}};
    const fake_answer unknown[] = {conflict, {.status = PGRES_TUPLES_OK}, conflict, {0}};
    (void)state;
    amend *handle = fake_start(cured, cures);
    assert_int_equal(prepared_it(handle, "it"), PGRES_COMMAND_OK);
    fake_end();
    handle = fake_start(refused, NULL);
    assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
    assert_string_equal(fake_now.asked, "text of it; prepared it; ");
    fake_end();
    handle = fake_start(unknown, cures);
    assert_int_equal(prepared_it(handle, "it"), PGRES_FATAL_ERROR);
    fake_end();
}

/* ------------------------------------------------------------------------------------------------------------- the rest */

static void test_outcomes_of_many_connections(void **state)
{
    static PGconn *const first = (PGconn *)8;
    (void)state;
    fake_start((const fake_answer[]){{0}}, NULL);
    healer *h = &fake_now.healer;
    amend *handle = (amend *)(void *)h;
    pq_outcome_set(h, first, AMEND_CURE_NONE);
    assert_int_equal(h->pq_next, 0);
    for (size_t i = 0; i < PQ_OUTCOMES; i++)
    {
        pq_outcome_set(h, (PGconn *)(8 + 8 * i), AMEND_CURE_RERUN);
    }
    assert_int_equal(amend_pq_outcome(handle, first), AMEND_CURE_RERUN);
    pq_outcome_set(h, first, AMEND_CURE_NONE);
    assert_int_equal(amend_pq_outcome(handle, first), AMEND_CURE_NONE);
    pq_outcome_set(h, (PGconn *)4, AMEND_CURE_DRIFT);
    assert_int_equal(amend_pq_outcome(handle, (PGconn *)4), AMEND_CURE_DRIFT);
    assert_int_equal(amend_pq_outcome(handle, (PGconn *)16), AMEND_CURE_RERUN);
    fake_end();
}

static void test_results_by_themselves(void **state)
{
    static const fake_answer answers[] = {MISSING, {0}};
    static const fake_cure cures[] = {
        {AMEND_CURE_DONE, "001"}, {AMEND_CURE_DONE, "002"}, {AMEND_CURE_DONE, "003"}, {AMEND_CURE_FAILED, "004"}, {0}};
    amend_error error = {.message = ""};
    (void)state;
    amend *handle = fake_start(answers, cures);
    const amend_libpq *pq = fake_libpq();
    PGresult *result = fake_result();
    assert_int_equal(amend_pq_heal_with(NULL, pq, fake_conn(), result, query, &error), AMEND_CURE_NONE);
    assert_int_equal(amend_pq_heal_with(handle, pq, fake_conn(), NULL, query, &error), AMEND_CURE_NONE);
    assert_int_equal(amend_pq_heal_with(handle, pq, fake_conn(), result, query, &error), AMEND_CURE_DONE);
    fake_now.pipeline = PQ_PIPELINE_ON;
    assert_int_equal(amend_pq_heal_with(handle, pq, fake_conn(), result, NULL, &error), AMEND_CURE_RERUN);
    fake_now.pipeline = PQ_PIPELINE_OFF;
    fake_now.state = PQTRANS_INERROR;
    assert_int_equal(amend_pq_heal_with(handle, pq, fake_conn(), result, query, &error), AMEND_CURE_RERUN);
    assert_int_equal(amend_pq_heal_with(handle, pq, fake_conn(), result, query, &error), AMEND_CURE_FAILED);
    assert_string_equal(error.message, "the reason");
    pq->PQclear(result);
    fake_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cured_and_done_again),
        cmocka_unit_test(test_every_call_is_done_again_as_it_was),
        cmocka_unit_test(test_what_is_not_looked_at),
        cmocka_unit_test(test_the_callers_own_result_comes_back),
        cmocka_unit_test(test_the_same_migration_cures_once),
        cmocka_unit_test(test_rounds_are_bounded),
        cmocka_unit_test(test_the_connection_is_lost_after_the_cure),
        cmocka_unit_test(test_inside_a_transaction),
        cmocka_unit_test(test_the_place_inside_a_function),
        cmocka_unit_test(test_calls_that_may_have_committed),
        cmocka_unit_test(test_a_prepared_call_is_looked_up),
        cmocka_unit_test(test_a_stale_statement_is_prepared_anew),
        cmocka_unit_test(test_a_stale_statement_that_stays_so),
        cmocka_unit_test(test_stale_is_told_by_more_than_its_state),
        cmocka_unit_test(test_on_conflict_in_a_prepared_statement),
        cmocka_unit_test(test_outcomes_of_many_connections),
        cmocka_unit_test(test_results_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
