/* SPDX-License-Identifier: MIT */
/*
 * What a statement is: its first words decide. Tables hold the words; names are read only of the statements that make, drop or
 * change something.
 */
#include "dialect/sqlite/split.h"

/* A place in one statement. */
typedef struct sqlite_cursor
{
    slice text; /* up to the statement's end */
    sqlite_token token;
} sqlite_cursor;

static void sqlite_step(sqlite_cursor *c)
{
    c->token = sqlite_token_next(c->text, c->token.end);
}

static bool sqlite_at(const sqlite_cursor *c, slice word)
{
    return sqlite_token_is(c->text, c->token, word);
}

/* Step over the word if it is here. */
static bool sqlite_take(sqlite_cursor *c, slice word)
{
    bool here = sqlite_at(c, word);
    if (here)
    {
        sqlite_step(c);
    }
    return here;
}

static slice sqlite_take_name(sqlite_reading *r, sqlite_cursor *c)
{
    if (!sqlite_token_is_name(c->token))
    {
        return (slice){"", 0};
    }
    slice name = sqlite_token_name(r->arena, c->text, c->token);
    if (name.data == NULL)
    {
        r->failed = true;
        name = (slice){"", 0};
    }
    sqlite_step(c);
    return name;
}

/* name or schema.name */
static void sqlite_take_object(sqlite_reading *r, sqlite_cursor *c, stmt *s)
{
    s->object = sqlite_take_name(r, c);
    if (c->token.kind == SQLITE_TOKEN_DOT)
    {
        sqlite_step(c);
        s->schema = s->object;
        s->object = sqlite_take_name(r, c);
    }
}

static void sqlite_take_if_exists(sqlite_cursor *c)
{
    if (sqlite_take(c, SLICE("IF")))
    {
        sqlite_take(c, SLICE("NOT"));
        sqlite_take(c, SLICE("EXISTS"));
    }
}

static slice sqlite_lower(sqlite_reading *r, slice name)
{
    char *lower = arena_copy(r->arena, name);
    for (size_t i = 0; lower != NULL && i < name.len; i++)
    {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    }
    r->failed |= lower == NULL;
    return (slice){lower, lower == NULL ? 0 : name.len};
}

static void sqlite_note_change(sqlite_reading *r, size_t i, sqlite_change_kind kind, slice name, slice source)
{
    sqlite_change *grown = arena_grow(r->arena, r->changes, r->change_count, sizeof *grown);
    if (grown == NULL)
    {
        r->failed = true;
        return;
    }
    r->changes = grown;
    r->changes[r->change_count++] =
        (sqlite_change){.name = sqlite_lower(r, name), .source = sqlite_lower(r, source), .kind = kind, .statement = i};
}

static void sqlite_read_create(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    stmt *s = &r->script->stmts[i];
    sqlite_take(c, SLICE("UNIQUE"));
    bool temporary = sqlite_take(c, SLICE("TEMP")) || sqlite_take(c, SLICE("TEMPORARY"));
    sqlite_take(c, SLICE("VIRTUAL"));
    bool table = sqlite_at(c, SLICE("TABLE")), index = sqlite_at(c, SLICE("INDEX"));
    sqlite_step(c);
    sqlite_take_if_exists(c);
    sqlite_take_object(r, c, s);
    if (index && sqlite_take(c, SLICE("ON")))
    {
        s->table = sqlite_take_name(r, c);
    }
    if (table)
    {
        s->table = s->object;
        if (!temporary)
        {
            sqlite_note_change(r, i, SQLITE_CREATES, s->object, (slice){"", 0});
        }
    }
}

static void sqlite_read_drop(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    stmt *s = &r->script->stmts[i];
    bool table = sqlite_at(c, SLICE("TABLE"));
    sqlite_step(c);
    sqlite_take_if_exists(c);
    sqlite_take_object(r, c, s);
    if (table)
    {
        s->table = s->object;
        sqlite_note_change(r, i, SQLITE_DROPS, s->object, (slice){"", 0});
    }
}

