/* SPDX-License-Identifier: MIT */
/*
 * What a real server says, in each of five languages: cases in tests/cases/postgres/provoked.txt. The languages need locales of
 * the operating system, which are made for the test alone, in its temporary directory.
 */
#include "dialect/postgres/pg_detect.h"

#include "support/cases.h"
#include "support/pg_server.h"
#include "support/testing.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SCHEMA[] =
    "CREATE SCHEMA app;"
    "CREATE TYPE status AS ENUM ('open');"
    "CREATE TYPE app.state AS ENUM ('open');"
    "CREATE TYPE \"My Status\" AS ENUM ('open');"
    "CREATE TYPE app.\"My Status\" AS ENUM ('open');"
    "CREATE TYPE 状态 AS ENUM ('open');"
    "CREATE TYPE größe AS ENUM ('open');"
    "CREATE TABLE cards (id int CONSTRAINT cards_pk PRIMARY KEY, status status);"
    "CREATE INDEX cards_id ON cards (id);"
    "CREATE TABLE app.notes (id int, body text);"
    "CREATE TABLE logged (id text PRIMARY KEY);"
    "INSERT INTO logged VALUES ('relation \"x\" does not exist');"
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := 'x'; RETURN NEW; END $$;"
    "CREATE FUNCTION reads_decks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT 1 FROM decks); END $$;"
    "CREATE FUNCTION reads_app_decks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT 1 FROM app.decks); END $$;"
    "CREATE FUNCTION reads_title() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT title FROM cards); END $$;"
    "CREATE FUNCTION reads_c_title() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT c.title FROM cards c); END $$;"
    "CREATE FUNCTION writes_title() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE cards SET title = 'x'; END $$;"
    "CREATE FUNCTION calls_shuffle() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN shuffle(1, 'x'); END $$;"
    "CREATE FUNCTION calls_app_shuffle() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN app.shuffle(1); END $$;"
    "CREATE FUNCTION adds_text() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1 + 'x'::text; END $$;"
    "CREATE FUNCTION casts_rank() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'x'::rank; END $$;"
    "CREATE FUNCTION casts_done() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'done'::status; END $$;"
    "CREATE FUNCTION upserts() RETURNS void LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO cards (id) VALUES (1) ON CONFLICT (status) DO NOTHING; END $$;"
    "CREATE FUNCTION raises(state text, words text) RETURNS void LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION '%', words USING ERRCODE = state; END $$;";

/* The client library, loaded as amend itself loads it. */
#define FUNCTIONS(X)                                                                                                           \
    X(PQconnectdb)                                                                                                             \
    X(PQstatus)                                                                                                                \
    X(PQerrorMessage)                                                                                                          \
    X(PQexec)                                                                                                                  \
    X(PQexecParams)                                                                                                            \
    X(PQprepare)                                                                                                               \
    X(PQresultStatus)                                                                                                          \
    X(PQresultErrorField)                                                                                                      \
    X(PQclear)                                                                                                                 \
    X(PQfinish)

static struct
{
#define MEMBER(name) __typeof__(name) *name;
    FUNCTIONS(MEMBER)
#undef MEMBER
} pq;

static pg_server server;
static PGconn *conn;
static const char *language;

static void run_quietly(const char *sql)
{
    PGresult *r = pq.PQexec(conn, sql);
    if (pq.PQresultStatus(r) != PGRES_COMMAND_OK && pq.PQresultStatus(r) != PGRES_TUPLES_OK)
    {
        fail_msg("%.60s: %s", sql, pq.PQerrorMessage(conn));
    }
    pq.PQclear(r);
}

static PGresult *send_query(const char *how, const char *query)
{
    if (strcmp(how, "prepare") == 0)
    {
        return pq.PQprepare(conn, "", query, 0, NULL);
    }
    if (strncmp(how, "bind ", 5) == 0)
    {
        const char *value = how + 5;
        return pq.PQexecParams(conn, query, 1, NULL, &value, NULL, NULL, 0);
    }
    assert_string_equal(how, "exec");
    return pq.PQexec(conn, query);
}

static void describe(const amend_object *o, char out[1024])
{
    static const char *const kinds[] = {
#define AMEND_OBJECT(name, text) [AMEND_OBJECT_##name] = text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    snprintf(out, 1024, "%s %s%s%s%s%s", kinds[o->kind], o->schema, o->schema[0] == '\0' ? "" : ".", o->table,
             o->table[0] == '\0' ? "" : ".", o->name);
}

static unsigned failures;

