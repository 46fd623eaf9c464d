/* SPDX-License-Identifier: MIT */
/* Running pieces on a real server: results matched with statements, hooks, COPY, cancelling, a server that goes away. */
#include "driver/postgres/harness.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "driver/drivers.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct record
{
    char text[4096];
    amend_status answer; /* what row and idle return */
    unsigned idle_calls;
    amend_conn *other; /* to kill the first one's session with */
} record;

static void note(record *r, const char *text)
{
    assert_true(strlen(r->text) + strlen(text) < sizeof r->text);
    strcat(r->text, text);
}

static amend_status on_row(void *arg, size_t piece, const amend_row *row)
{
    record *r = arg;
    char line[256];
    snprintf(line, sizeof line, "row %zu", piece);
    for (unsigned i = 0; i < row->columns; i++)
    {
        size_t len = strlen(line);
        snprintf(line + len, sizeof line - len, " %s=%s", row->names[i], row->values[i] == NULL ? "-" : row->values[i]);
    }
    note(r, line);
    note(r, "\n");
    return r->answer;
}

static void on_done(void *arg, size_t piece, unsigned statement, int64_t rows)
{
    char line[64];
    snprintf(line, sizeof line, "done %zu.%u %lld\n", piece, statement, (long long)rows);
    note(arg, line);
}

static void on_notice(void *arg, const char *severity, const char *text)
{
    note(arg, severity);
    note(arg, ": ");
    note(arg, text);
    note(arg, "\n");
}

static amend_status on_idle(void *arg)
{
    record *r = arg;
    r->idle_calls++;
    return r->answer;
}

static amend_hooks hooks_of(record *r)
{
    return (amend_hooks){.arg = r, .row = on_row, .done = on_done, .notice = on_notice, .idle = on_idle};
}

#define COPY(text) ((amend_copy){text, sizeof(text) - 1})
#define PIECE(sql, n) ((amend_piece){.text = sql, .length = sizeof(sql) - 1, .statements = n})

static void test_results(void **state)
{
    (void)state;
    record r = {0};
    amend_hooks hooks = hooks_of(&r);
    amend_conn *conn = harness_connect("postgres");
    const amend_piece pieces[] = {
        PIECE("CREATE TEMP TABLE t (a int, b text);INSERT INTO t VALUES (1, NULL), (2, 'zwei')", 2),
        PIECE("-- nothing but a comment", 0),
        PIECE("SELECT * FROM t ORDER BY a -- the end", 1),
        PIECE("UPDATE t SET b = 'x'; ; DELETE FROM t WHERE a = 1;", 2),
        PIECE("", 0),
        PIECE("SELECT 1 AS one WHERE false;", 1),
    };
    outcome o;
    assert_int_equal(harness_exec(conn, pieces, 6, &hooks, &o), AMEND_OK);
    assert_string_equal(r.text, "done 0.1 -1\ndone 0.2 2\nrow 2 a=1 b=-\nrow 2 a=2 b=zwei\ndone 2.1 2\ndone 3.1 2\ndone 3.2 1\n"
                                "done 5.1 0\n");
    assert_int_equal(harness_exec(conn, pieces, 0, &hooks, &o), AMEND_OK);
    assert_int_equal(harness_run(conn, "  ;; -- nothing", 0, &hooks, &o), AMEND_OK);
    assert_true(driver_postgres.idle(conn));
    harness_do(conn, "BEGIN");
    assert_false(driver_postgres.idle(conn));
    harness_do(conn, "ROLLBACK");
    harness_close(conn);
}

/* Announced wrongly, results still come in order, and nothing is read beyond the pieces. */
static void test_miscounted(void **state)
{
    (void)state;
    record r = {0};
    amend_hooks hooks = hooks_of(&r);
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    assert_int_equal(harness_run(conn, "SELECT 1 AS a; SELECT 2 AS b", 1, &hooks, &o), AMEND_OK);
    assert_string_equal(r.text, "row 0 a=1\ndone 0.1 1\nrow 0 b=2\ndone 0.2 1\n");
    harness_close(conn);
}

static void test_notices(void **state)
{
    (void)state;
    record r = {0};
    amend_hooks hooks = hooks_of(&r);
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    const char *sql = "DO $$BEGIN RAISE NOTICE 'hällo'; RAISE WARNING 'more' USING DETAIL = 'of it'; END$$";
    assert_int_equal(harness_run(conn, sql, 1, &hooks, &o), AMEND_OK);
    assert_string_equal(r.text, "NOTICE: hällo\nWARNING: more\nof it\ndone 0.1 -1\n");
    assert_int_equal(harness_run(conn, sql, 1, NULL, &o), AMEND_OK);
    harness_close(conn);
}

