/* SPDX-License-Identifier: MIT */
/* The audit trail on real SQLite: read, and checked after somebody has been at it. */
#include "engine/audit.h"

#include "engine/harness.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static void make(harness *h)
{
    harness_sqlite(h);
    harness_file(h, "001_a.sql", "CREATE TABLE a (x);");
    harness_file(h, "002_b.sql", "CREATE TABLE b (x);");
    harness_file(h, "003_c.sql", "CREATE TABLE c (x);\nno sql;");
    assert_int_equal(harness_up(h), AMEND_FAILED);
}

static void check(harness *h, audit *out)
{
    history state;
    assert_int_equal(history_read(&h->session, h->arena, &state, &h->error), AMEND_OK);
    assert_int_equal(audit_check(&h->session, &state.ledger, out, &h->error), AMEND_OK);
}

typedef struct heard
{
    char text[1024];
    amend_severity worst;
} heard;

static void on_event(void *arg, const amend_event *e)
{
    heard *h = arg;
    size_t used = strlen(h->text);
    assert_true(e->audited);
    assert_string_equal(e->actor, "ann");
    assert_string_equal(e->host, "web-1");
    assert_string_equal(e->application, "test");
    assert_int_equal(strlen(e->hash), 64);
    assert_int_equal(strlen(e->at), 27);
    snprintf(h->text + used, sizeof h->text - used, "%s %s\n", e->type_name, e->version);
    h->worst = e->severity > h->worst ? e->severity : h->worst;
}

static void test_read(void **state)
{
    (void)state;
    harness h;
    history now;
    heard all = {0}, newest = {0}, none = {0};
    make(&h);
    assert_int_equal(history_read(&h.session, h.arena, &now, &h.error), AMEND_OK);
    assert_int_equal(audit_read(&h.session, &now.ledger, 0, on_event, &all, &h.error), AMEND_OK);
    assert_string_equal(all.text, "migration.applied 001\nmigration.applied 002\nmigration.failed 003\nschema.recorded 002\n");
    assert_int_equal(all.worst, AMEND_ERROR);
    assert_int_equal(audit_read(&h.session, &now.ledger, 2, on_event, &newest, &h.error), AMEND_OK);
    assert_string_equal(newest.text, "migration.failed 003\nschema.recorded 002\n");
    now.ledger.has_events = false;
    assert_int_equal(audit_read(&h.session, &now.ledger, 0, on_event, &none, &h.error), AMEND_OK);
    assert_string_equal(none.text, "");
    harness_close(&h);
}

static void of_later(void *arg, const amend_event *e)
{
    *(bool *)arg = e->type == AMEND_EVENT_TYPES && strcmp(e->type_name, "of.a.later.version") == 0;
}

static void test_type_of_a_later_version(void **state)
{
    (void)state;
    harness h;
    history now;
    bool found = false;
    make(&h);
    harness_sql(&h, "UPDATE _migration_events SET type = 'of.a.later.version'");
    assert_int_equal(history_read(&h.session, h.arena, &now, &h.error), AMEND_OK);
    assert_int_equal(audit_read(&h.session, &now.ledger, 1, of_later, &found, &h.error), AMEND_OK);
    assert_true(found);
    harness_close(&h);
}

static void test_intact(void **state)
{
    (void)state;
    harness h;
    audit a;
    make(&h);
    check(&h, &a);
    assert_int_equal(a.count, 4);
    assert_string_equal(a.broken, "");
    harness_sql(&h,
                "UPDATE _migration_events SET hash = upper(hash) WHERE type = 'schema.recorded'"); /* another tool's spelling */
    check(&h, &a);
    assert_string_equal(a.broken, "");
    harness_close(&h);
}

