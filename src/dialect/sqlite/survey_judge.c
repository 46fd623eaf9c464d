/* SPDX-License-Identifier: MIT */
/*
 * What keeps a statement from being additive. By SQLite's manual:
 *
 *   ALTER TABLE ADD COLUMN takes the same time whatever the table holds, but for a CHECK, or NOT NULL on a generated column,
 *   which are tested against all rows (https://sqlite.org/lang_altertable.html#alter_table_add_column). What it could not do
 *   without touching rows (PRIMARY KEY, UNIQUE, STORED, a default that isn't constant, NOT NULL without one) SQLite refuses.
 *   CREATE INDEX reads the table, and there is no other way to make one: it adds.
 *   Most PRAGMAs with a value change a setting of the file or the connection; foreign_keys among them.
 *   REINDEX and ANALYZE read whole tables while they hold the lock; VACUUM writes all anew.
 *   What is made in temp, or is about it, is this connection's alone.
 */
#include "dialect/sqlite/query.h"
#include "dialect/sqlite/survey.h"
#include "dialect/sqlite/token.h"

typedef struct sqlite_case
{
    sqlite_made *made;
    slice text;
    const stmt *stmt;
    const sqlite_action *action;
    slice schema, table;
    slice changed; /* see sqlite_judged */
    bool replaces;
} sqlite_case;

void sqlite_made_add(sqlite_made *made, slice name)
{
    made->failed |= !sqlite_names_add(made->arena, &made->names, name);
}

static sqlite_token sqlite_case_step(const sqlite_case *c, sqlite_token token)
{
    return sqlite_token_next(c->text, token.end);
}

static bool sqlite_case_at(const sqlite_case *c, sqlite_token token, slice word)
{
    return sqlite_token_is(c->text, token, word);
}

static objection_kind sqlite_judge_rows(sqlite_case *c, sqlite_token verb)
{
    sqlite_write write;
    c->made->failed |= !sqlite_write_read(c->made->arena, c->text, verb, &write);
    c->schema = write.schema;
    c->table = c->changed = write.table;
    c->replaces = write.replaces;
    return OBJECTION_CHANGES_DATA;
}

/* The first verb outside of parentheses; a query changes nothing. */
static objection_kind sqlite_judge_with(sqlite_case *c, sqlite_token token)
{
    static const slice verbs[] = {{"INSERT", 6}, {"REPLACE", 7}, {"UPDATE", 6}, {"DELETE", 6}};
    size_t depth = 0;
    for (; token.kind != SQLITE_TOKEN_END; token = sqlite_case_step(c, token))
    {
        depth += token.kind == SQLITE_TOKEN_OPEN;
        depth -= token.kind == SQLITE_TOKEN_CLOSE && depth > 0;
        for (size_t i = 0; depth == 0 && i < sizeof verbs / sizeof verbs[0]; i++)
        {
            if (sqlite_case_at(c, token, verbs[i]))
            {
                return sqlite_judge_rows(c, token);
            }
        }
    }
    return OBJECTION_UNCLEAR;
}

static objection_kind sqlite_judge_query(sqlite_case *c, sqlite_token token)
{
    (void)token;
    return sqlite_mentions(c->text, "load_extension") ? OBJECTION_UNCLEAR : OBJECTION_KINDS;
}

static objection_kind sqlite_judge_drop(sqlite_case *c, sqlite_token token)
{
    (void)token;
    c->schema = c->stmt->schema;
    c->table = c->action->code != 0 ? c->action->table : c->stmt->object;
    /* An index or trigger that isn't known: of which table, nobody can say. */
    sqlite_token what = sqlite_case_step(c, sqlite_token_next(c->text, 0));
    if (c->action->code == 0 && (sqlite_case_at(c, what, SLICE("INDEX")) || sqlite_case_at(c, what, SLICE("TRIGGER"))))
    {
        c->table = (slice){"", 0};
    }
    return OBJECTION_DROPS;
}

static objection_kind sqlite_judge_added(const sqlite_case *c, sqlite_token token)
{
    bool check = false, generated = false, not_null = false;
    size_t depth = 0;
    for (sqlite_token before = token; token.kind != SQLITE_TOKEN_END; before = token, token = sqlite_case_step(c, token))
    {
        depth += token.kind == SQLITE_TOKEN_OPEN;
        depth -= token.kind == SQLITE_TOKEN_CLOSE && depth > 0;
        check |= depth == 0 && sqlite_case_at(c, token, SLICE("CHECK"));
        generated |= depth == 0 && sqlite_case_at(c, token, SLICE("AS"));
        not_null |= depth == 0 && sqlite_case_at(c, before, SLICE("NOT")) && sqlite_case_at(c, token, SLICE("NULL"));
    }
    return check || (generated && not_null) ? OBJECTION_SCANS : OBJECTION_KINDS;
}

