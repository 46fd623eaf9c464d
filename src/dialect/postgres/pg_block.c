/* SPDX-License-Identifier: MIT */
/*
 * DO blocks: the statements that are written out in a PL/pgSQL body, and those of EXECUTE 'text', each as if it stood in the
 * script. Control flow is stepped over; what isn't understood makes the block unclear. No parser of PL/pgSQL: its statements
 * begin at known places, end at the next semicolon, and tell by their first words what they are.
 */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_lexer.h"
#include "dialect/postgres/pg_survey.h"

typedef struct block_reader
{
    pg_scan *s;
    pg_lexer lexer;
    pg_token token;
} block_reader;

static void block_next(block_reader *r)
{
    pg_lexer_next(&r->lexer, &r->token);
}

static bool block_at(const block_reader *r, const char *word)
{
    return pg_lexer_is(&r->token, word);
}

static bool block_end(const block_reader *r)
{
    return r->token.kind == PG_END || r->token.kind == PG_UNENDED;
}

/* Is the current one a call of a function that could change something, or a word that does so within a query? */
static void look_at_token(block_reader *r)
{
    static const char *const words[] = {"INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE", "SETVAL"};
    for (size_t i = 0; i < sizeof words / sizeof words[0] && r->token.kind == PG_WORD; i++)
    {
        if (block_at(r, words[i]))
        {
            pg_scan_object(r->s, OBJECTION_UNCLEAR);
        }
    }
    if (r->token.kind == PG_WORD || r->token.kind == PG_NAME)
    {
        slice name = pg_lexer_name(r->s->arena, &r->token);
        r->s->failed |= name.data == NULL;
        if (!r->s->failed && pg_rows_suspect(r->s, (pg_ref){SLICE(""), name}))
        {
            pg_scan_object(r->s, OBJECTION_UNCLEAR);
        }
    }
}

/* Behind the semicolon that ends the statement; the text from `start` up to it. */
static slice take_statement(block_reader *r, size_t start, bool look)
{
    while (!block_end(r) && !pg_lexer_is_symbol(&r->token, ';'))
    {
        if (look)
        {
            look_at_token(r);
        }
        block_next(r);
    }
    slice text = slice_sub(r->lexer.text, start, r->token.start);
    block_next(r);
    return text;
}

/* Behind THEN or LOOP, whichever ends the condition. */
static void skip_condition(block_reader *r, const char *until)
{
    while (!block_end(r) && !block_at(r, until))
    {
        look_at_token(r);
        block_next(r);
    }
    block_next(r);
}

/* Declarations up to their BEGIN, which stands where another declaration could. */
static void skip_declarations(block_reader *r)
{
    while (!block_end(r) && !block_at(r, "BEGIN"))
    {
        (void)take_statement(r, r->token.start, true);
    }
}

/* ------------------------------------------------------------------------------------------------------------- statements */

/* The text of a string constant; data is NULL when memory is short. */
static slice literal(pg_scan *s, const pg_token *token)
{
    char *text = arena_copy(s->arena, token->body);
    size_t len = 0;
    s->failed |= text == NULL;
    if (text == NULL || token->kind == PG_DOLLAR)
    {
        return (slice){text, token->body.len};
    }
    for (size_t i = 0; i < token->body.len; i++)
    {
        text[len++] = token->body.data[i];
        i += token->body.data[i] == '\'';
    }
    text[len] = '\0';
    return (slice){text, len};
}

/* EXECUTE 'text' [USING …]; or format('text') without anything to be filled in. All else is made up as it runs. */
static void read_execute(block_reader *r)
{
    block_next(r);
    bool format = block_at(r, "FORMAT");
    if (format)
    {
        block_next(r);
        block_next(r);
    }
    pg_token text = r->token;
    bool plain =
        text.kind == PG_DOLLAR || (text.kind == PG_STRING && text.start + 1 == (size_t)(text.body.data - r->lexer.text.data));
    block_next(r);
    if (format)
    {
        plain = plain && pg_lexer_is_symbol(&r->token, ')') && memchr(text.body.data, '%', text.body.len) == NULL;
        block_next(r);
    }
    plain = plain && (pg_lexer_is_symbol(&r->token, ';') || block_at(r, "USING"));
    (void)take_statement(r, r->token.start, false);
    slice script = plain ? literal(r->s, &text) : SLICE("");
    if (plain && !r->s->failed)
    {
        pg_survey_script(r->s, script);
    }
    else
    {
        pg_scan_object(r->s, OBJECTION_UNCLEAR);
    }
}

