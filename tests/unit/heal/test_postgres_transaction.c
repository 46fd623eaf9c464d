/* SPDX-License-Identifier: MIT */
/* amend_pq_transaction on a libpq that answers from a script: what a server can't be made to say. */
#include "heal/fake_libpq.h"

#include "support/faulty_alloc.h"

#define BEGUN                                                                                                                  \
    {                                                                                                                          \
        .status = PGRES_COMMAND_OK, .tag = "BEGIN", .then = PQTRANS_INTRANS                                                    \
    }
#define COMMITTED                                                                                                              \
    {                                                                                                                          \
        .status = PGRES_COMMAND_OK, .tag = "COMMIT"                                                                            \
    }
#define ROLLED_BACK                                                                                                            \
    {                                                                                                                          \
        .status = PGRES_COMMAND_OK, .tag = "ROLLBACK"                                                                          \
    }
#define FAILS(text, state)                                                                                                     \
    {                                                                                                                          \
        .status = PGRES_FATAL_ERROR, .message = text, .sqlstate = state, .then = PQTRANS_INERROR                               \
    }
#define MISSING FAILS("relation \"cards\" does not exist", "42P01")

enum how
{
    EXEC,
    PREPARE,
    PREPARED,
    QUIET, /* no call at all */
};

typedef struct work
{
    amend *handle;
    enum how how;
    amend_status give; /* when its call went well */
    int runs;
} work;

static amend_status run(void *arg, PGconn *conn)
{
    work *w = arg;
    const amend_libpq *pq = fake_libpq();
    w->runs++;
    if (w->how == QUIET)
    {
        return w->give;
    }
    PGresult *result = fake_result();
    if (pq->PQresultStatus(result) == PGRES_FATAL_ERROR)
    {
        result = w->how == EXEC      ? amend_PQexec_failed(w->handle, pq, conn, "SELECT * FROM cards", result)
                 : w->how == PREPARE ? amend_PQprepare_failed(w->handle, pq, conn, "it", "SELECT 1", 0, NULL, result)
                                     : amend_PQexecPrepared_failed(w->handle, pq, conn, "it", 0, NULL, NULL, NULL, 0, result);
    }
    bool ok = pq->PQresultStatus(result) != PGRES_FATAL_ERROR;
    pq->PQclear(result);
    return ok ? w->give : AMEND_FAILED;
}

/* The whole of it; *runs as counted. */
static amend_status transact(const fake_answer *answers, const fake_cure *cures, enum how how, int *runs, amend_error *error)
{
    work w = {.handle = fake_start(answers, cures), .how = how};
    *error = (amend_error){.message = ""};
    amend_status status = amend_pq_transaction_with(w.handle, fake_libpq(), fake_conn(), run, &w, error);
    *runs = w.runs;
    fake_end();
    return status;
}

static void test_runs_again_after_a_cure(void **state)
{
    static const fake_answer answers[] = {
        BEGUN, MISSING, ROLLED_BACK, BEGUN, {.status = PGRES_COMMAND_OK, .then = PQTRANS_INTRANS}, COMMITTED, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(answers, cures, EXEC, &runs, &error), AMEND_OK);
    assert_int_equal(runs, 2);
    assert_string_equal(fake_now.asked, "BEGIN; ROLLBACK; BEGIN; COMMIT; ");
    assert_string_equal(fake_now.healed, "relation \"cards\" does not exist|SELECT * FROM cards|0; ");
}

static void test_says_why_there_was_no_cure(void **state)
{
    static const fake_answer answers[] = {BEGUN, MISSING, ROLLED_BACK, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_REFUSED, "001"}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(answers, cures, EXEC, &runs, &error), AMEND_FAILED);
    assert_string_equal(error.message, "relation \"cards\" does not exist");
    assert_string_equal(error.sqlstate, "42P01");
    assert_string_equal(error.detail, "not cured: the reason");
    assert_int_equal(transact(answers, NULL, EXEC, &runs, &error), AMEND_FAILED);
    assert_string_equal(error.detail, "");
}

/* A migration that cured already is not a cure again. */
static void test_each_migration_once(void **state)
{
    static const fake_answer answers[] = {BEGUN, MISSING, ROLLED_BACK, BEGUN, MISSING, ROLLED_BACK, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {AMEND_CURE_DONE, "001"}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(answers, cures, EXEC, &runs, &error), AMEND_FAILED);
    assert_int_equal(runs, 2);
}