static objection_kind sqlite_judge_alter(sqlite_case *c, sqlite_token token)
{
    c->schema = c->stmt->schema;
    c->table = c->action->code != 0 ? c->action->table : c->stmt->table;
    token = sqlite_case_step(c, sqlite_case_step(c, token)); /* TABLE, and the name's first part */
    sqlite_token verb = sqlite_case_step(c, token);
    if (verb.kind == SQLITE_TOKEN_DOT)
    {
        verb = sqlite_case_step(c, sqlite_case_step(c, verb));
    }
    if (sqlite_case_at(c, verb, SLICE("ADD")))
    {
        return sqlite_judge_added(c, verb);
    }
    if (sqlite_case_at(c, verb, SLICE("DROP")))
    {
        return OBJECTION_DROPS;
    }
    return sqlite_case_at(c, verb, SLICE("RENAME")) ? OBJECTION_RENAMES : OBJECTION_UNCLEAR;
}

/* Those that set nothing, though they are no mere questions. */
static objection_kind sqlite_judge_pragma(sqlite_case *c, sqlite_token token)
{
    (void)token;
    static const slice harmless[] = {{"optimize", 8}, {"shrink_memory", 13}, {"wal_checkpoint", 14}};
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
    {
        if (slice_equal_nocase(c->stmt->object, harmless[i]))
        {
            return OBJECTION_KINDS;
        }
    }
    if (slice_equal_nocase(c->stmt->object, SLICE("incremental_vacuum")))
    {
        return OBJECTION_REWRITES;
    }
    return (c->stmt->flags & STMT_QUERY) != 0 ? OBJECTION_KINDS : OBJECTION_SETS;
}

static const struct
{
    slice word;
    objection_kind kind;                                        /* OBJECTION_KINDS: none */
    objection_kind (*judge)(sqlite_case *c, sqlite_token verb); /* in place of kind */
} sqlite_judgements[] = {
    {{"CREATE", 6}, OBJECTION_KINDS, NULL},
    {{"ALTER", 5}, OBJECTION_KINDS, sqlite_judge_alter},
    {{"DROP", 4}, OBJECTION_KINDS, sqlite_judge_drop},
    {{"INSERT", 6}, OBJECTION_KINDS, sqlite_judge_rows},
    {{"REPLACE", 7}, OBJECTION_KINDS, sqlite_judge_rows},
    {{"UPDATE", 6}, OBJECTION_KINDS, sqlite_judge_rows},
    {{"DELETE", 6}, OBJECTION_KINDS, sqlite_judge_rows},
    {{"SELECT", 6}, OBJECTION_KINDS, sqlite_judge_query},
    {{"VALUES", 6}, OBJECTION_KINDS, sqlite_judge_query},
    {{"EXPLAIN", 7}, OBJECTION_KINDS, NULL},
    {{"PRAGMA", 6}, OBJECTION_KINDS, sqlite_judge_pragma},
    {{"BEGIN", 5}, OBJECTION_KINDS, NULL},
    {{"COMMIT", 6}, OBJECTION_KINDS, NULL},
    {{"END", 3}, OBJECTION_KINDS, NULL},
    {{"ROLLBACK", 8}, OBJECTION_KINDS, NULL},
    {{"SAVEPOINT", 9}, OBJECTION_KINDS, NULL},
    {{"RELEASE", 7}, OBJECTION_KINDS, NULL},
    {{"VACUUM", 6}, OBJECTION_REWRITES, NULL},
    {{"REINDEX", 7}, OBJECTION_SCANS, NULL},
    {{"ANALYZE", 7}, OBJECTION_SCANS, NULL},
    {{"ATTACH", 6}, OBJECTION_SETS, NULL},
    {{"DETACH", 6}, OBJECTION_SETS, NULL},
};

static objection_kind sqlite_judge_verb(sqlite_case *c)
{
    sqlite_token verb = sqlite_token_next(c->text, 0);
    if (sqlite_case_at(c, verb, SLICE("WITH")))
    {
        return (c->stmt->flags & STMT_QUERY) != 0 ? sqlite_judge_query(c, verb) : sqlite_judge_with(c, verb);
    }
    for (size_t i = 0; i < sizeof sqlite_judgements / sizeof sqlite_judgements[0]; i++)
    {
        if (sqlite_case_at(c, verb, sqlite_judgements[i].word))
        {
            return sqlite_judgements[i].judge == NULL ? sqlite_judgements[i].kind : sqlite_judgements[i].judge(c, verb);
        }
    }
    return OBJECTION_UNCLEAR;
}

/* With what the script has made, nothing can be lost; what is in temp is the connection's alone. */
static bool sqlite_case_objects(const sqlite_case *c)
{
    bool made = c->schema.len == 0 && c->table.len > 0 && sqlite_names_have(&c->made->names, c->table);
    return !made && !c->action->temporary && !slice_equal_nocase(c->schema, SLICE("temp"));
}

sqlite_judged sqlite_judge(sqlite_made *made, slice text, const stmt *s, const sqlite_action *action)
{
    const slice none = {"", 0};
    sqlite_case c = {.made = made, .text = text, .stmt = s, .action = action, .schema = none, .table = none, .changed = none};
    objection_kind kind = sqlite_judge_verb(&c);
    if (slice_equal_nocase(c.schema, SLICE("main")))
    {
        c.schema = none;
    }
    bool trigger = action->temporary && action->code == SQLITE_CREATE_TRIGGER;
    return (sqlite_judged){.objects = kind != OBJECTION_KINDS && sqlite_case_objects(&c),
                           .objection = {.kind = kind, .schema = c.schema, .table = c.table},
                           .changed = trigger ? action->table : c.changed,
                           .replaces = c.replaces};
}