/* The object is what is added, dropped or renamed: a column, or the table itself. */
static void sqlite_read_alter(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    stmt *s = &r->script->stmts[i];
    if (!sqlite_take(c, SLICE("TABLE")))
    {
        return;
    }
    sqlite_take_object(r, c, s);
    s->table = s->object;
    bool rename = sqlite_take(c, SLICE("RENAME"));
    if (rename && sqlite_take(c, SLICE("TO")))
    {
        sqlite_note_change(r, i, SQLITE_RENAMES, sqlite_take_name(r, c), s->object);
        return;
    }
    bool drop = !rename && sqlite_take(c, SLICE("DROP"));
    if (rename || drop || sqlite_take(c, SLICE("ADD")))
    {
        s->flags |= drop ? STMT_DROP : 0;
        sqlite_take(c, SLICE("COLUMN"));
        s->object = sqlite_take_name(r, c);
    }
}

static void sqlite_read_detach(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    sqlite_take(c, SLICE("DATABASE"));
    r->script->stmts[i].object = sqlite_take_name(r, c);
}

/* WITH … : the first verb outside parentheses tells. */
static void sqlite_read_with(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    size_t depth = 0;
    for (; c->token.kind != SQLITE_TOKEN_END; sqlite_step(c))
    {
        depth += c->token.kind == SQLITE_TOKEN_OPEN;
        depth -= c->token.kind == SQLITE_TOKEN_CLOSE && depth > 0;
        if (depth > 0 || c->token.kind != SQLITE_TOKEN_WORD)
        {
            continue;
        }
        if (sqlite_at(c, SLICE("SELECT")) || sqlite_at(c, SLICE("VALUES")))
        {
            r->script->stmts[i].flags |= STMT_QUERY;
            return;
        }
        if (sqlite_at(c, SLICE("INSERT")) || sqlite_at(c, SLICE("REPLACE")) || sqlite_at(c, SLICE("UPDATE")) ||
            sqlite_at(c, SLICE("DELETE")))
        {
            return;
        }
    }
}

/* PRAGMAs that are more than a setting to be read or written. A row that isn't here: STMT_QUERY without a value. */
static const struct
{
    slice name;
    unsigned set;   /* flags with a value */
    unsigned plain; /* flags without one */
} sqlite_pragmas[] = {
    {{"auto_vacuum", 11}, STMT_NO_TX, STMT_QUERY},
    {{"journal_mode", 12}, STMT_NO_TX, STMT_QUERY},
    {{"page_size", 9}, STMT_NO_TX, STMT_QUERY},
    {{"synchronous", 11}, STMT_NO_TX, STMT_QUERY},
    {{"temp_store", 10}, STMT_NO_TX, STMT_QUERY},
    {{"temp_store_directory", 20}, STMT_NO_TX, STMT_QUERY},
    {{"wal_checkpoint", 14}, STMT_NO_TX, STMT_NO_TX},
    {{"case_sensitive_like", 19}, STMT_SESSION, 0},
    {{"defer_foreign_keys", 18}, STMT_SESSION, STMT_QUERY},
    {{"ignore_check_constraints", 24}, STMT_SESSION, STMT_QUERY},
    {{"legacy_alter_table", 18}, STMT_SESSION, STMT_QUERY},
    {{"recursive_triggers", 18}, STMT_SESSION, STMT_QUERY},
    {{"writable_schema", 15}, STMT_SESSION, STMT_QUERY},
    {{"incremental_vacuum", 18}, 0, 0},
    {{"optimize", 8}, 0, 0},
    {{"shrink_memory", 13}, 0, 0},
    {{"foreign_key_check", 17}, STMT_QUERY, STMT_QUERY},
    {{"foreign_key_list", 16}, STMT_QUERY, STMT_QUERY},
    {{"index_info", 10}, STMT_QUERY, STMT_QUERY},
    {{"index_list", 10}, STMT_QUERY, STMT_QUERY},
    {{"index_xinfo", 11}, STMT_QUERY, STMT_QUERY},
    {{"integrity_check", 15}, STMT_QUERY, STMT_QUERY},
    {{"quick_check", 11}, STMT_QUERY, STMT_QUERY},
    {{"table_info", 10}, STMT_QUERY, STMT_QUERY},
    {{"table_list", 10}, STMT_QUERY, STMT_QUERY},
    {{"table_xinfo", 11}, STMT_QUERY, STMT_QUERY},
};

