/* SPDX-License-Identifier: MIT */
/*
 * What a script does to rows that may be there, by its tokens alone: the statements that take something away have a simple and
 * old grammar, and what is newer than any parser is read as well. A DO block, and an EXECUTE of a text within it, is read like
 * a script of its own: a statement begins where one can begin, and ends at its semicolon. A condition around it is not weighed.
 *
 * In doubt something is a deed. What is not seen: what functions do that are called, and triggers.
 */
#include "dialect/postgres/pg_deed.h"

#include "base/error.h"
#include "dialect/postgres/pg_lexer.h"

enum
{
    DEED_DEPTH = 4, /* of EXECUTE within DO within EXECUTE */
    DEED_PATH = 4,  /* schemas of a search path */
};

typedef struct deed_reader
{
    arena *arena;
    deed_list *out;
    size_t statement;
    unsigned depth;
    pg_lexer lexer;
    pg_token token;
    slice path[DEED_PATH]; /* of SET search_path, when the script sets it */
    size_t path_count;
    bool failed; /* out of memory */
} deed_reader;

typedef struct deed_name
{
    slice schema, name;
} deed_name;

typedef struct deed_names
{
    deed_name *items;
    size_t count;
} deed_names;

static void deed_next(deed_reader *r)
{
    pg_lexer_next(&r->lexer, &r->token);
}

static bool deed_at(const deed_reader *r, const char *word)
{
    return pg_lexer_is(&r->token, word);
}

static bool deed_at_symbol(const deed_reader *r, char symbol)
{
    return pg_lexer_is_symbol(&r->token, symbol);
}

static bool deed_eat(deed_reader *r, const char *word)
{
    bool there = deed_at(r, word);
    if (there)
    {
        deed_next(r);
    }
    return there;
}

static bool deed_eat_symbol(deed_reader *r, char symbol)
{
    bool there = deed_at_symbol(r, symbol);
    if (there)
    {
        deed_next(r);
    }
    return there;
}

static bool deed_end(const deed_reader *r)
{
    return r->token.kind == PG_END || r->token.kind == PG_UNENDED || deed_at_symbol(r, ';');
}

static void deed_eat_if_exists(deed_reader *r)
{
    if (deed_eat(r, "IF"))
    {
        deed_eat(r, "EXISTS");
    }
}

static slice deed_word(deed_reader *r)
{
    if (r->token.kind != PG_WORD && r->token.kind != PG_NAME)
    {
        return SLICE("");
    }
    slice name = pg_lexer_name(r->arena, &r->token);
    r->failed |= name.data == NULL;
    deed_next(r);
    return r->failed ? SLICE("") : name;
}

/* [catalog.][schema.]name [*] */
static deed_name deed_read_name(deed_reader *r)
{
    deed_name out = {SLICE(""), deed_word(r)};
    while (deed_eat_symbol(r, '.'))
    {
        out = (deed_name){out.name, deed_word(r)};
    }
    deed_eat_symbol(r, '*');
    return out;
}

static void deed_push(deed_reader *r, deed d)
{
    if (d.kind != DEED_UNCLEAR && d.table.len == 0 && d.schema.len == 0)
    {
        return; /* no name stood where one belongs */
    }
    deed *grown = arena_grow(r->arena, r->out->items, r->out->count, sizeof *grown);
    r->failed |= grown == NULL;
    if (grown != NULL)
    {
        d.statement = r->statement;
        r->out->items = grown;
        r->out->items[r->out->count++] = d;
    }
}

/* A name without a schema is looked for in each of the search path that the script has set. */
static void deed_add(deed_reader *r, deed d)
{
    bool anywhere = d.schema.len == 0 && r->path_count > 0 && d.kind != DEED_UNCLEAR && d.kind != DEED_DROP_DATABASE;
    for (size_t i = 0; anywhere && i < r->path_count; i++)
    {
        d.schema = r->path[i];
        deed_push(r, d);
    }
    if (!anywhere)
    {
        deed_push(r, d);
    }
}

/* ----------------------------------------------------------------------------------------------------------- DROP, TRUNCATE */

/* Names with commas between them. */
static deed_names deed_read_names(deed_reader *r)
{
    deed_names names = {0};
    do
    {
        deed_eat(r, "ONLY");
        deed_name *grown = arena_grow(r->arena, names.items, names.count, sizeof *grown);
        r->failed |= grown == NULL;
        if (grown != NULL)
        {
            names.items = grown;
            names.items[names.count++] = deed_read_name(r);
        }
    }
    while (!r->failed && deed_eat_symbol(r, ','));
    return names;
}

