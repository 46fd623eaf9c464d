/* SPDX-License-Identifier: MIT */
/*
 * Statement by statement, since COPY data (which is not SQL) and psql's commands must be found before a parser sees them.
 *
 * A semicolon outside quotes and comments ends a statement, but for two kinds: the rules of CREATE RULE (…; …) and the bodies
 * BEGIN ATOMIC … END. Of those the tokens give a first guess, and the server's parser the last word when it knows the syntax.
 * Parsing everything would tell nothing more, and costs ten times a large script's size in memory.
 */
#include "dialect/postgres/pg_split.h"

#include "base/error.h"
#include "dialect/postgres/pg_classify.h"
#include "dialect/postgres/pg_lexer.h"
#include "dialect/postgres/pg_parser.h"

enum
{
    GROW_TRIES = 32, /* how many semicolons behind the guess the statement may end, at most */
};

/* Where the scan is within the current statement. */
typedef struct nesting
{
    unsigned words;     /* how many leading words were seen, as long as they lead somewhere */
    bool rule, routine; /* CREATE RULE, CREATE FUNCTION or PROCEDURE */
    int parens, blocks; /* how deep, counted only where it matters */
    bool inner;         /* may have semicolons of its own */
    pg_token before;    /* the token before the current one */
} nesting;

typedef struct splitter
{
    arena *arena;
    script *out;
    amend_error *error;
    pg_lexer lexer;
} splitter;

/* CREATE [OR REPLACE] RULE | FUNCTION | PROCEDURE */
static void read_head(nesting *n, const pg_token *t)
{
    static const char *const words[] = {"CREATE", "OR", "REPLACE"};
    if (n->words == 1 || n->words == 3)
    {
        n->rule = pg_lexer_is(t, "RULE");
        n->routine = pg_lexer_is(t, "FUNCTION") || pg_lexer_is(t, "PROCEDURE");
    }
    n->words = n->words < 3 && pg_lexer_is(t, words[n->words]) ? n->words + 1 : 4;
}

/* CASE and END are reserved: they are names only behind AS or a full stop. */
static void read_nesting(nesting *n, const pg_token *t)
{
    bool label = pg_lexer_is(&n->before, "AS") || pg_lexer_is_symbol(&n->before, '.');
    if (n->rule)
    {
        n->parens += pg_lexer_is_symbol(t, '(') - pg_lexer_is_symbol(t, ')');
        n->inner |= n->parens > 0 && pg_lexer_is_symbol(t, ';');
    }
    if (!n->routine || label)
    {
        return;
    }
    if (n->blocks == 0)
    {
        n->blocks = pg_lexer_is(t, "ATOMIC") && pg_lexer_is(&n->before, "BEGIN");
        n->inner |= n->blocks > 0;
        return;
    }
    n->blocks += pg_lexer_is(t, "CASE") - pg_lexer_is(t, "END");
}