static void sqlite_read_pragma(sqlite_reading *r, sqlite_cursor *c, size_t i)
{
    stmt *s = &r->script->stmts[i];
    sqlite_take_object(r, c, s);
    bool set = c->token.kind == SQLITE_TOKEN_EQUALS || c->token.kind == SQLITE_TOKEN_OPEN;
    if (set && slice_equal_nocase(s->object, SLICE("foreign_keys")))
    {
        r->script->flags |= SCRIPT_REBUILDS;
    }
    for (size_t k = 0; k < sizeof sqlite_pragmas / sizeof sqlite_pragmas[0]; k++)
    {
        if (slice_equal_nocase(s->object, sqlite_pragmas[k].name))
        {
            s->flags |= set ? sqlite_pragmas[k].set : sqlite_pragmas[k].plain;
            return;
        }
    }
    s->flags |= set ? 0 : STMT_QUERY;
}

static const struct
{
    slice word;
    unsigned flags;
    void (*read)(sqlite_reading *r, sqlite_cursor *c, size_t i); /* the cursor stands behind the word */
} sqlite_verbs[] = {
    {{"CREATE", 6}, 0, sqlite_read_create},
    {{"DROP", 4}, STMT_DROP, sqlite_read_drop},
    {{"ALTER", 5}, 0, sqlite_read_alter},
    {{"PRAGMA", 6}, STMT_SETTING, sqlite_read_pragma},
    {{"WITH", 4}, 0, sqlite_read_with},
    {{"SELECT", 6}, STMT_QUERY, NULL},
    {{"VALUES", 6}, STMT_QUERY, NULL},
    {{"EXPLAIN", 7}, STMT_QUERY, NULL},
    {{"BEGIN", 5}, STMT_BEGIN, NULL},
    {{"COMMIT", 6}, STMT_COMMIT, NULL},
    {{"END", 3}, STMT_COMMIT, NULL},
    {{"ROLLBACK", 8}, STMT_CONTROL, NULL},
    {{"SAVEPOINT", 9}, STMT_CONTROL, NULL},
    {{"RELEASE", 7}, STMT_CONTROL, NULL},
    {{"VACUUM", 6}, STMT_NO_TX, NULL},
    {{"ATTACH", 6}, STMT_NO_TX, NULL},
    {{"DETACH", 6}, STMT_NO_TX, sqlite_read_detach},
};

void sqlite_classify(sqlite_reading *r, size_t i)
{
    stmt *s = &r->script->stmts[i];
    sqlite_cursor c = {.text = {r->script->text.data, s->end}};
    c.token = sqlite_token_next(c.text, s->start);
    for (size_t k = 0; k < sizeof sqlite_verbs / sizeof sqlite_verbs[0]; k++)
    {
        if (sqlite_take(&c, sqlite_verbs[k].word))
        {
            s->flags = sqlite_verbs[k].flags;
            if (sqlite_verbs[k].read != NULL)
            {
                sqlite_verbs[k].read(r, &c, i);
            }
            break;
        }
    }
    r->script->flags |= (s->flags & STMT_NO_TX) != 0 ? SCRIPT_NO_TX : 0;
    r->script->flags |= (s->flags & STMT_SESSION) != 0 ? SCRIPT_SESSION : 0;
}
