/* SPDX-License-Identifier: MIT */
/*
 * A row that is put into a new table can cost those of an old one, by a trigger. So what a function writes is read from its
 * body, token by token, and kept with it; what changes a table's rows goes through the table's triggers, the functions that
 * they call, and the tables that those write in turn. Names are looked up as late as the server does: when it happens.
 */
#include "dialect/postgres/pg_trigger.h"

#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_known.h"
#include "dialect/postgres/pg_lexer.h"

enum
{
    FIRED_DEPTH = 32, /* of functions that call, or set off, one another */
};

static void note_touch(pg_scan *s, pg_touch **list, pg_touch touch)
{
    pg_touch *entry = arena_alloc(s->names->arena, sizeof *entry);
    const char *schema = arena_copy(s->names->arena, touch.schema), *name = arena_copy(s->names->arena, touch.name);
    s->failed |= entry == NULL || schema == NULL || name == NULL;
    if (s->failed)
    {
        return;
    }
    while (*list != NULL)
    {
        list = &(*list)->next;
    }
    *entry = touch;
    entry->schema.data = schema;
    entry->name.data = name;
    *list = entry;
}

/* --------------------------------------------------------------------------------------------------------------- bodies */

typedef struct body_reader
{
    pg_scan *s;
    pg_lexer lexer;
    pg_token token;
    pg_touch **list, **statement; /* the place of this statement's first one */
} body_reader;

static bool body_end(const body_reader *r)
{
    return r->token.kind == PG_END || r->token.kind == PG_UNENDED;
}

static bool body_eat(body_reader *r, const char *word)
{
    bool there = pg_lexer_is(&r->token, word);
    if (there)
    {
        pg_lexer_next(&r->lexer, &r->token);
    }
    return there;
}

static bool body_eat_symbol(body_reader *r, char symbol)
{
    bool there = pg_lexer_is_symbol(&r->token, symbol);
    if (there)
    {
        pg_lexer_next(&r->lexer, &r->token);
    }
    return there;
}

static pg_ref body_name(body_reader *r)
{
    pg_ref ref = {SLICE(""), SLICE("")};
    do
    {
        slice name = SLICE("");
        if (r->token.kind == PG_WORD || r->token.kind == PG_NAME)
        {
            name = pg_lexer_name(r->s->arena, &r->token);
            r->s->failed |= name.data == NULL;
            pg_lexer_next(&r->lexer, &r->token);
        }
        ref = (pg_ref){ref.name, name.data == NULL ? SLICE("") : name};
    }
    while (body_eat_symbol(r, '.'));
    return ref;
}

static void body_touch(body_reader *r, pg_ref name, unsigned events, bool strict)
{
    note_touch(r->s, r->list, (pg_touch){.schema = name.schema, .name = name.name, .events = events, .strict = strict});
}

/* A call of what nobody knows. */
static void body_unclear(body_reader *r)
{
    body_touch(r, (pg_ref){SLICE(""), SLICE("")}, 0, true);
}

/* SELECT … FOR [NO KEY] UPDATE is none; nor is FOR row IN …, whose query follows. */
static void body_for(body_reader *r)
{
    (void)body_eat(r, "NO");
    (void)body_eat(r, "KEY");
    (void)body_eat(r, "UPDATE");
}

/* ON CONFLICT DO UPDATE: of whichever INSERT of this statement. DO 'block' is one within the body. */
static void body_do(body_reader *r)
{
    if (r->token.kind == PG_DOLLAR || r->token.kind == PG_STRING || pg_lexer_is(&r->token, "LANGUAGE"))
    {
        body_unclear(r);
    }
    bool updates = body_eat(r, "UPDATE");
    for (pg_touch *t = *r->statement; t != NULL && updates; t = t->next)
    {
        t->events |= (t->events & PG_INSERTS) != 0 ? PG_UPDATES : 0;
    }
}

static void body_call(body_reader *r)
{
    pg_ref name = body_name(r);
    if (pg_lexer_is_symbol(&r->token, '('))
    {
        body_touch(r, name, 0, true);
    }
}

static const struct
{
    const char *word;
    void (*read)(body_reader *r); /* called behind the word */
} body_rows[] = {
    {"FOR", body_for},         {"DO", body_do},           {"CALL", body_call},    {"PERFORM", body_call},
    {"EXECUTE", body_unclear}, {"COPY", body_unclear},    {"DROP", body_unclear}, {"ALTER", body_unclear},
    {"CREATE", body_unclear},  {"CASCADE", body_unclear},
};