/* Whatever is changed, the first event that doesn't fit is named. */
static void test_tampered(void **state)
{
    static const struct
    {
        const char *sql, *broken; /* which version's event */
    } cases[] = {
        {"UPDATE _migration_events SET actor = 'somebody' WHERE version = '002'", "002"},
        {"UPDATE _migration_events SET at = '2020-01-01T00:00:00.000000Z' WHERE version = '001'", "001"},
        {"UPDATE _migration_events SET detail = NULL WHERE version = '003'", "003"},
        {"UPDATE _migration_events SET type = 'migration.applied' WHERE version = '003'", "003"},
        {"UPDATE _migration_events SET prev_hash = NULL WHERE version = '002'", "002"},
        {"UPDATE _migration_events SET hash = '' WHERE version = '002'", "002"},
        {"UPDATE _migration_events SET version = NULL, checksum = NULL WHERE version = '002'", NULL},
        {"DELETE FROM _migration_events WHERE version = '001'", "002"},
        {"DELETE FROM _migration_events WHERE version = '002'", "003"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    {
        harness h;
        audit a;
        char sql[128], id[64];
        make(&h);
        snprintf(sql, sizeof sql, "SELECT id FROM _migration_events WHERE version = '%s' ORDER BY id LIMIT 1",
                 cases[i].broken == NULL ? "002" : cases[i].broken);
        snprintf(id, sizeof id, "%s", harness_query(&h, sql));
        id[strcspn(id, "\n")] = '\0';
        harness_sql(&h, cases[i].sql);
        check(&h, &a);
        assert_string_equal(a.broken, id);
        harness_close(&h);
    }
}

static void project(harness *h, plan *found)
{
    history now;
    *found = (plan){0};
    assert_int_equal(history_read(&h->session, h->arena, &now, &h->error), AMEND_OK);
    assert_int_equal(audit_project(&h->session, h->arena, &now, found, &h->error), AMEND_OK);
}

/* The history is what the events make of it. */
static void test_projection(void **state)
{
    (void)state;
    harness h;
    plan found;
    make(&h);
    project(&h, &found);
    assert_int_equal(found.problem_count, 0);
    harness_file(&h, "002_b.down.sql", "DROP TABLE b;");
    assert_int_equal(harness_down(&h), AMEND_OK);
    project(&h, &found);
    assert_int_equal(found.problem_count, 0);
    harness_sql(&h, "DELETE FROM _migrations; INSERT INTO _migrations (version, name, checksum, execution_time_ms) "
                    "VALUES ('2', 'b', '', 0), ('0', 'of another tool', '', 0)");
    project(&h, &found);
    assert_int_equal(found.problem_count, 2);
    assert_int_equal(found.conflicts, 2);
    assert_int_equal(found.problems[0].code, AMEND_E_PROJECTION);
    assert_string_equal(found.problems[0].message, "001 is applied by the audit trail, but the history has no row of it");
    assert_string_equal(found.problems[1].message, "002 is in the history, but the audit trail says that it was rolled back");
    assert_string_equal(found.problems[1].version, "002");
    harness_sql(&h, "DROP TABLE _migration_events");
    project(&h, &found);
    assert_int_equal(found.problem_count, 0);
    harness_close(&h);
}

static void test_projection_memory(void **state)
{
    (void)state;
    harness h;
    history now;
    make(&h);
    harness_sql(
        &h, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO _migration_events "
            "(id, at, type, version, hash) SELECT printf('%05d', i), '', 'migration.applied', printf('9%05d', i), '' FROM n");
    assert_int_equal(history_read(&h.session, h.arena, &now, &h.error), AMEND_OK);
    for (size_t n = 2;; n++)
    {
        faulty_alloc faulty;
        plan found = {0};
        const amend_allocator *allocator = faulty_alloc_init(&faulty, n, FAULTY_ONCE);
        arena *a = arena_new(allocator);
        assert_non_null(a);
        h.session.allocator = allocator;
        amend_status status = audit_project(&h.session, a, &now, &found, &h.error);
        assert_true((status == AMEND_OK) == (faulty.failures == 0));
        assert_true(status == AMEND_OK ? found.conflicts == 500 : h.error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&faulty), 0);
        if (faulty.failures == 0)
        {
            break;
        }
    }
    harness_close(&h);
}

/* A table of that name with other columns: an event is no event then, and says so. */
static void test_no_columns(void **state)
{
    static const char *const names[] = {"other"}, *const values[] = {"x"};
    (void)state;
    HARNESS_FAKE(h, {.match = "_migration_events", .columns = 1, .names = names, .values = values});
    ledger l = {.has_events = true};
    audit a;
    harness_ready(&h);
    assert_int_equal(audit_check(&h.session, &l, &a, &h.error), AMEND_OK);
    assert_int_equal(a.count, 1);
    assert_string_equal(a.broken, "?");
    harness_close(&h);
}

static void test_error(void **state)
{
    (void)state;
    HARNESS_FAKE(h, {.match = "_migration_events", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42501"});
    ledger l = {.has_events = true};
    audit a;
    harness_ready(&h);
    assert_int_equal(audit_check(&h.session, &l, &a, &h.error), AMEND_FAILED);
    history now = {.ledger = l};
    plan found = {0};
    assert_int_equal(audit_project(&h.session, h.arena, &now, &found, &h.error), AMEND_FAILED);
    harness_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_type_of_a_later_version),
        cmocka_unit_test(test_intact),
        cmocka_unit_test(test_projection),
        cmocka_unit_test(test_projection_memory),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_no_columns),
        cmocka_unit_test(test_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
