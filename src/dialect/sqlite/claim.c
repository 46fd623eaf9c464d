/* SPDX-License-Identifier: MIT */
/*
 * SQLite keeps the text of each CREATE, and makes ALTER TABLE's changes in it. So what exists and what a script says are both
 * texts, and are compared as the facts that the snapshot reads from them: no object is built. Names in a temporary or attached
 * database are no claims: what is in those is not the schema's.
 */
#include "dialect/sqlite/claim.h"

#include "base/error.h"
#include "dialect/sqlite/snapshot.h"
#include "dialect/sqlite/token.h"
#include "dialect/sqlite/write.h"

#include <stdlib.h>

typedef struct sqlite_claims
{
    arena *arena;
    claim_list *out;
    size_t statement;
    slice text;
    sqlite_token token;
    bool failed; /* out of memory */
} sqlite_claims;

static bool sqlite_claim_eat(sqlite_claims *c, const char *word)
{
    bool there = sqlite_token_is(c->text, c->token, slice_of(word));
    if (there)
    {
        c->token = sqlite_token_next(c->text, c->token.end);
    }
    return there;
}

/* [schema.] name: false when it is none, or not of the main database. */
static bool sqlite_claim_name(sqlite_claims *c, slice *name)
{
    sqlite_token first = c->token;
    if (!sqlite_token_is_name(first))
    {
        return false;
    }
    c->token = sqlite_token_next(c->text, first.end);
    if (c->token.kind == SQLITE_TOKEN_DOT)
    {
        bool main = sqlite_token_names(c->text, first, SLICE("main"));
        first = sqlite_token_next(c->text, c->token.end);
        if (!main || !sqlite_token_is_name(first))
        {
            return false;
        }
        c->token = sqlite_token_next(c->text, first.end);
    }
    *name = sqlite_token_name(c->arena, c->text, first);
    char *copy = name->data == NULL ? NULL : arena_copy(c->arena, *name);
    c->failed |= copy == NULL;
    name->data = copy;
    return copy != NULL;
}

static claim *sqlite_claim_add_to(sqlite_claims *c, claim_kind kind, amend_object_kind object, slice name)
{
    claim *items = arena_grow(c->arena, c->out->items, c->out->count, sizeof *items);
    c->failed |= items == NULL;
    if (c->failed)
    {
        return NULL;
    }
    c->out->items = items;
    items[c->out->count] =
        (claim){.kind = kind, .object = object, .statement = c->statement, .name = name, .schema = SLICE(""), .text = c->text};
    return &items[c->out->count++];
}

