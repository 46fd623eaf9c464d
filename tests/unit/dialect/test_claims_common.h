/* SPDX-License-Identifier: MIT */
/* One claim a line, as the cases under tests/cases/…/claims.txt have them. */
#ifndef AMEND_TEST_CLAIMS_COMMON_H
#define AMEND_TEST_CLAIMS_COMMON_H

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <string.h>

static void print_slice(buf *out, const char *before, slice text)
{
    if (text.len > 0)
    {
        buf_text(out, before);
        buf_add(out, text);
    }
}

static void print_claim(buf *out, const claim *c)
{
    static const char *const kinds[] = {"makes", "touches", "drops", "frees"};
    buf_format(out, "%zu %s %s", c->statement + 1, kinds[c->kind],
               c->name.len == 0 ? "anything" : amend_object_kind_name(c->object));
    print_slice(out, " ", c->schema);
    print_slice(out, c->schema.len > 0 ? "." : " ", c->name);
    print_slice(out, " on ", c->table_schema);
    print_slice(out, c->table_schema.len > 0 ? "." : " on ", c->table);
    buf_text(out, c->plain ? " plain" : "");
    buf_text(out, c->rebuilt ? " rebuilt" : "");
    for (size_t i = 0; i < c->value_count; i++)
    {
        buf_text(out, i == 0 ? " = " : ", ");
        buf_add(out, c->values[i]);
    }
    buf_char(out, '\n');
}

static amend_status read_claims(const dialect *d, arena *a, const char *text, claim_list *out, amend_error *error)
{
    script s;
    amend_status status = d->split(a, slice_of(text), &s, error);
    return status == AMEND_OK ? d->claims(a, &s, out, error) : status;
}

/* Each allocation fails in turn: OUT_OF_MEMORY, and nothing is left over. */
static void run_without_memory(const dialect *d, const char *text)
{
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        claim_list found = {0};
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_ONCE));
        amend_error error = {0};
        amend_status status = a == NULL ? AMEND_FAILED : read_claims(d, a, text, &found, &error);
        assert_true(a == NULL || status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        if (a != NULL)
        {
            arena_free(a);
        }
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

/* What may have been found of a claim. */
static const claim_found claims_found[] = {
    {.schema = "", .sort = "", .mark = "", .owned = ""},
    {.there = true,
     .id = "7",
     .schema = "",
     .sort = "r",
     .mark = "it's",
     .owned = "t",
     .remark = "my \\ own",
     .table = "t",
     .table_schema = "s"},
    {.there = true, .id = "7", .schema = "app", .sort = "e", .mark = "m", .owned = "f"},
};

/* All that is written for it, one text. */
static void write_claim(const dialect *d, const claim *c, const claim_found *f, buf *out)
{
    unsigned statements = d->claim_look(out, &c, 1) + d->claim_hold(out, c, f);
    for (unsigned attempt = 0; attempt < 2 && d->claim_build != NULL && f->there; attempt++)
    {
        statements += d->claim_build(out, c, f, 0x1234, attempt);
    }
    if (d->enum_create != NULL && c->enumeration)
    {
        statements += d->enum_create(out, c);
    }
    if (d->type_dependents != NULL && c->object == AMEND_OBJECT_TYPE)
    {
        statements += d->type_dependents(out, c->schema, c->name) + d->type_drop(out, c->schema, c->name, c->plain);
    }
    buf_format(out, "%u statements", statements);
}

/* Each allocation fails in turn: the buf says so, or the text is whole. */
static void write_without_memory(const dialect *d, const claim *c)
{
    for (size_t k = 0; k < sizeof claims_found / sizeof claims_found[0]; k++)
    {
        buf whole;
        buf_init(&whole, &alloc_default);
        write_claim(d, c, &claims_found[k], &whole);
        assert_false(whole.failed);
        for (size_t n = 1;; n++)
        {
            faulty_alloc f;
            buf out;
            buf_init(&out, faulty_alloc_init(&f, n, FAULTY_ONCE));
            write_claim(d, c, &claims_found[k], &out);
            assert_true(out.failed || slice_equal(buf_slice(&out), buf_slice(&whole)));
            assert_int_equal(out.failed, f.failures > 0);
            buf_clear(&out);
            assert_int_equal(faulty_alloc_clear(&f), 0);
            if (f.failures == 0)
            {
                break;
            }
        }
        buf_clear(&whole);
    }
}

static void run_claims_case(const dialect *d, const test_case *c)
{
    const char *text = cases_part(c, "script");
    claim_list found = {0};
    amend_error error = {0};
    arena *a = arena_new(&alloc_default);
    buf out;
    buf_init(&out, &alloc_default);
    assert_int_equal(read_claims(d, a, text, &found, &error), AMEND_OK);
    for (size_t i = 0; i < found.count; i++)
    {
        print_claim(&out, &found.items[i]);
        if (found.items[i].kind == CLAIM_MAKES || found.items[i].kind == CLAIM_DROPS)
        {
            assert_true(d->may_claim(slice_of(text)));
        }
        if (found.items[i].kind == CLAIM_MAKES)
        {
            write_without_memory(d, &found.items[i]);
        }
    }
    cases_expect(c, out.data == NULL ? "" : out.data, cases_part(c, "expected"));
    buf_clear(&out);
    arena_free(a);
    run_without_memory(d, text);
}

#endif
