/* SPDX-License-Identifier: MIT */
/*
 * By the tokens, not by the tree: where the names stand is fixed by the words before them, REFERENCES is a reserved word, and
 * the tokens are there without the parser, too. What has an unusual form is no claim: the database decides it alone.
 */
#include "dialect/postgres/pg_claim.h"

#include "base/error.h"
#include "dialect/postgres/pg_text.h"

/* The beginning of a CREATE statement. */
typedef struct claim_head
{
    amend_object_kind object; /* NONE: nothing that claims are about */
    bool weak, replace, temporary, materialized, domain, concurrently;
    size_t words_end; /* behind the words before IF NOT EXISTS and CONCURRENTLY */
    pg_path name;     /* a schema without a name of its own: count is 0 */
    size_t name_end;
    pg_path table; /* of an index */
    size_t table_start, table_end;
} claim_head;

static bool claim_skip(pg_lexer *l, pg_token *t, const char *word)
{
    bool there = pg_lexer_is(t, word);
    if (there)
    {
        pg_lexer_next(l, t);
    }
    return there;
}

/* Read a path that begins with the token *t; *end is behind it. False when it is none. */
static bool claim_path(pg_lexer *l, pg_token *t, pg_path *out, size_t *end)
{
    l->at = t->start;
    if (!pg_path_read(l, out) || out->star || out->count > 2)
    {
        return false;
    }
    *end = out->parts[out->count - 1].end;
    *t = out->next;
    return true;
}

static const struct
{
    const char *word, *second;
    amend_object_kind object;
} claim_kinds[] = {
    {"TABLE", NULL, AMEND_OBJECT_TABLE},       {"INDEX", NULL, AMEND_OBJECT_INDEX},
    {"SEQUENCE", NULL, AMEND_OBJECT_SEQUENCE}, {"MATERIALIZED", "VIEW", AMEND_OBJECT_VIEW},
    {"VIEW", NULL, AMEND_OBJECT_VIEW},         {"TYPE", NULL, AMEND_OBJECT_TYPE},
    {"DOMAIN", NULL, AMEND_OBJECT_TYPE},       {"SCHEMA", NULL, AMEND_OBJECT_SCHEMA},
    {"FOREIGN", "TABLE", AMEND_OBJECT_TABLE},
};

/* The words that say what kind of thing it is. */
static amend_object_kind claim_kind_word(pg_lexer *l, pg_token *t, size_t *row)
{
    for (*row = 0; *row < sizeof claim_kinds / sizeof claim_kinds[0]; ++*row)
    {
        if (claim_skip(l, t, claim_kinds[*row].word))
        {
            bool whole = claim_kinds[*row].second == NULL || claim_skip(l, t, claim_kinds[*row].second);
            return whole ? claim_kinds[*row].object : AMEND_OBJECT_NONE;
        }
    }
    return AMEND_OBJECT_NONE;
}

static bool claim_weak(pg_lexer *l, pg_token *t)
{
    return claim_skip(l, t, "IF") && claim_skip(l, t, "NOT") && claim_skip(l, t, "EXISTS");
}

static bool claim_index_table(pg_lexer *l, pg_token *t, claim_head *h)
{
    if (!claim_skip(l, t, "ON"))
    {
        return false;
    }
    claim_skip(l, t, "ONLY");
    h->table_start = t->start;
    return claim_path(l, t, &h->table, &h->table_end);
}

/* Behind CREATE. */
static bool claim_read_head(pg_lexer *l, pg_token *t, claim_head *h)
{
    size_t row;
    *h = (claim_head){0};
    h->replace = claim_skip(l, t, "OR") && claim_skip(l, t, "REPLACE");
    for (bool more = true; more;)
    {
        bool temporary = claim_skip(l, t, "TEMP") || claim_skip(l, t, "TEMPORARY");
        h->temporary |= temporary;
        more = temporary || claim_skip(l, t, "GLOBAL") || claim_skip(l, t, "LOCAL") || claim_skip(l, t, "UNLOGGED") ||
               claim_skip(l, t, "UNIQUE") || claim_skip(l, t, "RECURSIVE");
    }
    h->object = claim_kind_word(l, t, &row);
    if (h->object == AMEND_OBJECT_NONE)
    {
        return false;
    }
    h->materialized = strcmp(claim_kinds[row].word, "MATERIALIZED") == 0;
    h->domain = strcmp(claim_kinds[row].word, "DOMAIN") == 0;
    h->words_end = t->start;
    h->concurrently = claim_skip(l, t, "CONCURRENTLY");
    h->weak = claim_weak(l, t);
    bool unnamed = (h->object == AMEND_OBJECT_SCHEMA && pg_lexer_is(t, "AUTHORIZATION")) ||
                   (h->object == AMEND_OBJECT_INDEX && pg_lexer_is(t, "ON"));
    if (unnamed || !claim_path(l, t, &h->name, &h->name_end))
    {
        return false;
    }
    return h->object != AMEND_OBJECT_INDEX || claim_index_table(l, t, h);
}

