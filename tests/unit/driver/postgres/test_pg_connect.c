/* SPDX-License-Identifier: MIT */
/*
 * Connecting: to a real server, to nobody, and to a made-up one that answers what a real one can't be brought to say (in
 * another language, at that).
 */
#include "driver/postgres/harness.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "driver/drivers.h"
#include "support/testing.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void expect_refused(const char *url, amend_fault_kind kind, amend_code code, const char *state)
{
    outcome o;
    assert_null(harness_open(url, &o));
    if (o.fault.kind != kind || o.error.code != code || strcmp(o.error.sqlstate, state) != 0)
    {
        fail_msg("%s: kind %d, code %d, state %s: %s", url, (int)o.fault.kind, (int)o.error.code, o.error.sqlstate,
                 o.error.message);
    }
    assert_true(o.error.message[0] != '\0' && o.error.hint[0] != '\0');
    assert_null(strchr(o.error.message, '\n'));
    assert_null(strstr(o.error.message, "geheim"));
    assert_null(strstr(o.error.hint, "geheim"));
    assert_null(strstr(o.error.detail, "geheim"));
}

static void test_good(void **state)
{
    (void)state;
    outcome o;
    char url[256];
    snprintf(url, sizeof url, "postgres://postgres@127.0.0.1:%d/postgres?connect_timeout=5&client_encoding=LATIN1",
             harness_server.port);
    amend_conn *conn = harness_open(url, &o);
    assert_non_null(conn);
    assert_string_equal(
        harness_rows(conn, "SELECT current_setting('application_name'), current_setting('client_encoding'), 'ä'"),
        "amend test|UTF8|ä\n");
    harness_close(conn);
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d user=postgres application_name=mine", harness_server.port);
    conn = harness_open(url, &o);
    assert_non_null(conn);
    assert_string_equal(harness_rows(conn, "SHOW application_name"), "mine\n");
    harness_close(conn);
}