static amend_status refuse_command(splitter *s, const pg_token *t)
{
    slice text = s->lexer.text, rest = slice_sub(text, t->start + 1, text.len);
    size_t len = 0;
    while (len < rest.len && len < 40 && strchr(" \t\r\n;\\", rest.data[len]) == NULL)
    {
        len++;
    }
    slice word = slice_sub(rest, 0, len);
    error_set(s->error, AMEND_E_META_COMMAND, "the psql command \"\\%.*s\" is not SQL", (int)len, word.data);
    error_at(s->error, NULL, text, t->start);
    static const struct
    {
        const char *word, *hint;
    } hints[] = {
        {"connect", "A migration runs in the database that amend is connected to: take the line out."},
        {"c", "A migration runs in the database that amend is connected to: take the line out."},
        {"restrict", "pg_dump writes \\restrict and \\unrestrict around a dump: take the two lines out."},
        {"unrestrict", "pg_dump writes \\restrict and \\unrestrict around a dump: take the two lines out."},
        {"i", "Put what the other file holds into this one, or make it a migration of its own."},
        {"ir", "Put what the other file holds into this one, or make it a migration of its own."},
        {"include", "Put what the other file holds into this one, or make it a migration of its own."},
        {"set", "Variables are psql's: write the value where it is used, and take the line out."},
        {"copy", "Use COPY … FROM stdin with the data behind it, ended by a line with \"\\.\"."},
        {".", "This line ends the data of COPY … FROM stdin, but no such statement stands before it."},
        {"gexec", "Only psql can run a query's result: write a DO block with EXECUTE."},
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
    {
        if (slice_equal(word, slice_of(hints[i].word)))
        {
            error_hint(s->error, "%s", hints[i].hint);
        }
    }
    return AMEND_FAILED;
}

static amend_status refuse_unended(splitter *s, const pg_token *t)
{
    const char *what = slice_equal(t->body, SLICE("/*")) ? "comment" : "quote";
    error_set(s->error, AMEND_E_QUOTE_UNENDED, "the %s that %.*s opens has no end", what,
              (int)(t->body.len > 70 ? 70 : t->body.len), t->body.data);
    error_at(s->error, NULL, s->lexer.text, t->start);
    return AMEND_FAILED;
}

/* COPY data begins on the line behind the semicolon and ends before the line "\."; the scan goes on behind that. */
static amend_status take_copy(splitter *s, stmt *at)
{
    slice text = s->lexer.text;
    const char *line = memchr(text.data + at->end, '\n', text.len - at->end);
    size_t start = line == NULL ? text.len : (size_t)(line - text.data) + 1;
    slice behind = slice_trim(slice_sub(text, at->end, start));
    if (behind.len > 0 && !slice_starts(behind, SLICE("--")))
    {
        error_set(s->error, AMEND_E_COPY_UNENDED, "text behind COPY … FROM stdin on its line");
        error_hint(s->error, "Begin the data, or the next statement, on a line of its own.");
        error_at(s->error, NULL, text, (size_t)(behind.data - text.data));
        return AMEND_FAILED;
    }
    at->copy_start = start;
    for (size_t begin = start; begin < text.len;)
    {
        line = memchr(text.data + begin, '\n', text.len - begin);
        size_t end = line == NULL ? text.len : (size_t)(line - text.data);
        slice whole = slice_sub(text, begin, end);
        if (slice_equal(whole, SLICE("\\.")) || slice_equal(whole, SLICE("\\.\r")))
        {
            at->copy_end = begin;
            s->lexer.at = end;
            return AMEND_OK;
        }
        begin = end + 1;
    }
    error_set(s->error, AMEND_E_COPY_UNENDED, "the data of COPY … FROM stdin has no end");
    error_at(s->error, NULL, text, at->start);
    return AMEND_FAILED;
}

/* Behind the next semicolon from `at` on, or behind what the text ends with; 0 when there is nothing more. */
static size_t next_end(slice text, size_t at)
{
    pg_lexer lexer = {.text = text, .at = at};
    size_t end = 0;
    for (;;)
    {
        pg_token t;
        pg_lexer_next(&lexer, &t);
        if (t.kind == PG_END || t.kind == PG_UNENDED || t.kind == PG_BACKSLASH)
        {
            return end;
        }
        end = t.end;
        if (pg_lexer_is_symbol(&t, ';'))
        {
            return end;
        }
    }
}

/* Where the statement that the tokens see in [start, end) ends by the parser. False when memory is short. */
static bool ask_parser(splitter *s, size_t start, size_t *end)
{
    slice text = s->lexer.text;
    size_t guess = *end;
    for (unsigned i = 0; i < GROW_TRIES && guess != 0; i++)
    {
        char *copy = arena_copy(s->arena, slice_sub(text, start, guess));
        if (copy == NULL)
        {
            return false;
        }
        size_t first = 0, count = pg_parser_count((slice){copy, guess - start}, &first);
        if (count == 1)
        {
            *end = guess;
            return true;
        }
        if (count > 1)
        {
            *end = start + first + 1;
            return true;
        }
        guess = next_end(text, guess);
    }
    return true;
}

static amend_status add(splitter *s, size_t start, size_t end, bool inner)
{
    if (inner && !ask_parser(s, start, &end))
    {
        return error_memory(s->error);
    }
    s->lexer.at = end;
    stmt *stmts = arena_grow(s->arena, s->out->stmts, s->out->count, sizeof *stmts);
    if (stmts == NULL)
    {
        return error_memory(s->error);
    }
    s->out->stmts = stmts;
    stmt *at = &stmts[s->out->count++];
    at->start = start;
    at->end = end;
    at->schema = at->object = at->table = SLICE("");
    if (!pg_classify(s->arena, s->lexer.text, at))
    {
        return error_memory(s->error);
    }
    return (at->flags & STMT_COPY) != 0 ? take_copy(s, at) : AMEND_OK;
}

/* One statement, perhaps an empty one. */
static amend_status split_one(splitter *s)
{
    nesting n = {0};
    pg_token t;
    pg_lexer_next(&s->lexer, &t);
    size_t start = t.start, last = t.start;
    while (t.kind != PG_END)
    {
        if (t.kind == PG_BACKSLASH)
        {
            return refuse_command(s, &t);
        }
        if (t.kind == PG_UNENDED)
        {
            return refuse_unended(s, &t);
        }
        if (pg_lexer_is_symbol(&t, ';') && n.parens <= 0 && n.blocks <= 0)
        {
            return t.start == start ? AMEND_OK : add(s, start, t.end, n.inner);
        }
        if (n.words < 4)
        {
            read_head(&n, &t);
        }
        read_nesting(&n, &t);
        n.before = t;
        last = t.end;
        pg_lexer_next(&s->lexer, &t);
    }
    return last == start ? AMEND_OK : add(s, start, last, n.inner);
}

amend_status pg_split(arena *arena, slice text, script *out, amend_error *error)
{
    *out = (script){.text = text};
    splitter s = {.arena = arena, .out = out, .error = error, .lexer = {.text = text}};
    while (s.lexer.at < text.len)
    {
        amend_status status = split_one(&s);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    if (!pg_enum_mark(arena, out))
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < out->count; i++)
    {
        out->flags |= (out->stmts[i].flags & STMT_SESSION) != 0 ? SCRIPT_SESSION : 0;
        out->flags |= (out->stmts[i].flags & STMT_NO_TX) != 0 ? SCRIPT_NO_TX : 0;
    }
    return AMEND_OK;
}
