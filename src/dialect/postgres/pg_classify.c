/* SPDX-License-Identifier: MIT */
/*
 * By words, not by parse tree: the words that matter stand at fixed places, and a newer server's syntax is read as well as an
 * older one's. A table has one row per leading word.
 */
#include "dialect/postgres/pg_classify.h"

#include "dialect/postgres/pg_lexer.h"

typedef struct reader
{
    arena *arena;
    stmt *s;
    pg_lexer lexer;
    pg_token token; /* the current one */
    bool failed;    /* out of memory */
} reader;

static void advance(reader *r)
{
    pg_lexer_next(&r->lexer, &r->token);
}

static bool at(const reader *r, const char *word)
{
    return pg_lexer_is(&r->token, word);
}

static bool at_symbol(const reader *r, char symbol)
{
    return pg_lexer_is_symbol(&r->token, symbol);
}

static bool at_end(const reader *r)
{
    return r->token.kind == PG_END || r->token.kind == PG_UNENDED || at_symbol(r, ';');
}

/* Step over the word if it is there. */
static bool eat(reader *r, const char *word)
{
    bool there = at(r, word);
    if (there)
    {
        advance(r);
    }
    return there;
}

/* Step over ( … ) if it is there. */
static void skip_parens(reader *r)
{
    int depth = 0;
    while (r->token.kind != PG_END && (depth > 0 || at_symbol(r, '(')))
    {
        depth += at_symbol(r, '(') - at_symbol(r, ')');
        advance(r);
    }
}

/* Is the word anywhere in what is left? */
static bool has_word(const reader *r, const char *word)
{
    reader look = *r;
    while (look.token.kind != PG_END && look.token.kind != PG_UNENDED)
    {
        if (at(&look, word))
        {
            return true;
        }
        advance(&look);
    }
    return false;
}

/* Is it switched off in the options that are left: option = false, off or 0? */
static bool option_off(const reader *r, const char *option)
{
    reader look = *r;
    while (look.token.kind != PG_END && look.token.kind != PG_UNENDED)
    {
        bool found = eat(&look, option);
        if (found && at_symbol(&look, '='))
        {
            advance(&look);
            slice value = look.token.body;
            return slice_equal_nocase(value, SLICE("false")) || slice_equal_nocase(value, SLICE("off")) ||
                   slice_equal(value, SLICE("0"));
        }
        if (!found)
        {
            advance(&look);
        }
    }
    return false;
}

static slice name(reader *r)
{
    if (r->token.kind != PG_WORD && r->token.kind != PG_NAME)
    {
        return (slice){"", 0};
    }
    slice result = pg_lexer_name(r->arena, &r->token);
    r->failed |= result.data == NULL;
    advance(r);
    return result;
}

/* [catalog.] [schema.] object */
static void qualified(reader *r, slice *schema, slice *object)
{
    *object = name(r);
    while (at_symbol(r, '.'))
    {
        advance(r);
        *schema = *object;
        *object = name(r);
    }
}

/* ------------------------------------------------------------------------------------------------ transactions, settings */

/* Modes that the server refuses after a transaction's first query. READ WRITE and READ ONLY may come at any time. */
static unsigned tx_mode(const reader *r)
{
    return has_word(r, "ISOLATION") || has_word(r, "DEFERRABLE") || has_word(r, "SNAPSHOT") ? STMT_TX_MODE : 0;
}

static void read_begin(reader *r)
{
    r->s->flags |= STMT_BEGIN | tx_mode(r);
}

static void read_start(reader *r)
{
    r->s->flags |= at(r, "TRANSACTION") ? STMT_BEGIN | tx_mode(r) : 0;
}

static void read_commit(reader *r)
{
    (void)(eat(r, "WORK") || eat(r, "TRANSACTION"));
    bool chain = eat(r, "AND") && !at(r, "NO");
    r->s->flags |= chain || at(r, "PREPARED") ? STMT_CONTROL : STMT_COMMIT;
}

static void read_control(reader *r)
{
    r->s->flags |= STMT_CONTROL;
}

static void read_prepare(reader *r)
{
    r->s->flags |= at(r, "TRANSACTION") ? STMT_CONTROL : 0;
}

/* SET LOCAL ends with the transaction, but another role would also write our history: that counts as the session's, too. */
static void read_set(reader *r)
{
    if (at(r, "CONSTRAINTS"))
    {
        return;
    }
    r->s->flags |= STMT_SETTING;
    if (at(r, "TRANSACTION"))
    {
        r->s->flags |= tx_mode(r);
        return;
    }
    bool local = eat(r, "LOCAL");
    if (!local || at(r, "ROLE") || at(r, "SESSION"))
    {
        r->s->flags |= STMT_SESSION;
    }
}

static void read_reset(reader *r)
{
    (void)r;
    r->s->flags |= STMT_SETTING | STMT_SESSION;
}