static void run_case(const test_line *l)
{
    char actual[1024] = "none";
    assert_true(l->count == 3 || l->count == 4);
    bool silent = l->count == 4 && language[0] != 'C' &&
                  strstr(l->fields[3], (char[6]){language[0], language[1], language[2], language[3], language[4]}) != NULL;
    const char *expected = silent ? "none" : l->fields[2];
    PGresult *r = send_query(l->fields[0], l->fields[1]);
    const char *position = pq.PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = pq.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    e.sqlstate = pq.PQresultErrorField(r, PG_DIAG_SQLSTATE);
    e.query = l->fields[1];
    e.position = position == NULL ? 0 : (size_t)strtoul(position, NULL, 10);
    amend_object o;
    if (e.sqlstate == NULL)
    {
        fail_msg("%s:%u: no error", l->file, l->line);
    }
    if (pg_detect(&e, &o))
    {
        describe(&o, actual);
    }
    if (strcmp(actual, expected) != 0)
    {
        failures++;
        print_error("%s:%u: %s: %s, not %s\n  %s %s (at %zu)\n", l->file, l->line, language, actual, expected, e.sqlstate,
                    e.message, e.position);
    }
    pq.PQclear(r);
}

/* Does the server speak the language? It falls back to English without a word. */
static bool has_catalog(void)
{
    PGresult *r = pq.PQexec(conn, "SELECT * FROM decks");
    bool english = strstr(pq.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY), "does not exist") != NULL;
    pq.PQclear(r);
    return !english;
}

static void run_language(const char *locale)
{
    char sql[64];
    language = locale;
    failures = 0;
    snprintf(sql, sizeof sql, "SET lc_messages = '%s'", locale);
    run_quietly(sql);
    if (strcmp(locale, "C") != 0 && !has_catalog())
    {
        print_message("the server has no messages in %s: skipped\n", locale);
        skip();
    }
    cases_lines("postgres/provoked.txt", run_case);
    assert_int_equal(failures, 0);
}

static void test_english(void **state)
{
    (void)state;
    run_language("C");
}

static void test_german(void **state)
{
    (void)state;
    run_language("de_DE.UTF-8");
}

static void test_french(void **state)
{
    (void)state;
    run_language("fr_FR.UTF-8");
}

static void test_japanese(void **state)
{
    (void)state;
    run_language("ja_JP.UTF-8");
}

static void test_chinese(void **state)
{
    (void)state;
    run_language("zh_CN.UTF-8");
}

/* The server finds the locale by its normalised name: de_DE.utf8. */
static void make_locale(const char *name, const char *dir)
{
    char path[400];
    int status = -1;
    snprintf(path, sizeof path, "%s/%s.utf8", dir, name);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
    {
        execlp("localedef", "localedef", "--quiet", "--no-archive", "-i", name, "-f", "UTF-8", path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0 || chmod(path, 0755) != 0)
    {
        fail_msg("localedef could not make %s: are Debian's \"locales\" installed?", name);
    }
}

static int start(void **state)
{
    static const char *const names[] = {"de_DE", "fr_FR", "ja_JP", "zh_CN"};
    char dir[320];
    (void)state;
    pg_server_make(&server);
    snprintf(dir, sizeof dir, "%s/locales", server.dir.path);
    assert_int_equal(mkdir(dir, 0755), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        make_locale(names[i], dir);
    }
    assert_int_equal(setenv("LOCPATH", dir, 1), 0);
    pg_server_start(&server);
    conn = pq.PQconnectdb(pg_server_url(&server, "postgres"));
    assert_int_equal(pq.PQstatus(conn), CONNECTION_OK);
    run_quietly(SCHEMA);
    run_quietly("CREATE TRIGGER stamp BEFORE INSERT ON logged FOR EACH ROW WHEN (NEW.id = '1') EXECUTE FUNCTION stamp()");
    return 0;
}

static int end(void **state)
{
    (void)state;
    pq.PQfinish(conn);
    pg_server_remove(&server);
    return 0;
}

int main(void)
{
    if (!pg_server_found())
    {
        return 77;
    }
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
    {
        return 77;
    }
#define LOAD(name) *(void **)&pq.name = dlsym(library, #name);
    FUNCTIONS(LOAD)
#undef LOAD
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_english),  cmocka_unit_test(test_german),  cmocka_unit_test(test_french),
        cmocka_unit_test(test_japanese), cmocka_unit_test(test_chinese),
    };
    return cmocka_run_group_tests(tests, start, end);
}