static const struct
{
    const char *word, *then; /* which must follow, if it isn't NULL; what MERGE does has neither that nor a table's name */
    unsigned events;
} body_writes[] = {
    {"INSERT", "INTO", PG_INSERTS}, {"UPDATE", NULL, PG_UPDATES},     {"DELETE", "FROM", PG_DELETES},
    {"MERGE", "INTO", PG_MERGES},   {"TRUNCATE", NULL, PG_TRUNCATES},
};

/* Behind the word. */
static void body_write(body_reader *r, size_t row)
{
    unsigned events = body_writes[row].events;
    if ((body_writes[row].then != NULL && !body_eat(r, body_writes[row].then)) || pg_lexer_is(&r->token, "SET"))
    {
        return;
    }
    (void)(events == PG_TRUNCATES && body_eat(r, "TABLE"));
    do
    {
        (void)body_eat(r, "ONLY");
        (void)body_eat_symbol(r, '(');
        body_touch(r, body_name(r), events, false);
        (void)(body_eat_symbol(r, ')') || body_eat_symbol(r, '*'));
    }
    while (events == PG_TRUNCATES && body_eat_symbol(r, ','));
}

static void body_token(body_reader *r)
{
    for (size_t i = 0; i < sizeof body_rows / sizeof body_rows[0]; i++)
    {
        if (body_eat(r, body_rows[i].word))
        {
            body_rows[i].read(r);
            return;
        }
    }
    for (size_t i = 0; i < sizeof body_writes / sizeof body_writes[0]; i++)
    {
        if (body_eat(r, body_writes[i].word))
        {
            body_write(r, i);
            return;
        }
    }
    pg_ref name = body_name(r);
    if (name.name.len > 0 && pg_lexer_is_symbol(&r->token, '('))
    {
        body_touch(r, name, 0, false);
    }
}

static void body_read(body_reader *r)
{
    for (pg_lexer_next(&r->lexer, &r->token); !body_end(r) && !r->s->failed;)
    {
        if (r->token.kind == PG_WORD || r->token.kind == PG_NAME)
        {
            body_token(r);
            continue;
        }
        while (pg_lexer_is_symbol(&r->token, ';') && *r->statement != NULL)
        {
            r->statement = &(*r->statement)->next;
        }
        pg_lexer_next(&r->lexer, &r->token);
    }
    if (r->token.kind == PG_UNENDED)
    {
        body_unclear(r);
    }
}

/* Where one is replaced on a condition, it may be either. */
void pg_trigger_body(pg_scan *s, pg_thing *function, const PgQuery__CreateFunctionStmt *create)
{
    const PgQuery__DefElem *as = pg_tree_option(create->options, create->n_options, "as");
    const PgQuery__DefElem *option = pg_tree_option(create->options, create->n_options, "language");
    slice language = option == NULL ? SLICE("") : pg_tree_string(option->arg);
    bool text = slice_equal_nocase(language, SLICE("plpgsql")) || slice_equal_nocase(language, SLICE("sql"));
    function->touches = s->inside ? function->touches : NULL;
    function->flags |= PG_THING_READ;
    body_reader r = {.s = s, .list = &function->touches, .statement = &function->touches};
    if (text && as != NULL && as->arg != NULL && as->arg->node_case == PG_QUERY__NODE__NODE_LIST && as->arg->list->n_items == 1)
    {
        r.lexer.text = pg_tree_string(as->arg->list->items[0]);
        body_read(&r);
    }
    else if ((function->flags & PG_THING_STEADY) == 0)
    {
        body_unclear(&r);
    }
}

void pg_trigger_calls(pg_scan *s, pg_thing *trigger, const PgQuery__CreateTrigStmt *create, bool replace)
{
    pg_ref function = pg_tree_name(create->funcname, create->n_funcname);
    trigger->touches = replace && !s->inside ? NULL : trigger->touches;
    note_touch(s, &trigger->touches,
               (pg_touch){.schema = function.schema, .name = function.name, .events = (unsigned)create->events});
}