/* ---------------------------------------------------------------------------------------------------------------- noting */

static slice claim_keep(pg_claims *c, const pg_path *path, size_t from_end)
{
    char name[AMEND_NAME_SIZE];
    if (path->count < from_end)
    {
        return SLICE("");
    }
    size_t len = pg_path_name(&path->parts[path->count - from_end], name);
    const char *kept = arena_copy(c->arena, (slice){name, len});
    c->failed |= kept == NULL;
    return kept == NULL ? SLICE("") : (slice){kept, len};
}

static claim *claim_add(pg_claims *c, claim_kind kind, amend_object_kind object, const pg_path *path)
{
    claim *items = arena_grow(c->arena, c->out->items, c->out->count, sizeof *items);
    c->failed |= items == NULL;
    if (c->failed)
    {
        return NULL;
    }
    c->out->items = items;
    claim *made = &items[c->out->count++];
    *made = (claim){.kind = kind, .object = object, .statement = c->statement};
    if (path != NULL)
    {
        made->name = claim_keep(c, path, 1);
        made->schema = claim_keep(c, path, 2);
    }
    return made;
}

void pg_claim_touch_all(pg_claims *c)
{
    (void)claim_add(c, CLAIM_TOUCHES, AMEND_OBJECT_OTHER, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- enum values */

/* What a backslash before the letter stands for; NUL: a number, which is not read. */
static char claim_escape(char letter)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *at = letter == '\0' ? NULL : strchr(from, letter);
    if (at != NULL)
    {
        return to[at - from];
    }
    return (letter >= '0' && letter <= '7') || letter == 'x' || letter == 'u' || letter == 'U' ? '\0' : letter;
}

/* A plain or dollar-quoted constant, or E'…' without numbers; data is NULL for others. */
static slice claim_literal(pg_claims *c, const pg_token *t, slice text)
{
    size_t opening = (size_t)(t->body.data - text.data) - t->start;
    bool escapes = t->kind == PG_STRING && opening == 2 && (text.data[t->start] | ' ') == 'e';
    bool plain = t->kind == PG_STRING && opening == 1;
    if (t->kind != PG_DOLLAR && !plain && !escapes)
    {
        return (slice){0};
    }
    char *value = arena_copy(c->arena, t->body);
    size_t len = 0;
    c->failed |= value == NULL;
    for (size_t i = 0; i < t->body.len && value != NULL; i++)
    {
        char letter = t->body.data[i];
        bool escaped = escapes && letter == '\\' && i + 1 < t->body.len;
        value[len] = escaped ? claim_escape(t->body.data[++i]) : letter;
        if (escaped && value[len] == '\0')
        {
            return (slice){0};
        }
        i += t->kind == PG_STRING && !escaped && letter == '\'';
        len++;
    }
    return (slice){value, len};
}

/* AS ENUM ('a', 'b'), which begins with the token. */
static bool claim_values(pg_claims *c, pg_lexer *l, pg_token *t, claim *made)
{
    slice *values = NULL;
    size_t count = 0;
    if (!claim_skip(l, t, "AS") || !claim_skip(l, t, "ENUM") || !pg_lexer_is_symbol(t, '('))
    {
        return false;
    }
    pg_lexer_next(l, t);
    while (!pg_lexer_is_symbol(t, ')'))
    {
        slice value = claim_literal(c, t, l->text);
        slice *grown = value.data == NULL ? NULL : arena_grow(c->arena, values, count, sizeof *values);
        if (grown == NULL)
        {
            c->failed |= value.data != NULL;
            return false;
        }
        values = grown;
        values[count++] = value;
        pg_lexer_next(l, t);
        if (pg_lexer_is_symbol(t, ','))
        {
            pg_lexer_next(l, t);
        }
    }
    *made = (claim){.enumeration = true, .values = values, .value_count = count};
    return true;
}

/* -------------------------------------------------------------------------------------------------------------- statements */

static void claim_create(pg_claims *c, slice text, pg_lexer *l, pg_token *t, bool guarded)
{
    claim_head h;
    claim values = {0};
    if (!claim_read_head(l, t, &h) || h.temporary)
    {
        return;
    }
    bool enumeration = h.object == AMEND_OBJECT_TYPE && !h.domain && claim_values(c, l, t, &values);
    bool makes = (h.weak || guarded || (enumeration && !c->inside)) && !h.replace && !pg_lexer_is(t, "PARTITION");
    claim *made = claim_add(c, makes ? CLAIM_MAKES : CLAIM_TOUCHES, h.object, &h.name);
    if (made == NULL)
    {
        return;
    }
    made->text = text;
    made->plain = enumeration && makes && !guarded;
    made->rebuilt = h.concurrently;
    made->enumeration = enumeration;
    made->values = values.values;
    made->value_count = values.value_count;
    if (h.object == AMEND_OBJECT_INDEX)
    {
        made->table = claim_keep(c, &h.table, 1);
        made->table_schema = claim_keep(c, &h.table, 2);
    }
}

static bool claim_cascades(slice text)
{
    pg_lexer l = {.text = text};
    pg_token t;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED; pg_lexer_next(&l, &t))
    {
        if (pg_lexer_is(&t, "CASCADE"))
        {
            return true;
        }
    }
    return false;
}