static amend_object_kind sqlite_claim_object(sqlite_claims *c)
{
    static const struct
    {
        const char *word;
        amend_object_kind object;
    } rows[] = {{"TABLE", AMEND_OBJECT_TABLE},
                {"INDEX", AMEND_OBJECT_INDEX},
                {"VIEW", AMEND_OBJECT_VIEW},
                {"TRIGGER", AMEND_OBJECT_TRIGGER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        if (sqlite_claim_eat(c, rows[i].word))
        {
            return rows[i].object;
        }
    }
    return AMEND_OBJECT_NONE;
}

/* The table that an index or trigger is on: behind the first ON. */
static void sqlite_claim_on(sqlite_claims *c, claim *made)
{
    slice table;
    while (c->token.kind != SQLITE_TOKEN_END && !sqlite_token_is(c->text, c->token, SLICE("ON")))
    {
        c->token = sqlite_token_next(c->text, c->token.end);
    }
    if (sqlite_claim_eat(c, "ON") && sqlite_claim_name(c, &table))
    {
        made->table = table;
        made->table_schema = SLICE("");
    }
}

static void sqlite_claim_create(sqlite_claims *c)
{
    slice name;
    (void)(sqlite_claim_eat(c, "UNIQUE") || sqlite_claim_eat(c, "VIRTUAL"));
    amend_object_kind object = sqlite_claim_object(c);
    if (object == AMEND_OBJECT_NONE)
    {
        return; /* CREATE TEMP … */
    }
    bool weak = sqlite_claim_eat(c, "IF") && sqlite_claim_eat(c, "NOT") && sqlite_claim_eat(c, "EXISTS");
    if (!sqlite_claim_name(c, &name))
    {
        return;
    }
    claim *made = sqlite_claim_add_to(c, weak ? CLAIM_MAKES : CLAIM_TOUCHES, object, name);
    if (made != NULL && (object == AMEND_OBJECT_INDEX || object == AMEND_OBJECT_TRIGGER))
    {
        sqlite_claim_on(c, made);
    }
}

static void sqlite_claim_change(sqlite_claims *c, bool drop)
{
    slice name;
    amend_object_kind object = sqlite_claim_object(c);
    if (object == AMEND_OBJECT_NONE)
    {
        return;
    }
    if (drop && sqlite_claim_eat(c, "IF"))
    {
        sqlite_claim_eat(c, "EXISTS");
    }
    if (!sqlite_claim_name(c, &name))
    {
        return;
    }
    (void)sqlite_claim_add_to(c, CLAIM_TOUCHES, object, name);
    if (!drop && sqlite_claim_eat(c, "RENAME") && sqlite_claim_eat(c, "TO") && sqlite_claim_name(c, &name))
    {
        (void)sqlite_claim_add_to(c, CLAIM_TOUCHES, object, name);
    }
}

/* Without this word, nothing is a claim. */
bool sqlite_claim_may(slice text)
{
    return slice_has_nocase(text, SLICE("EXISTS"));
}

amend_status sqlite_claim_read(arena *arena, const script *script, claim_list *out, amend_error *error)
{
    claim_list found = {0};
    sqlite_claims c = {.arena = arena, .out = &found};
    for (size_t i = 0; i < script->count && !c.failed; i++)
    {
        c.statement = i;
        c.text = slice_sub(script->text, script->stmts[i].start, script->stmts[i].end);
        c.token = sqlite_token_next(c.text, 0);
        if (sqlite_claim_eat(&c, "CREATE"))
        {
            sqlite_claim_create(&c);
        }
        else if (sqlite_claim_eat(&c, "DROP"))
        {
            sqlite_claim_change(&c, true);
        }
        else if (sqlite_claim_eat(&c, "ALTER"))
        {
            sqlite_claim_change(&c, false);
        }
    }
    if (c.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}

/* --------------------------------------------------------------------------------------------------------------- looking */

/* Tables and views share their names; indexes and triggers have namespaces of their own. */
static void sqlite_claim_where(buf *out, const claim *c)
{
    const char *types = c->object == AMEND_OBJECT_INDEX     ? "'index'"
                        : c->object == AMEND_OBJECT_TRIGGER ? "'trigger'"
                                                            : "'table', 'view'";
    buf_format(out, "m.type IN (%s) AND m.name = ", types);
    sqlite_write_literal(out, c->name.data);
    buf_text(out, " COLLATE NOCASE");
}

unsigned sqlite_claim_look(buf *out, const claim *const *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        buf_format(
            out,
            "SELECT %zu, m.name, m.type, m.sql, t.name, t.sql FROM main.sqlite_master AS m LEFT JOIN main.sqlite_master AS "
            "t ON t.type = 'table' AND t.name = m.tbl_name WHERE ",
            i);
        sqlite_claim_where(out, claims[i]);
        buf_text(out, ";\n");
    }
    return (unsigned)count;
}

enum
{
    SQLITE_CLAIM_COLUMNS = 6,
};

amend_status sqlite_claim_row(arena *arena, const amend_row *row, claim_found *found, size_t count, amend_error *error)
{
    const char *texts[SQLITE_CLAIM_COLUMNS] = {0};
    size_t n = row->columns < SQLITE_CLAIM_COLUMNS || row->values[0] == NULL ? SIZE_MAX : strtoull(row->values[0], NULL, 10);
    if (n >= count)
    {
        return AMEND_OK;
    }
    for (size_t i = 1; i < SQLITE_CLAIM_COLUMNS; i++)
    {
        texts[i] = arena_string(arena, row->values[i] == NULL ? "" : row->values[i]);
        if (texts[i] == NULL)
        {
            return error_memory(error);
        }
    }
    found[n] = (claim_found){.there = true,
                             .id = texts[1],
                             .schema = "",
                             .sort = texts[2],
                             .mark = texts[3],
                             .owned = "t",
                             .remark = texts[5], /* the text of its table */
                             .table_schema = "",
                             .table = texts[4]};
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------- comparing */

static bool sqlite_claim_is_query(slice text)
{
    sqlite_token token = sqlite_token_next(text, 0);
    unsigned depth = 0;
    for (; token.kind != SQLITE_TOKEN_END; token = sqlite_token_next(text, token.end))
    {
        depth += token.kind == SQLITE_TOKEN_OPEN;
        depth -= token.kind == SQLITE_TOKEN_CLOSE && depth > 0;
        if (depth == 0 && sqlite_token_is(text, token, SLICE("AS")))
        {
            return true;
        }
    }
    return false;
}

static amend_status sqlite_claim_read_facts(arena *arena, const char *type, const char *name, const char *sql,
                                            const char *table_sql, fact_list *out, amend_error *error)
{
    const char *names[] = {"type", "name", "sql", "sql"};
    const char *values[] = {type, name, sql, table_sql[0] == '\0' ? NULL : table_sql};
    amend_row row = {.columns = 4, .names = names, .values = values};
    return sqlite_snapshot_row(arena, &row, out, error);
}

enum
{
    CLAIM_VALUES = 200, /* of one IN, to be put in order */
};

/* The constants behind IN: a string or number each, with commas. Returns how many; 0 when there is something else. */
static size_t sqlite_claim_values(slice text, size_t from, slice *values)
{
    size_t count = 0;
    sqlite_token t = sqlite_token_next(text, from);
    if (t.kind != SQLITE_TOKEN_OPEN)
    {
        return 0;
    }
    do
    {
        t = sqlite_token_next(text, t.end);
        bool value = t.kind == SQLITE_TOKEN_STRING || t.kind == SQLITE_TOKEN_NUMBER;
        if (!value || count == CLAIM_VALUES)
        {
            return 0;
        }
        values[count++] = slice_sub(text, t.start, t.end);
        t = sqlite_token_next(text, t.end);
    }
    while (t.kind == SQLITE_TOKEN_OTHER && text.data[t.start] == ',');
    return t.kind == SQLITE_TOKEN_CLOSE ? count : 0;
}

/* Put the values in order; what is between them stays. `text` is another copy of what they point into. */
static void sqlite_claim_order(char *text, size_t start, slice *values, size_t count)
{
    slice sorted[CLAIM_VALUES];
    for (size_t i = 0; i < count; i++)
    {
        size_t at = i;
        for (; at > 0; at--)
        {
            slice before = sorted[at - 1];
            int order = memcmp(before.data, values[i].data, before.len < values[i].len ? before.len : values[i].len);
            if (order < 0 || (order == 0 && before.len <= values[i].len))
            {
                break;
            }
            sorted[at] = before;
        }
        sorted[at] = values[i];
    }
    for (size_t i = 0; i < count; i++)
    {
        memcpy(text + start, sorted[i].data, sorted[i].len);
        start += sorted[i].len;
        if (i + 1 < count)
        {
            const char *between = values[i].data + values[i].len;
            size_t gap = (size_t)(values[i + 1].data - between);
            memcpy(text + start, between, gap);
            start += gap;
        }
    }
}

static bool sqlite_claim_order_text(arena *arena, slice *text)
{
    slice values[CLAIM_VALUES];
    char *ordered = arena_copy(arena, *text);
    for (sqlite_token t = sqlite_token_next(*text, 0); t.kind != SQLITE_TOKEN_END && ordered != NULL;
         t = sqlite_token_next(*text, t.end))
    {
        size_t count = sqlite_token_is(*text, t, SLICE("IN")) ? sqlite_claim_values(*text, t.end, values) : 0;
        if (count > 0)
        {
            sqlite_claim_order(ordered, (size_t)(values[0].data - text->data), values, count);
        }
    }
    text->data = ordered;
    return ordered != NULL;
}

/*
 * CHECK (state IN ('new', 'done')) holds the same values in whatever order they are written, as an enum does. A constraint
 * without a name is called by its text.
 */
static amend_status sqlite_claim_order_checks(arena *arena, fact_list *facts, amend_error *error)
{
    for (size_t i = 0; i < facts->count; i++)
    {
        fact *f = &facts->items[i];
        if (slice_starts(f->object, SLICE("check ")) &&
            (!sqlite_claim_order_text(arena, &f->object) || !sqlite_claim_order_text(arena, &f->definition)))
        {
            return error_memory(error);
        }
    }
    return AMEND_OK;
}

amend_status sqlite_claim_facts(arena *arena, const claim *c, const claim_found *found, fact_list *expected,
                                fact_list *existing, amend_error *error)
{
    const char *type = c->object == AMEND_OBJECT_TABLE   ? "table"
                       : c->object == AMEND_OBJECT_INDEX ? "index"
                       : c->object == AMEND_OBJECT_VIEW  ? "view"
                                                         : "trigger";
    *expected = *existing = (fact_list){0};
    if (c->object == AMEND_OBJECT_TABLE && strcmp(found->sort, "table") == 0 && sqlite_claim_is_query(c->text))
    {
        return error_set(error, AMEND_E_STATEMENT, "its columns come from a query");
    }
    slice text = c->text;
    while (text.len > 0 && (text.data[text.len - 1] == ';' || text.data[text.len - 1] == '\n'))
    {
        text.len--;
    }
    const char *sql = arena_copy(arena, text);
    amend_status status = sql == NULL ? error_memory(error)
                                      : sqlite_claim_read_facts(arena, type, found->id, sql, found->remark, expected, error);
    if (status == AMEND_OK)
    {
        status = sqlite_claim_read_facts(arena, found->sort, found->id, found->mark, found->remark, existing, error);
    }
    status = status == AMEND_OK ? sqlite_claim_order_checks(arena, expected, error) : status;
    return status == AMEND_OK ? sqlite_claim_order_checks(arena, existing, error) : status;
}

/* The writer's transaction keeps everybody else out; what is left is what came between the look and its begin. */
unsigned sqlite_claim_hold(buf *out, const claim *c, const claim_found *found)
{
    buf_text(out, "SELECT CASE WHEN coalesce(group_concat(m.sql), '') = ");
    sqlite_write_literal(out, found->there ? found->mark : "");
    buf_text(out, " THEN 0 ELSE json_extract('{}', 'amend: ' || count(*)) END FROM main.sqlite_master AS m WHERE ");
    sqlite_claim_where(out, c);
    buf_text(out, ";\n");
    return 1;
}
