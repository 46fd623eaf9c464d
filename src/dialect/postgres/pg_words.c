/* SPDX-License-Identifier: MIT */
/*
 * By the words at fixed places, as in pg_classify.c. What is found here is what most migrations are made of: the names of what
 * is created, dropped and renamed, the columns of tables, the values of enums. Whatever else a statement may do is not seen; so
 * only what can't harm by any syntax to come is let pass: a CREATE that replaces nothing, comments, transaction control.
 */
#include "dialect/postgres/pg_words.h"

#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_lexer.h"
#include "dialect/postgres/pg_trigger.h"

enum
{
    WORD_LIMIT = 63, /* bytes of a name that the server keeps */
};

typedef struct word_reader
{
    pg_scan *s;
    pg_lexer lexer;
    pg_token token;
} word_reader;

static void word_next(word_reader *r)
{
    pg_lexer_next(&r->lexer, &r->token);
}

static bool word_eat(word_reader *r, const char *word)
{
    bool there = pg_lexer_is(&r->token, word);
    if (there)
    {
        word_next(r);
    }
    return there;
}

static bool word_end(const word_reader *r)
{
    return r->token.kind == PG_END || r->token.kind == PG_UNENDED || pg_lexer_is_symbol(&r->token, ';');
}

static slice word_name(word_reader *r)
{
    if (r->token.kind != PG_WORD && r->token.kind != PG_NAME)
    {
        return SLICE("");
    }
    slice name = pg_lexer_name(r->s->arena, &r->token);
    r->s->failed |= name.data == NULL;
    word_next(r);
    if (name.len > WORD_LIMIT)
    {
        name.len = WORD_LIMIT;
        while ((name.data[name.len] & 0xc0) == 0x80)
        {
            name.len--;
        }
    }
    return r->s->failed ? SLICE("") : name;
}

static pg_ref word_qualified(word_reader *r)
{
    pg_ref name = {SLICE(""), word_name(r)};
    while (pg_lexer_is_symbol(&r->token, '.'))
    {
        word_next(r);
        name.schema = name.name;
        name.name = word_name(r);
    }
    return name;
}

/* IF [NOT] EXISTS */
static bool word_if(word_reader *r)
{
    bool there = word_eat(r, "IF");
    (void)(there && word_eat(r, "NOT"));
    (void)(there && word_eat(r, "EXISTS"));
    return there;
}

/* Step behind what may be in parentheses up to the comma or parenthesis that ends this element. False at the list's end. */
static bool word_skip_element(word_reader *r)
{
    int depth = 0;
    for (; !word_end(r); word_next(r))
    {
        depth += pg_lexer_is_symbol(&r->token, '(') - pg_lexer_is_symbol(&r->token, ')');
        if (depth < 0)
        {
            return false;
        }
        if (depth == 0 && pg_lexer_is_symbol(&r->token, ','))
        {
            word_next(r);
            return true;
        }
    }
    return false;
}

/* --------------------------------------------------------------------------------------------------------------- CREATE */

