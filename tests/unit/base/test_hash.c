/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include "support/testing.h"

/* The examples that NIST gives for FIPS 180-4, and its million of "a". */
static void test_known_hashes(void **state)
{
    (void)state;
    char hex[HASH_HEX];
    hash_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    slice abc = SLICE("abc");
    hash_hex(&abc, 1, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    static char million[1000000];
    memset(million, 'a', sizeof million);
    slice many = {million, sizeof million};
    hash_hex(&many, 1, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_parts_are_hashed_as_one_text(void **state)
{
    (void)state;
    char whole[HASH_HEX], parts[HASH_HEX];
    slice one = SLICE("one two three");
    slice three[] = {SLICE("one"), SLICE(""), SLICE(" two "), SLICE("three")};
    hash_hex(&one, 1, whole);
    hash_hex(three, 4, parts);
    assert_string_equal(whole, parts);
}

static void test_bit_by_bit(void **state)
{
    (void)state;
    char whole[HASH_HEX], parts[HASH_HEX];
    slice one = SLICE("one two three");
    hasher h;
    hash_hex(&one, 1, whole);
    hash_begin(&h);
    for (size_t i = 0; i < one.len; i++)
    {
        hash_add(&h, slice_sub(one, i, i + 1));
        hash_add(&h, SLICE(""));
    }
    hash_end(&h, parts);
    assert_string_equal(whole, parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_hashes),
        cmocka_unit_test(test_parts_are_hashed_as_one_text),
        cmocka_unit_test(test_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
