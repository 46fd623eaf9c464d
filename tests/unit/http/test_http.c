/* SPDX-License-Identifier: MIT */
/* The middleware in a real daemon on loopback, in each of its threading modes; only the healing is a double. */
#include "amend/http.h"

#include "client.h"
#include "healer.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>

enum
{
    LIMIT = 100000,
    INTERNAL = MHD_USE_INTERNAL_POLLING_THREAD,
};

/* What the handler is to do, run by run, and what it saw. */
typedef enum act
{
    ACT_ANSWER,    /* the answer alone */
    ACT_FAIL,      /* amend_http_failed */
    ACT_RERUN,     /* amend_http_cured with RERUN and no particulars */
    ACT_RERUN_002, /* the same, migration 002 */
    ACT_REFUSED,   /* amend_http_cured with what is no cure */
    ACT_NOTHING,   /* no answer */
    ACT_NULL,      /* amend_http_failed(NULL) and a NULL response */
    ACT_SHARED,    /* the application's own response */
} act;

static struct
{
    act acts[HEALER_MOST];
    unsigned runs;      /* of all requests together */
    char bodies[256];   /* "size:first…last" of each run, with a blank behind it */
    char uploads[64];   /* the pieces' sizes added up, and what upload saw at the end */
    size_t uploaded;    /* bytes */
    bool refuse_upload; /* upload wants no more */
    char notes[2048];   /* "kind message; " */
    amend_cure noted;
    char noted_error[1024];
    int dones, done_how;
    bool done_with_state;
    int destroyed; /* responses whose memory was released */
    struct MHD_Response *shared;
} seen;

static void released(void *text)
{
    (void)text;
    seen.destroyed++;
}

static struct MHD_Response *respond(unsigned run)
{
    static char texts[10][16];
    char *text = texts[run % 10];
    snprintf(text, sizeof texts[0], "run %u", run);
    return MHD_create_response_from_buffer_with_free_callback(strlen(text), text, released);
}

static void look(const amend_http_request *r)
{
    size_t length = strlen(seen.bodies);
    if (r->body == NULL)
    {
        snprintf(seen.bodies + length, sizeof seen.bodies - length, "%zu:gone ", r->size);
        return;
    }
    assert_int_equal(strlen(r->body), r->size);
    snprintf(seen.bodies + length, sizeof seen.bodies - length, "%zu:%c%c ", r->size, r->size > 0 ? r->body[0] : '-',
             r->size > 0 ? r->body[r->size - 1] : '-');
}

static void handler(void *arg, amend_http_request *r)
{
    assert_ptr_equal(arg, &seen);
    unsigned run = seen.runs++;
    look(r);
    r->state = &seen;
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = "no such column: c";
    e.query = "SELECT c";
    e.native = 1;
    amend_healing healing = {.cure = AMEND_CURE_RERUN, .version = "002"};
    act a = run < HEALER_MOST ? seen.acts[run] : ACT_ANSWER;
    switch (a)
    {
    case ACT_FAIL:
        amend_http_failed(r, &e);
        break;
    case ACT_RERUN:
        amend_http_cured(r, AMEND_CURE_RERUN, NULL);
        break;
    case ACT_RERUN_002:
        amend_http_cured(r, AMEND_CURE_RERUN, &healing);
        break;
    case ACT_REFUSED:
        amend_http_cured(r, AMEND_CURE_REFUSED, NULL);
        break;
    case ACT_NULL:
        amend_http_failed(r, NULL);
        break;
    default:
        break;
    }
    if (a == ACT_NULL)
    {
        amend_http_answer(r, 200, NULL);
    }
    else if (a == ACT_SHARED)
    {
        amend_http_answer_shared(r, 200, seen.shared);
    }
    else if (a != ACT_NOTHING)
    {
        amend_http_answer(r, a == ACT_ANSWER ? 200 : 500, respond(r->run));
    }
}

static bool upload(void *arg, amend_http_request *r, const char *piece, size_t size)
{
    assert_ptr_equal(arg, &seen);
    assert_null(r->body);
    assert_int_equal(piece[0], '0' + seen.uploaded % 10);
    seen.uploaded += size;
    return !seen.refuse_upload;
}

static void done(void *arg, amend_http_request *r, enum MHD_RequestTerminationCode how)
{
    assert_ptr_equal(arg, &seen);
    seen.done_with_state = r->state == &seen;
    seen.done_how = (int)how;
    seen.dones++;
}

