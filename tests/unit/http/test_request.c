/* SPDX-License-Identifier: MIT */
#include "http/request.h"

#include "http/memory.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

typedef struct fixture
{
    faulty_alloc f;
    amend_http http;
    char got[4096]; /* what upload was given, with "|" behind each piece */
    int refuse_at;  /* upload wants no more with this piece, from 1 */
    int pieces;
} fixture;

static bool upload(void *arg, amend_http_request *request, const char *piece, size_t size)
{
    fixture *x = arg;
    assert_true(size > 0);
    assert_null(request->body);
    size_t length = strlen(x->got);
    snprintf(x->got + length, sizeof x->got - length, "%.*s|", (int)size, piece);
    return ++x->pieces != x->refuse_at;
}

static request *begin(fixture *x, size_t limit, bool with_upload, size_t fail_at)
{
    *x = (fixture){.refuse_at = 0};
    x->http.options = (amend_http_options){.body_limit = limit, .upload = with_upload ? upload : NULL, .arg = x};
    x->http.allocator = faulty_alloc_init(&x->f, fail_at, FAULTY_ONCE);
    request *r = request_new(&x->http);
    assert_non_null(r);
    return r;
}

static void end(fixture *x, request *r)
{
    request_free(r);
    assert_int_equal(faulty_alloc_clear(&x->f), 0);
}

static void test_kept(void **state)
{
    (void)state;
    fixture x;
    request *r = begin(&x, 6, false, 0);
    request_expect(r, 6);
    assert_true(request_take(r, "abc", 3));
    assert_true(request_take(r, "def", 3));
    request_ready(r);
    assert_int_equal(r->way, REQUEST_KEEPS);
    assert_string_equal(r->seen.body, "abcdef");
    assert_int_equal(r->seen.size, 6);
    end(&x, r);
    r = begin(&x, 6, false, 0);
    request_ready(r);
    assert_string_equal(r->seen.body, "");
    end(&x, r);
}

static void test_too_large(void **state)
{
    (void)state;
    fixture x;
    request *r = begin(&x, 6, false, 0);
    assert_true(request_take(r, "abc", 3));
    assert_true(request_take(r, "defg", 4));
    assert_int_equal(r->way, REQUEST_TOO_LARGE);
    assert_null(r->body.text); /* the memory is free at once */
    assert_true(request_take(r, "h", 1));
    request_ready(r);
    assert_null(r->seen.body);
    assert_int_equal(r->seen.size, 8);
    end(&x, r);
    r = begin(&x, 6, false, 0);
    request_expect(r, 7);
    assert_int_equal(r->way, REQUEST_TOO_LARGE);
    end(&x, r);
}

/* Who sends without end is cut off. */
static void test_endless(void **state)
{
    (void)state;
    fixture x;
    static char piece[1 << 20];
    request *r = begin(&x, 6, false, 0);
    for (int i = 0; i < 64; i++)
    {
        assert_true(request_take(r, piece, sizeof piece));
    }
    assert_false(request_take(r, piece, 1));
    end(&x, r);
}

static void test_streamed(void **state)
{
    (void)state;
    fixture x;
    request *r = begin(&x, 6, true, 0);
    assert_true(request_take(r, "abc", 3));
    assert_true(request_take(r, "de", 2));
    assert_string_equal(x.got, "");
    assert_true(request_take(r, "fg", 2));
    assert_string_equal(x.got, "abcde|fg|");
    assert_null(r->body.text);
    assert_true(request_take(r, "h", 1));
    request_ready(r);
    assert_null(r->seen.body);
    assert_int_equal(r->seen.size, 8);
    assert_string_equal(x.got, "abcde|fg|h|");
    end(&x, r);
    r = begin(&x, 6, true, 0);
    request_expect(r, 7);
    assert_true(request_take(r, "abcdefg", 7));
    assert_string_equal(x.got, "abcdefg|");
    end(&x, r);
}

static void test_streamed_in_part(void **state)
{
    (void)state;
    fixture x;
    for (int at = 1; at <= 2; at++)
    {
        request *r = begin(&x, 2, true, 0);
        x.refuse_at = at;
        assert_true(request_take(r, "ab", 2));
        assert_true(request_take(r, "cd", 2));
        assert_true(request_take(r, "ef", 2));
        assert_string_equal(x.got, at == 1 ? "ab|" : "ab|cd|");
        assert_int_equal(r->way, REQUEST_SKIPS);
        request_ready(r);
        assert_null(r->seen.body);
        assert_int_equal(r->seen.size, 6);
        end(&x, r);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    fixture x;
    request *r = begin(&x, 6, true, 2);
    assert_true(request_take(r, "abc", 3));
    assert_int_equal(r->way, REQUEST_NO_MEMORY);
    assert_true(request_take(r, "def", 3));
    request_ready(r);
    assert_null(r->seen.body);
    assert_string_equal(x.got, "");
    end(&x, r);
    x.http.allocator = faulty_alloc_init(&x.f, 1, FAULTY_ONCE);
    assert_null(request_new(&x.http));
}

static int destroyed;

static void count(void *block)
{
    (void)block;
    destroyed++;
}

static struct MHD_Response *response(void)
{
    static char text[] = "x";
    return MHD_create_response_from_buffer_with_free_callback(1, text, count);
}

static void test_answers(void **state)
{
    (void)state;
    fixture x;
    request *r = begin(&x, 6, true, 0);
    struct MHD_Response *own = response();
    destroyed = 0;
    request_answer(r, 200, response(), false);
    request_answer(r, 201, own, true);
    assert_int_equal(destroyed, 1); /* the first one */
    request_answer(r, 202, NULL, false);
    assert_int_equal(destroyed, 1); /* the application's own is not touched */
    request_answer(r, 203, response(), false);
    assert_int_equal(r->status, 203);
    end(&x, r);
    assert_int_equal(destroyed, 2);
    MHD_destroy_response(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept),     cmocka_unit_test(test_too_large),
                                       cmocka_unit_test(test_endless),  cmocka_unit_test(test_streamed),
                                       cmocka_unit_test(test_answers),  cmocka_unit_test(test_streamed_in_part),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
