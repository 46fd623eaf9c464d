/* SPDX-License-Identifier: MIT */
/* The guards of types as a program calls them, on a PostgreSQL server; and on SQLite, which has none. */
#include "amend/guard.h"

#include "support/faulty_alloc.h"
#include "support/pg_server.h"
#include "support/testing.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

/* libpq is nobody's dependency: it is loaded, as the driver does. */
#define PQ_FUNCTIONS(X) X(PQconnectdb) X(PQexec) X(PQresultStatus) X(PQerrorMessage) X(PQclear) X(PQfinish)

static struct
{
#define PQ_MEMBER(name) __typeof__(name) *name;
    PQ_FUNCTIONS(PQ_MEMBER)
#undef PQ_MEMBER
} pq;

static void load_libpq(void)
{
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
#define PQ_LOAD(name) *(void **)&pq.name = dlsym(library, #name);
    PQ_FUNCTIONS(PQ_LOAD)
#undef PQ_LOAD
}

static pg_server server;
static const char *const COLOURS[] = {"red", "green"};

typedef struct guard_test
{
    amend *handle;
    amend_error error;
    PGconn *conn;
    char told[2048];
} guard_test;

static void note_event(void *arg, const amend_event *event)
{
    guard_test *t = arg;
    size_t len = strlen(t->told);
    if (event->type == AMEND_EVENT_GUARD_DROPPED)
    {
        snprintf(t->told + len, sizeof t->told - len, "%s %s\n", event->type_name, event->message);
    }
}

static void note_dependent(void *arg, const amend_dependent *d)
{
    guard_test *t = arg;
    size_t len = strlen(t->told);
    snprintf(t->told + len, sizeof t->told - len, "%s %s\n", d->kind, d->name);
}

static void run(guard_test *t, const char *sql)
{
    PGresult *result = pq.PQexec(t->conn, sql);
    if (pq.PQresultStatus(result) != PGRES_COMMAND_OK && pq.PQresultStatus(result) != PGRES_TUPLES_OK)
    {
        fail_msg("%s", pq.PQerrorMessage(t->conn));
    }
    pq.PQclear(result);
}

static void open_handle(guard_test *t)
{
    amend_options options = AMEND_OPTIONS_INIT;
    options.url = pg_server_url(&server, "postgres");
    options.on_event = note_event;
    options.on_event_arg = t;
    assert_int_equal(amend_open(&options, &t->handle, &t->error), AMEND_OK);
}

static int begin(void **state)
{
    static guard_test t;
    memset(&t, 0, sizeof t);
    t.conn = pq.PQconnectdb(pg_server_url(&server, "postgres"));
    run(&t,
        "SET client_min_messages = error; DROP SCHEMA IF EXISTS app CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
        "CREATE SCHEMA app");
    open_handle(&t);
    *state = &t;
    return 0;
}

static int end(void **state)
{
    guard_test *t = *state;
    amend_close(t->handle);
    pq.PQfinish(t->conn);
    return 0;
}