static void read_discard(reader *r)
{
    r->s->flags |= at(r, "ALL") ? STMT_SETTING | STMT_SESSION | STMT_NO_TX : 0;
}

/* At the name set_config: does its third argument fail to say that it is for this transaction only? */
static bool sets_session(reader *r)
{
    pg_token last = {0};
    int depth = 0;
    advance(r);
    while (!at_end(r))
    {
        depth += at_symbol(r, '(') - at_symbol(r, ')');
        if (depth <= 0)
        {
            break;
        }
        last = r->token;
        advance(r);
    }
    return !slice_equal_nocase(last.body, SLICE("true")) && !slice_equal_nocase(last.body, SLICE("t"));
}

static bool at_set_config(const reader *r)
{
    return at(r, "SET_CONFIG") || (r->token.kind == PG_NAME && slice_equal(r->token.body, SLICE("set_config")));
}

/* ------------------------------------------------------------------------------------------------------------- queries */

static bool at_change(const reader *r)
{
    return at(r, "INSERT") || at(r, "UPDATE") || at(r, "DELETE") || at(r, "MERGE");
}

/* SELECT, WITH, VALUES, TABLE, or one of them in parentheses. */
static void read_query(reader *r)
{
    unsigned flags = STMT_QUERY;
    bool opens = false; /* could a statement begin here? FOR UPDATE is not one */
    int depth = 0;
    for (; !at_end(r); advance(r))
    {
        depth += at_symbol(r, '(') - at_symbol(r, ')');
        if ((opens && at_change(r)) || (depth == 0 && at(r, "INTO")))
        {
            flags &= ~(unsigned)STMT_QUERY;
        }
        opens = at_symbol(r, '(') || at_symbol(r, ')');
        if (at_set_config(r))
        {
            flags = (flags & ~(unsigned)STMT_QUERY) | STMT_SETTING;
            flags |= sets_session(r) ? STMT_SESSION : 0;
        }
    }
    r->s->flags |= flags;
}

static void read_show(reader *r)
{
    r->s->flags |= has_word(r, "ANALYZE") || has_word(r, "ANALYSE") ? 0 : STMT_QUERY;
}

/* --------------------------------------------------------------------------------------------------------- what can't */

static void read_no_tx(reader *r)
{
    r->s->flags |= STMT_NO_TX;
}

static void read_cluster(reader *r)
{
    (void)eat(r, "VERBOSE");
    skip_parens(r);
    r->s->flags |= at_end(r) ? STMT_NO_TX : 0;
}

static void read_reindex(reader *r)
{
    bool concurrently = false;
    if (at_symbol(r, '('))
    {
        concurrently = has_word(r, "CONCURRENTLY");
        skip_parens(r);
    }
    bool many = eat(r, "DATABASE") || eat(r, "SYSTEM") || eat(r, "SCHEMA");
    if (!many)
    {
        (void)(eat(r, "INDEX") || eat(r, "TABLE"));
        concurrently |= at(r, "CONCURRENTLY");
    }
    r->s->flags |= many || concurrently ? STMT_NO_TX : 0;
}

/* CREATE INDEX CONCURRENTLY [[IF NOT EXISTS] name] ON [ONLY] table: an index is in its table's schema. */
static void read_index(reader *r)
{
    stmt *s = r->s;
    s->flags |= STMT_NO_TX | STMT_INDEX;
    if (eat(r, "IF"))
    {
        (void)(eat(r, "NOT") && eat(r, "EXISTS"));
    }
    if (!at(r, "ON"))
    {
        s->object = name(r);
    }
    if (eat(r, "ON"))
    {
        (void)eat(r, "ONLY");
        qualified(r, &s->schema, &s->table);
    }
}

static void read_create(reader *r)
{
    stmt *s = r->s;
    if (eat(r, "TYPE"))
    {
        s->flags |= PG_CREATE_TYPE;
        qualified(r, &s->schema, &s->object);
        return;
    }
    if (at(r, "DATABASE") || at(r, "TABLESPACE"))
    {
        s->flags |= STMT_NO_TX;
        return;
    }
    if (at(r, "SUBSCRIPTION"))
    {
        s->flags |= option_off(r, "CREATE_SLOT") || option_off(r, "CONNECT") ? 0 : STMT_NO_TX;
        return;
    }
    (void)eat(r, "UNIQUE");
    if (eat(r, "INDEX") && eat(r, "CONCURRENTLY"))
    {
        read_index(r);
    }
}

static void read_drop(reader *r)
{
    stmt *s = r->s;
    s->flags |= STMT_DROP;
    bool alone = at(r, "DATABASE") || at(r, "TABLESPACE") || at(r, "SUBSCRIPTION");
    if (alone || (eat(r, "INDEX") && at(r, "CONCURRENTLY")))
    {
        s->flags |= STMT_NO_TX;
    }
}

static void read_alter_type(reader *r)
{
    stmt *s = r->s;
    qualified(r, &s->schema, &s->object);
    s->flags |= eat(r, "ADD") && at(r, "VALUE") ? PG_ADD_VALUE : 0;
}

