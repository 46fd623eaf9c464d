/* SPDX-License-Identifier: MIT */
/* Reading through a session, with a driver that does as it is told. Real servers: test_pg_snapshot_live.c. */
#include "engine/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static struct
{
    unsigned failures; /* of so many readings, the first */
    amend_fault_kind kind;
    amend_code code;
    char log[200]; /* what was run */
} told;

static amend_status told_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks,
                              amend_fault *fault, amend_error *error)
{
    (void)conn;
    (void)count;
    size_t len = strlen(told.log);
    snprintf(told.log + len, sizeof told.log - len, "%.*s ", (int)pieces->length, pieces->text);
    if (strncmp(pieces->text, "ROLLBACK", 8) == 0)
    {
        fault->kind = AMEND_FAULT_STATEMENT; /* there is nothing to be rolled back: nobody minds */
        return error_set(error, AMEND_E_STATEMENT, "no transaction");
    }
    static const char *const names[] = {"object", "definition"}, *const values[] = {"table cards", ""};
    amend_row row = {.columns = 2, .names = names, .values = values};
    amend_status status = hooks->row(hooks->arg, 0, &row);
    if (status != AMEND_OK)
    {
        fault->kind = AMEND_FAULT_CANCELLED;
        (void)error_set(error, AMEND_E_CANCELLED, "stopped");
        return status;
    }
    if (told.failures > 0)
    {
        told.failures--;
        fault->kind = told.kind;
        status = error_set(error, told.code, "could not open relation with OID 7");
        strcpy(error->sqlstate, "XX000");
    }
    return status;
}

static unsigned told_snapshot(buf *out, bool inside)
{
    buf_text(out, inside ? "inside" : "read");
    return 1;
}

static amend_status told_row(arena *a, const amend_row *row, fact_list *out, amend_error *error)
{
    fact *grown = arena_grow(a, out->items, out->count, sizeof *grown);
    if (grown == NULL)
    {
        return error_memory(error);
    }
    grown[out->count++] = (fact){slice_of(row->values[0]), slice_of(row->values[1])};
    out->items = grown;
    return AMEND_OK;
}

static const amend_driver told_driver = {.exec = told_exec};
static const tx_words told_words = {.batch_abort = "ROLLBACK"};
static const dialect told_dialect = {.words = &told_words, .snapshot = told_snapshot, .snapshot_row = told_row};

static amend_status read_told(const amend_allocator *allocator, unsigned failures, amend_fault_kind kind, bool inside,
                              size_t *count, amend_error *error)
{
    amend_conn conn = {&told_driver};
    session s = {.allocator = allocator, .driver = &told_driver, .dialect = &told_dialect, .conn = &conn};
    snapshot out = {0};
    told.failures = failures;
    told.kind = kind;
    told.code = kind == AMEND_FAULT_STATEMENT ? AMEND_E_STATEMENT
                : kind == AMEND_FAULT_BUSY    ? AMEND_E_BUSY
                                              : AMEND_E_CONNECTION_LOST;
    told.log[0] = '\0';
    arena *a = arena_new(allocator);
    amend_status status = snapshot_read(&s, a, inside, &out, error);
    *count = out.count;
    arena_free(a);
    return status;
}

/* What another session drops meanwhile fails the reading; what the failed one has told is forgotten. */
static void test_tried_again(void **state)
{
    (void)state;
    size_t count;
    assert_int_equal(read_told(&alloc_default, 2, AMEND_FAULT_STATEMENT, false, &count, NULL), AMEND_OK);
    assert_int_equal(count, 1);
    assert_string_equal(told.log, "read ROLLBACK read ROLLBACK read ");
}

static void test_given_up(void **state)
{
    (void)state;
    size_t count;
    amend_error error = {0};
    assert_int_equal(read_told(&alloc_default, 99, AMEND_FAULT_STATEMENT, false, &count, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_SCHEMA_UNREADABLE);
    assert_string_equal(error.message, "the schema can't be read: could not open relation with OID 7");
    assert_string_equal(error.sqlstate, "XX000");
    assert_string_equal(told.log, "read ROLLBACK read ROLLBACK read ROLLBACK read ROLLBACK read ROLLBACK ");
    assert_int_equal(read_told(&alloc_default, 99, AMEND_FAULT_STATEMENT, false, &count, NULL), AMEND_FAILED);
}

/* A lock has been waited for long enough; a lost connection can't roll back; a caller's transaction is the caller's. */
static void test_not_tried_again(void **state)
{
    (void)state;
    size_t count;
    amend_error error = {0};
    assert_int_equal(read_told(&alloc_default, 1, AMEND_FAULT_BUSY, false, &count, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_BUSY);
    assert_string_equal(told.log, "read ROLLBACK ");
    assert_int_equal(read_told(&alloc_default, 1, AMEND_FAULT_LOST, false, &count, &error), AMEND_UNREACHABLE);
    assert_int_equal(error.code, AMEND_E_CONNECTION_LOST);
    assert_string_equal(told.log, "read ");
    assert_int_equal(read_told(&alloc_default, 1, AMEND_FAULT_STATEMENT, true, &count, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_SCHEMA_UNREADABLE);
    assert_string_equal(told.log, "inside ");
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t n = 2;; n++)
    {
        faulty_alloc f;
        size_t count;
        amend_error error = {0};
        amend_status status = read_told(faulty_alloc_init(&f, n, FAULTY_FOR_GOOD), 0, AMEND_FAULT_NONE, false, &count, &error);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_int_equal(status, AMEND_OK);
            assert_true(n > 2);
            return;
        }
        assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tried_again),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_not_tried_again),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
