/* SPDX-License-Identifier: MIT */
/* What can be seen of the writers without a server: counts, quoting, names, columns. tests/unit/driver/postgres runs them. */
#include "dialect/postgres/pg_ledger.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/postgres/pg_text.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>

static ledger a_ledger(const char *schema, unsigned columns)
{
    ledger l = {.columns = columns};
    snprintf(l.schema, sizeof l.schema, "%s", schema);
    return l;
}

static const lease mine = {.seen = 41, .holder = "me's", .host = "h", .pid = 7};

static void test_text(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    pg_text_literal(&out, NULL);
    pg_text_literal(&out, "it's");
    pg_text_literal(&out, "a\\b'c");
    pg_text_name(&out, SLICE("a\"b"));
    assert_string_equal(out.data, "NULL'it''s' E'a\\\\b''c'\"a\"\"b\"");
    buf_reset(&out);
    ledger named = a_ledger("my schema", 0), unnamed = a_ledger("", 0);
    pg_text_table(&out, &named, "t");
    pg_text_table(&out, &unnamed, "t");
    assert_string_equal(out.data, "\"my schema\".\"t\"\"t\"");
    buf_clear(&out);
}

/* The server's parser knows how many statements there are; here, semicolons at line ends are the statements. */
static unsigned count(const buf *out)
{
    unsigned n = 0;
    for (const char *at = out->data; (at = strstr(at, ";\n")) != NULL; at++)
    {
        n++;
    }
    assert_true(out->len >= 2 && strcmp(out->data + out->len - 2, ";\n") == 0);
    return n;
}

static void write_all(buf *out, const ledger *l)
{
    const dialect *d = &dialect_postgres;
    history_row row = {.version = "001", .name = "it's", .checksum = "c"};
    event_row event = {.id = "018f0000-0000-7000-8000-000000000000", .type = "t", .detail = "{\"ms\":%ms%}"};
    stmt index = {.schema = SLICE("s"), .object = SLICE("i'x"), .table = SLICE("t")};
    unsigned n = d->create(out, l) + d->acquire(out, l, &mine) + d->guard(out, l, &mine, 5000) + d->release(out, l, &mine) +
                 d->record(out, l, &row) + d->forget(out, l, &row) + d->amend_checksum(out, l, &row) +
                 d->event(out, l, &event) + d->events(out, l, "001", 5) + d->events(out, l, NULL, 0) + d->reset_session(out) +
                 d->invalid_index(out, &index) + d->drop_index(out, "s", "i");
    for (unsigned part = 0; part < STATE_PARTS; part++)
    {
        n += d->state(out, part);
    }
    if (!out->failed)
    {
        assert_int_equal(n, count(out));
    }
}

static void test_counts(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    ledger fresh = a_ledger("s", HISTORY_ALL), whole = a_ledger("s", HISTORY_ALL);
    whole.has_history = whole.has_events = whole.has_lock = true;
    write_all(&out, &fresh);
    assert_non_null(strstr(out.data, "CASE WHEN l.fence = 41 AND l.heartbeat IS NULL THEN l.fence + 1 END"));
    assert_non_null(strstr(out.data, "CASE WHEN l.fence = 42 AND l.holder = 'me''s' THEN l.fence END"));
    assert_non_null(strstr(out.data, "lock_timeout = 5000"));
    buf_reset(&out);
    write_all(&out, &whole);
    assert_null(strstr(out.data, "CREATE TABLE"));
    assert_int_equal(dialect_postgres.create(&out, &whole), 0);
    buf_clear(&out);
}

