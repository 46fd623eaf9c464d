/* SPDX-License-Identifier: MIT */
/*
 * What a change of a table's rows does to other tables, by triggers. None is remembered: those that the table has are read when
 * a statement changes its rows, then those of the tables that they write to, and so on. Which event fires a trigger isn't
 * looked at: it is taken to fire. By SQLite's manual (https://sqlite.org/lang_createtrigger.html), a statement's OR REPLACE
 * holds for what its triggers insert, too.
 */
#include "dialect/sqlite/survey.h"
#include "dialect/sqlite/token.h"

typedef struct sqlite_firing
{
    sqlite_triggers *triggers;
    arena *arena;
    sqlite_names reached[2]; /* the tables that are written to; [1]: with OR REPLACE. The last of both are yet to be followed */
    slice first;
    sqlite_names *lost;
    bool failed; /* out of memory */
} sqlite_firing;

bool sqlite_write_read(arena *a, slice text, sqlite_token verb, sqlite_write *out)
{
    bool update = sqlite_token_is(text, verb, SLICE("UPDATE"));
    *out = (sqlite_write){.schema = {"", 0}, .table = {"", 0}, .replaces = sqlite_token_is(text, verb, SLICE("REPLACE"))};
    sqlite_token token = sqlite_token_next(text, verb.end);
    if (sqlite_token_is(text, token, SLICE("OR")))
    {
        token = sqlite_token_next(text, token.end);
        out->replaces = sqlite_token_is(text, token, SLICE("REPLACE"));
        token = sqlite_token_next(text, token.end);
    }
    if (!update && (sqlite_token_is(text, token, SLICE("INTO")) || sqlite_token_is(text, token, SLICE("FROM"))))
    {
        token = sqlite_token_next(text, token.end);
    }
    if (!sqlite_token_is_name(token))
    {
        return true;
    }
    out->table = sqlite_token_name(a, text, token);
    sqlite_token dot = sqlite_token_next(text, token.end);
    sqlite_token name = sqlite_token_next(text, dot.end);
    if (dot.kind == SQLITE_TOKEN_DOT && sqlite_token_is_name(name))
    {
        out->schema = out->table;
        out->table = sqlite_token_name(a, text, name);
    }
    return out->table.data != NULL && out->schema.data != NULL;
}

static void sqlite_firing_add(sqlite_firing *f, sqlite_names *to, slice name)
{
    if (!sqlite_names_have(to, name))
    {
        f->failed |= !sqlite_names_add(f->arena, to, name);
    }
}

/* Is there a DO UPDATE before the statement's end? */
static bool sqlite_firing_upserts(slice text, sqlite_token token)
{
    bool before = false;
    for (; token.kind != SQLITE_TOKEN_END && token.kind != SQLITE_TOKEN_SEMICOLON; token = sqlite_token_next(text, token.end))
    {
        if (before && sqlite_token_is(text, token, SLICE("UPDATE")))
        {
            return true;
        }
        before = sqlite_token_is(text, token, SLICE("DO"));
    }
    return false;
}

static void sqlite_firing_statement(sqlite_firing *f, slice text, sqlite_token verb, bool replaces)
{
    sqlite_write write;
    f->failed |= !sqlite_write_read(f->arena, text, verb, &write);
    if (f->failed || write.table.len == 0)
    {
        return;
    }
    replaces |= write.replaces;
    sqlite_firing_add(f, &f->reached[replaces], write.table);
    bool adds = sqlite_token_is(text, verb, SLICE("INSERT")) && !replaces && !sqlite_firing_upserts(text, verb);
    if (!adds && !slice_equal_nocase(write.table, f->first))
    {
        sqlite_firing_add(f, f->lost, write.table);
    }
}

/* The statements of a body stand behind BEGIN, or behind another one's semicolon. */
static void sqlite_firing_body(sqlite_firing *f, slice text, bool replaces)
{
    static const slice verbs[] = {{"INSERT", 6}, {"REPLACE", 7}, {"UPDATE", 6}, {"DELETE", 6}};
    bool begins = false;
    for (sqlite_token token = sqlite_token_next(text, 0); token.kind != SQLITE_TOKEN_END;
         token = sqlite_token_next(text, token.end))
    {
        for (size_t i = 0; begins && i < sizeof verbs / sizeof verbs[0]; i++)
        {
            if (sqlite_token_is(text, token, verbs[i]))
            {
                sqlite_firing_statement(f, text, token, replaces);
            }
        }
        begins = token.kind == SQLITE_TOKEN_SEMICOLON || sqlite_token_is(text, token, SLICE("BEGIN"));
    }
}

/* A table and its triggers are either in the database or put aside; what is in temp is in the database. */
static void sqlite_firing_follow(sqlite_firing *f, slice table, bool replaces)
{
    sqlite3_stmt *find = f->triggers->find;
    int code = sqlite3_bind_text(find, 1, table.data, (int)table.len, SQLITE_STATIC);
    while (!f->failed && (code == SQLITE_OK || code == SQLITE_ROW))
    {
        code = sqlite3_step(find);
        const char *sql = code == SQLITE_ROW ? (const char *)sqlite3_column_text(find, 0) : "";
        char *copy = arena_copy(f->arena, slice_of(sql));
        f->failed |= sql == NULL || copy == NULL;
        sqlite_firing_body(f, slice_of(copy), replaces);
    }
    f->failed |= code == SQLITE_NOMEM || sqlite3_reset(find) == SQLITE_NOMEM;
    sqlite3_clear_bindings(find);
    slice sql;
    for (const sqlite_stored *at = NULL; (at = sqlite_store_next(f->triggers->store, table, at, &sql)) != NULL;)
    {
        sqlite_firing_body(f, sql, replaces);
    }
}

bool sqlite_triggers_lose(sqlite_triggers *triggers, arena *a, slice table, bool replaces, sqlite_names *lost)
{
    sqlite_firing f = {.triggers = triggers, .arena = a, .first = table, .lost = lost};
    sqlite_firing_add(&f, &f.reached[replaces], table);
    for (size_t plain = 0, replacing = 0; !f.failed && (plain < f.reached[0].count || replacing < f.reached[1].count);)
    {
        bool with = replacing < f.reached[1].count;
        sqlite_firing_follow(&f, with ? f.reached[1].names[replacing++] : f.reached[0].names[plain++], with);
    }
    return !f.failed;
}