static bool deed_reads_cascade(deed_reader *r)
{
    bool cascade = false;
    for (; !deed_end(r); deed_next(r))
    {
        cascade |= deed_at(r, "CASCADE");
    }
    return cascade;
}

static const struct
{
    const char *word;
    deed_kind kind;
    bool cascade; /* without it, nothing goes along */
} deed_drops[] = {
    {"TABLE", DEED_DROP_TABLE, false}, {"SCHEMA", DEED_DROP_SCHEMA, true}, {"DATABASE", DEED_DROP_DATABASE, false},
    {"TYPE", DEED_DROP_TYPE, true},    {"DOMAIN", DEED_DROP_TYPE, true},   {"EXTENSION", DEED_DROP_TYPE, true},
};

static void deed_read_drop(deed_reader *r)
{
    if (deed_eat(r, "OWNED"))
    {
        deed_eat(r, "BY");
        deed_names roles = deed_read_names(r);
        for (size_t i = 0; i < roles.count; i++)
        {
            deed_push(r, (deed){.kind = DEED_DROP_OWNED, .table = roles.items[i].name});
        }
        return;
    }
    for (size_t k = 0; k < sizeof deed_drops / sizeof deed_drops[0]; k++)
    {
        if (!deed_eat(r, deed_drops[k].word))
        {
            continue;
        }
        deed_eat_if_exists(r);
        deed_names names = deed_read_names(r);
        bool cascade = deed_reads_cascade(r);
        for (size_t i = 0; i < names.count && (cascade || !deed_drops[k].cascade); i++)
        {
            bool schema = deed_drops[k].kind == DEED_DROP_SCHEMA;
            const deed_name *name = &names.items[i];
            deed d = {.kind = deed_drops[k].kind, .schema = schema ? name->name : name->schema};
            d.table = schema ? SLICE("") : name->name;
            deed_add(r, d);
        }
        return;
    }
}

static void deed_read_truncate(deed_reader *r)
{
    deed_eat(r, "TABLE");
    deed_names names = deed_read_names(r);
    bool cascade = deed_reads_cascade(r);
    for (size_t i = 0; i < names.count; i++)
    {
        const deed_name *name = &names.items[i];
        deed_add(r, (deed){.kind = DEED_EMPTY, .schema = name->schema, .table = name->name, .cascade = cascade});
    }
}

/* ------------------------------------------------------------------------------------------------------------------- rows */

/* Up to one of the words outside of parentheses, to a parenthesis that closes more than was opened, or to the end. */
static void deed_skip(deed_reader *r, const char *const *words, size_t count)
{
    for (size_t depth = 0; !deed_end(r); deed_next(r))
    {
        if (deed_at_symbol(r, ')') && depth == 0)
        {
            return;
        }
        depth += deed_at_symbol(r, '(');
        depth -= deed_at_symbol(r, ')');
        for (size_t i = 0; depth == 0 && i < count; i++)
        {
            if (deed_at(r, words[i]))
            {
                return;
            }
        }
    }
}

/* WHERE true, WHERE 1 = 1: what is written so that it looks like a condition. */
static bool deed_condition_is_true(deed_reader *r)
{
    bool plain = deed_eat(r, "TRUE");
    if (!plain && r->token.kind == PG_NUMBER)
    {
        slice one = slice_sub(r->lexer.text, r->token.start, r->token.end);
        deed_next(r);
        plain = deed_eat_symbol(r, '=') && slice_equal(one, slice_sub(r->lexer.text, r->token.start, r->token.end));
        deed_next(r);
    }
    return plain && (deed_end(r) || deed_at_symbol(r, ')') || deed_at(r, "RETURNING"));
}

/* Within WITH, `… RETURNING` hands the rows on: that moves them. */
static void deed_read_delete(deed_reader *r, bool within)
{
    static const char *const words[] = {"WHERE", "RETURNING"};
    if (!deed_eat(r, "FROM"))
    {
        return;
    }
    deed_eat(r, "ONLY");
    deed_name table = deed_read_name(r);
    deed_skip(r, words, 2);
    bool all = !deed_eat(r, "WHERE") || deed_condition_is_true(r);
    deed_skip(r, &words[1], 1);
    if (all && !(within && deed_at(r, "RETURNING")))
    {
        deed_add(r, (deed){.kind = DEED_EMPTY, .schema = table.schema, .table = table.name});
    }
}