static void test_validate(void **state)
{
    guard_test *t = *state;
    const char *const turned[] = {"green", "red"}, *const more[] = {"red", "blue"};
    assert_int_equal(amend_enum_validate(t->handle, "colour", COLOURS, 2, false, &t->error), AMEND_REFUSED);
    assert_int_equal(t->error.code, AMEND_E_EXISTS_OTHER);
    assert_string_equal(t->error.message, "enum \"colour\" does not exist");
    run(t, "CREATE TYPE colour AS ENUM ('red', 'green'); CREATE TYPE app.\"My Type\" AS ENUM (); CREATE DOMAIN d AS int");
    assert_int_equal(amend_enum_validate(t->handle, "Colour", COLOURS, 2, true, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_validate(t->handle, "public.colour", turned, 2, false, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_validate(t->handle, "colour", turned, 2, true, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.message, "enum \"colour\" exists with its values in another order");
    assert_string_equal(t->error.detail, "expected  green, red\nexisting  red, green");
    assert_int_equal(amend_enum_validate(t->handle, "colour", more, 2, true, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.detail, "expected  red, blue\nexisting  red, green\nmissing   blue\nextra     green");
    assert_int_equal(amend_enum_validate(t->handle, "app.\"My Type\"", NULL, 0, true, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_validate(t->handle, "app.\"My Type\"", COLOURS, 2, true, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.detail, "expected  red, green\nmissing   red, green");
    assert_int_equal(amend_enum_validate(t->handle, "d", COLOURS, 2, true, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.message, "enum \"d\" exists, but is no enum");
}

static void test_create(void **state)
{
    guard_test *t = *state;
    bool created = false;
    const char *const odd[] = {"it's", "a \\ b"};
    assert_int_equal(amend_enum_create_safe(t->handle, "app.colour", COLOURS, 2, false, &created, &t->error), AMEND_OK);
    assert_true(created);
    assert_int_equal(amend_enum_create_safe(t->handle, "app.colour", COLOURS, 2, false, &created, &t->error), AMEND_OK);
    assert_false(created);
    assert_int_equal(amend_enum_create_safe(t->handle, "app.colour", COLOURS, 1, false, NULL, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.detail, "expected  red\nexisting  red, green\nextra     green");
    assert_int_equal(amend_enum_create_safe(t->handle, "odd", odd, 2, false, NULL, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_validate(t->handle, "odd", odd, 2, true, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_create_safe(t->handle, "gone.colour", COLOURS, 2, false, NULL, &t->error), AMEND_FAILED);
    assert_string_equal(t->error.sqlstate, "3F000");
    run(t, "CREATE TABLE taken (id int)");
    assert_int_equal(amend_enum_create_safe(t->handle, "taken", COLOURS, 2, false, NULL, &t->error), AMEND_REFUSED);
    assert_string_equal(t->error.message, "enum \"taken\" exists, but is no enum");
}

static const char USES[] =
    "CREATE TYPE colour AS ENUM ('red', 'green'); CREATE TABLE app.cards (state colour, states colour[], word text DEFAULT "
    "'red'::colour::text, CONSTRAINT first CHECK (word <> 'green'::colour::text)); CREATE VIEW app.open AS SELECT state FROM "
    "app.cards; CREATE MATERIALIZED VIEW kept AS SELECT 'red'::colour AS c; CREATE FUNCTION next(c colour) RETURNS colour "
    "LANGUAGE sql "
    "AS 'SELECT c'; CREATE DOMAIN shade AS colour; CREATE TYPE pair AS (one colour, two int); CREATE INDEX i ON app.cards "
    "((state = 'red'))";

static void test_dependents(void **state)
{
    guard_test *t = *state;
    assert_int_equal(amend_type_dependents(t->handle, "colour", note_dependent, t, &t->error), AMEND_OK);
    assert_string_equal(t->told, "");
    run(t, USES);
    assert_int_equal(amend_type_dependents(t->handle, "colour", note_dependent, t, &t->error), AMEND_OK);
    assert_string_equal(t->told, "column app.cards.state\ncolumn app.cards.states\nconstraint app.cards.first\n"
                                 "default of app.cards.word\ndomain public.shade\nfunction public.next(c colour)\n"
                                 "index app.i\nmaterialized view public.kept\ntype public.pair.one\nview app.open\n");
}

static void test_drop(void **state)
{
    guard_test *t = *state;
    assert_int_equal(amend_enum_drop_safe(t->handle, "colour", false, &t->error), AMEND_OK);
    run(t, USES);
    assert_int_equal(amend_enum_drop_safe(t->handle, "colour", false, &t->error), AMEND_REFUSED);
    assert_int_equal(t->error.code, AMEND_E_IN_USE);
    assert_string_equal(t->error.message, "type \"colour\" is in use by 10 objects");
    assert_non_null(strstr(t->error.detail, "column    app.cards.state\n"));
    assert_int_equal(amend_enum_validate(t->handle, "colour", COLOURS, 2, true, &t->error), AMEND_OK);
    assert_int_equal(amend_enum_drop_safe(t->handle, "colour", true, &t->error), AMEND_OK);
    assert_non_null(strstr(t->told, "guard.dropped column app.cards.state was dropped with the type it depends on\n"));
    assert_int_equal(amend_enum_validate(t->handle, "colour", COLOURS, 2, true, &t->error), AMEND_REFUSED);
    run(t, "CREATE TYPE colour AS ENUM ('red')");
    assert_int_equal(amend_enum_drop_safe(t->handle, "colour", false, &t->error), AMEND_OK);
}

static void test_arguments(void **state)
{
    guard_test *t = *state;
    const char *const hole[] = {"red", NULL};
    static const char *const names[] = {NULL, "", "a b", "a.b.c", "a."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        assert_int_equal(amend_enum_validate(t->handle, names[i], COLOURS, 2, false, &t->error), AMEND_USAGE);
        assert_int_equal(t->error.code, AMEND_E_ARGUMENT);
    }
    assert_int_equal(amend_enum_validate(t->handle, "colour", hole, 2, false, &t->error), AMEND_USAGE);
    assert_int_equal(amend_enum_create_safe(t->handle, "colour", NULL, 1, false, NULL, &t->error), AMEND_USAGE);
    assert_int_equal(amend_enum_create_safe(t->handle, "colour", NULL, 1, false, NULL, NULL), AMEND_USAGE);
}

static void test_sqlite(void **state)
{
    amend_error error;
    amend *handle;
    amend_options options = AMEND_OPTIONS_INIT;
    (void)state;
    assert_int_equal(amend_open(&options, &handle, &error), AMEND_OK);
    assert_int_equal(amend_enum_validate(handle, "colour", COLOURS, 2, false, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_NO_DATABASE);
    amend_close(handle);
    options.url = "sqlite::memory:";
    assert_int_equal(amend_open(&options, &handle, &error), AMEND_OK);
    assert_int_equal(amend_enum_validate(handle, "colour", COLOURS, 2, false, &error), AMEND_USAGE);
    assert_string_equal(error.message, "sqlite has no enum types");
    assert_non_null(strstr(error.hint, "CHECK constraint"));
    assert_int_equal(amend_enum_create_safe(handle, "colour", COLOURS, 2, false, NULL, &error), AMEND_USAGE);
    assert_int_equal(amend_type_dependents(handle, "colour", note_dependent, NULL, &error), AMEND_USAGE);
    assert_int_equal(amend_enum_drop_safe(handle, "colour", false, &error), AMEND_USAGE);
    amend_close(handle);
}

static bool is_shortage(const amend_error *error)
{
    return error->code == AMEND_E_OUT_OF_MEMORY || error->code == AMEND_E_CANCELLED; /* the driver stops reading rows */
}

/* Each allocation fails in turn: a clean error, and what is told is told whole. */
static void test_without_memory(void **state)
{
    guard_test *t = *state;
    run(t, USES);
    amend_close(t->handle);
    for (size_t fail = 1;; fail++)
    {
        faulty_alloc f;
        amend_options options = AMEND_OPTIONS_INIT;
        options.url = pg_server_url(&server, "postgres");
        options.allocator = faulty_alloc_init(&f, fail, FAULTY_ONCE);
        amend_status status = amend_open(&options, &t->handle, &t->error);
        if (status != AMEND_OK)
        {
            assert_int_equal(t->error.code, AMEND_E_OUT_OF_MEMORY);
            t->handle = NULL;
            continue;
        }
        const char *const other[] = {"red", "blue"};
        status = amend_enum_validate(t->handle, "colour", other, 2, true, &t->error);
        bool refused = status == AMEND_REFUSED;
        if (!refused && !is_shortage(&t->error))
        {
            fail_msg("call %zu: AM%04d %s", fail, (int)t->error.code, t->error.message);
        }
        status = amend_enum_drop_safe(t->handle, "colour", false, &t->error);
        assert_true(status == AMEND_REFUSED || is_shortage(&t->error));
        refused = refused && status == AMEND_REFUSED;
        amend_close(t->handle);
        t->handle = NULL;
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            assert_true(refused);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_validate, begin, end),
        cmocka_unit_test_setup_teardown(test_create, begin, end),
        cmocka_unit_test_setup_teardown(test_dependents, begin, end),
        cmocka_unit_test_setup_teardown(test_drop, begin, end),
        cmocka_unit_test_setup_teardown(test_arguments, begin, end),
        cmocka_unit_test_setup_teardown(test_without_memory, begin, end),
        cmocka_unit_test(test_sqlite),
    };
    if (!pg_server_found())
    {
        return 77;
    }
    load_libpq();
    pg_server_make(&server);
    pg_server_start(&server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pg_server_remove(&server);
    return failed;
}
