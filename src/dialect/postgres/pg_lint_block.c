/* SPDX-License-Identifier: MIT */
/* What tokens tell: handlers in DO blocks, names that the server cuts off, new enum values that are used too early. */
#include "dialect/postgres/pg_lexer.h"
#include "dialect/postgres/pg_lint_look.h"

enum
{
    NAME_KEPT = 63, /* bytes of a name that the server keeps */
};

/* ------------------------------------------------------------------------------------------------------------- handlers */

/* Conditions that say "it is there already". */
static bool says_duplicate(const pg_token *t)
{
    static const char *const words[] = {
        "DUPLICATE_OBJECT", "DUPLICATE_TABLE", "DUPLICATE_COLUMN", "DUPLICATE_FUNCTION", "DUPLICATE_SCHEMA",
        "DUPLICATE_ALIAS",  "OTHERS"};
    static const char *const states[] = {"42710", "42P07", "42701", "42723", "42P06"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (pg_lexer_is(t, words[i]))
        {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof states / sizeof states[0] && t->kind == PG_STRING; i++)
    {
        if (slice_equal(t->body, slice_of(states[i])))
        {
            return true;
        }
    }
    return false;
}

typedef struct handler
{
    pg_lexer lexer;
    pg_token token;
    bool makes; /* something is made or altered in the block */
} handler;

static bool handler_end(const handler *h)
{
    return h->token.kind == PG_END || h->token.kind == PG_UNENDED;
}

static void handler_next(handler *h)
{
    pg_lexer_next(&h->lexer, &h->token);
    h->makes |= pg_lexer_is(&h->token, "CREATE") || pg_lexer_is(&h->token, "ALTER");
}

/* WHEN conditions THEN: does one of them mean a duplicate? Behind THEN afterwards. */
static bool handler_condition(handler *h)
{
    bool duplicate = false;
    for (; !handler_end(h) && !pg_lexer_is(&h->token, "THEN"); handler_next(h))
    {
        duplicate |= says_duplicate(&h->token);
    }
    handler_next(h);
    return duplicate;
}

/* RAISE EXCEPTION, and RAISE alone, give the error on; RAISE NOTICE … doesn't. Up to the next WHEN or END. */
static bool handler_raises(handler *h)
{
    static const char *const levels[] = {"NOTICE", "WARNING", "INFO", "LOG", "DEBUG"};
    bool raises = false;
    while (!handler_end(h) && !pg_lexer_is(&h->token, "WHEN") && !pg_lexer_is(&h->token, "END"))
    {
        bool raise = pg_lexer_is(&h->token, "RAISE");
        handler_next(h);
        for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        {
            raise = raise && !pg_lexer_is(&h->token, levels[i]);
        }
        raises |= raise;
    }
    return raises;
}

static bool swallows(slice body)
{
    handler h = {.lexer = {.text = body}};
    bool swallowed = false;
    for (handler_next(&h); !handler_end(&h);)
    {
        bool exception = pg_lexer_is(&h.token, "EXCEPTION");
        handler_next(&h);
        while (exception && pg_lexer_is(&h.token, "WHEN"))
        {
            bool duplicate = handler_condition(&h);
            swallowed |= !handler_raises(&h) && duplicate;
        }
    }
    return swallowed && h.makes;
}

void pg_lint_do(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__DoStmt *block = node->do_stmt;
    const PgQuery__DefElem *body = pg_tree_option(block->args, block->n_args, "as");
    if (body != NULL && swallows(pg_tree_string(body->arg)))
    {
        pg_lint_say(l, LINT_SWALLOWED_DUPLICATE, 0, SLICE(""), "what is there already may be another thing of that name");
    }
}

/* ---------------------------------------------------------------------------------------------------------------- enums */

static void note_value(pg_lint_look *l, pg_ref type, slice value)
{
    pg_lint_pending *made = arena_alloc(l->arena, sizeof *made);
    l->out->failed |= made == NULL;
    if (made != NULL)
    {
        *made = (pg_lint_pending){.table = pg_lint_keep(l, type.name),
                                  .name = pg_lint_keep(l, value),
                                  .transaction = pg_lint_transaction(l),
                                  .next = l->values};
        l->values = made;
    }
}

/* The splitting has seen whether a later statement uses the value (pg_enum.c); within a DO block, only the tokens can tell. */
void pg_lint_enum(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__AlterEnumStmt *alter = node->alter_enum_stmt;
    pg_ref type = pg_tree_name(alter->type_name, alter->n_type_name);
    slice value = slice_of(alter->new_val);
    size_t i = l->scan->statement;
    bool within = l->scan->inside || l->scan->depth > 0;
    const pg_thing *known = pg_scan_find(l->scan, AMEND_OBJECT_TYPE, type);
    if (alter->old_val[0] != '\0')
    {
        return; /* RENAME VALUE */
    }
    if (alter->new_val_neighbor[0] == '\0')
    {
        pg_lint_say(l, LINT_ENUM_ORDER, 0, pg_lint_object(l, type, value), "it is sorted behind all the others");
    }
    if (within && (known == NULL || known->script != l->number))
    {
        note_value(l, type, value);
        return;
    }
    l->places[i].adds_value = true;
    if ((l->script->stmts[i].flags & STMT_NO_TX) != 0 && (l->places[i].begun || !l->subject->transaction_off))
    {
        pg_lint_say(l, LINT_ENUM_VALUE_USED, 0, pg_lint_object(l, type, value), "a later statement of this migration uses it");
    }
}

static void use_value(pg_lint_look *l, slice literal)
{
    for (const pg_lint_pending *p = l->values; p != NULL; p = p->next)
    {
        if (p->transaction == pg_lint_transaction(l) && slice_equal(p->name, literal))
        {
            pg_lint_say(l, LINT_ENUM_VALUE_USED, 0, pg_lint_object(l, (pg_ref){SLICE(""), p->table}, literal),
                        "a DO block of the same transaction has added it");
        }
    }
}

/* --------------------------------------------------------------------------------------------------------------- tokens */

static void look_at_name(pg_lint_look *l, const pg_token *t)
{
    size_t len = t->body.len;
    for (size_t i = 0; i + 1 < t->body.len && t->kind == PG_NAME; i++)
    {
        if (t->body.data[i] == '"' && t->body.data[i + 1] == '"')
        {
            len--;
            i++;
        }
    }
    if (len > NAME_KEPT && !pg_past_names_have(&l->long_names, t->body))
    {
        pg_lint_say(l, LINT_LONG_NAME, (int)t->start, t->body, "the name has %zu bytes", len);
        pg_past_names_add(&l->long_names, t->body);
    }
}

void pg_lint_tokens(pg_lint_look *l, slice text)
{
    pg_lexer lexer = {.text = text};
    pg_token token;
    for (pg_lexer_next(&lexer, &token); token.kind != PG_END && token.kind != PG_UNENDED; pg_lexer_next(&lexer, &token))
    {
        if (token.kind == PG_WORD || token.kind == PG_NAME)
        {
            look_at_name(l, &token);
        }
        else if (token.kind == PG_STRING && l->values != NULL)
        {
            use_value(l, token.body);
        }
    }
}