static void word_columns(word_reader *r, pg_ref table)
{
    static const char *const others[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE", "LIKE"};
    if (!pg_lexer_is_symbol(&r->token, '('))
    {
        return;
    }
    word_next(r);
    do
    {
        bool column = true;
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        {
            column = column && !pg_lexer_is(&r->token, others[i]);
        }
        if (column)
        {
            (void)pg_scan_add_part(r->s, AMEND_OBJECT_COLUMN, table, word_name(r), SLICE(""), false);
        }
    }
    while (word_skip_element(r) && !r->s->failed);
}

static void word_values(word_reader *r, pg_ref type)
{
    if (!word_eat(r, "AS") || !word_eat(r, "ENUM"))
    {
        return;
    }
    for (; !word_end(r) && !r->s->failed; word_next(r))
    {
        if (r->token.kind == PG_STRING)
        {
            (void)pg_scan_add_part(r->s, AMEND_OBJECT_ENUM_VALUE, type, r->token.body, SLICE(""), false);
        }
    }
}

/* [name] ON [ONLY] table, or a trigger's … ON table */
static void word_index(word_reader *r)
{
    bool concurrently = word_eat(r, "CONCURRENTLY"), weak = word_if(r);
    slice name = pg_lexer_is(&r->token, "ON") ? SLICE("") : word_name(r);
    if (word_eat(r, "ON"))
    {
        (void)word_eat(r, "ONLY");
        pg_ref written = word_qualified(r);
        (void)pg_scan_add_part(r->s, AMEND_OBJECT_INDEX, pg_scan_old(r->s, AMEND_OBJECT_TABLE, written), name, SLICE(""), weak);
        if (!concurrently)
        {
            pg_scan_object_to(r->s, OBJECTION_SCANS, written);
        }
    }
}

static void word_trigger(word_reader *r)
{
    slice name = word_name(r);
    while (!word_end(r) && !word_eat(r, "ON"))
    {
        word_next(r);
    }
    pg_ref table = pg_scan_old(r->s, AMEND_OBJECT_TABLE, word_qualified(r));
    (void)pg_scan_add_part(r->s, AMEND_OBJECT_TRIGGER, table, name, SLICE(""), false);
}

static const struct
{
    const char *word;
    amend_object_kind kind;
} word_kinds[] = {
    {"TABLE", AMEND_OBJECT_TABLE},         {"VIEW", AMEND_OBJECT_VIEW},           {"TYPE", AMEND_OBJECT_TYPE},
    {"DOMAIN", AMEND_OBJECT_TYPE},         {"FUNCTION", AMEND_OBJECT_FUNCTION},   {"PROCEDURE", AMEND_OBJECT_FUNCTION},
    {"AGGREGATE", AMEND_OBJECT_FUNCTION},  {"SEQUENCE", AMEND_OBJECT_SEQUENCE},   {"SCHEMA", AMEND_OBJECT_SCHEMA},
    {"EXTENSION", AMEND_OBJECT_EXTENSION}, {"COLLATION", AMEND_OBJECT_COLLATION}, {"INDEX", AMEND_OBJECT_INDEX},
    {"TRIGGER", AMEND_OBJECT_TRIGGER},
};

static amend_object_kind word_kind(word_reader *r)
{
    for (size_t i = 0; i < sizeof word_kinds / sizeof word_kinds[0]; i++)
    {
        if (word_eat(r, word_kinds[i].word))
        {
            return word_kinds[i].kind;
        }
    }
    return AMEND_OBJECT_NONE;
}

/* The words between CREATE and the kind. */
static void word_modifiers(word_reader *r, bool *temporary)
{
    static const char *const words[] = {"GLOBAL",       "LOCAL",   "UNLOGGED",  "UNIQUE",
                                        "MATERIALIZED", "FOREIGN", "RECURSIVE", "CONSTRAINT"};
    bool again = true;
    while (again)
    {
        again = word_eat(r, "TEMP") || word_eat(r, "TEMPORARY");
        *temporary |= again;
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        {
            again |= word_eat(r, words[i]);
        }
    }
}

static void word_make(word_reader *r, amend_object_kind kind)
{
    bool weak = word_if(r), loose = kind == AMEND_OBJECT_SCHEMA || kind == AMEND_OBJECT_EXTENSION;
    pg_ref name = word_qualified(r);
    name = loose ? name : pg_scan_new(r->s, name);
    bool made = pg_scan_add(r->s, kind, name, SLICE(""), SLICE(""), weak) != NULL;
    if (made && kind == AMEND_OBJECT_TABLE)
    {
        word_columns(r, name);
    }
    else if (made && kind == AMEND_OBJECT_TYPE)
    {
        word_values(r, name);
    }
}

static void word_create(word_reader *r)
{
    bool temporary = false, replace = word_eat(r, "OR") && word_eat(r, "REPLACE");
    word_modifiers(r, &temporary);
    amend_object_kind kind = word_kind(r);
    if (kind == AMEND_OBJECT_NONE || replace)
    {
        pg_scan_object(r->s, kind == AMEND_OBJECT_NONE ? OBJECTION_UNCLEAR : OBJECTION_REPLACES);
    }
    switch (kind)
    {
    case AMEND_OBJECT_NONE:
        break;
    case AMEND_OBJECT_INDEX:
        word_index(r);
        break;
    case AMEND_OBJECT_TRIGGER:
        word_trigger(r);
        break;
    default:
        if (!temporary)
        {
            word_make(r, kind);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- ALTER and DROP */

static void word_rename(word_reader *r, amend_object_kind kind, pg_ref name)
{
    pg_scan_object_to(r->s, OBJECTION_RENAMES, kind == AMEND_OBJECT_TABLE ? name : (pg_ref){SLICE(""), SLICE("")});
    if (word_eat(r, "TO"))
    {
        pg_scan_rename(r->s, kind, name, SLICE(""), SLICE(""), word_name(r));
        return;
    }
    (void)word_eat(r, "COLUMN");
    slice column = word_name(r);
    if (kind == AMEND_OBJECT_TABLE && word_eat(r, "TO"))
    {
        pg_scan_rename(r->s, AMEND_OBJECT_COLUMN, (pg_ref){name.schema, column}, name.name, SLICE(""), word_name(r));
    }
}

static void word_actions(word_reader *r, pg_ref table)
{
    static const char *const others[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE"};
    do
    {
        bool add = word_eat(r, "ADD"), drop = !add && word_eat(r, "DROP"), column = word_eat(r, "COLUMN");
        for (size_t i = 0; i < sizeof others / sizeof others[0] && !column; i++)
        {
            add = add && !pg_lexer_is(&r->token, others[i]);
        }
        bool weak = word_if(r);
        if (add)
        {
            (void)pg_scan_add_part(r->s, AMEND_OBJECT_COLUMN, table, word_name(r), SLICE(""), weak);
        }
        else if (drop && column)
        {
            pg_scan_drop(r->s, AMEND_OBJECT_COLUMN, (pg_ref){table.schema, word_name(r)}, table.name);
        }
    }
    while (word_skip_element(r) && !r->s->failed);
}

static void word_alter(word_reader *r)
{
    amend_object_kind kind = word_kind(r);
    (void)word_if(r);
    (void)word_eat(r, "ONLY");
    pg_ref written = word_qualified(r), name = pg_scan_old(r->s, kind, written);
    if (kind != AMEND_OBJECT_NONE && word_eat(r, "RENAME"))
    {
        word_rename(r, kind, name);
        return;
    }
    if (kind == AMEND_OBJECT_TABLE)
    {
        word_actions(r, name);
        pg_scan_object_to(r->s, OBJECTION_UNCLEAR, written);
        return;
    }
    if (kind == AMEND_OBJECT_TYPE && word_eat(r, "ADD") && word_eat(r, "VALUE"))
    {
        bool weak = word_if(r);
        slice value = r->token.kind == PG_STRING ? r->token.body : SLICE("");
        (void)pg_scan_add_part(r->s, AMEND_OBJECT_ENUM_VALUE, name, value, SLICE(""), weak);
        return;
    }
    pg_scan_object(r->s, OBJECTION_UNCLEAR);
}

static void word_drop(word_reader *r)
{
    (void)word_eat(r, "MATERIALIZED");
    (void)word_eat(r, "FOREIGN");
    amend_object_kind kind = word_kind(r);
    (void)word_eat(r, "CONCURRENTLY");
    (void)word_if(r);
    pg_scan_object(r->s, OBJECTION_DROPS);
    if (kind == AMEND_OBJECT_NONE)
    {
        return;
    }
    do
    {
        pg_ref name = pg_scan_old(r->s, kind, word_qualified(r));
        slice table = kind == AMEND_OBJECT_TRIGGER && word_eat(r, "ON") ? word_qualified(r).name : SLICE("");
        if (name.name.len > 0)
        {
            pg_scan_drop(r->s, kind, name, table);
        }
    }
    while (word_skip_element(r) && !r->s->failed);
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

static void word_insert(word_reader *r)
{
    (void)(word_eat(r, "INTO") || word_eat(r, "FROM"));
    (void)word_eat(r, "ONLY");
    pg_ref table = word_qualified(r);
    pg_scan_object_to(r->s, OBJECTION_CHANGES_DATA, table);
    pg_trigger_fire(r->s, table, PG_MERGES);
    if (!pg_scan_owns(r->s, AMEND_OBJECT_TABLE, table))
    {
        return;
    }
    for (bool opens = false; !word_end(r); word_next(r)) /* WITH, and others that hide more, can only stand in parentheses */
    {
        if (opens && (pg_lexer_is(&r->token, "INSERT") || pg_lexer_is(&r->token, "UPDATE") || pg_lexer_is(&r->token, "DELETE")))
        {
            pg_scan_object(r->s, OBJECTION_UNCLEAR);
        }
        opens = pg_lexer_is_symbol(&r->token, '(');
    }
}

static void word_truncate(word_reader *r)
{
    (void)r;
    pg_scan_object(r->s, OBJECTION_DROPS);
}

static void word_grant(word_reader *r)
{
    pg_scan_object(r->s, OBJECTION_GRANTS);
}

static void word_do(word_reader *r)
{
    bool known = true;
    while (!word_end(r) && r->token.kind != PG_DOLLAR)
    {
        if (word_eat(r, "LANGUAGE"))
        {
            known = pg_lexer_is(&r->token, "PLPGSQL");
        }
        word_next(r);
    }
    if (r->token.kind == PG_DOLLAR && known)
    {
        pg_block_body(r->s, r->token.body);
        return;
    }
    pg_scan_object(r->s, OBJECTION_UNCLEAR);
}

static void word_fine(word_reader *r)
{
    (void)r;
}

static const struct
{
    const char *word;
    void (*read)(word_reader *r); /* called behind the word */
} word_rows[] = {
    {"CREATE", word_create}, {"ALTER", word_alter},   {"DROP", word_drop},    {"INSERT", word_insert},
    {"UPDATE", word_insert}, {"DELETE", word_insert}, {"MERGE", word_insert}, {"TRUNCATE", word_truncate},
    {"GRANT", word_grant},   {"REVOKE", word_grant},  {"BEGIN", word_fine},   {"START", word_fine},
    {"COMMIT", word_fine},   {"END", word_fine},      {"COMMENT", word_fine}, {"DO", word_do},
};

void pg_words_judge(pg_scan *s, slice text)
{
    word_reader r = {.s = s, .lexer = {.text = text}};
    word_next(&r);
    for (size_t i = 0; i < sizeof word_rows / sizeof word_rows[0]; i++)
    {
        if (word_eat(&r, word_rows[i].word))
        {
            word_rows[i].read(&r);
            return;
        }
    }
    pg_scan_object(s, OBJECTION_UNCLEAR);
}