static void test_copy(void **state)
{
    (void)state;
    record r = {0};
    amend_hooks hooks = hooks_of(&r);
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    harness_do(conn, "CREATE TEMP TABLE c (a int, b text)");
    const amend_copy copies[] = {COPY("1\tone\n2\t\\N\n"), COPY(""), COPY("3\tdrei\n")};
    amend_piece pieces[] = {PIECE("SELECT 1 AS x; COPY c FROM stdin; COPY c (a, b) FROM STDIN;", 3),
                            PIECE("COPY c FROM stdin", 1)};
    pieces[0].copies = copies;
    pieces[0].copy_count = 2;
    pieces[1].copies = copies + 2;
    pieces[1].copy_count = 1;
    assert_int_equal(harness_exec(conn, pieces, 2, &hooks, &o), AMEND_OK);
    assert_string_equal(r.text, "row 0 x=1\ndone 0.1 1\ndone 0.2 2\ndone 0.3 0\ndone 1.1 1\n");
    assert_string_equal(harness_rows(conn, "TABLE c ORDER BY a"), "1|one\n2|-\n3|drei\n");
    assert_string_equal(harness_rows(conn, "COPY c TO stdout; SELECT 1"), "1\n");

    pieces[1].copy_count = 0;
    assert_int_equal(harness_exec(conn, pieces + 1, 1, &hooks, &o), AMEND_FAILED);
    assert_int_equal(o.fault.kind, AMEND_FAULT_STATEMENT);
    assert_non_null(strstr(o.error.message, "COPY"));

    const amend_copy bad = COPY("1\tone\nzwei\tx\n");
    pieces[1].copies = &bad;
    pieces[1].copy_count = 1;
    assert_int_equal(harness_exec(conn, pieces + 1, 1, NULL, &o), AMEND_FAILED);
    assert_string_equal(o.error.sqlstate, "22P02");
    assert_non_null(strstr(o.error.detail, "line 2"));
    assert_string_equal(harness_rows(conn, "SELECT count(*) FROM c"), "3\n");
    harness_close(conn);
}

static void test_large(void **state)
{
    (void)state;
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    size_t size = 20u << 20, len = 0;
    char *text = malloc(size + 64), *data = malloc(size);
    assert_true(text != NULL && data != NULL);
    len += (size_t)sprintf(text, "CREATE TEMP TABLE l (a text); INSERT INTO l VALUES ('");
    memset(text + len, 'x', size - len);
    memcpy(text + size - 4, "'); ", 4);
    harness_exec(conn, &(amend_piece){.text = text, .length = size, .statements = 2}, 1, NULL, &o);
    assert_int_equal(o.status, AMEND_OK);
    for (size_t i = 0; i < size; i++)
    {
        data[i] = i % 64 == 63 ? '\n' : 'y';
    }
    const amend_copy copy = {data, size};
    amend_piece piece = PIECE("COPY l FROM stdin", 1);
    piece.copies = &copy;
    piece.copy_count = 1;
    assert_int_equal(harness_exec(conn, &piece, 1, NULL, &o), AMEND_OK);
    char expected[64];
    snprintf(expected, sizeof expected, "%zu|%zu\n", size / 64 + 1, size - len - 4 + size / 64 * 63);
    assert_string_equal(harness_rows(conn, "SELECT count(*), sum(length(a)) FROM l"), expected);
    free(text);
    free(data);
    harness_close(conn);
}

static amend_status stop_later(void *arg)
{
    return ++*(unsigned *)arg >= 2 ? AMEND_USAGE : AMEND_OK;
}

static void test_cancel(void **state)
{
    (void)state;
    unsigned calls = 0;
    amend_hooks hooks = {.arg = &calls, .idle = stop_later};
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    int64_t start = clock_monotonic_ms();
    const amend_piece pieces[] = {PIECE("SELECT 1", 1), PIECE("SELECT 1; SELECT pg_sleep(60); SELECT 2", 3)};
    assert_int_equal(harness_exec(conn, pieces, 2, &hooks, &o), AMEND_USAGE);
    assert_int_equal(o.fault.kind, AMEND_FAULT_CANCELLED);
    assert_int_equal(o.error.code, AMEND_E_CANCELLED);
    assert_true(o.fault.piece == 1 && o.fault.statement == 2);
    assert_in_range(clock_monotonic_ms() - start, 400, 5000);
    assert_string_equal(harness_rows(conn, "SELECT 'fine'"), "fine\n");
    harness_close(conn);
}