static void read_perform(block_reader *r)
{
    block_next(r);
    slice query = take_statement(r, r->token.start, false);
    const char *text = arena_format(r->s->arena, "SELECT %.*s", (int)query.len, query.data);
    r->s->failed |= text == NULL;
    if (text != NULL)
    {
        pg_survey_statement(r->s, slice_of(text));
    }
}

/* A statement of SQL that stands there as it is. */
static void read_sql(block_reader *r)
{
    pg_survey_statement(r->s, take_statement(r, r->token.start, false));
}

/* What can't change anything but by a function that it calls: also a SELECT, whose INTO is an assignment. */
static void read_quiet(block_reader *r)
{
    block_next(r);
    (void)take_statement(r, r->token.start, true);
}

static void read_word(block_reader *r)
{
    block_next(r);
}

static void read_if(block_reader *r)
{
    block_next(r);
    skip_condition(r, "THEN");
}

static void read_loop(block_reader *r)
{
    block_next(r);
    skip_condition(r, "LOOP");
}

static void read_declare(block_reader *r)
{
    block_next(r);
    skip_declarations(r);
}

static const struct
{
    const char *word;
    void (*read)(block_reader *r); /* called at the word */
} block_rows[] = {
    {"BEGIN", read_word},      {"EXCEPTION", read_word}, {"ELSE", read_word},      {"LOOP", read_word},
    {"IF", read_if},           {"ELSIF", read_if},       {"ELSEIF", read_if},      {"WHEN", read_if},
    {"CASE", read_if},         {"FOR", read_loop},       {"FOREACH", read_loop},   {"WHILE", read_loop},
    {"DECLARE", read_declare}, {"END", read_quiet},      {"RAISE", read_quiet},    {"NULL", read_quiet},
    {"RETURN", read_quiet},    {"EXIT", read_quiet},     {"CONTINUE", read_quiet}, {"GET", read_quiet},
    {"ASSERT", read_quiet},    {"SELECT", read_quiet},   {"WITH", read_quiet},     {"PERFORM", read_perform},
    {"EXECUTE", read_execute}, {"CREATE", read_sql},     {"ALTER", read_sql},      {"DROP", read_sql},
    {"COMMENT", read_sql},     {"GRANT", read_sql},      {"REVOKE", read_sql},     {"INSERT", read_sql},
    {"UPDATE", read_sql},      {"DELETE", read_sql},     {"MERGE", read_sql},      {"TRUNCATE", read_sql},
    {"LOCK", read_sql},        {"REFRESH", read_sql},    {"REINDEX", read_sql},    {"ANALYZE", read_sql},
    {"SET", read_sql},         {"RESET", read_sql},      {"NOTIFY", read_sql},     {"DO", read_sql},
};

/* <<label>> */
static void read_label(block_reader *r)
{
    while (!block_end(r) && !pg_lexer_is_symbol(&r->token, '>'))
    {
        block_next(r);
    }
    block_next(r);
    block_next(r);
}

/* variable := expression; or something else. */
static void read_assignment(block_reader *r)
{
    bool named = r->token.kind == PG_WORD || r->token.kind == PG_NAME;
    block_next(r);
    const char *behind = r->token.kind == PG_SYMBOL ? strchr(":=.[", r->token.body.data[0]) : NULL;
    if (!named || behind == NULL)
    {
        pg_scan_object(r->s, OBJECTION_UNCLEAR);
    }
    (void)take_statement(r, r->token.start, true);
}

static void read_statement(block_reader *r)
{
    for (size_t i = 0; i < sizeof block_rows / sizeof block_rows[0]; i++)
    {
        if (block_at(r, block_rows[i].word))
        {
            block_rows[i].read(r);
            return;
        }
    }
    if (pg_lexer_is_symbol(&r->token, '<'))
    {
        read_label(r);
        return;
    }
    read_assignment(r);
}

void pg_block_body(pg_scan *s, slice body)
{
    block_reader r = {.s = s, .lexer = {.text = body}};
    bool inside = s->inside;
    s->inside = true;
    for (block_next(&r); !block_end(&r) && !s->failed;)
    {
        read_statement(&r);
    }
    if (r.token.kind == PG_UNENDED)
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
    }
    s->inside = inside;
}

void pg_block_do(pg_scan *s, const pg_node *node)
{
    const PgQuery__DoStmt *block = node->do_stmt;
    const PgQuery__DefElem *body = pg_tree_option(block->args, block->n_args, "as");
    const PgQuery__DefElem *language = pg_tree_option(block->args, block->n_args, "language");
    bool other = language != NULL && !slice_equal_nocase(pg_tree_string(language->arg), SLICE("plpgsql"));
    if (body == NULL || other)
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
        return;
    }
    pg_block_body(s, pg_tree_string(body->arg));
}
