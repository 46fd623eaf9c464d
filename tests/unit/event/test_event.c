/* SPDX-License-Identifier: MIT */
#include "event/event.h"

#include "support/testing.h"

#include <string.h>

/* The hashes were computed with Python: hashlib.sha256("\x1f".join([prev, id, at, …, detail]).encode()).hexdigest() */
static const struct
{
    event_row row;
    const char *hash;
} vectors[] = {
    {{.id = "018f0000-0000-7000-8000-000000000001",
      .at = "2026-11-03T12:00:00.000001Z",
      .type = "migration.applied",
      .version = "001",
      .checksum = "0123456789abcdef0123456789abcdef",
      .actor = "ann",
      .host = "web-1",
      .application = "amend",
      .detail = "{\"name\":\"initial\"}"},
     "fe13a4c0ea9d3ea4a2516b1b902428275bb0f3d24aee19c47ae80d929cc1c813"},
    {{.prev_hash = "fe13a4c0ea9d3ea4a2516b1b902428275bb0f3d24aee19c47ae80d929cc1c813",
      .id = "018f0000-0000-7000-8000-000000000002",
      .at = "2026-11-03T12:00:00.000002Z",
      .type = "lock.taken_over",
      .actor = "ann",
      .host = "web-1",
      .application = "amend"},
     "c8bc748cde5300873dd1135a61f46069e416c98b59a6c1ceb129eb942d0d141d"},
    {{0}, "8c5003ead295143f8a9f28de346194d4da4b16dcaf533ed068f97911ff58f59d"},
    {{.prev_hash = "x",
      .id = "1",
      .at = "2",
      .type = "3",
      .version = "4",
      .checksum = "5",
      .actor = "Jürgen",
      .host = "h",
      .application = "ap\"p",
      .detail = "{}"},
     "d2af4d289f3d1b4c50795eacfbf02be3f452f7b0304c1f74fb06bccab8edb300"},
};

static void test_hash(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
    {
        char hash[HASH_HEX];
        event_hash(&vectors[i].row, hash);
        assert_string_equal(hash, vectors[i].hash);
    }
}

/* The hash covers each field, and where one ends and the next begins. */
static void test_hash_covers_every_field(void **state)
{
    (void)state;
    event_row same = vectors[0].row;
    const char **fields[] = {&same.prev_hash, &same.id,    &same.at,   &same.type,        &same.version,
                             &same.checksum,  &same.actor, &same.host, &same.application, &same.detail};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
    {
        char hash[HASH_HEX];
        const char *kept = *fields[i];
        *fields[i] = "another";
        event_hash(&same, hash);
        assert_string_not_equal(hash, vectors[0].hash);
        *fields[i] = kept;
    }
    char one[HASH_HEX], other[HASH_HEX];
    event_hash(&(event_row){.actor = "ab", .host = "c"}, one);
    event_hash(&(event_row){.actor = "a", .host = "bc"}, other);
    assert_string_not_equal(one, other);
}

static void test_chain(void **state)
{
    enum
    {
        EVENTS = 2000,
    };
    (void)state;
    trail t = {.actor = "ann", .host = "web-1", .application = "amend"};
    event_record last = {0};
    for (size_t i = 0; i < EVENTS; i++)
    {
        event_record e;
        char hash[HASH_HEX];
        event_make(&t, AMEND_EVENT_MIGRATION_APPLIED, "001", "c", "{}", &e);
        assert_true(i == 0 || strcmp(e.id, last.id) > 0); /* also within one millisecond */
        assert_true(i == 0 || strcmp(e.row.at, last.at) >= 0);
        assert_ptr_equal(e.row.id, e.id);
        assert_string_equal(e.row.type, "migration.applied");
        assert_string_equal(e.row.actor, "ann");
        assert_string_equal(e.row.host, "web-1");
        assert_string_equal(e.row.application, "amend");
        event_hash(&e.row, hash);
        assert_string_equal(e.row.hash, hash);
        if (i == 0)
        {
            assert_null(e.row.prev_hash);
        }
        else
        {
            assert_string_equal(e.row.prev_hash, last.hash);
        }
        last = e;
    }
    assert_string_equal(t.last_id, last.id);
    assert_string_equal(t.last_hash, last.hash);
}

/* A chain goes on from what the database has, even when its newest id is ahead of this machine's clock. */
static void test_chain_goes_on(void **state)
{
    (void)state;
    trail t = {.last_id = "ffffffff-ffff-7000-8000-000000000001", .last_hash = "abc"};
    event_record e;
    event_make(&t, AMEND_EVENT_LOCK_TAKEN_OVER, NULL, NULL, NULL, &e);
    assert_string_equal(e.id, "ffffffff-ffff-7000-8000-000000000002");
    assert_string_equal(e.row.prev_hash, "abc");
    assert_null(e.row.version);
    assert_null(e.row.detail);
}

/* The server knows the time and the hash before; from here come the id and what happened. */
static void test_server_hash(void **state)
{
    (void)state;
    trail t = {.actor = "ann", .server_hash = true, .last_hash = "abc"};
    event_record e;
    event_make(&t, AMEND_EVENT_MIGRATION_FAILED, "002", NULL, "{\"ms\":%ms%}", &e);
    assert_null(e.row.at);
    assert_null(e.row.prev_hash);
    assert_null(e.row.hash);
    assert_int_equal(strlen(e.row.id), 36);
    assert_string_equal(e.row.version, "002");
    assert_string_equal(e.row.detail, "{\"ms\":%ms%}");
    assert_string_equal(t.last_hash, "abc");
    assert_string_equal(t.last_id, e.id);
}

/* Going back is copying: the next event takes the place of the one that was undone. */
static void test_going_back(void **state)
{
    (void)state;
    trail t = {0};
    event_record first, undone, second;
    event_make(&t, AMEND_EVENT_MIGRATION_APPLIED, "001", NULL, NULL, &first);
    trail before = t;
    event_make(&t, AMEND_EVENT_MIGRATION_APPLIED, "002", NULL, NULL, &undone);
    t = before;
    event_make(&t, AMEND_EVENT_MIGRATION_FAILED, "002", NULL, NULL, &second);
    assert_string_equal(second.row.prev_hash, first.hash);
}

static void test_types(void **state)
{
    static const struct
    {
        amend_event_type type;
        const char *text;
        bool audited;
    } types[] = {
#define AMEND_EVENT(name, text, audited) {AMEND_EVENT_##name, text, audited},
#include "amend/events.def"
#undef AMEND_EVENT
    };
    (void)state;
    assert_int_equal(sizeof types / sizeof types[0], AMEND_EVENT_TYPES);
    for (size_t i = 0; i < AMEND_EVENT_TYPES; i++)
    {
        assert_string_equal(event_type_text(types[i].type), types[i].text);
        assert_int_equal(event_type_of(types[i].text), types[i].type);
        assert_int_equal(event_is_audited(types[i].type), types[i].audited);
    }
    assert_null(event_type_text(AMEND_EVENT_TYPES));
    assert_null(event_type_text((amend_event_type)-1));
    assert_false(event_is_audited(AMEND_EVENT_TYPES));
    assert_int_equal(event_type_of("of a later version"), AMEND_EVENT_TYPES);
    assert_int_equal(event_type_of(""), AMEND_EVENT_TYPES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),        cmocka_unit_test(test_hash_covers_every_field),
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_chain_goes_on),
        cmocka_unit_test(test_server_hash), cmocka_unit_test(test_going_back),
        cmocka_unit_test(test_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