/* A constant, which is all of an assignment; data is NULL when it is something else. */
static slice deed_read_constant(deed_reader *r)
{
    size_t start = r->token.start;
    bool standard = deed_at(r, "DEFAULT");
    bool minus = deed_eat_symbol(r, '-');
    bool word = deed_at(r, "NULL") || deed_at(r, "TRUE") || deed_at(r, "FALSE") || standard;
    bool plain = r->token.kind == PG_NUMBER || (!minus && (word || r->token.kind == PG_STRING));
    size_t end = r->token.end;
    if (plain)
    {
        deed_next(r);
    }
    plain = plain && (deed_end(r) || deed_at_symbol(r, ',') || deed_at_symbol(r, ')') || deed_at(r, "RETURNING"));
    return !plain ? (slice){NULL, 0} : standard ? SLICE("NULL") : slice_sub(r->lexer.text, start, end);
}

/* Without a condition: the columns that get a constant. */
static void deed_read_update(deed_reader *r)
{
    static const char *const words[] = {"SET", "WHERE", "FROM"};
    deed_eat(r, "ONLY");
    deed_name table = deed_read_name(r);
    deed_skip(r, words, 1);
    deed_next(r);
    size_t from = r->out->count;
    while (!deed_end(r) && !deed_at_symbol(r, ')'))
    {
        slice column = deed_word(r);
        slice value = column.len > 0 && deed_eat_symbol(r, '=') ? deed_read_constant(r) : (slice){NULL, 0};
        if (value.data != NULL)
        {
            deed_add(r,
                     (deed){.kind = DEED_SET, .schema = table.schema, .table = table.name, .column = column, .value = value});
        }
        for (size_t depth = 0; !deed_end(r) && (depth > 0 || !deed_at_symbol(r, ',')); deed_next(r))
        {
            if ((deed_at(r, "WHERE") || deed_at(r, "FROM")) && depth == 0)
            {
                r->out->count = from;
                return;
            }
            if (deed_at_symbol(r, ')') && depth == 0)
            {
                return;
            }
            depth += deed_at_symbol(r, '(');
            depth -= deed_at_symbol(r, ')');
        }
        deed_eat_symbol(r, ',');
    }
}