static void note(void *arg, const amend_http_note *n)
{
    assert_ptr_equal(arg, &seen);
    assert_non_null(n->request);
    size_t length = strlen(seen.notes);
    snprintf(seen.notes + length, sizeof seen.notes - length, "%d %s; ", (int)n->kind, n->message);
    seen.noted = n->healing == NULL ? AMEND_CURE_NONE : n->healing->cure;
    snprintf(seen.noted_error, sizeof seen.noted_error, "%s", n->error == NULL ? "" : n->error->message);
}

/* ---------------------------------------------------------------------------------------------------------- the server */

typedef struct server
{
    faulty_alloc f;
    amend_http *http;
    struct MHD_Daemon *daemon;
    unsigned port;
} server;

static amend_http_options options_of(server *s, size_t fail_at)
{
    amend_http_options o = AMEND_HTTP_OPTIONS_INIT;
    o.handle = healer_handle();
    o.handler = handler;
    o.done = done;
    o.on_note = note;
    o.arg = &seen;
    o.body_limit = LIMIT;
    o.allocator = faulty_alloc_init(&s->f, fail_at, FAULTY_ONCE);
    return o;
}

static void server_start(server *s, const amend_http_options *o, unsigned flags, unsigned pool)
{
    memset(&seen, 0, sizeof seen);
    memset(&healer, 0, sizeof healer);
    assert_int_equal(amend_http_open(o, &s->http, NULL), AMEND_OK);
    s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, amend_http_handle, s->http, MHD_OPTION_NOTIFY_COMPLETED,
                                 amend_http_completed, s->http, MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_END);
    assert_non_null(s->daemon);
    s->port = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void server_stop(server *s)
{
    MHD_stop_daemon(s->daemon);
    amend_http_close(s->http);
    assert_int_equal(faulty_alloc_clear(&s->f), 0);
}

static void start(server *s)
{
    amend_http_options o = options_of(s, 0);
    server_start(s, &o, INTERNAL, 0);
}

static void cure(unsigned call, amend_cure what, const char *version)
{
    healer.cures[call].cure = what;
    healer.cures[call].version = version;
}

static const char GET[] = "GET /cards?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/* --------------------------------------------------------------------------------------------------------------- tests */

static void test_plain(void **state)
{
    (void)state;
    server s;
    start(&s);
    client_answer a = client_ask(s.port, GET);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "run 0");
    a = client_ask(s.port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "");
    a = client_post(s.port, 1);
    assert_int_equal(a.status, 200);
    server_stop(&s);
    assert_string_equal(seen.bodies, "0:-- 0:-- 1:00 ");
    assert_string_equal(seen.notes, "");
    assert_int_equal(healer.calls, 0);
    assert_int_equal(seen.dones, 3);
    assert_true(seen.done_with_state);
    assert_int_equal(seen.destroyed, 3);
}

static void test_healed(void **state)
{
    (void)state;
    server s;
    start(&s);
    seen.acts[0] = seen.acts[1] = ACT_FAIL;
    cure(0, AMEND_CURE_DONE, "001");
    cure(1, AMEND_CURE_DONE, "002");
    client_answer a = client_post(s.port, LIMIT);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "run 2");
    server_stop(&s);
    assert_string_equal(seen.bodies, "100000:09 100000:09 100000:09 ");
    assert_string_equal(seen.notes,
                        "0 POST /: cured, run again (migration 001 add_it); 0 POST /: cured, run again (migration 002 "
                        "add_it); ");
    assert_string_equal(healer.message, "no such column: c");
    assert_string_equal(healer.query, "SELECT c");
    assert_int_equal(healer.native, 1);
    assert_int_equal(seen.destroyed, 3); /* both unsent answers, too */
    assert_int_equal(seen.dones, 1);
}

static void test_wrappers_cure(void **state)
{
    (void)state;
    server s;
    start(&s);
    seen.acts[0] = ACT_RERUN;
    seen.acts[1] = ACT_RERUN_002;
    seen.acts[2] = ACT_REFUSED;
    client_answer a = client_post(s.port, 12);
    assert_int_equal(a.status, 500);
    assert_string_equal(a.body, "run 2");
    server_stop(&s);
    assert_int_equal(healer.calls, 0);
    assert_string_equal(seen.notes, "0 POST /: cured, run again; 0 POST /: cured, run again (migration 002); ");
}

