/* SPDX-License-Identifier: MIT */
/*
 * Whether a later statement uses a new enum value is guessed from its literals: one that equals the value, or a body that has
 * it in quotes. A guess too many costs only the one transaction; one too few would fail the migration.
 */
#include "dialect/postgres/pg_classify.h"

#include "dialect/postgres/pg_lexer.h"

typedef struct pending
{
    stmt *s;
    slice value; /* as written between the quotes */
} pending;

typedef struct values
{
    pending *items;
    size_t count;
} values;

/* The value of ALTER TYPE … ADD VALUE [IF NOT EXISTS] 'value'. */
static slice new_value(slice text, const stmt *s)
{
    pg_lexer lexer = {.text = slice_sub(text, s->start, s->end)};
    pg_token token;
    do
    {
        pg_lexer_next(&lexer, &token);
    }
    while (token.kind != PG_STRING && token.kind != PG_DOLLAR && token.kind != PG_END);
    return token.body;
}

/* Was its type made by this script, with nothing between that must commit? Then the value can be used at once. */
static bool type_is_new(const script *s, size_t i)
{
    const stmt *alter = &s->stmts[i];
    while (i-- > 0 && (s->stmts[i].flags & STMT_NO_TX) == 0)
    {
        const stmt *create = &s->stmts[i];
        if ((create->flags & PG_CREATE_TYPE) != 0 && slice_equal(create->schema, alter->schema) &&
            slice_equal(create->object, alter->object))
        {
            return true;
        }
    }
    return false;
}

static bool quotes(slice body, slice value)
{
    const char *at = body.data, *end = body.data + body.len;
    while (value.len > 0 && (at = memmem(at, (size_t)(end - at), value.data, value.len)) != NULL)
    {
        const char *behind = at + value.len;
        if (at > body.data && at[-1] == '\'' && behind < end && *behind == '\'')
        {
            return true;
        }
        at++;
    }
    return false;
}

static void use_literal(const values *v, slice body)
{
    for (size_t i = 0; i < v->count; i++)
    {
        if (slice_equal(body, v->items[i].value) || quotes(body, v->items[i].value))
        {
            v->items[i].s->flags |= STMT_NO_TX;
        }
    }
}

/* The fields of COPY data, as text or CSV has them. */
static void use_copy(const values *v, slice data)
{
    size_t start = 0;
    for (size_t i = 0; i <= data.len; i++)
    {
        if (i == data.len || strchr("\t\n,;\"", data.data[i]) != NULL)
        {
            slice field = slice_sub(data, start, i);
            for (size_t k = 0; k < v->count && field.len > 0; k++)
            {
                v->items[k].s->flags |= slice_equal(field, v->items[k].value) ? STMT_NO_TX : 0;
            }
            start = i + 1;
        }
    }
}

static void use_statement(const values *v, slice text, const stmt *s)
{
    pg_lexer lexer = {.text = slice_sub(text, s->start, s->end)};
    pg_token token;
    for (pg_lexer_next(&lexer, &token); token.kind != PG_END; pg_lexer_next(&lexer, &token))
    {
        if (token.kind == PG_STRING || token.kind == PG_DOLLAR)
        {
            use_literal(v, token.body);
        }
    }
    if ((s->flags & STMT_COPY) != 0)
    {
        use_copy(v, slice_sub(text, s->copy_start, s->copy_end));
    }
}

bool pg_enum_mark(arena *arena, script *s)
{
    values v = {0};
    for (size_t i = 0; i < s->count; i++)
    {
        stmt *at = &s->stmts[i];
        if ((at->flags & PG_ADD_VALUE) == 0)
        {
            if (v.count > 0)
            {
                use_statement(&v, s->text, at);
            }
            continue;
        }
        if (type_is_new(s, i))
        {
            continue;
        }
        pending *items = arena_grow(arena, v.items, v.count, sizeof *items);
        if (items == NULL)
        {
            return false;
        }
        v.items = items;
        v.items[v.count++] = (pending){.s = at, .value = new_value(s->text, at)};
    }
    for (size_t i = 0; i < s->count; i++)
    {
        s->stmts[i].flags &= ~(unsigned)(PG_ADD_VALUE | PG_CREATE_TYPE);
    }
    return true;
}