/* The statements in the parentheses of WITH, and the one behind them. */
static void deed_read_with(deed_reader *r)
{
    size_t depth = 0;
    while (!deed_end(r))
    {
        depth += deed_at_symbol(r, '(');
        depth -= deed_at_symbol(r, ')') && depth > 0;
        bool opens = deed_at_symbol(r, '(') || deed_at_symbol(r, ')');
        deed_next(r);
        if (opens && deed_eat(r, "DELETE"))
        {
            deed_read_delete(r, depth > 0);
        }
        else if (opens && deed_eat(r, "UPDATE"))
        {
            deed_read_update(r);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------ ALTER */

/* To the comma that ends this action of ALTER TABLE, and behind it. */
static void deed_skip_action(deed_reader *r)
{
    for (size_t depth = 0; !deed_end(r) && (depth > 0 || !deed_at_symbol(r, ',')); deed_next(r))
    {
        depth += deed_at_symbol(r, '(');
        depth -= deed_at_symbol(r, ')') && depth > 0;
    }
    deed_eat_symbol(r, ',');
}

/* The text up to a word, the comma outside of parentheses, or the end. */
static slice deed_read_text(deed_reader *r, bool type)
{
    size_t start = r->token.start, end = start;
    for (size_t depth = 0; !deed_end(r) && (depth > 0 || !deed_at_symbol(r, ',')); deed_next(r))
    {
        if (type && (deed_at(r, "USING") || deed_at(r, "COLLATE")))
        {
            break;
        }
        depth += deed_at_symbol(r, '(');
        depth -= deed_at_symbol(r, ')') && depth > 0;
        end = r->token.end;
    }
    return slice_sub(r->lexer.text, start, end);
}

static void deed_read_retype(deed_reader *r, deed_name table)
{
    deed_eat(r, "COLUMN");
    deed d = {.kind = DEED_RETYPE, .schema = table.schema, .table = table.name, .column = deed_word(r)};
    if (deed_eat(r, "SET"))
    {
        deed_eat(r, "DATA");
    }
    if (!deed_eat(r, "TYPE"))
    {
        return;
    }
    d.value = deed_read_text(r, true);
    if (deed_eat(r, "COLLATE"))
    {
        deed_read_name(r);
    }
    d.expression = deed_eat(r, "USING") ? deed_read_text(r, false) : SLICE("");
    deed_add(r, d);
}

static void deed_read_rename(deed_reader *r, deed_name table)
{
    if (deed_eat(r, "CONSTRAINT"))
    {
        return;
    }
    deed d = {.kind = DEED_RENAME_TABLE, .schema = table.schema, .table = table.name};
    if (!deed_eat(r, "TO"))
    {
        deed_eat(r, "COLUMN");
        d.kind = DEED_RENAME_COLUMN;
        d.column = deed_word(r);
        deed_eat(r, "TO");
    }
    d.to = deed_word(r);
    deed_add(r, d);
}

static void deed_read_action(deed_reader *r, deed_name table)
{
    if (deed_eat(r, "RENAME"))
    {
        deed_read_rename(r, table);
    }
    else if (deed_eat(r, "DROP"))
    {
        if (!deed_eat(r, "CONSTRAINT"))
        {
            deed_eat(r, "COLUMN");
            deed_eat_if_exists(r);
            deed d = {.kind = DEED_DROP_COLUMN, .schema = table.schema, .table = table.name, .column = deed_word(r)};
            deed_add(r, d);
        }
    }
    else if (deed_eat(r, "ALTER"))
    {
        deed_read_retype(r, table);
    }
    else if (deed_eat(r, "SET") && deed_eat(r, "SCHEMA"))
    {
        deed d = {.kind = DEED_RENAME_TABLE, .schema = table.schema, .table = table.name, .to_schema = deed_word(r)};
        d.to = table.name;
        deed_add(r, d);
    }
}

static void deed_read_alter(deed_reader *r)
{
    if (deed_eat(r, "SCHEMA"))
    {
        deed d = {.kind = DEED_RENAME_SCHEMA, .schema = deed_word(r)};
        if (deed_eat(r, "RENAME") && deed_eat(r, "TO"))
        {
            d.to = deed_word(r);
            deed_push(r, d);
        }
        return;
    }
    if (!deed_eat(r, "TABLE"))
    {
        return;
    }
    deed_eat_if_exists(r);
    deed_eat(r, "ONLY");
    deed_name table = deed_read_name(r);
    while (!deed_end(r))
    {
        deed_read_action(r, table);
        deed_skip_action(r);
    }
}

/* --------------------------------------------------------------------------------------------------------------- SET, DO */

/* SET [LOCAL | SESSION] search_path = a, b */
static void deed_read_set(deed_reader *r)
{
    if (!deed_eat(r, "LOCAL"))
    {
        deed_eat(r, "SESSION");
    }
    if (!deed_eat(r, "SEARCH_PATH"))
    {
        return;
    }
    deed_next(r); /* = or TO */
    r->path_count = 0;
    while (!deed_end(r) && r->path_count < DEED_PATH)
    {
        bool text = r->token.kind == PG_STRING;
        slice name = text ? r->token.body : deed_word(r);
        if (text)
        {
            deed_next(r);
        }
        if (name.len > 0 && !slice_equal(name, SLICE("$user")) && !slice_equal(name, SLICE("default")))
        {
            r->path[r->path_count++] = name;
        }
        if (!deed_eat_symbol(r, ','))
        {
            break;
        }
    }
}

static void deed_read_script(deed_reader *outer, slice text);

/* The text of a string constant, doubled quotes made one. */
static slice deed_literal(deed_reader *r, const pg_token *token)
{
    char *text = arena_copy(r->arena, token->body);
    size_t len = 0;
    r->failed |= text == NULL;
    if (text == NULL || token->kind == PG_DOLLAR)
    {
        return (slice){text, text == NULL ? 0 : token->body.len};
    }
    for (size_t i = 0; i < token->body.len; i++)
    {
        text[len++] = token->body.data[i];
        i += token->body.data[i] == '\'';
    }
    return (slice){text, len};
}

/* Does a text that is put together as it runs take something away? By its words. */
static bool deed_looks_grave(slice text)
{
    static const char *const words[] = {"TABLE", "COLUMN", "SCHEMA", "DATABASE", "OWNED"};
    pg_lexer lexer = {.text = text};
    pg_token token, before = {.kind = PG_END};
    for (pg_lexer_next(&lexer, &token); token.kind != PG_END && token.kind != PG_UNENDED; pg_lexer_next(&lexer, &token))
    {
        if (pg_lexer_is(&token, "TRUNCATE") || (pg_lexer_is(&token, "FROM") && pg_lexer_is(&before, "DELETE")))
        {
            return true;
        }
        for (size_t i = 0; pg_lexer_is(&before, "DROP") && i < sizeof words / sizeof words[0]; i++)
        {
            if (pg_lexer_is(&token, words[i]))
            {
                return true;
            }
        }
        before = token;
    }
    return false;
}

/* EXECUTE 'text' is read; of what is put together, only whether it takes something away. */
static void deed_read_execute(deed_reader *r)
{
    size_t start = r->token.start;
    pg_token text = r->token;
    bool literal = text.kind == PG_STRING || text.kind == PG_DOLLAR, grave = false;
    deed_next(r);
    if (literal && (deed_end(r) || deed_at(r, "USING")))
    {
        deed_read_script(r, deed_literal(r, &text));
        return;
    }
    grave = literal && deed_looks_grave(text.body);
    size_t end = r->token.start;
    for (; !deed_end(r); deed_next(r))
    {
        grave |= (r->token.kind == PG_STRING || r->token.kind == PG_DOLLAR) && deed_looks_grave(r->token.body);
        end = r->token.end;
    }
    if (grave)
    {
        deed_push(r, (deed){.kind = DEED_UNCLEAR, .value = slice_sub(r->lexer.text, start, end)});
    }
}

static void deed_read_do(deed_reader *r)
{
    slice body = {NULL, 0};
    bool known = true;
    for (; !deed_end(r); deed_next(r))
    {
        if (deed_eat(r, "LANGUAGE"))
        {
            known =
                deed_at(r, "PLPGSQL") || (r->token.kind == PG_STRING && slice_equal_nocase(r->token.body, SLICE("plpgsql")));
        }
        else if (r->token.kind == PG_DOLLAR || r->token.kind == PG_STRING)
        {
            body = deed_literal(r, &r->token);
        }
    }
    if (known && body.data != NULL)
    {
        deed_read_script(r, body);
    }
}

/* --------------------------------------------------------------------------------------------------------------- scripts */

static void deed_read_delete_all(deed_reader *r)
{
    deed_read_delete(r, false);
}

static const struct
{
    const char *word;
    void (*read)(deed_reader *r); /* called behind the word */
} deed_verbs[] = {
    {"DROP", deed_read_drop},         {"TRUNCATE", deed_read_truncate},
    {"DELETE", deed_read_delete_all}, {"UPDATE", deed_read_update},
    {"WITH", deed_read_with},         {"ALTER", deed_read_alter},
    {"SET", deed_read_set},           {"DO", deed_read_do},
    {"EXECUTE", deed_read_execute},
};

/* What stands before a statement in PL/pgSQL. */
static bool deed_opens(const deed_reader *r)
{
    return deed_at(r, "BEGIN") || deed_at(r, "THEN") || deed_at(r, "ELSE") || deed_at(r, "LOOP");
}

static void deed_read_statement(deed_reader *r)
{
    for (size_t i = 0; i < sizeof deed_verbs / sizeof deed_verbs[0]; i++)
    {
        if (deed_eat(r, deed_verbs[i].word))
        {
            deed_verbs[i].read(r);
            break;
        }
    }
    while (!deed_end(r) && !deed_opens(r))
    {
        deed_next(r);
    }
}

static void deed_read_text_of(deed_reader *r)
{
    for (deed_next(r); r->token.kind != PG_END && r->token.kind != PG_UNENDED && !r->failed;)
    {
        if (deed_end(r) || deed_opens(r))
        {
            deed_next(r);
        }
        else
        {
            deed_read_statement(r);
        }
    }
}

/* A text within a statement: a block's body, the text of an EXECUTE. */
static void deed_read_script(deed_reader *outer, slice text)
{
    if (outer->depth >= DEED_DEPTH || outer->failed)
    {
        return;
    }
    pg_lexer lexer = outer->lexer;
    pg_token token = outer->token;
    outer->lexer = (pg_lexer){.text = text};
    outer->depth++;
    deed_read_text_of(outer);
    outer->depth--;
    outer->lexer = lexer;
    outer->token = token;
}

amend_status pg_deed_list(arena *a, const script *script, deed_list *out, amend_error *error)
{
    deed_list found = {0};
    deed_reader r = {.arena = a, .out = &found};
    for (size_t i = 0; i < script->count && !r.failed; i++)
    {
        const stmt *s = &script->stmts[i];
        r.statement = i;
        r.lexer = (pg_lexer){.text = slice_sub(script->text, s->start, s->end)};
        deed_next(&r);
        deed_read_statement(&r);
    }
    *out = found;
    return r.failed ? error_memory(error) : AMEND_OK;
}