/* Only DETACH PARTITION … CONCURRENTLY. */
static void read_alter_table(reader *r)
{
    for (; !at_end(r); advance(r))
    {
        if (eat(r, "DETACH") && eat(r, "PARTITION"))
        {
            r->s->flags |= STMT_DROP | (has_word(r, "CONCURRENTLY") ? STMT_NO_TX : 0);
            return;
        }
    }
}

/* What asks the publisher again can't be rolled back. */
static void read_alter_subscription(reader *r)
{
    bool asks = has_word(r, "REFRESH") || has_word(r, "PUBLICATION");
    r->s->flags |= asks && !option_off(r, "REFRESH") ? STMT_NO_TX : 0;
}

static void read_alter(reader *r)
{
    if (eat(r, "TYPE"))
    {
        read_alter_type(r);
    }
    else if (eat(r, "TABLE"))
    {
        read_alter_table(r);
    }
    else if (at(r, "SYSTEM"))
    {
        r->s->flags |= STMT_NO_TX;
    }
    else if (eat(r, "DATABASE"))
    {
        advance(r);
        r->s->flags |= eat(r, "SET") && at(r, "TABLESPACE") ? STMT_NO_TX : 0;
    }
    else if (eat(r, "SUBSCRIPTION"))
    {
        read_alter_subscription(r);
    }
}

/* COPY … FROM STDIN, not within the parentheses of COPY (query) TO. */
static void read_copy(reader *r)
{
    while (!at_end(r))
    {
        if (at_symbol(r, '('))
        {
            skip_parens(r);
        }
        else if (eat(r, "FROM"))
        {
            r->s->flags |= at(r, "STDIN") ? STMT_COPY : 0;
            return;
        }
        else
        {
            advance(r);
        }
    }
}

/* Could a statement of PL/pgSQL begin behind this token? */
static bool opens_statement(const reader *r)
{
    return at_symbol(r, ';') || at_symbol(r, '>') || at(r, "BEGIN") || at(r, "THEN") || at(r, "ELSE") || at(r, "LOOP");
}

/* The body of a DO block: does it end transactions, does it change settings? */
static void read_body(reader *r)
{
    bool opens = true;
    while (r->token.kind != PG_END && r->token.kind != PG_UNENDED)
    {
        bool next = opens_statement(r);
        if (at_set_config(r))
        {
            r->s->flags |= sets_session(r) ? STMT_SESSION : 0;
        }
        else if (opens && (eat(r, "COMMIT") || eat(r, "ROLLBACK")))
        {
            next = at_symbol(r, ';');
            r->s->flags |= next || at(r, "AND") ? STMT_NO_TX : 0;
        }
        else if (opens && eat(r, "SET"))
        {
            next = false;
            r->s->flags |= at(r, "LOCAL") || at(r, "CONSTRAINTS") || at(r, "TRANSACTION") ? 0 : STMT_SESSION;
        }
        advance(r);
        opens = next;
    }
}

static void read_do(reader *r)
{
    while (!at_end(r) && r->token.kind != PG_DOLLAR && r->token.kind != PG_STRING)
    {
        if (at(r, "LANGUAGE")) /* its name may be a string, too */
        {
            advance(r);
        }
        advance(r);
    }
    reader body = {.s = r->s, .lexer = {.text = r->token.body}};
    if (body.lexer.text.data != NULL)
    {
        advance(&body);
        read_body(&body);
    }
}

static const struct
{
    const char *word;
    void (*read)(reader *r); /* called behind the word */
} rows[] = {
    {"ABORT", read_control},   {"ALTER", read_alter},      {"BEGIN", read_begin},
    {"CLUSTER", read_cluster}, {"COMMIT", read_commit},    {"COPY", read_copy},
    {"CREATE", read_create},   {"DISCARD", read_discard},  {"DO", read_do},
    {"DROP", read_drop},       {"END", read_commit},       {"EXPLAIN", read_show},
    {"PREPARE", read_prepare}, {"REINDEX", read_reindex},  {"RELEASE", read_control},
    {"RESET", read_reset},     {"ROLLBACK", read_control}, {"SAVEPOINT", read_control},
    {"SELECT", read_query},    {"SET", read_set},          {"SHOW", read_show},
    {"START", read_start},     {"TABLE", read_query},      {"VACUUM", read_no_tx},
    {"VALUES", read_query},    {"WITH", read_query},
};

bool pg_classify(arena *arena, slice text, stmt *s)
{
    reader r = {.arena = arena, .s = s, .lexer = {.text = slice_sub(text, s->start, s->end)}};
    s->flags = 0;
    advance(&r);
    if (at_symbol(&r, '('))
    {
        read_query(&r);
        return true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        if (eat(&r, rows[i].word))
        {
            rows[i].read(&r);
            break;
        }
    }
    return !r.failed;
}