static void test_keep_schema(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    ledger fresh = a_ledger("s", HISTORY_ALL), whole = fresh;
    schema_row row = {.version = "00'1", .fence = 42};
    whole.has_schema = true;
    unsigned statements = dialect_postgres.keep_schema(&out, &fresh, &row);
    assert_int_equal(statements, count(&out));
    assert_non_null(strstr(out.data, "CREATE TABLE IF NOT EXISTS \"s\".\"_migrations_schema\""));
    assert_non_null(strstr(out.data, "SELECT 1, '00''1', "));
    assert_non_null(strstr(out.data, "l.fence = 42)"));
    buf_reset(&out);
    row.version = NULL;
    assert_int_equal(dialect_postgres.keep_schema(&out, &whole, &row), statements - 1);
    assert_int_equal(statements - 1, count(&out));
    assert_null(strstr(out.data, "CREATE TABLE"));
    assert_non_null(strstr(out.data, "SELECT 1, NULL, "));
    buf_reset(&out);
    assert_int_equal(dialect_postgres.kept_schema(&out, &whole), 1);
    assert_non_null(strstr(out.data, "FROM \"s\".\"_migrations_schema\" AS k WHERE k.id = 1;"));
    buf_reset(&out);
    event_row event = {.id = "i", .type = "schema.recorded", .detail = "{\"fingerprint\":\"%fingerprint%\"}"};
    assert_int_equal(dialect_postgres.event(&out, &whole, &event), 1);
    assert_non_null(
        strstr(out.data, "'%fingerprint%', COALESCE((SELECT k.fingerprint FROM \"s\".\"_migrations_schema\" AS k WHERE"));
    buf_clear(&out);
}

static void test_columns(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    ledger narrow = a_ledger("", HISTORY_VERSION | HISTORY_CHECKSUM);
    history_row row = {
        .version = "001", .name = "n", .checksum = "c", .git_commit = "g", .timed = true, .execution_time_ms = 12};
    assert_int_equal(pg_ledger_record(&out, &narrow, &row), 1);
    assert_non_null(strstr(out.data, "(version, checksum) VALUES ('001', 'c') RETURNING"));
    assert_non_null(strstr(out.data, "12 AS execution_time_ms"));
    assert_null(strstr(out.data, "m.applied_at"));
    buf_clear(&out);
}

static void test_no_index_name(void **state)
{
    (void)state;
    buf out;
    buf_init(&out, &alloc_default);
    stmt unnamed = {.table = SLICE("t")}, unqualified = {.object = SLICE("i"), .table = SLICE("t")};
    assert_int_equal(dialect_postgres.invalid_index(&out, &unnamed), 0);
    assert_int_equal(out.len, 0);
    assert_int_equal(dialect_postgres.invalid_index(&out, &unqualified), 1);
    assert_non_null(strstr(out.data, "pg_table_is_visible"));
    buf_clear(&out);
}

static void test_states(void **state)
{
    (void)state;
    const stmt make = {0}, drop = {.flags = STMT_DROP};
    amend_error error = {0};
    const struct
    {
        const char *state;
        bool missing, null, made, dropped;
    } rows[] = {{"42P01", true, false, false, true},  {"3F000", true, false, false, true},
                {"23502", false, true, false, false}, {"42P07", false, false, true, false},
                {"42710", false, false, true, false}, {"42704", false, false, false, true},
                {"", false, false, false, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        snprintf(error.sqlstate, sizeof error.sqlstate, "%s", rows[i].state);
        assert_int_equal(dialect_postgres.missing_table(&error), rows[i].missing);
        assert_int_equal(dialect_postgres.not_null(&error), rows[i].null);
        assert_int_equal(dialect_postgres.already_done(&make, &error), rows[i].made);
        assert_int_equal(dialect_postgres.already_done(&drop, &error), rows[i].dropped);
    }
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        buf out;
        buf_init(&out, faulty_alloc_init(&f, n, FAULTY_ONCE));
        ledger l = a_ledger("s", HISTORY_ALL);
        write_all(&out, &l);
        assert_int_equal(out.failed, f.failures > 0);
        buf_clear(&out);
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
        cmocka_unit_test(test_text),          cmocka_unit_test(test_counts), cmocka_unit_test(test_keep_schema),
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_states), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_no_index_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