static void claim_drop(pg_claims *c, slice text, pg_lexer *l, pg_token *t, bool guarded)
{
    size_t row, end;
    amend_object_kind object = claim_kind_word(l, t, &row);
    bool cascades = claim_cascades(text);
    if (object == AMEND_OBJECT_NONE || cascades)
    {
        (void)claim_add(c, CLAIM_FREES, AMEND_OBJECT_NONE, NULL);
    }
    if (object == AMEND_OBJECT_NONE)
    {
        return;
    }
    bool held = strcmp(claim_kinds[row].word, "TYPE") == 0 && !guarded && !cascades;
    claim_skip(l, t, "CONCURRENTLY");
    if (claim_skip(l, t, "IF"))
    {
        claim_skip(l, t, "EXISTS");
    }
    for (bool more = true; more && !c->failed;)
    {
        pg_path path;
        if (!claim_path(l, t, &path, &end))
        {
            return;
        }
        (void)claim_add(c, held ? CLAIM_DROPS : CLAIM_TOUCHES, object, &path);
        more = pg_lexer_is_symbol(t, ',');
        if (more)
        {
            pg_lexer_next(l, t);
        }
    }
}

/* ALTER … name; what it is called afterwards, too. */
static void claim_alter(pg_claims *c, pg_lexer *l, pg_token *t)
{
    size_t row, end;
    pg_path path;
    amend_object_kind object = claim_kind_word(l, t, &row);
    if (object == AMEND_OBJECT_NONE)
    {
        return;
    }
    if (claim_skip(l, t, "IF"))
    {
        claim_skip(l, t, "EXISTS");
    }
    claim_skip(l, t, "ONLY");
    if (!claim_path(l, t, &path, &end))
    {
        return;
    }
    (void)claim_add(c, CLAIM_TOUCHES, object, &path);
    if (claim_skip(l, t, "RENAME") && claim_skip(l, t, "TO") && claim_path(l, t, &path, &end))
    {
        (void)claim_add(c, CLAIM_TOUCHES, object, &path);
    }
}

/* The body of DO, wherever LANGUAGE stands; other languages are not read. */
static void claim_do(pg_claims *c, pg_lexer *l, pg_token *t)
{
    slice body = {0};
    bool other = false;
    for (; t->kind != PG_END && t->kind != PG_UNENDED; pg_lexer_next(l, t))
    {
        if (claim_skip(l, t, "LANGUAGE"))
        {
            bool quoted = t->kind == PG_STRING || t->kind == PG_NAME;
            other = !(quoted || t->kind == PG_WORD) || !slice_equal_nocase(t->body, SLICE("plpgsql"));
        }
        else if (t->kind == PG_DOLLAR || t->kind == PG_STRING)
        {
            body = t->kind == PG_DOLLAR ? t->body : claim_literal(c, t, l->text);
        }
    }
    if (other || body.data == NULL)
    {
        pg_claim_touch_all(c);
        return;
    }
    pg_claim_block(c, body);
}

