/* SPDX-License-Identifier: MIT */
/*
 * Statements that are sent in one message run as one transaction, unless one of them begins or ends a transaction, or can't run
 * inside one. By the first words of each; in doubt it isn't repeatable.
 */
#include "dialect/postgres/pg_detect.h"
#include "dialect/postgres/pg_lexer.h"

/* Where the reader is in a text of statements. */
typedef struct repeat
{
    pg_lexer lexer;
    pg_token token;
    size_t statements;
    bool alone; /* one of them must be the only one */
    bool never; /* one may have been committed in part */
} repeat;

static bool repeat_is_one_of(const pg_token *t, const char *const *words)
{
    for (; *words != NULL; words++)
    {
        if (pg_lexer_is(t, *words))
        {
            return true;
        }
    }
    return false;
}

/* Does the text of a DO block end transactions? */
static bool repeat_body_commits(slice body)
{
    static const char *const words[] = {"COMMIT", "ROLLBACK", NULL};
    pg_lexer l = {.text = body};
    pg_token t;
    for (pg_lexer_next(&l, &t); t.kind != PG_END; pg_lexer_next(&l, &t))
    {
        if (repeat_is_one_of(&t, words))
        {
            return true;
        }
    }
    return false;
}

/* The statement's first two words. */
static void repeat_judge(repeat *r, const pg_token *first, const pg_token *second)
{
    static const char *const alone[] = {"ABORT",   "BEGIN",   "CALL",     "CLUSTER",   "COMMIT", "DISCARD", "DO", "END",
                                        "REINDEX", "RELEASE", "ROLLBACK", "SAVEPOINT", "START",  "VACUUM",  NULL};
    static const char *const makes[] = {"ALTER", "CREATE", "DROP", NULL};
    static const char *const wholes[] = {"DATABASE", "SUBSCRIPTION", "SYSTEM", "TABLESPACE", NULL};
    r->alone |= repeat_is_one_of(first, alone) || (pg_lexer_is(first, "PREPARE") && pg_lexer_is(second, "TRANSACTION")) ||
                (repeat_is_one_of(first, makes) && repeat_is_one_of(second, wholes));
}

/* One statement. A semicolon in parentheses (CREATE RULE) or in a routine's body doesn't end it. */
static void repeat_read(repeat *r)
{
    pg_token first = r->token, before = r->token;
    int parens = 0, blocks = 0;
    for (size_t i = 0; r->token.kind != PG_END; i++)
    {
        const pg_token *t = &r->token;
        parens += pg_lexer_is_symbol(t, '(') - pg_lexer_is_symbol(t, ')');
        if (blocks > 0)
        {
            blocks += pg_lexer_is(t, "CASE") - pg_lexer_is(t, "END");
        }
        else if (pg_lexer_is(t, "ATOMIC") && pg_lexer_is(&before, "BEGIN"))
        {
            blocks = 1;
        }
        else if (parens <= 0 && pg_lexer_is_symbol(t, ';'))
        {
            break;
        }
        if (i == 1)
        {
            repeat_judge(r, &first, t);
        }
        r->alone |= pg_lexer_is(t, "CONCURRENTLY");
        bool body = t->kind == PG_DOLLAR || t->kind == PG_STRING;
        r->never |= body && pg_lexer_is(&first, "DO") && repeat_body_commits(t->body);
        before = *t;
        pg_lexer_next(&r->lexer, &r->token);
    }
    if (before.end == first.end)
    {
        repeat_judge(r, &first, &r->token);
    }
}

bool pg_detect_repeatable(slice query)
{
    repeat r = {.lexer = {.text = query}};
    pg_lexer_next(&r.lexer, &r.token);
    while (r.token.kind != PG_END)
    {
        if (pg_lexer_is_symbol(&r.token, ';'))
        {
            pg_lexer_next(&r.lexer, &r.token);
            continue;
        }
        r.statements++;
        repeat_read(&r);
    }
    return !r.never && (r.statements <= 1 || !r.alone);
}