/* What can't be cured: the handler's own answer, and a word about why when it concerns amend. */
static void test_not_healed(void **state)
{
    (void)state;
    static const amend_cure ENDS[] = {AMEND_CURE_NONE,   AMEND_CURE_NONE,  AMEND_CURE_REFUSED,
                                      AMEND_CURE_FAILED, AMEND_CURE_DRIFT, AMEND_CURE_TIMED_OUT};
    for (size_t i = 0; i < sizeof ENDS / sizeof *ENDS; i++)
    {
        server s;
        start(&s);
        seen.acts[0] = ACT_FAIL;
        cure(0, ENDS[i], i == 0 ? NULL : "003");
        client_answer a = client_ask(s.port, GET);
        assert_int_equal(a.status, 500);
        assert_string_equal(a.body, "run 0");
        server_stop(&s);
        assert_int_equal(seen.runs, 1);
        assert_string_equal(seen.notes,
                            i == 0 ? "" : "3 GET /cards: a missing object could not be cured (migration 003 add_it); ");
        assert_int_equal(seen.noted, ENDS[i]);
        assert_string_equal(seen.noted_error, i < 2 ? "" : "not this time");
    }
}

static void test_no_progress(void **state)
{
    (void)state;
    server s;
    start(&s);
    for (unsigned i = 0; i < 3; i++)
    {
        seen.acts[i] = ACT_FAIL;
        cure(i, AMEND_CURE_DONE, "001");
    }
    client_answer a = client_ask(s.port, GET);
    assert_int_equal(a.status, 500);
    assert_string_equal(a.body, "run 1");
    server_stop(&s);
    assert_int_equal(healer.calls, 2);
    assert_non_null(
        strstr(seen.notes, "; 2 GET /cards: cured, but not run again: it has been, to no avail (migration 001 add_it); "));
}

static void test_most_reruns(void **state)
{
    (void)state;
    static const char *versions[] = {"1",  "2",  "3",  "4",  "5",  "6",  "7",  "8", "9",
                                     "10", "11", "12", "13", "14", "15", "16", "17"};
    for (unsigned most = 0; most <= 16; most += 8)
    {
        server s;
        amend_http_options o = options_of(&s, 0);
        o.max_reruns = most;
        server_start(&s, &o, INTERNAL, 0);
        for (unsigned i = 0; i < 17; i++)
        {
            seen.acts[i] = ACT_FAIL;
            cure(i, AMEND_CURE_DONE, versions[i]);
        }
        assert_int_equal(client_ask(s.port, GET).status, 500);
        server_stop(&s);
        assert_int_equal(seen.runs, (most == 0 ? 16 : most) + 1);
    }
}

static void test_without_a_handle(void **state)
{
    (void)state;
    server s;
    amend_http_options o = options_of(&s, 0);
    o.handle = NULL;
    o.on_note = NULL;
    o.done = NULL;
    server_start(&s, &o, INTERNAL, 0);
    seen.acts[0] = ACT_FAIL;
    seen.acts[1] = ACT_RERUN; /* a wrapper with another handle */
    assert_int_equal(client_ask(s.port, GET).status, 500);
    assert_int_equal(client_ask(s.port, GET).status, 200);
    server_stop(&s);
    assert_int_equal(healer.calls, 0);
    assert_int_equal(seen.runs, 3);
}

static void test_no_answer(void **state)
{
    (void)state;
    server s;
    start(&s);
    seen.acts[0] = ACT_NOTHING;
    seen.acts[1] = ACT_NULL;
    assert_int_equal(client_ask(s.port, GET).status, 0);
    assert_int_equal(client_ask(s.port, GET).status, 0);
    server_stop(&s);
    assert_int_equal(seen.dones, 2);
}

static void test_shared_response(void **state)
{
    (void)state;
    server s;
    start(&s);
    seen.shared = respond(7);
    seen.acts[0] = seen.acts[1] = ACT_SHARED;
    for (int i = 0; i < 2; i++)
    {
        client_answer a = client_ask(s.port, GET);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, "run 7");
    }
    server_stop(&s);
    assert_int_equal(seen.destroyed, 0);
    MHD_destroy_response(seen.shared);
    assert_int_equal(seen.destroyed, 1);
}

/* --------------------------------------------------------------------------------------------------------------- bodies */