static void test_environment(void **state)
{
    (void)state;
    outcome o;
    char port[16];
    snprintf(port, sizeof port, "%d", harness_server.port);
    setenv("PGHOST", harness_server.dir.path, 1);
    setenv("PGPORT", port, 1);
    setenv("PGUSER", "postgres", 1);
    amend_conn *conn = harness_open("postgres:", &o);
    assert_non_null(conn);
    harness_close(conn);
    tempdir_write(&harness_server.dir, "service.conf", "[mine]\ndbname=template1\n");
    setenv("PGSERVICEFILE", tempdir_path(&harness_server.dir, "service.conf"), 1);
    conn = harness_open("service=mine", &o);
    assert_non_null(conn);
    assert_string_equal(harness_rows(conn, "SELECT current_database()"), "template1\n");
    harness_close(conn);
    expect_refused("service=gone", AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
    unsetenv("PGHOST");
    unsetenv("PGPORT");
    unsetenv("PGUSER");
    unsetenv("PGSERVICEFILE");
}

static void test_denied(void **state)
{
    (void)state;
    outcome o;
    char url[512];
    int port = harness_server.port;
    amend_conn *conn = harness_connect("postgres");
    harness_do(
        conn,
        "CREATE ROLE guarded LOGIN PASSWORD 'geheim'; CREATE ROLE barred LOGIN; CREATE ROLE full LOGIN CONNECTION LIMIT 0");
    harness_close(conn);
    snprintf(url, sizeof url, "postgres://guarded:geheim2@127.0.0.1:%d/postgres", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "28P01");
    snprintf(url, sizeof url, "postgres://guarded:geheim@127.0.0.1:%d/postgres", port);
    conn = harness_open(url, &o);
    assert_non_null(conn);
    harness_close(conn);
    snprintf(url, sizeof url, "postgres://guarded@127.0.0.1:%d/postgres?passfile=/nowhere", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
    snprintf(url, sizeof url, "postgres://nobody_here@127.0.0.1:%d/postgres", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "28000");
    snprintf(url, sizeof url, "postgres://barred:geheim@127.0.0.1:%d/postgres", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "28000");
    snprintf(url, sizeof url, "postgres://postgres:geheim@127.0.0.1:%d/no_such", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "3D000");
    snprintf(url, sizeof url, "postgres://full:geheim@127.0.0.1:%d/postgres", port);
    expect_refused(url, AMEND_FAULT_LOST, AMEND_E_UNREACHABLE, "53300");
    snprintf(url, sizeof url, "postgres://postgres:geheim@127.0.0.1:%d/postgres?sslmode=require", port);
    expect_refused(url, AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
}

static void test_settings(void **state)
{
    (void)state;
    expect_refused("postgres://u:geh@geheim@127.0.0.1/db", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("postgres://u:geheim/x@127.0.0.1/db", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("postgres://u:p@[::1/geheim", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("postgres://127.0.0.1/db?geheim=1", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("host=127.0.0.1 password=a geheim", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("password='geheim", AMEND_FAULT_DENIED, AMEND_E_URL, "");
    expect_refused("host=127.0.0.1 password=geheim port=99999999", AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
    expect_refused("host=127.0.0.1 password=geheim port=1,2x", AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
    expect_refused("host=127.0.0.1 password=geheim sslmode=sometimes", AMEND_FAULT_DENIED, AMEND_E_DENIED, "");
}

static int listen_at(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 4) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void test_nobody(void **state)
{
    (void)state;
    char url[256];
    int port;
    close(listen_at(&port));
    snprintf(url, sizeof url, "postgres://u:geheim@127.0.0.1:%d/db", port);
    expect_refused(url, AMEND_FAULT_LOST, AMEND_E_UNREACHABLE, "");
    expect_refused("host=/nowhere password=geheim", AMEND_FAULT_LOST, AMEND_E_UNREACHABLE, "");
    expect_refused("host=no-such-host.invalid password=geheim", AMEND_FAULT_LOST, AMEND_E_UNREACHABLE, "");
}

static void test_silence(void **state)
{
    (void)state;
    int port, fd = listen_at(&port);
    char url[256];
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d", port);
    amend_connect how = {.url = url, .allocator = &alloc_default, .timeout_ms = 300};
    amend_conn *conn = NULL;
    amend_fault fault;
    amend_error error;
    int64_t start = clock_monotonic_ms();
    assert_int_equal(driver_postgres.open(&how, &conn, &fault, &error), AMEND_UNREACHABLE);
    assert_int_equal(fault.kind, AMEND_FAULT_LOST);
    assert_in_range(clock_monotonic_ms() - start, 250, 3000);
    /* The user's own patience is shorter. */
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d connect_timeout=1", port);
    how.timeout_ms = 60000;
    start = clock_monotonic_ms();
    assert_int_equal(driver_postgres.open(&how, &conn, &fault, &error), AMEND_UNREACHABLE);
    assert_in_range(clock_monotonic_ms() - start, 1500, 5000);
    close(fd);
}

/* -------------------------------------------------------------------------------------------------------- made-up servers */

typedef struct fake
{
    int fd, port;
    const char *answer;
    size_t length;
    pthread_t thread;
} fake;

/* Take one connection, read what it says first, answer, hang up. A request for encryption is declined. */
static void *serve(void *arg)
{
    const fake *f = arg;
    char request[2048];
    int fd = accept(f->fd, NULL, NULL);
    ssize_t n = read(fd, request, sizeof request);
    while (n == 8 && write(fd, "N", 1) == 1)
    {
        n = read(fd, request, sizeof request);
    }
    if (f->length > 0)
    {
        n = write(fd, f->answer, f->length);
        shutdown(fd, SHUT_WR);
        while (read(fd, request, sizeof request) > 0)
        {
        }
    }
    close(fd);
    return NULL;
}

static void expect_of(const char *answer, size_t length, amend_fault_kind kind, amend_code code, const char *state,
                      const char *words)
{
    fake f = {.answer = answer, .length = length};
    char url[256];
    outcome o;
    f.fd = listen_at(&f.port);
    assert_int_equal(pthread_create(&f.thread, NULL, serve, &f), 0);
    snprintf(url, sizeof url, "host=127.0.0.1 port=%d user=u password=geheim", f.port);
    assert_null(harness_open(url, &o));
    pthread_join(f.thread, NULL);
    close(f.fd);
    if (o.fault.kind != kind || o.error.code != code || strcmp(o.error.sqlstate, state) != 0 ||
        strstr(o.error.message, words) == NULL)
    {
        fail_msg("kind %d, code %d, state %s: %s", (int)o.fault.kind, (int)o.error.code, o.error.sqlstate, o.error.message);
    }
}

#define ANSWER(text) text, sizeof(text) - 1

static void test_made_up(void **state)
{
    (void)state;
    /* "starting up", in German, with a field that this libpq does not know */
    expect_of(ANSWER("E\0\0\0\x41SFATAL\0VFATAL\0C57P03\0MDas System startet: gleich, Geduld\0zx\0\0"), AMEND_FAULT_LOST,
              AMEND_E_UNREACHABLE, "57P03", "Das System startet");
    expect_of(ANSWER("E\0\0\0\x26SFATAL\0C28P01\0Mfalsches Kennwort\0\0"), AMEND_FAULT_DENIED, AMEND_E_DENIED, "28P01",
              "falsches Kennwort");
    /* it hangs up without a word */
    expect_of("", 0, AMEND_FAULT_LOST, AMEND_E_UNREACHABLE, "", "");
    /* a way to prove who one is that libpq does not know */
    expect_of(ANSWER("R\0\0\0\x08\0\0\0\x63"), AMEND_FAULT_DENIED, AMEND_E_DENIED, "", "");
    /* a server of long ago */
    expect_of(ANSWER("R\0\0\0\x08\0\0\0\0S\0\0\0\x17server_version\0009.6\0Z\0\0\0\5I"), AMEND_FAULT_DENIED, AMEND_E_DENIED, "",
              "too old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),     cmocka_unit_test(test_environment), cmocka_unit_test(test_denied),
        cmocka_unit_test(test_settings), cmocka_unit_test(test_nobody),      cmocka_unit_test(test_silence),
        cmocka_unit_test(test_made_up),
    };
    return pg_server_found() ? cmocka_run_group_tests(tests, harness_start, harness_end) : 77;
}