void pg_claim_statement(pg_claims *c, slice text, bool guarded)
{
    pg_lexer l = {.text = text};
    pg_token t;
    pg_lexer_next(&l, &t);
    if (claim_skip(&l, &t, "CREATE"))
    {
        claim_create(c, text, &l, &t, guarded);
    }
    else if (claim_skip(&l, &t, "DROP"))
    {
        claim_drop(c, text, &l, &t, guarded);
    }
    else if (claim_skip(&l, &t, "ALTER"))
    {
        claim_alter(c, &l, &t);
    }
    else if (claim_skip(&l, &t, "DO"))
    {
        claim_do(c, &l, &t);
    }
}

/* ------------------------------------------------------------------------------------------------------------------- slots */

/* Without one of these words, nothing can be a claim. */
bool pg_claim_may(slice text)
{
    return slice_has_nocase(text, SLICE("EXISTS")) || slice_has_nocase(text, SLICE("TYPE")) ||
           slice_has_nocase(text, SLICE("EXCEPTION")) || slice_has_nocase(text, SLICE("TO_REG"));
}

amend_status pg_claim_read(arena *arena, const script *script, claim_list *out, amend_error *error)
{
    claim_list found = {0};
    pg_claims c = {.arena = arena, .out = &found};
    for (size_t i = 0; i < script->count && !c.failed; i++)
    {
        c.statement = i;
        pg_claim_statement(&c, slice_sub(script->text, script->stmts[i].start, script->stmts[i].end), false);
    }
    if (c.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------- writing it beside */

static void claim_put(buf *out, slice schema, const pg_token *name)
{
    buf_add(out, schema);
    buf_char(out, '.');
    if (name->kind == PG_NAME)
    {
        buf_char(out, '"');
        buf_add(out, name->body);
        buf_char(out, '"');
    }
    else
    {
        buf_add(out, name->body);
    }
}

static bool claim_part_is(const pg_token *part, slice name)
{
    char found[AMEND_NAME_SIZE];
    size_t len = pg_path_name(part, found);
    return slice_equal((slice){found, len}, name);
}

/* Is the path written with the same schema as the claim's name: both without, or both with that one? */
static bool claim_alike(const claim *c, const pg_path *path)
{
    return path->count == 1 ? c->schema.len == 0 : c->schema.len > 0 && claim_part_is(&path->parts[0], c->schema);
}

typedef void claim_refers(void *arg, const pg_path *path, size_t start, size_t end);

/* All that stands behind REFERENCES from the lexer's place on. */
static void claim_each_reference(pg_lexer l, claim_refers *tell, void *arg)
{
    pg_token t;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED;)
    {
        pg_path path;
        size_t end;
        bool refers = claim_skip(&l, &t, "REFERENCES");
        size_t start = t.start;
        if (!refers)
        {
            pg_lexer_next(&l, &t);
        }
        else if (claim_path(&l, &t, &path, &end))
        {
            tell(arg, &path, start, end);
        }
    }
}

typedef struct claim_writing
{
    buf *out;
    const claim *claim;
    const pg_beside *beside;
    size_t done; /* so much of the text is written */
} claim_writing;

static void claim_write_reference(void *arg, const pg_path *path, size_t start, size_t end)
{
    claim_writing *w = arg;
    const pg_token *name = &path->parts[path->count - 1];
    bool self = claim_part_is(name, w->claim->name);
    if (claim_alike(w->claim, path) && (self || w->beside->stubs))
    {
        buf_add(w->out, slice_sub(w->claim->text, w->done, start));
        claim_put(w->out, w->beside->schema, name);
        w->done = end;
    }
}

/* CREATE TABLE … AS and a materialized view run their query: not for its rows. */
static bool claim_queries(pg_lexer l, size_t *data)
{
    pg_token t;
    unsigned depth = 0;
    bool query = false;
    *data = SIZE_MAX;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED; pg_lexer_next(&l, &t))
    {
        depth += pg_lexer_is_symbol(&t, '(');
        depth -= pg_lexer_is_symbol(&t, ')') && depth > 0;
        query |= depth == 0 && pg_lexer_is(&t, "AS");
        if (depth == 0 && pg_lexer_is(&t, "WITH"))
        {
            pg_lexer ahead = l;
            pg_token next;
            pg_lexer_next(&ahead, &next);
            claim_skip(&ahead, &next, "NO");
            *data = pg_lexer_is(&next, "DATA") ? t.start : *data;
        }
    }
    return query;
}