void pg_trigger_relate(pg_scan *s, pg_ref parent, pg_ref child)
{
    pg_ref ends[] = {parent, child};
    for (size_t i = 0; i < 2; i++)
    {
        pg_thing *table = pg_scan_find(s, AMEND_OBJECT_TABLE, ends[i]);
        if (table != NULL)
        {
            note_touch(s, &table->touches, (pg_touch){.schema = ends[1 - i].schema, .name = ends[1 - i].name});
        }
    }
}

/* --------------------------------------------------------------------------------------------------------------- firing */

static void fire_table(pg_scan *s, pg_ref table, unsigned events, unsigned depth);

static void object_unclear(pg_scan *s)
{
    pg_scan_object_also(s, OBJECTION_UNCLEAR, (pg_ref){SLICE(""), SLICE("")});
}

/* Of the server's own or its extensions', for triggers: what they do to the row at hand, or to none. */
static bool known_trigger(slice name)
{
    static const char *const names[] = {"tsvector_update_trigger",
                                        "tsvector_update_trigger_column",
                                        "moddatetime",
                                        "suppress_redundant_updates_trigger",
                                        "insert_username",
                                        "autoinc"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        if (slice_equal(name, slice_of(names[i])))
        {
            return true;
        }
    }
    return false;
}

static void fire_function(pg_scan *s, pg_ref name, bool strict, unsigned depth)
{
    bool own = slice_equal(name.schema, SLICE("pg_catalog")), known = own;
    if (depth > FIRED_DEPTH)
    {
        object_unclear(s);
        return;
    }
    for (pg_thing *f = NULL; (f = pg_made_next(s->names, f, AMEND_OBJECT_FUNCTION, name.schema, name.name)) != NULL;)
    {
        known = true;
        bool clear = (f->flags & (PG_THING_READ | PG_THING_STEADY)) != 0, again = f->fired == s->names->fired;
        f->fired = s->names->fired;
        if (!clear)
        {
            object_unclear(s);
        }
        for (const pg_touch *t = again ? NULL : f->touches; t != NULL; t = t->next)
        {
            pg_ref to = {t->schema, t->name};
            if (t->events == 0)
            {
                fire_function(s, to, t->strict, depth + 1);
                continue;
            }
            if (t->events != PG_INSERTS)
            {
                pg_scan_object_also(s, OBJECTION_CHANGES_DATA, to);
            }
            fire_table(s, to, t->events, depth + 1);
        }
    }
    bool unknown = strict && !known && !pg_known_harmless(name.name) && !known_trigger(name.name);
    if (unknown || pg_known_harmful(name.name))
    {
        object_unclear(s);
    }
}

/* A row that is put into a partitioned table goes to a partition, whose own triggers see it; those of the table are its, too.
 */
static void fire_kin(pg_scan *s, pg_ref table, unsigned events, unsigned depth)
{
    pg_thing *kin = s->names->triggers == NULL ? NULL : pg_scan_find(s, AMEND_OBJECT_TABLE, table);
    unsigned before = kin == NULL || kin->fired != s->names->fired ? 0 : kin->fired_for;
    if (kin == NULL || (events & ~before) == 0)
    {
        return;
    }
    kin->fired = s->names->fired;
    kin->fired_for = before | events;
    for (const pg_touch *t = kin->touches; t != NULL; t = t->next)
    {
        fire_table(s, (pg_ref){t->schema, t->name}, events, depth + 1);
    }
}

/* A trigger that was found by its words alone may do anything. */
static void fire_table(pg_scan *s, pg_ref table, unsigned events, unsigned depth)
{
    if (depth > FIRED_DEPTH)
    {
        object_unclear(s);
        return;
    }
    table = pg_scan_old(s, AMEND_OBJECT_TABLE, table);
    for (const pg_thing *t = s->names->triggers; t != NULL; t = t->earlier)
    {
        bool near = slice_equal(t->schema, table.schema) || t->schema.len == 0 || table.schema.len == 0;
        if (t->gone || !near || !slice_equal(t->table, table.name))
        {
            continue;
        }
        if (t->touches == NULL)
        {
            object_unclear(s);
        }
        for (const pg_touch *c = t->touches; c != NULL; c = c->next)
        {
            if ((c->events & events) != 0)
            {
                fire_function(s, (pg_ref){c->schema, c->name}, true, depth);
            }
        }
    }
    fire_kin(s, table, events, depth);
}

void pg_trigger_fire(pg_scan *s, pg_ref table, unsigned events)
{
    s->names->fired++;
    fire_table(s, table, events, 0);
}