static void test_arguments(void **state)
{
    amend_libpq old = *fake_libpq();
    amend_error error;
    work w = {.how = QUIET};
    (void)state;
    amend *handle = fake_start((const fake_answer[]){{0}}, NULL);
    old.size--;
    assert_int_equal(amend_pq_transaction_with(handle, NULL, fake_conn(), run, &w, &error), AMEND_USAGE);
    assert_int_equal(amend_pq_transaction_with(handle, &old, fake_conn(), run, &w, &error), AMEND_USAGE);
    assert_int_equal(amend_pq_transaction_with(handle, fake_libpq(), NULL, run, &w, &error), AMEND_USAGE);
    assert_int_equal(amend_pq_transaction_with(handle, fake_libpq(), fake_conn(), NULL, &w, &error), AMEND_USAGE);
    fake_now.state = PQTRANS_ACTIVE;
    assert_int_equal(amend_pq_transaction_with(handle, fake_libpq(), fake_conn(), run, &w, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    assert_int_equal(amend_pq_transaction_with(handle, fake_libpq(), fake_conn(), run, &w, NULL), AMEND_USAGE);
    assert_int_equal(w.runs, 0);
    fake_end();
}

/* BEGIN and COMMIT that are refused: in the words of the server, of libpq, or of the lost connection. */
static void test_refusals(void **state)
{
    static const struct
    {
        fake_answer answers[5];
        amend_status status;
        amend_code code;
        const char *message;
    } rows[] = {
        {{FAILS("read only", "25006"), {0}}, AMEND_FAILED, AMEND_E_STATEMENT, "read only"},
        {{{.status = PGRES_FATAL_ERROR, .message = "gone\n", .lost = true}, {0}},
         AMEND_UNREACHABLE,
         AMEND_E_CONNECTION_LOST,
         "gone"},
        {{{.status = PGRES_FATAL_ERROR, .message = "in a pipeline\n"}, {0}}, AMEND_FAILED, AMEND_E_STATEMENT, "in a pipeline"},
        {{BEGUN, {.status = PGRES_FATAL_ERROR, .message = "could not serialize", .sqlstate = "40001"}, {0}},
         AMEND_FAILED,
         AMEND_E_BUSY,
         "could not serialize"},
        {{BEGUN, {.status = PGRES_FATAL_ERROR, .message = "late", .sqlstate = "55P03"}, {0}},
         AMEND_FAILED,
         AMEND_E_BUSY,
         "late"},
        {{BEGUN, ROLLED_BACK, {0}},
         AMEND_FAILED,
         AMEND_E_STATEMENT,
         "a statement of the transaction failed, so it was rolled back"},
        {{BEGUN, {.status = PGRES_FATAL_ERROR, .message = "gone", .lost = true}, {0}},
         AMEND_UNREACHABLE,
         AMEND_E_CONNECTION_LOST,
         "the connection was lost during COMMIT, it is not known whether it was done: gone"},
        {{BEGUN,
          {.status = PGRES_FATAL_ERROR, .message = "in a pipeline", .then = PQTRANS_INTRANS},
          {.status = PGRES_FATAL_ERROR, .message = "in a pipeline", .then = PQTRANS_INTRANS},
          {0}},
         AMEND_FAILED,
         AMEND_E_STATEMENT,
         "in a pipeline"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        amend_error error;
        int runs;
        assert_int_equal(transact(rows[i].answers, NULL, QUIET, &runs, &error), rows[i].status);
        assert_int_equal(error.code, rows[i].code);
        assert_string_equal(error.message, rows[i].message);
    }
}

/* ROLLBACK itself fails: nothing is cured, nothing run again. */
static void test_lost_while_rolling_back(void **state)
{
    static const fake_answer answers[] = {BEGUN, MISSING, {.status = PGRES_FATAL_ERROR, .message = "gone", .lost = true}, {0}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(answers, cures, EXEC, &runs, &error), AMEND_FAILED);
    assert_int_equal(runs, 1);
    assert_string_equal(fake_now.healed, "");
}

static void test_lost_in_the_function(void **state)
{
    static const fake_answer answers[] = {BEGUN, {.status = PGRES_COMMAND_OK, .lost = true}, {0}};
    static const fake_answer failed[] = {BEGUN, {.status = PGRES_FATAL_ERROR, .message = "gone", .lost = true}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(answers, NULL, EXEC, &runs, &error), AMEND_UNREACHABLE);
    assert_int_equal(error.code, AMEND_E_CONNECTION_LOST);
    assert_int_equal(transact(failed, NULL, EXEC, &runs, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_CONNECTION_LOST);
}

/* ------------------------------------------------------------------------------------------------- prepared statements */

static void test_what_was_prepared_may_be_prepared_again(void **state)
{
    static const fake_answer twice = FAILS("exists", "42P05"), missing = MISSING, back = ROLLED_BACK, begun = BEGUN;
    static const fake_answer same = {.status = PGRES_TUPLES_OK, .row = {"SELECT 1", "{}"}};
    static const fake_answer other = {.status = PGRES_TUPLES_OK, .row = {"SELECT 2", "{}"}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    const fake_answer ok = {.status = PGRES_COMMAND_OK, .then = PQTRANS_INTRANS}, done = {.status = PGRES_COMMAND_OK};
    const fake_answer commit = COMMITTED;
    const fake_answer good[] = {begun, missing, back, begun, twice, back, same, done, begun, ok, commit, {0}};
    const fake_answer bad[] = {begun, missing, back, begun, twice, back, other, {0}};
    const fake_answer first[] = {begun, twice, back, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(good, cures, PREPARE, &runs, &error), AMEND_OK);
    assert_int_equal(runs, 3);
    assert_int_equal(transact(bad, cures, PREPARE, &runs, &error), AMEND_FAILED);
    assert_string_equal(error.sqlstate, "42P05");
    assert_int_equal(transact(first, cures, PREPARE, &runs, &error), AMEND_FAILED);
    assert_int_equal(runs, 1);
}

static void test_stale_statements(void **state)
{
    static const fake_answer stale = {.status = PGRES_FATAL_ERROR,
                                      .message = "cached plan …",
                                      .sqlstate = "0A000",
                                      .function = "RevalidateCachedQuery",
                                      .then = PQTRANS_INERROR};
    static const fake_answer text = {.status = PGRES_TUPLES_OK, .row = {"SELECT 1", "{}"}}, begun = BEGUN, back = ROLLED_BACK;
    const fake_answer ok = {.status = PGRES_COMMAND_OK, .then = PQTRANS_INTRANS}, done = {.status = PGRES_COMMAND_OK};
    const fake_answer commit = COMMITTED;
    const fake_answer good[] = {begun, stale, back, text, done, done, begun, ok, commit, {0}};
    const fake_answer again[] = {begun, stale, back, text, done, done, begun, stale, back, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(good, NULL, PREPARED, &runs, &error), AMEND_OK);
    assert_int_equal(runs, 2);
    assert_int_equal(transact(again, NULL, PREPARED, &runs, &error), AMEND_FAILED);
    assert_string_equal(error.sqlstate, "0A000");
}

static void test_on_conflict(void **state)
{
    static const fake_answer conflict = FAILS("no constraint matching the ON CONFLICT", "42P10"), begun = BEGUN,
                             back = ROLLED_BACK;
    static const fake_answer text = {.status = PGRES_TUPLES_OK,
                                     .row = {"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "{}"}};
    static const fake_cure cures[] = {{AMEND_CURE_DONE, "001"}, {0}};
    const fake_answer ok = {.status = PGRES_COMMAND_OK, .then = PQTRANS_INTRANS}, commit = COMMITTED;
    const fake_answer good[] = {begun, conflict, back, text, begun, ok, commit, {0}};
    const fake_answer unknown[] = {begun, conflict, back, {.status = PGRES_TUPLES_OK}, {0}};
    amend_error error;
    int runs;
    (void)state;
    assert_int_equal(transact(good, cures, PREPARED, &runs, &error), AMEND_OK);
    assert_int_equal(transact(unknown, cures, PREPARED, &runs, &error), AMEND_FAILED);
    assert_string_equal(fake_now.healed, "");
}

/* What can't be noted can't be cured; the function's own error stands. */
static void test_short_memory(void **state)
{
    static const fake_answer answers[] = {BEGUN, MISSING, ROLLED_BACK, {0}};
    amend_error error;
    faulty_alloc f;
    (void)state;
    work w = {.handle = fake_start(answers, NULL), .how = EXEC};
    fake_now.healer.session.allocator = faulty_alloc_init(&f, 1, FAULTY_ONCE);
    assert_int_equal(amend_pq_transaction_with(w.handle, fake_libpq(), fake_conn(), run, &w, &error), AMEND_FAILED);
    assert_int_equal(f.failures, 1);
    assert_int_equal(faulty_alloc_clear(&f), 0);
    assert_string_equal(fake_now.healed, "");
    fake_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_again_after_a_cure),
        cmocka_unit_test(test_says_why_there_was_no_cure),
        cmocka_unit_test(test_each_migration_once),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_lost_while_rolling_back),
        cmocka_unit_test(test_lost_in_the_function),
        cmocka_unit_test(test_what_was_prepared_may_be_prepared_again),
        cmocka_unit_test(test_stale_statements),
        cmocka_unit_test(test_on_conflict),
        cmocka_unit_test(test_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