static void test_too_large(void **state)
{
    (void)state;
    server s;
    start(&s);
    client_answer a = client_post(s.port, LIMIT + 1);
    assert_int_equal(a.status, 413);
    assert_string_equal(a.body, "the request's body is too large\n");
    /* Chunked: nobody knew before. */
    int fd = client_connect(s.port);
    static const char HEAD[] = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    client_send(fd, HEAD, strlen(HEAD));
    static char chunk[10000];
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 11; i++)
    {
        client_send(fd, "2710\r\n", 6);
        client_send(fd, chunk, sizeof chunk);
        client_send(fd, "\r\n", 2);
    }
    client_send(fd, "0\r\n\r\n", 5);
    assert_int_equal(client_read(fd).status, 413);
    server_stop(&s);
    assert_int_equal(seen.runs, 0);
    assert_string_equal(seen.notes, "4 POST /: its body is too large; 4 POST /: its body is too large; ");
    assert_int_equal(seen.dones, 2);
}

static void test_expect(void **state)
{
    (void)state;
    server s;
    start(&s);
    /* Refused before the body is sent … */
    client_answer a =
        client_ask(s.port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(a.status, 413);
    /* … or let in. */
    static const char HEAD[] =
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    int fd = client_connect(s.port);
    client_send(fd, HEAD, strlen(HEAD));
    client_await(fd, "100 Continue\r\n\r\n");
    client_send(fd, "abc", 3);
    assert_int_equal(client_read(fd).status, 200);
    server_stop(&s);
    assert_string_equal(seen.bodies, "3:ac ");
}

static void test_chunked(void **state)
{
    (void)state;
    server s;
    start(&s);
    seen.acts[0] = ACT_FAIL;
    cure(0, AMEND_CURE_DONE, "001");
    client_answer a = client_ask(s.port, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                                         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    assert_int_equal(a.status, 200);
    server_stop(&s);
    assert_string_equal(seen.bodies, "5:ae 5:ae ");
}

static void test_streamed(void **state)
{
    (void)state;
    for (int refuse = 0; refuse < 2; refuse++)
    {
        server s;
        amend_http_options o = options_of(&s, 0);
        o.upload = upload;
        server_start(&s, &o, INTERNAL, 0);
        seen.refuse_upload = refuse == 1;
        seen.acts[0] = ACT_FAIL;
        cure(0, AMEND_CURE_DONE, "001");
        client_answer a = client_post(s.port, LIMIT + 1);
        assert_int_equal(a.status, 500);
        assert_string_equal(a.body, "run 0");
        /* The next one, which is kept, works. */
        assert_int_equal(client_post(s.port, LIMIT).status, 200);
        server_stop(&s);
        assert_true(refuse ? seen.uploaded < LIMIT : seen.uploaded == LIMIT + 1);
        assert_string_equal(seen.bodies, "100001:gone 100000:09 ");
        assert_string_equal(seen.notes,
                            "1 POST /: cured, but not run again: its body was too large to be kept (migration 001 add_it); ");
    }
}

/* The client goes away in the middle of its body: the request is released, its handler never called. */
static void test_client_gone(void **state)
{
    (void)state;
    server s;
    start(&s);
    static const char HEAD[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n";
    int fd = client_connect(s.port);
    client_send(fd, HEAD, strlen(HEAD));
    client_await(fd, "100 Continue\r\n\r\n");
    client_send(fd, "half of it", 10);
    shutdown(fd, SHUT_WR);
    assert_int_equal(client_read(fd).status, 0);
    server_stop(&s);
    assert_int_equal(seen.runs, 0);
    assert_int_equal(seen.dones, 1);
    assert_true(seen.done_how != MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

/* Stopped in the middle of a body. */
static void test_stopped(void **state)
{
    (void)state;
    server s;
    start(&s);
    static const char HEAD[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n";
    int fd = client_connect(s.port);
    client_send(fd, HEAD, strlen(HEAD));
    client_await(fd, "100 Continue\r\n\r\n");
    server_stop(&s);
    assert_int_equal(client_read(fd).status, 0);
    assert_int_equal(seen.dones, 1);
}

/* Each allocation fails in turn: no crash, no leak, and an answer unless there is no memory for even the request. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t n = 2;; n++)
    {
        server s;
        amend_http_options o = options_of(&s, n);
        server_start(&s, &o, INTERNAL, 0);
        seen.acts[0] = ACT_FAIL;
        cure(0, AMEND_CURE_DONE, "001");
        client_answer a = client_post(s.port, 3000);
        server_stop(&s);
        if (s.f.failures == 0)
        {
            assert_int_equal(a.status, 200);
            assert_true(n > 5);
            return;
        }
        /* request, body, its growth …, trail, texts */
        assert_int_equal(a.status, n == 2 ? 0 : seen.runs == 0 ? 503 : 500);
        assert_int_equal(strstr(seen.notes, "5 POST /: no memory for its body; ") != NULL, a.status == 503);
    }
}

/* -------------------------------------------------------------------------------------------------------------- threads */

static void *ask_one(void *arg)
{
    server *s = arg;
    int *status = test_malloc(sizeof *status);
    *status = client_ask(s->port, GET).status;
    return status;
}

static void test_modes(void **state)
{
    (void)state;
    static const struct
    {
        unsigned flags, pool;
    } MODES[] = {
        {INTERNAL | MHD_USE_POLL, 0},
        {INTERNAL | MHD_USE_EPOLL, 0},
        {INTERNAL | MHD_USE_EPOLL, 3},
        {INTERNAL | MHD_USE_THREAD_PER_CONNECTION, 0},
    };
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
    {
        server s;
        amend_http_options o = options_of(&s, 0);
        server_start(&s, &o, MODES[i].flags, MODES[i].pool);
        seen.acts[0] = ACT_FAIL;
        cure(0, AMEND_CURE_DONE, "001");
        assert_int_equal(client_ask(s.port, GET).status, 200);
        server_stop(&s);
        assert_int_equal(seen.runs, 2);
    }
}

static void test_external_select(void **state)
{
    (void)state;
    server s;
    amend_http_options o = options_of(&s, 0);
    server_start(&s, &o, 0, 0);
    seen.acts[0] = ACT_FAIL;
    cure(0, AMEND_CURE_DONE, "001");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_one, &s), 0);
    while (seen.dones == 0)
    {
        fd_set reads, writes, excepts;
        FD_ZERO(&reads);
        FD_ZERO(&writes);
        FD_ZERO(&excepts);
        int most = -1;
        assert_int_equal(MHD_get_fdset(s.daemon, &reads, &writes, &excepts, &most), MHD_YES);
        struct timeval soon = {.tv_usec = 10000};
        assert_true(select(most + 1, &reads, &writes, &excepts, &soon) >= 0);
        assert_int_equal(MHD_run_from_select(s.daemon, &reads, &writes, &excepts), MHD_YES);
    }
    server_stop(&s);
    void *status;
    pthread_join(thread, &status);
    assert_int_equal(*(int *)status, 200);
    test_free(status);
    assert_int_equal(seen.runs, 2);
}

static void test_open(void **state)
{
    (void)state;
    server s;
    amend_http *http = NULL;
    amend_error error;
    amend_http_options o = options_of(&s, 1);
    assert_int_equal(amend_http_open(NULL, &http, &error), AMEND_USAGE);
    assert_int_equal(amend_http_open(&o, NULL, NULL), AMEND_USAGE);
    assert_int_equal(amend_http_open(&o, &http, &error), AMEND_FAILED);
    assert_int_equal(error.code, AMEND_E_OUT_OF_MEMORY);
    o.max_reruns = 17;
    assert_int_equal(amend_http_open(&o, &http, &error), AMEND_USAGE);
    assert_int_equal(error.code, AMEND_E_ARGUMENT);
    assert_non_null(strstr(error.message, "max_reruns"));
    assert_string_equal(error.hint, "Do it better.");
    o.handler = NULL;
    assert_int_equal(amend_http_open(&o, &http, &error), AMEND_USAGE);
    assert_non_null(strstr(error.message, "no handler"));
    o.size = 0;
    assert_int_equal(amend_http_open(&o, &http, &error), AMEND_USAGE);
    assert_null(http);
    amend_http_close(NULL);
    /* The defaults: a megabyte, malloc. */
    amend_http_options standard = AMEND_HTTP_OPTIONS_INIT;
    standard.handler = handler;
    standard.arg = &seen;
    s.f = (faulty_alloc){.fail_at = 0};
    server_start(&s, &standard, INTERNAL, 0);
    assert_int_equal(client_post(s.port, 1 << 20).status, 200);
    assert_int_equal(client_post(s.port, (1 << 20) + 1).status, 413);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_healed),
        cmocka_unit_test(test_wrappers_cure),
        cmocka_unit_test(test_not_healed),
        cmocka_unit_test(test_no_progress),
        cmocka_unit_test(test_most_reruns),
        cmocka_unit_test(test_without_a_handle),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_shared_response),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_client_gone),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_external_select),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