/* A cancel that the statement survives is sent again; one that arrives during COPY ends that. */
static void test_cancel_again(void **state)
{
    (void)state;
    unsigned calls = 0;
    amend_hooks hooks = {.arg = &calls, .idle = stop_later};
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    const char *sql = "DO $$BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(60); END$$";
    assert_int_equal(harness_run(conn, sql, 1, &hooks, &o), AMEND_USAGE);
    assert_int_equal(o.fault.kind, AMEND_FAULT_CANCELLED);
    harness_close(conn);
}

static void test_row_stops(void **state)
{
    (void)state;
    record r = {.answer = AMEND_REFUSED};
    amend_hooks hooks = hooks_of(&r);
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    assert_int_equal(harness_run(conn, "SELECT i FROM generate_series(1, 1000000) AS i; SELECT pg_sleep(60)", 2, &hooks, &o),
                     AMEND_REFUSED);
    assert_int_equal(o.fault.kind, AMEND_FAULT_CANCELLED);
    assert_string_equal(r.text, "row 0 i=1\n");
    assert_string_equal(harness_rows(conn, "SELECT 'fine'"), "fine\n");
    harness_close(conn);
}

static amend_status kill_once(void *arg)
{
    record *r = arg;
    if (r->idle_calls++ == 0)
    {
        harness_do(r->other,
                   "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND pid <> "
                   "pg_backend_pid()");
    }
    return AMEND_OK;
}

static void test_terminated(void **state)
{
    (void)state;
    record r = {.other = harness_connect("postgres")};
    amend_hooks hooks = {.arg = &r, .idle = kill_once};
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    assert_int_equal(harness_run(conn, "SELECT 1; SELECT pg_sleep(61)", 2, &hooks, &o), AMEND_UNREACHABLE);
    assert_int_equal(o.fault.kind, AMEND_FAULT_LOST);
    assert_int_equal(o.error.code, AMEND_E_CONNECTION_LOST);
    assert_string_equal(o.error.sqlstate, "57P01");
    assert_true(o.fault.piece == 0 && o.fault.statement == 2);
    assert_int_equal(harness_run(conn, "SELECT 1", 1, NULL, &o), AMEND_UNREACHABLE);
    assert_int_equal(o.fault.kind, AMEND_FAULT_LOST);
    harness_close(conn);
    harness_close(r.other);
}

static amend_status crash_once(void *arg)
{
    if ((*(unsigned *)arg)++ == 0)
    {
        pg_server_stop(&harness_server, SIGKILL);
    }
    return AMEND_OK;
}

/* The machine loses its power: no word from the server. */
static void test_crash(void **state)
{
    (void)state;
    unsigned calls = 0;
    amend_hooks hooks = {.arg = &calls, .idle = crash_once};
    amend_conn *conn = harness_connect("postgres");
    outcome o;
    assert_int_equal(harness_run(conn, "SELECT pg_sleep(2); SELECT pg_sleep(60)", 2, &hooks, &o), AMEND_UNREACHABLE);
    assert_int_equal(o.fault.kind, AMEND_FAULT_LOST);
    assert_int_equal(o.error.code, AMEND_E_CONNECTION_LOST);
    harness_close(conn);
    assert_null(harness_open(pg_server_url(&harness_server, "postgres"), &o));
    assert_int_equal(o.fault.kind, AMEND_FAULT_LOST);
    assert_int_equal(o.error.code, AMEND_E_UNREACHABLE);
    pg_server_start(&harness_server);
    harness_close(harness_connect("postgres"));
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        amend_connect how = {.url = pg_server_url(&harness_server, "postgres"), .allocator = allocator, .timeout_ms = 10000};
        record r = {0};
        amend_hooks hooks = hooks_of(&r);
        amend_conn *conn = NULL;
        amend_fault fault;
        amend_error error = {0};
        amend_status status = driver_postgres.open(&how, &conn, &fault, &error);
        if (status == AMEND_OK)
        {
            amend_piece piece = PIECE("SELECT 1 AS a, 2 AS b; DO $$BEGIN RAISE NOTICE 'n'; END$$; SELECT 1/0", 3);
            status = driver_postgres.exec(conn, &piece, 1, &hooks, &fault, &error);
            assert_int_equal(status, AMEND_FAILED);
            assert_true(f.failures > 0 || strcmp(error.sqlstate, "22012") == 0);
            assert_true(driver_postgres.idle(conn));
            driver_postgres.close(conn);
        }
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),      cmocka_unit_test(test_miscounted), cmocka_unit_test(test_notices),
        cmocka_unit_test(test_copy),         cmocka_unit_test(test_large),      cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_again), cmocka_unit_test(test_row_stops),  cmocka_unit_test(test_terminated),
        cmocka_unit_test(test_crash),        cmocka_unit_test(test_memory),
    };
    return pg_server_found() ? cmocka_run_group_tests(tests, harness_start, harness_end) : 77;
}