/* OWNED BY wants a table of the same schema, and is no part of what a sequence is. *behind: where the rest goes on. */
static bool claim_owned(slice text, size_t from, size_t *start, size_t *behind)
{
    pg_lexer l = {.text = text, .at = from};
    pg_token t;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED;)
    {
        pg_path path;
        *start = t.start;
        if (!claim_skip(&l, &t, "OWNED"))
        {
            pg_lexer_next(&l, &t);
        }
        else if (claim_skip(&l, &t, "BY"))
        {
            l.at = t.start;
            bool read = pg_path_read(&l, &path);
            *behind = read ? path.parts[path.count - 1].end : text.len;
            return read;
        }
    }
    return false;
}

static size_t claim_text_end(slice text)
{
    pg_lexer l = {.text = text};
    pg_token t;
    size_t end = 0;
    for (pg_lexer_next(&l, &t); t.kind != PG_END && t.kind != PG_UNENDED; pg_lexer_next(&l, &t))
    {
        end = pg_lexer_is_symbol(&t, ';') ? end : t.end;
    }
    return end;
}

void pg_claim_write(buf *out, const claim *c, const pg_beside *beside)
{
    pg_lexer l = {.text = c->text};
    pg_token t;
    claim_head h;
    pg_lexer_next(&l, &t);
    pg_lexer_next(&l, &t);
    (void)claim_read_head(&l, &t, &h);
    claim_writing w = {.out = out, .claim = c, .beside = beside, .done = h.name_end};
    buf_add(out, slice_sub(c->text, 0, h.words_end));
    const pg_token *name = &h.name.parts[h.name.count - 1];
    if (h.object == AMEND_OBJECT_INDEX) /* its schema is its table's */
    {
        buf_add(out, slice_sub(c->text, name->start, name->end));
        buf_text(out, " ON ");
        claim_put(out, beside->schema, &h.table.parts[h.table.count - 1]);
        w.done = h.table_end;
    }
    else
    {
        claim_put(out, beside->schema, name);
    }
    size_t data = SIZE_MAX, end = claim_text_end(c->text);
    l.at = w.done;
    bool table = h.object == AMEND_OBJECT_TABLE;
    bool queries = (table || h.materialized) && claim_queries(l, &data);
    if (table && !queries)
    {
        claim_each_reference(l, claim_write_reference, &w);
    }
    size_t start, behind;
    if (h.object == AMEND_OBJECT_SEQUENCE && claim_owned(c->text, w.done, &start, &behind))
    {
        buf_add(out, slice_sub(c->text, w.done, start));
        w.done = behind;
    }
    end = queries && data != SIZE_MAX ? data : end;
    buf_add(out, slice_sub(c->text, w.done, end));
    buf_text(out, queries ? " WITH NO DATA;\n" : ";\n");
}

typedef struct claim_telling
{
    const claim *claim;
    void (*tell)(void *arg, slice name);
    void *arg;
} claim_telling;

static void claim_tell_reference(void *arg, const pg_path *path, size_t start, size_t end)
{
    claim_telling *w = arg;
    const pg_token *part = &path->parts[path->count - 1];
    char name[AMEND_NAME_SIZE];
    (void)start;
    (void)end;
    if (claim_alike(w->claim, path) && !claim_part_is(part, w->claim->name))
    {
        w->tell(w->arg, (slice){name, pg_path_name(part, name)});
    }
}

void pg_claim_references(const claim *c, void (*tell)(void *arg, slice name), void *arg)
{
    claim_telling w = {.claim = c, .tell = tell, .arg = arg};
    if (c->object == AMEND_OBJECT_TABLE)
    {
        claim_each_reference((pg_lexer){.text = c->text}, claim_tell_reference, &w);
    }
}
